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
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.linking.reasons import Reason, ReasonCode
from crm_core.models import Entry
from crm_core.queries import entry_mail, paging, parties, search
from crm_core.queries.paging import Page
from crm_core.queries.parties import AddressRef
from crm_core.queries.triage import unlinked


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
    rows = _rows(
        viewer, entry, text, cursor, paging.limited(limit), everywhere=everywhere
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[5], int(row[0])))
    return Page(_choices(viewer, entry, kept), next_)


def _rows(
    viewer: Viewer,
    entry: Entry,
    text: str,
    cursor: paging.Cursor | None,
    limit: int,
    *,
    everywhere: bool,
) -> list[tuple[Any, ...]]:
    """The newest fitting mail of each conversation, newest first."""
    conversation = _NOT_IN_ENTRY if everywhere else unlinked("m")
    values: list[object] = [entry.id] if everywhere else []
    within, named = _within(entry, text, everywhere=everywhere)
    before, place = "", list[object]()
    if cursor is not None:
        before = " AND (m.received_at, m.id) < (?, ?)"
        place = [cursor.value, cursor.id]
    seen = f"{conversation} AND {viewer.messages('m')}"
    if within:
        source = _NEWEST_OF_SET.format(seen=f"{within} AND {seen}")
        values = [*named, *values]
    else:
        source = _NEWEST_OF_ALL.format(seen=seen, newer=viewer.messages("n"))
    return database.execute(
        f"SELECT {_COLUMNS} {source}{before} "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (*values, *place, limit),
    )


_COLUMNS = (
    "m.id, m.conversation_id, m.subject, m.sender, m.from_name, m.received_at, "
    "m.has_attachments"
)
# The newest mail of each conversation: of a set of mails by sorting them, of all mails
# by reading them in order of time, so that a page costs what it shows.
_NEWEST_OF_SET = (
    f"FROM (SELECT {_COLUMNS}, row_number() OVER (PARTITION BY m.conversation_id "
    "ORDER BY m.received_at DESC, m.id DESC) AS place FROM message m WHERE {seen}) m "
    "WHERE m.place = 1"
)
_NEWEST_OF_ALL = (
    "FROM message m WHERE {seen} AND NOT EXISTS (SELECT 1 FROM message n "
    "WHERE n.conversation_id = m.conversation_id AND (n.received_at, n.id) > "
    f"(m.received_at, m.id) AND {{newer}} {database.ONE})"
)
_NOT_IN_ENTRY = (
    "NOT EXISTS (SELECT 1 FROM message la JOIN entry_mail lm ON lm.anchor_id = la.id "
    "WHERE la.conversation_id = m.conversation_id AND lm.removed_at IS NULL "
    f"AND lm.entry_id = ? {database.ONE})"
)


def _within(entry: Entry, text: str, *, everywhere: bool) -> tuple[str, list[object]]:
    """SQL, and its values, for the mails that may be offered; "" for all of them."""
    conditions, values = list[str](), list[object]()
    if not everywhere:
        theirs, named = _of_participants(entry)
        conditions.append(f"m.id IN ({theirs})")
        values += named
    if text.strip():
        found, words = search.heads(text)
        conditions.append(f"m.id IN ({found})")
        values += words
    return " AND ".join(conditions), values


def _of_participants(entry: Entry) -> tuple[str, list[object]]:
    """SQL, and its values, for the mails of an entry's participants.

    By their e-mail addresses, and by their domains as far as nobody else has the
    e-mail address.
    """
    sql = (
        "SELECT ma.message_id FROM participant p JOIN address_email ae "
        "ON ae.address_id = p.address_id JOIN message_address ma "
        "ON ma.email = ae.email WHERE p.entry_id = ?"
    )
    values: list[object] = [entry.id]
    for (domain,) in database.execute(
        "SELECT ad.domain FROM participant p JOIN address_domain ad "
        "ON ad.address_id = p.address_id WHERE p.entry_id = ? ORDER BY ad.domain",
        (entry.id,),
    ):
        sql += (
            " UNION SELECT ma.message_id FROM message_address ma "
            "LEFT JOIN address_email other ON other.email = ma.email "
            f"WHERE {parties.domain_sql('ma.email')} = ? AND other.id IS NULL"
        )
        values.append(domain)
    return sql, values


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
