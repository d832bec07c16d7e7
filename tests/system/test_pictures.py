"""The documentation's pictures: each is drawn anew, and shows what its caption says.

Drawn into tests/out/bilder, which nobody commits; docs/bilder changes only by
``make pictures``. What a caption puts in «…» can be read in the picture.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from demo_visit import Demo, Visitor
from picture_scenes import LARGEST, WIDTH, Painter, paint
from PIL import Image
from served import driven, launched

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "bilder"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*?bilder/([\w-]+)\.png)\)")
_QUOTED = re.compile("«([^»]+)»")


class Shown(NamedTuple):
    """A picture on a page of the documentation."""

    page: Path
    caption: str
    path: str
    name: str


def shown() -> Iterator[Shown]:
    for page in PAGES:
        for caption, path, name in _PICTURE.findall(page.read_text(encoding="utf-8")):
            yield Shown(page, caption, path, name)


def missing_words(caption: str, seen: str) -> list[str]:
    """What the caption quotes and the picture does not show."""
    return [words for words in _QUOTED.findall(caption) if words not in seen]


def test_each_committed_picture_is_drawn_and_shows_what_its_caption_says() -> None:
    with driven():  # skips visibly without Chromium, before a demo is started
        pass
    drawn = paint(ROOT / "tests" / "out" / "bilder")
    assert {file.stem for file in COMMITTED.iterdir()} == set(drawn)
    wrong = {
        one.name: (missing_words(one.caption, drawn[one.name]), drawn[one.name])
        for one in shown()
        if missing_words(one.caption, drawn[one.name])
    }
    assert wrong == {}


def test_every_picture_that_a_page_names_is_there() -> None:
    for one in shown():
        assert (one.page.parent / one.path).is_file(), one


def test_every_picture_of_the_guides_quotes_what_it_shows() -> None:
    guides = [one for one in shown() if one.page.name.endswith(".de.md")]
    assert len(guides) >= 10
    assert [one for one in guides if not _QUOTED.search(one.caption)] == []


def test_no_picture_but_the_story_stands_unused() -> None:
    named = {one.name for one in shown()}
    files = {file.stem for file in COMMITTED.glob("*.png")}
    assert [name for name in files - named if not name.startswith("demo-")] == []


@pytest.mark.parametrize("file", sorted(COMMITTED.iterdir()), ids=lambda one: one.stem)
def test_a_committed_picture_fits_a_page(file: Path) -> None:
    assert file.stat().st_size <= LARGEST
    with Image.open(file) as picture:
        assert picture.width == WIDTH
        assert picture.height <= 1000


def test_words_outside_of_the_picture_do_not_count(tmp_path: Path) -> None:
    """Red control: hidden, or below the cut, is not shown."""
    with driven() as driver, launched(driver) as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 500})
        page.set_content(
            "<p>Oben</p><p hidden>Verborgen</p>"
            "<div style='height: 300px'></div><p>Unten</p>"
        )
        painter = Painter(Visitor(Demo.__new__(Demo), page), tmp_path)
        painter.keep("leer", 200)
    quoted = "«Oben», «Verborgen» und «Unten»"
    assert missing_words(quoted, painter.seen["leer"]) == ["Verborgen", "Unten"]
