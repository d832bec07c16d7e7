"""Dates as EWS writes them ⇄ aware UTC datetimes and plain dates.

Read: ``Z`` or any offset, any number of fractional digits (exchange.md §9, no. 18).
What cannot be read raises ``ValueError``: never a silent "no date".
Written: local time with its offset of that day, so both clock changes come out right.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NOON = timedelta(hours=12)


def read_instant(text: str) -> datetime:
    """An instant in UTC; raises ValueError for anything without a zone."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"date without a zone: {text[:40]!r}")
    if value.tzinfo is UTC:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"date out of range: {text[:40]!r}") from error


def read_task_date(text: str, zone: ZoneInfo) -> date:
    """The day of a task's date, which EWS writes as an instant.

    Servers write the day's midnight in UTC or in the person's zone: whichever of the
    two the value is decides. Anything else is the day it falls on in that zone
    (exchange.md §8: real servers unverified, hence the callers' tolerance of a day).
    """
    if len(text) == 10:
        return date.fromisoformat(text)
    value = datetime.fromisoformat(text)
    if value.time() == time.min:
        return value.date()
    if value.tzinfo is None:
        raise ValueError(f"date without a zone: {text[:40]!r}")
    return value.astimezone(zone).date()


def read_days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """First and last day (inclusive) of an all-day event.

    The wire has local midnights and an exclusive end. They are rounded to the nearest
    midnight, so an event made in another zone keeps its days.
    """
    first = (start.astimezone(zone).replace(tzinfo=None) + _NOON).date()
    after = (end.astimezone(zone).replace(tzinfo=None) + _NOON).date()
    return first, max(first, after - timedelta(days=1))


def write_instant(value: datetime, zone: ZoneInfo) -> str:
    """The instant in the person's zone, with the offset of that day."""
    return value.astimezone(zone).isoformat(timespec="seconds")


def write_midnight(day: date, zone: ZoneInfo) -> str:
    """The midnight that begins a day in the person's zone."""
    return datetime.combine(day, time.min, zone).isoformat(timespec="seconds")


def write_task_date(day: date) -> str:
    """A task's date: the day's midnight in UTC, as Outlook's own clients send it."""
    return f"{day.isoformat()}T00:00:00Z"
