"""Whether Exchange is reached at all: one small query for the frame of every page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core import database
from crm_core.fields import from_text
from crm_core.polling.mailbox_states import BEAT_STALE_AFTER

DOWN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SyncState:
    """``down_since``: the last time that anything was read, if that is too long ago.

    ``troubled``: mailboxes that failed last; ``known``: something was read ever.
    """

    known: bool = False
    down_since: datetime | None = None
    troubled: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is known to be wrong."""
        return self.down_since is None and not self.troubled


def read(now: datetime) -> SyncState:
    """How things stand. A mailbox that somebody paused does not count.

    Down: nothing was read for ``DOWN_AFTER`` (or two polls, where they are rarer), and
    either no daemon gives signs of life or every mailbox is in trouble. A first sync
    that takes hours is not down.
    """
    ((newest, boxes, troubled, poll, beat),) = database.execute(
        "SELECT max(b.last_success_at), count(*), "
        "count(CASE WHEN b.status NOT IN ('ok', 'new') THEN 1 END), min(r.poll), "
        "(SELECT max(beat_at) FROM daemon_beat) FROM mailbox b "
        "LEFT JOIN mailbox_reading r ON r.mailbox_id = b.id "
        "WHERE b.enabled = 1 AND b.paused_at IS NULL"
    )
    if newest is None:
        return SyncState(troubled=int(troubled))
    last = from_text(newest)
    limit = max(DOWN_AFTER, timedelta(seconds=2 * (poll or 0)))
    alive = beat is not None and now - from_text(beat) <= BEAT_STALE_AFTER
    silent = now - last > limit
    down = silent and (not alive or troubled == boxes)
    return SyncState(True, last if down else None, int(troubled))
