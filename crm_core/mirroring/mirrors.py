"""A task's copy in a mailbox, as people deal with it: its state, drift, and the two
answers to drift.

``adopt`` makes the CRM say what the employee made of the copy; ``write_again`` makes
the copy say what the CRM says. Neither happens by itself, and until one of them is
chosen the copy is not written. What the daemon does with the rows is in ``pushes``.

| drift     | adopt                                  | write again                     |
|-----------|----------------------------------------|---------------------------------|
| completed | the task is done                       | the item is open again          |
| changed   | title, dates, status as in Outlook     | our title, dates, status        |
| moved     | the item is followed into that folder  | removed there, written anew in  |
|           | (what happens to it there is noticed   | the folder of tasks or          |
|           | at our next write only)                | appointments                    |
| deleted   | the task is cancelled                  | written anew, as another item   |
"""

from dataclasses import replace
from enum import StrEnum

from crm_core import audit
from crm_core.database import require_transaction
from crm_core.errors import Conflict, Invalid
from crm_core.mirroring.mirror_fields import (
    OwnFields,
    Written,
    differences,
    written_from,
)
from crm_core.mirroring.mirror_wishes import (
    agree,
    begin_anew,
    forgive,
    no_drift,
    rows_locked,
    takes,
)
from crm_core.mirroring.task_text import title_in
from crm_core.models import Drift, MirrorKind, Task, TaskMirror, TaskStatus
from crm_core.records import schedule, tasks


class MirrorState(StrEnum):
    """How a task stands in its employee's mailbox."""

    NONE = "none"  # no enabled mailbox takes it, or it was taken out
    PENDING = "pending"
    WRITTEN = "written"
    FAILED = "failed"  # tried, will be tried again
    PARKED = "parked"  # given up; a person must act


def state(mirror: TaskMirror | None) -> MirrorState:
    """How one copy stands; no copy, or a mailbox not written to, is NONE."""
    if mirror is None or not takes(mirror.mailbox, mirror.kind):
        return MirrorState.NONE
    if mirror.pushed_version >= mirror.wanted_version:
        return MirrorState.WRITTEN if mirror.wanted_present else MirrorState.NONE
    if mirror.parked:
        return MirrorState.PARKED
    return MirrorState.FAILED if mirror.failure_code else MirrorState.PENDING


def adopt(task_id: int, *, actor: str) -> Task:
    """Make the task say what the employee made of its copy.

    Raises Conflict if there is no drift, Invalid where the CRM cannot say the same (no
    due date, an appointment over several days): then only ``write_again`` is left.
    """
    mirror = _row(task_id)
    drift = mirror.drift
    if drift is None:
        raise Conflict("task {task} does not differ from Outlook", task=task_id)
    task = tasks.get(task_id)
    audit.record(
        actor, "drift_adopted", f"task:{task_id}", entry=task.entry, detail=str(drift)
    )
    if drift is Drift.DELETED and task.status is TaskStatus.DONE:
        return _let_it_be_gone(mirror, task)
    if drift is Drift.DELETED:
        return tasks.cancel(task_id, actor=actor)
    written = written_from(mirror.written)
    agree(mirror)
    if drift is Drift.MOVED:
        mirror.written = replace(written_from(mirror.written), followed=True).to_json()
    mirror.save()
    return _take_over(task, mirror.kind, written, actor)


def write_again(task_id: int, *, actor: str) -> Task:
    """Make the copy say what the task says; also a new try for what was given up.

    Raises Conflict if the task has no copy.
    """
    mirror = _row(task_id)
    task = tasks.get(task_id)
    written = written_from(mirror.written)
    if mirror.drift is Drift.DELETED:
        begin_anew(mirror)
    elif mirror.drift is Drift.MOVED:
        mirror.written = replace(written, rewrite=True).to_json()
    elif mirror.drift is not None:
        agree(mirror)
    detail = str(mirror.drift or "")
    no_drift(mirror)
    forgive(mirror)
    mirror.pushed_version = 0
    mirror.save()
    audit.record(
        actor,
        "mirror_written_again",
        f"task:{task_id}",
        entry=task.entry,
        detail=detail,
    )
    return task


def _row(task_id: int) -> TaskMirror:
    """The wanted copy of a task; else one that is still to be removed."""
    require_transaction()
    tasks.get(task_id)
    rows = rows_locked(TaskMirror.task == task_id)
    rows = [
        row
        for row in rows
        if row.wanted_present or row.pushed_version < row.wanted_version
    ]
    if not rows:
        raise Conflict("task {task} has no copy in a mailbox", task=task_id)
    return max(rows, key=lambda row: (bool(row.wanted_present), row.id))


def _let_it_be_gone(mirror: TaskMirror, task: Task) -> Task:
    """A task done here whose copy the employee threw away: done stays done."""
    no_drift(mirror)
    mirror.wanted_present = False
    mirror.external_id = mirror.change_key = None
    mirror.pushed_version = mirror.wanted_version
    mirror.attempt_open = False
    mirror.save()
    return task


def _take_over(task: Task, kind: MirrorKind, written: Written, actor: str) -> Task:
    """Bring what differs from our last writing into the task."""
    ours, theirs = written.baseline, written.seen
    if ours is None or theirs is None:
        return task
    changed = differences(kind, ours, theirs)
    title = title_in(theirs.subject, task.entry) if "subject" in changed else None
    dates = [name for name in changed if name not in ("subject", "completed")]
    task = tasks.edit(
        task.id,
        actor=actor,
        title=title,
        schedule=_schedule(kind, theirs) if dates else None,
    )
    if "completed" in changed:
        end = tasks.complete if theirs.completed else tasks.reopen
        task = end(task.id, actor=actor)
    return task


def _schedule(kind: MirrorKind, theirs: OwnFields) -> schedule.Schedule:
    if kind is MirrorKind.TASK:
        if theirs.due_on is None:
            raise Invalid("due_by", "required", "in Outlook the task has no due date")
        return schedule.due_by(theirs.due_on)
    if theirs.all_day:
        if theirs.first_day is None or theirs.first_day != theirs.last_day:
            raise Invalid(
                "do_on", "days", "in Outlook the appointment takes several days"
            )
        return schedule.all_day(theirs.first_day)
    if theirs.starts_at is None or theirs.ends_at is None:
        raise Invalid("do_on", "required", "in Outlook the appointment has no time")
    return schedule.between(theirs.starts_at, theirs.ends_at)
