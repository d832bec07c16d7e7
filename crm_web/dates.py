"""Typed Swiss dates: a closed grammar, in which nothing is guessed.

    day    heute · morgen · übermorgen · Fr · nächsten Mo · +3 · +2w · 27. · 27.11. ·
           27.11.26 · 27.11.2026 · 2026-11-27 · KW 49 (its Monday)
    time   14:00 · 14.00 · 14h · 1400, after the day and a blank or a comma

A weekday is the next one after today; «nächsten Mo» is the one of next week. A day
without month or year is the next one, today included. English words («today», «Fri»,
«next Mon», «week 49») mean the same. Whatever else is typed is refused: a date that was
understood wrongly would land in somebody's calendar.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from crm_core.errors import Invalid

FORMS = (
    "heute · morgen · Fr · nächsten Mo · +3 · +2w · 27. · 27.11. · 27.11.2026 · KW 49"
)
FORMS_PAST = "heute · gestern · -3 · Fr · 27.11. · 27.11.2026"
_LONGEST = 40
_FIRST_YEAR, _LAST_YEAR = 2000, 2199  # as in crm_core.records.schedule

_WORDS = {
    "heute": 0, "today": 0, "morgen": 1, "tomorrow": 1,
    "übermorgen": 2, "uebermorgen": 2, "day after tomorrow": 2,
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "mo montag mon monday",
            "di dienstag tue tuesday",
            "mi mittwoch wed wednesday",
            "do donnerstag thu thursday",
            "fr freitag fri friday",
            "sa samstag sat saturday",
            "so sonntag sun sunday",
        )
    )
    for name in names.split()
}
_BACK = {"heute": 0, "today": 0, "gestern": 1, "yesterday": 1}
_Readers = tuple[tuple[re.Pattern[str], Callable[..., date | None]], ...]
# The time is told from the day by the blank (or comma) before it.
_TIME = re.compile(
    r"^(?P<day>.+?)(?:, ?| )(?P<time>\d{1,2}[:.]\d\d|\d{1,2}h|\d{4})$", re.ASCII
)
# A date with a stray blank («27. 11.26», «27.11. 2026») looks like a day and a time.
_STRAY = re.compile(r"^\d{1,2}\.(?:[, ]+\d{1,2}\.\d\d|\d{1,2}\.[, ]+20\d\d)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """A day, and a time of day if one was typed."""

    day: date
    time: time_of_day | None = None

    def __str__(self) -> str:
        """The form that ``parse`` gives back unchanged."""
        shown = f"{self.day:%d.%m.%Y}"
        return shown if self.time is None else f"{shown} {self.time:%H:%M}"

    @property
    def local(self) -> datetime | None:
        """The naive wall-clock time; None without a time."""
        return None if self.time is None else datetime.combine(self.day, self.time)


def parse(text: str, today: date) -> Typed:
    """What was typed, seen from ``today``; Invalid («date») for anything else."""
    return _read(text, today, _day, FORMS)


def parse_past(text: str, today: date) -> Typed:
    """The same looking back, for filters: the last such day, today included.

    Relative days are «gestern» and «-3»; what lies ahead can only be typed in full.
    """
    return _read(text, today, _day_before, FORMS_PAST)


def _read(
    text: str, today: date, day_of: Callable[[str, date], date | None], forms: str
) -> Typed:
    wanted = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if not wanted or len(wanted) > _LONGEST or _STRAY.match(wanted):
        raise _refused(text, forms)
    found = _TIME.match(wanted)
    try:
        day = day_of(found["day"] if found else wanted, today)
        clock = _time(found["time"]) if found else None
    except (ValueError, OverflowError) as error:
        raise _refused(text, forms) from error
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _refused(text, forms)
    return Typed(day, clock)


def is_double(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock of ``zone`` shows this time twice (autumn change)."""
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return False
    there = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return there == local  # a gap differs in offsets too, but never shows this time


def _refused(text: str, forms: str) -> Invalid:
    return Invalid(
        "date",
        "form",
        "«{text}» is no date we know. Possible: {forms}; with a time: 14:00",
        text=text.strip()[:_LONGEST],
        forms=forms,
    )


