"""Dates on the wire, both ways, over both clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailsync.ews import wire_dates as wire

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-23T06:26:15Z", 0),
        ("2026-11-23T06:26:15.5Z", 500_000),
        ("2026-11-23T06:26:15.996552400Z", 996_552),
        ("2026-11-23T07:26:15.996552400+01:00", 996_552),
        ("2026-11-23T07:26:15+01:00", 0),
        ("2026-11-22T20:26:15-10:00", 0),
    ],
)
def test_an_instant_is_read_with_any_fraction_and_offset(
    text: str, microsecond: int
) -> None:
    expected = datetime(2026, 11, 23, 6, 26, 15, microsecond, tzinfo=UTC)
    assert wire.read_instant(text) == expected
    assert wire.read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-23", "2026-11-23T06:26:15", "soon", "0001-01-01T00:00:00+14:00"],
)
def test_an_instant_that_cannot_be_read_raises(text: str) -> None:
    with pytest.raises(ValueError):
        wire.read_instant(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-26T00:00:00Z", date(2026, 11, 26)),
        ("2026-11-25T23:00:00Z", date(2026, 11, 26)),  # Zurich's midnight, winter
        ("2026-07-25T22:00:00Z", date(2026, 7, 26)),  # and summer
        ("2026-11-26T00:00:00+01:00", date(2026, 11, 26)),
        ("2026-11-26T00:00:00-10:00", date(2026, 11, 26)),
        ("2026-11-26", date(2026, 11, 26)),
        ("2026-11-26T12:00:00Z", date(2026, 11, 26)),
        ("2026-10-24T22:00:00Z", date(2026, 10, 25)),  # the day of the change
        ("2026-10-25T23:00:00Z", date(2026, 10, 26)),
        ("2026-11-26T00:00:00.000000000Z", date(2026, 11, 26)),
    ],
)
def test_a_task_date_is_the_day_whose_midnight_it_is(text: str, day: date) -> None:
    assert wire.read_task_date(text, ZURICH) == day


@pytest.mark.parametrize("day", [date(2026, 10, d) for d in (24, 25, 26)])
def test_a_task_date_comes_back_as_written(day: date) -> None:
    assert wire.read_task_date(wire.write_task_date(day), ZURICH) == day


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 10, 25), date(2026, 10, 25)),  # 25 hours
        (date(2027, 3, 28), date(2027, 3, 28)),  # 23 hours
        (date(2026, 10, 24), date(2026, 10, 27)),
        (date(2027, 3, 27), date(2027, 3, 29)),
        (date(2026, 7, 1), date(2026, 7, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_all_day_survives_both_clock_changes(first: date, last: date) -> None:
    after = date.fromordinal(last.toordinal() + 1)
    start = wire.read_instant(wire.write_midnight(first, ZURICH))
    end = wire.read_instant(wire.write_midnight(after, ZURICH))
    assert wire.read_days(start, end, ZURICH) == (first, last)


def test_midnights_carry_the_offset_of_their_day() -> None:
    assert wire.write_midnight(date(2026, 10, 25), ZURICH).endswith("+02:00")
    assert wire.write_midnight(date(2026, 10, 26), ZURICH).endswith("+01:00")


@pytest.mark.parametrize("hours", [-5, -1, 1, 8])
def test_days_of_an_event_made_in_another_zone_stay_its_days(hours: int) -> None:
    there = datetime(2026, 11, 26, tzinfo=ZURICH).timestamp() + hours * 3600
    start = datetime.fromtimestamp(there, UTC)
    end = datetime.fromtimestamp(there + 86_400, UTC)
    assert wire.read_days(start, end, ZURICH) == (date(2026, 11, 26),) * 2


def test_an_event_without_length_has_one_day() -> None:
    start = wire.read_instant(wire.write_midnight(date(2026, 11, 26), ZURICH))
    assert wire.read_days(start, start, ZURICH) == (date(2026, 11, 26),) * 2


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:30:00+01:00"),
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "2027-03-28T01:30:00+01:00"),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "2027-03-28T03:30:00+02:00"),
    ],
)
def test_a_timed_start_is_written_in_the_zone_and_read_back_exactly(
    instant: datetime, written: str
) -> None:
    assert wire.write_instant(instant, ZURICH) == written
    assert wire.read_instant(written) == instant
