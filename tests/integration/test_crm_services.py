"""Addresses, entries, staff, classification, documents, rights, on both databases."""

import threading
from datetime import date

import pytest

from crm_core import database
from crm_core.access import permissions, staff
from crm_core.database import transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Access,
    Address,
    AddressRole,
    AuditEvent,
    Document,
    DocumentKind,
    Entry,
    EntryStatus,
    StaffGroup,
    Subtag,
    SubtagKeyword,
)
from crm_core.records import addresses, documents, entries
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec

pytestmark = pytest.mark.usefixtures("db")

SALES = TagGroupSpec(
    key="verkauf",
    name="Verkauf",
    access=(("GL", Access.FULL), ("Werkstatt", Access.NONE)),
    tags=(
        TagSpec(
            "boot",
            "Boot",
            (
                SubtagSpec("offerte", "Offerte", ("Offerte",), (), ("Nachfragen",)),
                SubtagSpec("kauf", "Kauf", ("kauf",), ("note",)),
            ),
        ),
    ),
)


def import_sales() -> None:
    classification.import_taxonomy([SALES], actor="test")


def customer(name: str = "Meier", *emails: str) -> Address:
    return addresses.create(name, AddressRole.CUSTOMER, emails, actor="test")


def entry_of(address: Address, title: str = "Neues Boot") -> Entry:
    return entries.create(address.id, "offerte", title, actor="test")


def test_an_email_address_is_stored_in_its_compared_form() -> None:
    with transaction():
        meier = customer("Meier", "Hans@Kunde.Example")
    assert addresses.find_by_email("hans@kunde.example") == meier


def test_an_email_address_of_another_names_the_owner() -> None:
    with transaction():
        meier = customer("Meier", "hans@kunde.example")
    with pytest.raises(Conflict, match=rf"address {meier.id} "), transaction():
        customer("Huber", "HANS@kunde.example")


def test_a_refused_address_leaves_nothing_behind() -> None:
    with transaction():
        customer("Meier", "hans@kunde.example")
    with pytest.raises(Conflict), transaction():
        customer("Huber", "new@kunde.example", "hans@kunde.example")
    assert Address.select().count() == 1
    assert addresses.find_by_email("new@kunde.example") is None


def test_a_domain_finds_whoever_has_no_own_address() -> None:
    with transaction():
        importer, meier = customer("Import"), customer("Meier", "meier@import.example")
        addresses.add_domain(importer, "@Import.example", actor="test")
    assert addresses.find_by_email("anybody@import.example") == importer
    assert addresses.find_by_email("meier@import.example") == meier


def test_adding_the_own_email_again_changes_nothing() -> None:
    with transaction():
        meier = customer("Meier", "hans@kunde.example")
        addresses.add_email(meier, "Hans@kunde.example", actor="test")
    assert meier.emails.count() == 1


@pytest.mark.parametrize("text", ["", "hans", "@kunde.example", "a b@kunde.example"])
def test_what_is_no_email_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused, transaction():
        customer("Meier", text)
    assert refused.value.field == "email"


def test_entries_are_numbered_from_1001_on() -> None:
    with transaction():
        import_sales()
        meier = customer()
        numbers = [entry_of(meier).number for _ in range(3)]
    assert numbers == [1001, 1002, 1003]


def test_every_missing_field_of_an_entry_is_named_at_once() -> None:
    found = entries.problems(entries.EntryDraft(" ", None, ""))
    assert [problem.field for problem in found if isinstance(problem, Invalid)] == [
        "title", "address", "subtag",
    ]  # fmt: skip


def test_a_subtag_may_require_more() -> None:
    with transaction():
        import_sales()
        meier = customer()
    with pytest.raises(Invalid) as refused, transaction():
        entries.create(meier.id, "kauf", "Boot", actor="test")
    assert refused.value.field == "note"
    with transaction():
        entry = entries.create(meier.id, "kauf", "Boot", note="Anruf", actor="test")
    assert [note.text for note in entry.notes] == ["Anruf"]


def test_an_unknown_subtag_names_the_known_ones() -> None:
    with transaction():
        import_sales()
        meier = customer()
    with pytest.raises(NotFound, match="kauf, offerte"), transaction():
        entries.create(meier.id, "ofert", "Boot", actor="test")


def test_an_entry_keeps_at_least_one_participant() -> None:
    with transaction():
        import_sales()
        meier, importer = customer(), customer("Import")
        entry = entry_of(meier)
        entries.add_participant(entry, importer.id, actor="test")
        entries.add_participant(entry, importer.id, actor="test")
        entries.remove_participant(entry, meier.id, actor="test")
    assert entries.participant_ids(entry) == [importer.id]
    with pytest.raises(Conflict), transaction():
        entries.remove_participant(entry, importer.id, actor="test")


def test_closing_and_reopening_is_remembered_once_each() -> None:
    with transaction():
        import_sales()
        entry = entry_of(customer())
        for step in (entries.close, entries.close, entries.reopen, entries.reopen):
            step(entry, actor="test")
    actions = [event.action for event in entry.events.order_by(AuditEvent.id)]
    assert actions == ["entry_created", "entry_closed", "entry_reopened"]
    assert Entry.get_by_id(entry.id).status is EntryStatus.OPEN


def test_writing_without_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        customer()


