"""The search: what is found, by whom, and that both databases find the same."""

import importlib.util
from types import ModuleType

import peewee
import pytest
from crm_world import World

from crm_core import database, search, verify
from crm_core.database import transaction
from crm_core.mail import content
from crm_core.models import (
    Address,
    Findable,
    Message,
    MessageBody,
    SearchText,
)
from crm_core.queries import search as page
from crm_core.queries.search import Found
from crm_core.records import addresses, entries, tasks
from crm_core.records.addresses import Details
from crm_core.schema import DIRECTORY

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(params=["waiting", "indexed"])
def indexed(request: pytest.FixtureRequest) -> bool:
    """Mails are found before the index has them, and afterwards."""
    return bool(request.param == "indexed")


def take_in(*, really: bool = True) -> None:
    if really:
        with transaction():
            search.index_waiting(1000)


def titles(found: Found) -> list[str]:
    return [
        "".join(piece.text for piece in hit.title)
        for group in found.groups
        for hit in group.hits
    ]


def kinds(found: Found) -> dict[str, int]:
    return {group.kind.value: group.count for group in found.groups}


# --- the table of the specification -----------------------------------------------

TABLE = [
    ("motor", "Aussenbordmotor", True),
    ("motor", "Bootsmotor", True),
    ("amt", "Schifffahrtsamt", True),
    ("pruefung", "Prüfung", True),
    ("prüfung", "Pruefung", True),
    ("mueller", "Müller", True),
    ("Müller", "Mueller", True),
    ("grösse", "größe", True),
    ("größe", "groesse", True),
    ("groesse", "Grösse", True),
    ("strasse", "Straße", True),
    ("straße", "Strasse", True),
    ("LS-2026-0815", "Lieferschein LS-2026-0815", True),
    ("0815", "Lieferschein LS-2026-0815", True),
    ("muller", "Müller", False),  # accepted: «Meinten Sie mueller?»
    ("motor", "Mast", False),
    ("100%", "100% Teak", True),
    ("100%", "1000 Teak", False),
    ("a_b", "Teil a_b", True),
    ("a_b", "Teil axb", False),
    ("c\\d", "Pfad c\\d", True),
    ("c\\d", "Pfad cxd", False),
    ("meier offerte", "Offerte für Meier", True),
    ("meier offerte", "Offerte für Huber", False),
]


@pytest.mark.parametrize(("query", "text", "found"), TABLE)
def test_the_table_holds_for_mails(
    world: World, indexed: bool, query: str, text: str, found: bool
) -> None:
    world.mail("x@y.example", text)
    take_in(really=indexed)
    assert titles(page.search(world.viewer(), query)) == ([text] if found else [])


@pytest.mark.parametrize(("query", "text", "found"), TABLE)
def test_the_table_holds_for_entries(
    world: World, query: str, text: str, found: bool
) -> None:
    world.entry(world.address("X"), text)
    result = page.search(world.viewer(), query, kinds=[Findable.ENTRY])
    assert titles(result) == ([text] if found else [])


def test_hits_are_grouped_by_what_they_are(world: World) -> None:
    meier = world.address("Motorenwerk AG", "info@motorenwerk.example")
    entry = world.entry(meier, "Motor läuft unrund")
    world.task(entry, "Motor prüfen")
    world.document("M-1", "Motor montiert")
    world.mail(subject="Motor")
    found = page.search(world.viewer(), "motor")
    assert kinds(found) == {
        "entry": 1, "address": 1, "message": 1, "task": 1, "document": 1,
    }  # fmt: skip
    assert found.count == 5


@pytest.mark.parametrize(
    "word",
    ["keller@importeur.example", "importeur", "8001", "zürich", "K-77", "0447776655",
     "044 777", "seestrasse"],
)  # fmt: skip
def test_an_address_is_found_by_everything_it_holds(world: World, word: str) -> None:
    row = world.address(
        "Marine AG", "keller@importeur.example", domain="importeur.example"
    )
    details = Details(
        number="K-77", street="Seestrasse 7", zip_code="8001", city="Zürich",
        phone="044 777 66 55",
    )  # fmt: skip
    with transaction():
        addresses.update(row, actor="test", details=details)
    found = page.search(world.viewer(), word, kinds=[Findable.ADDRESS])
    assert titles(found) == ["Marine AG"]


