"""When a task is to be done: by a day, on a day, or at a time of day.

A deadline and a whole day are calendar dates and know no zone. A time of day is what
the wall clock shows in the company's zone; it becomes an instant here and nowhere else:

* a time that the spring change leaves out (02:00-03:00) does not exist and is refused;
* a time that the autumn change gives twice means its *first* occurrence (summer time);
* the length is elapsed time: an hour from 01:30 ends at 03:30 on the spring night.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_core.database import require_transaction
from crm_core.errors import Invalid
from crm_core.models import Setting, Task, TaskKind

DEFAULT_ZONE = "Europe/Zurich"
DEFAULT_MINUTES = 60
_LONGEST_MINUTES = 7 * 24 * 60
_FIRST_YEAR, _LAST_YEAR = 2000, 2199  # beyond it is a slip of the keys
_ZONE = "timezone"


@dataclass(frozen=True, slots=True)
class Schedule:
    """DUE_BY has ``due_on``; DO_ON has ``day``, or ``starts_at`` and ``ends_at``."""

    kind: TaskKind
    due_on: date | None = None
    day: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def due_by(day: date) -> Schedule:
    """«Erledigen bis»: any time until the end of that day."""
    return Schedule(TaskKind.DUE_BY, due_on=_plausible("due_by", day))


def all_day(day: date) -> Schedule:
    """«Erledigen am», the whole day."""
    return Schedule(TaskKind.DO_ON, day=_plausible("do_on", day))


def at(
    local: datetime,
    *,
    minutes: int = DEFAULT_MINUTES,
    zone: ZoneInfo | None = None,
    second: bool = False,
) -> Schedule:
    """«Erledigen am», from the wall-clock time ``local`` (naive) for ``minutes``.

    ``zone`` is the company's unless given; ``second``: where the clock shows this time
    twice, somebody chose the later one. Raises Invalid for a time that the clock change
    leaves out and for a length outside one minute to a week.
    """
    if local.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone of its own")
    _plausible("do_on", local.date())
    if not 1 <= minutes <= _LONGEST_MINUTES:
        raise Invalid(
            "minutes",
            "range",
            "an appointment lasts 1 to {most} minutes, not {minutes}",
            most=_LONGEST_MINUTES,
            minutes=minutes,
        )
    zone = zone or company_zone()
    starts_at = instant(local, zone)
    if second:
        starts_at = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return Schedule(
        TaskKind.DO_ON,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
    )


def between(starts_at: datetime, ends_at: datetime) -> Schedule:
    """An appointment by its instants (adopted from Outlook)."""
    if ends_at < starts_at:
        raise Invalid("do_on", "order", "the appointment ends before it begins")
    return Schedule(TaskKind.DO_ON, starts_at=starts_at, ends_at=ends_at)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock of ``zone`` shows ``local``; the first of two.

    Raises Invalid if it never does.
    """
    there = local.replace(tzinfo=zone, fold=0)
    found = there.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise Invalid(
            "do_on",
            "gap",
            "{local} does not exist: the clock goes forward over it in {zone}",
            local=f"{local:%Y-%m-%d %H:%M}",
            zone=zone.key,
        )
    return found


def of(task: Task) -> Schedule:
    """The schedule a task has."""
    return Schedule(task.kind, task.due_on, task.day, task.starts_at, task.ends_at)


def on_day(task: Task, day: date, zone: ZoneInfo | None = None) -> Schedule:
    """The task's schedule on another day: same kind, same time of day, same length."""
    if task.kind is TaskKind.DUE_BY:
        return due_by(day)
    if task.starts_at is None or task.ends_at is None:
        return all_day(day)
    zone = zone or company_zone()
    local = task.starts_at.astimezone(zone)
    minutes = round((task.ends_at - task.starts_at).total_seconds() / 60)
    wanted = datetime.combine(day, local.time())
    return at(wanted, minutes=max(minutes, 1), zone=zone)


def company_zone() -> ZoneInfo:
    """The zone of the configuration, as last remembered."""
    row = Setting.get_or_none(Setting.name == _ZONE)
    return ZoneInfo(row.value if isinstance(row, Setting) else DEFAULT_ZONE)


def remember_zone(name: str) -> None:
    """Keep the configured zone; called whenever the configuration is mirrored."""
    require_transaction()
    row = Setting.get_or_none(Setting.name == _ZONE)
    if not isinstance(row, Setting):
        Setting.create(name=_ZONE, value=name)
    elif row.value != name:
        row.value = name
        row.save()


def _plausible(field: str, day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid(
            field,
            "range",
            "the year {year} is not between {first} and {last}",
            year=day.year,
            first=_FIRST_YEAR,
            last=_LAST_YEAR,
        )
    return day
