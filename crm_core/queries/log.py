"""Verwaltung › Protokoll: who did what to which thing, newest first.

An administrator is not a reader of mail: a line always says what was done to which kind
of thing; what the thing is called, and the line's details, only where the viewer could
open it. The number of an entry is shown, as it stands in subjects of mails anyway.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text, to_text
from crm_core.models import Visibility
from crm_core.queries import actors, paging
from crm_core.queries.paging import Page

PROGRAMS = "programme"  # the actor that is neither a person nor a mailbox
_NUMBER = re.compile(r"(?:[A-Za-z]+-)?(\d{1,9})")
_SUBJECT = re.compile(r"[a-z_]+:[^\s\0]{1,100}")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines. ``actions``: None = whatever; ``thing``: CRM-1042 or ``kind:id``."""

    actor: str = ""
    actions: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """What it was done to. ``name``: empty where the viewer may not know it."""

    kind: str
    id: str
    name: str = ""
    entry: int | None = None  # of a task: where it is
    visible: bool = False


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line. ``entry``: the number of the entry it happened in."""

    id: int
    at: datetime
    actor: str
    who: str
    action: str
    thing: Thing
    entry: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Filterable:
    """What the list can be filtered by: people and mailboxes, by name."""

    people: tuple[tuple[str, str], ...] = field(default=())
    mailboxes: tuple[tuple[str, str], ...] = field(default=())


def page(
    viewer: Viewer, wanted: LogFilter, *, before: str | None = None, limit: int = 50
) -> Page[LogRow]:
    """Lines, newest first; Invalid for a cursor that is none. Constant queries."""
    cursor = paging.parse(before)
    conditions, values = _where(wanted)
    if cursor is not None:
        conditions += " AND (a.at, a.id) < (?, ?)"
        values += [cursor.value, cursor.id]
    rows = database.execute(
        "SELECT a.id, a.at, a.actor, a.action, a.subject, a.detail, e.number, e.id "
        "FROM audit_event a LEFT JOIN entry e ON e.id = a.entry_id "
        f"WHERE {conditions} ORDER BY a.at DESC, a.id DESC LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[1], int(row[0])))
    return Page(_rows(viewer, kept), next_)


def count(wanted: LogFilter) -> int:
    """How many lines the filter lets through."""
    conditions, values = _where(wanted)
    ((found,),) = database.execute(
        f"SELECT count(*) FROM audit_event a WHERE {conditions}", values
    )
    return int(found)


def filterable() -> Filterable:
    """People and mailboxes that may stand in «Wer»."""
    people = database.execute("SELECT key, name FROM employee ORDER BY name, id")
    boxes = database.execute("SELECT slug, name FROM mailbox ORDER BY name, id")
    return Filterable(
        tuple((f"user:{key}", name) for key, name in people),
        tuple((f"mailbox:{slug}", name) for slug, name in boxes),
    )


def _where(wanted: LogFilter) -> tuple[str, list[object]]:
    conditions, values = ["1 = 1"], list[object]()
    if wanted.actor == PROGRAMS:
        conditions.append("substr(a.actor, 1, 5) <> 'user:'")
        conditions.append("substr(a.actor, 1, 8) <> 'mailbox:'")
    elif wanted.actor:
        conditions.append("a.actor = ?")
        values.append(wanted.actor)
    if wanted.actions is not None:
        marks = ",".join("?" * len(wanted.actions)) or "NULL"
        conditions.append(f"a.action IN ({marks})")
        values += sorted(wanted.actions)
    for mark, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment is not None:
            conditions.append(f"a.at {mark} ?")
            values.append(to_text(moment))
    if wanted.thing:
        condition, more = _of_thing(wanted.thing)
        conditions.append(condition)
        values += more
    return " AND ".join(conditions), values


def _of_thing(text: str) -> tuple[str, list[object]]:
    number = _NUMBER.fullmatch(text.strip())
    if number:
        return (
            "a.entry_id = (SELECT id FROM entry WHERE number = ?)",
            [int(number.group(1))],
        )
    if _SUBJECT.fullmatch(text.strip()):
        return "a.subject = ?", [text.strip()]
    return "1 = 0", []


def _rows(viewer: Viewer, rows: Sequence[tuple[Any, ...]]) -> tuple[LogRow, ...]:
    whole = _Things(viewer, [row[4] for row in rows], [row[7] for row in rows])
    names = actors.names(row[2] for row in rows)
    found = []
    for id_, at, actor, action, subject, detail, number, entry in rows:
        thing = whole.thing(subject)
        open_ = thing.visible and (entry is None or entry in whole.entries)
        found.append(
            LogRow(
                id=int(id_),
                at=from_text(at),
                actor=actor,
                who=names.get(actor, actor),
                action=action,
                thing=thing,
                entry=None if number is None else int(number),
                detail=detail if open_ else "",
            )
        )
    return tuple(found)


# --- what things are called -------------------------------------------------------


class _Things:
    """The names of things, a query a kind, as far as the viewer may know them."""

    def __init__(
        self, viewer: Viewer, subjects: Iterable[str], entries: Iterable[int | None]
    ) -> None:
        self._viewer = viewer
        self._found: dict[tuple[str, str], Thing] = {}
        by_kind: dict[str, set[str]] = {}
        for subject in subjects:
            kind, _, id_ = subject.partition(":")
            by_kind.setdefault(kind, set()).add(id_)
        for kind, ids in by_kind.items():
            name = _NAMED.get(kind)
            numbers = sorted(int(one) for one in ids if one.isdecimal())
            if name is not None and numbers:
                self._found |= {
                    (kind, thing.id): thing for thing in name(viewer, numbers)
                }
        visible = database.select_in(
            f"SELECT e.id FROM entry e WHERE {viewer.entries('e')} "
            "AND e.id IN ({marks})",
            {one for one in entries if one is not None},
        )
        self.entries = {int(row[0]) for row in visible}

    def thing(self, subject: str) -> Thing:
        kind, _, id_ = subject.partition(":")
        if kind in _NAMED:
            return self._found.get((kind, id_), Thing(kind, id_))
        return Thing(kind, id_, visible=True)  # not the name of anything secret


def _simple(kind: str, sql: str) -> Callable[[Viewer, Sequence[int]], list[Thing]]:
    def named(_viewer: Viewer, ids: Sequence[int]) -> list[Thing]:
        return [
            Thing(kind, str(row[0]), str(row[1]), visible=True)
            for row in database.select_in(sql + " IN ({marks})", ids)
        ]

    return named


def _entries(viewer: Viewer, numbers: Sequence[int]) -> list[Thing]:
    rows = database.select_in(
        f"SELECT e.number, e.title FROM entry e WHERE {viewer.entries('e')} "
        "AND e.number IN ({marks})",
        numbers,
    )
    return [
        Thing("entry", str(row[0]), row[1], int(row[0]), visible=True) for row in rows
    ]


def _tasks(viewer: Viewer, ids: Sequence[int]) -> list[Thing]:
    rows = database.select_in(
        "SELECT t.id, t.title, e.number FROM task t JOIN entry e ON e.id = t.entry_id "
        f"WHERE {viewer.entries('e')} AND t.id IN ({{marks}})",
        ids,
    )
    return [
        Thing("task", str(row[0]), row[1], int(row[2]), visible=True) for row in rows
    ]


def _messages(viewer: Viewer, ids: Sequence[int]) -> list[Thing]:
    grades = viewer.grades(ids)
    seen = [id_ for id_ in ids if grades[id_] is not Visibility.NONE]
    rows = database.select_in(
        "SELECT id, subject FROM message WHERE id IN ({marks})", seen
    )
    return [Thing("message", str(row[0]), row[1], visible=True) for row in rows]


def _documents(_viewer: Viewer, ids: Sequence[int]) -> list[Thing]:
    rows = database.select_in(
        "SELECT id, kind, number FROM document WHERE id IN ({marks})", ids
    )
    return [
        Thing("document", str(row[0]), f"{row[1]}/{row[2]}", visible=True)
        for row in rows
    ]


_NAMED: Mapping[str, Callable[[Viewer, Sequence[int]], list[Thing]]] = {
    "entry": _entries,
    "task": _tasks,
    "message": _messages,
    "document": _documents,
    "address": _simple("address", "SELECT id, name FROM address WHERE id"),
    "mailbox": _simple("mailbox", "SELECT id, name FROM mailbox WHERE id"),
    "employee": _simple("employee", "SELECT id, name FROM employee WHERE id"),
    "account": _simple("account", "SELECT id, login FROM account WHERE id"),
    "token": _simple("token", "SELECT id, name FROM api_token WHERE id"),
    "webhook": _simple("webhook", "SELECT id, url FROM webhook WHERE id"),
}
