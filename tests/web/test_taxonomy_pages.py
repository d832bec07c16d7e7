"""Gruppen, Tags, Subtags: the tree and its forms, and what entries make of them."""

import re
from html import unescape
from pathlib import Path

import pytest
from company_files import write_company
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

import config
from crm_core.database import transaction
from crm_core.models import (
    Access,
    AuditEvent,
    Employee,
    Entry,
    Right,
    StaffGroup,
    Subtag,
    SubtagKeyword,
    Tag,
    TagGroup,
    TagGroupAccess,
    Task,
    TaskTemplate,
    WebSession,
)
from crm_core.tags import classification, taxonomy
from crm_core.tags.taxonomy import Names

TREE = "/verwaltung/gruppen-tags"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def offerte() -> Subtag:
    found = Subtag.get(Subtag.key == "offerte")
    assert isinstance(found, Subtag)
    return found


def fields(page: str) -> dict[str, object]:
    """What a browser would send of the page's main form."""
    form = re.search(r'(?s)<main.*?<form method="post"(.*?)</form>', page)
    assert form is not None
    found: dict[str, object] = {}
    for tag in re.findall(r"<input [^>]*>", form.group(1)):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if given.get("type") in {"checkbox", "radio"} and " checked" not in tag:
            continue
        if "name" in given and given["name"] != "form_key":
            found[given["name"]] = unescape(given.get("value", ""))
    for name, inside in re.findall(
        r'(?s)<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form.group(1)
    ):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inside)
        chosen = [value for value, mark in options if mark] or [options[0][0]]
        found[name] = unescape(chosen[0])
    return found


def save(browser: Browser, path: str, status: int = 303, **changed: object) -> str:
    """Open the form, change something, save: as somebody at the keyboard does."""
    given = {**fields(browser.get(path)), **changed}
    return browser.post(path, status, **given).text


# --- the tree -----------------------------------------------------------------------


def test_the_tree_shows_three_levels_words_and_rights(gl: Browser) -> None:
    page = shown(gl.get(TREE))
    for text in ("Verkauf", "Boot", "Offerte", "#offerte", "GL: lesen und ändern"):
        assert text in page
    assert f"{TREE}/subtag/{offerte().id}" in links(gl.get(TREE))


def test_only_administrators_get_there(
    office: Browser, workshop: Browser, stranger: Browser
) -> None:
    subtag = offerte().id
    for path in (TREE, f"{TREE}.csv", f"{TREE}/vorschau", f"{TREE}/subtag/{subtag}"):
        office.get(path, 403)
        workshop.get(path, 403)
        stranger.get(path, 303)
    office.post(f"{TREE}/subtag/{subtag}", 403, name="Meins")
    office.post(f"{TREE}/subtag/{subtag}/loeschen", 403)
    assert offerte().name == "Offerte"


def test_the_tree_costs_the_same_however_large(gl: Browser) -> None:
    few = counted(lambda: gl.get(TREE))
    with transaction():
        for number in range(20):
            group = taxonomy.add_group(
                taxonomy.GroupDraft(Names(f"G{number}")), actor="test"
            )
            tag = taxonomy.add_tag(group, Names("T"), actor="test")
            draft = taxonomy.SubtagDraft(Names("S"), (f"wort{number}",))
            taxonomy.add_subtag(tag, draft, actor="test")
    assert counted(lambda: gl.get(TREE)) == few
    assert "#wort19" in gl.get(TREE)


def test_an_empty_taxonomy_offers_the_starter_set_once(gl: Browser) -> None:
    for model in (Subtag, Tag, TagGroup):
        model.delete().execute()
    assert "Startset übernehmen" in gl.get(TREE)
    gl.post(f"{TREE}/startset")
    page = shown(gl.get(TREE))
    assert "Motorstörung" in page
    assert "Engine trouble" in page
    assert "Startset übernehmen" not in page
    answer = gl.post(f"{TREE}/startset", 409)
    assert "Es gibt schon Gruppen" in answer.text
    rights = TagGroupAccess.select().join(TagGroup).where(TagGroup.key == "verkauf")
    assert {row.staff_group.name for row in rights} == {"GL", "Administration"}


