"""What employees do to our items: shown, never adopted or undone without a click.

In memory on both databases, and over real EWS against the sandbox on SQLite.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from typing import Any

import pytest
from office import (
    FRIDAY,
    START,
    MemoryOutlook,
    Office,
    address_of,
    ews_outlook,
    office,
)

from crm_core import database
from crm_core.errors import Conflict, Invalid
from crm_core.mirroring import mirrors, pushes
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import (
    AuditEvent,
    Drift,
    Mailbox,
    MailFolder,
    Task,
    TaskMirror,
    TaskStatus,
)
from crm_core.polling import leases
from crm_core.records import schedule, tasks
from mailsync import reconcile
from mailsync.errors import Transient
from mailsync.memory import MemoryMailbox
from mailsync.port import ChangeKind, ItemKind

MONDAY = date(2026, 11, 30)


@pytest.fixture(
    params=[
        "memory, sqlite",
        pytest.param("memory, postgres", marks=pytest.mark.postgres),
        "ews, sqlite",  # the wire does not know the database
    ]
)
def here(request: pytest.FixtureRequest) -> Iterator[Office]:
    world, kind = request.param.split(", ")
    url = request.getfixturevalue(f"{kind}_url")
    database.connect(url)
    outlook = ews_outlook() if world == "ews" else nullcontext(MemoryOutlook())
    with outlook as hands, office(hands) as company:
        yield company
    database.close()


@pytest.fixture
def in_memory(db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


def written(here: Office, **more: Any) -> int:
    """A task that lies in Keller's mailbox and whose echo has been read."""
    task = here.assign("keller", **more)
    here.run()
    return task


def drift(here: Office, task: int) -> Drift | None:
    return here.mirror(task).drift


def folder_of(who: str) -> MailFolder:
    box = Mailbox.get(Mailbox.address == address_of(who))
    return MailFolder.get(MailFolder.mailbox == box, MailFolder.role == "tasks")


# --- what is seen -------------------------------------------------------------------


def test_our_own_writing_is_no_drift(here: Office) -> None:
    task, day = written(here), written(here, when=schedule.all_day(FRIDAY))
    here.do(tasks.edit, task, title="Neuer Titel")
    here.do(tasks.complete, day)
    for _ in range(3):
        here.run()
    assert (drift(here, task), drift(here, day)) == (None, None)


def test_our_own_writing_seen_before_the_next_push_is_no_drift(here: Office) -> None:
    task = here.assign()
    here.push()
    here.do(tasks.edit, task, title="Neuer Titel")
    here.poll()
    assert drift(here, task) is None
    here.run()
    assert here.only().subject.startswith("Neuer Titel")


def test_completing_in_outlook_is_shown_and_changes_nothing(here: Office) -> None:
    task = written(here)
    here.outlook.complete("keller", here.only())
    for _ in range(3):
        here.run()
    assert drift(here, task) is Drift.COMPLETED
    assert Task.get_by_id(task).status is TaskStatus.OPEN
    assert here.only().completed


def test_another_title_is_shown_old_and_new(here: Office) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), subject="Nicht so eilig")
    here.run()
    view = here.mirror(task)
    assert (view.drift, view.state) == (Drift.CHANGED, MirrorState.WRITTEN)
    number = here.entry.number
    assert view.drift_detail == (
        f"subject: Offerte erstellen · CRM-{number} → Nicht so eilig"
    )


@pytest.mark.parametrize("days", [1, 3])
def test_another_due_date_is_shown(here: Office, days: int) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), due_on=FRIDAY + timedelta(days=days))
    here.run()
    assert drift(here, task) is Drift.CHANGED


def test_another_time_of_an_appointment_is_shown(here: Office) -> None:
    when = schedule.between(START, START + timedelta(hours=1))
    task = written(here, when=when)
    item = here.only()
    here.outlook.edit(
        "keller",
        item,
        starts_at=START + timedelta(hours=2),
        ends_at=START + timedelta(hours=3),
    )
    here.run()
    assert drift(here, task) is Drift.CHANGED


