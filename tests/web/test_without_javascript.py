"""Every form works without JavaScript: a real address, a real method, a way to send it.

All forms of all pages are read; the main flows are pressed through in a Chromium that
runs no script.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import permission_table
import pytest
from busy_world import BusyWorld
from flask import Flask
from lxml import html
from matrix_world import Bundle
from page_world import PageWorld
from pages import PASSWORD, Browser
from screens import QUERIES, rules_of
from served import served
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from crm_core import database
from crm_core.models import EntryMail, Message, Note

_SENDS = (
    "button[not(@type) or @type='submit'] | .//input[@type='submit' or @type='image']"
)


def faults(app: Flask, path: str, page: str) -> list[str]:
    """What would keep a form of the page from being sent without a script."""
    tree = html.fromstring(page)
    found = []
    for form in tree.iter("form"):
        method = form.get("method", "get").lower()
        action = form.get("action")
        named = f"{path}: <form {method} {action}>"
        if action is None:
            found.append(f"{named} has no address")
        elif not leads(app, urljoin(path, action), method):
            found.append(f"{named} leads nowhere")
        if method == "post" and not form.xpath(".//input[@name='form_key']"):
            found.append(f"{named} has no key")
        sent_from = f".//{_SENDS} | //button[@form='{form.get('id', '-')}']"
        if not form.xpath(sent_from):
            found.append(f"{named} has no button")
    dead = tree.xpath("//a[not(@href)] | //a[starts-with(@href, '#') and @hx-get]")
    texts = [link.text_content().strip() for link in dead]
    return found + [f"{path}: <a> that leads nowhere «{text}»" for text in texts]


def leads(app: Flask, address: str, method: str) -> bool:
    """Whether a route of ours takes it."""
    parts = urlsplit(address)
    try:
        app.url_map.bind("localhost").match(parts.path, method=method.upper())
    except RequestRedirect:
        return False
    except HTTPException:
        return False
    return not parts.netloc


@pytest.fixture
def filled(app: Flask, tmp_path: Path) -> Bundle:
    return BusyWorld().fill(tmp_path / "blobs")


def test_every_form_of_every_page_can_be_sent(
    app: Flask, gl: Browser, filled: Bundle
) -> None:
    found, forms = [], 0
    for rule in rules_of(app):
        path = permission_table.address(rule, filled) + QUERIES.get(rule, "")
        answer = gl.client.get(path, base_url="https://localhost")
        if answer.mimetype == "text/html" and answer.text.strip():
            forms += answer.text.count("<form ")
            found += faults(app, path, answer.text)
    assert not found, "\n".join(sorted(set(found)))
    assert forms > 100


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ("<form method=post><button></button></form>", "no address"),
        ("<form method=get action=/abmelden><button></button></form>", "nowhere"),
        ("<form method=post action=/nirgends><button></button></form>", "nowhere"),
        ("<form method=post action=/abmelden><button></button></form>", "no key"),
        ("<form action=/suche><button type=button></button></form>", "no button"),
        ("<a hx-get=/x>x</a>", "leads nowhere"),
    ],
)
def test_a_form_that_needs_a_script_is_found_red_control(
    app: Flask, form: str, fault: str
) -> None:
    assert [one for one in faults(app, "/x", f"<main>{form}</main>") if fault in one]


# -- pressed through, without a script ----------------------------------------------


@pytest.fixture
def page(app: Flask, chromium: Any) -> Iterator[Any]:
    """A page of a Chromium that runs no script; relative addresses are ours."""
    database.close()
    with served(app) as (base, _):
        context = chromium.new_context(java_script_enabled=False, base_url=base)
        yield context.new_page()
        context.close()


def sign_in(page: Any) -> None:
    page.goto("/anmelden")
    page.fill("[name=login]", "frei")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def test_sign_in_language_and_sign_out(page: Any) -> None:
    page.goto("/adressen")
    page.fill("[name=login]", "frei")
    page.fill("[name=password]", "falsch-falsch")
    page.click("main button[type=submit]")
    assert page.input_value("[name=login]") == "frei"
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    assert urlsplit(page.url).path == "/adressen"
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Addresses"
    page.get_by_role("button", name="Deutsch").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Adressen"
    page.get_by_role("button", name="Abmelden").click()
    assert urlsplit(page.url).path == "/anmelden"


def test_unassigned_mail_is_linked_and_ignored(page: Any) -> None:
    world = PageWorld()
    _, entry = world.meier()
    world.mail(subject="Persenning")
    world.mail(subject="Newsletter")
    sign_in(page)
    page.goto("/nicht-zugeordnet")
    page.locator("form[action$='/ignorieren'] button").first.click()
    page.get_by_role("button", name="Mit CRM-1001 verlinken").first.click()
    assert EntryMail.get().entry_id == entry.id
    assert Message.select().where(Message.ignored_at.is_null(False)).count() == 1


def test_a_note_and_a_search(page: Any) -> None:
    PageWorld().meier()
    sign_in(page)
    page.goto("/eintraege/1001")
    for opener in page.query_selector_all("details:has([name=note]) > summary"):
        opener.click()
    page.fill("[name=note]", "Angerufen")
    page.locator("form[action$='/notiz'] button").click()
    assert Note.get().text == "Angerufen"
    page.fill("#q", "motorboot")
    page.locator("form[action='/suche'] button").first.click()
    page.get_by_role("link", name="Motorboot").first.click()
    assert urlsplit(page.url).path == "/eintraege/1001"
