"""Linking mail to entries: by an anchor mail, whose conversation is then shown.

A later reply is linked the moment it is threaded; no job does it. What a person links
or unlinks is pinned: a verdict on one mail, or a removed link that stays as a row.
Nothing automatic changes either of them.
"""

from crm_core import audit, clock, database, events
from crm_core.errors import NotFound
from crm_core.fields import to_text
from crm_core.linking import holds
from crm_core.mail import content
from crm_core.models import (
    Entry,
    EntryMail,
    EntryMailVerdict,
    LinkReason,
    Message,
    Verdict,
)


def find_message(internet_id: str) -> list[Message]:
    """The mails with this Message-ID (with or without brackets); [] if unknown."""
    wanted = internet_id.strip().removeprefix("<").removesuffix(">")
    rows = Message.select().where(Message.internet_id == wanted)
    return list(rows.order_by(Message.id))


def link_mail(
    entry: Entry,
    message: Message,
    *,
    reason: LinkReason,
    actor: str,
    evidence: str = "",
) -> bool:
    """Link the mail's conversation to the entry; whether anything changed.

    By hand it also pins this mail as shown, and takes back an earlier removal. An
    automatic reason never touches what a person removed: it returns False.
    """
    database.require_transaction()
    by_hand = reason in {LinkReason.MANUAL, LinkReason.SUGGESTION}
    conversation = _conversation(message)
    if not by_hand and was_removed(entry.id, conversation):
        return False
    if by_hand:
        _set_verdict(entry, message, Verdict.INCLUDE, actor)
    linked = active_links(entry.id, conversation)
    changed = by_hand
    if not linked:
        _insert(entry, message, reason, actor, evidence)
        changed = True
    if changed:
        audit.record(
            actor,
            "mail_linked",
            f"message:{message.id}",
            entry=entry,
            detail=f"{reason.value} {evidence}".strip(),
        )
        events.follow("mail_linked", entry, message=message.id, reason=reason.value)
    holds.settle([conversation])
    if not linked:
        events.conversation_linked(entry.id, conversation)
    return changed


def unlink_message(entry: Entry, message: Message, *, actor: str) -> None:
    """Take one mail out of the entry, for good.

    Raises NotFound if the entry does not show it.
    """
    database.require_transaction()
    conversation = _conversation(message)
    if not (active_links(entry.id, conversation) or _included(entry, message)):
        raise NotFound("the mail is not linked to entry {number}", number=entry.number)
    _set_verdict(entry, message, Verdict.EXCLUDE, actor)
    audit.record(actor, "mail_unlinked", f"message:{message.id}", entry=entry)
    events.follow("mail_unlinked", entry, message=message.id)
    holds.settle([conversation])
    content.drop_unwanted([conversation])


def unlink_conversation(entry: Entry, message: Message, *, actor: str) -> None:
    """Take the mail's whole conversation out of the entry, for good.

    Raises NotFound if the entry does not show it.
    """
    database.require_transaction()
    conversation = _conversation(message)
    linked = active_links(entry.id, conversation)
    if not linked:
        raise NotFound("the mail is not linked to entry {number}", number=entry.number)
    now = to_text(clock.now())
    database.execute_many(
        "UPDATE entry_mail SET removed_at = ?, removed_by = ? WHERE id = ?",
        [(now, actor, link) for link in linked],
    )
    database.execute(
        "DELETE FROM entry_mail_verdict WHERE entry_id = ? AND verdict = 'include' "
        "AND message_id IN (SELECT id FROM message WHERE conversation_id = ?)",
        (entry.id, conversation),
    )
    audit.record(actor, "conversation_unlinked", f"message:{message.id}", entry=entry)
    events.follow("conversation_unlinked", entry, message=message.id)
    holds.settle([conversation])
    content.drop_unwanted([conversation])


def active_links(entry: int, conversation: int) -> list[int]:
    """Ids of the links by which the entry shows the conversation."""
    rows = database.execute(
        "SELECT em.id FROM entry_mail em JOIN message m ON m.id = em.anchor_id "
        "WHERE em.entry_id = ? AND em.removed_at IS NULL AND m.conversation_id = ?",
        (entry, conversation),
    )
    return [int(row[0]) for row in rows]


def was_removed(entry: int, conversation: int) -> bool:
    """Whether a person took this conversation out of the entry."""
    rows = database.execute(
        "SELECT 1 FROM entry_mail em JOIN message m ON m.id = em.anchor_id "
        "WHERE em.entry_id = ? AND em.removed_at IS NOT NULL "
        "AND m.conversation_id = ? LIMIT 1",
        (entry, conversation),
    )
    return bool(rows) and not active_links(entry, conversation)


def _insert(
    entry: Entry, message: Message, reason: LinkReason, actor: str, evidence: str
) -> None:
    database.execute(
        "INSERT INTO entry_mail (entry_id, anchor_id, reason, evidence, linked_at, "
        "linked_by) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (entry_id, anchor_id) "
        "DO UPDATE SET reason = excluded.reason, evidence = excluded.evidence, "
        "linked_at = excluded.linked_at, linked_by = excluded.linked_by, "
        "removed_at = NULL, removed_by = NULL",
        (entry.id, message.id, reason.value, evidence, to_text(clock.now()), actor),
    )


def _set_verdict(entry: Entry, message: Message, verdict: Verdict, actor: str) -> None:
    database.execute(
        "INSERT INTO entry_mail_verdict (entry_id, message_id, verdict, by, at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (entry_id, message_id) DO UPDATE SET "
        "verdict = excluded.verdict, by = excluded.by, at = excluded.at",
        (entry.id, message.id, verdict.value, actor, to_text(clock.now())),
    )


def _included(entry: Entry, message: Message) -> bool:
    row = EntryMailVerdict.get_or_none(
        EntryMailVerdict.entry == entry, EntryMailVerdict.message == message
    )
    return row is not None and row.verdict is Verdict.INCLUDE


def _conversation(message: Message) -> int:
    """The present conversation: it may have been merged since the row was read."""
    rows = database.execute(
        "SELECT conversation_id FROM message WHERE id = ?", (message.id,)
    )
    if not rows:
        raise NotFound("there is no mail {number}", number=message.id)
    return int(rows[0][0])


__all__ = [
    "EntryMail",
    "active_links",
    "find_message",
    "link_mail",
    "unlink_conversation",
    "unlink_message",
    "was_removed",
]
