"""Tasks given to employees, and their copies («mirrors») in mailboxes."""

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField, FlagField, PlainDateField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.entries import Entry
from crm_core.models.mail import Mailbox, Message
from crm_core.models.staff import Employee
from crm_core.models.task_kind import TaskKind


class TaskStatus(StrEnum):
    """Set in the CRM, and only there."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class Task(Row):
    """Something an employee shall do for an entry.

    DUE_BY: ``due_on``. DO_ON all day: ``day``. DO_ON timed: ``starts_at``/``ends_at``.
    ``version`` grows with every change that its copy in a mailbox must show. ``message``
    is the mail that it was made out of; the task stays when that mail goes.
    """

    entry = ForeignKeyField(Entry, backref="tasks")
    entry_id: int
    title = TextField()
    description = TextField(default="")
    employee = ForeignKeyField(Employee, backref="tasks")
    employee_id: int
    kind = EnumField(TaskKind)
    due_on = PlainDateField(null=True)
    day = PlainDateField(null=True)
    starts_at = UtcDateTimeField(null=True)
    ends_at = UtcDateTimeField(null=True)
    status = EnumField(TaskStatus, default=TaskStatus.OPEN)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    created_by = TextField()
    done_at = UtcDateTimeField(null=True)
    done_by = TextField(null=True)
    message = ForeignKeyField(Message, backref="tasks", null=True, on_delete="SET NULL")
    message_id: int | None


class MirrorKind(StrEnum):
    """What a task is in Outlook."""

    TASK = "task"
    APPOINTMENT = "appointment"


class Drift(StrEnum):
    """What the employee did to the copy; shown, never adopted by itself."""

    COMPLETED = "completed"
    CHANGED = "changed"
    MOVED = "moved"
    DELETED = "deleted"


class TaskMirror(Row):
    """A task's copy in one mailbox: what is wanted against what was written.

    Whatever differs (``pushed_version < wanted_version``) gets written. ``crm_key`` is
    random, travels with the item and finds it again. ``attempt_open`` says that a
    request may have reached the server without our knowing its outcome: look first.
    """

    task = ForeignKeyField(Task, backref="mirrors", on_delete="CASCADE")
    task_id: int
    mailbox = ForeignKeyField(Mailbox, backref="mirrors")
    mailbox_id: int
    kind = EnumField(MirrorKind)
    crm_key = TextField(unique=True)
    wanted_present = FlagField(default=True)
    wanted_version = IntegerField()
    pushed_version = IntegerField(default=0)
    external_id = TextField(null=True, index=True)
    change_key = TextField(null=True)
    written = TextField(null=True)  # the fields last written, to judge drift by
    claimed_until = UtcDateTimeField(null=True)
    claimed_by = TextField(null=True)
    attempt_open = FlagField(default=False)
    attempts = IntegerField(default=0)
    next_attempt_at = UtcDateTimeField(null=True)
    failure_code = TextField(null=True)
    failure = TextField(null=True)
    parked = FlagField(default=False)
    drift = EnumField(Drift, null=True)
    drift_detail = TextField(null=True)
    drift_at = UtcDateTimeField(null=True)

    class Meta:
        """One copy per task, mailbox and kind: never a second item."""

        indexes = ((("task", "mailbox", "kind"), True),)