def test_importing_the_taxonomy_twice_gives_the_same_rows() -> None:
    with transaction():
        import_sales()
    first = sorted((row.id, row.key, row.name) for row in Subtag.select())
    with transaction():
        import_sales()
    assert sorted((row.id, row.key, row.name) for row in Subtag.select()) == first


def test_a_keyword_may_move_to_another_subtag() -> None:
    moved = TagGroupSpec(
        "verkauf",
        "Verkauf",
        tags=(
            TagSpec(
                "boot",
                "Boot",
                (
                    SubtagSpec("offerte", "Offerte", ("kauf",)),
                    SubtagSpec("kauf", "Kauf", ("offerte",)),
                ),
            ),
        ),
    )
    with transaction():
        import_sales()
        classification.import_taxonomy([moved], actor="test")
    found = classification.subtag_by_keyword("OFFERTE")
    assert found is not None
    assert found.key == "kauf"
    assert SubtagKeyword.select().count() == 2


def test_an_import_removes_nothing_that_entries_use() -> None:
    with transaction():
        import_sales()
        entry = entry_of(customer())
        other = TagGroupSpec("service", "Service", tags=())
        classification.import_taxonomy([other], actor="test")
    assert Entry.get_by_id(entry.id).subtag.key == "offerte"


def test_one_keyword_for_two_subtags_is_refused_whole() -> None:
    twice = TagGroupSpec(
        "g",
        "G",
        tags=(TagSpec("t", "T", (SubtagSpec("a", "A", ("x",)),)),
              TagSpec("u", "U", (SubtagSpec("b", "B", ("X",)),))),
    )  # fmt: skip
    with pytest.raises(Invalid, match="keyword"), transaction():
        classification.import_taxonomy([twice], actor="test")
    assert Subtag.select().count() == 0


def test_rights_are_denied_unless_a_row_gives_them() -> None:
    with transaction():
        import_sales()
        entry = entry_of(customer())
        boss = staff.add_employee("b", "B", ["GL"], actor="test")
        workshop = staff.add_employee("w", "W", ["Werkstatt"], actor="test")
        office = staff.add_employee("o", "O", ["Administration"], actor="test")
    assert permissions.may_write_entry(boss, entry)
    assert not permissions.may_read_entry(workshop, entry)
    assert not permissions.may_read_entry(office, entry)


def test_the_widest_right_of_several_groups_counts() -> None:
    with transaction():
        import_sales()
        entry = entry_of(customer())
        both = staff.add_employee("x", "X", ["Werkstatt", "GL"], actor="test")
    assert permissions.access_to_entry(both, entry) is Access.FULL


def test_management_only_shuts_everybody_else_out() -> None:
    readers = TagGroupSpec(
        "g",
        "G",
        (("GL", Access.READ), ("Administration", Access.FULL)),
        (TagSpec("t", "T", (SubtagSpec("s", "S"),)),),
    )
    with transaction():
        classification.import_taxonomy([readers], actor="test")
        entry = entries.create(
            customer().id, "s", "Lohn", management_only=True, actor="test"
        )
        boss = staff.add_employee("b", "B", ["GL"], actor="test")
        office = staff.add_employee("o", "O", ["Administration"], actor="test")
    assert permissions.may_read_entry(boss, entry)
    assert not permissions.may_write_entry(boss, entry)
    assert not permissions.may_read_entry(office, entry)


def test_an_inactive_employee_may_nothing() -> None:
    with transaction():
        import_sales()
        entry = entry_of(customer())
        boss = staff.add_employee("b", "B", ["GL"], actor="test")
        boss.active = False
        boss.save()
    assert not permissions.may_read_entry(boss, entry)


def test_a_misspelt_group_is_refused_and_names_the_known_ones() -> None:
    with transaction():
        staff.ensure_groups(())
    with pytest.raises(NotFound, match="Administration"), transaction():
        staff.add_employee("x", "X", ["Administartion"], actor="test")
    assert StaffGroup.select().count() == 3


def test_a_document_shows_the_entries_it_is_linked_to() -> None:
    with transaction():
        import_sales()
        meier = customer()
        entry, other = entry_of(meier), entry_of(meier)
        report = documents.upsert(
            DocumentKind.REPORT, "R-77", title="Motor", actor="erp",
            address_id=meier.id, dated_on=date(2026, 11, 2),
        )  # fmt: skip
        for one in (entry, entry, other):
            documents.link(one, report, actor="test")
        documents.unlink(other, report, actor="test")
    assert documents.entries_of(report) == [entry]


def test_the_erp_may_send_a_document_as_often_as_it_likes() -> None:
    with transaction():
        for title in ("Motor", "Motor", "Motor und Rumpf"):
            documents.upsert(DocumentKind.REPORT, "R-77", title=title, actor="erp")
        documents.upsert(DocumentKind.DELIVERY_NOTE, "R-77", title="x", actor="erp")
    rows = Document.select().order_by(Document.id)
    assert [row.title for row in rows] == ["Motor und Rumpf", "x"]
    assert AuditEvent.select().count() == 3


def test_two_writers_never_get_the_same_entry_number() -> None:
    with transaction():
        import_sales()
        meier = customer()
    numbers: list[int] = []

    def open_entries() -> None:
        for _ in range(10):
            with transaction():
                numbers.append(entry_of(meier).number)
        database.close()

    writers = [threading.Thread(target=open_entries) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(numbers) == list(range(1001, 1031))
