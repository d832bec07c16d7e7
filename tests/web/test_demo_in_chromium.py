"""«Outlook-Ansicht» in Chromium: accessible, alive, and whole without JavaScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import screens
from flask import Flask
from page_world import PageWorld
from pages import ADDRESSES
from screens import Looked
from served import served, signed_in

from crm_core.models import Account
from crm_web.app import create_app
from crm_web.settings import DemoSettings, WebSettings
from exchange_sandbox.server import Sandbox

SALES = ADDRESSES[0]
SHOWN = f"/demo?postfach={SALES}&getan=antwort&eintrag=1001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """With something in every folder, and something wrong."""
    running = Sandbox(ADDRESSES, {"svc": "geheim"}, schema=None)
    running.start(control=("127.0.0.1", 0))
    for folder in ("inbox", "tasks", "calendar"):
        deliver(running, f"CRM-1001 im Ordner {folder}", folder)
    running.fault("busy", count=0)
    yield running
    running.stop()


def deliver(sandbox: Sandbox, subject: str, folder: str = "inbox") -> None:
    raw = f"From: A. Frei <a@frei.example>\r\nSubject: {subject}\r\n\r\nGuten Tag"
    sandbox.deliver(raw.encode(), SALES, folder=folder)


@pytest.fixture
def base(app: Flask, sandbox: Sandbox, tmp_path: Path) -> Iterator[str]:
    del app  # it has bound the database
    world = PageWorld()
    address, entry = world.meier()
    world.link(entry, world.mail(subject="Frage"))
    assert address.id
    known = DemoSettings(str(sandbox.control_url), ADDRESSES)
    with served(create_app(WebSettings(blobs=tmp_path, demo=known))) as (url, _):
        yield url


@pytest.fixture
def page(base: str, chromium: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Signed in; parametrised with False: without JavaScript."""
    script = getattr(request, "param", True)
    with signed_in(chromium, base, locale="de-CH", java_script_enabled=script) as found:
        yield found


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_is_wrong_with_the_page_at_either_width(
    page: Any, base: str, language: str
) -> None:
    Account.update(language=language).execute()
    looked = Looked(base)
    looked.at(page)
    found = []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(base + SHOWN)
        said = [*screens.faults(page, language), *looked.faults()]
        said += screens.axe_faults(page)
        looked.faults()  # axe itself tries things that the policy refuses
        found += [f"{width}: {one}" for one in said]
    assert found == []


def test_a_fault_of_the_page_would_be_seen(page: Any, base: str) -> None:
    """Red control: the same questions to a page made worse."""
    page.goto(base + SHOWN)
    page.evaluate("document.querySelector('#f-subject').labels[0].remove()")
    assert screens.axe_faults(page) != []


def test_what_arrives_is_shown_without_a_reload(
    page: Any, base: str, sandbox: Sandbox
) -> None:
    page.goto(base + SHOWN)
    inbox = page.locator("section[aria-labelledby=ol-inbox]")
    assert "Dingi vermisst" not in inbox.inner_text()
    deliver(sandbox, "Dingi vermisst")
    arrived = inbox.get_by_text("Dingi vermisst")
    arrived.wait_for(timeout=30_000)
    assert page.locator("#hinweis").is_visible()  # nothing else was replaced


@pytest.mark.parametrize("page", [False], indirect=True)
def test_everything_works_without_javascript(
    page: Any, base: str, sandbox: Sandbox
) -> None:
    page.goto(base + SHOWN)
    page.fill("#f-subject", "Neues Ruder")
    page.get_by_role("button", name=f"An {SALES} senden").click()
    assert page.locator("#hinweis").is_visible()
    assert "Neues Ruder" in page.inner_text("section[aria-labelledby=ol-inbox]")
    item = page.locator(".outlook-item", has_text="im Ordner tasks")
    item.get_by_role("button", name="Löschen").click()
    assert sandbox.items(SALES, "tasks") == []
    page.get_by_role("button", name="Nicht mehr drosseln").click()
    assert sandbox.faults.listed() == []
