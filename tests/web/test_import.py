"""Verwaltung › Import: a file, its preview, what is written, and the rows that failed."""

import csv
import io
import re

import pytest
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

from crm_core.models import Address, AddressImport, AddressRole

HEAD = "Kundennr.;Firma;Name;Vorname;E-Mail;Telefon;Ort\r\n"
ROWS = (
    "17;Meier AG;Meier;Hans;hans@meier.example;;Zug\r\n"
    ";;Müller;Anna;anna@mueller.example;;Baar\r\n"
    ";;;;kaputt@;;\r\n"
)


def upload(who: Browser, text: str = HEAD + ROWS, status: int = 303) -> str:
    file = (io.BytesIO(text.encode("cp1252")), "kunden.csv")
    return who.post("/verwaltung/import", status, file=file).text


def take(who: Browser, status: int = 303) -> str:
    page = who.get("/verwaltung/import/vorschau")
    (stamp,) = re.findall(r'name="stamp" value="(\w+)"', page)
    return who.post("/verwaltung/import/uebernehmen", status, stamp=stamp).text


def test_the_preview_says_what_each_row_would_do_and_writes_nothing(
    office: Browser,
) -> None:
    upload(office)
    page = shown(office.get("/verwaltung/import/vorschau"))
    assert "2 neu, 1 Fehler (Zeile 4)" in page
    assert "3 neu Müller Anna" in page
    assert "4 Fehler Die Adresse braucht einen Namen" in page
    assert "Noch ist nichts geschrieben." in page
    assert Address.select().count() == 0


def test_taken_over_it_says_how_many_and_gives_the_failed_rows(office: Browser) -> None:
    upload(office)
    take(office)
    page = shown(office.get("/verwaltung/import/ergebnis"))
    assert "2 neu, 1 Fehler (Zeile 4)" in page
    assert {row.name for row in Address.select()} == {"Hans Meier", "Anna Müller"}
    text = office.get("/verwaltung/import/fehler.csv").removeprefix("\ufeff")
    header, row = csv.reader(io.StringIO(text), delimiter=";")
    assert header[-2:] == ["Zeile", "Grund"]
    assert row[4:] == ["kaputt@", "", "", "4", "Die Adresse braucht einen Namen"]


def test_the_same_file_again_changes_nothing(office: Browser) -> None:
    upload(office)
    take(office)
    upload(office)
    page = office.get("/verwaltung/import/vorschau")
    assert "0 neu, 2 unverändert, 1 Fehler" in shown(page)
    assert "/verwaltung/import/uebernehmen" not in page


def test_the_failed_rows_corrected_can_be_imported_as_they_come(
    office: Browser,
) -> None:
    upload(office, HEAD + ";;;;;'+41 44;Zug\r\n")
    page = office.get("/verwaltung/import/vorschau")
    assert "uebernehmen" not in page  # nothing to write
    upload(office, HEAD + ";;;;x@y.example;+41 44;Zug\r\n;;Frei;;;;\r\n")
    take(office)
    text = office.get("/verwaltung/import/fehler.csv")
    assert "'+41 44" in text
    upload(office, text.replace("\ufeff", "").replace(";;;;x@", ";;Huber;;x@"))
    take(office)
    assert Address.get(Address.name == "Huber").phone == "+41 44"


def test_existing_addresses_are_updated_or_left(
    office: Browser, world: PageWorld
) -> None:
    address = world.address("Hans Meier", "hans@meier.example")
    upload(office)
    page = office.get("/verwaltung/import/vorschau")
    assert "1 neu, 1 geändert" in shown(page)
    assert f"/adressen/{address.id}" in links(page)
    assert "Kundennr., Firma, Ort" in shown(page)
    office.post("/verwaltung/import/vorschau", **chosen(page), existing="skip")
    page = shown(office.get("/verwaltung/import/vorschau"))
    assert "1 neu, 1 ausgelassen" in page
    take(office)
    assert Address.get_by_id(address.id).company == ""


def chosen(page: str) -> dict[str, str]:
    """What the selects of the preview say."""
    found = {}
    for name, inside in re.findall(r'(?s)<select[^>]*name="([^"]+)">(.*?)</sel', page):
        (found[name],) = re.findall(r'value="([^"]*)" selected', inside)
    found.pop("existing")
    return found


