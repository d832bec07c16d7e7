"""Belege: linking from both sides; the document's page shows its entries."""

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

from crm_core.database import transaction
from crm_core.models import Document, DocumentKind, EntryDocument
from crm_core.records import documents


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def delivered(number: str, title: str = "Impeller", **more: object) -> Document:
    kind = DocumentKind.DELIVERY_NOTE
    with transaction():
        return documents.upsert(kind, number, title=title, actor="erp", **more)  # type: ignore[arg-type]


def test_documents_of_the_participants_are_offered_others_by_number(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    delivered("LS-1", address_id=address.id)
    delivered("LS-2026-0815")
    page = shown(office.get("/eintraege/1001/belege"))
    assert "Lieferschein LS-1 Impeller" in page
    assert "0815" not in page
    for path in ("belege?q=0815", "belege/auswahl?q=0815"):
        assert "LS-2026-0815" in office.get(f"/eintraege/1001/{path}")
    nothing = office.get("/eintraege/1001/belege?q=zzz")
    assert "So heisst kein Beleg." in nothing


def test_a_linked_document_shows_the_entry(office: Browser, world: PageWorld) -> None:
    world.meier()
    world.document("R-2231", "Winterservice")
    where = office.location("/eintraege/1001/belege", document="report/R-2231")
    assert where == "/eintraege/1001#belege"
    page = office.get("/eintraege/1001")
    assert "Rapport R-2231 verlinkt." in page
    assert "/belege/rapport/R-2231" in links(page)
    page = office.get("/belege/rapport/R-2231")
    assert "CRM-1001 Motorboot" in shown(page)
    assert "/eintraege/1001" in links(page)
    assert "CRM-1001" in office.get("/belege/report/R-2231")  # the API's word too


def test_a_linked_document_is_not_offered_again(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    document = world.document("R-1")
    world.link_document(entry, document)
    page = office.get("/eintraege/1001/belege?q=R-1")
    assert "So heisst kein Beleg." in page


def test_a_document_can_be_taken_out(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.link_document(entry, world.document("R-1"))
    office.post("/eintraege/1001/belege/entfernen", document="report/R-1")
    assert EntryDocument.select().count() == 0
    office.post("/eintraege/1001/belege/entfernen", 404, document="report/R-1")


def test_numbers_with_odd_letters_are_reached(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    number = "R/2026 17?#ä"
    world.link_document(entry, world.document(number))
    (href,) = {u for u in links(office.get("/eintraege/1001")) if "/belege/rap" in u}
    assert "Motorboot" in office.get(href)


def test_nothing_ticked_or_unknown_is_told(office: Browser, world: PageWorld) -> None:
    world.meier()
    answer = office.post("/eintraege/1001/belege", 422)
    assert "Bitte kreuzen Sie mindestens einen Beleg an." in answer.text
    office.post("/eintraege/1001/belege", 404, document="report/R-9")
    office.post("/eintraege/1001/belege", 404, document="invoice/R-9")
    office.get("/belege/rapport/R-9", 404)
    office.get("/belege/rechnung/R-9", 404)


def test_entries_hidden_from_the_reader_are_not_on_the_document(
    office: Browser, workshop: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.link_document(entry, world.document("R-1"))
    page = workshop.get("/belege/rapport/R-1")
    assert "Motorboot" not in page
    assert "Mit keinem Eintrag verlinkt." in page
    assert "CRM-1001" not in workshop.get("/belege")
    assert "CRM-1001" in office.get("/belege")


def test_a_document_is_linked_from_its_own_page(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    delivered("LS-1", address_id=address.id)
    page = office.get("/belege/lieferschein/LS-1")
    assert '<option value="1001">CRM-1001 Motorboot' in page
    office.post("/belege/lieferschein/LS-1", entry="1001")
    assert EntryDocument.select().count() == 1
    office.post("/belege/lieferschein/LS-1", 404, entry="4711")


def test_only_a_web_address_of_the_erp_becomes_a_link(
    office: Browser, world: PageWorld
) -> None:
    document = world.document("R-1")
    for url, is_link in (
        ("https://erp.example/r/1", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
    ):
        Document.update(url=url).where(Document.id == document.id).execute()
        assert (url in links(office.get("/belege/rapport/R-1"))) is is_link


def test_the_list_finds_by_number_and_title_and_costs_the_same(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.link_document(entry, world.document("R-0", "Überholung"))
    assert "R-0" in office.get("/belege?q=ueberholung")
    assert "Keine Treffer." in office.get("/belege?q=zzz")
    few = counted(lambda: office.get("/belege"))
    for number in range(30):
        world.link_document(entry, world.document(f"R-{number}"))
    page = office.get("/belege")
    assert counted(lambda: office.get("/belege")) == few
    (more,) = [link for link in links(page) if "vor=" in link]
    assert "Rapport" in office.get(more)
