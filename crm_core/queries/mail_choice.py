"""«E-Mail verlinken»: the mails an entry could take, newest first, each with its reason.

Offered are the unlinked conversations of all participants, by their e-mail addresses
and domains; or, where somebody searches everywhere, any mail the viewer may see that
this entry does not have yet, with the entries it is in already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.fields import from_text
from crm_core.models import Entry
from crm_core.queries import entry_mail, paging, parties, search
from crm_core.queries.paging import Page
from crm_core.queries.parties import AddressRef
from crm_core.queries.triage import unlinked
from crm_core.reasons import Reason, ReasonCode
from crm_core.viewer import Viewer


@dataclass(frozen=True, slots=True)
class MailChoice:
    """A conversation to tick, by its newest mail that fits.

    ``others``: so many further mails of the conversation come along («+ 3 Antworten
    werden mitverlinkt»). ``entries``: readable entries that show it already.
    ``reason`` is None for a mail of nobody who takes part.
    """

    message: int
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime
    has_attachments: bool
    sent: bool
    others: int
    entries: tuple[int, ...]
    reason: Reason | None


def page(
    viewer: Viewer,
    number: int,
    *,
    text: str = "",
    everywhere: bool = False,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[MailChoice]:
    """What may be linked to the entry; NotFound if the viewer may not read it."""
    entry = viewer.entry(number)
    cursor = paging.parse(before)
    conditions, values = [viewer.messages("m")], list[object]()
    if not everywhere:
        conditions += [unlinked("m"), f"m.id IN ({_of_participants()})"]
        values += [entry.id, entry.id]
    else:
        conditions.append(
            "NOT EXISTS (SELECT 1 FROM message la JOIN entry_mail lm "
            "ON lm.anchor_id = la.id WHERE la.conversation_id = m.conversation_id "
            "AND lm.removed_at IS NULL AND lm.entry_id = ?)"
        )
        values.append(entry.id)
    if text.strip():
        has, words = search.matching(text, "x.folded")
        conditions.append(
            "EXISTS (SELECT 1 FROM search_text x WHERE x.kind = 'message' "
            f"AND x.thing = m.id AND {has})"
        )
        values += words
    if cursor is not None:
        conditions.append("(m.received_at, m.id) < (?, ?)")
        values += [cursor.value, cursor.id]
    rows = _newest_of_each(conditions, values, paging.limited(limit))
    kept, next_ = paging.cut(rows, limit, lambda row: (row[5], int(row[0])))
    return Page(_choices(viewer, entry, kept), next_)


def _newest_of_each(
    conditions: Sequence[str], values: Sequence[object], limit: int
) -> list[tuple[Any, ...]]:
    """The newest fitting mail of each conversation, newest first."""
    fitting = " AND ".join(conditions)
    return database.execute(
        "SELECT m.id, m.conversation_id, m.subject, m.sender, m.from_name, "
        "m.received_at, m.has_attachments FROM (SELECT m.id, m.conversation_id, "
        "m.subject, m.sender, m.from_name, m.received_at, m.has_attachments, "
        "row_number() OVER (PARTITION BY m.conversation_id "
        "ORDER BY m.received_at DESC, m.id DESC) AS place "
        f"FROM message m WHERE {fitting}) m WHERE m.place = 1 "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (*values, limit),
    )


def _of_participants() -> str:
    """SQL for the mails of an entry's participants; the entry's id stands in it twice."""
    domain = parties.domain_sql("ma.email")
    return (
        "SELECT ma.message_id FROM participant p JOIN address_email ae "
        "ON ae.address_id = p.address_id JOIN message_address ma "
        "ON ma.email = ae.email WHERE p.entry_id = ? "
        "UNION SELECT ma.message_id FROM participant p JOIN address_domain ad "
        "ON ad.address_id = p.address_id JOIN message_address ma "
        f"ON {domain} = ad.domain LEFT JOIN address_email other "
        "ON other.email = ma.email WHERE p.entry_id = ? AND other.id IS NULL"
    )


def _choices(
    viewer: Viewer, entry: Entry, rows: Sequence[tuple[Any, ...]]
) -> tuple[MailChoice, ...]:
    ids = [int(row[0]) for row in rows]
    named = parties.of_messages(ids)
    owners = parties.owners(email for emails in named.values() for email in emails)
    own_emails = {
        row[0]
        for row in database.select_in(
            "SELECT email FROM address_email WHERE email IN ({marks})", owners
        )
    }
    taking_part = {
        int(row[0])
        for row in database.execute(
            "SELECT address_id FROM participant WHERE entry_id = ?", (entry.id,)
        )
    }
    sizes = _sizes(viewer, {int(row[1]) for row in rows})
    elsewhere = _entries_of(viewer, ids)
    sent = _sent(ids)
    return tuple(
        MailChoice(
            message=int(row[0]),
            subject=row[2],
            sender=row[3],
            sender_name=row[4],
            received_at=from_text(row[5]),
            has_attachments=bool(row[6]),
            sent=int(row[0]) in sent,
            others=max(0, sizes.get(int(row[1]), 1) - 1),
            entries=tuple(elsewhere.get(int(row[0]), ())),
            reason=_reason(named.get(int(row[0]), ()), owners, own_emails, taking_part),
        )
        for row in rows
    )


def _reason(
    emails: Iterable[str],
    owners: dict[str, AddressRef],
    own_emails: set[str],
    taking_part: set[int],
) -> Reason | None:
    for email in emails:
        owner = owners.get(email)
        if owner is None or owner.id not in taking_part:
            continue
        if email in own_emails:
            return Reason(ReasonCode.PARTICIPANT_EMAIL, name=owner.name, evidence=email)
        domain = email.rpartition("@")[2]
        return Reason(ReasonCode.PARTICIPANT_DOMAIN, name=owner.name, evidence=domain)
    return None


def _sizes(viewer: Viewer, conversations: Iterable[int]) -> dict[int, int]:
    rows = database.select_in(
        "SELECT m.conversation_id, count(*) FROM message m WHERE m.conversation_id IN "
        f"({{marks}}) AND {viewer.messages('m')} GROUP BY m.conversation_id",
        conversations,
    )
    return {int(row[0]): int(row[1]) for row in rows}


def _sent(messages: Iterable[int]) -> set[int]:
    rows = database.select_in(
        "SELECT DISTINCT message_id FROM message_copy WHERE sent = 1 "
        "AND message_id IN ({marks})",
        messages,
    )
    return {int(row[0]) for row in rows}


def _entries_of(viewer: Viewer, messages: Sequence[int]) -> dict[int, list[int]]:
    if not messages:
        return {}
    marks = ",".join("?" * len(messages))
    rows = database.execute(
        f"SELECT x.message_id, e.number FROM ({entry_mail.shown_of(marks)}) x "
        f"JOIN entry e ON e.id = x.entry_id AND {viewer.entries('e')} ORDER BY e.number",
        (*messages, *messages),
    )
    found: dict[int, list[int]] = {}
    for message, number in rows:
        found.setdefault(int(message), []).append(int(number))
    return found
