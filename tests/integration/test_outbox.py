"""Writing copies: compare, claim, look, write, record; on both databases."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from office import (
    FRIDAY,
    MemoryOutlook,
    Office,
    address_of,
    configure,
    office,
    settings_of,
)

from crm_core import database
from crm_core.errors import Conflict
from crm_core.mirroring import mirrors, pushes
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import (
    AuditEvent,
    Drift,
    Mailbox,
    MailboxStatus,
    Task,
    TaskMirror,
)
from crm_core.records import schedule, tasks
from mailsync import backoff, outbox
from mailsync.errors import (
    AuthRejected,
    MailboxGone,
    MailSyncError,
    Transient,
    Unprocessable,
)
from mailsync.memory import MemoryMailbox
from mailsync.port import ItemKind
from mailsync.process_owner import process_owner
from mailsync.task_mapping import wanted_item

NOW = timedelta(seconds=1)


@pytest.fixture
def here(db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


def exchange(here: Office) -> "MemoryOutlook":
    assert isinstance(here.outlook, MemoryOutlook)
    return here.outlook


def fail(here: Office, operation: str, error: MailSyncError, **more: bool) -> None:
    exchange(here).exchange.fail_next(operation, error, **more)


def mailbox(who: str = "keller") -> Mailbox:
    return Mailbox.get(Mailbox.address == address_of(who))


def claim(task: int) -> pushes.Push | None:
    with database.transaction():
        row = TaskMirror.get(TaskMirror.task == task)
        return pushes.claim(row.id, owner=process_owner())


# --- the plain way ------------------------------------------------------------------


def test_a_task_is_looked_for_once_and_created_once(here: Office) -> None:
    task = here.assign(description="Mit Beilagen")
    result = here.push()
    item = here.only()
    assert result.pushed == 1
    assert (item.kind, item.folder, item.due_on) == (ItemKind.TASK, "tasks", FRIDAY)
    assert item.subject == f"Offerte erstellen · CRM-{here.entry.number}"
    assert "Mit Beilagen" in item.body
    assert here.mirror(task).state is MirrorState.WRITTEN
    assert [r.operation for r in exchange(here).exchange.ledger] == [
        "find_task",
        "create_task",
    ]


def test_an_appointment_carries_its_instants(here: Office) -> None:
    day = schedule.all_day(FRIDAY)
    timed = schedule.between(here.now, here.now + timedelta(hours=1))
    here.assign("keller", day)
    here.assign("frei", timed)
    here.push()
    assert here.only("keller").day == FRIDAY
    assert here.only("frei").starts_at == here.now


def test_ten_edits_are_one_write(here: Office) -> None:
    task = here.assign()
    here.push()
    for number in range(10):
        here.do(tasks.edit, task, title=f"Titel {number}")
    here.push()
    assert here.only().subject.startswith("Titel 9")
    assert here.outlook.requests("update_task") == 1


def test_what_is_written_is_not_written_again(here: Office) -> None:
    here.assign()
    here.push()
    before = here.outlook.requests()
    assert here.push() == outbox.OutboxResult()
    assert here.outlook.requests() == before


def test_done_and_reopened_arrive(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.complete, task)
    here.push()
    assert here.only().completed
    here.do(tasks.reopen, task)
    here.push()
    assert not here.only().completed


def test_a_done_appointment_is_ticked_and_stays(here: Office) -> None:
    task = here.assign(when=schedule.all_day(FRIDAY))
    here.push()
    here.do(tasks.complete, task)
    here.push()
    item = here.only()
    assert (item.folder, item.subject[:2]) == ("calendar", "✓ ")


def test_cancelling_puts_the_item_into_the_trash(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.cancel, task)
    assert here.push().removed == 1
    assert here.ours() == []
    assert [i.folder for i in here.outlook.items("keller")] == ["trash"]
    assert here.mirror(task).state is MirrorState.NONE


def test_a_task_cancelled_before_it_was_written_asks_for_nothing(here: Office) -> None:
    here.do(tasks.cancel, here.assign())
    here.push()
    assert here.outlook.requests() == 0


def test_another_kind_moves_it_from_the_list_to_the_calendar(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.edit, task, schedule=schedule.all_day(FRIDAY))
    here.push()
    assert [(i.kind, i.folder) for i in here.ours()] == [
        (ItemKind.APPOINTMENT, "calendar")
    ]


def test_reassigned_to_and_fro_is_another_item_with_another_key(here: Office) -> None:
    task = here.assign("keller")
    here.push()
    first = here.only("keller")
    here.do(tasks.reassign, task, here.employee("frei"))
    here.push()
    assert (len(here.ours("keller")), len(here.ours("frei"))) == (0, 1)
    here.do(tasks.reassign, task, here.employee("keller"))
    here.push()
    again = here.only("keller")
    assert (len(here.ours("keller")), len(here.ours("frei"))) == (1, 0)
    assert first.key != again.key


def test_reassigned_to_and_fro_before_a_push_keeps_the_item(here: Office) -> None:
    task = here.assign("keller")
    here.push()
    first = here.only()
    here.do(tasks.reassign, task, here.employee("frei"))
    here.do(tasks.reassign, task, here.employee("keller"))
    here.push()
    assert here.only().id == first.id
    assert here.outlook.items("frei") == []


def test_every_push_is_in_the_log(here: Office) -> None:
    task = here.assign()
    here.push()
    actions = [row.action for row in AuditEvent.select() if row.actor == "mailsync"]
    assert actions == ["mirror_pushed"]
    assert here.row(task).pushed_version == 1


# --- doubt --------------------------------------------------------------------------


def test_a_create_whose_answer_was_lost_is_found_not_repeated(here: Office) -> None:
    task = here.assign()
    fail(here, "create_task", Transient("cut"), after_act=True)
    assert here.push().failed == 1
    assert here.mirror(task).state is MirrorState.FAILED
    result = here.push()
    assert (result.pushed, result.found_after_doubt) == (1, 1)
    assert here.only()
    assert here.outlook.requests("create_task") == 1
    assert here.outlook.requests("update_task") == 0


def test_a_create_that_never_arrived_is_made_after_the_look(here: Office) -> None:
    here.assign()
    fail(here, "create_task", Transient("cut"))
    here.push()
    here.push()
    assert here.only()
    assert [r.operation for r in exchange(here).exchange.ledger] == [
        "find_task",
        "create_task",
        "find_task",
        "create_task",
    ]


def test_an_edit_after_a_lost_answer_is_an_update_of_what_is_found(
    here: Office,
) -> None:
    task = here.assign()
    fail(here, "create_task", Transient("cut"), after_act=True)
    here.push()
    here.do(tasks.edit, task, title="Neuer Titel")
    here.push()
    assert here.only().subject.startswith("Neuer Titel")
    assert here.mirror(task).drift is None
    assert here.outlook.requests("create_task") == 1


def test_a_new_text_alone_is_written_over_what_is_found(here: Office) -> None:
    task = here.assign(description="alt")
    fail(here, "create_task", Transient("cut"), after_act=True)
    here.push()
    here.do(tasks.edit, task, description="neu")
    here.push()
    assert "neu" in here.only().body


def test_several_attempts_in_doubt_are_all_remembered_as_ours(here: Office) -> None:
    """The update arrived, two looks failed, two more edits: still no drift."""
    task = here.assign()
    here.push()
    here.do(tasks.edit, task, title="Zwei")
    fail(here, "update_task", Transient("cut"), after_act=True)
    here.push()
    for title in ("Drei", "Vier"):
        here.do(tasks.edit, task, title=title)
        fail(here, "find_task", Transient("cut"))
        here.push()
    here.push()
    assert here.mirror(task).drift is None
    assert here.only().subject.startswith("Vier")


def test_a_removal_whose_answer_was_lost_is_not_undone(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.cancel, task)
    fail(here, "delete_task", Transient("cut"), after_act=True)
    here.push()
    here.push()
    assert here.mirror(task).state is MirrorState.NONE
    assert here.ours() == []


def test_wanted_again_while_its_removal_is_in_doubt_ends_with_one_item(
    here: Office,
) -> None:
    for after in (True, False):
        task = here.assign()
        here.push()
        here.do(tasks.cancel, task)
        fail(here, "delete_task", Transient("cut"), after_act=after)
        here.push()
        here.do(tasks.reopen, task)
        here.push()
        assert len(here.ours(task=task)) == 1
        assert here.mirror(task).state is MirrorState.WRITTEN


def test_a_create_that_lands_late_beside_its_repeat_is_taken_away(
    here: Office,
) -> None:
    """A time-out, a look that finds nothing, a repeat; then the first one lands."""
    task = here.assign()
    fail(here, "create_task", Transient("time-out"))
    here.push()
    here.push()
    here.outlook.copy("keller", here.only())  # it carries our key, like a late twin
    assert len(here.ours()) == 2
    here.poll()
    here.push()
    assert len(here.ours()) == 1
    assert here.mirror(task).state is MirrorState.WRITTEN


def test_a_copy_made_by_the_employee_is_none_of_our_business(here: Office) -> None:
    task = here.assign()
    here.push()
    original = here.only()
    here.outlook.copy("keller", original)
    here.poll()
    here.outlook.touch("keller", original)  # so that the update has to look
    here.do(tasks.edit, task, title="Neuer Titel")
    here.run()
    subjects = sorted(item.subject[:5] for item in here.ours())
    assert subjects == ["Neuer", "Offer"]
    assert here.mirror(task).drift is None


def test_a_create_that_lands_after_the_task_was_cancelled_is_removed(
    here: Office,
) -> None:
    task = here.assign()
    key = here.row(task).crm_key
    fail(here, "create_task", Transient("time-out"))
    here.push()
    here.do(tasks.cancel, task)
    here.push()
    assert here.mirror(task).state is MirrorState.NONE
    late = here.assign(title="Helfer")
    here.push()
    helper = here.only()
    exchange(here).edit("keller", helper, crm_key=key)  # now it is the late one
    here.poll()
    here.push()
    assert here.ours(task=task) == []
    assert here.mirror(late).drift is Drift.DELETED


# --- claims -------------------------------------------------------------------------


def test_a_claimed_row_is_not_claimed_twice(here: Office) -> None:
    task = here.assign()
    assert claim(task) is not None
    assert claim(task) is None
    assert pushes.due() == []
    assert here.push() == outbox.OutboxResult()


def test_a_claim_runs_out_and_the_next_one_looks_first(here: Office) -> None:
    task = here.assign()
    claim(task)
    here.later(pushes.CLAIM_LASTS.total_seconds())
    assert here.push().pushed == 1
    assert exchange(here).exchange.ledger[0].operation == "find_task"


def test_a_claim_of_a_dead_process_is_not_waited_for(here: Office) -> None:
    task = here.assign()
    claim(task)
    TaskMirror.update(claimed_by=f"{process_owner()}x/1").execute()
    assert here.push().pushed == 1


def test_a_record_of_a_lost_claim_changes_nothing(here: Office) -> None:
    task = here.assign()
    push = claim(task)
    assert push is not None
    here.later(pushes.CLAIM_LASTS.total_seconds())
    assert claim(task) is not None
    with database.transaction():
        pushes.record_pushed(push, external_id="lost", change_key="", creates=1)
        assert pushes.about_to_create(push) is None
    assert here.row(task).external_id is None


def test_an_edit_during_a_push_is_written_by_the_next_one(here: Office) -> None:
    task = here.assign()
    push = claim(task)
    assert push is not None
    here.do(tasks.edit, task, title="Inzwischen")
    port = here.outlook.open_port(address_of("keller"))
    ref = port.create_task(wanted_item(push))
    with database.transaction():
        pushes.record_pushed(
            push, external_id=ref.external_id, change_key=ref.change_key, creates=1
        )
    assert here.mirror(task).state is MirrorState.PENDING
    here.push()
    assert here.only().subject.startswith("Inzwischen")


def test_cancelled_during_a_push_is_removed_by_the_next_one(here: Office) -> None:
    task = here.assign()
    push = claim(task)
    assert push is not None
    here.do(tasks.cancel, task)
    port = here.outlook.open_port(address_of("keller"))
    ref = port.create_task(wanted_item(push))
    with database.transaction():
        pushes.record_pushed(
            push, external_id=ref.external_id, change_key=ref.change_key, creates=1
        )
    here.push()
    assert here.ours() == []
    assert here.mirror(task).state is MirrorState.NONE


# --- failures -----------------------------------------------------------------------


def test_a_failure_waits_and_the_wait_survives(here: Office) -> None:
    here.assign()
    fail(here, "create_task", Transient("503"))
    here.push(patient=True)
    assert here.push(patient=True) == outbox.OutboxResult()
    here.later(5)
    assert here.push(patient=True).pushed == 1


def test_the_servers_pause_holds_even_for_the_impatient(here: Office) -> None:
    here.assign("keller")
    here.assign("keller")
    here.assign("frei")
    fail(here, "create_task", Transient("busy", retry_after=60))
    result = here.push()
    assert (result.failed, result.pushed) == (1, 1)
    before = here.outlook.requests()
    assert here.push() == outbox.OutboxResult()
    assert here.outlook.requests() == before
    assert mailbox().status is MailboxStatus.BACKING_OFF
    here.later(90)
    assert here.push().pushed == 2


def test_three_failures_in_a_row_end_the_run_for_that_mailbox_only(
    here: Office,
) -> None:
    for _ in range(5):
        here.assign("keller")
    here.assign("frei")
    for _ in range(5):
        exchange(here).fault("keller", "create_task", "before")
    result = here.push()
    assert (result.failed, result.pushed) == (3, 1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthRejected("401"), MailboxStatus.STOPPED),
        (MailboxGone("no such mailbox"), MailboxStatus.GONE),
    ],
)
def test_a_refused_login_stops_that_mailbox_after_one_request(
    here: Office, error: MailSyncError, status: MailboxStatus
) -> None:
    task = here.assign("keller")
    here.assign("keller")
    here.assign("frei")
    fail(here, "find_task", error)
    result = here.push()
    assert (result.failed, result.pushed) == (1, 1)
    assert (mailbox().status, mailbox().status_code) == (status, error.code)
    before = here.outlook.requests()
    here.later()
    here.push()
    assert here.outlook.requests() == before
    assert here.row(task).attempts == 0
    assert here.mirror(task).failure_code == error.code


def test_a_right_missing_on_one_folder_does_not_stop_the_mail(here: Office) -> None:
    for _ in range(3):
        here.assign("keller")
    fail(here, "create_task", AuthRejected("no right to write", code="E212"))
    here.push(patient=True)
    assert mailbox().status is MailboxStatus.NEW
    before = here.outlook.requests()
    here.push(patient=True)
    assert here.outlook.requests() == before
    here.later(backoff.CAP)
    assert here.push(patient=True).pushed == 3


def test_what_the_server_refuses_is_given_up_and_tried_again_on_demand(
    here: Office,
) -> None:
    task = here.assign()
    for _ in range(outbox.PARK_REFUSED):
        fail(here, "create_task", Unprocessable("title too odd", code="E232"))
        here.push()
    view = here.mirror(task)
    assert (view.state, view.failure_code) == (MirrorState.PARKED, "E232")
    before = here.outlook.requests()
    here.later()
    here.push()
    assert here.outlook.requests() == before
    here.do(mirrors.write_again, task)
    here.push()
    assert here.mirror(task).state is MirrorState.WRITTEN


def test_an_outage_of_a_night_gives_nothing_up(here: Office) -> None:
    task = here.assign()
    exchange(here).exchange.denied.clear()
    ended = here.now + timedelta(hours=14)
    while here.now < ended:
        fail(here, "find_task", Transient("no route"))
        here.push(patient=True)
        here.later(600)
    exchange(here).no_faults()
    here.later(backoff.CAP)
    here.push(patient=True)
    assert here.mirror(task).state is MirrorState.WRITTEN


def test_a_new_edit_is_a_fresh_chance_for_what_was_given_up(here: Office) -> None:
    task = here.assign()
    for _ in range(outbox.PARK_REFUSED):
        fail(here, "create_task", Unprocessable("no", code="E232"))
        here.push()
    here.do(tasks.edit, task, title="Anders")
    here.push()
    assert here.mirror(task).state is MirrorState.WRITTEN


def test_a_bug_escapes_and_its_row_steps_back(here: Office) -> None:
    poisoned = here.assign("keller")
    here.assign("frei")

    class Broken:
        def __call__(self, address: str) -> object:
            port = here.outlook.open_port(address)
            if address == address_of("keller"):
                port.find_task = lambda *_a, **_k: 1 / 0
            return port

    with pytest.raises(ZeroDivisionError):
        outbox.push_due(Broken(), random=Random(1))
    assert here.row(poisoned).attempts == 1
    outbox.push_due(Broken(), random=Random(1))
    assert here.only("frei")


def test_stopping_ends_before_the_next_row(here: Office) -> None:
    for _ in range(3):
        here.assign()
    result = outbox.push_due(
        here.outlook.open_port,
        should_stop=lambda: here.outlook.requests("create_task") == 1,
        random=Random(1),
    )
    assert result.pushed == 1


def test_the_limit_is_a_limit(here: Office) -> None:
    for _ in range(5):
        here.assign()
    result = outbox.push_due(here.outlook.open_port, limit=2, random=Random(1))
    assert result.pushed == 2


# --- somebody else was there --------------------------------------------------------


def test_an_update_over_the_employees_edit_becomes_drift(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.edit("keller", here.only(), subject="Mein Titel")
    here.do(tasks.edit, task, title="Unser Titel")
    assert here.push().drifted == 1
    assert here.only().subject == "Mein Titel"
    view = here.mirror(task)
    assert view.drift is Drift.CHANGED
    assert "Mein Titel" in (view.drift_detail or "")


def test_a_category_of_the_employee_does_not_stop_our_update(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.touch("keller", here.only())
    here.do(tasks.edit, task, title="Unser Titel")
    assert here.push().pushed == 1
    assert here.only().subject.startswith("Unser Titel")


@pytest.mark.parametrize("hard", [False, True])
def test_an_update_of_what_was_deleted_makes_nothing_new(
    here: Office, hard: bool
) -> None:
    task = here.assign()
    here.push()
    here.outlook.delete("keller", here.only(), hard=hard)
    here.do(tasks.edit, task, title="Unser Titel")
    here.push()
    here.later()
    here.push()
    assert here.ours() == []
    assert here.mirror(task).drift is Drift.DELETED


def test_an_update_of_what_was_moved_is_shown_as_moved(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.move("keller", here.only(), "Erledigt")
    here.do(tasks.edit, task, title="Unser Titel")
    here.push()
    assert here.mirror(task).drift is Drift.MOVED


def test_removing_what_was_moved_removes_it_there(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.move("keller", here.only(), "Erledigt")
    here.do(tasks.cancel, task)
    here.push()
    assert here.ours() == []


def test_removing_what_is_gone_is_no_failure(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.delete("keller", here.only(), hard=True)
    here.do(tasks.cancel, task)
    assert here.push().failed == 0
    assert here.mirror(task).state is MirrorState.NONE


def test_an_item_that_changes_under_every_look_is_left_for_later(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.edit, task, title="Unser Titel")
    port = here.outlook.open_port(address_of("keller"))

    class Restless:
        def __call__(self, _address: str) -> object:
            real = port.find_task

            def find(*args: object, **more: object) -> object:
                found = real(*args, **more)
                here.outlook.touch("keller", here.only())
                return found

            port.find_task = find
            return port

    here.outlook.touch("keller", here.only())
    result = outbox.push_due(Restless(), random=Random(1))
    assert (result.failed, result.pushed) == (1, 0)
    here.push()
    assert here.only().subject.startswith("Unser Titel")


def test_drift_can_be_neither_due_nor_claimed(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.edit("keller", here.only(), subject="Mein Titel")
    here.poll()
    here.do(tasks.edit, task, title="Unser Titel")
    assert pushes.due() == []
    assert claim(task) is None


def test_cancelled_while_drift_is_being_found_is_removed_all_the_same(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = here.assign()
    here.push()
    here.outlook.edit("keller", here.only(), subject="Mein Titel")
    here.do(tasks.edit, task, title="Unser Titel")
    real = MemoryMailbox.find_task
    meanwhile = iter([True])

    def find(self: MemoryMailbox, *args: object, **more: object) -> object:
        if next(meanwhile, False):
            here.do(tasks.cancel, task)
        return real(self, *args, **more)

    monkeypatch.setattr(MemoryMailbox, "find_task", find)
    here.push()
    here.push()
    assert here.ours() == []
    assert here.mirror(task).state is MirrorState.NONE


def test_edited_by_the_employee_while_its_removal_waits_it_is_removed(
    here: Office,
) -> None:
    task = here.assign()
    here.run()
    here.do(tasks.cancel, task)
    here.outlook.edit("keller", here.only(), subject="Mein Titel")
    here.poll()
    here.push()
    assert here.ours() == []


def test_what_the_employee_takes_out_of_the_trash_stays_the_employees(
    here: Office,
) -> None:
    task = here.assign()
    here.run()
    here.do(tasks.cancel, task)
    here.run()
    (binned,) = here.outlook.items("keller")
    here.outlook.move("keller", binned, "tasks")
    for _ in range(3):
        here.run()
    assert [item.folder for item in here.outlook.items("keller")] == ["tasks"]
    assert here.mirror(task).state is MirrorState.NONE


# --- a restored backup --------------------------------------------------------------


def forget_writing(task: int) -> None:
    """The row as yesterday's backup has it: wished, never written."""
    TaskMirror.update(
        external_id=None, change_key=None, written=None, pushed_version=0
    ).where(TaskMirror.task == task).execute()