def test_columns_can_be_chosen_otherwise(office: Browser) -> None:
    upload(office, "Kunde;Wo\r\nMeier;Zug\r\n")
    page = office.get("/verwaltung/import/vorschau")
    assert "Wählen Sie eine Spalte für Name oder Firma" in shown(page)
    fields = {"column-0": "company", "column-1": "city", "role": "supplier"}
    office.post("/verwaltung/import/vorschau", **fields)
    take(office)
    address = Address.get()
    assert (address.name, address.city) == ("Meier", "Zug")
    assert address.role is AddressRole.SUPPLIER


def test_two_columns_for_one_field_are_refused_and_the_choice_kept(
    office: Browser,
) -> None:
    upload(office)
    page = office.get("/verwaltung/import/vorschau")
    fields = {**chosen(page), "column-1": "name"}
    answer = office.post("/verwaltung/import/vorschau", 422, **fields)
    assert "Zwei Spalten sind für dasselbe Feld gewählt" in answer.text
    assert '<option value="name" selected>' in answer.text


def test_our_own_list_comes_back_unchanged(office: Browser, world: PageWorld) -> None:
    world.importer()
    world.address("=Formel", "x@y.example", "z@y.example")
    exported = office.get("/adressen.csv")
    assert "'=Formel" in exported
    file = (io.BytesIO(exported.encode()), "adressen.csv")
    office.post("/verwaltung/import", file=file)
    page = shown(office.get("/verwaltung/import/vorschau"))
    assert "0 neu, 2 unverändert" in page


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Die Datei ist leer"),
        ("PK\x03\x04", "Das ist keine CSV-Datei"),
        ("Name\r\n" + "x\r\n" * 10_001, "mehr als 10000 Zeilen"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    office: Browser, text: str, why: str
) -> None:
    assert why in upload(office, text, 422)
    assert AddressImport.select().count() == 0


def test_no_file_is_told(office: Browser) -> None:
    answer = office.post("/verwaltung/import", 422)
    assert "Bitte wählen Sie eine Datei." in answer.text


def test_what_changed_since_the_preview_is_not_applied(office: Browser) -> None:
    upload(office)
    answer = office.post("/verwaltung/import/uebernehmen", 409, stamp="0")
    assert "Die Vorschau hat sich inzwischen geändert" in answer.text
    assert Address.select().count() == 0


def test_the_file_is_its_account_s_alone_and_can_be_discarded(
    office: Browser, gl: Browser
) -> None:
    upload(office)
    page = gl.client.get("/verwaltung/import/vorschau", base_url="https://localhost")
    assert page.headers["Location"] == "/verwaltung/import"
    assert "kunden.csv" in office.get("/verwaltung/import")
    office.post("/verwaltung/import/verwerfen")
    assert AddressImport.select().count() == 0
    for where in ("vorschau", "ergebnis", "fehler.csv"):
        path = f"/verwaltung/import/{where}"
        answer = office.client.get(path, base_url="https://localhost")
        assert answer.headers["Location"] == "/verwaltung/import"


def test_only_who_keeps_the_master_data_imports(
    workshop: Browser, office: Browser
) -> None:
    workshop.get("/verwaltung/import", 403)
    upload(workshop, status=403)
    assert AddressImport.select().count() == 0
    assert "/verwaltung/import" in links(office.get("/adressen"))
    assert "/verwaltung/import" not in links(workshop.get("/adressen"))


def test_the_preview_costs_the_same_for_many_rows(office: Browser) -> None:
    def cost(rows: int) -> int:
        body = "".join(f"{n};;Kunde {n};;k{n}@x.example;;\r\n" for n in range(rows))
        upload(office, HEAD + body)
        return counted(lambda: office.get("/verwaltung/import/vorschau"))

    assert cost(3) == cost(300)


def test_a_name_with_markup_stays_text(office: Browser) -> None:
    upload(office, HEAD + ";;<script>alert(1)</script>;;;;\r\n")
    page = office.get("/verwaltung/import/vorschau")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.fixture
def world(office: Browser) -> PageWorld:
    return PageWorld()
