"""Changing entries and addresses, and watching, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crm_core import clock, database
from crm_core.access import staff
from crm_core.database import transaction
from crm_core.errors import Conflict, Invalid
from crm_core.models import (
    Address,
    AddressRole,
    AuditEvent,
    Conversation,
    Employee,
    Entry,
    EntryMailState,
    EntryStatus,
    Hold,
    Message,
    MessageAddress,
    PartyRole,
    Watch,
)
from crm_core.records import addresses, entries, watches
from crm_core.records.addresses import Details
from crm_core.records.entries import EntryDraft, Stale
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec

pytestmark = pytest.mark.usefixtures("db")

START = datetime(2026, 11, 24, 9, 2, tzinfo=UTC)
SUBTAGS = (SubtagSpec("offerte", "Offerte"), SubtagSpec("kauf", "Kauf"))
TAXONOMY = TagGroupSpec("g", "G", tags=(TagSpec("t", "T", SUBTAGS),))


@pytest.fixture
def meier(db: str) -> Address:
    with transaction():
        classification.import_taxonomy([TAXONOMY], actor="test")
        return addresses.create(
            "Meier", AddressRole.CUSTOMER, ["meier@kunde.example"], actor="test"
        )


@pytest.fixture
def keller(db: str) -> Employee:
    with transaction():
        return staff.add_employee("keller", "M. Keller", actor="test")


def opened(meier: Address, **more: object) -> Entry:
    with transaction():
        draft = EntryDraft("Boot", meier.id, "offerte", **more)  # type: ignore[arg-type]
        return entries.open_as(draft, actor="user:frei")


def again(entry: Entry) -> Entry:
    return entries.by_number(entry.number)


def test_an_entry_keeps_everything_that_was_filled_in(
    meier: Address, keller: Employee
) -> None:
    day = date(2026, 12, 1)
    entry = opened(
        meier, description="Mit Kajüte", responsible=keller, follow_up_on=day
    )
    found = again(entry)
    assert found.description == "Mit Kajüte"
    assert found.responsible == keller
    assert found.follow_up_on == day
    assert found.version == 1


def test_a_rewritten_entry_says_who_and_when(meier: Address, keller: Employee) -> None:
    entry = opened(meier)
    draft = EntryDraft("Segelboot", None, "kauf", responsible=keller)
    with clock.use(lambda: START), transaction():
        entries.rewrite(entry, draft, actor="user:keller", version=1)
    found = again(entry)
    assert (found.title, found.subtag.key, found.version) == ("Segelboot", "kauf", 2)
    assert (found.updated_by, found.updated_at) == ("user:keller", START)


def test_a_rewrite_that_changes_nothing_leaves_the_version(meier: Address) -> None:
    entry = opened(meier)
    with transaction():
        entries.rewrite(entry, EntryDraft("Boot", None, "offerte"), actor="x")
    assert again(entry).version == 1


def test_the_second_of_two_people_is_told_and_changes_nothing(meier: Address) -> None:
    entry = opened(meier)
    second = again(entry)
    with transaction():
        entries.rewrite(
            entry, EntryDraft("Erste", None, "offerte"), actor="a", version=1
        )
    with pytest.raises(Stale), transaction():
        entries.rewrite(
            second, EntryDraft("Zweite", None, "kauf"), actor="b", version=1
        )
    assert again(entry).title == "Erste"


def test_an_entry_can_wait_and_be_opened_again(meier: Address) -> None:
    entry = opened(meier)
    for status in (EntryStatus.WAITING, EntryStatus.CLOSED, EntryStatus.OPEN):
        with transaction():
            entries.set_status(entry, status, actor="test")
        assert again(entry).status is status
    assert again(entry).closed_at is None
    said = [row.action for row in AuditEvent.select().order_by(AuditEvent.id)][-3:]
    assert said == ["entry_waiting", "entry_closed", "entry_reopened"]


@pytest.mark.parametrize("title", ["", "  \n", "x" * 201])
def test_an_empty_or_endless_title_is_refused(meier: Address, title: str) -> None:
    entry = opened(meier)
    with pytest.raises(Invalid) as refused, transaction():
        entries.rewrite(entry, EntryDraft(title, None, "offerte"), actor="x")
    assert refused.value.field == "title"


def test_watching_is_one_row_and_can_end(meier: Address, keller: Employee) -> None:
    entry = opened(meier)
    with clock.use(lambda: START), transaction():
        watches.watch(entry, keller.id, actor="user:keller")
        watches.watch(entry, keller.id, actor="user:keller")
    assert watches.is_watching(entry, keller.id)
    later = START + timedelta(hours=1)
    with clock.use(lambda: later), transaction():
        watches.mark_seen(entry, keller.id)
    assert [row.seen_at for row in Watch.select()] == [later]
    with transaction():
        watches.unwatch(entry, keller.id, actor="user:keller")
    assert not watches.is_watching(entry, keller.id)


def test_an_address_keeps_its_details(meier: Address) -> None:
    details = Details("K-17", "Meier AG", "Seeweg 1", "8008", "Zürich", "044", "ruhig")
    with transaction():
        addresses.update(meier, actor="test", name="Hans Meier", details=details)
    found = addresses.get(meier.id)
    assert (found.name, found.number, found.city) == ("Hans Meier", "K-17", "Zürich")
    assert found.updated_at is not None
    events = AuditEvent.select().where(AuditEvent.action == "address_updated")
    assert "city" in events.get().detail


def test_an_unchanged_address_is_not_written(meier: Address) -> None:
    with transaction():
        addresses.update(meier, actor="test", name="Meier")
    assert addresses.get(meier.id).updated_at is None


def test_a_number_of_another_address_names_the_owner(meier: Address) -> None:
    with transaction():
        addresses.update(meier, actor="test", details=Details(number="17"))
    with pytest.raises(Conflict, match=f"address {meier.id} "), transaction():
        addresses.create(
            "Huber", AddressRole.OTHER, actor="test", details=Details(number="17")
        )
    assert Address.select().count() == 1


def test_addresses_without_number_are_many(meier: Address) -> None:
    with transaction():
        addresses.create("Huber", AddressRole.OTHER, actor="test")
    assert Address.select().where(Address.number.is_null()).count() == 2


def test_exactly_the_given_email_addresses_are_left(meier: Address) -> None:
    with transaction():
        addresses.set_emails(meier, ["Neu@kunde.example", "zwei@b.example"], actor="x")
    emails = sorted(row.email for row in meier.emails)
    assert emails == ["neu@kunde.example", "zwei@b.example"]


def test_exactly_the_given_domains_are_left(meier: Address) -> None:
    with transaction():
        addresses.set_domains(meier, ["a.example", "@B.example"], actor="x")
        addresses.set_domains(meier, ["b.example"], actor="x")
    assert [row.domain for row in meier.domains] == ["b.example"]


def _mail(conversation: Conversation, sender: str) -> Message:
    count = Message.select().count()
    row = Message.create(
        fingerprint=bytes([count]) * 16,
        conversation=conversation,
        subject="Boot",
        from_address=sender,
        sender=sender,
        sent_at=START,
        received_at=START,
    )
    MessageAddress.create(message=row, role=PartyRole.FROM, email=sender)
    return row


def test_a_removed_domain_lets_its_mail_through_again(meier: Address) -> None:
    """A known address of somebody else is held; an unknown one is not."""
    entry = opened(meier)
    with transaction():
        other = addresses.create("Huber", AddressRole.OTHER, actor="test")
        thread = Conversation.create(started_at=START)
        anchor = _mail(thread, "meier@kunde.example")
        _mail(thread, "wer@huber.example")
        from crm_core.linking import links
        from crm_core.models import LinkReason

        links.link_mail(entry, anchor, reason=LinkReason.MANUAL, actor="test")
    state = EntryMailState.get()
    assert (state.hold, state.new_sender) == (None, True)
    with transaction():
        addresses.add_domain(other, "huber.example", actor="test")
    assert EntryMailState.get().hold is Hold.OTHER_CUSTOMER
    with transaction():
        addresses.set_domains(other, [], actor="test")
    assert EntryMailState.get().hold is None


def test_nothing_is_written_outside_a_transaction(
    meier: Address, keller: Employee
) -> None:
    entry = opened(meier)
    for act in (
        lambda: addresses.update(meier, actor="x", name="Y"),
        lambda: addresses.set_emails(meier, [], actor="x"),
        lambda: entries.set_status(entry, EntryStatus.CLOSED, actor="x"),
        lambda: watches.watch(entry, keller.id, actor="x"),
    ):
        with pytest.raises(RuntimeError):
            act()
    assert not database.transaction_open()
