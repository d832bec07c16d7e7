"""Tasks of several people: board, week, list.

Only tasks of entries the viewer may read. «Today» and «this week» are the company's
days; a week ends on Sunday. Each task carries the state of its copy in Outlook.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.errors import NotFound
from crm_core.fields import from_text, to_text
from crm_core.models import TaskKind, TaskStatus
from crm_core.queries import paging
from crm_core.queries.paging import Page
from crm_core.queries.tasks import MirrorView, mirror_views
from crm_core.records import schedule

MOST_IN_COLUMN = 40  # cards of one column; its number says how many there are


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks; None or empty = whatever."""

    employee: str | None = None  # key
    staff_group: str | None = None
    status: TaskStatus | None = TaskStatus.OPEN
    drifted: bool = False
    failed: bool = False
    entry: int | None = None  # number


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task on a board or list. ``due`` is the day it is judged by."""

    id: int
    entry: int
    entry_title: str
    title: str
    employee: str  # key
    employee_name: str
    kind: TaskKind
    due: date
    due_on: date | None
    day: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    status: TaskStatus
    done_at: datetime | None
    writable: bool
    mirror: MirrorView


@dataclass(frozen=True, slots=True)
class Column:
    """Cards of a column, soonest first; ``count`` is how many there are in all."""

    cards: tuple[TaskCard, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Board:
    """«Tafel»."""

    overdue: Column
    today: Column
    week: Column
    later: Column


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """One person's row: a tuple of cards for each day, Monday first."""

    employee: str
    name: str
    days: tuple[tuple[TaskCard, ...], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """«Woche»: person × day."""

    monday: date
    people: tuple[PersonWeek, ...]


def board(viewer: Viewer, wanted: TaskFilter, today: date) -> Board:
    """Open tasks by how soon they are due; twelve queries, however many tasks."""
    end = today + timedelta(days=6 - today.weekday())
    days = {
        "overdue": (None, today - timedelta(days=1)),
        "today": (today, today),
        "week": (today + timedelta(days=1), end),
        "later": (end + timedelta(days=1), None),
    }
    columns = {name: _column(viewer, wanted, *span) for name, span in days.items()}
    return Board(**columns)


def week(viewer: Viewer, wanted: TaskFilter, monday: date) -> Week:
    """Tasks of the seven days from ``monday``, by person and day."""
    sunday = monday + timedelta(days=6)
    rows = _rows(viewer, wanted, monday, sunday, order="due, t.id", limit=paging.MOST)
    people: dict[tuple[str, str], list[list[TaskCard]]] = {}
    for card in _cards(viewer, rows):
        mine = people.setdefault(
            (card.employee_name, card.employee), [[] for _ in range(7)]
        )
        mine[(card.due - monday).days].append(card)
    return Week(
        monday,
        tuple(
            PersonWeek(key, name, tuple(tuple(cards) for cards in days))
            for (name, key), days in sorted(people.items())
        ),
    )


def page(
    viewer: Viewer,
    wanted: TaskFilter,
    *,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[TaskCard]:
    """«Liste», soonest due first; Invalid for a cursor that is none."""
    cursor = paging.parse(before)
    rows = _rows(
        viewer, wanted, order="due, t.id", limit=paging.limited(limit), after=cursor
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[_DUE], int(row[0])))
    return Page(tuple(_cards(viewer, kept)), next_)


def count(viewer: Viewer, wanted: TaskFilter) -> int:
    """How many tasks the list has."""
    conditions, values = _where(viewer, wanted, None, None, None)
    ((found,),) = database.execute(
        f"SELECT count(*) {_FROM} WHERE {conditions}", values
    )
    return int(found)


def card(viewer: Viewer, task_id: int) -> TaskCard:
    """One task; NotFound if the viewer may not read its entry."""
    rows = _rows(viewer, TaskFilter(status=None), order="t.id", limit=1, task=task_id)
    if not rows:
        raise NotFound("there is no task {task}", task=task_id)
    return next(iter(_cards(viewer, rows)))


def drifted(viewer: Viewer, employee: int, limit: int = paging.PAGE) -> list[TaskCard]:
    """Tasks of this employee that were changed in Outlook and wait for an answer."""
    rows = _rows(
        viewer,
        TaskFilter(status=None, drifted=True),
        order="due, t.id",
        limit=limit,
        employee=employee,
    )
    return _cards(viewer, rows)


def of_person(
    viewer: Viewer, employee: int, first: date | None, last: date | None
) -> Column:
    """Open tasks of one employee due from ``first`` to ``last``."""
    return _column(viewer, TaskFilter(), first, last, employee=employee)


# --- rows -------------------------------------------------------------------------

_COLUMNS = (
    "t.id, e.number, e.title, t.title, p.key, p.name, t.kind, t.due_on, t.day, "
    "t.starts_at, t.ends_at, t.status, t.done_at, e.subtag_id"
)
_DUE = 14
_FROM = (
    "FROM task t JOIN entry e ON e.id = t.entry_id "
    "JOIN employee p ON p.id = t.employee_id"
)


def _due() -> str:
    """The stored day a task is judged by; of an appointment the company's day.

    The zone's rule is not SQL's business: the text of the instant is compared with the
    instant at which the day begins (see ``_span``).
    """
    return "coalesce(t.due_on, t.day, t.starts_at)"


def _column(
    viewer: Viewer,
    wanted: TaskFilter,
    first: date | None,
    last: date | None,
    *,
    employee: int | None = None,
) -> Column:
    rows = _rows(
        viewer, wanted, first, last,
        order="due, t.id", limit=MOST_IN_COLUMN, employee=employee,
    )  # fmt: skip
    conditions, values = _where(viewer, wanted, first, last, employee)
    ((count,),) = database.execute(
        f"SELECT count(*) {_FROM} WHERE {conditions}", values
    )
    return Column(tuple(_cards(viewer, rows)), int(count))


def _rows(
    viewer: Viewer,
    wanted: TaskFilter,
    first: date | None = None,
    last: date | None = None,
    *,
    order: str,
    limit: int,
    after: paging.Cursor | None = None,
    employee: int | None = None,
    task: int | None = None,
) -> list[tuple[Any, ...]]:
    conditions, values = _where(viewer, wanted, first, last, employee)
    if after is not None:
        conditions += f" AND ({_due()}, t.id) > (?, ?)"
        values += [after.value, after.id]
    if task is not None:
        conditions += " AND t.id = ?"
        values.append(task)
    return database.execute(
        f"SELECT {_COLUMNS}, {_due()} AS due {_FROM} WHERE {conditions} "
        f"ORDER BY {order} LIMIT ?",
        (*values, limit),
    )


def _where(
    viewer: Viewer,
    wanted: TaskFilter,
    first: date | None,
    last: date | None,
    employee: int | None,
) -> tuple[str, list[object]]:
    conditions, values = [viewer.entries("e")], list[object]()
    for condition, value in (
        ("p.key = ?", wanted.employee),
        ("t.status = ?", wanted.status and wanted.status.value),
        ("e.number = ?", wanted.entry),
        ("t.employee_id = ?", employee),
        (_OF_GROUP, wanted.staff_group),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if wanted.drifted:
        conditions.append(_MIRROR.format("tm.drift IS NOT NULL"))
    if wanted.failed:
        conditions.append(_MIRROR.format("tm.failure_code IS NOT NULL"))
    for sign, day, next_day in ((">=", first, 0), ("<", last, 1)):
        if day is not None:
            conditions.append(_SPAN.format(sign=sign))
            border = day + timedelta(days=next_day)
            values += [border.isoformat(), border.isoformat(), _begin(border)]
    return " AND ".join(conditions), values


_MIRROR = (
    "EXISTS (SELECT 1 FROM task_mirror tm WHERE tm.task_id = t.id "
    "AND tm.wanted_present = 1 AND {})"
)
_OF_GROUP = (
    "EXISTS (SELECT 1 FROM staff_membership sm JOIN staff_group sg "
    "ON sg.id = sm.group_id WHERE sm.employee_id = t.employee_id AND sg.name = ?)"
)
_SPAN = "(t.due_on {sign} ? OR t.day {sign} ? OR t.starts_at {sign} ?)"


def _begin(day: date) -> str:
    """The instant at which the company's day begins."""
    local = datetime.combine(day, time(0), schedule.company_zone())
    return to_text(local.astimezone(UTC))


def _cards(viewer: Viewer, rows: Sequence[tuple[Any, ...]]) -> list[TaskCard]:
    zone = schedule.company_zone()
    mirrors = mirror_views([int(row[0]) for row in rows])
    found = []
    for row in rows:
        due_on, day = (text and date.fromisoformat(text) for text in row[7:9])
        starts_at, ends_at, done_at = (
            text and from_text(text) for text in (row[9], row[10], row[12])
        )
        found.append(
            TaskCard(
                id=int(row[0]),
                entry=int(row[1]),
                entry_title=row[2],
                title=row[3],
                employee=row[4],
                employee_name=row[5],
                kind=TaskKind(row[6]),
                due=due_on or day or starts_at.astimezone(zone).date(),
                due_on=due_on,
                day=day,
                starts_at=starts_at,
                ends_at=ends_at,
                status=TaskStatus(row[11]),
                done_at=done_at,
                writable=int(row[13]) in viewer.writable,
                mirror=mirrors[int(row[0])],
            )
        )
    return found
