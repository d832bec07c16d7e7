"""A person asks what is stored, or is erased: for GL, proved, logged, in two steps."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser

from crm_core import clock
from crm_core.database import transaction
from crm_core.models import (
    Address,
    AuditEvent,
    MailboxAccess,
    Message,
    Note,
    WebSession,
)
from crm_core.records import entries

EMAIL = "meier@kunde.example"
PATHS = ("", ".zip", "/loeschen", "/geloescht")


@pytest.fixture
def world(app: Flask) -> PageWorld:
    world = PageWorld()
    _, entry = world.meier()
    with transaction():
        entries.add_note(entry, "Hans Meier rief an", actor="test")
    world.link(entry, world.mail(EMAIL, "Motor", body="läuft unrund"))
    world.mail("huber@kunde2.example", "Anderes", to=["verkauf@werft.example", EMAIL])
    return world


def test_what_is_stored_is_told_in_numbers(gl: Browser, world: PageWorld) -> None:
    page = gl.get(f"/datenschutz/person?wer={EMAIL}")
    text = shown(page)
    for told in ("Hans Meier", "E-Mails 2", "davon in Einträgen 1",
                 "davon nennen auch andere 1", "Texte, die die Person nennen 1"):  # fmt: skip
        assert told in text, told
    assert f"/datenschutz/person.zip?wer={EMAIL}" in links(page)
    assert Message.select().count() == 2


def test_nobody_is_found_and_says_so(gl: Browser, world: PageWorld) -> None:
    page = gl.get("/datenschutz/person?wer=niemand@fremd.example", 422)
    assert "niemand@fremd.example" in page
    assert "person.zip" not in page


def test_the_report_is_a_zip_and_stands_in_the_log(
    gl: Browser, world: PageWorld
) -> None:
    answer = gl.client.get(
        f"/datenschutz/person.zip?wer={EMAIL}", base_url="https://localhost"
    )
    assert "auskunft.zip" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = json.loads(archive.read("person.json"))
        assert len(archive.namelist()) == 3
    assert told["email_addresses"] == [EMAIL]
    line = AuditEvent.get(AuditEvent.action == "data_exported")
    assert (line.actor, line.subject) == ("user:gl", f"address:{told['address']['id']}")


@pytest.mark.parametrize("hidden", [True, False])
def test_what_management_does_not_see_elsewhere_is_said_and_logged(
    gl: Browser, world: PageWorld, *, hidden: bool
) -> None:
    """The report is whole either way: that is the person's right."""
    if hidden:
        MailboxAccess.delete().execute()
    gl.get(f"/email/{Message.select().first().id}", 404 if hidden else 200)
    text = shown(gl.get(f"/datenschutz/person?wer={EMAIL}"))
    assert ("2 dieser E-Mails liegen, wo Sie nicht lesen dürfen" in text) == hidden
    answer = gl.client.get(
        f"/datenschutz/person.zip?wer={EMAIL}", base_url="https://localhost"
    )
    with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert len(archive.namelist()) == 3
    line = AuditEvent.get(AuditEvent.action == "data_exported")
    assert line.detail == ("2 unseen" if hidden else "")
    told = shown(gl.get("/verwaltung/protokoll"))
    assert ("2 E-Mails, die der Person, die sie holte, sonst nicht" in told) == hidden


def test_a_person_is_erased_in_two_steps(gl: Browser, world: PageWorld) -> None:
    path = "/datenschutz/person/loeschen"
    page = gl.get(f"{path}?wer={EMAIL}")
    assert path in actions(page)
    assert "2 E-Mails verschwinden" in shown(page)
    assert "Hans Meier" in shown(page)
    refused = gl.post(path, 422, wer=EMAIL, confirmation="ja")
    assert "Das ist nicht, was oben steht." in refused.text
    assert Message.select().count() == 2
    where = gl.location(path, wer=EMAIL, confirmation=EMAIL.upper())
    assert where == "/datenschutz/person/geloescht"
    assert "Gelöscht: 2 E-Mails." in gl.get(where)
    assert Message.select().count() == 0
    assert Address.select().where(Address.name == "Hans Meier").count() == 0
    assert Note.get().text == "(gelöscht) rief an"
    gl.post(path, 404, wer=EMAIL, confirmation=EMAIL)


def test_one_of_ours_gets_a_report_and_is_not_erased(
    gl: Browser, world: PageWorld
) -> None:
    page = gl.get("/datenschutz/person?wer=verkauf@werft.example")
    assert "person.zip" in page
    assert "/datenschutz/person/loeschen" not in page
    gl.get("/datenschutz/person/loeschen?wer=verkauf@werft.example", 409)
    gl.post(
        "/datenschutz/person/loeschen", 409,
        wer="verkauf@werft.example", confirmation="verkauf@werft.example",
    )  # fmt: skip
    assert Message.select().count() == 2


@pytest.mark.parametrize("who", ["office", "workshop"])
@pytest.mark.parametrize("path", PATHS)
def test_the_pages_are_for_management(
    world: PageWorld, request: pytest.FixtureRequest, who: str, path: str
) -> None:
    browser: Browser = request.getfixturevalue(who)
    page = browser.get(f"/datenschutz/person{path}?wer={EMAIL}", 403)
    assert "Hans Meier" not in page
    assert "/datenschutz/person" not in links(browser.get("/datenschutz"))
    browser.post("/datenschutz/person/loeschen", 403, wer=EMAIL, confirmation=EMAIL)
    assert Message.select().count() == 2


@pytest.mark.parametrize("path", PATHS)
def test_the_password_is_asked_again(gl: Browser, world: PageWorld, path: str) -> None:
    WebSession.update(proved_at=clock.now() - timedelta(days=1)).execute()
    answer = gl.client.get(
        f"/datenschutz/person{path}?wer={EMAIL}", base_url="https://localhost"
    )
    assert "/bestaetigen" in answer.headers["Location"]
    posted = gl.post("/datenschutz/person/loeschen", wer=EMAIL, confirmation=EMAIL)
    assert "/bestaetigen" in posted.headers["Location"]
    assert Message.select().count() == 2


def test_the_link_is_there_for_management(gl: Browser, world: PageWorld) -> None:
    """The control of the absent link above."""
    assert "/datenschutz/person" in links(gl.get("/datenschutz"))
