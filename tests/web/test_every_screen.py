"""Every page of the route table in Chromium: both languages, 1280 and 320 px.

axe-core (WCAG 2.2 AA and best practice) finds nothing, no page scrolls sideways, every
control can be hit, the policy is kept, no other host is asked, the console is silent,
one h1, the right language and no word of another. The pictures go to tests/out/screens.
A new page is found by itself; it may not be left out without a reason written here.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import permission_table
import pytest
import screens
from screen_room import LANGUAGES, WIDTHS, Room, furnished
from screens import QUERIES, Looked, rules_of
from served import signed_in

from crm_core import database
from crm_web.app import create_app
from crm_web.settings import WebSettings

RULES = rules_of(create_app(WebSettings(blobs=Path())))


@pytest.fixture(scope="module")
def empty_room(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("empty")
    with furnished(chromium, folder, template, filled=False) as room:
        yield room


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


def whole_page(room: Room, rule: str) -> str | None:
    """The path to look at; None for a fragment, which is never opened by itself."""
    path = permission_table.address(rule, room.bundle) + QUERIES.get(rule, "")
    answer = room.page.request.get(room.base + path)
    assert answer.status == 200, f"{path}: {answer.status}"
    return path if is_whole_page(answer) else None


@pytest.mark.parametrize("rule", RULES)
def test_every_page_in_both_languages_and_widths(busy: Room, rule: str) -> None:
    path = whole_page(busy, rule)
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
    path = whole_page(empty, rule)
    if path is None:
        return
    empty.open(path)
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


def test_the_page_of_somebody_without_the_right(busy: Room, chromium: Any) -> None:
    with signed_in(chromium, busy.base, "keller", locale="de-CH") as page:
        workshop = replace(busy, page=page, looked=Looked(busy.base))
        workshop.looked.at(page)
        assert refused(workshop, "/adressen/neu", 403) == []


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
