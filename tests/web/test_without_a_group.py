"""Whoever is in no staff group sees nothing but what concerns themselves alone."""

import pytest
from flask import Flask
from page_world import PageWorld, links
from pages import PASSWORD, Browser, browser

from crm_core import database
from crm_core.access import accounts, calendar_feeds, staff, view_as
from crm_core.access.viewer import viewer_of
from crm_core.models import Account, WebSession

REFUSAL = "Sie sind noch in keiner Gruppe. Bitte wenden Sie sich an die Administration."
OPEN = (
    "/profil",
    "/hilfe",
    "/datenschutz",
    "/datenschutz/info",
    "/datenschutz/e-mails",
)
SHUT = ("/", "/adressen", "/belege", "/eintraege", "/aufgaben", "/nicht-zugeordnet",
        "/suche?q=firma", "/api/doku", "/datum?when=Fr")  # fmt: skip


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def alone(app: Flask, world: PageWorld) -> Browser:
    with database.transaction():
        accounts.create("neu", actor="test", password=PASSWORD)
    return browser(app, "neu")


@pytest.mark.parametrize("path", SHUT)
def test_what_is_open_to_all_staff_is_shut(alone: Browser, path: str) -> None:
    page = alone.get(path, 403)
    assert REFUSAL in page
    assert "Zur Startseite" not in page
    assert [link for link in links(page) if link in SHUT[1:]] == []


@pytest.mark.parametrize("path", OPEN)
def test_what_concerns_oneself_is_open(alone: Browser, path: str) -> None:
    assert REFUSAL not in alone.get(path)


def test_a_group_opens_the_pages_red_control(app: Flask, alone: Browser) -> None:
    alone.get("/adressen", 403)
    with database.transaction():
        staff.set_groups(staff.by_key("neu"), ["Werkstatt"], actor="test")
    page = browser(app, "neu").get("/adressen")  # other groups end the session
    assert "/eintraege" in links(page)


def test_nothing_is_written_by_whoever_is_in_no_group(alone: Browser) -> None:
    before = database.execute("SELECT max(id) FROM audit_event")
    alone.post("/eintraege/neu", 403, address="1", title="Neu", subtag="offerte")
    assert database.execute("SELECT max(id) FROM audit_event") == before


def test_language_and_signing_out_work(alone: Browser) -> None:
    alone.post("/sprache", language="en", weiter="/profil")
    assert "please ask the administration" in alone.get("/", 403)
    alone.post("/abmelden")
    alone.get("/profil", 303)


def test_a_calendar_address_of_such_a_person_holds_nothing(
    app: Flask, alone: Browser, world: PageWorld
) -> None:
    account = Account.get(Account.login == "neu")
    with database.transaction():
        value = calendar_feeds.create(account, busy_only=False, actor="test")
    assert "BEGIN:VEVENT" not in alone.get(f"/ics/{value}.ics")
    assert "BEGIN:VTODO" not in alone.get(f"/ics/{value}.ics")


def test_looking_as_such_a_person_shows_what_that_person_sees(
    app: Flask, gl: Browser, alone: Browser
) -> None:
    session = WebSession.get(WebSession.account == Account.get(Account.login == "gl"))
    target = f"employee:{staff.by_key('neu').id}"
    with database.transaction():
        view_as.start(session, target, actor="test")
    assert REFUSAL in gl.get("/adressen", 403)
    gl.post("/ansicht/beenden")
    gl.get("/adressen")


def test_looking_as_a_group_stays_possible_without_the_group(app: Flask) -> None:
    """An administrator who tries on GL is not of GL, yet of a group."""
    office = viewer_of(staff.by_key("frei"))
    group = view_as.worn_by(f"staff_group:{_group('GL')}")
    assert view_as.narrowed(office, group).member


def _group(name: str) -> int:
    ((found,),) = database.execute("SELECT id FROM staff_group WHERE name = ?", (name,))
    return int(found)
