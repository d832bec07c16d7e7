"""Search: groups, marks, numbers that jump, nothing of what may not be seen."""

import pytest
from flask import Flask
from mail_content import store
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

from crm_core import database
from crm_core.models import DocumentKind, Entry


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def test_parts_of_words_and_written_out_umlauts_are_found(
    office: Browser, world: PageWorld
) -> None:
    address = world.address("Müller Bootsbau")
    world.entry(address, "Aussenbordmotor läuft unrund", "offerte")
    page = office.get("/suche?q=motor")
    assert "Aussenbord<mark>motor</mark> läuft unrund" in page
    assert "<mark>Müller</mark> Bootsbau" in office.get("/suche?q=mueller")


def test_hits_stand_in_groups_with_their_numbers(
    office: Browser, world: PageWorld
) -> None:
    address = world.address("Motor Meier", "meier@kunde.example")
    entry = world.entry(address, "Motor kaputt", "offerte")
    world.mail(subject="Motor")
    world.task(entry, "Motor ausbauen", who="frei")
    world.document("R-1", "Motor revidiert")
    page = shown(office.get("/suche?q=motor"))
    for group in ("Einträge 1", "Adressen 1", "E-Mails 1", "Aufgaben 1", "Belege 1"):
        assert group in page
    only = shown(office.get("/suche?q=motor&typ=belege"))
    assert "Belege 1" in only
    assert "Einträge 1" not in only


def test_every_hit_leads_to_its_page(office: Browser, world: PageWorld) -> None:
    address = world.address("Motor Meier", "meier@kunde.example")
    entry = world.entry(address, "Motor kaputt", "offerte")
    message = world.mail(subject="Motor")
    task = world.task(entry, "Motor ausbauen", who="frei")
    world.document("R 1/2", "Motor revidiert")
    found = links(office.get("/suche?q=motor"))
    for wanted in (
        f"/eintraege/{entry.number}",
        f"/adressen/{address.id}/crm",
        f"/email/{message.id}",
        f"/eintraege/{entry.number}#aufgabe-{task.id}",
        "/belege/rapport/R%201%2F2",
    ):
        assert wanted in found


@pytest.mark.parametrize("text", ["CRM-{n}", "[CRM-{n}]", "crm-{n}"])
def test_a_number_with_its_prefix_jumps(
    office: Browser, world: PageWorld, text: str
) -> None:
    _, entry = world.meier()
    answer = office.client.get(
        "/suche",
        query_string={"q": text.format(n=entry.number)},
        base_url="https://localhost",
    )
    assert answer.headers["Location"] == f"/eintraege/{entry.number}"


def test_a_documents_number_jumps(office: Browser, world: PageWorld) -> None:
    world.document("LS-2026-0815", "Impeller", DocumentKind.DELIVERY_NOTE)
    answer = office.client.get("/suche?q=ls-2026-0815", base_url="https://localhost")
    assert answer.headers["Location"] == "/belege/lieferschein/LS-2026-0815"


def test_a_bare_number_stands_first_among_the_hits(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.mail(subject=f"Rechnung {entry.number}")
    page = shown(office.get(f"/suche?q={entry.number}"))
    assert f"Genau diese Nummer: CRM-{entry.number}" in page
    assert "E-Mails 1" in page


def test_nothing_found_says_what_to_try(office: Browser, world: PageWorld) -> None:
    assert (
        "Nichts gefunden für «xyzzy». Tipp: Nummern gehen auch ohne Präfix."
        in shown(office.get("/suche?q=xyzzy"))
    )
    world.address("Müller Bootsbau")
    assert "Meinten Sie mueller" in shown(office.get("/suche?q=muller"))


def test_an_empty_search_explains_itself(office: Browser) -> None:
    assert "«motor» findet «Aussenbordmotor»" in shown(office.get("/suche"))


def test_pendenzen_are_tasks(office: Browser) -> None:
    answer = office.client.get("/suche?q=Pendenzen", base_url="https://localhost")
    assert answer.headers["Location"] == "/aufgaben"


def test_what_may_not_be_seen_is_neither_found_nor_counted_nor_reached(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    Entry.update(management_only=True).where(Entry.id == entry.id).execute()
    message = world.mail(subject="Kündigung Segelmacher")
    store(message, "Geheimnis")
    database.execute("DELETE FROM mailbox_access")
    for text in ("Segelmacher", "Geheimnis", "Motorboot"):
        assert "Nichts gefunden" in office.get(f"/suche?q={text}")
    answer = office.client.get(
        f"/suche?q=CRM-{entry.number}", base_url="https://localhost"
    )
    assert answer.status_code == 200
    assert f"/eintraege/{entry.number}" not in answer.text


def test_with_the_subject_only_the_text_is_neither_searched_nor_quoted(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail(subject="Winterlager")
    store(message, "Winterlager und Geheimnis")
    database.execute("UPDATE mailbox_access SET visibility = 'subject'")
    assert "Nichts gefunden" in office.get("/suche?q=geheimnis")
    assert "Geheimnis" not in office.get("/suche?q=winterlager")


def test_the_number_of_queries_does_not_grow(office: Browser, world: PageWorld) -> None:
    address, entry = world.meier()
    world.mail(subject="Motor")
    office.get("/suche?q=motor")
    few = counted(lambda: office.get("/suche?q=motor"))
    for number in range(15):
        world.link(entry, world.mail(subject=f"Motor {number}"))
        world.entry(address, f"Motor {number}", "offerte")
    assert counted(lambda: office.get("/suche?q=motor")) == few
