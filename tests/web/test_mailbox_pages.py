"""Postfächer: state and cause in the row, acts as wishes, what is read and by whom."""

import json
from datetime import datetime, timedelta

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser
from statements import counted

from crm_core import clock
from crm_core.database import transaction
from crm_core.mail import quarantine
from crm_core.mail.quarantine import Rejected
from crm_core.models import (
    DaemonBeat,
    Employee,
    Mailbox,
    MailboxReading,
    MailboxStatus,
    MailboxWish,
    Message,
    WishKind,
)
from crm_core.polling import mailbox_polls, mailbox_reading, mailbox_wishes
from crm_core.polling.mailbox_reading import Reading
from crm_core.polling.mailbox_states import STATES as CORE_STATES
from crm_web.mailbox_charts import sparkline
from crm_web.mailbox_words import STATES, fix_line

LIST = "/verwaltung/postfaecher"
SALES = f"{LIST}/verkauf"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def box(slug: str = "verkauf") -> Mailbox:
    found = Mailbox.get(Mailbox.slug == slug)
    assert isinstance(found, Mailbox)
    return found


def change(slug: str = "verkauf", **values: object) -> None:
    Mailbox.update(**values).where(Mailbox.slug == slug).execute()


def beat(age: timedelta = timedelta(seconds=5), **more: object) -> None:
    now = clock.now()
    DaemonBeat.create(
        instance=f"host:{age}", version="1", started_at=now, beat_at=now - age, **more
    )


def in_order(slug: str = "verkauf") -> None:
    change(slug, status=MailboxStatus.OK, last_success_at=clock.now())


def refused(file: str = "mailboxes.yaml") -> str:
    said = {
        "file": file, "line": 6, "column": 5, "code": "E104", "severity": "error",
        "de": "Unbekannter Schlüssel «acces». Meinten Sie «access»?",
        "en": "Unknown key «acces». Did you mean «access»?",
    }  # fmt: skip
    return json.dumps(
        [said, said | {"severity": "warning", "line": 9, "de": "Hinweis"}]
    )


def finished(kind: WishKind, result: dict[str, object]) -> None:
    with transaction():
        wish = mailbox_wishes.ask(kind, box(), actor="user:gl")
        mailbox_wishes.finish(wish.id, result)


# --- who --------------------------------------------------------------------------


def test_only_administrators_see_it(
    gl: Browser, workshop: Browser, world: PageWorld
) -> None:
    workshop.get(LIST, 403)
    workshop.get(SALES, 403)
    workshop.post(f"{SALES}/testen", 403)
    assert MailboxWish.select().count() == 0
    assert SALES in links(gl.get(LIST))
    gl.get(f"{LIST}/gibtesnicht", 404)


# --- the list ---------------------------------------------------------------------


def test_the_cause_of_a_silent_mailbox_stands_in_its_row(
    gl: Browser, world: PageWorld
) -> None:
    beat()
    in_order("werkstatt")
    change(status=MailboxStatus.STOPPED, status_code="E211")
    with transaction():
        reading = Reading(60, login="svc-crm@werft.example", access="impersonation")
        mailbox_reading.remember(box().id, reading)
    page = gl.get(LIST)
    text = shown(page)
    assert "Kein Zugriff E211" in text
    assert "Das Recht «ApplicationImpersonation» fehlt." in text
    assert (
        "-Role ApplicationImpersonation -User &#39;svc-crm@werft.example&#39;" in page
    )
    assert "1 von 2" in text
    assert f"{SALES}/testen" in actions(page)


def test_every_state_of_the_core_has_its_words(app: Flask) -> None:
    assert CORE_STATES.keys() == STATES.keys()


def test_a_name_never_ends_the_quotation_in_a_command(app: Flask) -> None:
    mailbox = Mailbox(address="x'; Remove-Mailbox a\u2019@werft.example")
    line = fix_line("E212", mailbox, MailboxReading(login="o'hara\n", poll=1))
    assert "-Identity 'x''; Remove-Mailbox a\u2019\u2019@werft.example' " in line
    assert "-User 'o''hara' " in line