def _time(text: str) -> time_of_day:
    if text.endswith("h"):
        return time_of_day(int(text[:-1]))
    if len(text) == 4 and text.isdecimal():
        return time_of_day(int(text[:2]), int(text[2:]))
    hours, minutes = re.split("[:.]", text)
    return time_of_day(int(hours), int(minutes))


def _day_before(text: str, today: date) -> date | None:
    if text in _BACK:
        return today - timedelta(days=_BACK[text])
    if text in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS[text]) % 7)
    return _by_pattern(text, today, _PATTERNS_PAST)


def _day(text: str, today: date) -> date | None:
    if text in _WORDS:
        return today + timedelta(days=_WORDS[text])
    if text in _WEEKDAYS:
        ahead = (_WEEKDAYS[text] - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead)
    return _by_pattern(text, today, _PATTERNS)


def _by_pattern(text: str, today: date, patterns: _Readers) -> date | None:
    for pattern, read in patterns:
        found = pattern.match(text)
        if found:
            return read(today, *found.groups())
    return None


def _next_week(today: date, weekday: str) -> date | None:
    if weekday not in _WEEKDAYS:
        return None
    monday = today + timedelta(days=7 - today.weekday())
    return monday + timedelta(days=_WEEKDAYS[weekday])


def _ahead(today: date, count: str, unit: str | None) -> date:
    return today + timedelta(days=int(count) * (7 if unit else 1))


def _ago(today: date, count: str) -> date:
    return today - timedelta(days=int(count))


def _day_of_month(today: date, day: str) -> date | None:
    first = today.replace(day=1)
    for months in range(13):  # February is never far enough away to need more
        year, month = divmod(first.month - 1 + months, 12)
        found = _date(first.year + year, month + 1, int(day))
        if found is not None and found >= today:
            return found
    return None


def _day_and_month(today: date, day: str, month: str) -> date | None:
    days = _yearly(today, day, month, step=1)
    return next((one for one in days if one >= today), None)


def _last(today: date, day: str, month: str) -> date | None:
    days = _yearly(today, day, month, step=-1)
    return next((one for one in days if one <= today), None)


def _yearly(today: date, day: str, month: str, *, step: int) -> Iterator[date]:
    for away in range(0, 9 * step, step):  # 29.2.: 1896 to 1904 was 8 years
        found = _date(today.year + away, int(month), int(day))
        if found is not None:
            yield found


def _whole(_today: date, day: str, month: str, year: str) -> date:
    full = int(year) + (2000 if len(year) == 2 else 0)
    return date(full, int(month), int(day))


def _iso(_today: date, year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def _week(today: date, week: str) -> date | None:
    """The Monday of the next such week; the present one has lost its Monday."""
    number = int(week)
    if number == today.isocalendar().week and today.weekday() > 0:
        raise Invalid(
            "date",
            "week",
            "week {week} has begun already: name a day",
            week=number,
        )
    for year in range(today.isocalendar().year, today.isocalendar().year + 8):
        try:
            monday = date.fromisocalendar(year, number, 1)
        except ValueError:  # week 53 is rare
            continue
        if monday >= today:
            return monday
    return None


def _compiled(readers: Iterable[tuple[str, Callable[..., date | None]]]) -> _Readers:
    return tuple((re.compile(f"^{p}$", re.ASCII), read) for p, read in readers)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_YEARLESS = r"(\d{1,2})\.(\d{1,2})\."
_FULL = r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})"
_ISO = r"(\d{4})-(\d{2})-(\d{2})"
_PATTERNS = _compiled(
    (
        (r"(?:nächsten|naechsten|next) ([a-z]+)", _next_week),
        (r"\+(\d{1,3})(w?)", _ahead),
        (r"(\d{1,2})\.", _day_of_month),
        (_YEARLESS, _day_and_month),
        (_FULL, _whole),
        (_ISO, _iso),
        (r"(?:kw|week) ?(\d{1,2})", _week),
    )
)
_PATTERNS_PAST = _compiled(
    ((r"-(\d{1,3})", _ago), (_YEARLESS, _last), (_FULL, _whole), (_ISO, _iso))
)
