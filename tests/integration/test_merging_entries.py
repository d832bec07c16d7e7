"""Merging an entry into another one: nothing is lost, nobody sees more than intended."""

from random import Random

import pytest
from crm_world import World
from office import ACTOR, MemoryOutlook, Office, office

from crm_core import database, verify
from crm_core.access.viewer import viewer_of
from crm_core.database import transaction
from crm_core.errors import Conflict, Forbidden, Invalid, NotFound
from crm_core.linking import links, triage, unassigned
from crm_core.linking.keyword_acts import Act, _tokens
from crm_core.linking.keywords import parse
from crm_core.mirroring import mirrors
from crm_core.models import (
    AuditEvent,
    Entry,
    EntryMail,
    EntryStatus,
    Mailbox,
    Message,
    Note,
    Participant,
    Suggestion,
    SuggestionReason,
    Task,
    Verdict,
)
from crm_core.queries import entry_mail
from crm_core.records import documents, entries, merged, merging, watches
from crm_core.records import tasks as core_tasks
from crm_core.records.entries import Stale


@pytest.fixture
def world(db: str) -> World:
    return World()


def pair(world: World) -> tuple[Entry, Entry]:
    """CRM-1001 and CRM-1002, of two customers."""
    meier = world.address("Meier", "meier@kunde.example")
    huber = world.address("Huber", "huber@kunde2.example")
    return world.entry(meier, "Motor"), world.entry(huber, "Motor, nochmals")


def merge(world: World, number: int = 1002, into: int = 1001, who: str = "frei",
          **versions: int) -> Entry:  # fmt: skip
    with transaction():
        return merging.merge(world.viewer(who), number, into, **versions)


def shown(entry: Entry) -> set[int]:
    rows = database.execute(entry_mail.shown_in("?"), (entry.id, entry.id))
    return {int(row[1]) for row in rows}


def test_everything_that_hung_on_the_entry_hangs_on_the_other_one(
    world: World,
) -> None:
    into, source = pair(world)
    mail = world.mail("huber@kunde2.example")
    world.link(source, mail)
    reply = world.mail("huber@kunde2.example", answers=mail)
    task = world.task(source)
    document = world.document("R-1")
    world.link_document(source, document)
    with transaction():
        entries.add_note(source, "Hat angerufen", actor=ACTOR)
        watches.watch(source, world.employee("keller").id, actor=ACTOR)
    merge(world)
    assert shown(into) == {mail.id, reply.id}
    assert shown(source) == set()
    assert Task.get_by_id(task.id).entry_id == into.id
    assert [row.entry_id for row in Note.select()] == [into.id]
    assert [one.number for one in documents.entries_of(document)] == [into.number]
    assert watches.is_watching(into, world.employee("keller").id)
    assert len(entries.participant_ids(into)) == 2
    assert len(entries.participant_ids(source)) == 1
    assert verify.verify() == []
    assert unassigned.differences() == []


def test_the_preview_says_what_the_merging_then_moves(world: World) -> None:
    into, source = pair(world)
    world.link(source, world.mail("huber@kunde2.example"))
    world.task(source)
    told = merging.preview(world.viewer("frei"), 1002, 1001)
    assert (told.mails, told.participants, told.tasks) == (1, 1, 1)
    assert (told.notes, told.documents, told.new_readers) == (0, 0, ())
    assert shown(source)
    assert not shown(into)


def test_the_merged_entry_is_closed_for_good_and_points_on(world: World) -> None:
    into, source = pair(world)
    merge(world)
    source = Entry.get_by_id(source.id)
    assert source.status is EntryStatus.CLOSED
    found = merged.target_of(source)
    assert found is not None
    assert found.number == into.number
    with pytest.raises(Conflict):
        world.viewer("frei").entry(1002, write=True)
    with pytest.raises(Conflict), transaction():
        entries.reopen(source, actor=ACTOR)
    with pytest.raises(Conflict):
        merge(world)


def test_pointers_of_earlier_mergings_move_on(world: World) -> None:
    _, source = pair(world)
    world.entry(world.address("Dritte"), "Drei")
    merge(world, 1002, 1001)
    merge(world, 1001, 1003)
    found = merged.target_of(Entry.get_by_id(source.id))
    assert found is not None
    assert found.number == 1003
    assert merged.numbers_of(found.id) == [1001, 1002]
    assert {n: e.number for n, e in merged.by_number([1001, 1002, 1003]).items()} == {
        1001: 1003, 1002: 1003, 1003: 1003
    }  # fmt: skip


