"""/api/doku in a real browser: our policy holds, and no other host is asked."""

import os
from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from pages import PASSWORD
from playwright.sync_api import Page, sync_playwright
from waitress import create_server

from crm_core import database

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application, served on a free port."""
    database.close()
    server = create_server(app, host="127.0.0.1", port=0)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()
    thread.join(10)


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """A signed-in page."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS)
        )
        found = chromium.new_page(viewport={"width": 1280, "height": 900})
        found.goto(f"{address}/anmelden?weiter=/bestaetigen")
        found.fill("[name=login]", "gl")
        found.fill("[name=password]", PASSWORD)
        found.click("main button[type=submit]")
        found.wait_for_url("**/bestaetigen")
        yield found
        chromium.close()


def test_the_page_breaks_no_policy_and_asks_no_other_host(
    page: Page, address: str
) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{address}/api/doku")
    page.wait_for_selector(".opblock")
    page.locator(".opblock-summary-control").first.click()
    page.wait_for_selector(".opblock-body")

    assert said == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert page.locator(".opblock").count() > 40

    # Red control: an inline script would have been refused, and seen here.
    page.evaluate(
        "() => { const s = document.createElement('script');"
        "s.textContent = 'window.ran = 1'; document.body.append(s); }"
    )
    assert page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in text for text in said)


def test_the_page_does_not_scroll_sideways(page: Page, address: str) -> None:
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/api/doku")
        page.wait_for_selector(".opblock")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_a_request_can_be_tried_out_with_a_token(page: Page, address: str) -> None:
    from crm_core import accounts
    from crm_core.models import Account, TokenScope

    with database.transaction():
        owner = Account.get(Account.login == "gl")
        token = accounts.create_token("x", TokenScope.READ, owner, actor="test")
    database.close()
    page.goto(f"{address}/api/doku")
    page.wait_for_selector(".opblock")
    page.click("button.authorize")
    page.fill(".auth-container input", token)
    page.click(".auth-container button.authorize")
    page.click(".auth-container button.btn-done")
    health = page.locator("#operations-health-health_show")
    health.locator(".opblock-summary-control").click()
    health.locator(".try-out__btn").click()
    health.locator(".execute").click()
    page.wait_for_selector(".live-responses-table .response-col_status")
    status = health.locator(".live-responses-table tbody .response-col_status")
    assert status.first.inner_text().strip().startswith("200")
