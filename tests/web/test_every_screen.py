"""Every page of the route table in Chromium: both languages, 1280 and 320 px.

axe-core (WCAG 2.2 AA and best practice) finds nothing, no page scrolls sideways, every
control can be hit, the policy is kept, no other host is asked, the console is silent,
one h1, the right language and no word of another. The pictures go to tests/out/screens.
A new page is found by itself; it may not be left out without a reason written here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import permission_table
import pytest
import screens
from busy_world import BusyWorld
from flask import Flask
from matrix_world import Bundle
from pages import PASSWORD
from screens import QUERIES, Looked, rules_of
from served import QUIET, served

from crm_core import database, staff
from crm_core.models import Account
from crm_web.app import create_app
from crm_web.settings import WebSettings

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium")

WIDTHS = (1280, 320)
LANGUAGES = ("de", "en")
RULES = rules_of(create_app(WebSettings(blobs=Path())))


@dataclass
class Room:
    """A served company, a signed-in page of Chromium, and what is heard there."""

    base: str
    app: Flask
    page: Any
    looked: Looked
    bundle: Bundle | None
    url: str

    def speak(self, language: str) -> None:
        Account.update(language=language).execute()

    def open(self, path: str, width: int = 1280) -> Any:
        self.page.set_viewport_size({"width": width, "height": 900})
        return self.page.goto(self.base + path)

    def check(self, name: str, language: str, widths: tuple[int, ...]) -> list[str]:
        """All faults of the page that stands there, one width after the other."""
        found = []
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            said = screens.faults(self.page, language)
            screens.picture(self.page, f"{name}-{language}-{width}")
            found += [f"{language} {width}: {one}" for one in said]
        found += self.looked.faults()
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            said = screens.axe_faults(self.page)
            found += [f"{language} {width}: {one}" for one in said]
        self.looked.faults()  # axe itself tries things that the policy refuses
        return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def furnished(
    chromium: Any, folder: Path, template: Path, *, filled: bool
) -> Iterator[Room]:
    """A room with its own database file, bound from here on."""
    path = folder / "screens.db"
    path.write_bytes(template.read_bytes())
    url = f"sqlite:///{path}"
    database.connect(url)
    bundle = BusyWorld().fill(folder / "blobs") if filled else None
    app = create_app(WebSettings(blobs=folder / "blobs"))
    app.add_url_rule("/kaputt", "broken", lambda: 1 / 0)
    database.close()
    with served(app) as (base, _):
        page = chromium.new_context(locale="de-CH").new_page()
        looked = Looked(base)
        looked.at(page)
        page.goto(f"{base}/anmelden?weiter=/adressen")
        page.fill("[name=login]", "gl")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/adressen")
        looked.faults()
        yield Room(base, app, page, looked, bundle, url)
        page.context.close()
    database.close()


@pytest.fixture(scope="module")
def busy_room(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("busy")
    yield from furnished(chromium, folder, template, filled=True)


@pytest.fixture(scope="module")
def empty_room(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("empty")
    yield from furnished(chromium, folder, template, filled=False)


@pytest.fixture
def busy(busy_room: Room) -> Room:
    database.connect(busy_room.url)
    return busy_room


@pytest.fixture
def empty(empty_room: Room) -> Room:
    database.connect(empty_room.url)
    return empty_room


def is_whole_page(answer: Any) -> bool:
    """Not a fragment: what htmx asks for is shown inside a page."""
    kind = answer.headers.get("content-type", "")
    return kind.startswith("text/html") and "<!doctype" in answer.text()[:200].lower()


def name_of(rule: str) -> str:
    return re.sub(r"\W+", "-", re.sub(r"<\w+:", "<", rule)).strip("-") or "start"


def whole_pages(room: Room, rule: str) -> str | None:
    """The path to look at; None for a fragment."""
    assert room.bundle is not None
    path = permission_table.address(rule, room.bundle) + QUERIES.get(rule, "")
    answer = room.page.request.get(room.base + path)
    assert answer.status == 200, f"{path}: {answer.status}"
    return path if is_whole_page(answer) else None


@pytest.mark.parametrize("rule", RULES)
def test_every_page_in_both_languages_and_widths(busy: Room, rule: str) -> None:
    path = whole_pages(busy, rule)
    if path is None:
        return
    found = []
    for language in LANGUAGES:
        busy.speak(language)
        busy.open(path)
        found += busy.check(name_of(rule), language, WIDTHS)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", [rule for rule in RULES if "<" not in rule])
def test_every_page_of_an_empty_company(empty: Room, rule: str) -> None:
    answer = empty.open(rule + QUERIES.get(rule, ""))
    if not is_whole_page(answer):
        return
    found = empty.check(f"{name_of(rule)}-leer", "de", (1280,))
    assert not found, "\n".join(found)


# -- pages that say no -----------------------------------------------------------------


def refused(room: Room, path: str, status: int) -> list[str]:
    """The error page of a path; the browser's own line about the status is no fault."""
    found = []
    for language in LANGUAGES:
        room.speak(language)
        assert room.open(path).status == status
        name = f"fehler-{status}-{name_of(path)}"
        said = room.check(name, language, WIDTHS)
        found += [one for one in said if f"status of {status}" not in one]
    return found


