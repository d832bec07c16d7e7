"""What addresses, documents and the choosing forms read, on both databases."""

import pytest
from crm_world import ACTOR, World
from statements import counted

from crm_core.database import transaction
from crm_core.errors import Invalid, NotFound
from crm_core.models import AddressRole, Document, DocumentKind
from crm_core.queries import (
    address_choice,
    address_page,
    document_page,
    subtag_choice,
)
from crm_core.records import documents, entries


@pytest.fixture
def world(db: str) -> World:
    return World()


def delivered(number: str, address_id: int | None = None, title: str = "x") -> Document:
    with transaction():
        return documents.upsert(
            DocumentKind.REPORT, number, title=title, actor="erp", address_id=address_id
        )


# --- an address's tabs ------------------------------------------------------------


def test_mails_of_an_address_come_by_its_emails_and_its_domain(world: World) -> None:
    importer = world.address("Import", "info@import.example", domain="import.example")
    world.address("Privat", "chef@import.example")  # another address's own
    by_email = world.mail("info@import.example")
    by_domain = world.mail("lager@import.example")
    world.mail("chef@import.example")
    page = address_page.mails(world.viewer(), importer.id)
    assert [mail.id for mail in page.rows] == [by_domain.id, by_email.id]


def test_mails_of_an_address_name_only_readable_entries(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    entry = world.entry(meier, "Boot", "offerte")  # hidden from the workshop
    mail = world.mail(box="werkstatt")
    world.link(entry, mail)
    (seen,) = address_page.mails(world.viewer("frei"), meier.id).rows
    (hidden,) = address_page.mails(world.viewer("huber"), meier.id).rows
    assert seen.entries == (entry.number,)
    assert hidden.entries == ()


def test_mail_pages_follow_each_other(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    ids = [world.mail().id for _ in range(5)]
    first = address_page.mails(world.viewer(), meier.id, limit=3)
    second = address_page.mails(world.viewer(), meier.id, before=first.before, limit=3)
    assert [m.id for m in (*first.rows, *second.rows)] == ids[::-1]
    with pytest.raises(Invalid):
        address_page.mails(world.viewer(), meier.id, before="x")


def test_open_entries_are_those_the_viewer_may_change(world: World) -> None:
    meier = world.address("Meier")
    world.entry(meier, "Motor")
    closed = world.entry(meier, "Fertig")
    world.close(closed)
    found = address_page.open_entries(world.viewer("frei"), meier.id)
    assert [entry.title for entry in found] == ["Motor"]
    assert address_page.open_entries(world.viewer("huber"), meier.id) == ()


# --- documents --------------------------------------------------------------------


def test_documents_are_found_by_number_and_by_folded_title(world: World) -> None:
    delivered("LS-2026-0815", title="Überholung Motor")
    delivered("R-1")
    for text in ("0815", "ls-2026", "ueberholung", "MOTOR überhol"):
        (found,) = address_page.documents(world.viewer(), text=text).rows
        assert found.number == "LS-2026-0815", text
    assert address_page.documents(world.viewer(), text="%_").rows == ()


def test_document_pages_follow_each_other_also_without_a_date(world: World) -> None:
    for number in range(5):
        delivered(f"R-{number}")
    first = address_page.documents(world.viewer(), limit=3)
    rest = address_page.documents(world.viewer(), before=first.before, limit=3)
    assert [d.number for d in (*first.rows, *rest.rows)] == [
        "R-4", "R-3", "R-2", "R-1", "R-0",
    ]  # fmt: skip


def test_a_document_names_its_entries_to_whoever_may_read_them(world: World) -> None:
    document = delivered("R-1")
    meier = world.address("Meier")
    for entry in (world.entry(meier), world.entry(meier, "Boot", "offerte")):
        world.link_document(entry, document)
    for who, count in (("keller", 2), ("frei", 2), ("huber", 1)):
        assert len(document_page.entries_of(world.viewer(who), document.id)) == count
        (row,) = address_page.documents(world.viewer(who)).rows
        assert len(row.entries) == count


def test_documents_to_link_are_the_participants_and_not_yet_linked(
    world: World,
) -> None:
    meier = world.address("Meier")
    entry = world.entry(meier)
    delivered("R-1", meier.id)
    world.link_document(entry, delivered("R-2", meier.id))
    delivered("R-3")
    viewer = world.viewer()
    found = document_page.choices(viewer, entry.number)
    assert [(d.number, d.address) for d in found] == [("R-1", "Meier")]
    (by_number,) = document_page.choices(viewer, entry.number, "r-3")
    assert (by_number.number, by_number.address) == ("R-3", "")
    with pytest.raises(NotFound):
        document_page.choices(viewer, 4711)


# --- who could take part ----------------------------------------------------------


def test_parties_of_the_mails_come_before_those_of_similar_entries(
    world: World,
) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    importer = world.address("Import", "info@import.example")
    office = world.address("Amt", role=AddressRole.AUTHORITY)
    world.address("Fremd")
    entry = world.entry(meier)
    world.participant(world.entry(world.address("Huber")), office)
    first = world.mail(to=["verkauf@werft.example", "info@import.example"])
    world.link(entry, first)
    found = address_choice.choices(world.viewer(), entry.number)
    assert found[0].id == importer.id
    assert found[0].in_mail
    assert [c.name for c in found[1:]] == ["Amt", "Huber"]
    (searched,) = address_choice.choices(world.viewer(), entry.number, "fremd")
    assert searched.name == "Fremd"


def test_a_hidden_mail_betrays_nobody(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    world.address("Import", "info@import.example")
    entry = world.entry(meier)
    mail = world.mail(to=["info@import.example"], box="leitung")
    world.link(entry, mail)
    assert address_choice.choices(world.viewer("frei"), entry.number) == ()
    assert len(address_choice.choices(world.viewer("keller"), entry.number)) == 1


# --- subtags ----------------------------------------------------------------------


def test_subtags_last_used_stand_first_and_words_narrow(world: World) -> None:
    meier = world.address("Meier")
    viewer = world.viewer("keller")
    found = subtag_choice.choices(viewer)
    assert [c.key for c in found.all] == ["stoerung", "offerte"]
    assert found.recent == ()
    assert viewer.actor == ACTOR
    for subtag in ("stoerung", "offerte"):
        world.entry(meier, "x", subtag)
    found = subtag_choice.choices(viewer)
    assert [c.key for c in found.recent] == ["offerte", "stoerung"]
    assert [c.key for c in found.matching("")] == ["offerte", "stoerung"]
    assert [c.path for c in found.matching("MOTORSTOER werk")] == [
        "Werkstatt › Motor › Motorstörung"
    ]


def test_only_writable_subtags_are_offered_and_readable_tags_filter(
    world: World,
) -> None:
    viewer = world.viewer("huber")  # reads the workshop's, writes nothing
    assert subtag_choice.choices(viewer).all == ()
    assert subtag_choice.readable_tags(viewer) == [
        ("werkstatt", "Werkstatt"),
        ("werkstatt/motor", "Werkstatt › Motor"),
    ]


# --- the cost ---------------------------------------------------------------------


def test_queries_do_not_depend_on_the_rows(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    entry = world.entry(meier)
    viewer = world.viewer()
    world.link(entry, world.mail())
    world.address("Import", "i@import.example")
    world.mail(to=["i@import.example"])
    delivered("R-0", meier.id)
    reads = (
        lambda: address_page.mails(viewer, meier.id),
        lambda: address_page.documents(viewer, address_id=meier.id),
        lambda: document_page.choices(viewer, entry.number),
        lambda: address_choice.choices(viewer, entry.number, "kunde"),
        lambda: subtag_choice.choices(viewer),
    )
    few = [counted(read) for read in reads]
    for number in range(12):
        world.link(entry, world.mail(minutes=100 + number))
        delivered(f"R-{number}", meier.id)
        world.entry(world.address(f"Kunde {number}"))
    with transaction():
        entries.add_note(entry, "x", actor=ACTOR)
    assert [counted(read) for read in reads] == few
