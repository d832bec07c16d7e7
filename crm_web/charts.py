"""The «Zeitstrahl» as inline SVG: lanes of named marks that can be opened.

No script, no style attribute, prints as it is. Every mark is a link of at least 24 px
with a name in words; its shape, not only its colour, says what it is. Marks of a lane
that would touch become one with their number, so no two links overlap.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from markupsafe import Markup

# In px of the drawing, which is never shown smaller than this (see app.css): 24 px
# stay 24 px.
WIDTH = 960
TARGET = 24
_LEFT, _RIGHT, _TOP, _LANE, _BOTTOM = 160, 22, 8, 28, 24
_LONGEST_NAME = 23
_MOST_TICKS = 9
_STEPS = (1, 2, 7, 14, 28, 91, 182, 365, 730, 1826)  # days between two ticks


class Shape(StrEnum):
    """How a mark is drawn; also its class."""

    DISC = "disc"  # received
    RING = "ring"  # sent
    OPEN = "open"  # a hollow diamond
    DONE = "done"  # a diamond with a tick
    LATE = "late"  # a diamond with an exclamation mark
    SQUARE = "square"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing at one time; ``label`` is its name in words."""

    at: datetime
    shape: Shape
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A named row of points."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What the drawing says besides the marks; ``many`` names a bundle of marks."""

    title: str
    today: str
    many: Callable[[int, datetime, datetime], str]
    day: Callable[[date], str]


def timeline(
    lanes: Sequence[Lane],
    begins: datetime,
    ends: datetime,
    today: datetime,
    *,
    words: Words,
    zone: ZoneInfo,
) -> Markup:
    """The drawing of all lanes between the two instants."""
    scale = _Scale(begins, ends, zone)
    foot = _TOP + _LANE * len(lanes)
    parts = [
        Markup(
            '<svg class="timeline" viewBox="0 0 {} {}" role="group" aria-label="{}">'
        ).format(WIDTH, foot + _BOTTOM, words.title)
    ]
    parts += [_tick(x, foot, words.day(day)) for x, day in scale.ticks()]
    for number, lane in enumerate(lanes):
        y = _TOP + _LANE * number + _LANE // 2
        parts.append(_lane(lane.name, y))
    now = scale.x(today)
    parts.append(
        Markup(
            '<line class="now" x1="{0}" x2="{0}" y1="{1}" y2="{2}"><title>{3}</title>'
            "</line>"
        ).format(now, _TOP - 6, foot, words.today)
    )
    for number, lane in enumerate(lanes):
        y = _TOP + _LANE * number + _LANE // 2
        parts += [_mark(bundle, y, words) for bundle in _bundles(lane, scale)]
    return Markup("").join([*parts, Markup("</svg>")])


class _Scale:
    """From instants to px."""

    def __init__(self, begins: datetime, ends: datetime, zone: ZoneInfo) -> None:
        self.zone = zone
        first = begins.astimezone(zone).date()
        last = ends.astimezone(zone).date() + timedelta(days=1)
        self.first, self.days = first, max((last - first).days, 1)
        midnight = datetime(first.year, first.month, first.day, tzinfo=zone)
        self._zero = midnight.timestamp()
        self._factor = (WIDTH - _LEFT - _RIGHT) / (self.days * 86_400)

    def x(self, at: datetime) -> int:
        """Where an instant stands; never outside the lanes."""
        px = _LEFT + (at.timestamp() - self._zero) * self._factor
        return round(min(max(px, _LEFT), WIDTH - _RIGHT))

    def ticks(self) -> list[tuple[int, date]]:
        """Days to be named, few enough to stand side by side."""
        step = next((s for s in _STEPS if self.days / s <= _MOST_TICKS), _STEPS[-1])
        step = max(step, -(-self.days // _MOST_TICKS))
        days = range(0, self.days + 1, step)
        width = WIDTH - _LEFT - _RIGHT
        return [
            (round(_LEFT + width * day / self.days), self.first + timedelta(days=day))
            for day in days
        ]


@dataclass(frozen=True, slots=True)
class _Bundle:
    x: int
    points: tuple[Point, ...]


def _bundles(lane: Lane, scale: _Scale) -> Iterable[_Bundle]:
    """Points so near that their links would overlap become one."""
    waiting: list[Point] = []
    start = 0
    for point in sorted(lane.points, key=lambda p: p.at):
        x = scale.x(point.at)
        if waiting and x - start >= TARGET:
            yield _Bundle(start, tuple(waiting))
            waiting = []
        if not waiting:
            start = x
        waiting.append(point)
    if waiting:
        yield _Bundle(start, tuple(waiting))


def _tick(x: int, foot: int, label: str) -> Markup:
    return Markup(
        '<line class="tick" x1="{0}" x2="{0}" y1="2" y2="{1}"></line>'
        '<text class="day" x="{0}" y="{2}">{3}</text>'
    ).format(x, foot, foot + 17, label)


def _lane(name: str, y: int) -> Markup:
    short = (
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].strip() + "…"
    )
    return Markup(
        '<line class="lane" x1="{}" x2="{}" y1="{y}" y2="{y}"></line>'
        '<text class="name" x="0" y="{text}">{short}<title>{name}</title></text>'
    ).format(_LEFT, WIDTH - _RIGHT, y=y, text=y + 4, short=short, name=name)


def _mark(bundle: _Bundle, y: int, words: Words) -> Markup:
    points = bundle.points
    if len(points) == 1:
        (point,) = points
        return _link(bundle.x, y, point.href, point.label, _drawn(point.shape))
    label = words.many(len(points), points[0].at, points[-1].at)
    shapes = {point.shape for point in points}
    alone = next(iter(shapes)) if len(shapes) == 1 else "mixed"
    drawn = Markup(
        '<rect class="many {}" x="-10" y="-9" width="20" height="18" rx="9"></rect>'
        '<text class="count" y="4">{}</text>'
    ).format(alone, len(points))
    return _link(bundle.x, y, points[-1].href, label, drawn)


def _link(x: int, y: int, href: str, label: str, drawn: Markup) -> Markup:
    return Markup(
        '<a href="{}" aria-label="{label}" transform="translate({} {})">'
        '<rect class="hit" x="-12" y="-12" width="24" height="24"></rect>'
        "{}<title>{label}</title></a>"
    ).format(href, x, y, drawn, label=label)


_DIAMOND = '<path class="{}" d="M0-9 9 0 0 9-9 0Z"></path>'


def _drawn(shape: Shape) -> Markup:
    if shape in {Shape.DISC, Shape.RING}:
        return Markup('<circle class="{}" r="6"></circle>').format(shape)
    if shape is Shape.SQUARE:
        return Markup(
            '<rect class="square" x="-6" y="-6" width="12" height="12"></rect>'
        )
    inside = {
        Shape.DONE: '<path class="glyph" d="M-4 0-1 3 4-3"></path>',
        Shape.LATE: '<path class="glyph" d="M0-5V1M0 4V4.5"></path>',
    }.get(shape, "")
    return Markup(_DIAMOND).format(shape) + Markup(inside)  # noqa: S704 - constants
