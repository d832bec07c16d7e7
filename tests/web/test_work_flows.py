"""Tasks and keys in Chromium: presses counted, the whole way by keyboard, keys off.

The flows with a budget are pressed in German and English, the keys in German.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from both_languages import in_english
from flask import Flask
from page_world import PageWorld
from presses import COUNTER, count_from_now, presses
from served import served, signed_in

from crm_core import clock
from crm_core.database import transaction
from crm_core.mirroring import task_text
from crm_core.mirroring.mirror_fields import Written
from crm_core.mirroring.mirror_wishes import wish
from crm_core.models import (
    Account,
    Drift,
    Mailbox,
    MirrorKind,
    Task,
    TaskMirror,
    TaskStatus,
)
from crm_core.records.schedule import due_by

in_both = pytest.mark.parametrize("language", ["de", "en"], indirect=True)
Say = Callable[[str], str]


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def language(request: pytest.FixtureRequest) -> str:
    """German, unless a test is ``in_both``."""
    return str(getattr(request, "param", "de"))


@pytest.fixture
def say(language: str) -> Say:
    """What the page's language calls it."""
    return in_english if language == "en" else str


@pytest.fixture
def page(app: Flask, world: PageWorld, chromium: Any, language: str) -> Iterator[Any]:
    """Signed in as GL on the start page, with an entry and four tasks due today."""
    Account.update(language=language).execute()
    _, entry = world.meier()
    today = clock.now().date()
    for number in range(4):
        world.task(entry, f"Nr{number}", "gl", due_by(today))
    with served(app) as (url, _), signed_in(chromium, url) as found:
        found.add_init_script(COUNTER)
        found.goto(f"{url}/")
        count_from_now(found)
        yield found


def drift(world: PageWorld) -> None:
    """Somebody ticked the first task in Outlook."""
    Mailbox.update(employee=world.employee("gl"), writes_tasks=True).where(
        Mailbox.id == world.boxes["verkauf"].id
    ).execute()
    task = Task.get(Task.title == "Nr0")
    ours = task_text.own_fields(task, MirrorKind.TASK)
    with transaction():
        wish(task)
        mirror = TaskMirror.get(TaskMirror.task == task)
        seen = replace(ours, completed=True)
        mirror.written = Written(fields=ours, seen=seen).to_json()
        mirror.drift, mirror.drift_at = Drift.COMPLETED, clock.now()
        mirror.drift_detail = "completed: False → True"
        mirror.pushed_version = mirror.wanted_version
        mirror.save()


def goes(page: Any, *keys: str) -> str:
    """Type keys that lead somewhere; the path they lead to."""
    with page.expect_navigation():
        for key in keys:
            page.keyboard.press(key)
    path: str = page.evaluate("location.pathname + location.hash")
    return path


def focused(page: Any) -> str:
    text: str = page.evaluate(
        "document.activeElement.closest('[data-row]')"
        "?.querySelector('.fw-semibold').innerText ?? ''"
    )
    return text


@in_both
def test_f9_done_in_one_press_and_taken_back_in_another(page: Any, say: Say) -> None:
    page.get_by_role("button", name=say("Erledigt: Nr1")).click()
    page.get_by_text(say("«Nr1» ist erledigt.")).wait_for()
    assert presses(page) == 1
    page.get_by_role("button", name=say("Rückgängig")).click()
    page.get_by_text(say("«Nr1» ist wieder offen.")).wait_for()
    assert presses(page) == 2
    assert Task.get(Task.title == "Nr1").status is TaskStatus.OPEN


@in_both
def test_f10_the_state_is_visible_and_its_cause_one_press_away(
    page: Any, say: Say
) -> None:
    badge = page.get_by_text(say("ohne Outlook")).first
    assert badge.is_visible()
    assert presses(page) == 0
    cause = say(
        "gl hat kein Postfach, das sie übernimmt, oder es ist nicht eingeschaltet."
    )
    assert not page.get_by_text(cause).first.is_visible()
    badge.click()
    assert page.get_by_text(cause).first.is_visible()
    assert presses(page) == 1