def test_another_folder_is_shown_as_moved(here: Office) -> None:
    task = written(here)
    here.outlook.move("keller", here.only(), "Erledigt")
    here.run()
    assert drift(here, task) is Drift.MOVED


@pytest.mark.parametrize("hard", [False, True], ids=["trash", "for ever"])
def test_deleting_is_shown_and_nothing_comes_back(here: Office, hard: bool) -> None:
    task = written(here)
    here.outlook.delete("keller", here.only(), hard=hard)
    here.do(tasks.edit, task, title="Neuer Titel")
    for _ in range(3):
        here.run()
        here.later()
    assert drift(here, task) is Drift.DELETED
    assert here.ours() == []


@pytest.mark.parametrize("act", ["delete", "move"])
def test_what_happens_between_writing_and_the_next_poll_is_seen(
    here: Office, act: str
) -> None:
    """A change feed has net changes only: made and gone again is in no page."""
    here.run()  # both folders are followed from here on
    task = here.assign()
    here.push()
    if act == "delete":
        here.outlook.delete("keller", here.only(), hard=True)
    else:
        here.outlook.move("keller", here.only(), "Erledigt")
    here.poll()
    assert drift(here, task) is {"delete": Drift.DELETED, "move": Drift.MOVED}[act]


def test_a_copy_is_looked_for_once_after_a_write_and_not_at_every_poll(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    find = MemoryMailbox.find_task

    def counted(self: MemoryMailbox, kind: ItemKind, key: str, **more: Any) -> Any:
        looks.append(key)
        return find(self, kind, key, **more)

    monkeypatch.setattr(MemoryMailbox, "find_task", counted)
    written(in_memory)
    looks.clear()
    for _ in range(3):
        in_memory.poll()
    assert looks == []


def test_a_category_is_the_employees_own_business(here: Office) -> None:
    task = written(here)
    here.outlook.touch("keller", here.only())
    here.run()
    assert drift(here, task) is None


def test_putting_everything_back_ends_the_drift(here: Office) -> None:
    task = written(here)
    before = here.only()
    here.outlook.edit("keller", before, subject="Anders")
    here.run()
    here.outlook.edit("keller", here.only(), subject=before.subject)
    here.run()
    assert drift(here, task) is None
    here.do(tasks.edit, task, title="Neuer Titel")
    here.run()
    assert here.only().subject.startswith("Neuer Titel")


def test_an_item_taken_out_of_the_trash_is_ours_again(here: Office) -> None:
    task = written(here)
    here.outlook.delete("keller", here.only())
    here.run()
    assert drift(here, task) is Drift.DELETED
    (binned,) = here.outlook.items("keller")
    here.outlook.move("keller", binned, "tasks")
    here.run()
    assert drift(here, task) is None
    here.do(tasks.edit, task, title="Neuer Titel")
    here.run()
    assert here.only().subject.startswith("Neuer Titel")


def test_while_drift_is_open_nothing_is_written(here: Office) -> None:
    task = written(here)
    here.outlook.complete("keller", here.only())
    here.run()
    here.do(tasks.edit, task, title="Neuer Titel")
    before = here.outlook.requests("update_task")
    for _ in range(3):
        here.run()
    assert here.outlook.requests("update_task") == before
    assert here.mirror(task).state is MirrorState.PENDING


def test_items_of_the_employee_are_ignored(here: Office) -> None:
    here.outlook.own_item("keller", ItemKind.TASK, "Milch kaufen")
    here.outlook.own_item("keller", ItemKind.APPOINTMENT, "Zahnarzt")
    task = written(here)
    here.run()
    own = [item.subject for item in here.outlook.items("keller") if not item.key]
    assert sorted(own) == ["Milch kaufen", "Zahnarzt"]
    assert drift(here, task) is None


# --- the two answers ----------------------------------------------------------------


def test_adopting_a_completion_completes_the_task(here: Office) -> None:
    task = written(here)
    here.outlook.complete("keller", here.only())
    here.run()
    adopted = here.do(mirrors.adopt, task)
    here.run()
    assert (adopted.status, adopted.done_by) == (TaskStatus.DONE, "test")
    assert (drift(here, task), here.only().completed) == (None, True)


def test_overwriting_a_completion_reopens_it_in_outlook(here: Office) -> None:
    task = written(here)
    here.outlook.complete("keller", here.only())
    here.run()
    here.do(mirrors.write_again, task)
    here.run()
    assert (drift(here, task), here.only().completed) == (None, False)


def test_completing_here_what_was_completed_there_settles_it(here: Office) -> None:
    task = written(here)
    here.outlook.complete("keller", here.only())
    here.run()
    here.do(tasks.complete, task)
    here.run()
    assert (drift(here, task), here.only().completed) == (None, True)
    assert here.mirror(task).state is MirrorState.WRITTEN


def test_adopting_takes_title_and_date_over(here: Office) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), subject="Segel holen", due_on=MONDAY)
    here.run()
    adopted = here.do(mirrors.adopt, task)
    here.run()
    assert (adopted.title, adopted.due_on) == ("Segel holen", MONDAY)
    assert here.only().subject == f"Segel holen · CRM-{here.entry.number}"
    assert (drift(here, task), here.only().due_on) == (None, MONDAY)


