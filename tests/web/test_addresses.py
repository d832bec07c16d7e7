"""Addresses: list, tabs, capturing, changing; and who may."""

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser
from statements import counted

from crm_core.database import transaction
from crm_core.models import Address, AddressRole, AuditEvent, DocumentKind
from crm_core.records import addresses


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


FORM = {"name": "Hans Meier", "role": "customer"}


def test_without_addresses_the_list_says_how_to_get_some(office: Browser) -> None:
    assert "Noch keine Adressen." in shown(office.get("/adressen"))


def test_the_list_shows_who_where_and_how_many_open_entries(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    world.entry(address)
    world.close(entry)
    with transaction():
        addresses.update(
            address, actor="test", details=addresses.Details(number="K-1", city="Thun")
        )
    page = shown(office.get("/adressen"))
    assert "K-1 Hans Meier Thun meier@kunde.example Kunde 1" in page


def test_filters_stand_in_the_address_of_the_page(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    world.importer()
    assert "Marine Import" not in office.get("/adressen?typ=customer")
    assert "Hans Meier" not in office.get("/adressen?q=marine")
    assert "Hans Meier" in office.get("/adressen?q=meier&offen=1")
    assert "Keine Treffer." in office.get("/adressen?q=xyz")


def test_a_long_list_goes_on_with_the_same_filter(
    office: Browser, world: PageWorld
) -> None:
    for number in range(27):
        world.address(f"Kunde {number:02d}")
    first = office.get("/adressen?typ=customer")
    (more,) = [link for link in links(first) if "vor=" in link]
    assert "typ=customer" in more
    second = office.get(more)
    assert "Kunde 24" in first
    assert "Kunde 26" in second
    assert "Kunde 24" not in second


def test_a_new_address_has_its_emails_and_domains(office: Browser) -> None:
    where = office.location(
        "/adressen/neu",
        **FORM,
        emails="hans@kunde.example\r\nbuero@kunde.example",
        domains="meier.example",
        number="17",
        zip_code="3600",
        city="Thun",
        remark="Nur vormittags",
    )
    page = shown(office.get(where))
    for word in ("hans@kunde.example", "buero@kunde.example", "meier.example", "17",
                 "3600 Thun", "Nur vormittags"):  # fmt: skip
        assert word in page
    assert "Adresse «Hans Meier» gespeichert." in page


def test_an_address_without_name_is_not_saved_and_keeps_the_inputs(
    office: Browser,
) -> None:
    answer = office.post("/adressen/neu", 422, role="authority", city="Thun")
    assert "Bitte füllen Sie dieses Feld aus." in answer.text
    assert 'value="Thun"' in answer.text
    assert '<option value="authority" selected>' in answer.text
    assert Address.select().count() == 0


def test_an_email_of_another_address_names_it_and_leads_there(
    office: Browser, world: PageWorld
) -> None:
    importer = world.importer()
    answer = office.post("/adressen/neu", 422, **FORM, emails="INFO@import.example")
    assert "«info@import.example» gehört schon zu Marine Import AG." in answer.text
    assert f"/adressen/{importer.id}" in links(answer.text)
    assert Address.select().count() == 1


def test_a_number_of_another_address_is_refused(
    office: Browser, world: PageWorld
) -> None:
    office.post("/adressen/neu", **FORM, number="17")
    answer = office.post("/adressen/neu", 422, name="Huber", role="other", number="17")
    assert "«17» gehört schon zu Hans Meier." in answer.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("emails", "kein-email", "ist keine E-Mail-Adresse"),
        ("domains", "kunde", "ist keine Domäne"),
        ("name", "x" * 201, "höchstens 200"),
        ("role", "king", "Bitte wählen Sie aus der Liste."),
    ],
)
def test_a_wrong_value_stands_at_its_field(
    office: Browser, field: str, value: str, said: str
) -> None:
    answer = office.post("/adressen/neu", 422, **{**FORM, field: value})
    assert said in answer.text
    assert f'id="e-{field}"' in answer.text or f'href="#f-{field}"' in answer.text
    assert Address.select().count() == 0


