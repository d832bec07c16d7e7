"""Is everything all right, and if not: what, where, and what helps. In words.

Pure reading of rows; nothing is asked of any server. Healthy means: every mailbox that
may be read was read lately (or its first sync is going on), the daemon that says it
runs gives signs of life and follows the configuration on disk, and no task was given
up. Quarantined mail is shown but makes nothing unhealthy: the mailbox goes on. A nightly
count that found less here than there, and could not heal it, does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core import clock
from crm_core.mail import quarantine
from crm_core.mirroring.mirror_wishes import takes
from crm_core.models import DaemonBeat, Mailbox, MailboxStatus, MailFolder, TaskMirror
from crm_core.polling.mailbox_states import (
    BEAT_STALE_AFTER,
    STATES,
    silent_after,
    state_of,
)

__all__ = ["STATES", "Counted", "DaemonHealth", "Health", "MailboxHealth", "health"]


@dataclass(frozen=True, slots=True)
class MailboxHealth:
    """One listed mailbox. ``state`` is a key of ``STATES``."""

    address: str
    slug: str
    healthy: bool
    state: str
    detail: str | None
    last_success_at: datetime | None
    next_attempt_at: datetime | None
    quarantined: int
    counted: "Counted | None" = None
    paused_at: datetime | None = None
    paused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The last nightly count of a mailbox: items there, and of them recorded here."""

    at: datetime
    there: int
    here: int


@dataclass(frozen=True, slots=True)
class DaemonHealth:
    """The daemon that last said it runs. ``config_error`` is what it refused."""

    instance: str
    version: str
    running: bool
    beat_at: datetime
    config_error: str | None


@dataclass(frozen=True, slots=True)
class TaskHealth:
    """Copies of tasks in mailboxes, counted."""

    pending: int
    failed: int
    parked: int
    drifted: int


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that ``mailsync status`` shows."""

    mailboxes: tuple[MailboxHealth, ...]
    daemons: tuple[DaemonHealth, ...]
    tasks: TaskHealth

    @property
    def healthy(self) -> bool:
        """Whether nobody needs to act."""
        boxes = all(box.healthy for box in self.mailboxes)
        daemons = all(d.running and d.config_error is None for d in self.daemons)
        return boxes and daemons and not self.tasks.parked


def health(polls: Mapping[str, int]) -> Health:
    """How things stand now. ``polls``: seconds between polls, by mailbox address."""
    now = clock.now()
    daemons = tuple(_daemon(row, now) for row in DaemonBeat.select())
    alive = any(daemon.running for daemon in daemons)
    quarantined = quarantine.by_mailbox()
    folders = list(MailFolder.select())
    started = {row.mailbox_id for row in folders if row.token}
    counted = _counted(folders)
    boxes = [
        _mailbox(
            row,
            now,
            silent_after=silent_after(polls.get(row.address, 0)),
            in_progress=alive and row.id in started,
            quarantined=quarantined.get(row.id, 0),
            counted=counted.get(row.id),
        )
        for row in Mailbox.select().order_by(Mailbox.address)
        if row.status is not MailboxStatus.REMOVED
    ]
    return Health(tuple(boxes), daemons, _tasks())


def _mailbox(
    row: Mailbox,
    now: datetime,
    *,
    silent_after: timedelta,
    in_progress: bool,
    quarantined: int,
    counted: Counted | None,
) -> MailboxHealth:
    last = row.last_success_at
    lately = last is not None and now - last <= silent_after
    state, healthy = state_of(row, lately=lately, in_progress=in_progress)
    if state == "ok" and counted is not None and counted.here != counted.there:
        state, healthy = "incomplete", False
    return MailboxHealth(
        address=row.address,
        slug=row.slug,
        healthy=healthy,
        state=state,
        detail=row.status_detail,
        last_success_at=last,
        next_attempt_at=row.next_attempt_at,
        quarantined=quarantined,
        counted=counted,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
    )


def _counted(folders: Iterable[MailFolder]) -> dict[int, Counted]:
    """By mailbox: its folders together, as of the oldest of their counts."""
    found: dict[int, Counted] = {}
    for row in folders:
        if row.counted_at is not None:
            one = Counted(row.counted_at, row.items_there or 0, row.items_here or 0)
            sum_ = found.get(row.mailbox_id, Counted(one.at, 0, 0))
            found[row.mailbox_id] = Counted(
                min(sum_.at, one.at), sum_.there + one.there, sum_.here + one.here
            )
    return found


def _daemon(row: DaemonBeat, now: datetime) -> DaemonHealth:
    return DaemonHealth(
        instance=row.instance,
        version=row.version,
        running=now - row.beat_at <= BEAT_STALE_AFTER,
        beat_at=row.beat_at,
        config_error=row.config_error,
    )


def _tasks() -> TaskHealth:
    """Only of mailboxes that are written to: elsewhere nothing is due."""
    rows = [
        row
        for row in TaskMirror.select().where(
            (TaskMirror.pushed_version < TaskMirror.wanted_version)
            | TaskMirror.drift.is_null(is_null=False)
        )
        if takes(row.mailbox, row.kind)
    ]
    drifted = [row for row in rows if row.drift is not None]
    open_rows = [row for row in rows if row.pushed_version < row.wanted_version]
    parked = [row for row in open_rows if row.parked]
    failed = [row for row in open_rows if row.failure_code and not row.parked]
    return TaskHealth(
        pending=len(open_rows) - len(parked) - len(failed),
        failed=len(failed),
        parked=len(parked),
        drifted=len(drifted),
    )