def test_the_list_can_be_taken_along_without_formulas(gl: Browser) -> None:
    save(gl, f"{TREE}/subtag/{offerte().id}", name="=1+1", keywords="#offerte")
    text = gl.get(f"{TREE}.csv")
    assert text.startswith("\ufeffGruppe;Tag;Subtag;")
    assert "Verkauf;Boot;'=1+1;" in text
    assert AuditEvent.select().where(AuditEvent.action == "list_exported").exists()


def test_the_commissioning_file_says_the_same_when_it_is_read_again(
    gl: Browser, office: Browser, tmp_path: Path
) -> None:
    name = 'Über «Offerte»: "ja", #1 \\ 🛥 - {x}'
    group = TagGroup.get(TagGroup.key == "verkauf")
    save(
        gl, f"{TREE}/subtag/{offerte().id}", name=name, required="note",
        **{"task-0": "Anrufen: heute", "task-1": "Offerte"},
    )  # fmt: skip
    save(gl, f"{TREE}/gruppe/{group.id}", required="description")
    gl.post(
        f"{TREE}/subtag/{Subtag.get(Subtag.key == 'stoerung').id}/aktiv", active="0"
    )
    text = gl.get(f"{TREE}.yaml")
    folder = write_company(tmp_path / "etc")
    (folder / "taxonomy.yaml").write_text(text, encoding="utf-8")
    read = config.load(folder).taxonomy
    assert read is not None
    sales, workshop = read.groups
    assert dict(sales.access) == {"GL": "full", "Administration": "full"}
    (subtag,) = sales.tags[0].subtags
    assert (subtag.key, subtag.name) == ("offerte", name)
    assert subtag.keywords == ("offerte",)
    assert subtag.required == ("description", "note")
    assert subtag.task_templates == ("Anrufen: heute", "Offerte")
    assert workshop.tags[0].subtags == ()
    office.get(f"{TREE}.yaml", 403)


# --- new, renamed, moved --------------------------------------------------------------


def test_all_three_levels_are_made_in_the_browser(gl: Browser) -> None:
    werkstatt = StaffGroup.get(StaffGroup.name == "Werkstatt").id
    save(
        gl,
        f"{TREE}/gruppe/neu",
        name="Hafen & Steg",
        name_en="Harbour",
        colour="teal",
        **{f"access-{werkstatt}": "full"},
    )
    group = TagGroup.get(TagGroup.name == "Hafen & Steg")
    assert (group.key, group.colour, group.name_en) == (
        "hafen-steg", "teal", "Harbour",
    )  # fmt: skip
    access = TagGroupAccess.get(TagGroupAccess.tag_group == group)
    assert (access.staff_group_id, access.access) == (werkstatt, Access.FULL)
    save(gl, f"{TREE}/tag/neu?gruppe={group.id}", name="Platz")
    tag = Tag.get(Tag.name == "Platz")
    assert tag.group_id == group.id
    save(
        gl,
        f"{TREE}/subtag/neu?tag={tag.id}",
        name="Miete",
        keywords="#Miete, liegeplatz",
    )
    subtag = Subtag.get(Subtag.name == "Miete")
    assert [row.keyword for row in subtag.keywords] == ["miete", "liegeplatz"]
    assert "«Miete» gespeichert." in gl.get(TREE)


def test_a_name_is_needed_and_may_be_there_once(gl: Browser) -> None:
    group = TagGroup.get(TagGroup.key == "verkauf").id
    path = f"{TREE}/tag/neu?gruppe={group}"
    assert "Bitte füllen Sie dieses Feld aus." in save(gl, path, 422, name=" ")
    assert "«boot» gibt es hier schon" in save(gl, path, 422, name="boot")
    answer = save(gl, path, 422, name="x" * 81)
    assert "höchstens 80 sind möglich" in answer
    assert "x" * 81 in answer
    assert Tag.select().where(Tag.group == group).count() == 1


def test_a_keyword_of_another_subtag_is_refused_by_its_name(gl: Browser) -> None:
    motor = Subtag.get(Subtag.key == "stoerung")
    answer = save(gl, f"{TREE}/subtag/{motor.id}", 422, keywords="#Offerte")
    assert "Schlagwort «offerte» ist schon bei Subtag «Offerte»" in answer
    assert "#Offerte" in answer  # as it was typed
    answer = save(gl, f"{TREE}/subtag/{motor.id}", 422, keywords="zwei/drei")
    assert "«zwei/drei» ist kein Schlagwort" in answer
    assert SubtagKeyword.select().count() == 1