def test_the_broken_file_is_named_with_line_and_column(
    gl: Browser, world: PageWorld
) -> None:
    since = clock.now()
    beat(problems=refused(), config_since=since, refused_at=since, config_error="x")
    text = shown(gl.get(LIST))
    assert "mailboxes.yaml, Zeile 6, Spalte 5: Unbekannter Schlüssel «acces»." in text
    assert "Es gilt weiter die Fassung von" in text
    assert "mailboxes.yaml, Zeile 9, Spalte 5: Hinweis" in text
    gl.post("/sprache", language="en")
    assert "line 6, column 5: Unknown key «acces»." in shown(gl.get(LIST))


def test_without_a_service_the_page_says_so(gl: Browser, world: PageWorld) -> None:
    assert "Der Dienst läuft nicht." in shown(gl.get(LIST))
    beat()
    assert "Der Dienst läuft nicht." not in shown(gl.get(LIST))


def test_a_day_is_drawn_and_named(gl: Browser, world: PageWorld) -> None:
    with transaction():
        mailbox_polls.record(box().id, took=1.2, answer=0.4, mails=3)
        mailbox_polls.record(box().id, took=0.1, code="E223")
    page = gl.get(LIST)
    assert 'aria-label="3 E-Mails in 24 Stunden, 1 Stunde mit Fehlern"' in page
    assert page.count('class="failed"') == 1
    assert "0.4 s" in shown(page)


def test_a_line_goes_up_where_more_came() -> None:
    drawn = sparkline([0, 4, 2], [False] * 3, "x")
    assert '<polyline points="0.0,25.0 60.0,3.0 120.0,14.0">' in drawn
    assert "failed" not in drawn


def test_nothing_is_asked_again_while_nothing_is_under_way(
    gl: Browser, world: PageWorld
) -> None:
    for slug in ("verkauf", "werkstatt"):
        in_order(slug)
    world.folders["verkauf"].caught_up_at = clock.now()
    for folder in world.folders.values():
        folder.caught_up_at = clock.now()
        folder.save()
    assert "hx-get" not in gl.get(LIST)
    gl.post(f"{SALES}/testen")
    assert f'hx-get="{LIST}/stand"' in gl.get(LIST)
    assert "Testen läuft" in gl.get(f"{LIST}/stand")


def test_an_empty_list_says_what_to_do(gl: Browser, app: Flask) -> None:
    Mailbox.update(status=MailboxStatus.REMOVED, enabled=0).execute()
    text = shown(gl.get(LIST))
    assert "Noch keine Postfächer." in text
    assert "mailsync check-config" in text


def test_a_person_who_is_not_informed_is_told_with_the_text_to_hand_out(
    gl: Browser, world: PageWorld
) -> None:
    change(status=MailboxStatus.NOT_INFORMED, enabled=0)
    page = gl.get(LIST)
    assert "Wartet auf Datenschutz-Info" in page
    assert "/datenschutz/info?postfach=verkauf" in links(page)
    assert box().address in shown(gl.get("/datenschutz/info?postfach=verkauf"))


def test_what_is_not_read_is_not_counted_as_in_order(
    gl: Browser, world: PageWorld
) -> None:
    beat()
    for slug in ("verkauf", "werkstatt"):
        in_order(slug)
    assert "Postfächer in Ordnung 2 von 2 Letzter" in shown(gl.get(LIST))
    change(status=MailboxStatus.NOT_INFORMED, enabled=0)
    text = shown(gl.get(LIST))
    assert "in Ordnung 1 von 1 1 wartet auf Datenschutz-Info" in text
    change("werkstatt", paused_at=clock.now(), paused_by="user:gl")
    text = shown(gl.get(LIST))
    assert "in Ordnung 0 von 0 1 wartet auf Datenschutz-Info 1 ist pausiert" in text