def test_a_token_of_the_merged_entry_leads_to_the_other_one(world: World) -> None:
    into, _ = pair(world)
    merge(world)
    mail = world.mail("frei@werft.example", "AW: [CRM-1002] Motor", sent=True)
    act = Act(
        message=mail, conversation=mail.conversation_id,
        subject=parse(mail.subject, "CRM"), staff=True, participants_of=frozenset(),
        filed=False, mailbox=world.boxes["verkauf"].id, slug="verkauf", copy="x",
        folder=world.folders["verkauf"].id, budget=30,
    )  # fmt: skip
    with transaction():
        assert _tokens(act, "CRM")
    assert shown(into) == {mail.id}
    assert EntryMail.get().evidence == "[CRM-1002]"


def test_a_closed_target_is_opened_if_there_is_still_something_to_do(
    world: World,
) -> None:
    into, _ = pair(world)
    world.close(into)
    assert merge(world).status is EntryStatus.OPEN
    assert Entry.get_by_id(into.id).closed_at is None


def test_the_description_is_kept_as_a_note(world: World) -> None:
    _, source = pair(world)
    Entry.update(description="Seit Montag.").where(Entry.id == source.id).execute()
    merge(world)
    assert Note.get().text == "Motor, nochmals\n\nSeit Montag."


def test_both_entries_and_the_log_say_who_merged_what(world: World) -> None:
    pair(world)
    merge(world)
    lines = {
        row.action: (row.actor, row.subject, row.detail)
        for row in AuditEvent.select().where(
            AuditEvent.action.in_(["entry_merged", "entry_absorbed"])
        )
    }
    assert lines == {
        "entry_merged": ("user:frei", "entry:1002", "entry:1001"),
        "entry_absorbed": ("user:frei", "entry:1001", "entry:1002"),
    }


# --- decisions of people ----------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_what_either_entry_showed_the_merged_one_shows(world: World, seed: int) -> None:
    """Random histories of links, removals and verdicts on both sides."""
    random = Random(seed)
    into, source = pair(world)
    mails: list[Message] = []
    for _ in range(16):
        answers = random.choice(mails) if mails and random.random() < 0.6 else None
        mails.append(world.mail("neu@fremd.example", answers=answers))
    for _ in range(40):
        act = random.choice(
            [links.unlink_message, links.unlink_conversation, *[world.link] * 5]
        )
        entry, mail = random.choice((into, source)), random.choice(mails)
        try:
            if act == world.link:
                world.link(entry, mail)
            else:
                with transaction():
                    act(entry, mail, actor=ACTOR)  # type: ignore[operator]
        except NotFound:
            continue
    before = shown(into) | shown(source)
    assert shown(source) - shown(into), "the control: both sides matter"
    merge(world)
    assert before <= shown(into)
    assert shown(source) == set()
    assert verify.verify() == []


@pytest.mark.parametrize("both_linked", [True, False])
def test_a_mail_taken_out_of_one_entry_stays_where_the_other_shows_it(
    world: World, both_linked: bool
) -> None:
    into, source = pair(world)
    first = world.mail("neu@fremd.example")
    second = world.mail("neu@fremd.example", answers=first)
    world.link(source, first)
    if both_linked:
        world.link(into, first)
    with transaction():
        links.unlink_message(source, second, actor=ACTOR)
    merge(world)
    assert (second.id in shown(into)) is both_linked


def test_offers_are_moved_and_not_doubled(world: World) -> None:
    into, source = pair(world)
    for mail, of in ((world.mail(), (source,)), (world.mail(), (source, into))):
        for entry in of:
            Suggestion.create(
                message=mail, entry=entry, reason=SuggestionReason.BARE_TOKEN,
                made_at=mail.received_at,
            )  # fmt: skip
    merge(world)
    rows = Suggestion.select().where(Suggestion.closed_at.is_null())
    assert [row.entry_id for row in rows] == [into.id, into.id]


# --- who may, and what must not be seen -------------------------------------------


