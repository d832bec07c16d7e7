"""«Datenschutz»: what is read, who sees it, and removing a mail of the own mailbox."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

from crm_core import clock
from crm_core.models import (
    AuditEvent,
    Employee,
    Keep,
    MailboxKind,
    MailboxStatus,
    Message,
    MessageBody,
    MessageCopy,
    WebSession,
)


@pytest.fixture
def world(app: Flask) -> PageWorld:
    """«werkstatt» is Keller's own mailbox."""
    world = PageWorld()
    box = world.boxes["werkstatt"]
    box.kind, box.employee = MailboxKind.PERSON, Employee.get(Employee.key == "keller")
    box.informed_on = date(2026, 11, 2)
    box.save()
    return world


def test_a_person_reads_what_is_read_kept_and_seen(
    workshop: Browser, world: PageWorld
) -> None:
    world.mail(box="werkstatt", body="x")
    world.mail(box="werkstatt")
    MessageCopy.create(
        mailbox=world.boxes["werkstatt"], folder=world.folders["werkstatt"],
        external_id="p", private=True,
    )  # fmt: skip
    page = shown(workshop.get("/datenschutz"))
    for text in (
        "Was liest das System aus meinem Postfach?",
        "werkstatt@werft.example", "Posteingang", "02.11.2026", "GL: Inhalt",
        "2 E-Mails gelesen", "1 mit Text gespeichert", "1 privat übersprungen (nur Anzahl)",
        "die Kopfdaten 90 Tage",
    ):  # fmt: skip
        assert text in page, text


def test_the_configured_period_is_told(world: PageWorld, workshop: Browser) -> None:
    """The control: the number is not written into the page."""
    app = workshop.client.application
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], unlinked_days=17)
    assert "die Kopfdaten 17 Tage" in shown(workshop.get("/datenschutz"))


def test_who_has_no_mailbox_is_told_so(office: Browser, world: PageWorld) -> None:
    page = shown(office.get("/datenschutz"))
    assert "Sie haben in diesem System kein eigenes Postfach" in page
    assert "mit Text gespeichert" not in page


def test_what_waits_for_the_information_says_why(
    workshop: Browser, world: PageWorld
) -> None:
    box = world.boxes["werkstatt"]
    box.informed_on, box.enabled = None, False
    box.status = MailboxStatus.NOT_INFORMED
    box.save()
    page = workshop.get("/datenschutz")
    assert "Wartet auf Datenschutz-Info" in shown(page)
    assert "Tragen" not in page  # nothing is left in English, nor half translated
    assert "/datenschutz/info?postfach=werkstatt" in links(page)


def test_an_administrator_reaches_any_mailbox_without_its_counts(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    page = gl.get("/datenschutz?postfach=werkstatt")
    assert "werkstatt@werft.example" in shown(page)
    assert "mit Text gespeichert" not in shown(page)
    assert "Unterschrift" in shown(gl.get("/datenschutz/info?postfach=werkstatt"))
    for path in ("/datenschutz", "/datenschutz/info"):
        office.get(f"{path}?postfach=werkstatt", 404)
        gl.get(f"{path}?postfach=gibtsnicht", 404)


@pytest.mark.parametrize("keep", list(Keep))
def test_the_text_to_hand_out_tells_the_firms_settings(
    workshop: Browser, world: PageWorld, keep: Keep
) -> None:
    box = world.boxes["werkstatt"]
    box.keep = keep
    box.save()
    page = shown(workshop.get("/datenschutz/info"))
    told = {
        Keep.HEADERS: "nie ein Text",
        Keep.LINKED: "erst, wenn jemand das E-Mail mit einem Eintrag verlinkt hat",
        Keep.ALL: "Text und Anhänge aller gelesenen E-Mails",
    }
    assert [one for one in Keep if told[one] in page] == [keep]
    workshop.post("/sprache", language="en", weiter="/")
    assert "What is never read" in shown(workshop.get("/datenschutz/info"))


# --- removing a mail --------------------------------------------------------------


def test_an_own_mail_is_removed_after_a_tick(
    workshop: Browser, world: PageWorld
) -> None:
    mail = world.mail(subject="Zahnarzt", box="werkstatt", body="Zahnweh")
    path = f"/datenschutz/e-mails/{mail.id}"
    assert path in links(workshop.get("/datenschutz/e-mails"))
    assert "Zahnarzt" in workshop.get(path)
    refused = workshop.post(path, 422)
    assert "Bitte kreuzen Sie das Feld an." in refused.text
    assert MessageBody.select().count() == 1
    assert workshop.location(path, understood="1") == "/datenschutz/e-mails"
    assert "Das E-Mail ist entfernt." in workshop.get("/datenschutz/e-mails")
    assert Message.select().count() == 0
    line = AuditEvent.get(AuditEvent.action == "mail_removed_by_owner")
    assert line.actor == "user:keller"
    workshop.get(path, 404)


def test_the_entry_it_disappears_from_is_named(
    workshop: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    open_one = world.entry(world.address("Huber"), subtag="stoerung")
    mail = world.mail(box="werkstatt", body="x")
    world.link(entry, mail)
    world.link(open_one, mail)
    page = shown(workshop.get(f"/datenschutz/e-mails/{mail.id}"))
    assert "Es verschwindet aus: CRM-1002" in page
    assert "aus 1 Eintrag, den Sie nicht sehen" in page
    assert "CRM-1001" not in page


@pytest.mark.parametrize("who", ["gl", "office"])
def test_a_mail_of_another_mailbox_is_not_there(
    world: PageWorld, who: str, request: pytest.FixtureRequest
) -> None:
    mail = world.mail(box="werkstatt", body="x")
    browser: Browser = request.getfixturevalue(who)
    path = f"/datenschutz/e-mails/{mail.id}"
    browser.get(path, 404)
    browser.post(path, 404, understood="1")
    assert Message.select().count() == 1


def test_the_list_costs_the_same_and_leads_on(
    workshop: Browser, world: PageWorld
) -> None:
    world.mail(box="werkstatt", body="x")
    few = counted(lambda: workshop.get("/datenschutz/e-mails"))
    overview = counted(lambda: workshop.get("/datenschutz"))
    for number in range(60):
        world.mail(subject=f"Nr {number}", box="werkstatt", body="x")
    page = workshop.get("/datenschutz/e-mails")
    assert counted(lambda: workshop.get("/datenschutz/e-mails")) == few
    assert counted(lambda: workshop.get("/datenschutz")) == overview
    (more,) = [link for link in links(page) if "vor=" in link]
    assert "Nr 1" in workshop.get(more)


# --- one's own data ---------------------------------------------------------------


def test_the_own_data_are_downloaded_after_the_password(
    workshop: Browser, world: PageWorld
) -> None:
    world.mail(subject="Mein E-Mail", box="werkstatt", body="x")
    world.mail(subject="Fremdes", box="verkauf", body="x")
    path = "/datenschutz/meine-daten.zip"
    answer = workshop.client.get(path, base_url="https://localhost")
    assert answer.mimetype == "application/zip"
    assert "meine-daten.zip" in answer.headers["Content-Disposition"]
    with answer, zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        told = json.loads(archive.read("own-data.json"))
        assert len(archive.namelist()) == 2
    assert [mail["subject"] for mail in told["mails"]] == ["Mein E-Mail"]
    assert AuditEvent.select().where(AuditEvent.action == "data_exported").count() == 1
    WebSession.update(proved_at=clock.now() - timedelta(days=1)).execute()
    again = workshop.client.get(path, base_url="https://localhost")
    assert "/bestaetigen" in again.headers["Location"]