@in_both
def test_f11_search_and_open_in_two_presses(page: Any, say: Say) -> None:
    page.click("#q")
    page.keyboard.type("Motorboot")
    page.keyboard.press("Enter")
    page.wait_for_url("**/suche**")
    page.get_by_role("heading", name=say("Einträge")).wait_for()
    page.get_by_role("link", name="Motorboot").first.click()
    page.wait_for_url("**/eintraege/1001*")
    assert presses(page) == 2


@in_both
def test_f19_what_was_ticked_in_outlook_is_adopted_in_one_press(
    page: Any, world: PageWorld, say: Say
) -> None:
    drift(world)
    page.reload()
    page.get_by_role("button", name=say("Übernehmen: Nr0")).first.click()
    page.get_by_text(say("«Nr0»: aus Outlook übernommen.")).wait_for()
    assert presses(page) == 1
    assert Task.get(Task.title == "Nr0").status is TaskStatus.DONE


def test_a_task_is_changed_in_the_dialog_and_moved_by_a_press(page: Any) -> None:
    goes(page, "g", "t")
    page.get_by_role("link", name="Ändern: Nr2").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Aufgabe", exact=True).fill("Anders")
    dialog.get_by_role("button", name="Speichern").click()
    page.get_by_text("«Anders» geändert.").wait_for()
    page.get_by_role("button", name="morgen: Anders").click()
    page.get_by_text("«Anders» auf").wait_for()
    tomorrow = clock.now().date() + timedelta(days=1)
    assert Task.get(Task.title == "Anders").due_on == tomorrow


def test_keys_lead_to_the_pages_of_the_bar_and_to_the_help(page: Any) -> None:
    assert goes(page, "g", "a") == "/adressen"
    assert goes(page, "g", "t") == "/aufgaben"
    assert goes(page, "g", "z") == "/nicht-zugeordnet"
    assert goes(page, "?").startswith("/hilfe")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


def test_rows_are_walked_ticked_and_opened_by_keyboard(page: Any) -> None:
    seen = []
    for key in "jjk":
        page.keyboard.press(key)
        seen.append(focused(page))
    assert seen == ["Nr0", "Nr1", "Nr0"]
    goes(page, "d")
    assert Task.get(Task.title == "Nr0").status is TaskStatus.DONE
    page.keyboard.press("j")
    assert goes(page, "Enter").startswith("/eintraege/1001#aufgabe-")


def test_n_begins_an_entry(page: Any) -> None:
    assert goes(page, "n").startswith("/eintraege/")


def test_keys_on_the_entry(page: Any) -> None:
    page.goto(page.url + "eintraege/1001")
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.id") == "f-title"
    page.evaluate("document.activeElement.blur()")
    for key in "eb":
        page.keyboard.press(key)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
        # Its field keeps the focus until the next frame, and a key there is typed.
        page.wait_for_function("document.activeElement === document.body")


def test_ctrl_enter_saves(page: Any) -> None:
    page.goto(page.url + "profil")
    page.focus("#f-language")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    page.get_by_text("Ihre Einstellungen sind gespeichert.").wait_for()


def test_switched_off_in_the_profile_no_single_key_acts(page: Any) -> None:
    start = page.url
    page.goto(start + "profil")
    page.get_by_label("Tastenkürzel").uncheck()
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("Ihre Einstellungen sind gespeichert.").wait_for()
    page.goto(start)
    for key in ("j", "d", "n", "g", "a", "?", "/"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url == start
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert not Task.select().where(Task.status == TaskStatus.DONE).exists()


def test_a_press_is_counted_red_control(page: Any) -> None:
    page.mouse.click(5, 5)
    page.mouse.click(5, 5)
    assert presses(page) == 2
