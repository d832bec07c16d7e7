"""What is reached without a token: calendar feed, ERP panel, probes, the description."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from api_client import fresh_world, program
from crm_world import World
from flask import Flask
from pages import Browser
from shared_app import lend
from werkzeug.test import TestResponse

from crm_core import clock, database
from crm_core.access import calendar_feeds
from crm_core.errors import NotFound
from crm_core.models import Account, ApiToken, CalendarFeed, TokenScope
from crm_core.records import schedule
from crm_web.settings import WebSettings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield fresh_world(tmp_path)
    database.close()


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    return WebSettings(blobs=tmp_path / "blobs")


@pytest.fixture
def api(world: World, settings: WebSettings) -> Flask:
    return lend(settings)


def fetch(app: Flask, path: str) -> TestResponse:
    return app.test_client().get(path, base_url="https://localhost")


def owner(login: str) -> Account:
    found: Account = Account.get(Account.login == login)
    return found


def feed_of(login: str, *, busy_only: bool = False) -> str:
    with database.transaction():
        return calendar_feeds.create(owner(login), busy_only=busy_only, actor="test")


# --- calendar feed ----------------------------------------------------------------


def test_the_feed_holds_the_open_tasks_of_its_person(api: Flask, world: World) -> None:
    customer = world.address("Meier", "meier@kunde.example")
    entry = world.entry(customer, "Motor raucht")
    world.task(entry, "Zylinder prüfen", "huber", schedule.due_by(date(2026, 11, 27)))
    timed = schedule.at(datetime(2026, 12, 3, 14, 0), minutes=30)
    world.task(entry, "Abholen", "huber", timed)
    world.task(entry, "Fremd", "frei")
    hidden = world.entry(customer, "Geheim", "offerte")
    world.task(hidden, "Verborgen", "huber")

    answer = fetch(api, f"/ics/{feed_of('huber')}.ics")

    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    calendar = icalendar.Calendar.from_ical(answer.data)
    events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    assert set(events) == {"Zylinder prüfen [CRM-1001]", "Abholen [CRM-1001]"}
    deadline = events["Zylinder prüfen [CRM-1001]"]
    assert deadline["DTSTART"].dt == date(2026, 11, 27)
    assert (
        events["Abholen [CRM-1001]"]["DTEND"]
        .dt.isoformat()
        .startswith("2026-12-03T13:30")
    )
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in answer.data
    assert b"X-PUBLISHED-TTL:PT1H" in answer.data
    assert b"Verborgen" not in answer.data


def test_a_busy_feed_says_nothing_of_its_tasks(api: Flask, world: World) -> None:
    entry = world.entry(world.address("Meier"), "Motor raucht")
    world.task(entry, "Zylinder prüfen", "huber")
    text = fetch(api, f"/ics/{feed_of('huber', busy_only=True)}.ics").text
    assert "SUMMARY:Beschäftigt" in text
    for word in ("Zylinder", "Motor", "1001"):
        assert word not in text


def test_a_revoked_or_invented_feed_is_not_there(api: Flask) -> None:
    value = feed_of("huber")
    assert fetch(api, f"/ics/{value}.ics").status_code == 200
    assert fetch(api, "/ics/erfunden.ics").status_code == 404
    feed = CalendarFeed.get()
    with database.transaction(), pytest.raises(NotFound):
        calendar_feeds.revoke(owner("frei"), feed.id, actor="test")
    with database.transaction():
        calendar_feeds.revoke(owner("huber"), feed.id, actor="test")
    assert fetch(api, f"/ics/{value}.ics").status_code == 404


def test_the_feed_of_a_locked_account_is_not_there(api: Flask) -> None:
    value = feed_of("huber")
    Account.update(active=False).where(Account.login == "huber").execute()
    assert fetch(api, f"/ics/{value}.ics").status_code == 404


def test_the_value_of_a_feed_is_stored_nowhere(api: Flask) -> None:
    value = feed_of("huber")
    assert value not in repr(list(CalendarFeed.select().dicts()))


# --- panel ------------------------------------------------------------------------


def panel_of(app: Flask, world: World, login: str = "keller") -> str:
    entry = world.entry(world.address("Meier"), "Motor <b>raucht</b>")
    world.link_document(entry, world.document("R/1"))
    hidden = world.entry(world.address("Huber"), "Nur GL", management_only=True)
    world.link_document(hidden, world.document("R/1"))
    made = program(app, login).post("/documents/report/R/1/panel")
    return str(made["url"])


def test_the_panel_shows_the_entries_its_account_may_read(
    api: Flask, world: World
) -> None:
    answer = fetch(api, panel_of(api, world))
    assert answer.status_code == 200
    assert "CRM-1001 Motor &lt;b&gt;raucht&lt;/b&gt;" in answer.text
    assert "Nur GL" in answer.text
    assert "<script" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_panel_of_another_account_hides_what_it_may_not_read(
    api: Flask, world: World
) -> None:
    text = fetch(api, panel_of(api, world, "frei")).text
    assert "CRM-1001" in text
    assert "Nur GL" not in text


def test_a_panel_key_ends_and_opens_no_other_document(api: Flask, world: World) -> None:
    address = panel_of(api, world)
    world.document("R/2")
    assert fetch(api, address.replace("R/1", "R/2")).status_code == 403
    assert fetch(api, address.replace("/report/", "/boat/")).status_code == 403
    assert fetch(api, address[:-1] + "0x"[address[-1] == "0"]).status_code == 403
    assert fetch(api, address.partition("?")[0]).status_code == 403
    later = clock.now() + timedelta(minutes=16)
    with clock.use(lambda: later):
        assert fetch(api, address).status_code == 403
    assert fetch(api, address).status_code == 200


def test_a_panel_key_ends_with_its_token(api: Flask, world: World) -> None:
    address = panel_of(api, world)
    ApiToken.update(revoked_at=clock.now()).execute()
    answer = fetch(api, address)
    assert answer.status_code == 403
    assert "abgelaufen" in answer.text


def test_a_reading_token_makes_no_panel_key(api: Flask, world: World) -> None:
    world.document("R-1")
    reader = program(api, "keller", TokenScope.READ)
    reader.post("/documents/report/R-1/panel", status=403)


def test_only_listed_hosts_may_frame_the_panel(
    world: World, settings: WebSettings
) -> None:
    hosts = ("https://erp.example:8443", "https://*.werft.example", "x; script-src *")
    app = lend(replace(settings, frame_ancestors=hosts))
    policy = fetch(app, panel_of(app, world)).headers["Content-Security-Policy"]
    assert policy.endswith(
        "frame-ancestors https://erp.example:8443 https://*.werft.example"
    )
    assert "unsafe" not in policy
    assert "script-src" not in policy
    page = fetch(app, "/anmelden").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page, "red control: pages are never framed"


def test_nobody_may_frame_the_panel_unless_listed(api: Flask, world: World) -> None:
    policy = fetch(api, panel_of(api, world)).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'none'")


# --- probes and description -------------------------------------------------------


def test_the_probes_answer_everybody(api: Flask) -> None:
    assert fetch(api, "/healthz").text == "ok\n"
    assert fetch(api, "/readyz").text == "ok\n"


def test_readiness_fails_with_the_database(tmp_path: Path, api: Flask) -> None:
    database.close()
    database.connect(f"sqlite:///{tmp_path}")  # a folder, not a database
    assert fetch(api, "/healthz").status_code == 200
    assert fetch(api, "/readyz").status_code == 503


def test_the_documentation_page_is_for_signed_in_people(
    gl: Browser, stranger: Browser
) -> None:
    page = gl.get("/api/doku")
    assert "/api/v1/openapi.json" in page
    assert "https://" not in page
    stranger.get("/api/doku", 303)


def test_the_description_needs_no_token_and_names_no_installation(api: Flask) -> None:
    answer = fetch(api, "/api/v1/openapi.json")
    assert answer.status_code == 200
    assert "werft" not in answer.text