def test_a_refused_change_changes_nothing_at_all(
    office: Browser, world: PageWorld
) -> None:
    world.importer()
    address, _ = world.meier()
    office.post(
        f"/adressen/{address.id}/bearbeiten",
        422,
        name="Anders",
        role="other",
        emails="info@import.example",
    )
    found = addresses.get(address.id)
    assert (found.name, found.role) == ("Hans Meier", AddressRole.CUSTOMER)


def test_an_address_can_be_changed(office: Browser, world: PageWorld) -> None:
    address, _ = world.meier()
    page = office.get(f"/adressen/{address.id}/bearbeiten")
    assert "meier@kunde.example" in page
    office.post(
        f"/adressen/{address.id}/bearbeiten",
        name="Meier AG",
        role="customer",
        emails="neu@kunde.example",
    )
    page = shown(office.get(f"/adressen/{address.id}"))
    assert "Meier AG" in page
    assert "meier@kunde.example" not in page


def test_the_tab_crm_shows_own_entries_and_those_it_takes_part_in(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    importer = world.importer()
    world.participant(entry, importer)
    own = shown(office.get(f"/adressen/{address.id}/crm"))
    other = shown(office.get(f"/adressen/{importer.id}/crm"))
    assert "CRM-1001 Motorboot" in own
    assert "eigener Eintrag" in own
    assert "Beteiligte/r (Hans Meier)" in other


def test_an_address_without_entry_offers_a_new_one(
    office: Browser, world: PageWorld
) -> None:
    importer = world.importer()
    page = office.get(f"/adressen/{importer.id}/crm")
    assert "Noch kein Eintrag." in page
    assert f"/eintraege/neu?adresse={importer.id}" in links(page)


def test_the_tab_emails_links_a_mail_with_an_open_entry(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    mail = world.mail(subject="Impeller")
    page = office.get(f"/adressen/{address.id}/e-mails")
    assert "Impeller" in page
    office.post(f"/adressen/{address.id}/e-mails/{mail.id}", entry=entry.number)
    page = shown(office.get(f"/adressen/{address.id}/e-mails"))
    assert "Verlinkt mit CRM-1001" in page


def test_mail_of_a_closed_mailbox_is_not_on_the_address(
    gl: Browser, workshop: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    world.mail(subject="Geheimes", confidential=True)
    assert "Geheimes" in gl.get(f"/adressen/{address.id}/e-mails")
    page = workshop.get(f"/adressen/{address.id}/e-mails")
    assert "Geheimes" not in page
    assert "Keine E-Mails dieser Adresse, die Sie sehen dürfen." in page


def test_a_name_that_looks_like_an_address_is_not_shown(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    world.mail(name="boss@firma.ch")
    page = shown(office.get(f"/adressen/{address.id}/e-mails"))
    assert "boss@firma.ch" not in page
    assert "meier@kunde.example" in page


def test_the_tab_documents_shows_those_of_the_address(
    office: Browser, world: PageWorld
) -> None:
    from crm_core.records import documents

    address, entry = world.meier()
    with transaction():
        report = documents.upsert(
            DocumentKind.REPORT, "R-1", title="Service", actor="x",
            address_id=address.id,
        )  # fmt: skip
    world.link_document(entry, report)
    page = office.get(f"/adressen/{address.id}/belege")
    assert "Rapport R-1 Service" in shown(page)
    assert "/belege/rapport/R-1" in links(page)
    assert "/eintraege/1001" in links(page)


def test_the_workshop_reads_addresses_but_does_not_change_them(
    workshop: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    assert "/adressen/neu" not in links(workshop.get("/adressen"))
    workshop.get(f"/adressen/{address.id}")
    workshop.get("/adressen/neu", 403)
    workshop.post("/adressen/neu", 403, **FORM)
    workshop.get(f"/adressen/{address.id}/bearbeiten", 403)
    workshop.post(f"/adressen/{address.id}/bearbeiten", 403, **FORM)
    workshop.get("/adressen.csv", 403)


def test_entries_hidden_from_a_group_are_not_counted_for_it(
    workshop: Browser, world: PageWorld
) -> None:
    address = world.address("Hans Meier")
    world.entry(address, "Offerte Boot", "offerte")
    assert "Offerte Boot" not in workshop.get(f"/adressen/{address.id}/crm")
    assert "Kunde 1" not in shown(workshop.get("/adressen"))
    assert "Keine Treffer" in workshop.get("/adressen?offen=1")


@pytest.mark.parametrize("path", ["999", "999/crm", "999/e-mails", "999/belege"])
def test_an_address_that_is_not_there_is_not_found(office: Browser, path: str) -> None:
    office.get(f"/adressen/{path}", 404)
    office.get(f"/adressen/{path.replace('999', '99999999999999999999')}", 404)


def test_a_made_up_cursor_is_refused_with_a_sentence(office: Browser) -> None:
    office.get("/adressen?vor=quatsch", 422)


def test_the_csv_is_for_excel_and_holds_no_formula(
    gl: Browser, world: PageWorld
) -> None:
    world.address('=HYPERLINK("http://evil")', "evil@kunde.example")
    for start in ("+", "-", "@", "\t", "\r"):
        world.address(f"x{start}")
    with transaction():
        addresses.create(
            "Plus", AddressRole.OTHER, actor="x",
            details=addresses.Details(city="+41 Ort", number="-1"),
        )  # fmt: skip
    answer = gl.client.get("/adressen.csv", base_url="https://localhost")
    raw = answer.data
    assert raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Nr.;Name;Firma;Ort;E-Mail;Typ")
    assert "'=HYPERLINK" in text
    assert "'-1;Plus;;'+41 Ort" in text
    for line in text.splitlines():
        for cell in line.split(";"):
            assert cell.lstrip('"')[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert "attachment" in answer.headers["Content-Disposition"]
    assert AuditEvent.select().where(AuditEvent.action == "list_exported").exists()


def test_the_csv_follows_the_filter(gl: Browser, world: PageWorld) -> None:
    world.meier()
    world.importer()
    answer = gl.client.get("/adressen.csv?typ=supplier", base_url="https://localhost")
    assert "Marine Import AG" in answer.text
    assert "Hans Meier" not in answer.text


def test_a_long_export_asks_for_the_password_again(
    gl: Browser, world: PageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm_core.models import WebSession
    from crm_web import csv_export

    world.meier()
    world.importer()
    monkeypatch.setattr(csv_export, "PROVE_BEYOND", 1)
    WebSession.update(proved_at="2020-01-01T00:00:00.000Z").execute()
    answer = gl.client.get("/adressen.csv", base_url="https://localhost")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/bestaetigen?weiter=/adressen.csv")


def test_the_number_of_queries_does_not_depend_on_the_rows(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    world.link(entry, world.mail())
    paths = ["/adressen", *(f"/adressen/{address.id}{t}" for t in ("/crm", "/e-mails"))]
    few = {path: counted(lambda p=path: office.get(p)) for path in paths}
    for number in range(15):
        other = world.address(f"Kunde {number}", f"k{number}@kunde.example")
        world.participant(world.entry(address, f"Eintrag {number}"), other)
        world.link(entry, world.mail(subject=f"Mail {number}"))
    many = {path: counted(lambda p=path: office.get(p)) for path in paths}
    assert many == few


def test_every_form_of_the_area_is_a_real_form(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    assert "/adressen/neu" in actions(office.get("/adressen/neu"))
    edit = f"/adressen/{address.id}/bearbeiten"
    assert edit in actions(office.get(edit))
