"""Pages that are no pages of the frame around all others, looked at in Chromium too.

The document of a mail, the panel for the ERP, the sign-in with the company account: the
same questions as in ``test_every_screen``, in both languages, at 1280 and 320 px.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from screen_room import LANGUAGES, Room, furnished

from crm_core import database
from crm_core.access import panels
from crm_core.models import Account, ApiToken, DocumentKind
from crm_web.open_id import OpenIdSettings

ISSUERS = ("https://login.microsoftonline.com/tenant/v2.0", "https://issuer.example")
# A frame's document is no page: its heading and its landmarks are those of the page
# that holds it, which test_every_screen asks.
OF_THE_PAGE_AROUND = ("page-has-heading-one", "landmark-one-main", "region")


def quiet(found: list[str]) -> list[str]:
    """Without the icon, which a browser wants where the document stands alone."""
    return [one for one in found if not one.endswith("/favicon.ico")]


def unlocked(route: Any) -> None:
    """The same document without its policy: under it no script runs, axe neither."""
    answer = route.fetch()
    headers = dict(answer.headers)
    del headers["content-security-policy"]
    route.fulfill(response=answer, headers=headers)


@pytest.mark.parametrize("view", ["neu", "ganz", "text"])
def test_the_document_of_a_mail(busy: Room, view: str) -> None:
    path = f"/email/{busy.bundle.mail}/inhalt?ansicht={view}"
    found = []
    for language in LANGUAGES:
        busy.speak(language)
        busy.open(path)
        found += quiet(busy.looked.faults())
        busy.page.route("**/inhalt?*", unlocked)
        busy.open(path)
        said = busy.check(f"email-inhalt-{view}", language, without=OF_THE_PAGE_AROUND)
        busy.page.unroute("**/inhalt?*")
        found += [one for one in quiet(said) if "0 h1" not in one]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("known", [True, False], ids=["valid", "ended"])
def test_the_panel_for_the_erp(busy: Room, known: bool) -> None:
    found = []
    for language in LANGUAGES:
        busy.speak(language)
        busy.open(panel(busy) if known else panel(busy).partition("?")[0])
        said = busy.check(f"embed-{known}", language)
        found += [one for one in said if known or "status of 403" not in one]
    assert not found, "\n".join(found)


def panel(room: Room) -> str:
    """Its address, as the ERP is given it."""
    with database.transaction():
        key = panels.sign(
            ApiToken.get_by_id(room.bundle.token),
            DocumentKind.REPORT,
            room.bundle.document,
        )
    return f"/embed/beleg/report/{room.bundle.document}?t={key.value}"


# -- the company account ---------------------------------------------------------------


@pytest.fixture
def company(
    chromium: Any, request: pytest.FixtureRequest, tmp_path: Path, template: Path
) -> Iterator[Room]:
    """Whose people may come in by the account of their company."""
    issuer = OpenIdSettings(
        request.param, "crm", SecretStr("x"), claim="roles", roles={"CRM": "GL"}
    )
    with furnished(chromium, tmp_path, template, filled=False, open_id=issuer) as room:
        database.connect(room.url)
        yield room


@pytest.mark.parametrize("company", ISSUERS, indirect=True, ids=["microsoft", "other"])
def test_sign_in_and_proof_by_the_company_account(company: Room) -> None:
    Account.update(password_hash=None).execute()  # proof is the issuer's, too
    found = []
    for language in LANGUAGES:
        company.speak(language)
        company.open("/bestaetigen")
        assert company.page.locator("a[href^='/bestaetigen/microsoft']").is_visible()
        found += company.check("bestaetigen-firmenkonto", language)
    company.page.context.clear_cookies()
    for language in LANGUAGES:
        company.open("/anmelden")
        company.page.click(f"footer button[value={language}]")
        company.page.wait_for_selector(f"html[lang^={language}]")
        assert company.page.locator("a[href^='/anmelden/microsoft']").is_visible()
        found += company.check("anmelden-firmenkonto", language)
    assert not found, "\n".join(found)


# -- red control -----------------------------------------------------------------------


def test_a_fault_in_the_document_of_a_mail_is_found(busy: Room) -> None:
    busy.speak("de")
    busy.page.route("**/inhalt?*", unlocked)
    busy.open(f"/email/{busy.bundle.mail}/inhalt?ansicht=ganz")
    busy.page.unroute("**/inhalt?*")
    busy.page.evaluate(
        "document.body.innerHTML += '<img src=/x><p style=width:3000px>Straße</p>'"
    )
    found = "\n".join(busy.check("rot", "de", without=OF_THE_PAGE_AROUND))
    for fault in ("axe: image-alt", "scrolls sideways", "ß: «Straße»"):
        assert fault in found
