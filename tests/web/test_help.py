"""«Hilfe»: what it says about transfers and keys is what the program does."""

import re
from pathlib import Path

from page_world import links, shown
from pages import Browser

from crm_web.pages import help as help_page

TEMPLATES = Path(help_page.__file__).parents[1] / "templates"
SCRIPT = Path(help_page.__file__).parents[1] / "static" / "app.js"


def wired() -> set[str]:
    """The keys that something in the templates, the bar or the script reacts to."""
    text = "".join(file.read_text("utf-8") for file in TEMPLATES.rglob("*.html"))
    found = set(re.findall(r'data-key="([^"{]+)"', text))
    found |= set(re.findall(r"key='([^'{]+)' if", text))
    found |= set(re.findall(r"key='([a-z])'", text))
    found |= set(re.findall(r", '([a-z])'\) %}<input", text))
    from crm_web import chrome

    return (
        found
        | set(chrome._KEYS.values())
        | {"/", "j", "k", "Enter", "Ctrl+Enter", "Esc"}
    )


def test_every_key_of_the_help_does_something() -> None:
    said = {key for key, _ in help_page.KEYS}
    assert said - wired() == set()


def test_every_key_that_does_something_is_in_the_help() -> None:
    assert wired() - {key for key, _ in help_page.KEYS} == set()


def test_a_key_that_nothing_reacts_to_would_be_seen_red_control() -> None:
    assert "q" not in wired()
    assert "n" in wired()


def test_the_page_names_directions_and_limits(office: Browser) -> None:
    text = shown(office.get("/hilfe"))
    for part in (
        "Was wird wohin übertragen?",
        "Nur gelesen: dort wird nichts als gelesen markiert",
        "gespeichert wird eine Kennung, kein Inhalt",
        "Nur mit eigenem Postfach, für das Aufgaben eingeschaltet sind.",
        "Niemand wird eingeladen.",
        "[CRM-1042] im Betreff",
        "nach 90 Tagen vergessen",
    ):
        assert part in text


def test_it_is_reached_from_every_page_and_leads_to_privacy(office: Browser) -> None:
    assert "/hilfe" in links(office.get("/"))
    page = office.get("/hilfe")
    assert "/datenschutz" in links(page)
    assert 'id="tasten"' in page


def test_it_asks_for_a_sign_in(stranger: Browser) -> None:
    stranger.get("/hilfe", 303)
