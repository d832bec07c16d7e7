"""The list of addresses by name, with their open entries and the last contact.

Addresses are everybody's; what is told of entries and mail is the viewer's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.models import AddressRole
from crm_core.queries import paging, search
from crm_core.queries.paging import Page

_FOLDED = 120  # characters that decide about the order


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """Which addresses; None or empty = whatever. ``text``: in everything they hold."""

    role: AddressRole | None = None
    text: str = ""
    with_open_entries: bool = False


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One line of the list. ``last_contact``: the newest mail the viewer may see."""

    id: int
    number: str | None
    name: str
    company: str
    city: str
    role: AddressRole
    emails: tuple[str, ...]
    domains: tuple[str, ...]
    open_entries: int
    last_contact: datetime | None


def page(
    viewer: Viewer,
    wanted: AddressFilter,
    *,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[AddressRow]:
    """Addresses by folded name; Invalid for a cursor that is none. Five queries."""
    cursor = paging.parse(before)
    conditions, values = _where(viewer, wanted)
    name = _sorted_by()
    if cursor is not None:
        conditions += f" AND ({name}, a.id) > (?, ?)"
        values += [cursor.value, cursor.id]
    rows = database.execute(
        "SELECT a.id, a.number, a.name, a.company, a.city, a.role, "
        f"{name} {_FROM} WHERE {conditions} ORDER BY {name}, a.id LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[6], int(row[0])))
    return Page(_rows(viewer, kept), next_)


def count(viewer: Viewer, wanted: AddressFilter) -> int:
    """How many addresses the filter lets through."""
    conditions, values = _where(viewer, wanted)
    ((found,),) = database.execute(
        f"SELECT count(*) {_FROM} WHERE {conditions}", values
    )
    return int(found)


_FROM = "FROM address a JOIN search_text x ON x.kind = 'address' AND x.thing = a.id "


def _sorted_by() -> str:
    """Equal order on both databases: bytes of the folded first line."""
    collation = ' COLLATE "C"' if database.is_postgres() else ""
    return f"(substr(x.folded, 1, {_FOLDED}){collation})"


def _where(viewer: Viewer, wanted: AddressFilter) -> tuple[str, list[object]]:
    conditions, values = ["a.gone_at IS NULL"], list[object]()
    if wanted.role is not None:
        conditions.append("a.role = ?")
        values.append(wanted.role.value)
    if wanted.with_open_entries:
        conditions.append(
            "EXISTS (SELECT 1 FROM participant p JOIN entry e ON e.id = p.entry_id "
            f"WHERE p.address_id = a.id AND e.status <> 'closed' "
            f"AND {viewer.entries('e')})"
        )
    if wanted.text.strip():
        has, words = search.matching(wanted.text, "x.folded")
        conditions.append(has)
        values += words
    return " AND ".join(conditions), values


def _rows(viewer: Viewer, rows: Sequence[tuple[Any, ...]]) -> tuple[AddressRow, ...]:
    ids = [int(row[0]) for row in rows]
    emails = _texts("email", "address_email", ids)
    domains = _texts("domain", "address_domain", ids)
    entries = dict(
        database.select_in(
            "SELECT p.address_id, count(*) FROM participant p JOIN entry e "
            "ON e.id = p.entry_id WHERE e.status <> 'closed' "
            f"AND {viewer.entries('e')} AND p.address_id IN ({{marks}}) "
            "GROUP BY p.address_id",
            ids,
        )
    )
    contacts = dict(
        database.select_in(
            "SELECT ae.address_id, max(m.received_at) FROM address_email ae "
            "JOIN message_address ma ON ma.email = ae.email "
            "JOIN message m ON m.id = ma.message_id "
            f"WHERE {viewer.messages('m')} AND ae.address_id IN ({{marks}}) "
            "GROUP BY ae.address_id",
            ids,
        )
    )
    return tuple(
        AddressRow(
            id=int(row[0]),
            number=row[1],
            name=row[2],
            company=row[3],
            city=row[4],
            role=AddressRole(row[5]),
            emails=tuple(emails.get(int(row[0]), ())),
            domains=tuple(domains.get(int(row[0]), ())),
            open_entries=int(entries.get(row[0], 0)),
            last_contact=contacts.get(row[0]) and from_text(contacts[row[0]]),
        )
        for row in rows
    )


def _texts(column: str, table: str, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for address, text in database.select_in(
        f"SELECT address_id, {column} FROM {table} WHERE address_id IN ({{marks}}) "
        "ORDER BY id",
        ids,
    ):
        found.setdefault(int(address), []).append(text)
    return found
