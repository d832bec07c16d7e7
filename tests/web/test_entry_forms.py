"""A new entry from the address, its mandatory fields, and changing one."""

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser

from crm_core.access import staff
from crm_core.database import transaction
from crm_core.models import Access, Entry, EntryMail, Note
from crm_core.records import entries
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def test_the_form_knows_address_and_me(office: Browser, world: PageWorld) -> None:
    address = world.importer()
    page = office.get(f"/eintraege/neu?adresse={address.id}")
    assert "Marine Import AG" in page
    assert f'name="address" value="{address.id}"' in page
    assert '<option value="frei" selected>frei (ich)' in page
    assert "Verkauf › Boot › Offerte" in page


def test_one_pick_of_the_select_sets_all_three_levels(
    office: Browser, world: PageWorld
) -> None:
    address = world.importer()
    where = office.location(
        "/eintraege/neu",
        address=address.id,
        title="Neuboot",
        subtag="offerte",
        responsible="frei",
        description="Mit Kajüte",
    )
    assert where == "/eintraege/1001"
    page = shown(office.get(where))
    assert "CRM-1001 gespeichert." in page
    assert "Neuboot CRM-1001 Offen" in page
    assert "Verkauf › Boot › Offerte · Verantwortlich: frei" in page
    assert "Mit Kajüte" in page


def test_save_and_task_leads_on_to_the_task_form(
    office: Browser, world: PageWorld
) -> None:
    where = office.location(
        "/eintraege/neu", address=world.importer().id, title="Neuboot",
        subtag="offerte", responsible="frei", and_task="1",
    )  # fmt: skip
    assert where == "/eintraege/1001#neue-aufgabe"


def test_every_missing_field_is_named_at_once_and_the_inputs_stay(
    office: Browser, world: PageWorld
) -> None:
    address = world.importer()
    answer = office.post(
        "/eintraege/neu", 422, address=address.id, description="bleibt da"
    )
    page = answer.text
    assert "Bitte füllen Sie dieses Feld aus." in page
    assert "Bitte wählen Sie einen Subtag." in page
    assert "bleibt da" in page
    for field in ("title", "subtag", "responsible"):
        assert f'href="#f-{field}"' in page
    assert Entry.select().count() == 0


def test_without_address_one_is_chosen_first(office: Browser, world: PageWorld) -> None:
    address = world.importer()
    page = office.get("/eintraege/neu?q=marine")
    assert f"/eintraege/neu?adresse={address.id}" in links(page)
    answer = office.post(
        "/eintraege/neu", 422, title="x", subtag="offerte", responsible="frei"
    )
    assert "Der Eintrag braucht eine Adresse" in answer.text


def test_only_subtags_the_person_may_write_are_offered(
    office: Browser, workshop: Browser, world: PageWorld
) -> None:
    address = world.importer()
    assert "Motorstörung" not in office.get(f"/eintraege/neu?adresse={address.id}")
    page = workshop.get(f"/eintraege/neu?adresse={address.id}")
    assert "Werkstatt › Motor › Motorstörung" in page
    assert "Offerte" not in page


@pytest.mark.parametrize("subtag", ["stoerung", "quatsch"])
def test_a_subtag_beyond_the_rights_is_refused(
    office: Browser, world: PageWorld, subtag: str
) -> None:
    office.post(
        "/eintraege/neu", 422, address=world.importer().id, title="x",
        subtag=subtag, responsible="frei",
    )  # fmt: skip
    assert Entry.select().count() == 0


def test_the_combobox_filters_on_the_server_last_used_first(
    gl: Browser, world: PageWorld
) -> None:
    assert "Offerte" in gl.get("/eintraege/subtags?q=ver off")
    assert "Motor" not in gl.get("/eintraege/subtags?q=ver off")
    assert "So heisst kein Subtag." in gl.get("/eintraege/subtags?q=zzz")
    gl.post(
        "/eintraege/neu", address=world.importer().id, title="x",
        subtag="stoerung", responsible="gl",
    )  # fmt: skip
    page = gl.get("/eintraege/subtags?q=")
    assert page.index("Motorstörung") < page.index("Offerte")
    assert "Zuletzt verwendet" in gl.get("/eintraege/neu?adresse=1")


def test_a_keyword_finds_its_subtag(gl: Browser) -> None:
    assert "Boot › Offerte" in gl.get("/eintraege/subtags?q=OFFERTE")


def test_a_subtag_may_demand_a_note(gl: Browser, world: PageWorld) -> None:
    group = TagGroupSpec(
        "recht", "Recht", (("GL", Access.FULL),),
        (TagSpec("amt", "Amt", (SubtagSpec("pruefung", "Prüfung", (), ("note",)),)),),
    )  # fmt: skip
    with transaction():
        classification.import_taxonomy([group], actor="test")
    fields = {"address": world.importer().id, "title": "x", "subtag": "pruefung",
              "responsible": "gl"}  # fmt: skip
    answer = gl.post("/eintraege/neu", 422, **fields)
    assert "Einträge dieses Subtags brauchen eine Notiz." in answer.text
    gl.post("/eintraege/neu", **fields, note="Termin am 3.")
    assert [note.text for note in Note.select()] == ["Termin am 3."]


