"""The sandbox's only source of time: the system clock, or a time set by a test."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time until somebody sets it; from then on it stands until advanced."""

    def __init__(self) -> None:
        self._set: datetime | None = None

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        return self._set if self._set is not None else datetime.now(UTC)

    def set(self, instant: datetime) -> None:
        """Stop the clock at `instant` (which must know its zone)."""
        if instant.tzinfo is None:
            raise ValueError("the instant has no time zone")
        self._set = instant.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; a running clock is stopped by that."""
        self._set = self.now() + timedelta(seconds=seconds)

    def release(self) -> None:
        """Run with the system clock again."""
        self._set = None
