"""The models of answers that several resources share, and how rows become them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict

from pydantic import Field

from crm_core.access.viewer import Viewer
from crm_core.linking.reasons import Reason
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import (
    AddressRole,
    DocumentKind,
    Drift,
    EntryStatus,
    TaskKind,
    TaskStatus,
)
from crm_core.queries import task_mail
from crm_core.queries.entry_list import EntryRow
from crm_core.queries.task_board import TaskCard
from crm_core.queries.tasks import TaskView
from crm_core.records import schedule
from crm_web.api.values import Answer, Day, Instant, bracketed
from crm_web.reason_words import reason_text


class AddressName(Answer):
    """An address as other things name it."""

    id: int
    name: str
    kind: AddressRole


class EntryBrief(Answer):
    """An entry in a list."""

    number: int
    title: str
    status: EntryStatus
    subtag: str = Field(description="key")
    group: str = Field(description="name of the tag group")
    tag: str
    responsible: str | None = Field(description="name")
    address: AddressName | None
    open_tasks: int
    follow_up_on: Day | None
    management_only: bool
    created_at: Instant
    writable: bool


def entry_brief(row: EntryRow) -> EntryBrief:
    """A line of the list."""
    return EntryBrief(
        number=row.number,
        title=row.title,
        status=row.status,
        subtag=row.subtag_key,
        group=row.tag_group,
        tag=row.tag,
        responsible=row.responsible,
        address=None
        if row.address is None
        else AddressName(
            id=row.address.id, name=row.address.name, kind=row.address.role
        ),
        open_tasks=row.open_tasks,
        follow_up_on=row.follow_up_on,
        management_only=row.management_only,
        created_at=row.created_at,
        writable=row.writable,
    )


class Mirror(Answer):
    """The copy of a task in Outlook."""

    state: MirrorState
    drift: Drift | None = Field(description="what the employee did to the copy")
    mailbox: str | None
    failure_code: str | None


class TaskOut(Answer):
    """A task of an employee."""

    id: int
    entry: int = Field(description="number")
    title: str
    employee: str = Field(description="key")
    kind: TaskKind
    due_by: Day | None
    do_on: str | None = Field(description="YYYY-MM-DD, or YYYY-MM-DDTHH:MM here")
    starts_at: Instant | None
    ends_at: Instant | None
    status: TaskStatus
    message_id: str | None = Field(
        description="of the mail it was made out of, if the token may see that"
    )
    mirror: Mirror


def tasks_out(viewer: Viewer, tasks: Sequence[TaskCard | TaskView]) -> list[TaskOut]:
    """Tasks; the wall-clock time of an appointment is the company's."""
    mails = task_mail.message_ids(viewer, [task.id for task in tasks])
    return [_task_out(task, mails.get(task.id)) for task in tasks]


def task_out(viewer: Viewer, task: TaskCard | TaskView) -> TaskOut:
    """One task."""
    (found,) = tasks_out(viewer, [task])
    return found


def _task_out(task: TaskCard | TaskView, internet_id: str | None) -> TaskOut:
    return TaskOut(
        id=task.id,
        entry=task.entry,
        title=task.title,
        employee=task.employee,
        kind=task.kind,
        due_by=task.due_on,
        do_on=_do_on(task.day, task.starts_at),
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        status=task.status,
        message_id=bracketed(internet_id),
        mirror=Mirror(
            state=task.mirror.state,
            drift=task.mirror.drift,
            mailbox=task.mirror.mailbox,
            failure_code=task.mirror.failure_code,
        ),
    )


def _do_on(day: date | None, starts_at: datetime | None) -> str | None:
    if starts_at is not None:
        return f"{starts_at.astimezone(schedule.company_zone()):%Y-%m-%dT%H:%M}"
    return None if day is None else day.isoformat()


class DocumentName(Answer):
    """A document as an entry names it."""

    kind: DocumentKind
    number: str
    title: str
    date: Day | None


class Reasoned(Answer):
    """Why a mail is linked, held or offered: a code, its sentence, its values."""

    reason: str
    reason_text: str = Field(description="in the language of Accept-Language")
    evidence: str
    by: str = Field(description="who did it; empty for the machine")
    at: Instant | None


class Why(TypedDict):
    """The fields of ``Reasoned``."""

    reason: str
    reason_text: str
    evidence: str
    by: str
    at: datetime | None


def why(reason: Reason) -> Why:
    """A reason with its sentence, as fields."""
    return Why(
        reason=reason.code.value,
        reason_text=reason_text(reason),
        evidence=reason.evidence,
        by=reason.by,
        at=reason.at,
    )