def test_the_list_costs_the_same_whatever_it_holds(
    gl: Browser, world: PageWorld
) -> None:
    few = counted(lambda: gl.get(LIST))
    one = counted(lambda: gl.get(SALES))
    with transaction():
        for number in range(20):
            mailbox = Mailbox.create(
                address=f"m{number}@werft.example", slug=f"m{number}", name="m",
                server="main", kind="shared", keep="linked",
            )  # fmt: skip
            mailbox_polls.record(mailbox.id, took=1, mails=1)
            mailbox_polls.record(box().id, took=1, mails=1)
    gl.get(LIST)
    assert counted(lambda: gl.get(LIST)) == few
    assert counted(lambda: gl.get(SALES)) == one


# --- acts -------------------------------------------------------------------------


def test_testing_is_a_wish_and_its_ticks_are_shown(
    gl: Browser, world: PageWorld
) -> None:
    assert gl.location(f"{SALES}/testen") == f"{SALES}#zustand"
    page = shown(gl.get(SALES))
    assert "verlangt, der Dienst beginnt gleich" in page
    with transaction():
        ticks = [
            {"step": "dns", "state": "ok", "code": None, "detail": ""},
            {"step": "tls", "state": "none", "code": None, "detail": ""},
            {"step": "login", "state": "failed", "code": "E201", "detail": "HTTP 401"},
            {"step": "mailbox", "state": "untried", "code": None, "detail": ""},
            {"step": "folders", "state": "untried", "code": None, "detail": ""},
        ]
        wish = MailboxWish.get()
        mailbox_wishes.finish(wish.id, {"ticks": ticks, "code": "E201"})
    text = shown(gl.get(SALES))
    assert "Name des Servers (DNS): gut" in text
    assert "Verschlüsselung (TLS): hier nicht nötig" in text
    assert "Anmeldung: geht nicht E201 Benutzer oder Passwort stimmt nicht" in text
    assert "Rechte und Ordner: nicht versucht" in text


def test_a_pause_is_shown_with_who_and_ended(gl: Browser, world: PageWorld) -> None:
    Employee.update(name="G. Leiter").where(Employee.key == "gl").execute()
    gl.post(f"{SALES}/testen")
    assert ", G. Leiter)" in shown(gl.get(SALES))
    gl.post(f"{SALES}/pausieren")
    text = shown(gl.get(LIST))
    assert "Angehalten" in text
    assert "von G. Leiter" in text
    change(paused_by="cli:root")
    assert "von Kommandozeile (root)" in shown(gl.get(LIST))
    gl.post(f"{SALES}/testen")
    assert "ist angehalten: setzen Sie es zuerst fort" in shown(gl.get(SALES))
    gl.post(f"{SALES}/fortsetzen")
    assert box().paused_at is None


def test_a_back_fill_asks_for_a_day_in_the_past(gl: Browser, world: PageWorld) -> None:
    for wrong in ("", "gestern", "01.01.2199"):
        answer = gl.post(f"{SALES}/erstabgleich", 422, since=wrong)
        assert f'value="{wrong}"' in answer.text
    assert MailboxWish.select().count() == 0
    gl.post(f"{SALES}/erstabgleich", since="01.02.2026")
    wish = MailboxWish.get()
    assert (wish.kind, f"{wish.since}") == (WishKind.BACKFILL, "2026-02-01")
    answer = gl.post(f"{SALES}/erstabgleich", 422, since="01.03.2026")
    assert "Ein Erstabgleich ab 01.02.2026 läuft schon" in answer.text


def test_a_full_read_shows_how_far_it_has_come(gl: Browser, world: PageWorld) -> None:
    beat()
    folder = world.folders["verkauf"]
    folder.token, folder.items_read, folder.items_expected = "x", 62, 100
    folder.save()
    assert "Erstabgleich 62 %" in shown(gl.get(LIST))


def test_reading_the_files_again_is_a_wish(gl: Browser, world: PageWorld) -> None:
    gl.post(f"{LIST}/einlesen")
    gl.post(f"{LIST}/einlesen")
    assert [row.kind for row in MailboxWish.select()] == [WishKind.RELOAD]
    assert "Der Dienst liest die Dateien neu ein …" in shown(gl.get(LIST))


