"""Which copies of a task shall exist: the wishing half of ``task_mirror``.

A task has a copy where its employee has an own, enabled mailbox that takes this kind
(``tasks: true`` / ``calendar: true``); else none. ``wish`` is called in the transaction
of every change of a task and only says what shall be; the daemon compares and writes.

    wanted ──another employee or kind, cancelled──► not wanted ──back again──► wanted
                                                        │ removed: the old item is in
                                                        ▼ Deleted Items for good
                                                     settled ──back again──► a new life
                                                                    (new key, new item)

Where a mailbox is disabled, its rows stay as they are: nothing more is written there,
and nothing removed either.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from crm_core import audit
from crm_core.database import is_postgres, require_transaction
from crm_core.mirroring.mirror_fields import written_from
from crm_core.models import (
    Drift,
    Mailbox,
    MirrorKind,
    Task,
    TaskKind,
    TaskMirror,
    TaskStatus,
)

KIND_OF = {TaskKind.DUE_BY: MirrorKind.TASK, TaskKind.DO_ON: MirrorKind.APPOINTMENT}


def new_key() -> str:
    """A key for one item: 160 random bits, so nobody guesses or meets it twice."""
    return f"crm-{secrets.token_hex(20)}"


def takes(mailbox: Mailbox, kind: MirrorKind) -> bool:
    """Whether copies of this kind may be written into this mailbox now."""
    wanted = (
        mailbox.writes_tasks if kind is MirrorKind.TASK else mailbox.writes_calendar
    )
    return bool(mailbox.enabled and wanted)


def wish(task: Task) -> None:
    """Make the rows want what the task says now; idempotent."""
    require_transaction()
    kind = KIND_OF[task.kind]
    own = {mailbox.id: mailbox for mailbox in _mailboxes_of(task)}
    place = next((box for box in own.values() if takes(box, kind)), None)
    known = False
    for row in _rows_of(task):
        here = row.kind is kind and row.mailbox_id in own
        if place is not None and here:
            here = row.mailbox_id == place.id
            known = known or here
        elif here:
            here = bool(row.wanted_present)
        if here and task.status is not TaskStatus.CANCELLED:
            _want(row, task)
        else:
            _want_no_more(row, task)
    if place is not None and not known and task.status is TaskStatus.OPEN:
        _begin(task, place, kind)


def align() -> int:
    """Copies for open tasks whose mailbox has come to take them; how many.

    Idempotent; called whenever the configuration is mirrored. Rows of an employee's
    former mailbox become unwanted, as far as that mailbox may still be written.
    """
    require_transaction()
    before = TaskMirror.select().where(TaskMirror.wanted_present == 1).count()
    owners = Mailbox.select(Mailbox.employee).where(Mailbox.enabled == 1)
    for task in Task.select().where(
        Task.status == TaskStatus.OPEN, Task.employee.in_(owners)
    ):
        wish(task)
    after = TaskMirror.select().where(TaskMirror.wanted_present == 1).count()
    return int(after - before)


def rows_locked(condition: object) -> list[TaskMirror]:
    """Rows for reading and then writing; on SQLite the transaction is the lock."""
    rows = TaskMirror.select().where(condition).order_by(TaskMirror.id)
    return list(rows.for_update() if is_postgres() else rows)


def begin_anew(row: TaskMirror) -> None:
    """The next item is another one: nothing of the old one counts any more."""
    row.crm_key, row.written = new_key(), None
    row.external_id = row.change_key = None
    row.pushed_version, row.attempt_open = 0, False
    forgive(row)
    no_drift(row)


def forgive(row: TaskMirror) -> None:
    """A new wish gets a fresh chance."""
    row.attempts, row.next_attempt_at, row.parked = 0, None, False
    row.failure_code = row.failure = None


def no_drift(row: TaskMirror) -> None:
    """The question of drift is settled."""
    row.drift = row.drift_detail = row.drift_at = None


def _mailboxes_of(task: Task) -> Iterable[Mailbox]:
    rows = Mailbox.select().where(Mailbox.employee == task.employee_id)
    return list(rows.order_by(Mailbox.id))


def _rows_of(task: Task) -> list[TaskMirror]:
    return rows_locked(TaskMirror.task == task.id)


def _begin(task: Task, place: Mailbox, kind: MirrorKind) -> None:
    TaskMirror.create(
        task=task,
        mailbox=place,
        kind=kind,
        crm_key=new_key(),
        wanted_version=task.version,
    )


def _want(row: TaskMirror, task: Task) -> None:
    if not row.wanted_present:
        _want_again(row)
    elif row.wanted_version == task.version:
        return
    row.wanted_present, row.wanted_version = True, task.version
    forgive(row)
    if row.drift is Drift.COMPLETED and task.status is TaskStatus.DONE:
        agree(row)
    row.save(only=_WISHES)


def _want_again(row: TaskMirror) -> None:
    """It was to go: either it still lies there, or a new one is needed."""
    if row.external_id is None and not row.attempt_open:
        begin_anew(row)
    elif row.attempt_open:  # a removal of unknown outcome: finish it first
        row.written = replace(written_from(row.written), rewrite=True).to_json()
    row.pushed_version = 0


def _want_no_more(row: TaskMirror, task: Task) -> None:
    if row.wanted_present:
        if row.drift is not None:  # a decision of a person ends the question
            audit.record("mailsync", "drift_dropped", f"task:{task.id}")
        no_drift(row)
        forgive(row)
        row.wanted_present, row.pushed_version = False, 0
    elif row.wanted_version == task.version:
        return
    nothing_there = row.external_id is None and not row.attempt_open
    settled = nothing_there or row.pushed_version >= row.wanted_version
    row.wanted_version = task.version
    if settled:
        row.pushed_version = task.version
    row.save(only=_WISHES)


def agree(row: TaskMirror) -> None:
    """What the employee made of the item is what it was left as."""
    written = written_from(row.written)
    row.written = replace(
        written, fields=written.seen, read_back=written.seen, seen=None
    ).to_json()
    no_drift(row)


_WISHES = [
    "crm_key", "written", "external_id", "change_key", "pushed_version",
    "attempt_open", "attempts", "next_attempt_at", "parked", "failure_code", "failure",
    "drift", "drift_detail", "drift_at", "wanted_present", "wanted_version",
]  # fmt: skip
