"""Deadlines are dates; times are the company's wall clock, over both clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crm_core.errors import Invalid
from crm_core.models import TaskKind
from crm_core.records import schedule

ZURICH = ZoneInfo("Europe/Zurich")
SPRING = (2027, 3, 28)  # 02:00 becomes 03:00
AUTUMN = (2026, 10, 25)  # 03:00 becomes 02:00


def at(*when: int, minutes: int = 60) -> schedule.Schedule:
    return schedule.at(datetime(*when), minutes=minutes, zone=ZURICH)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


def test_a_deadline_is_a_date_without_a_zone() -> None:
    when = schedule.due_by(date(*AUTUMN))
    assert (when.kind, when.due_on) == (TaskKind.DUE_BY, date(*AUTUMN))
    assert when.starts_at is None


def test_a_whole_day_is_a_date_even_when_it_has_25_hours() -> None:
    when = schedule.all_day(date(*AUTUMN))
    assert (when.kind, when.day, when.starts_at) == (
        TaskKind.DO_ON,
        date(*AUTUMN),
        None,
    )


@pytest.mark.parametrize(
    ("local", "starts"),
    [
        ((2026, 7, 1, 9, 0), (2026, 7, 1, 7, 0)),
        ((2026, 12, 1, 9, 0), (2026, 12, 1, 8, 0)),
        ((*AUTUMN, 1, 59), (2026, 10, 24, 23, 59)),
        ((*AUTUMN, 2, 0), (*AUTUMN, 0, 0)),  # given twice: the first, summer time
        ((*AUTUMN, 2, 59), (*AUTUMN, 0, 59)),
        ((*AUTUMN, 3, 0), (*AUTUMN, 2, 0)),
        ((*SPRING, 1, 59), (*SPRING, 0, 59)),
        ((*SPRING, 3, 0), (*SPRING, 1, 0)),
    ],
)
def test_a_time_of_day_is_the_wall_clock_of_the_company(
    local: tuple[int, ...], starts: tuple[int, ...]
) -> None:
    assert at(*local).starts_at == utc(*starts)


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_a_time_that_the_spring_change_leaves_out_is_refused(minute: int) -> None:
    with pytest.raises(Invalid, match="does not exist") as refused:
        at(*SPRING, 2, minute)
    assert (refused.value.field, refused.value.code) == ("do_on", "gap")


def test_the_length_is_elapsed_time_over_both_changes() -> None:
    spring, autumn = at(*SPRING, 1, 30), at(*AUTUMN, 2, 30)
    assert spring.ends_at == utc(*SPRING, 1, 30)  # 03:30 on the clock
    assert autumn.ends_at == utc(*AUTUMN, 1, 30)  # 02:30 again on the clock
    assert spring.ends_at is not None
    assert f"{spring.ends_at.astimezone(ZURICH):%H:%M}" == "03:30"


@pytest.mark.parametrize("minutes", [0, -5, 7 * 24 * 60 + 1])
def test_a_length_beyond_reason_is_refused(minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        at(2026, 12, 1, 9, 0, minutes=minutes)
    assert refused.value.field == "minutes"


@pytest.mark.parametrize("year", [1026, 1999, 2200])
def test_a_year_out_of_reach_is_a_slip_of_the_keys(year: int) -> None:
    with pytest.raises(Invalid, match="is not between"):
        schedule.due_by(date(year, 1, 1))


def test_a_wall_clock_time_with_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="carries no zone"):
        schedule.at(datetime(2026, 12, 1, 9, 0, tzinfo=UTC), zone=ZURICH)


def test_a_time_that_comes_twice_may_mean_the_second() -> None:
    local = datetime(*AUTUMN, 2, 30)
    first = schedule.at(local, zone=ZURICH)
    second = schedule.at(local, zone=ZURICH, second=True)
    assert first.starts_at == utc(2026, 10, 25, 0, 30)
    assert second.starts_at == utc(2026, 10, 25, 1, 30)
