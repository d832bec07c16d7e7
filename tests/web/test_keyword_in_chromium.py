"""A mail that names its entry is there when somebody looks: nothing is pressed.

The mail comes the way all mail comes: a simulated Exchange, EWS, the service's own
reading. German and English.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from both_languages import in_english
from flask import Flask
from page_world import PageWorld
from pages import ADDRESSES
from served import served, signed_in
from werft import AUTHSERV, HUBER, MEIER, VERKAUF, Werft

from crm_core.models import Account
from exchange_sandbox.server import Sandbox
from mailsync import sync
from mailsync.blobs import BlobStore
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer

NOTED = "addEventListener('pointerdown', () => { window.pressed = true; }, true)"


@pytest.fixture
def company(app: Flask, tmp_path: Path) -> Iterator[Werft]:
    """The mailboxes of the pages' company on a simulated Exchange; one entry."""
    del app  # it has bound the database
    world = PageWorld()
    world.meier()
    world.address("Huber", HUBER)
    with Sandbox(ADDRESSES, {"svc": "geheim"}, schema=None) as sandbox:
        server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim"))
        rules = sync.MailboxRules(authserv_id=AUTHSERV)
        yield Werft(
            sandbox,
            sync.SyncSettings(
                open_port=server,
                rules=dict.fromkeys(ADDRESSES, rules),
                blobs=BlobStore(tmp_path / "blobs"),
            ),
        )
        server.close()


@pytest.fixture(params=["de", "en"])
def page(
    app: Flask, company: Werft, chromium: Any, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """Signed in; relative addresses are ours."""
    del company
    Account.update(language=request.param).execute()
    with served(app) as (url, _), signed_in(chromium, url, base_url=url) as found:
        found.add_init_script(NOTED)
        yield found


def say(page: Any, german: str) -> str:
    lang = page.evaluate("document.documentElement.lang")
    return german if lang == "de-CH" else in_english(german)


def reason(page: Any, mail: str) -> str:
    """Why the entry that stands there has this mail, in words."""
    found = page.locator(".mail", has_text=mail)
    assert found.count() == 1, page.inner_text("main")
    assert page.evaluate("window.pressed") is None
    return str(found.inner_text())


def test_the_customers_mail_with_the_number_is_on_the_entry_with_its_reason(
    page: Any, company: Werft
) -> None:
    company.receive(company.mail(MEIER, VERKAUF, "Propeller [CRM-1001]", id="m1"))
    company.poll()
    page.goto("/eintraege/1001")
    assert say(page, "[CRM-1001] im Betreff") in reason(page, "Propeller")


def test_a_colleagues_keyword_opens_the_entry_and_that_is_the_reason(
    page: Any, company: Werft
) -> None:
    company.submit(company.mail(VERKAUF, HUBER, "Jolle #offerte", id="m2"), VERKAUF)
    company.poll()
    page.goto("/eintraege/1002")
    assert say(page, "Schlagwort #offerte im Betreff") in reason(page, "Jolle")


@pytest.mark.parametrize("page", ["de"], indirect=True)
def test_without_a_number_the_entry_stays_empty_red_control(
    page: Any, company: Werft
) -> None:
    company.receive(company.mail(MEIER, VERKAUF, "Propeller", id="m3"))
    company.poll()
    page.goto("/eintraege/1001")
    assert page.locator(".mail", has_text="Propeller").count() == 0