def test_a_mail_is_found_by_everybody_in_it(world: World, indexed: bool) -> None:
    world.mail("meier@kunde.example", "X", to=["importeur@ferne.example"], name="Urs")
    take_in(really=indexed)
    for word in ("meier@kunde", "importeur@ferne.example", "urs"):
        assert titles(page.search(world.viewer(), word)) == ["X"]


def test_an_entry_is_found_by_its_description_and_notes(world: World) -> None:
    entry = world.entry(world.address("X"), "Boot")
    with transaction():
        entries.add_note(entry, "Rumpfnummer HIN-4711", actor="test")
    found = page.search(world.viewer(), "hin-4711")
    assert titles(found) == ["Boot"]


# --- short words, numbers, spellings ----------------------------------------------


def test_two_characters_find_the_beginnings_of_names_and_numbers(world: World) -> None:
    world.address("Moser")
    world.address("Remo")
    world.entry(world.address("Meier Urs"), "Mo")
    world.mail(subject="Mo")
    assert titles(page.search(world.viewer(), "mo")) == ["Mo", "Moser"]
    assert titles(page.search(world.viewer(), "ur")) == ["Meier Urs"]
    assert titles(page.search(world.viewer(), "10")) == ["Mo"]


def test_old_mails_are_found_behind_the_newest_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_NEWEST", page._NEWEST.replace("1000", "2"))
    for number in range(5):
        world.mail(subject=f"Motor {number}", body="Impeller")
    take_in()
    for word in ("motor", "impeller"):
        assert kinds(page.search(world.viewer(), word)) == {"message": 5}


@pytest.mark.parametrize("query", ["1001", "CRM-1001", "[CRM-1001]", "crm-1001"])
def test_a_number_jumps_to_its_entry(world: World, query: str) -> None:
    entry = world.entry(world.address("X"))
    found = page.search(world.viewer(), query)
    assert found.jump is not None
    assert (found.jump.kind, found.jump.id) == (Findable.ENTRY, entry.id)


def test_a_number_jumps_to_its_document(world: World) -> None:
    document = world.document("LS-2026-0815")
    found = page.search(world.viewer(), "ls-2026-0815")
    assert found.jump is not None
    assert (found.jump.kind, found.jump.id) == (Findable.DOCUMENT, document.id)


def test_a_number_of_two_records_jumps_nowhere(world: World) -> None:
    world.entry(world.address("X"))
    world.document("1001")
    found = page.search(world.viewer(), "1001")
    assert found.jump is None
    assert kinds(found) == {"entry": 1, "document": 1}


@pytest.mark.parametrize("query", ["99999999999999999999", "²", "٣", "-1"])
def test_an_impossible_number_is_no_fault(world: World, query: str) -> None:
    assert page.search(world.viewer(), query).jump is None


def test_another_spelling_is_offered_where_nothing_is_found(world: World) -> None:
    world.address("Müller")
    assert page.search(world.viewer(), "muller").meant == "mueller"
    assert page.search(world.viewer(), "xyzzy").meant is None


@pytest.mark.parametrize("query", ["", "   ", "\0", "%%", "''", '"', "a" * 5000])
def test_odd_queries_find_nothing(world: World, query: str) -> None:
    world.entry(world.address("X"))
    assert page.search(world.viewer(), query).groups == ()


# --- permission -------------------------------------------------------------------


