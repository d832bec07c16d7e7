"""Typed dates: what is understood, and that nothing else is."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import Invalid
from crm_web import dates
from crm_web.dates import Typed, parse

TODAY = date(2026, 11, 24)  # a Tuesday, week 48
ZURICH = ZoneInfo("Europe/Zurich")

UNDERSTOOD = {
    "heute": "24.11.2026",
    "Heute": "24.11.2026",
    "  morgen ": "25.11.2026",
    "übermorgen": "26.11.2026",
    "uebermorgen": "26.11.2026",
    "U\u0308BERMORGEN": "26.11.2026",
    "Mi": "25.11.2026",
    "Do": "26.11.2026",
    "Fr": "27.11.2026",
    "Sa": "28.11.2026",
    "So": "29.11.2026",
    "Mo": "30.11.2026",
    "Di": "01.12.2026",
    "freitag": "27.11.2026",
    "Dienstag": "01.12.2026",
    "nächsten Mo": "30.11.2026",
    "naechsten Mo": "30.11.2026",
    "nächsten Fr": "04.12.2026",
    "nächsten  Sonntag": "06.12.2026",
    "+0": "24.11.2026",
    "+3": "27.11.2026",
    "+14": "08.12.2026",
    "+2w": "08.12.2026",
    "+52w": "23.11.2027",
    "27.": "27.11.2026",
    "24.": "24.11.2026",
    "23.": "23.12.2026",
    "31.": "31.12.2026",
    "27.11.": "27.11.2026",
    "24.11.": "24.11.2026",
    "23.11.": "23.11.2027",
    "1.2.": "01.02.2027",
    "01.02.": "01.02.2027",
    "29.2.": "29.02.2028",
    "27.11.26": "27.11.2026",
    "27.11.2026": "27.11.2026",
    "3.4.2025": "03.04.2025",
    "2026-11-27": "27.11.2026",
    "KW 49": "30.11.2026",
    "KW49": "30.11.2026",
    "kw 1": "04.01.2027",
    "KW 53": "28.12.2026",
    "KW 47": "22.11.2027",
    "27.11. 14:00": "27.11.2026 14:00",
    "27.11. 14.00": "27.11.2026 14:00",
    "27.11. 14h": "27.11.2026 14:00",
    "27.11. 1400": "27.11.2026 14:00",
    "27.11.2026, 14:05": "27.11.2026 14:05",
    "27.11.2026,14:05": "27.11.2026 14:05",
    "27.11.2026 2030": "27.11.2026 20:30",
    "2026-11-27 08:30": "27.11.2026 08:30",
    "Fr 9:00": "27.11.2026 09:00",
    "Fr 0900": "27.11.2026 09:00",
    "heute 7h": "24.11.2026 07:00",
    "nächsten Mo 16.15": "30.11.2026 16:15",
    "+3 0:00": "27.11.2026 00:00",
    "27. 14:00": "27.11.2026 14:00",
    "KW 49 13:30": "30.11.2026 13:30",
    "today": "24.11.2026",
    "Fri 2pm".replace("2pm", "14:00"): "27.11.2026 14:00",
    "next Mon": "30.11.2026",
    "week 49": "30.11.2026",
    "day after tomorrow 10:00": "26.11.2026 10:00",
}

REFUSED = [
    "", " ", "bald", "14:00", "1400", "27", "27.11", "27/11/2026", "11-27-2026",
    "32.", "0.", "31.11.", "30.2.", "29.2.2027", "27.13.", "27.11.1999", "27.11.2200",
    "27.11.126", "2026-1-1", "20261127", "+", "+1000", "-3", "+3m", "+ 3", "3",
    "nächsten", "nächsten Mo Di", "letzten Mo", "KW", "KW 0", "KW 54", "KW 2026",
    "KW 48", "27.11. 24:00", "27.11. 14:60", "27.11. 25h", "27.11. 2400",
    "27.11. 14", "27.11. 2pm", "27.11. um 14:00", "27. 11.26", "27.11. 2026",
    "27.11.2026T14:00", "heute morgen", "Fr.", "２７.", "٢٧.", "heute\0",
    "1" * 50, "'; DROP TABLE task; --", "<b>heute</b>", "=1+1", "heute 14:00 15:00",
]  # fmt: skip


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_typed_date_is_understood(text: str) -> None:
    assert str(parse(text, TODAY)) == UNDERSTOOD[text]


def test_at_least_sixty_ways_of_typing_are_tried() -> None:
    assert len(UNDERSTOOD) >= 60


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused_with_what_is_possible(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text, TODAY)
    assert refused.value.field == "date"
    assert "27.11." in str(refused.value) or "week" in str(refused.value)


DAYS = st.dates(date(2000, 1, 1), date(2199, 12, 31))
MINUTES = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(DAYS, st.none() | MINUTES, DAYS)
def test_what_is_shown_is_understood_again(
    day: date, clock: time | None, today: date
) -> None:
    typed = Typed(day, clock)
    assert parse(str(typed), today) == typed


@given(DAYS, DAYS)
def test_the_iso_form_is_understood_again(day: date, today: date) -> None:
    assert parse(day.isoformat(), today).day == day


@given(DAYS.filter(lambda d: d.year < 2190), st.integers(1, 31), st.integers(1, 12))
def test_a_date_without_year_is_never_over(today: date, day: int, month: int) -> None:
    try:
        found = parse(f"{day}.{month}.", today).day
    except Invalid:
        with pytest.raises(ValueError):
            date(2000, month, day)
        return
    assert (found.day, found.month) == (day, month)
    assert today <= found < today + timedelta(days=366 * 8 + 1)


@given(DAYS.filter(lambda d: d.year < 2190), st.sampled_from(["Mo", "Fr", "So"]))
def test_a_weekday_is_within_the_next_seven_days(today: date, name: str) -> None:
    found = parse(name, today).day
    assert timedelta(days=1) <= found - today <= timedelta(days=7)
    assert found.weekday() == {"Mo": 0, "Fr": 4, "So": 6}[name]


@settings(max_examples=400)
@given(st.text(max_size=45))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    try:
        found = parse(text, TODAY)
    except Invalid:
        return
    assert parse(str(found), TODAY) == found


@settings(max_examples=400)
@given(st.text(alphabet="0123456789.:, +-hwkKWmoMOfr", max_size=18))
def test_a_text_of_the_grammars_letters_is_either_understood_or_refused(
    text: str,
) -> None:
    try:
        found = parse(text, TODAY)
    except Invalid:
        return
    assert 2000 <= found.day.year <= 2199


def test_an_hour_of_the_autumn_night_is_double_and_no_other_is() -> None:
    assert dates.is_double(datetime(2026, 10, 25, 2, 30), ZURICH)
    assert not dates.is_double(datetime(2026, 10, 25, 3, 0), ZURICH)
    assert not dates.is_double(datetime(2026, 3, 29, 2, 30), ZURICH)  # does not exist
    assert not dates.is_double(datetime(2026, 7, 1, 2, 30), ZURICH)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("heute", "2026-11-24"),
        ("gestern", "2026-11-23"),
        ("-3", "2026-11-21"),
        ("Di", "2026-11-24"),
        ("Mi", "2026-11-18"),
        ("24.11.", "2026-11-24"),
        ("25.11.", "2025-11-25"),
        ("29.2.", "2024-02-29"),
        ("27.11.26", "2026-11-27"),
        ("2026-12-31", "2026-12-31"),
    ],
)
def test_looking_back_a_day_is_the_last_one(typed: str, day: str) -> None:
    found = dates.parse_past(f"{typed} 14:05", date(2026, 11, 24))
    assert (found.day.isoformat(), f"{found.time:%H:%M}") == (day, "14:05")


@pytest.mark.parametrize("typed", ["morgen", "+3", "KW 49", "nächsten Mo", "31.2.", ""])
def test_what_lies_ahead_is_refused_looking_back(typed: str) -> None:
    with pytest.raises(Invalid, match="gestern"):
        dates.parse_past(typed, date(2026, 11, 24))
