"""The port's contract, on the in-memory double and on EWS against the sandbox.

Every test runs in both worlds; what only one of them can do is in other files.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mailsync.errors import (
    AuthRejected,
    Conflict,
    ItemGone,
    MailboxGone,
    TokenInvalid,
    Transient,
    Unprocessable,
)
from mailsync.port import (
    Change,
    ChangeKind,
    Detail,
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    RemoteItem,
    WantedItem,
)
from tests.contract.worlds import (
    ADDRESS,
    CALENDAR,
    INBOX,
    OTHER,
    PAGE,
    TASKS,
    Mail,
    Reading,
    World,
)

TASK = WantedItem(
    ItemKind.TASK,
    "key-1",
    "Boot bestellen",
    "Eintrag 1042",
    completed=False,
    time_zone="Europe/Zurich",
    due_on=date(2026, 11, 26),
)
APPOINTMENT = WantedItem(
    ItemKind.APPOINTMENT,
    "key-2",
    "Probefahrt",
    "Eintrag 1042",
    completed=False,
    time_zone="Europe/Zurich",
    starts_at=datetime(2026, 11, 26, 8, tzinfo=UTC),
    ends_at=datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
)


def ids(changes: list[Change], kind: ChangeKind) -> set[str]:
    return {c.ref.external_id for c in changes if c.kind is kind}


def only(items: list[RemoteItem]) -> RemoteItem:
    assert len(items) == 1
    return items[0]


# -- folders ---------------------------------------------------------------------------


def test_standard_folders_resolve_to_their_roles(world: World) -> None:
    found = world.port.folders(["inbox", "sent"], subfolders=False)
    assert [f.role for f in found] == [FolderRole.INBOX, FolderRole.SENT]


def test_own_folders_resolve_by_their_path(world: World) -> None:
    (found,) = world.port.folders(["ablage"], subfolders=False)
    assert (found.role, found.name) == (FolderRole.OTHER, "Ablage")
    assert found.external_id


def test_subfolders_of_the_inbox_are_found_at_any_depth(world: World) -> None:
    found = world.port.folders(["inbox", "sent"], subfolders=True)
    names = {f.name for f in found if f.role is FolderRole.OTHER}
    assert names == {"inbox/Kunden", "inbox/Kunden/Meier"}


def test_a_folder_named_twice_comes_once(world: World) -> None:
    found = world.port.folders(["inbox", "inbox/Kunden"], subfolders=True)
    assert len(found) == len({(f.role, f.external_id) for f in found}) == 3


def test_a_missing_folder_is_named_in_the_error(world: World) -> None:
    with pytest.raises(MailboxGone, match="Abglage") as caught:
        world.port.folders(["Abglage"], subfolders=False)
    assert caught.value.code == "E234"


# -- changes ---------------------------------------------------------------------------


def test_an_empty_folder_gives_an_empty_last_page_with_a_token(world: World) -> None:
    page = world.port.changes(INBOX, None)
    assert page.changes == ()
    assert page.is_last
    assert page.token


def test_a_first_sync_comes_in_pages_newest_first_and_complete(world: World) -> None:
    delivered = world.deliver(*(Mail(n) for n in range(2 * PAGE + 3)))
    reading = Reading.of(world.port, INBOX)
    assert reading.pages == 3
    got = [c.ref.external_id for c in reading.changes]
    assert got == [ref.external_id for ref in reversed(delivered)]


def test_a_change_carries_what_the_private_rule_needs(world: World) -> None:
    world.deliver(Mail(1, subject="Privat: Zahnarzt", sensitivity="Private"))
    (change,) = world.port.changes(INBOX, None).changes
    assert change.kind is ChangeKind.UPSERTED
    assert change.subject == "Privat: Zahnarzt"
    assert change.sensitivity == "Private"
    assert change.received_at == Mail(1).received
    assert change.item_class == "IPM.Note"
    assert change.categories == ()
    assert change.ref.change_key


def test_the_token_stays_the_same_while_nothing_happens(world: World) -> None:
    world.deliver(Mail(1))
    token = Reading.of(world.port, INBOX).tokens[-1]
    page = world.port.changes(INBOX, token)
    assert (page.changes, page.token, page.is_last) == ((), token, True)


def test_a_token_may_be_replayed_with_the_same_result(world: World) -> None:
    world.deliver(*(Mail(n) for n in range(PAGE + 5)))
    first = world.port.changes(INBOX, None)
    once = world.port.changes(INBOX, first.token)
    again = world.port.changes(INBOX, first.token)
    assert not first.is_last
    assert once.changes == again.changes
    assert len(once.changes) == 5


def test_only_what_is_new_follows_a_token(world: World) -> None:
    world.deliver(*(Mail(n) for n in range(3)))
    token = Reading.of(world.port, INBOX).tokens[-1]
    new = world.deliver(Mail(10))
    reading = Reading.of(world.port, INBOX, token)
    assert [c.ref.external_id for c in reading.changes] == [new[0].external_id]


def test_mail_that_arrives_between_two_pages_is_not_lost(world: World) -> None:
    world.deliver(*(Mail(n) for n in range(PAGE + 5)))
    first = world.port.changes(INBOX, None)
    new = world.deliver(Mail(99))
    rest = Reading.of(world.port, INBOX, first.token)
    got = {c.ref.external_id for c in (*first.changes, *rest.changes)}
    assert len(got) == PAGE + 6
    assert new[0].external_id in got


def test_a_forgotten_token_is_invalid_and_a_fresh_start_reads_everything(
    world: World,
) -> None:
    world.deliver(*(Mail(n) for n in range(3)))
    token = world.port.changes(INBOX, None).token
    world.forget_tokens()
    with pytest.raises(TokenInvalid):
        world.port.changes(INBOX, token)
    assert len(Reading.of(world.port, INBOX).changes) == 3


def test_a_token_nobody_gave_is_invalid(world: World) -> None:
    with pytest.raises(TokenInvalid):
        world.port.changes(INBOX, "bm9ib2R5IGdhdmUgdGhpcw==")


def test_a_token_of_another_folder_is_invalid(world: World) -> None:
    world.deliver(Mail(1))
    token = world.port.changes(INBOX, None).token
    with pytest.raises(TokenInvalid):
        world.port.changes(FolderRef(FolderRole.SENT, "sent"), token)


def test_a_token_of_another_mailbox_is_invalid(world: World) -> None:
    token = world.port.changes(INBOX, None).token
    with pytest.raises(TokenInvalid):
        world.open(OTHER).changes(INBOX, token)


def test_a_deleted_mail_is_told_by_its_old_id(world: World) -> None:
    (ref,) = world.deliver(Mail(1))
    token = Reading.of(world.port, INBOX).tokens[-1]
    world.delete(ref, hard=True)
    reading = Reading.of(world.port, INBOX, token)
    assert [c.kind for c in reading.changes] == [ChangeKind.DELETED]
    assert reading.changes[0].ref.external_id == ref.external_id


def test_created_and_deleted_between_two_polls_is_nothing(world: World) -> None:
    token = Reading.of(world.port, INBOX).tokens[-1]
    (ref,) = world.deliver(Mail(1))
    world.delete(ref, hard=True)
    assert Reading.of(world.port, INBOX, token).changes == []


def test_a_moved_mail_is_a_deletion_here_and_a_new_id_there(world: World) -> None:
    (ref,) = world.deliver(Mail(1))
    (there,) = world.port.folders(["inbox/Kunden"], subfolders=False)
    inbox_token = Reading.of(world.port, INBOX).tokens[-1]
    there_token = Reading.of(world.port, there).tokens[-1]
    world.move(ref, "inbox/Kunden")
    here = Reading.of(world.port, INBOX, inbox_token).changes
    new = Reading.of(world.port, there, there_token).changes
    assert ids(here, ChangeKind.DELETED) == {ref.external_id}
    assert len(new) == 1
    assert new[0].ref.external_id != ref.external_id
    fetched = world.port.fetch([new[0].ref, ref], Detail.METADATA)
    assert fetched.messages[0].message_id == Mail(1).message_id
    assert [r.external_id for r in fetched.gone] == [ref.external_id]


def test_reading_a_mail_is_a_read_flag_change_and_not_a_new_mail(world: World) -> None:
    (ref,) = world.deliver(Mail(1))
    token = Reading.of(world.port, INBOX).tokens[-1]
    world.mark_read(ref)
    (change,) = Reading.of(world.port, INBOX, token).changes
    assert change.kind is ChangeKind.READ_FLAG
    assert change.ref.external_id == ref.external_id


def test_our_reading_changes_nothing_in_the_mailbox(world: World) -> None:
    world.deliver(Mail(1, attachments=(("a.txt", "text/plain", b"x"),)))
    reading = Reading.of(world.port, INBOX)
    refs = [c.ref for c in reading.changes]
    world.port.fetch(refs, Detail.CONTENT)
    world.port.raw_mime(refs[0])
    page = world.port.changes(INBOX, reading.tokens[-1])
    assert page.changes == ()


# -- the count -----------------------------------------------------------------------


def listed(world: World, since: datetime | None = None) -> list[str]:
    return [item for page in world.port.item_ids(INBOX, since) for item in page]


def test_the_ids_of_a_folder_are_those_that_the_sync_told(world: World) -> None:
    world.deliver(*(Mail(n) for n in range(2 * PAGE + 3)))
    told = ids(Reading.of(world.port, INBOX).changes, ChangeKind.UPSERTED)
    found = listed(world)
    assert set(found) == told
    assert len(found) == len(told)


def test_an_empty_folder_has_no_ids(world: World) -> None:
    assert listed(world) == []


def test_a_moved_and_a_deleted_mail_are_listed_no_more(world: World) -> None:
    stays, moved, deleted = world.deliver(*map(Mail, range(3)))
    world.move(moved, "inbox/Kunden")
    world.delete(deleted, hard=True)
    assert listed(world) == [stays.external_id]


def test_only_what_was_received_since_then_is_listed(world: World) -> None:
    _, second, third = world.deliver(*map(Mail, range(3)))
    assert listed(world, Mail(1).received) == [second.external_id, third.external_id]


def test_heads_say_what_a_change_page_would(world: World) -> None:
    refs = world.deliver(
        Mail(1, subject="Privat: Zahnarzt", sensitivity="Private"), Mail(2)
    )
    told = Reading.of(world.port, INBOX).changes
    heads = world.port.heads(refs)
    assert sorted(heads, key=str) == sorted(told, key=str)


def test_heads_leave_out_what_is_gone(world: World) -> None:
    gone, stays = world.deliver(Mail(1), Mail(2))
    world.delete(gone, hard=True)
    heads = world.port.heads([gone, stays, ItemRef("AAnobody=")])
    assert [head.ref.external_id for head in heads] == [stays.external_id]


def test_nothing_asked_has_no_heads(world: World) -> None:
    assert world.port.heads([]) == ()


# -- fetch -----------------------------------------------------------------------------


def test_metadata_has_the_threading_data_and_no_content(world: World) -> None:
    refs = world.deliver(Mail(2, in_reply_to="<m1@kunde.example>"))
    (mail,) = world.port.fetch(refs, Detail.METADATA).messages
    assert mail.ref.external_id == refs[0].external_id
    assert mail.message_id == "<m2@kunde.example>"
    assert mail.in_reply_to == mail.references == "<m1@kunde.example>"
    assert mail.from_ is not None
    assert mail.from_.address == "hans@kunde.example"
    assert [p.address for p in mail.to] == [ADDRESS]
    assert mail.sent_at == mail.received_at == Mail(2).received
    assert (mail.text, mail.html, mail.attachments) == (None, None, None)


def test_text_is_the_text_and_nothing_else(world: World) -> None:
    refs = world.deliver(Mail(1, text="Grüezi\r\nmitenand\r\n"))
    (mail,) = world.port.fetch(refs, Detail.TEXT).messages
    assert mail.text is not None
    assert mail.text.split() == ["Grüezi", "mitenand"]
    assert (mail.html, mail.attachments, mail.new_text) == (None, None, None)


def test_content_tells_what_the_sender_wrote_anew(world: World) -> None:
    quoted = "\r\nAm 23.11.2026 schrieb Keller:\r\n> Was kostet es?\r\n"
    refs = world.deliver(Mail(1, text="Zu teuer.\r\n", quoted=quoted))
    (mail,) = world.port.fetch(refs, Detail.CONTENT).messages
    assert mail.new_text == "Zu teuer."
    assert mail.text is not None
    assert "Was kostet es?" in mail.text


def test_content_brings_the_attachments_with_their_bytes(world: World) -> None:
    pdf = bytes(range(256)) * 8
    files = (("Offerte.pdf", "application/pdf", pdf), ("a.bin", "image/png", b"\x00"))
    refs = world.deliver(Mail(1, attachments=files))
    (mail,) = world.port.fetch(refs, Detail.CONTENT).messages
    assert mail.has_attachments
    assert mail.attachments is not None
    assert [(a.name, a.content_type, a.content) for a in mail.attachments] == [*files]


def test_content_of_a_mail_without_attachments_has_none(world: World) -> None:
    refs = world.deliver(Mail(1))
    (mail,) = world.port.fetch(refs, Detail.CONTENT).messages
    assert mail.attachments == ()
    assert mail.text


def test_a_named_header_arrives_unfolded(world: World) -> None:
    refs = world.deliver(Mail(1, extra=(("Auto-Submitted", "auto-replied"),)))
    (mail,) = world.port.fetch(refs, Detail.METADATA).messages
    assert ("Auto-Submitted", "auto-replied") in mail.headers


def test_a_mail_that_is_gone_does_not_stop_the_others(world: World) -> None:
    refs = world.deliver(*(Mail(n) for n in range(4)))
    world.delete(refs[1], hard=True)
    fetched = world.port.fetch(refs, Detail.METADATA)
    assert {m.message_id for m in fetched.messages} == {
        Mail(n).message_id for n in (0, 2, 3)
    }
    assert [r.external_id for r in fetched.gone] == [refs[1].external_id]
    assert fetched.unreadable == ()


def test_one_unreadable_mail_among_many_is_named_and_the_others_arrive(
    world: World,
) -> None:
    refs = world.deliver(*(Mail(n) for n in range(7)))
    world.spoil(refs[2], 2)
    fetched = world.port.fetch(refs, Detail.METADATA)
    assert len(fetched.messages) == 6
    (bad,) = fetched.unreadable
    assert bad.ref.external_id == refs[2].external_id
    assert bad.reason


def test_nothing_asked_is_nothing_fetched(world: World) -> None:
    fetched = world.port.fetch([], Detail.CONTENT)
    assert (fetched.messages, fetched.gone, fetched.unreadable) == ((), (), ())


def test_more_mails_than_a_chunk_arrive_in_the_order_asked(world: World) -> None:
    refs = world.deliver(*(Mail(n) for n in range(130)))
    fetched = world.port.fetch(refs, Detail.METADATA)
    assert [m.ref.external_id for m in fetched.messages] == [
        r.external_id for r in refs
    ]


def test_raw_mime_is_the_mail(world: World) -> None:
    (ref,) = world.deliver(Mail(1))
    assert Mail(1).message_id.encode() in world.port.raw_mime(ref)


def test_raw_mime_of_a_mail_that_is_gone_says_so(world: World) -> None:
    (ref,) = world.deliver(Mail(1))
    world.delete(ref, hard=True)
    with pytest.raises(ItemGone):
        world.port.raw_mime(ref)


# -- tasks and appointments ------------------------------------------------------------


def test_a_task_is_created_once_and_found_by_its_key(world: World) -> None:
    ref = world.port.create_task(TASK)
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.ref.external_id == ref.external_id
    assert found.subject == "Boot bestellen"
    assert found.due_on == date(2026, 11, 26)
    assert found.completed is False
    assert found.folder is FolderRole.TASKS


def test_a_key_nobody_wrote_is_found_nowhere(world: World) -> None:
    world.port.create_task(TASK)
    assert world.port.find_task(ItemKind.TASK, "key-9") == []
    assert world.port.find_task(ItemKind.APPOINTMENT, "key-1") == []


def test_an_own_task_of_the_employee_is_reported_without_a_key(world: World) -> None:
    world.own_task("Milch kaufen")
    (change,) = Reading.of(world.port, TASKS).changes
    assert change.item is not None
    assert change.item.crm_key is None


def test_our_own_write_comes_back_as_the_change_key_we_know(world: World) -> None:
    ref = world.port.create_task(TASK)
    (change,) = Reading.of(world.port, TASKS).changes
    assert change.ref == ref
    assert change.item is not None
    assert change.item.crm_key == "key-1"


def test_a_timed_appointment_keeps_its_instants(world: World) -> None:
    world.port.create_task(APPOINTMENT)
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert (found.starts_at, found.ends_at) == (
        APPOINTMENT.starts_at,
        APPOINTMENT.ends_at,
    )
    assert not found.all_day
    assert found.folder is FolderRole.CALENDAR


def test_an_appointment_is_reported_with_its_key(world: World) -> None:
    ref = world.port.create_task(APPOINTMENT)
    (change,) = Reading.of(world.port, CALENDAR).changes
    assert change.ref == ref
    assert change.item is not None
    assert change.item.crm_key == "key-2"
    assert change.item.starts_at == APPOINTMENT.starts_at


CLOCK_CHANGE_DAYS = [
    (date(2026, 10, 25), date(2026, 10, 25)),
    (date(2026, 10, 24), date(2026, 10, 26)),
    (date(2027, 3, 28), date(2027, 3, 28)),
    (date(2027, 3, 27), date(2027, 3, 30)),
    (date(2026, 12, 31), date(2027, 1, 1)),
]


@pytest.mark.parametrize(("first", "last"), CLOCK_CHANGE_DAYS)
def test_all_day_keeps_its_days_over_both_clock_changes(
    world: World, first: date, last: date
) -> None:
    wanted = replace(
        APPOINTMENT,
        all_day=True,
        first_day=first,
        last_day=last,
        starts_at=None,
        ends_at=None,
    )
    world.port.create_task(wanted)
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert (found.all_day, found.first_day, found.last_day) == (True, first, last)
    (change,) = Reading.of(world.port, CALENDAR).changes
    assert change.item is not None
    assert (change.item.first_day, change.item.last_day) == (first, last)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 the first time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 the second time
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    ],
)
def test_timed_appointments_keep_their_instants_over_both_clock_changes(
    world: World, start: datetime
) -> None:
    end = start + timedelta(hours=1, minutes=30)
    world.port.create_task(replace(APPOINTMENT, starts_at=start, ends_at=end))
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert (found.starts_at, found.ends_at) == (start, end)


@pytest.mark.parametrize(
    "due",
    [date(2026, 10, 24), date(2026, 10, 25), date(2027, 3, 28), date(2028, 2, 29)],
)
@pytest.mark.parametrize("zone", ["Europe/Zurich", "Asia/Tokyo", "America/New_York"])
def test_a_due_date_is_the_same_day_when_it_comes_back(
    world: World, due: date, zone: str
) -> None:
    world.port.create_task(replace(TASK, due_on=due, time_zone=zone))
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).due_on == due


def test_a_task_may_be_without_due_date(world: World) -> None:
    world.port.create_task(replace(TASK, due_on=None))
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).due_on is None


def test_an_update_writes_our_fields_and_gives_a_new_change_key(world: World) -> None:
    ref = world.port.create_task(TASK)
    new = world.port.update_task(
        ref, replace(TASK, subject="Boot abholen", due_on=date(2026, 12, 1))
    )
    assert new.change_key != ref.change_key
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert (found.subject, found.due_on) == ("Boot abholen", date(2026, 12, 1))
    assert found.ref == new


def test_an_update_may_take_the_due_date_away(world: World) -> None:
    ref = world.port.create_task(TASK)
    world.port.update_task(ref, replace(TASK, due_on=None))
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).due_on is None


def test_an_update_may_make_a_timed_appointment_all_day_and_back(world: World) -> None:
    ref = world.port.create_task(APPOINTMENT)
    day = date(2026, 10, 25)
    whole = replace(
        APPOINTMENT,
        all_day=True,
        first_day=day,
        last_day=day,
        starts_at=None,
        ends_at=None,
    )
    ref = world.port.update_task(ref, whole)
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert (found.all_day, found.first_day, found.last_day) == (True, day, day)
    world.port.update_task(ref, APPOINTMENT)
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert (found.all_day, found.starts_at) == (False, APPOINTMENT.starts_at)


def test_done_and_open_again_arrive(world: World) -> None:
    ref = world.port.create_task(TASK)
    ref = world.port.update_task(ref, replace(TASK, completed=True))
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).completed
    world.port.update_task(ref, TASK)
    assert not only(world.port.find_task(ItemKind.TASK, "key-1")).completed


def test_an_appointment_has_no_completed_state(world: World) -> None:
    world.port.create_task(replace(APPOINTMENT, completed=True))
    assert not only(world.port.find_task(ItemKind.APPOINTMENT, "key-2")).completed


def test_what_the_employee_changed_is_not_overwritten(world: World) -> None:
    ref = world.port.create_task(TASK)
    world.edit_subject(ref, "Boot bestellen (Fritz fragen)")
    with pytest.raises(Conflict):
        world.port.update_task(ref, replace(TASK, subject="Neu"))
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.subject == "Boot bestellen (Fritz fragen)"
    assert found.ref.change_key != ref.change_key


def test_after_a_conflict_the_current_change_key_may_be_written_over(
    world: World,
) -> None:
    ref = world.port.create_task(TASK)
    world.edit_subject(ref, "anders")
    now = only(world.port.find_task(ItemKind.TASK, "key-1"))
    world.port.update_task(now.ref, TASK)
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).subject == TASK.subject


def test_what_the_employee_completes_is_reported(world: World) -> None:
    ref = world.port.create_task(TASK)
    token = Reading.of(world.port, TASKS).tokens[-1]
    world.complete(ref)
    (change,) = Reading.of(world.port, TASKS, token).changes
    assert change.item is not None
    assert change.item.completed
    assert change.item.crm_key == "key-1"
    assert change.ref.change_key != ref.change_key


def test_a_deleted_task_lies_in_the_trash_and_is_found_there(world: World) -> None:
    ref = world.port.create_task(TASK)
    world.port.delete_task(ItemKind.TASK, ref)
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.folder is FolderRole.TRASH
    assert found.ref.external_id != ref.external_id


def test_a_deleted_appointment_lies_in_the_trash(world: World) -> None:
    ref = world.port.create_task(APPOINTMENT)
    world.port.delete_task(ItemKind.APPOINTMENT, ref)
    found = only(world.port.find_task(ItemKind.APPOINTMENT, "key-2"))
    assert found.folder is FolderRole.TRASH


def test_what_the_employee_deleted_is_told_by_id_and_found_in_the_trash(
    world: World,
) -> None:
    ref = world.port.create_task(TASK)
    token = Reading.of(world.port, TASKS).tokens[-1]
    world.delete(ref, hard=False)
    (change,) = Reading.of(world.port, TASKS, token).changes
    assert change.kind is ChangeKind.DELETED
    assert change.ref.external_id == ref.external_id
    assert change.item is None
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.folder is FolderRole.TRASH


def test_an_item_moved_elsewhere_is_found_only_when_looked_for_everywhere(
    world: World,
) -> None:
    ref = world.port.create_task(TASK)
    world.move(ref, "Ablage")
    assert world.port.find_task(ItemKind.TASK, "key-1", everywhere=False) == []
    found = only(world.port.find_task(ItemKind.TASK, "key-1", everywhere=True))
    assert found.folder is FolderRole.OTHER
    assert found.ref.external_id != ref.external_id


def test_an_item_in_its_usual_place_needs_no_look_everywhere(world: World) -> None:
    ref = world.port.create_task(APPOINTMENT)
    found = world.port.find_task(ItemKind.APPOINTMENT, "key-2", everywhere=False)
    assert only(found).ref == ref


def test_an_item_deleted_for_ever_is_found_nowhere(world: World) -> None:
    ref = world.port.create_task(TASK)
    world.delete(ref, hard=True)
    assert world.port.find_task(ItemKind.TASK, "key-1") == []


@pytest.mark.parametrize("kind", list(ItemKind))
def test_updating_and_deleting_what_is_gone_says_so(
    world: World, kind: ItemKind
) -> None:
    wanted = TASK if kind is ItemKind.TASK else APPOINTMENT
    ref = world.port.create_task(wanted)
    world.delete(ref, hard=True)
    with pytest.raises(ItemGone):
        world.port.update_task(ref, wanted)
    with pytest.raises(ItemGone):
        world.port.delete_task(kind, ref)


def test_an_id_nobody_gave_is_gone(world: World) -> None:
    with pytest.raises(ItemGone):
        world.port.delete_task(ItemKind.TASK, ItemRef("QUJD"))


def test_text_with_odd_characters_arrives(world: World) -> None:
    odd = 'Boot <1> & "2" – für Müller \U0001f6a4'
    world.port.create_task(replace(TASK, subject=odd, body="Zeile 1\nZeile 2 & <b>"))
    assert only(world.port.find_task(ItemKind.TASK, "key-1")).subject == odd


def test_nobody_was_invited_by_all_this(world: World) -> None:
    ref = world.port.create_task(APPOINTMENT)
    ref = world.port.update_task(ref, replace(APPOINTMENT, subject="anders"))
    world.port.delete_task(ItemKind.APPOINTMENT, ref)
    assert world.invitations() == 0


# -- when things go wrong --------------------------------------------------------------


def test_a_busy_server_says_how_long(world: World) -> None:
    world.busy("changes", 7)
    with pytest.raises(Transient) as caught:
        world.port.changes(INBOX, None)
    assert caught.value.retry_after == 7


def test_a_cut_before_the_act_leaves_nothing_behind(world: World) -> None:
    world.lose("create_task", after_act=False)
    with pytest.raises(Transient):
        world.port.create_task(TASK)
    assert world.port.find_task(ItemKind.TASK, "key-1") == []


def test_a_cut_after_the_act_leaves_exactly_one_item_to_be_found(world: World) -> None:
    world.lose("create_task", after_act=True)
    with pytest.raises(Transient):
        world.port.create_task(TASK)
    only(world.port.find_task(ItemKind.TASK, "key-1"))


@pytest.mark.parametrize("after_act", [False, True])
def test_an_update_that_was_cut_is_done_or_not_done(
    world: World, after_act: bool
) -> None:
    ref = world.port.create_task(TASK)
    world.lose("update_task", after_act=after_act)
    with pytest.raises(Transient):
        world.port.update_task(ref, replace(TASK, subject="neu"))
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.subject == ("neu" if after_act else TASK.subject)


@pytest.mark.parametrize("after_act", [False, True])
def test_a_delete_that_was_cut_is_done_or_not_done(
    world: World, after_act: bool
) -> None:
    ref = world.port.create_task(TASK)
    world.lose("delete_task", after_act=after_act)
    with pytest.raises(Transient):
        world.port.delete_task(ItemKind.TASK, ref)
    found = only(world.port.find_task(ItemKind.TASK, "key-1"))
    assert found.folder is (FolderRole.TRASH if after_act else FolderRole.TASKS)


def test_a_cut_page_leaves_the_token_good(world: World) -> None:
    world.deliver(Mail(1))
    world.lose("changes", after_act=True)
    with pytest.raises(Transient):
        world.port.changes(INBOX, None)
    assert len(world.port.changes(INBOX, None).changes) == 1


def test_a_mailbox_without_the_right_is_refused(world: World) -> None:
    world.deny(OTHER)
    with pytest.raises(AuthRejected):
        world.open(OTHER).changes(INBOX, None)
    assert world.port.changes(INBOX, None).is_last


def test_an_unknown_mailbox_is_gone(world: World) -> None:
    with pytest.raises(MailboxGone):
        world.open("niemand@werft.example").changes(INBOX, None)


def test_close_may_be_called(world: World) -> None:
    world.open(OTHER).close()


def test_the_errors_of_the_contract_are_all_distinct() -> None:
    kinds = {Transient, AuthRejected, TokenInvalid, MailboxGone, Conflict, ItemGone}
    assert len({k.code for k in kinds | {Unprocessable}}) == 7