def test_acts_that_change_something_ask_for_the_password_again(
    gl: Browser, world: PageWorld
) -> None:
    later = clock.now() + timedelta(minutes=11)
    with clock.use(lambda: later):
        assert "/bestaetigen" in gl.location(f"{SALES}/pausieren")
        assert box().paused_at is None
        assert gl.location(f"{SALES}/testen") == f"{SALES}#zustand"


# --- the page ---------------------------------------------------------------------


def test_what_is_read_what_never_and_who_sees_it(gl: Browser, world: PageWorld) -> None:
    with transaction():
        since = datetime(2026, 1, 1).date()
        reading = Reading(60, since=since, skip=("Personal",), lines="  - address: x\n")
        mailbox_reading.remember(box().id, reading)
    page = gl.get(SALES)
    text = shown(page)
    assert "E-Mails seit 01.01.2026." in text
    assert "ausserdem: Personal" in text
    assert "Von vertraulichen E-Mails bleibt nur der Betreff" in text
    assert "Werkstatt Inhalt" in text
    assert gl.get(f"{SALES}/zeilen") == "  - address: x\n"


def test_a_quarantined_mail_is_tried_again(gl: Browser, world: PageWorld) -> None:
    rejected = Rejected("item-1", "ck", "unreadable", "<b>broken</b>")
    with transaction():
        quarantine.put(box().id, world.folders["verkauf"].id, [rejected])
    page = gl.get(SALES)
    assert "unreadable: &lt;b&gt;broken&lt;/b&gt;" in page
    (path,) = [one for one in actions(page) if "/quarantaene/" in one]
    gl.post(path.replace("verkauf", "werkstatt"), 404)
    gl.post(path)
    assert "wird beim nächsten Abgleich erneut versucht" in shown(gl.get(SALES))


def test_erasing_needs_a_removed_mailbox_and_its_address(
    gl: Browser, world: PageWorld
) -> None:
    world.mail("meier@kunde.example", "Boot")
    assert "Das Postfach wird noch gelesen." in shown(gl.get(f"{SALES}/loeschen"))
    gl.post(f"{SALES}/loeschen", 422, address=box().address)
    change(status=MailboxStatus.REMOVED, enabled=0)
    assert f"{SALES}/loeschen" in links(gl.get(LIST))
    assert "1 E-Mail wird endgültig gelöscht" in shown(gl.get(f"{SALES}/loeschen"))
    gl.post(f"{SALES}/loeschen", 422, address="falsch")
    assert Message.select().count() == 1
    assert gl.location(f"{SALES}/loeschen", address=box().address) == LIST
    assert Message.select().count() == 0


# --- the frame --------------------------------------------------------------------


def test_every_page_says_that_exchange_is_not_reached(
    office: Browser, world: PageWorld
) -> None:
    old = clock.now() - timedelta(minutes=6)
    for slug in ("verkauf", "werkstatt"):
        change(slug, status=MailboxStatus.OK, last_success_at=old)
    beat()
    assert "keine Verbindung zu Exchange" not in office.get("/adressen")
    change("verkauf", status=MailboxStatus.BACKING_OFF, status_code="E223")
    assert "keine Verbindung" not in office.get("/adressen")  # the other is reached
    change("werkstatt", status=MailboxStatus.BACKING_OFF, status_code="E223")
    text = shown(office.get("/adressen"))
    assert "keine Verbindung zu Exchange. Erfassen geht weiter" in text
    assert "Exchange: gestört" in text


def test_a_dead_service_is_no_connection_either(
    office: Browser, world: PageWorld
) -> None:
    old = clock.now() - timedelta(minutes=6)
    change(status=MailboxStatus.OK, last_success_at=old)
    assert "keine Verbindung zu Exchange" in office.get("/adressen")
    change(paused_at=clock.now())
    assert "keine Verbindung zu Exchange" not in office.get("/adressen")
