"""``/mailboxes``: what is read and how it fares; for administrators."""

from datetime import date

from pydantic import Field

from crm_core.models import (
    Keep,
    Mailbox,
    MailboxKind,
    MailboxStatus,
    Right,
    Visibility,
)
from crm_web.api.resource import Resource
from crm_web.api.values import Answer, Day, Instant
from crm_web.rooms import viewer

resource = Resource("mailboxes", "The mailboxes of the configuration")


class MailboxOut(Answer):
    """A mailbox. `visibility`: what the token's account sees of its mail."""

    address: str
    name: str
    kind: MailboxKind
    employee: str | None = Field(description="key of whose it is")
    keep: Keep
    informed_on: Day | None
    enabled: bool
    writes_tasks: bool
    writes_calendar: bool
    status: MailboxStatus
    status_code: str | None
    last_success_at: Instant | None
    paused_at: Instant | None = Field(description="since when a person halted it")
    visibility: Visibility


class Mailboxes(Answer):
    """All of them, by address."""

    items: list[MailboxOut]


@resource.read("/mailboxes", Mailboxes)
def listing() -> Mailboxes:
    """Every mailbox and its state."""
    viewer().require(Right.ADMINISTRATION)
    return Mailboxes(items=[_out(row) for row in Mailbox.select().order_by("address")])


def _out(row: Mailbox) -> MailboxOut:
    informed: date | None = row.informed_on
    return MailboxOut(
        address=row.address,
        name=row.name,
        kind=row.kind,
        employee=None if row.employee is None else row.employee.key,
        keep=row.keep,
        informed_on=informed,
        enabled=row.enabled,
        writes_tasks=row.writes_tasks,
        writes_calendar=row.writes_calendar,
        status=row.status,
        status_code=row.status_code,
        last_success_at=row.last_success_at,
        paused_at=row.paused_at,
        visibility=viewer().mailboxes.get(row.id, Visibility.NONE),
    )
