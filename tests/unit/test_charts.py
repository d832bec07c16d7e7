"""The timeline's drawing: named links that never overlap, whatever the data."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from crm_web import charts
from crm_web.charts import Lane, Point, Shape, Words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")
WORDS = Words(
    "Zeitstrahl",
    "heute",
    lambda count, first, last: f"{count} von {first:%d.%m.} bis {last:%d.%m.}",
    lambda day: f"{day:%d.%m.}",
)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lanes: Lane, begins: datetime = NOW - timedelta(days=30)) -> etree._Element:
    times = [p.at for lane in lanes for p in lane.points]
    text = charts.timeline(
        lanes, min([begins, *times]), max([NOW, *times]), NOW, words=WORDS, zone=ZURICH
    )
    return etree.fromstring(
        str(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def point(hours: float, shape: Shape = Shape.DISC, label: str = "E-Mail") -> Point:
    return Point(NOW - timedelta(hours=hours), shape, label, f"#m{hours}")


def links(picture: etree._Element) -> list[tuple[int, int]]:
    found = []
    for link in picture.iter(f"{SVG}a"):
        inside = link.get("transform")[len("translate(") : -1]
        x, y = inside.split()
        found.append((int(x), int(y)))
    return found


def test_every_mark_is_a_named_link_of_24_px() -> None:
    picture = drawn(Lane("Meier", (point(200), point(20))))
    for link in picture.iter(f"{SVG}a"):
        assert link.get("aria-label") == "E-Mail"
        assert link.get("href").startswith("#m")
        hit = link.find(f"{SVG}rect")
        assert (hit.get("width"), hit.get("height")) == ("24", "24")
    assert len(links(picture)) == 2


def test_marks_that_would_touch_become_one_with_their_number() -> None:
    picture = drawn(Lane("Meier", (point(2), point(1), point(1.5), point(500))))
    labels = [link.get("aria-label") for link in picture.iter(f"{SVG}a")]
    assert labels == ["E-Mail", "3 von 24.11. bis 24.11."]
    assert [text.text for text in picture.iter(f"{SVG}text")][-1] == "3"


@given(st.lists(st.floats(0, 24 * 4000), min_size=0, max_size=250))
def test_no_two_links_overlap_and_none_leaves_the_picture(hours: list[float]) -> None:
    half = len(hours) // 2
    picture = drawn(
        Lane("a", tuple(point(h) for h in hours[:half])),
        Lane("b", tuple(point(h, Shape.LATE) for h in hours[half:])),
    )
    for lane in {y for _x, y in links(picture)}:
        xs = sorted(x for x, y in links(picture) if y == lane)
        assert all(b - a >= charts.TARGET for a, b in pairwise(xs))
        assert xs[0] >= 12
        assert xs[-1] <= charts.WIDTH - 12
    total = 0
    for link in picture.iter(f"{SVG}a"):
        label = link.get("aria-label")
        total += int(label.split()[0]) if label[0].isdecimal() else 1
    assert total == len(hours)


@given(st.integers(0, 20_000))
def test_days_are_named_side_by_side(days: int) -> None:
    picture = drawn(Lane("a", ()), begins=NOW - timedelta(days=days))
    ticks = [int(t.get("x")) for t in picture.iter(f"{SVG}text") if t.get("y") == "53"]
    assert 1 <= len(ticks) <= 11
    assert all(b - a >= 70 for a, b in pairwise(ticks))


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "<b>&", "a" * 500])
def test_names_are_text_and_nothing_else(name: str) -> None:
    picture = drawn(Lane(name, (point(1, label=name),)))
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        "svg", "a", "rect", "circle", "line", "text", "title", "path",
    }  # fmt: skip
    assert next(picture.iter(f"{SVG}a")).get("aria-label") == name


def test_every_shape_differs_in_form_not_only_in_colour() -> None:
    forms = set()
    for shape in Shape:
        (link,) = drawn(Lane("a", (point(1, shape),))).iter(f"{SVG}a")
        forms.add(
            (
                *((e.tag, e.get("d")) for e in link.iter() if e.get("class") != "hit"),
                shape if shape in {Shape.DISC, Shape.RING} else "",  # filled or hollow
            )
        )
    assert len(forms) == len(Shape)


def test_nothing_needs_a_style_attribute_or_a_script() -> None:
    picture = drawn(Lane("a", tuple(point(h, s) for h, s in enumerate(Shape))))
    for element in picture.iter():
        assert not any(name == "style" or name[:2] == "on" for name in element.attrib)
