"""Two bars a day as inline SVG, with the same numbers as a table beside it.

No script, no style attribute, prints as it is. The first bar of a day is filled, the
second outlined: they differ without colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_DAY, _BAR, _HEIGHT, _TOP, _FOOT = 40, 14, 110, 16, 20


@dataclass(frozen=True, slots=True)
class DayBars:
    """A day's two numbers and what the day is called."""

    label: str
    first: int
    second: int


def bars(days: Sequence[DayBars], title: str) -> Markup:
    """The drawing; ``title`` is its name in words. Equal heights mean equal numbers."""
    most = max([1, *(n for day in days for n in (day.first, day.second))])
    width, base = _DAY * len(days), _TOP + _HEIGHT
    parts = [
        Markup(
            '<svg class="day-bars" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        ).format(width, base + _FOOT, title)
    ]
    for number, day in enumerate(days):
        x = number * _DAY + (_DAY - 2 * _BAR - 2) // 2
        parts.append(_bar(x, day.first, most, "first"))
        parts.append(_bar(x + _BAR + 2, day.second, most, "second"))
        parts.append(
            Markup('<text class="day" x="{}" y="{}">{}</text>').format(
                x + _BAR + 1, base + 15, day.label
            )
        )
    parts.append(
        Markup('<line class="ground" x1="0" x2="{}" y1="{y}" y2="{y}"></line>').format(
            width, y=base
        )
    )
    return Markup("").join([*parts, Markup("</svg>")])


def _bar(x: int, value: int, most: int, kind: str) -> Markup:
    if not value:
        return Markup()
    height = max(2, round(_HEIGHT * value / most))
    top = _TOP + _HEIGHT - height
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"></rect>'
        '<text class="value" x="{}" y="{}">{}</text>'
    ).format(kind, x, top, _BAR, height, x + _BAR // 2, top - 4, value)