def test_adopting_leaves_alone_what_only_the_crm_has_changed(here: Office) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), due_on=MONDAY)
    here.run()
    here.do(tasks.edit, task, title="Neuer Titel")
    adopted = here.do(mirrors.adopt, task)
    here.run()
    assert (adopted.title, adopted.due_on) == ("Neuer Titel", MONDAY)
    assert here.only().subject.startswith("Neuer Titel")


def test_overwriting_brings_title_and_date_back(here: Office) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), subject="Segel holen", due_on=MONDAY)
    here.run()
    here.do(mirrors.write_again, task)
    here.run()
    item = here.only()
    assert (item.subject[:7], item.due_on) == ("Offerte", FRIDAY)
    assert drift(here, task) is None


def test_adopting_another_time_moves_the_appointment_here_too(here: Office) -> None:
    task = written(here, when=schedule.between(START, START + timedelta(hours=1)))
    later = START + timedelta(hours=5)
    here.outlook.edit(
        "keller", here.only(), starts_at=later, ends_at=later + timedelta(minutes=30)
    )
    here.run()
    adopted = here.do(mirrors.adopt, task)
    assert (adopted.starts_at, adopted.ends_at) == (
        later,
        later + timedelta(minutes=30),
    )


def test_adopting_another_whole_day(here: Office) -> None:
    task = written(here, when=schedule.all_day(FRIDAY))
    here.outlook.edit("keller", here.only(), day=MONDAY)
    here.run()
    adopted = here.do(mirrors.adopt, task)
    here.run()
    assert (adopted.day, here.only().day) == (MONDAY, MONDAY)


def test_adopting_a_deletion_cancels_the_task(here: Office) -> None:
    task = written(here)
    here.outlook.delete("keller", here.only())
    here.run()
    assert here.do(mirrors.adopt, task).status is TaskStatus.CANCELLED
    here.run()
    assert (here.ours(), here.mirror(task).state) == ([], MirrorState.NONE)


@pytest.mark.parametrize("hard", [False, True], ids=["trash", "for ever"])
def test_overwriting_a_deletion_makes_one_new_item(here: Office, hard: bool) -> None:
    task = written(here)
    old = here.only()
    here.outlook.delete("keller", old, hard=hard)
    here.run()
    here.do(mirrors.write_again, task)
    for _ in range(3):
        here.run()
    assert (len(here.ours()), drift(here, task)) == (1, None)
    assert here.only().key != old.key


def test_adopting_a_move_follows_the_item(here: Office) -> None:
    task = written(here)
    here.outlook.move("keller", here.only(), "Erledigt")
    here.run()
    here.do(mirrors.adopt, task)
    here.do(tasks.edit, task, title="Neuer Titel")
    here.run()
    here.outlook.touch("keller", here.ours()[0])  # the next update has to look
    here.do(tasks.edit, task, title="Noch ein Titel")
    here.run()
    (item,) = here.ours()
    assert "Erledigt" in item.folder
    assert item.subject.startswith("Noch ein Titel")
    assert drift(here, task) is None
    here.outlook.forget_tokens("keller")
    here.run()
    assert drift(here, task) is None