def test_after_a_restored_backup_the_item_is_found_by_its_key(here: Office) -> None:
    task = here.assign()
    here.push()
    forget_writing(task)
    here.do(tasks.edit, task, title="Neu seither")
    here.push()
    assert here.only().subject.startswith("Neu seither")
    assert here.outlook.requests("create_task") == 1


def test_what_was_finished_since_the_backup_is_shown_not_undone(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.complete("keller", here.only())
    forget_writing(task)
    here.push()
    assert here.only().completed
    assert here.mirror(task).drift is Drift.COMPLETED


def test_what_was_deleted_since_the_backup_is_not_made_again(here: Office) -> None:
    task = here.assign()
    here.push()
    here.outlook.delete("keller", here.only())
    forget_writing(task)
    here.push()
    assert here.ours() == []
    assert here.mirror(task).drift is Drift.DELETED


def test_an_item_whose_task_the_backup_does_not_know_is_left_alone(
    here: Office,
) -> None:
    task = here.assign()
    here.push()
    with database.transaction():
        TaskMirror.delete().execute()
        Task.delete().execute()
    again = here.assign()
    here.run()
    keys = {item.key for item in here.outlook.items("keller")}
    assert len(keys) == 2
    assert here.mirror(again).drift is None
    assert task


# --- who may write what -------------------------------------------------------------


def test_mailboxes_that_are_not_enabled_are_never_asked(here: Office) -> None:
    here.assign("keller")
    configure(*(settings_of(key) for key in ("frei", "huber")))
    here.push()
    assert here.outlook.requests() == 0


def test_a_task_without_any_copy_cannot_be_written_again(here: Office) -> None:
    task = here.assign()
    here.do(tasks.cancel, task)
    with pytest.raises(Conflict, match="no copy"):
        here.do(mirrors.write_again, task)


def test_only_the_daemon_writes_the_push_columns() -> None:
    root = Path(outbox.__file__).resolve().parents[1]
    importers = {
        path.relative_to(root).as_posix()
        for folder in ("config", "crm_core", "mailsync")
        for path in (root / folder).rglob("*.py")
        if re.search(
            r"^(from|import) .*\b(pushes|sightings)\b", path.read_text(), re.MULTILINE
        )
    }
    allowed = {"crm_core/mirroring/sightings.py"}  # the other half of the daemon's side
    assert {p for p in importers if not p.startswith("mailsync/")} <= allowed
