"""Every file and link that the documents name is there; decisions are short and listed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
RECORDS = sorted((DOCS / "adr").glob("[0-9]*.md"))
LONGEST = 14  # lines of a decision record
_PATH = re.compile(
    r"`((?:crm_core|crm_web|mailsync|config|exchange_sandbox|bench|tests|tools|docs)"
    r"/[\w./-]*)`"
)
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def wrong_paths(text: str) -> list[str]:
    """The paths in backticks that lead nowhere."""
    return [path for path in _PATH.findall(text) if not (ROOT / path).exists()]


def wrong_links(page: Path, text: str) -> Iterator[str]:
    """The links to files, or to headings of them, that lead nowhere."""
    for path, heading in _LINK.findall(text):
        target = page.parent / path if path else page
        if not target.exists():
            yield path
        elif heading and heading not in anchors(target if path else page):
            yield f"{path}#{heading}"


def anchors(page: Path) -> set[str]:
    """What a heading is called in an address."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_every_path_and_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert wrong_paths(text) == []
    assert list(wrong_links(page, text)) == []


def test_decisions_are_numbered_short_and_listed() -> None:
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    assert [int(one.name[:4]) for one in RECORDS] == list(range(1, len(RECORDS) + 1))
    for record in RECORDS:
        title, *lines = record.read_text(encoding="utf-8").splitlines()
        number, name = title.removeprefix("# ").split(" ", 1)
        assert f"| {number} | [{name}]({record.name}) |" in index
        assert len(lines) < LONGEST, record.name
        parts = re.findall(r"\*\*(\w+)\.\*\*", "\n".join(lines))
        assert parts == ["Decision", "Why", "Consequence"], record.name


def test_the_guides_are_written_as_people_here_write() -> None:
    for guide in DOCS.glob("*.de.md"):
        text = re.sub(r"`[^`]*`|!\[", "", guide.read_text(encoding="utf-8"))
        assert "ß" not in text, guide.name
        assert "!" not in text, guide.name


def test_a_path_that_leads_nowhere_is_noticed() -> None:
    """Red control."""
    text = "`crm_core/nowhere.py` and [there](nowhere.md), [here](#nowhere)"
    assert wrong_paths(text) == ["crm_core/nowhere.py"]
    assert list(wrong_links(PAGES[0], text)) == ["nowhere.md", "#nowhere"]