def test_what_the_viewer_may_not_see_is_neither_found_nor_counted(
    world: World, indexed: bool
) -> None:
    hidden = world.entry(world.address("X"), "Motor", "offerte")
    world.entry(world.address("Y"), "Motor", management_only=True)
    shown = world.entry(world.address("Z"), "Motor sichtbar")
    world.task(hidden, "Motor verkaufen")
    world.mail(subject="Motor", box="leitung")
    world.mail(subject="Motor sichtbar", box="werkstatt")
    take_in(really=indexed)
    found = page.search(world.viewer("huber"), "motor")
    assert kinds(found) == {"entry": 1, "message": 1}
    assert set(titles(found)) == {"Motor sichtbar"}
    assert page.search(world.viewer("huber"), str(hidden.number)).jump is None
    jump = page.search(world.viewer("huber"), str(shown.number)).jump
    assert jump is not None
    assert page.search(world.viewer(), "motor").count == 6  # the control


def test_a_text_is_found_by_whom_it_is_open_to(world: World, indexed: bool) -> None:
    world.mail(subject="Grüsse", body="Der Impeller ist kaputt.", box="werkstatt")
    take_in(really=indexed)
    assert kinds(page.search(world.viewer(), "impeller")) == {"message": 1}
    assert page.search(world.viewer("huber"), "impeller").groups == ()
    (hit,) = page.search(world.viewer("huber"), "grüsse").groups[0].hits
    assert "Impeller" not in "".join(piece.text for piece in hit.detail)
    (hit,) = page.search(world.viewer(), "grüsse impeller").groups[0].hits
    assert "Impeller" in "".join(piece.text for piece in hit.detail)


def test_a_confidential_mail_is_found_by_its_subject_and_gl_alone(
    world: World, indexed: bool
) -> None:
    world.mail(subject="Kündigung", body="Vertraulicher Text", confidential=True)
    take_in(really=indexed)
    assert kinds(page.search(world.viewer("keller"), "kündigung")) == {"message": 1}
    assert page.search(world.viewer("keller"), "vertraulicher").groups == ()
    assert page.search(world.viewer("frei"), "kündigung").groups == ()


def test_hits_name_only_the_entries_the_viewer_may_read(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    mail = world.mail(subject="Impeller", box="werkstatt")
    world.link(world.entry(meier, "Offen"), mail)
    world.link(world.entry(meier, "Geheim", "offerte"), mail)
    (hit,) = page.search(world.viewer("huber"), "impeller").groups[0].hits
    assert hit.entries == (1001,)
    (hit,) = page.search(world.viewer(), "impeller").groups[0].hits
    assert hit.entries == (1001, 1002)


def test_a_deleted_address_is_not_found(world: World) -> None:
    row = world.address("Müller")
    Address.update(gone_at=row.created_at).where(Address.id == row.id).execute()
    assert page.search(world.viewer(), "müller").groups == ()


def test_more_hits_than_are_counted_are_told(world: World) -> None:
    for _ in range(page.MOST_COUNTED + 1):
        world.mail(subject="Motor")
    take_in()
    (group,) = page.search(world.viewer(), "motor", limit=7).groups
    assert (len(group.hits), group.count, group.more) == (7, page.MOST_COUNTED, True)


# --- in step with the data --------------------------------------------------------


def test_what_changes_is_found_by_what_it_says_now(world: World) -> None:
    row = world.address("Altmann")
    entry = world.entry(row, "Altes Boot")
    task = world.task(entry, "Alte Aufgabe")
    with transaction():
        addresses.update(row, actor="test", name="Neumann")
        addresses.add_email(row, "neu@kunde.example", actor="test")
        entries.update(entry, actor="test", title="Neues Boot")
        tasks.edit(task.id, actor="test", title="Neue Aufgabe")
    assert page.search(world.viewer(), "alt").groups == ()
    assert sorted(titles(page.search(world.viewer(), "neu"))) == [
        "Neue Aufgabe",
        "Neues Boot",
        "Neumann",
    ]
    assert verify.verify() == []


def test_a_text_that_is_dropped_is_not_found_any_more(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    mail = world.mail(body="Der Impeller ist kaputt.")
    world.link(entry, mail)
    take_in()
    assert kinds(page.search(world.viewer(), "impeller")) == {"message": 1}
    MessageBody.delete().execute()
    Message.update(body_at=None, content_at=None).execute()
    assert page.search(world.viewer(), "impeller").groups == ()
    assert search.differences() == []


def test_deleting_a_mail_deletes_its_rows(world: World) -> None:
    world.mail(subject="Impeller", body="Text")
    take_in()
    database.execute("DELETE FROM message_copy")
    database.execute("DELETE FROM message")
    assert SearchText.select().count() == 0
    assert search.differences() == []


def test_a_twin_is_found_like_the_mail_it_was_taken_for(world: World) -> None:
    mail = world.mail(subject="Impeller", box=["verkauf", "werkstatt"])
    for number, copy in enumerate(
        database.execute("SELECT id FROM message_copy ORDER BY id")
    ):
        database.execute(
            "UPDATE message_copy SET content_digest = ? WHERE id = ?",
            (bytes([number]) * 16, copy[0]),
        )
    database.execute("INSERT INTO compare_work (message_id) VALUES (?)", (mail.id,))
    with transaction():
        assert len(content.compare_copies()) == 1
    assert kinds(page.search(world.viewer(), "impeller")) == {"message": 2}


def test_rebuilding_changes_nothing_that_was_right(world: World) -> None:
    world.entry(world.address("Müller", "mueller@kunde.example"), "Motor")
    world.mail(subject="Motor", body="Text")
    take_in()
    before = sorted(database.execute("SELECT kind, thing, folded FROM search_text"))
    with transaction():
        assert search.rebuild() == len(before)
    after = database.execute("SELECT kind, thing, folded FROM search_text")
    assert sorted(after) == before
    assert kinds(page.search(world.viewer(), "motor")) == {"entry": 1, "message": 1}
    assert search.differences() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE search_text SET folded = 'x' WHERE kind = 'entry'",
        "DELETE FROM search_text WHERE kind = 'address'",
        (
            "INSERT INTO search_text (kind, thing, folded, indexed) "
            "VALUES ('task', 77, 'x', 0)"
        ),
    ],
)
def test_verify_sees_rows_that_are_not_in_step(world: World, sql: str) -> None:
    world.entry(world.address("Müller"), "Motor")
    assert search.differences() == []
    database.execute(sql)
    assert len(search.differences()) == 1


