"""«Exportieren» and «Zusammenführen» on the entry's page."""

import base64
import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser, account
from werkzeug.test import TestResponse

from crm_core import clock, database
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.models import (
    AuditEvent,
    Entry,
    EntryStatus,
    MailboxAccess,
    TokenScope,
    Visibility,
    WebSession,
)


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def archive(who: Browser, number: int = 1001) -> dict[str, bytes]:
    answer = who.client.get(
        f"/eintraege/{number}/export.zip", base_url="https://localhost"
    )
    assert answer.status_code == 200, answer.text
    with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_an_entry_is_exported_and_that_stands_in_its_log(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail(subject="Motor", body="x"))
    assert "/eintraege/1001/export.zip" in links(office.get("/eintraege/1001"))
    files = archive(office)
    assert len(files) == 2
    assert json.loads(files["entry.json"])["number"] == 1001
    line = AuditEvent.get(AuditEvent.action == "data_exported")
    assert (line.actor, line.entry_id) == ("user:frei", entry.id)


def test_the_export_holds_what_the_viewer_sees_and_no_more(
    office: Browser, gl: Browser, world: PageWorld
) -> None:
    """Hidden, by subject only, confidential, held: none of it gets out."""
    _, entry = world.meier()
    world.address("Huber", "huber@kunde2.example")
    first = world.mail(subject="Offen", body="Sichtbarer Text")
    world.mail("huber@kunde2.example", "Fremdes", answers=first, body="Still")
    world.link(entry, first)
    world.link(entry, world.mail(subject="Nur Betreff", box="werkstatt", body="Still"))
    world.link(entry, world.mail(subject="Vertraulich", body="Still", confidential=1))
    box = MailboxAccess.mailbox == world.boxes["werkstatt"]
    MailboxAccess.update(visibility=Visibility.SUBJECT).where(box).execute()
    files = archive(office)
    told = json.loads(files["entry.json"])
    assert {m["subject"] for m in told["mails"]} == {"Offen", "Nur Betreff"}
    everything = b"".join(files.values())
    for absent in ("Still", "Vertraulich", "Fremdes"):
        assert absent.encode() not in everything
        assert encoded(absent) not in everything
    assert encoded("Sichtbarer Text") in everything  # the control
    assert {m["subject"] for m in json.loads(archive(gl)["entry.json"])["mails"]} == {
        "Offen", "Nur Betreff", "Vertraulich"
    }  # fmt: skip


def encoded(text: str) -> bytes:
    """How the text begins a body in base64."""
    return base64.b64encode(text.encode()).rstrip(b"=")[:-1]


def test_who_has_no_right_or_sees_no_entry_gets_nothing(
    workshop: Browser, office: Browser, world: PageWorld
) -> None:
    world.meier()
    workshop.get("/eintraege/1001/export.zip", 403)
    office.get("/eintraege/4711/export.zip", 404)
    world.entry(world.address("L"), "Lohn", "offerte", management_only=True)
    office.get("/eintraege/1002/export.zip", 404)
    WebSession.update(proved_at=clock.now() - timedelta(days=1)).execute()
    answer = office.client.get(
        "/eintraege/1001/export.zip", base_url="https://localhost"
    )
    assert "/bestaetigen" in answer.headers["Location"]
    assert AuditEvent.select().where(AuditEvent.action == "data_exported").count() == 0


def test_a_program_gets_the_same_archive_as_its_account(
    app: Flask, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail(subject="Offen", body="x"))
    world.link(entry, world.mail(subject="Vertraulich", body="x", confidential=1))
    for login, status in (("frei", 200), ("keller", 403)):
        answer = asked(app, login, 1001)
        assert answer.status_code == status, login
        if status == 200:
            with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
                told = json.loads(packed.read("entry.json"))
            assert [mail["subject"] for mail in told["mails"]] == ["Offen"]
    assert asked(app, "frei", 4711).status_code == 404
    assert AuditEvent.select().where(AuditEvent.action == "data_exported").count() == 1


