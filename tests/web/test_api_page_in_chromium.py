"""/api/doku in a real browser: our policy holds, and no other host is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from screen_room import Room
from screens import Looked
from served import served, signed_in

from crm_core import database
from crm_core.models import Account

# Markup of Swagger UI that neither its options nor our style sheet reaches: every open
# operation calls its table of answers the same, and long examples take no focus.
OF_OPEN_OPERATIONS = ("landmark-unique", "scrollable-region-focusable")


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application, served on a free port."""
    database.close()
    with served(app) as (base, _):
        yield base


@pytest.fixture
def page(address: str, chromium: Any) -> Iterator[Any]:
    """A signed-in page."""
    with signed_in(chromium, address) as found:
        yield found


def test_the_page_breaks_no_policy_and_asks_no_other_host(
    page: Any, address: str
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


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_is_wrong_with_it_whether_operations_are_open_or_closed(
    page: Any, address: str, language: str
) -> None:
    Account.update(language=language).execute()
    room = Room(address, page, Looked(address))
    room.looked.at(page)
    room.open("/api/doku")
    page.wait_for_selector(".opblock")
    found = room.check("api-doku", language)
    room.open("/api/doku")
    for kind in ("get", "post", "put", "delete"):
        page.locator(f".opblock-{kind} .opblock-summary-control").first.click()
        page.wait_for_selector(f".opblock-{kind} .opblock-body")
    found += room.check("api-doku-offen", language, without=OF_OPEN_OPERATIONS)
    assert not found, "\n".join(found)


def test_a_request_can_be_tried_out_with_a_token(page: Any, address: str) -> None:
    from crm_core.access import accounts
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
