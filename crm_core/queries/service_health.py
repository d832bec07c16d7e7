"""Whether the service works, in a few numbers that name nobody.

For other programs (`/api/v1/health`) and for load balancers (`/readyz`); people have
«Postfächer» and ``mailsync status``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core import database
from crm_core.fields import from_text
from crm_core.models import MailboxStatus

STALE_AFTER = timedelta(minutes=3)  # without a sign of life the daemon is down


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """``beat_at``: the daemon's last sign of life. Copies are those of tasks."""

    daemon_running: bool
    beat_at: datetime | None
    mailboxes: int
    mailboxes_stopped: int
    copies_waiting: int
    copies_parked: int

    @property
    def ok(self) -> bool:
        """Whether nobody needs to act."""
        stopped = self.mailboxes_stopped or self.copies_parked
        return self.daemon_running and not stopped


def read(now: datetime) -> ServiceHealth:
    """How things stand; three queries."""
    ((beat,),) = database.execute("SELECT max(beat_at) FROM daemon_beat")
    ((boxes, stopped),) = database.execute(
        "SELECT count(*), count(CASE WHEN status IN (?, ?) THEN 1 END) FROM mailbox "
        "WHERE status <> ?",
        (
            MailboxStatus.STOPPED.value,
            MailboxStatus.GONE.value,
            MailboxStatus.REMOVED.value,
        ),
    )
    ((waiting, parked),) = database.execute(
        "SELECT count(*), count(CASE WHEN parked = 1 THEN 1 END) FROM task_mirror "
        "WHERE pushed_version < wanted_version"
    )
    beat_at = None if beat is None else from_text(beat)
    return ServiceHealth(
        daemon_running=beat_at is not None and now - beat_at <= STALE_AFTER,
        beat_at=beat_at,
        mailboxes=int(boxes),
        mailboxes_stopped=int(stopped),
        copies_waiting=int(waiting),
        copies_parked=int(parked),
    )


def answers() -> bool:
    """Whether the database answers; raises what the driver raises if it does not."""
    return database.execute("SELECT 1") == [(1,)]
