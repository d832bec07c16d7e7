"""«Nicht zugeordnet» in a real browser: by keyboard alone, and by one press."""

from collections.abc import Iterator
from typing import Any

import pytest
from both_languages import in_english
from flask import Flask
from page_world import PageWorld
from presses import COUNTER, count_from_now, presses
from served import served, signed_in

from crm_core.models import Account, EntryMail, Message

TEN = 10


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture(params=["de", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Every key is pressed in both."""
    return str(request.param)


@pytest.fixture
def page(app: Flask, world: PageWorld, chromium: Any, language: str) -> Iterator[Any]:
    """The list with ten mails, each with one suggestion."""
    Account.update(language=language).execute()
    world.meier()
    for number in range(TEN):
        world.mail(subject=f"Frage {number}")
    with served(app) as (url, _), signed_in(chromium, url) as found:
        found.add_init_script(COUNTER)
        found.goto(f"{url}/nicht-zugeordnet")
        count_from_now(found)
        yield found


def press(page: Any, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("load")


def focused(page: Any) -> str:
    text: str = page.evaluate(
        "document.activeElement.closest('[data-row]')?.querySelector('h2 a').innerText"
        " ?? ''"
    )
    return text


def test_ten_mails_are_linked_with_ten_presses(page: Any, language: str) -> None:
    for _ in range(TEN):
        press(page, "1")
    assert presses(page) == 0
    assert EntryMail.select().count() == TEN
    everything = {"de": "Alles zugeordnet.", "en": "Everything is assigned."}
    assert everything[language] in page.inner_text("main")


def test_f4_a_mail_is_linked_as_suggested_in_one_press(
    page: Any, language: str
) -> None:
    say = in_english if language == "en" else str
    name = say("Mit CRM-1001 verlinken: Frage 7")
    button = page.get_by_role("button", name=name, exact=True)
    assert say("Mit CRM-1001 verlinken") in button.inner_text()
    with page.expect_navigation():
        button.click()
    page.get_by_text(say("«Frage 7» ist mit CRM-1001 verlinkt.")).wait_for()
    assert presses(page) == 1
    link = EntryMail.get()
    assert (link.entry.number, link.anchor.subject) == (1001, "Frage 7")


def test_j_and_k_move_and_keys_act_on_the_row_in_focus(page: Any) -> None:
    seen = []
    for key in "jkjjk":
        page.keyboard.press(key)
        seen.append(focused(page))
    assert seen == ["Frage 9", "Frage 9", "Frage 8", "Frage 7", "Frage 8"]
    press(page, "i")
    (ignored,) = Message.select().where(Message.ignored_at.is_null(False))
    assert ignored.subject == "Frage 8"


def test_n_begins_an_entry_from_the_row_in_focus(page: Any) -> None:
    page.keyboard.press("j")
    press(page, "n")
    assert "/eintraege/neu?" in page.url


def test_no_key_acts_while_somebody_types(page: Any) -> None:
    page.fill("#q", "")
    page.focus("#q")
    page.keyboard.type("1in")
    assert page.input_value("#q") == "1in"
    assert EntryMail.select().count() == 0


def test_keys_can_be_switched_off(page: Any) -> None:
    assert page.locator("main kbd").count() > 0
    Account.update(shortcuts=False).execute()
    page.reload()
    assert page.get_attribute("body", "data-shortcuts") == "0"
    page.keyboard.press("1")
    page.keyboard.press("j")
    assert focused(page) == ""
    assert page.locator("main kbd").count() == 0
    assert EntryMail.select().count() == 0
