"""The one clock. Everything that needs the time asks here or is told it.

Tests replace it by ``clock.use(...)``; nothing else in the code reads the time of day.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_now() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _system_now


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _read()


@contextmanager
def use(source: Callable[[], datetime]) -> Iterator[None]:
    """Run with another clock (tests, the demo's time lapse)."""
    global _read  # noqa: PLW0603 - the one place where the clock is swapped
    before, _read = _read, source
    try:
        yield
    finally:
        _read = before