def test_renaming_keeps_the_key_and_the_entries(gl: Browser, world: PageWorld) -> None:
    world.meier()
    save(gl, f"{TREE}/subtag/{offerte().id}", name="Angebot", name_en="Quote")
    assert offerte().name == "Angebot"
    assert "Verkauf › Boot › <strong>Angebot</strong>" in gl.get("/eintraege/1001")


def test_english_pages_show_the_english_names(gl: Browser, world: PageWorld) -> None:
    world.meier()
    save(gl, f"{TREE}/subtag/{offerte().id}", name_en="Quote")
    gl.post("/sprache", language="en")
    assert "Verkauf › Boot › <strong>Quote</strong>" in gl.get("/eintraege/1001")
    assert "Verkauf › Boot › Quote" in shown(gl.get("/eintraege"))
    gl.post("/sprache", language="de")
    assert "Verkauf › Boot › Offerte" in shown(gl.get("/eintraege"))


def test_a_moved_subtag_takes_its_entries_to_the_other_group(
    gl: Browser, workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    workshop.get("/eintraege/1001", 404)
    motor = Tag.get(Tag.key == "motor")
    save(gl, f"{TREE}/subtag/{offerte().id}", above=motor.id)
    assert "Werkstatt › Motor" in shown(workshop.get("/eintraege/1001"))


def test_a_moved_tag_gets_a_key_that_is_free_there(gl: Browser) -> None:
    with transaction():
        verkauf = TagGroup.get(TagGroup.key == "verkauf")
        taxonomy.add_tag(verkauf, Names("Motor"), actor="test")
    werkstatt = TagGroup.get(TagGroup.key == "werkstatt")
    (there,) = Tag.select().where(Tag.group == werkstatt)
    save(gl, f"{TREE}/tag/{there.id}", name="Motoren", above=verkauf.id)
    assert Tag.get_by_id(there.id).key == "motor-2"


def test_who_saves_what_somebody_else_changed_is_told_and_keeps_the_inputs(
    gl: Browser,
) -> None:
    path = f"{TREE}/subtag/{offerte().id}"
    stale = {**fields(gl.get(path)), "name": "Meine Fassung"}
    save(gl, path, keywords="#offerte #angebot")
    answer = gl.post(path, 422, **stale)
    assert "«Offerte» wurde inzwischen geändert" in answer.text
    assert 'value="Meine Fassung"' in answer.text
    assert [row.keyword for row in offerte().keywords] == ["offerte", "angebot"]
    gl.post(path, **fields(answer.text))  # knowingly
    assert offerte().name == "Meine Fassung"


def test_another_mistake_does_not_make_an_old_form_fresh(gl: Browser) -> None:
    path = f"{TREE}/subtag/{offerte().id}"
    stale = fields(gl.get(path))
    save(gl, path, keywords="#angebot")
    answer = gl.post(path, 422, **{**stale, "name": ""})
    again = {**fields(answer.text), "name": "Spät"}
    assert "inzwischen geändert" in gl.post(path, 422, **again).text


def test_order_changes_one_place_at_a_time(gl: Browser) -> None:
    werkstatt = TagGroup.get(TagGroup.key == "werkstatt").id
    path = f"{TREE}/gruppe/{werkstatt}/reihenfolge"
    where = gl.location(path, direction="up")
    assert where == f"{TREE}#gruppe-{werkstatt}"
    keys = [row.key for row in TagGroup.select().order_by(TagGroup.position)]
    assert keys == ["werkstatt", "verkauf"]
    gl.post(path, direction="up")  # at the top it stays
    assert [r.key for r in TagGroup.select().order_by(TagGroup.position)] == keys


# --- retired and deleted --------------------------------------------------------------


def test_what_is_used_is_never_deleted_only_retired(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    address, _entry = world.meier()
    path = f"{TREE}/subtag/{offerte().id}"
    assert f"{path}/loeschen" not in gl.get(path)
    assert gl.location(f"{path}/loeschen") == path
    assert "«Offerte» wird gebraucht" in gl.get(path)
    assert offerte().name == "Offerte"
    gl.post(f"{path}/aktiv", active="0")
    form = office.get(f"/eintraege/neu?adresse={address.id}")
    assert "Offerte" not in form
    assert "Offerte" not in office.get("/eintraege/subtags?q=offerte")
    assert "Offerte" in office.get("/eintraege/1001/bearbeiten")  # it has it already
    answer = office.post(
        "/eintraege/neu", 422, address=address.id, title="Neu", subtag="offerte",
        responsible="frei",
    )  # fmt: skip
    assert "«Offerte» ist nicht mehr aktiv" in answer.text
    gl.post(f"{path}/aktiv", active="1")
    assert "Offerte" in office.get("/eintraege/subtags?q=offerte")


def test_an_inactive_group_retires_everything_below_it(
    gl: Browser, office: Browser
) -> None:
    group = TagGroup.get(TagGroup.key == "verkauf").id
    gl.post(f"{TREE}/gruppe/{group}/aktiv", active="0")
    assert "Offerte" not in office.get("/eintraege/subtags?q=offerte")
    assert not classification.is_active(offerte())


def test_what_nothing_uses_is_deleted_from_below(gl: Browser) -> None:
    tag = offerte().tag
    gl.post(f"{TREE}/tag/{tag.id}/loeschen")
    assert Tag.select().where(Tag.id == tag.id).exists()
    gl.post(f"{TREE}/subtag/{offerte().id}/loeschen")
    gl.post(f"{TREE}/tag/{tag.id}/loeschen")
    assert not Tag.select().where(Tag.id == tag.id).exists()
    gl.post(f"{TREE}/tag/{tag.id}/loeschen", 404)


# --- what entries make of it ----------------------------------------------------------


def test_a_default_responsible_is_offered_and_kept(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    address, _entry = world.meier()
    path = f"/eintraege/neu?adresse={address.id}"
    assert "Nach Subtag, sonst ich" not in office.get(path)
    save(gl, f"{TREE}/subtag/{offerte().id}", responsible="keller")
    given = fields(office.get(path))
    assert given["responsible"] == "+"
    office.post("/eintraege/neu", **{**given, "title": "Mit", "subtag": "offerte"})
    assert Entry.get(Entry.title == "Mit").responsible.key == "keller"
    given["responsible"] = "frei"
    office.post("/eintraege/neu", **{**given, "title": "Ich", "subtag": "offerte"})
    assert Entry.get(Entry.title == "Ich").responsible.key == "frei"
    Employee.update(active=False).where(Employee.key == "keller").execute()
    given["responsible"] = "+"
    office.post("/eintraege/neu", **{**given, "title": "Weg", "subtag": "offerte"})
    assert Entry.get(Entry.title == "Weg").responsible.key == "frei"


def test_fields_that_group_and_subtag_demand_are_asked_for(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    address, _entry = world.meier()
    group = TagGroup.get(TagGroup.key == "verkauf").id
    save(gl, f"{TREE}/gruppe/{group}", required="description")
    save(gl, f"{TREE}/subtag/{offerte().id}", required="follow_up_on")
    given = {
        "address": address.id, "title": "Neu", "subtag": "offerte",
        "responsible": "frei",
    }  # fmt: skip
    answer = office.post("/eintraege/neu", 422, **given).text
    assert "Einträge dieses Subtags brauchen eine Beschreibung." in answer
    assert "Einträge dieses Subtags brauchen eine Wiedervorlage." in answer
    office.post("/eintraege/neu", **given, description="Rot", follow_up_on="+3")
    kept = {**fields(office.get("/eintraege/1001/bearbeiten")), "responsible": "frei"}
    answer = office.post("/eintraege/1001/bearbeiten", 422, **kept).text
    assert "brauchen eine Beschreibung." in answer


def test_a_suggested_task_fills_in_the_task_form(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    world.meier()
    save(
        gl,
        f"{TREE}/subtag/{offerte().id}",
        **{"task-0": "Nachfassen", "kind-0": "do_on", "days-0": "3",
           "employee-0": "keller", "task-2": "Ablegen"},
    )  # fmt: skip
    rows = list(TaskTemplate.select().order_by(TaskTemplate.position))
    assert [(row.title, row.days) for row in rows] == [
        ("Nachfassen", 3),
        ("Ablegen", 0),
    ]
    page = office.get("/eintraege/1001")
    (offer, _other) = [href for href in links(page) if "vorlage=" in href]
    form = re.search(
        r'(?s)<form class="task-new.*?</form>', office.get(offer.partition("#")[0])
    )
    assert form is not None
    given = fields(f'<main><form method="post"{form.group(0)}</form>')
    assert (given["title"], given["employee"], given["kind"]) == (
        "Nachfassen", "keller", "am",
    )  # fmt: skip
    office.post("/eintraege/1001/aufgaben", **given)
    assert Task.get().employee.key == "keller"


def test_days_that_are_none_are_told_at_their_field(gl: Browser) -> None:
    path = f"{TREE}/subtag/{offerte().id}"
    for days in ("400", "-1", "bald"):
        answer = save(gl, path, 422, **{"task-0": "Tun", "days-0": days})
        assert "Tage: 0 bis 365." in answer
        assert f'value="{days}"' in answer
    assert TaskTemplate.select().count() == 0


def test_an_entry_with_a_follow_up_is_edited_in_english(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    office.post("/sprache", language="en")
    given = fields(office.get("/eintraege/1001/bearbeiten"))
    path = "/eintraege/1001/bearbeiten"
    given |= {"responsible": "frei", "follow_up_on": "27.11.2026"}
    office.post(path, **given)
    given = fields(office.get(path))
    assert given["follow_up_on"] == "27.11.2026"
    office.post(path, **given)


# --- what a keyword would hit ---------------------------------------------------------


def test_the_preview_shows_only_mail_that_the_administrator_may_see(
    gl: Browser, world: PageWorld
) -> None:
    from crm_core.models import MailboxAccess, Visibility

    world.mail("meier@kunde.example", "Anfrage #motor am See", box="werkstatt")
    world.mail("meier@kunde.example", "Anfrage #motor im Laden", box="verkauf")
    world.mail("meier@kunde.example", "#motorboot, nicht dasselbe", box="verkauf")
    page = shown(gl.get(f"{TREE}/vorschau?wort=%23Motor"))
    assert "2 E-Mails, die Sie sehen dürfen, tragen #motor im Betreff." in page
    assert "motorboot" not in page
    MailboxAccess.update(visibility=Visibility.NONE).where(
        MailboxAccess.mailbox == world.boxes["werkstatt"]
    ).execute()
    page = shown(gl.get(f"{TREE}/vorschau?wort=motor"))
    assert "1 E-Mail, das Sie sehen dürfen, trägt #motor im Betreff." in page
    assert "am See" not in page
    assert "gehört zu Subtag «Offerte»" in shown(
        gl.get(f"{TREE}/vorschau?wort=offerte")
    )
    assert "ist kein Schlagwort" in gl.get(f"{TREE}/vorschau?wort=a/b", 422)


# --- the password once more -----------------------------------------------------------


def test_rights_are_changed_only_with_a_fresh_password(gl: Browser) -> None:
    from datetime import timedelta

    from crm_core import clock

    group = TagGroup.get(TagGroup.key == "verkauf").id
    given = fields(gl.get(f"{TREE}/gruppe/{group}"))
    long_ago = clock.now() - timedelta(hours=1)
    WebSession.update(proved_at=long_ago).execute()
    where = gl.location(f"{TREE}/gruppe/{group}", **{**given, "name": "Neu"})
    assert where.startswith("/bestaetigen?weiter=/verwaltung/gruppen-tags/gruppe/")
    assert TagGroup.get_by_id(group).name == "Verkauf"
    where = gl.location(f"{TREE}/startset")  # leads back to the page it stands on
    assert where == f"/bestaetigen?weiter={TREE}"


def test_the_check_for_rights_can_fail(office: Browser) -> None:
    """A red control: with the right, the same requests are let through."""
    from crm_core.models import GroupRight

    administration = StaffGroup.get(StaffGroup.name == "Administration")
    GroupRight.create(staff_group=administration, right=Right.ADMINISTRATION)
    office.get(TREE)
    save(office, f"{TREE}/subtag/{offerte().id}", name="Meins")
    assert offerte().name == "Meins"
