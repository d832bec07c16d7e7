"""«Alles rückgängig, was aus Postfach X seit … kam»: what a mailbox made happen by itself.

Undone are the links that tokens, keywords and the category made on behalf of the
mailbox, and the entries its keywords opened and nobody has touched since (closed, not
deleted). What a person linked, confirmed or did stays. An undone link is removed by a
person: nothing automatic makes it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core import audit, clock, database, events
from crm_core.fields import from_text, to_text
from crm_core.linking import holds
from crm_core.mail import content
from crm_core.models import Entry, LinkReason, Mailbox
from crm_core.records import entries

_OF_MACHINES = ("token", "keyword", "category")


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link the mailbox made."""

    id: int
    entry: int  # its id
    number: int
    message: int
    reason: LinkReason
    evidence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """What would be undone: links, and the numbers of entries to be closed."""

    links: tuple[MadeLink, ...] = ()
    entries: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.links or self.entries)


def made(mailbox: Mailbox, since: datetime, until: datetime) -> Made:
    """What this mailbox made happen in that time and nobody has confirmed. Two queries."""
    actor, span = _actor(mailbox), (to_text(since), to_text(until))
    links = database.execute(
        "SELECT em.id, em.entry_id, e.number, em.anchor_id, em.reason, em.evidence, "
        "em.linked_at FROM entry_mail em JOIN entry e ON e.id = em.entry_id "
        "WHERE em.linked_by = ? AND em.linked_at BETWEEN ? AND ? "
        f"AND em.removed_at IS NULL AND em.reason IN {_OF_MACHINES} "
        "AND NOT EXISTS (SELECT 1 FROM entry_mail_verdict v JOIN message said "
        "ON said.id = v.message_id JOIN message anchor ON anchor.id = em.anchor_id "
        "WHERE v.entry_id = em.entry_id AND v.verdict = 'include' "
        "AND said.conversation_id = anchor.conversation_id) ORDER BY em.id",
        (actor, *span),
    )
    opened = database.execute(
        "SELECT e.number FROM entry e WHERE e.created_by = ? "
        "AND e.created_at BETWEEN ? AND ? AND e.status <> 'closed' "
        "AND NOT EXISTS (SELECT 1 FROM audit_event a WHERE a.entry_id = e.id "
        "AND a.actor NOT IN (?, 'mailsync')) ORDER BY e.number",
        (actor, *span, actor),
    )
    return Made(
        tuple(
            MadeLink(
                int(row[0]), int(row[1]), int(row[2]), int(row[3]),
                LinkReason(row[4]), row[5], from_text(row[6]),
            )
            for row in links
        ),
        tuple(int(row[0]) for row in opened),
    )  # fmt: skip


def undo(mailbox: Mailbox, since: datetime, until: datetime, *, actor: str) -> Made:
    """Undo exactly what ``made`` says now; what was undone."""
    database.require_transaction()
    found = made(mailbox, since, until)
    now = to_text(clock.now())
    database.execute_many(
        "UPDATE entry_mail SET removed_at = ?, removed_by = ? WHERE id = ?",
        [(now, actor, link.id) for link in found.links],
    )
    for number in found.entries:
        entries.close(Entry.get(Entry.number == number), actor=actor)
    for link in found.links:
        audit.record(
            actor,
            "mail_unlinked",
            f"message:{link.message}",
            entry=link.entry,
            detail=f"undone {_actor(mailbox)}",
        )
        events.follow("mail_unlinked", link.entry, message=link.message)
    affected = _conversations(link.message for link in found.links)
    holds.settle(affected)
    content.drop_unwanted(affected)
    if found:
        counted = f"{len(found.links)} links, {len(found.entries)} entries"
        audit.record(
            actor,
            "mailbox_undone",
            f"mailbox:{mailbox.id}",
            detail=f"{counted} since {to_text(since)}",
        )
    return found


def _actor(mailbox: Mailbox) -> str:
    return f"mailbox:{mailbox.slug}"


def _conversations(messages: Iterable[int]) -> list[int]:
    rows = database.select_in(
        "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})", messages
    )
    return [int(row[0]) for row in rows]