def test_verify_sees_a_damaged_index(world: World) -> None:
    if database.is_postgres():
        pytest.skip("PostgreSQL keeps its index itself")
    world.mail(subject="Motor")
    take_in()
    assert search.differences() == []
    database.execute(
        "INSERT INTO search_mail (search_mail, rowid, folded) "
        "SELECT 'delete', id, folded FROM search_text WHERE kind = 'message'"
    )
    assert search.differences() == ["the index search_mail is damaged"]


def migration() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "search_migration", DIRECTORY / "0002_search.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_the_right_to_make_trigrams_search_goes_on_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Refusing:
        def savepoint(self) -> object:
            return database.proxy.savepoint()

        def execute_sql(self, _sql: str) -> None:
            raise peewee.ProgrammingError("permission denied to create extension")

    with transaction():
        assert migration().trigrams(Refusing()) is False
    assert "pg_trgm cannot be created" in caplog.text


# --- an index in one piece (SQLite) -----------------------------------------------------


def _pieces() -> int:
    ((count,),) = database.execute("SELECT count(DISTINCT segid) FROM search_body_idx")
    return int(count)


def _merged() -> int:
    """How many transactions it took."""
    steps = 0
    more = True
    while more:
        with transaction():
            more = search.merge_some(begin=steps == 0)
        steps += 1
    return steps


def test_an_index_in_many_pieces_is_merged_a_little_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_postgres():
        with transaction():
            assert not search.merge_some(begin=True)
        return
    monkeypatch.setattr(search, "_MERGED_PAGES", 1)
    for number in range(3):
        for mail in range(20):
            text = " ".join(f"{(number * 20 + mail) * 7919 * n:x}" for n in range(200))
            world.mail(subject=f"Mail {mail}", body=text)
        with transaction():
            search.index_waiting(1_000)
    assert _pieces() == 3  # red control
    assert _merged() > 2
    assert _pieces() == 1
    assert search.differences() == []
    assert _merged() == 1
