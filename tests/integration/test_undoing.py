"""«Alles rückgängig, was aus Postfach X seit … kam»: the mailbox's doing, nothing else."""

from datetime import datetime, timedelta

import pytest
from crm_world import START, World

from crm_core import clock
from crm_core.database import transaction
from crm_core.linking import links, undoing
from crm_core.models import (
    AuditEvent,
    Entry,
    EntryMail,
    EntryStatus,
    LinkReason,
    Mailbox,
    Message,
)
from crm_core.records import entries, tasks
from crm_core.records.schedule import due_by
from crm_core.verify import verify

pytestmark = pytest.mark.usefixtures("db")

SINCE = START + timedelta(hours=1)
ATTACK = START + timedelta(hours=2)
LATER = START + timedelta(hours=3)


@pytest.fixture
def world() -> World:
    return World()


def by_mailbox(
    entry: Entry, mail: Message, *, at: datetime = ATTACK, box: str = "verkauf"
) -> None:
    with clock.use(lambda: at), transaction():
        links.link_mail(
            entry, mail, reason=LinkReason.TOKEN, actor=f"mailbox:{box}", evidence="[x]"
        )


def box(world: World, name: str = "verkauf") -> Mailbox:
    return world.boxes[name]


def undo(world: World, name: str = "verkauf") -> undoing.Made:
    with clock.use(lambda: LATER), transaction():
        return undoing.undo(box(world, name), SINCE, LATER, actor="user:frei")


def linked() -> set[int]:
    return {
        row.anchor_id
        for row in EntryMail.select().where(EntryMail.removed_at.is_null())
    }


@pytest.fixture
def entry(world: World) -> Entry:
    return world.entry(world.address("Meier", "meier@kunde.example"))


def test_links_of_the_mailbox_since_then_are_undone(world: World, entry: Entry) -> None:
    before, after, other = world.mail(), world.mail(), world.mail()
    by_mailbox(entry, before, at=START)
    by_mailbox(entry, after)
    by_mailbox(entry, other, box="werkstatt")
    (told,) = undoing.made(box(world), SINCE, LATER).links
    assert (told.number, told.message, told.at) == (entry.number, after.id, ATTACK)
    assert undo(world).links == (told,)
    assert linked() == {before.id, other.id}
    assert verify() == []
    (said,) = AuditEvent.select().where(AuditEvent.action == "mailbox_undone")
    assert said.detail.startswith("1 links, 0 entries since 2026-11-02T09:00")


def test_looking_changes_nothing_and_twice_undoes_nothing_more(
    world: World, entry: Entry
) -> None:
    by_mailbox(entry, world.mail())
    undoing.made(box(world), SINCE, LATER)
    assert len(linked()) == 1
    assert undo(world)
    assert not undo(world)
    count = AuditEvent.select().where(AuditEvent.action == "mailbox_undone").count()
    assert count == 1


def test_what_is_undone_is_not_linked_again_by_itself(
    world: World, entry: Entry
) -> None:
    mail = world.mail()
    by_mailbox(entry, mail)
    undo(world)
    by_mailbox(entry, mail, at=LATER)
    assert linked() == set()


def test_what_a_person_confirmed_stays(world: World, entry: Entry) -> None:
    mail = world.mail()
    reply = world.mail(answers=mail)
    by_mailbox(entry, mail)
    world.link(entry, reply)  # «Verlinken»: pinned
    assert not undo(world)
    assert linked() == {mail.id}


def test_a_link_by_hand_in_the_same_conversation_stays(
    world: World, entry: Entry
) -> None:
    mail = world.mail()
    world.link(entry, mail)
    other = world.entry(world.address("Huber", "huber@kunde2.example"))
    by_mailbox(other, mail)
    assert [link.number for link in undo(world).links] == [other.number]
    rows = EntryMail.select().where(EntryMail.removed_at.is_null())
    assert [row.entry_id for row in rows] == [entry.id]


def opened(world: World) -> Entry:
    """An entry that a keyword of the mailbox opened, as ``keyword_acts`` does."""
    address = world.address("Huber", "huber@kunde2.example")
    mail = world.mail("huber@kunde2.example")
    actor = "mailbox:verkauf"
    with clock.use(lambda: ATTACK), transaction():
        entry = entries.create(address.id, "offerte", "Boot", actor=actor)
        links.link_mail(entry, mail, reason=LinkReason.KEYWORD, actor=actor)
    return entry


def test_an_entry_nobody_touched_is_closed(world: World) -> None:
    entry = opened(world)
    assert undo(world).entries == (entry.number,)
    assert Entry.get_by_id(entry.id).status is EntryStatus.CLOSED


def test_an_entry_somebody_works_in_stays_open(world: World) -> None:
    entry = opened(world)
    with transaction():
        tasks.assign(
            entry,
            world.employee("frei"),
            "Offerte",
            due_by(START.date()),
            actor="user:frei",
        )
    assert undo(world).entries == ()
    assert Entry.get_by_id(entry.id).status is EntryStatus.OPEN
