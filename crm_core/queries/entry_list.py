"""The list of entries, newest first, with filters; only those the viewer may read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.languages import name_of
from crm_core.models import AddressRole, Colour, EntryStatus
from crm_core.queries import paging, search
from crm_core.queries.paging import Page
from crm_core.queries.parties import AddressRef


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; None or empty = whatever. ``text``: in title, number, notes."""

    status: frozenset[EntryStatus] = frozenset()
    tag_group: str | None = None  # keys
    tag: str | None = None
    subtag: str | None = None
    responsible: str | None = None  # an employee's key
    watched: bool = False
    address: int | None = None
    follow_up_until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the list. ``address`` is the entry's own (its first participant)."""

    id: int
    number: int
    title: str
    status: EntryStatus
    tag_group: str
    tag: str
    subtag: str
    subtag_key: str
    responsible: str | None
    address: AddressRef | None
    participants: int
    open_tasks: int
    follow_up_on: date | None
    management_only: bool
    created_at: datetime
    writable: bool
    colour: Colour


def page(
    viewer: Viewer,
    wanted: EntryFilter,
    *,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[EntryRow]:
    """Entries by number, the newest first; Invalid for a cursor that is none."""
    cursor = paging.parse(before)
    conditions, values = _where(viewer, wanted)
    if cursor is not None:
        conditions += " AND e.number < ?"
        values.append(cursor.id)
    rows = database.execute(
        f"SELECT {_columns()} {_FROM} WHERE {conditions} ORDER BY e.number DESC LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: ("", int(row[1])))
    return Page(_rows(viewer, kept), next_)


def count(viewer: Viewer, wanted: EntryFilter) -> int:
    """How many entries the filter lets through, for the viewer."""
    conditions, values = _where(viewer, wanted)
    ((found,),) = database.execute(
        f"SELECT count(*) {_FROM} WHERE {conditions}", values
    )
    return int(found)


def of_numbers(viewer: Viewer, numbers: Iterable[int]) -> dict[int, EntryRow]:
    """The readable ones of these entries, by number."""
    rows = database.select_in(
        f"SELECT {_columns()} {_FROM} WHERE {viewer.entries('e')} "
        "AND e.number IN ({marks})",
        numbers,
    )
    return {row.number: row for row in _rows(viewer, rows)}


def _columns() -> str:
    return (
        f"e.id, e.number, e.title, e.status, {name_of('g')}, {name_of('t')}, "
        f"{name_of('s')}, s.key, r.name, e.follow_up_on, e.management_only, "
        "e.created_at, e.subtag_id, g.colour"
    )


_FROM = (
    "FROM entry e JOIN subtag s ON s.id = e.subtag_id JOIN tag t ON t.id = s.tag_id "
    "JOIN tag_group g ON g.id = t.group_id "
    "LEFT JOIN employee r ON r.id = e.responsible_id"
)


def _where(viewer: Viewer, wanted: EntryFilter) -> tuple[str, list[object]]:
    conditions, values = [viewer.entries("e")], list[object]()
    for condition, value in (
        ("g.key = ?", wanted.tag_group),
        ("t.key = ?", wanted.tag),
        ("s.key = ?", wanted.subtag),
        ("r.key = ?", wanted.responsible),
        (_TAKES_PART, wanted.address),
        (_WATCHED, viewer.employee if wanted.watched else None),
        ("e.follow_up_on <= ?", _iso(wanted.follow_up_until)),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if wanted.status:
        conditions.append(f"e.status IN ({','.join('?' * len(wanted.status))})")
        values += sorted(status.value for status in wanted.status)
    if wanted.text.strip():
        has, words = search.matching(wanted.text, "x.folded")
        conditions.append(
            "EXISTS (SELECT 1 FROM search_text x WHERE x.kind = 'entry' "
            f"AND x.thing = e.id AND {has})"
        )
        values += words
    return " AND ".join(conditions), values


_TAKES_PART = (
    "EXISTS (SELECT 1 FROM participant p WHERE p.entry_id = e.id AND p.address_id = ?)"
)
_WATCHED = (
    "EXISTS (SELECT 1 FROM watch w WHERE w.entry_id = e.id AND w.employee_id = ?)"
)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _rows(viewer: Viewer, rows: Sequence[tuple[Any, ...]]) -> tuple[EntryRow, ...]:
    ids = [int(row[0]) for row in rows]
    taking_part: dict[int, list[AddressRef]] = {}
    for entry, address, name, role in database.select_in(
        "SELECT p.entry_id, a.id, a.name, a.role FROM participant p "
        "JOIN address a ON a.id = p.address_id WHERE p.entry_id IN ({marks}) "
        "ORDER BY p.id",
        ids,
    ):
        ref = AddressRef(int(address), name, AddressRole(role))
        taking_part.setdefault(int(entry), []).append(ref)
    tasks = dict(
        database.select_in(
            "SELECT entry_id, count(*) FROM task WHERE status = 'open' "
            "AND entry_id IN ({marks}) GROUP BY entry_id",
            ids,
        )
    )
    return tuple(
        EntryRow(
            id=int(row[0]),
            number=int(row[1]),
            title=row[2],
            status=EntryStatus(row[3]),
            tag_group=row[4],
            tag=row[5],
            subtag=row[6],
            subtag_key=row[7],
            responsible=row[8],
            address=next(iter(taking_part.get(int(row[0]), ())), None),
            participants=len(taking_part.get(int(row[0]), ())),
            open_tasks=int(tasks.get(row[0], 0)),
            follow_up_on=row[9] and date.fromisoformat(row[9]),
            management_only=bool(row[10]),
            created_at=from_text(row[11]),
            writable=int(row[12]) in viewer.writable,
            colour=Colour(row[13]),
        )
        for row in rows
    )