def test_an_entry_out_of_a_mail_is_prefilled_and_linked(
    office: Browser, world: PageWorld
) -> None:
    address = world.importer()
    mail = world.mail("info@import.example", "AW: Lieferung Impeller")
    page = office.get(f"/eintraege/neu?adresse={address.id}&email={mail.id}")
    assert 'value="Lieferung Impeller"' in page
    assert "Das E-Mail wird verlinkt." in page
    office.post(
        "/eintraege/neu", address=address.id, title="Lieferung", subtag="offerte",
        responsible="frei", email=mail.id,
    )  # fmt: skip
    assert EntryMail.get().anchor_id == mail.id


def test_a_mail_out_of_sight_prefills_nothing(
    workshop: Browser, world: PageWorld
) -> None:
    mail = world.mail(subject="Geheim", confidential=True)
    workshop.get(f"/eintraege/neu?adresse={world.importer().id}&email={mail.id}", 404)


def test_follow_up_is_typed_and_a_wrong_one_refused(
    office: Browser, world: PageWorld
) -> None:
    fields = {"address": world.importer().id, "title": "x", "subtag": "offerte",
              "responsible": "frei"}  # fmt: skip
    answer = office.post("/eintraege/neu", 422, **fields, follow_up_on="irgendwann")
    assert "ist kein Datum, das wir kennen" in answer.text
    office.post("/eintraege/neu", **fields, follow_up_on="1.12.2026")
    assert str(Entry.get().follow_up_on) == "2026-12-01"


def test_only_gl_can_hide_an_entry_and_only_gl_sees_it(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    address = world.importer()
    fields = {"address": address.id, "subtag": "offerte", "management_only": "1"}
    gl.post("/eintraege/neu", **fields, title="Vertraulich", responsible="gl")
    office.post("/eintraege/neu", **fields, title="Offen", responsible="frei")
    assert {e.title: e.management_only for e in Entry.select()} == {
        "Vertraulich": True, "Offen": False,
    }  # fmt: skip
    assert "Nur für GL" in gl.get("/eintraege/1001")
    office.get("/eintraege/1001", 404)
    assert "management_only" not in office.get(f"/eintraege/neu?adresse={address.id}")


def test_an_entry_can_be_changed(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    page = office.get("/eintraege/1001/bearbeiten")
    assert 'value="Motorboot"' in page
    assert 'name="version" value="1"' in page
    office.post(
        "/eintraege/1001/bearbeiten", title="Segelboot", subtag="offerte",
        responsible="gl", version="1",
    )  # fmt: skip
    found = entries.by_number(entry.number)
    assert (found.title, found.responsible.key) == ("Segelboot", "gl")


def test_the_second_of_two_is_told_keeps_the_inputs_and_may_overwrite(
    office: Browser, gl: Browser, world: PageWorld
) -> None:
    world.meier()
    fields = {"subtag": "offerte", "responsible": "frei"}
    gl.post("/eintraege/1001/bearbeiten", title="Von GL", version="1", **fields)
    answer = office.post(
        "/eintraege/1001/bearbeiten", 409, title="Von Frei", version="1", **fields
    )
    page = shown(answer.text)
    assert "Inzwischen von gl geändert" in page
    assert "Ihre Eingaben sind noch da." in page
    assert 'value="Von Frei"' in answer.text
    assert "Vergleichen" in page
    assert "Titel Von GL Von Frei" in page
    assert 'name="version" value="2"' in answer.text
    office.post("/eintraege/1001/bearbeiten", title="Von Frei", version="2", **fields)
    assert entries.by_number(1001).title == "Von Frei"


def test_without_a_version_nothing_is_overwritten(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    office.post(
        "/eintraege/1001/bearbeiten", 409, title="x", subtag="offerte",
        responsible="frei",
    )  # fmt: skip
    assert entries.by_number(1001).title == "Motorboot"


def test_who_may_only_read_cannot_change(
    office: Browser, workshop: Browser, world: PageWorld
) -> None:
    address = world.address("Hans Meier")
    world.entry(address)  # the workshop's: the office reads it
    office.get("/eintraege/1001/bearbeiten", 403)
    office.post("/eintraege/1001/bearbeiten", 403, title="x")
    world.entry(address, "Boot", "offerte")
    workshop.get("/eintraege/1002/bearbeiten", 404)
    workshop.post("/eintraege/1002/bearbeiten", 404, title="x")


def test_an_inactive_colleague_is_not_offered(
    office: Browser, world: PageWorld
) -> None:
    with transaction():
        gone = staff.add_employee("alt", "Alt Gedient", actor="test")
        gone.active = False
        gone.save()
    page = office.get(f"/eintraege/neu?adresse={world.importer().id}")
    assert "Alt Gedient" not in page


def test_the_forms_are_real_forms(office: Browser, world: PageWorld) -> None:
    world.meier()
    assert "/eintraege/neu" in actions(office.get("/eintraege/neu?adresse=1"))
    edit = "/eintraege/1001/bearbeiten"
    assert edit in actions(office.get(edit))
