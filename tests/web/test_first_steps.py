"""Erste Schritte: each line ticks by itself when the thing is there."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser
from statements import counted

from crm_core import clock
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.exports import backup
from crm_core.models import (
    Account,
    Mailbox,
    MailboxKind,
    MailboxStatus,
    Subtag,
    SubtagKeyword,
    WebSession,
)
from crm_core.queries.first_steps import BACKUP_LASTS

PAGE = "/erste-schritte"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def step(browser: Browser, title: str) -> str:
    """The text of one line; «(erledigt)» stands in it once it is."""
    page = browser.get(PAGE)
    found = [shown(one) for one in re.findall(r"(?s)<li class=\"step.*?</li>", page)]
    assert len(found) == 6
    (mine,) = [one for one in found if re.match(rf"(\d )?{title} \(", one)]
    return mine


def done(browser: Browser, title: str) -> bool:
    return "(erledigt)" in step(browser, title)


def test_mailboxes_tick_once_they_are_read(gl: Browser) -> None:
    assert not done(gl, "Postfächer")
    assert "2 Postfächer, 0 bisher gelesen" in step(gl, "Postfächer")
    Mailbox.update(last_success_at=clock.now()).execute()
    assert done(gl, "Postfächer")


def test_people_tick_with_a_second_account(gl: Browser) -> None:
    assert done(gl, "Benutzer und Gruppen")
    Account.update(active=False).where(Account.login != "gl").execute()
    assert not done(gl, "Benutzer und Gruppen")
    assert "1 Konto" in step(gl, "Benutzer und Gruppen")


def test_addresses_tick_with_the_first(gl: Browser, world: PageWorld) -> None:
    assert not done(gl, "Adressen")
    world.importer()
    assert done(gl, "Adressen")


def test_subtags_tick_while_there_are_any(gl: Browser) -> None:
    assert done(gl, "Subtags")
    SubtagKeyword.delete().execute()
    Subtag.delete().execute()
    assert not done(gl, "Subtags")


def test_people_are_informed_when_no_mailbox_waits_for_it(gl: Browser) -> None:
    assert "keine Postfächer von Personen" in step(gl, "Mitarbeitende informiert")
    Mailbox.update(
        kind=MailboxKind.PERSON, status=MailboxStatus.NOT_INFORMED, name="M. Keller"
    ).where(Mailbox.slug == "werkstatt").execute()
    assert not done(gl, "Mitarbeitende informiert")
    assert "noch nicht: M. Keller" in step(gl, "Mitarbeitende informiert")
    Mailbox.update(status=MailboxStatus.OK).execute()
    assert "alle informiert" in step(gl, "Mitarbeitende informiert")
    assert done(gl, "Mitarbeitende informiert")


def test_a_backup_ticks_for_a_week(gl: Browser) -> None:
    assert "keine bekannt" in step(gl, "Sicherung")
    old = clock.now() - BACKUP_LASTS - timedelta(minutes=1)
    with clock.use(lambda: old), transaction():
        backup.record(actor="test")
    assert "letzte:" in step(gl, "Sicherung")
    assert not done(gl, "Sicherung")
    assert f"{PAGE}/sicherung" in actions(gl.get(PAGE))
    with transaction():
        backup.record(actor="test")
    assert done(gl, "Sicherung")
    assert f"{PAGE}/sicherung" not in actions(gl.get(PAGE))


def test_a_backup_made_by_other_means_can_be_noted(gl: Browser) -> None:
    gl.post(f"{PAGE}/sicherung")
    assert done(gl, "Sicherung")
    assert "hat eine Sicherung gemacht" in gl.get("/verwaltung/protokoll")


def test_each_line_leads_to_its_page(gl: Browser) -> None:
    there = set(links(gl.get(PAGE)))
    assert "/verwaltung/import" in there
    for link in there:
        if link.startswith("/"):
            answer = gl.client.get(link, base_url="https://localhost")
            assert answer.status_code in {200, 303}, link


def test_when_all_is_done_it_says_so(gl: Browser, world: PageWorld) -> None:
    assert "3 von 6 sind erledigt." in gl.get(PAGE)
    world.importer()
    Mailbox.update(last_success_at=clock.now()).execute()
    gl.post(f"{PAGE}/sicherung")
    assert "Alles ist bereit." in gl.get(PAGE)


def test_only_administrators_see_it(office: Browser, gl: Browser) -> None:
    office.get(PAGE, 403)
    office.post(f"{PAGE}/sicherung", 403)
    ago = clock.now() - accounts.PROOF_LASTS - timedelta(minutes=1)
    WebSession.update(proved_at=ago).execute()
    gl.post(f"{PAGE}/sicherung")
    assert backup.last() is None


def test_it_costs_the_same_however_much_there_is(gl: Browser, world: PageWorld) -> None:
    few = counted(lambda: gl.get(PAGE))
    for number in range(10):
        world.address(f"A{number}", f"a{number}@x.example")
    assert counted(lambda: gl.get(PAGE)) == few