def asked(app: Flask, login: str, number: int) -> TestResponse:
    with transaction():
        value = accounts.create_token(
            f"{login} {number}", TokenScope.READ, account(login), actor="test"
        )
    return app.test_client().get(
        f"/api/v1/entries/{number}/export",
        base_url="https://localhost",
        headers={"Authorization": f"Bearer {value}"},
    )


# --- merging ----------------------------------------------------------------------


@pytest.fixture
def two(world: PageWorld) -> PageWorld:
    address, _ = world.meier()
    entry = world.entry(address, "Motorboot, nochmals", "offerte")
    world.link(entry, world.mail(subject="Anfrage"))
    return world


def versions() -> dict[str, object]:
    rows = database.execute("SELECT number, version FROM entry ORDER BY number")
    return {"version": rows[1][1], "into_version": rows[0][1]}


def test_an_entry_is_merged_after_a_preview(office: Browser, two: PageWorld) -> None:
    path = "/eintraege/1002/zusammenfuehren"
    assert path in links(office.get("/eintraege/1002"))
    page = office.get(path)
    assert f"{path}?mit=1001" in links(page)
    text = shown(office.get(f"{path}?mit=[CRM-1001]"))
    assert "1 E-Mail geht mit" in text
    assert "Motorboot, nochmals → CRM-1001 Motorboot" in text
    where = office.location(path, into="1001", **versions())
    assert where == "/eintraege/1001"
    page = office.get(where)
    assert "CRM-1002 ist mit CRM-1001 zusammengeführt." in page
    assert "Anfrage" in page
    assert "/eintraege/1002?ansehen=1" in links(page)


def test_the_old_number_leads_to_the_other_entry(
    office: Browser, two: PageWorld
) -> None:
    office.post("/eintraege/1002/zusammenfuehren", into="1001", **versions())
    answer = office.client.get("/eintraege/1002", base_url="https://localhost")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/eintraege/1001")
    page = office.get("/eintraege/1002?ansehen=1")
    assert "steht nur noch zum Lesen da" in page
    assert "/eintraege/1002/bearbeiten" not in links(page)
    office.post("/eintraege/1002/notiz", 409, note="zu spät")
    office.get("/eintraege/1002/zusammenfuehren", 409)


def test_nobody_is_led_to_an_entry_that_they_do_not_see(
    gl: Browser, workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    world.entry(world.address("X"), "Motor", "stoerung")
    gl.post("/eintraege/1002/zusammenfuehren", into="1001", version=1, into_version=1)
    page = workshop.get("/eintraege/1002")
    assert "steht nur noch zum Lesen da" in page
    assert "1001" not in shown(page)


def test_what_changed_meanwhile_is_shown_anew_and_nothing_moved(
    office: Browser, two: PageWorld
) -> None:
    page = office.post(
        "/eintraege/1002/zusammenfuehren", 409, into="1001", version=7, into_version=1
    )
    assert "1002" in page.text
    assert Entry.select().where(Entry.status == EntryStatus.CLOSED).count() == 0


@pytest.mark.parametrize("typed", ["1002", "4711", "abc", "99999999999"])
def test_a_wrong_number_is_told_at_the_field(
    office: Browser, two: PageWorld, typed: str
) -> None:
    page = office.get(f"/eintraege/1002/zusammenfuehren?mit={typed}")
    assert 'id="e-mit"' in page
    assert 'name="into"' not in page


def test_who_may_not_change_the_entry_does_not_merge_it(
    workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    world.entry(world.address("X"), "Motor", "stoerung")
    workshop.get("/eintraege/1001/zusammenfuehren", 404)
    page = workshop.get("/eintraege/1002/zusammenfuehren?mit=1001")
    assert "Motorboot" not in page
    workshop.post("/eintraege/1002/zusammenfuehren", 404, into="1001")
    assert Entry.select().where(Entry.status == EntryStatus.CLOSED).count() == 0
