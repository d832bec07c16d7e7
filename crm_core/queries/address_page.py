"""An address's tabs: its mail and documents, as far as the viewer may see them.

Keyset pages, newest first; a constant number of queries each. The tab «CRM» is
``entry_list`` with its filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.models import DocumentKind
from crm_core.queries import document_page, entry_mail, paging, parties
from crm_core.queries.paging import Page


@dataclass(frozen=True, slots=True)
class AddressMail:
    """A mail the address was a party of; ``entries``: readable ones that show it."""

    id: int
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime
    sent: bool
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AddressDocument:
    """A work report or delivery note; ``entries``: readable ones it is linked to."""

    kind: DocumentKind
    number: str
    title: str
    dated_on: date | None
    status: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry that a mail of the address may be linked to."""

    number: int
    title: str


def mails(
    viewer: Viewer,
    address_id: int,
    *,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[AddressMail]:
    """Mail from and to the address; Invalid for a cursor that is none."""
    cursor = paging.parse(before)
    named, values = parties.mails_of(address_id)
    after = ""
    if cursor is not None:
        after = " AND (m.received_at, m.id) < (?, ?)"
        values += [cursor.value, cursor.id]
    rows = database.execute(
        "SELECT m.id, m.subject, coalesce(m.sender, m.from_address), m.from_name, "
        "m.received_at, EXISTS (SELECT 1 FROM message_copy c "
        "WHERE c.message_id = m.id AND c.sent = 1) FROM message m "
        f"WHERE m.id IN ({named}) AND {viewer.messages('m')}{after} "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[4], int(row[0])))
    shown = _entries_of_mails(viewer, [int(row[0]) for row in kept])
    return Page(
        tuple(
            AddressMail(
                id=int(id_),
                subject=subject,
                sender=sender,
                sender_name=name,
                received_at=from_text(at),
                sent=bool(sent),
                entries=tuple(shown.get(int(id_), ())),
            )
            for id_, subject, sender, name, at, sent in kept
        ),
        next_,
    )


def _entries_of_mails(viewer: Viewer, ids: Sequence[int]) -> dict[int, list[int]]:
    if not ids:
        return {}
    marks = ",".join("?" * len(ids))
    rows = database.execute(
        f"SELECT x.message_id, e.number FROM ({entry_mail.shown_of(marks)}) x "
        f"JOIN entry e ON e.id = x.entry_id AND {viewer.entries('e')} "
        "ORDER BY e.number",
        (*ids, *ids),
    )
    found: dict[int, list[int]] = {}
    for message, number in rows:
        found.setdefault(int(message), []).append(int(number))
    return found


def open_entries(viewer: Viewer, address_id: int) -> tuple[OpenEntry, ...]:
    """Entries of the address that are not closed and that the viewer may change."""
    rows = database.execute(
        "SELECT e.number, e.title FROM entry e JOIN participant p "
        "ON p.entry_id = e.id WHERE p.address_id = ? AND e.status <> 'closed' "
        f"AND {viewer.entries('e', write=True)} ORDER BY e.number DESC LIMIT 50",
        (address_id,),
    )
    return tuple(OpenEntry(int(number), title) for number, title in rows)


def documents(
    viewer: Viewer,
    *,
    address_id: int | None = None,
    text: str = "",
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[AddressDocument]:
    """Documents of the address, or of all, the newest first; ``text``: words of it."""
    cursor = paging.parse(before)
    conditions, values = ["1 = 1"], list[object]()
    day = "coalesce(d.dated_on, '')"
    if address_id is not None:
        conditions.append("d.address_id = ?")
        values.append(address_id)
    if text.strip():
        condition, words = document_page.found_by(text)
        conditions.append(condition)
        values += words
    if cursor is not None:
        conditions.append(f"({day}, d.id) < (?, ?)")
        values += [cursor.value, cursor.id]
    rows = database.execute(
        f"SELECT d.id, d.kind, d.number, d.title, {day}, d.status FROM document d "
        f"WHERE {' AND '.join(conditions)} ORDER BY {day} DESC, d.id DESC LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[4], int(row[0])))
    linked: dict[int, list[int]] = {}
    for document, number in database.select_in(
        "SELECT ed.document_id, e.number FROM entry_document ed JOIN entry e "
        f"ON e.id = ed.entry_id AND {viewer.entries('e')} "
        "WHERE ed.document_id IN ({marks}) ORDER BY e.number",
        [int(row[0]) for row in kept],
    ):
        linked.setdefault(int(document), []).append(int(number))
    return Page(
        tuple(
            AddressDocument(
                kind=DocumentKind(kind),
                number=number,
                title=title,
                dated_on=date.fromisoformat(dated_on) if dated_on else None,
                status=status,
                entries=tuple(linked.get(int(id_), ())),
            )
            for id_, kind, number, title, dated_on, status in kept
        ),
        next_,
    )
