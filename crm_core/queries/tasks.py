"""What people and programs see of a task and of its copy in a mailbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from crm_core.errors import NotFound
from crm_core.mirroring.mirrors import MirrorState, state
from crm_core.models import (
    Drift,
    Employee,
    Entry,
    Mailbox,
    Task,
    TaskKind,
    TaskMirror,
    TaskStatus,
)

# What the state of a copy depends on (``mirror_wishes.takes``), and where it lies.
_OF_MAILBOX = (
    Mailbox.id,
    Mailbox.address,
    Mailbox.enabled,
    Mailbox.writes_tasks,
    Mailbox.writes_calendar,
)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class MirrorView:
    """The copy in Outlook. ``failure`` is a sentence for people, with its code."""

    state: MirrorState
    drift: Drift | None = None
    drift_detail: str | None = None
    mailbox: str | None = None
    failure_code: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its copy. Instants are UTC; dates are dates."""

    id: int
    entry: int
    title: str
    description: str
    employee: str
    kind: TaskKind
    due_on: date | None
    day: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    status: TaskStatus
    mirror: MirrorView


def show(task_id: int) -> TaskView:
    """One task; NotFound if there is none."""
    found = _views(Task.id == task_id)
    if not found:
        raise NotFound("there is no task {task}", task=task_id)
    return found[0]


def of_entry(entry: Entry) -> tuple[TaskView, ...]:
    """The tasks of an entry, oldest first."""
    return tuple(_views(Task.entry == entry))


def _views(condition: object) -> list[TaskView]:
    rows = list(
        Task.select(Task, Employee, Entry)
        .join(Employee)
        .switch(Task)
        .join(Entry)
        .where(condition)
        .order_by(Task.id)
    )
    mirrors = mirror_views([row.id for row in rows])
    return [_view(row, mirrors[row.id]) for row in rows]


def mirror_views(task_ids: Iterable[int]) -> dict[int, MirrorView]:
    """How each task stands in its employee's mailbox; one query a chunk."""
    mirrors: dict[int, list[TaskMirror]] = {id_: [] for id_ in task_ids}
    wanted = list(mirrors)
    for start in range(0, len(wanted), _CHUNK):
        for mirror in (
            TaskMirror.select(TaskMirror, *_OF_MAILBOX)
            .join(Mailbox)
            .where(TaskMirror.task.in_(wanted[start : start + _CHUNK]))
            .order_by(TaskMirror.id)
        ):
            mirrors[mirror.task_id].append(mirror)
    return {id_: _mirror_view(rows) for id_, rows in mirrors.items()}


def _view(row: Task, mirror: MirrorView) -> TaskView:
    return TaskView(
        id=row.id,
        entry=row.entry.number,
        title=row.title,
        description=row.description,
        employee=row.employee.key,
        kind=row.kind,
        due_on=row.due_on,
        day=row.day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=row.status,
        mirror=mirror,
    )


def _mirror_view(mirrors: Iterable[TaskMirror]) -> MirrorView:
    """The copy that is wanted; else one whose removal is still to be written."""
    alive = [
        mirror
        for mirror in mirrors
        if mirror.wanted_present or mirror.pushed_version < mirror.wanted_version
    ]
    if not alive:
        return MirrorView(MirrorState.NONE)
    shown = max(alive, key=lambda mirror: (bool(mirror.wanted_present), mirror.id))
    stands = state(shown)
    if stands is MirrorState.NONE:
        return MirrorView(stands)
    return MirrorView(
        state=stands,
        drift=shown.drift,
        drift_detail=shown.drift_detail,
        mailbox=shown.mailbox.address,
        failure_code=shown.failure_code,
        failure=shown.failure,
    )
