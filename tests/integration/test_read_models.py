"""What an entry and an address show of mail, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_core.database import transaction
from crm_core.errors import NotFound
from crm_core.linking import links
from crm_core.models import (
    Address,
    AddressRole,
    Conversation,
    Entry,
    EntryMailState,
    Hold,
    LinkReason,
    Message,
    MessageAddress,
    PartyRole,
)
from crm_core.queries import addresses as address_page
from crm_core.queries import entries as entry_page
from crm_core.records import addresses, entries
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec

pytestmark = pytest.mark.usefixtures("db")

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TAXONOMY = TagGroupSpec(
    "g", "G", tags=(TagSpec("t", "T", (SubtagSpec("offerte", "Offerte"),)),)
)


class World:
    """A customer with an entry, and mails in conversations."""

    def __init__(self) -> None:
        with transaction():
            classification.import_taxonomy([TAXONOMY], actor="test")
        self.meier = self.address("Meier", "meier@kunde.example")
        self.entry = self.open(self.meier)
        self.count = 0

    def address(self, name: str, *emails: str) -> Address:
        with transaction():
            return addresses.create(name, AddressRole.CUSTOMER, emails, actor="test")

    def open(self, address: Address) -> Entry:
        with transaction():
            return entries.create(address.id, "offerte", "Boot", actor="test")

    def mail(
        self,
        conversation: Conversation | None = None,
        sender: str = "meier@kunde.example",
        to: str = "verkauf@werft.example",
    ) -> Message:
        self.count += 1
        at = START + timedelta(minutes=self.count)
        with transaction():
            row = Message.create(
                internet_id=f"m{self.count}@kunde.example",
                fingerprint=bytes([self.count]) * 16,
                conversation=conversation or Conversation.create(started_at=at),
                subject="Boot",
                from_address=sender,
                sender=sender,
                sent_at=at,
                received_at=at,
            )
            for role, email in ((PartyRole.FROM, sender), (PartyRole.TO, to)):
                MessageAddress.create(message=row, role=role, email=email)
        return row

    def link(self, message: Message, reason: LinkReason = LinkReason.MANUAL) -> None:
        with transaction():
            links.link_mail(self.entry, message, reason=reason, actor="test")

    def shown(self) -> list[tuple[str | None, str]]:
        page = entry_page.show(self.entry.number)
        return [(mail.internet_id, mail.reason.value) for mail in page.messages]


@pytest.fixture
def world() -> World:
    return World()


def test_the_anchor_shows_its_reason_and_the_others_are_replies(world: World) -> None:
    first = world.mail()
    world.mail(first.conversation)
    world.mail()
    world.link(first, LinkReason.TOKEN)
    world.mail(first.conversation)
    assert world.shown() == [
        ("m1@kunde.example", "token"),
        ("m2@kunde.example", "reply"),
        ("m4@kunde.example", "reply"),
    ]


def test_a_mail_taken_out_is_not_shown_and_the_others_stay(world: World) -> None:
    first = world.mail()
    second = world.mail(first.conversation)
    world.link(first)
    with transaction():
        links.unlink_message(world.entry, second, actor="test")
    assert world.shown() == [("m1@kunde.example", "manual")]


def test_a_removed_link_shows_nothing_any_more(world: World) -> None:
    first = world.mail()
    world.mail(first.conversation)
    world.link(first)
    with transaction():
        links.unlink_conversation(world.entry, first, actor="test")
    assert world.shown() == []


def test_a_held_mail_is_listed_with_why(world: World) -> None:
    first = world.mail()
    other = world.address("Huber", "huber@kunde2.example")
    world.mail(first.conversation, sender="huber@kunde2.example")
    world.link(first)
    page = entry_page.show(world.entry.number)
    assert [mail.hold for mail in page.messages] == [None, Hold.OTHER_CUSTOMER]
    with transaction():
        entries.add_participant(world.entry, other.id, actor="test")
    page = entry_page.show(world.entry.number)
    assert [mail.hold for mail in page.messages] == [None, None]


def test_a_new_sender_is_marked(world: World) -> None:
    first = world.mail()
    world.mail(first.conversation, sender="neu@fremd.example")
    world.link(first)
    page = entry_page.show(world.entry.number)
    assert [mail.new_sender for mail in page.messages] == [False, True]
    assert EntryMailState.select().count() == 1


def test_a_later_known_address_settles_the_mail_it_wrote(world: World) -> None:
    first = world.mail()
    world.mail(first.conversation, sender="huber@kunde2.example")
    world.link(first)
    world.address("Huber", "huber@kunde2.example")
    page = entry_page.show(world.entry.number)
    assert page.messages[1].hold is Hold.OTHER_CUSTOMER


def test_an_address_shows_all_its_mail_linked_or_not_newest_first(
    world: World,
) -> None:
    first = world.mail()
    world.mail(sender="fremd@fremd.example")
    world.mail(sender="verkauf@werft.example", to="meier@kunde.example")
    world.link(first)
    page = address_page.show(world.meier.id)
    assert [(mail.internet_id, mail.entries) for mail in page.messages] == [
        ("m3@kunde.example", ()),
        ("m1@kunde.example", (1001,)),
    ]


def test_a_domain_shows_the_mail_of_everybody_but_of_another_address(
    world: World,
) -> None:
    firm = world.address("Firma")
    with transaction():
        addresses.add_domain(firm, "kunde.example", actor="test")
    world.mail(sender="meier@kunde.example")
    world.mail(sender="lehrling@kunde.example")
    world.mail(sender="x@unterkunde.example")
    page = address_page.show(firm.id)
    assert [mail.sender for mail in page.messages] == ["lehrling@kunde.example"]


def test_an_entry_of_a_participant_is_shown_but_is_not_its_own(world: World) -> None:
    other = world.address("Importeur")
    with transaction():
        entries.add_participant(world.entry, other.id, actor="test")
    (mine,) = address_page.show(world.meier.id).entries
    (theirs,) = address_page.show(other.id).entries
    assert (mine.number, mine.is_first) == (1001, True)
    assert (theirs.number, theirs.is_first) == (1001, False)


def test_a_mail_in_two_entries_names_both(world: World) -> None:
    first = world.mail()
    world.link(first)
    world.entry = world.open(world.meier)
    world.link(first)
    (mail,) = address_page.show(world.meier.id).messages
    assert mail.entries == (1001, 1002)


def test_what_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        entry_page.show(9)
    with pytest.raises(NotFound):
        address_page.show(999)
