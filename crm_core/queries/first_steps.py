"""Erste Schritte: how far an installation has come, in numbers that tick by themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core import clock, database
from crm_core.exports import backup
from crm_core.models import MailboxKind, MailboxStatus

BACKUP_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What is there. ``uninformed``: people whose mailbox waits for their information."""

    mailboxes: int
    mailboxes_read: int  # read to the end at least once
    accounts: int  # that may sign in
    addresses: int
    subtags: int
    persons: int  # mailboxes of persons
    uninformed: tuple[str, ...]
    backup_at: datetime | None

    @property
    def backed_up(self) -> bool:
        """Whether the latest backup is young enough."""
        at = self.backup_at
        return at is not None and clock.now() - at <= BACKUP_LASTS


def read() -> FirstSteps:
    """How far it has come; a constant number of queries."""
    listed = database.execute(
        "SELECT name, kind, status, last_success_at FROM mailbox WHERE status <> ? "
        "ORDER BY name",
        (MailboxStatus.REMOVED.value,),
    )
    persons = [row for row in listed if row[1] == MailboxKind.PERSON.value]
    uninformed = [r[0] for r in persons if r[2] == MailboxStatus.NOT_INFORMED.value]
    return FirstSteps(
        mailboxes=len(listed),
        mailboxes_read=sum(row[3] is not None for row in listed),
        accounts=_count("account WHERE active = 1"),
        addresses=_count("address WHERE gone_at IS NULL"),
        subtags=_count("subtag"),
        persons=len(persons),
        uninformed=tuple(uninformed),
        backup_at=backup.last(),
    )


def _count(what: str) -> int:
    ((found,),) = database.execute(f"SELECT count(*) FROM {what}")
    return int(found)