def test_neither_entry_may_be_hidden_or_only_readable(world: World) -> None:
    pair(world)
    world.entry(world.address("X"), "Offerte", "offerte")
    for who, number, into, refused in (
        ("huber", 1002, 1001, Forbidden),  # the workshop reads, and does not write
        ("huber", 1003, 1001, NotFound),
        ("huber", 1001, 1003, Forbidden),
        ("frei", 1001, 4711, NotFound),
        ("frei", 1001, 1001, Invalid),
    ):
        with pytest.raises(refused):
            merge(world, number, into, who)
        with pytest.raises(refused):
            merging.preview(world.viewer(who), number, into)
    assert Entry.select().where(Entry.status == EntryStatus.CLOSED).count() == 0


def test_what_is_only_for_management_does_not_get_into_other_hands(
    world: World,
) -> None:
    world.entry(world.address("A"), "Offen")
    world.entry(world.address("B"), "Lohn", management_only=True)
    with pytest.raises(Conflict):
        merge(world, 1002, 1001, "keller")
    with pytest.raises(NotFound):
        merge(world, 1001, 1002, "frei")
    merge(world, 1001, 1002, "keller")  # the other way nobody sees more


def test_the_preview_names_the_groups_that_will_see_more(world: World) -> None:
    world.entry(world.address("A"), "Offerte", "offerte")
    world.entry(world.address("B"), "Motor", "stoerung")
    told = merging.preview(world.viewer("frei"), 1001, 1002)
    assert told.new_readers == ("Werkstatt",)
    assert merging.preview(world.viewer("frei"), 1002, 1001).new_readers == ()


def test_somebody_else_was_faster(world: World) -> None:
    into, source = pair(world)
    with transaction():
        entries.update(source, actor=ACTOR, title="Anders")
    for versions in ({"version": 1}, {"into_version": 2}):
        with pytest.raises(Stale):
            merge(world, **versions)
    merge(world, version=2, into_version=1)
    assert Entry.get_by_id(into.id).version == 2


# --- copies of tasks in mailboxes -------------------------------------------------


@pytest.fixture
def company(db: str) -> object:
    with office(MemoryOutlook()) as here:
        yield here


def _second_entry(company: Office) -> Entry:
    address = Participant.get(Participant.entry == company.entry).address_id
    with transaction():
        return entries.create(address, "offerte", "Zweiter", actor=ACTOR)


def _merge_into(company: Office, into: Entry) -> None:
    with transaction():
        viewer = viewer_of(company.employee("keller"))
        merging.merge(viewer, company.entry.number, into.number)


def test_a_tasks_copy_stays_the_one_item_and_gets_the_new_number(
    company: Office,
) -> None:
    task = company.assign("keller")
    done = company.assign("keller", title="Schon getan")
    company.run()
    company.do(core_tasks.complete, done)
    company.run()
    before = {item.id for item in company.ours()}
    into = _second_entry(company)
    _merge_into(company, into)
    company.run()
    company.run()
    items = company.ours()
    assert len(items) == len(before) == 2
    assert {item.id for item in items} == before
    assert all(item.subject.endswith(f"CRM-{into.number}") for item in items)
    assert company.mirror(task).drift is None
    assert Mailbox.select().count() > 1


def test_a_change_in_outlook_from_before_is_adopted_without_the_old_number(
    company: Office,
) -> None:
    task = company.assign("keller", title="Offerte")
    company.run()
    item = company.only()
    company.outlook.edit(
        "keller", item, subject=f"Offerte eilt · CRM-{company.entry.number}"
    )
    company.poll()
    _merge_into(company, _second_entry(company))
    with transaction():
        mirrors.adopt(company.row(task).id, actor=ACTOR)
    assert Task.get_by_id(task).title == "Offerte eilt"


def test_a_verdict_without_a_link_moves_too(world: World) -> None:
    into, source = pair(world)
    mail = world.mail("huber@kunde2.example")
    reply = world.mail("huber@kunde2.example", answers=mail)
    world.link(source, mail)
    world.link(source, reply)
    with transaction():
        links.unlink_message(source, reply, actor=ACTOR)
        links.unlink_conversation(source, mail, actor=ACTOR)
    merge(world)
    verdicts = database.execute("SELECT entry_id, verdict FROM entry_mail_verdict")
    assert verdicts == [(into.id, Verdict.EXCLUDE.value)]
    assert links.was_removed(into.id, mail.conversation_id)


def test_a_mail_cannot_be_placed_in_the_merged_entry(world: World) -> None:
    pair(world)
    merge(world)
    mail = world.mail()
    with pytest.raises(Conflict), transaction():
        triage.accept(world.viewer("frei"), mail.id, 1002)
