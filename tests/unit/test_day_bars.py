"""Bars of days: heights in proportion, names in words, nothing from outside as markup."""

import re

from crm_web.day_bars import DayBars, bars


def heights(drawing: str, kind: str) -> list[int]:
    found = re.findall(rf'<rect class="{kind}"[^>]* height="(\d+)"', drawing)
    return [int(one) for one in found]


def test_heights_are_in_proportion_and_nothing_has_no_bar() -> None:
    drawing = bars([DayBars("a", 4, 2), DayBars("b", 0, 1)], "x")
    (four,) = heights(drawing, "first")
    two, one = heights(drawing, "second")
    assert four > two > one > 0
    assert abs(four - 2 * two) <= 1


def test_a_small_number_beside_a_large_one_is_still_seen() -> None:
    drawing = bars([DayBars("a", 5000, 1)], "x")
    assert heights(drawing, "second") == [2]


def test_no_days_with_anything_draw_no_bar() -> None:
    drawing = bars([DayBars("a", 0, 0)], "leer")
    assert "<rect" not in drawing
    assert 'aria-label="leer"' in drawing


def test_names_are_text() -> None:
    drawing = bars([DayBars("<b>", 1, 1)], '"><script>')
    assert "<b>" not in drawing
    assert "<script>" not in drawing


def test_equal_heights_would_be_seen_red_control() -> None:
    drawing = bars([DayBars("a", 3, 3)], "x")
    assert heights(drawing, "first") == heights(drawing, "second")