@pytest.mark.parametrize(
    ("path", "status"),
    [("/gibt-es-nicht", 404), ("/eintraege/4711", 404), ("/kaputt", 500)],
)
def test_error_pages(busy: Room, path: str, status: int) -> None:
    assert refused(busy, path, status) == []


def test_the_page_of_somebody_without_the_right(busy: Room) -> None:
    with database.transaction():
        staff.set_groups(staff.by_key("gl"), ["Werkstatt"], actor="test")
    try:
        assert refused(busy, "/adressen/neu", 403) == []
    finally:
        with database.transaction():
            staff.set_groups(staff.by_key("gl"), ["GL"], actor="test")


@pytest.mark.parametrize(
    "path", ["/adressen/neu", "/eintraege/neu?adresse=1", "/bestaetigen"]
)
def test_a_form_that_comes_back_with_its_errors(busy: Room, path: str) -> None:
    found = []
    for language in LANGUAGES:
        busy.speak(language)
        busy.open(path)
        for form in busy.page.query_selector_all("main form[method=post]"):
            form.evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
            break
        busy.page.wait_for_selector(".alert-danger, .is-invalid, [aria-invalid=true]")
        name = f"fehler-422-{name_of(path)}"
        said = busy.check(name, language, WIDTHS)
        found += [one for one in said if "status of 422" not in one]
    assert found == []


def test_the_sign_in_of_a_stranger(busy: Room) -> None:
    context = busy.page.context.browser.new_context(locale="de-CH")
    stranger = replace(busy, page=context.new_page(), looked=Looked(busy.base))
    stranger.looked.at(stranger.page)
    found = []
    for language in LANGUAGES:
        stranger.open("/anmelden")
        stranger.page.click(f"footer button[value={language}]")
        stranger.page.wait_for_selector(f"html[lang^={language}]")
        found += stranger.check("anmelden-fremd", language, WIDTHS)
    context.close()
    assert found == []


# -- red controls ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("document.querySelector('main').append('Straße')", "ß: «Straße»"),
        ("document.querySelector('main').append('Save')", "untranslated: «Save»"),
        ("document.querySelector('main').append('Ask the boss')", "English: «Ask"),
        ("document.documentElement.lang = 'en'", "lang is en"),
        ("document.querySelector('h1').remove()", "0 h1"),
        ("document.querySelector('main').style.width = '3000px'", "scrolls sideways"),
        (
            ("document.querySelector('main').innerHTML += '<summary>x</summary>';"
            "document.querySelector('main').lastChild.className = 'd-block small'"),
            "px «x»",
        ),
        (
            "document.querySelector('main').innerHTML += '<input name=x>'",
            "axe: label",
        ),
        (
            "document.querySelector('main').innerHTML += '<img src=//evil.example/x>'",
            "asked another host: http://evil.example/x",
        ),
        ("console.error('oh')", "console: oh"),
        ("document.body.insertAdjacentHTML('beforeend', '<p style=color:red>x</p>')",
         "Content Security Policy"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_red_control(
    busy: Room, change: str, fault: str
) -> None:
    busy.speak("de")
    busy.open("/adressen")
    busy.page.evaluate(change)
    busy.page.wait_for_timeout(100)
    found = screens.faults(busy.page, "de") + busy.looked.faults()
    found += screens.axe_faults(busy.page)
    busy.looked.faults()
    assert [one for one in found if fault in one], found


def test_a_new_page_is_looked_at_red_control() -> None:
    app = create_app(WebSettings(blobs=Path()))
    app.add_url_rule("/neu-hier", "new_page", str)
    assert set(rules_of(app)) - set(RULES) == {"/neu-hier"}