def test_overwriting_a_move_brings_it_back_as_one_item(here: Office) -> None:
    task = written(here)
    here.outlook.move("keller", here.only(), "Erledigt")
    here.run()
    here.do(mirrors.write_again, task)
    for _ in range(3):
        here.run()
    (item,) = here.ours()
    assert (item.folder, drift(here, task)) == ("tasks", None)


def test_reassigning_ends_the_question(here: Office) -> None:
    task = written(here)
    here.outlook.edit("keller", here.only(), subject="Anders")
    here.run()
    here.do(tasks.reassign, task, here.employee("frei"))
    here.run()
    assert (here.ours("keller"), len(here.ours("frei"))) == ([], 1)
    assert drift(here, task) is None


def test_what_the_crm_cannot_say_cannot_be_adopted(in_memory: Office) -> None:
    here = in_memory
    no_date = written(here)
    here.outlook.edit("keller", here.only(), due_on=None)
    here.run()
    with pytest.raises(Invalid, match="no due date"):
        here.do(mirrors.adopt, no_date)
    assert drift(here, no_date) is Drift.CHANGED
    here.do(mirrors.write_again, no_date)
    here.run()
    assert here.only().due_on == FRIDAY


def test_an_appointment_over_several_days_cannot_be_adopted(in_memory: Office) -> None:
    here = in_memory
    task = written(here, when=schedule.all_day(FRIDAY))
    here.outlook.edit("keller", here.only(), last_day=MONDAY)
    here.run()
    with pytest.raises(Invalid, match="several days"):
        here.do(mirrors.adopt, task)


def test_without_drift_there_is_nothing_to_adopt(in_memory: Office) -> None:
    task = written(in_memory)
    with pytest.raises(Conflict, match="does not differ"):
        in_memory.do(mirrors.adopt, task)


def test_the_log_tells_what_was_seen_and_answered(in_memory: Office) -> None:
    here = in_memory
    task = written(here)
    here.outlook.complete("keller", here.only())
    here.run()
    here.run()
    here.do(mirrors.adopt, task)
    rows = AuditEvent.select().where(AuditEvent.subject == f"task:{task}")
    told = [(row.actor, row.action) for row in rows.order_by(AuditEvent.id)]
    assert told[2:] == [
        ("mailsync", "drift_seen"),
        ("test", "drift_adopted"),
        ("test", "task_completed"),
    ]


# --- the poll itself ----------------------------------------------------------------


def test_reading_everything_anew_changes_nothing(here: Office) -> None:
    task, changed = written(here), here.assign("frei")
    here.run()
    here.outlook.edit("frei", here.only("frei"), subject="Anders")
    here.run()
    before = list(TaskMirror.select().order_by(TaskMirror.id).dicts())
    for key in ("keller", "frei"):
        here.outlook.forget_tokens(key)
    here.run()
    assert list(TaskMirror.select().order_by(TaskMirror.id).dicts()) == before
    assert (drift(here, task), drift(here, changed)) == (None, Drift.CHANGED)
    assert AuditEvent.select().where(AuditEvent.action == "drift_seen").count() == 1


def test_what_vanished_while_the_token_was_lost_is_found_missing(here: Office) -> None:
    task = written(here)
    here.outlook.delete("keller", here.only(), hard=True)
    here.outlook.forget_tokens("keller")
    here.run()
    assert drift(here, task) is Drift.DELETED


def test_reading_anew_is_resumed_after_a_failure_on_the_way(in_memory: Office) -> None:
    here = in_memory
    for _ in range(25):  # three pages of ten
        here.assign()
    here.run()
    assert isinstance(here.outlook, MemoryOutlook)
    gone = here.ours()[0]
    here.outlook.delete("keller", gone, hard=True)
    here.outlook.forget_tokens("keller")
    calls = iter(range(100))
    real = MemoryMailbox.changes

    def failing(self: MemoryMailbox, folder: Any, token: Any) -> Any:
        if next(calls) == 2:
            raise Transient("cut")
        return real(self, folder, token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryMailbox, "changes", failing)
        with pytest.raises(Transient):
            here.poll("keller")
    here.poll("keller")
    row = TaskMirror.get(TaskMirror.crm_key == gone.key)
    assert row.drift is Drift.DELETED
    assert TaskMirror.select().where(TaskMirror.drift.is_null(False)).count() == 1


def test_rows_and_token_are_committed_together_or_not_at_all(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = in_memory
    task = written(here)
    here.outlook.complete("keller", here.only())
    token = folder_of("keller").token

    def broken(*_args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(reconcile, "_advance", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        here.poll()
    assert drift(here, task) is None
    assert folder_of("keller").token == token
    monkeypatch.undo()
    here.poll()
    assert drift(here, task) is Drift.COMPLETED


def test_a_page_is_not_committed_once_another_daemon_has_the_mailbox(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = in_memory
    task = written(here)
    here.outlook.complete("keller", here.only())
    monkeypatch.setattr(leases, "_owner", "one")
    Mailbox.update(
        lease_owner="two", lease_until=here.now + timedelta(minutes=5)
    ).execute()
    with pytest.raises(leases.LeaseLost):
        here.poll("keller")
    assert drift(here, task) is None
    here.later()
    here.poll("keller")
    assert drift(here, task) is Drift.COMPLETED


def test_a_page_waits_while_one_of_its_items_is_being_written(
    in_memory: Office,
) -> None:
    """An edit right after our update must not be skipped with the page that shows it."""
    here = in_memory
    task = written(here)
    here.do(tasks.edit, task, title="Neuer Titel")
    with database.transaction():
        push = pushes.claim(here.row(task).id, owner="here")
    assert push is not None
    here.outlook.edit("keller", here.only(), subject="Danach")
    folder = folder_of("keller")
    port = here.outlook.open_port(address_of("keller"))
    waiting = reconcile.sync_task_folder(port, folder)
    assert not waiting.caught_up
    with database.transaction():
        pushes.record_failure(
            push, code="E222", text="", next_attempt_at=here.now, park=False
        )
    here.poll()
    here.push()
    assert drift(here, task) is Drift.CHANGED


def test_a_row_that_moves_between_look_and_commit_is_looked_at_again(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows the state before our push; the push happens during the look."""
    here = in_memory
    task = here.assign()
    here.push()  # not read back yet: any other change key is looked at
    here.outlook.touch("keller", here.only())
    real = MemoryMailbox.find_task
    meanwhile = iter([True])

    def find(self: MemoryMailbox, *args: Any, **more: Any) -> Any:
        found = real(self, *args, **more)
        if next(meanwhile, False):
            here.do(tasks.edit, task, title="Neuer Titel")
            here.push()
        return found

    monkeypatch.setattr(MemoryMailbox, "find_task", find)
    here.poll("keller")
    here.poll("keller")
    assert drift(here, task) is None
    assert here.only().subject.startswith("Neuer Titel")


def test_only_folders_that_we_write_to_are_read(in_memory: Office) -> None:
    here = in_memory
    here.poll()
    roles = {(row.mailbox.slug, row.role) for row in MailFolder.select()}
    assert roles == {
        (key, role)
        for key in ("keller", "frei", "huber", "moser", "wyss")
        for role in ("tasks", "calendar")
    }


def test_an_employees_odd_item_is_no_obstacle(in_memory: Office) -> None:
    """A page line whose item could not be read is somebody's own odd item."""
    here = in_memory
    task = written(here)
    real = MemoryMailbox.changes

    def odd(self: MemoryMailbox, folder: Any, token: Any) -> Any:
        from dataclasses import replace

        page = real(self, folder, token)
        lines = [
            replace(line, item=None) if line.kind is ChangeKind.UPSERTED else line
            for line in page.changes
        ]
        return replace(page, changes=tuple(lines))

    here.outlook.own_item("keller", ItemKind.TASK, "Milch kaufen")
    here.outlook.complete("keller", here.only())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryMailbox, "changes", odd)
        here.poll()
    assert drift(here, task) is Drift.COMPLETED
