"""What an outside tester found, each once, so that it is not found again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from werft import HUBER, MEIER, VERKAUF, Werft, werft

from crm_core import database, verify
from crm_core.exports.export import message_lines
from crm_core.linking import links
from crm_core.mail import content
from crm_core.mirroring import mirrors
from crm_core.models import Employee, Keep, TaskMirror, TaskStatus
from crm_core.queries import addresses as address_pages
from crm_core.records import schedule, tasks
from mailsync.health import health

DAY = date(2026, 12, 1)


@pytest.fixture
def w(db: str, tmp_path: Path) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        yield company


def test_keeping_less_removes_bodies_that_no_entry_shows(
    db: str, tmp_path: Path
) -> None:
    with werft(tmp_path, keep=Keep.ALL) as w:
        w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
        w.poll()
        with database.transaction():
            database.execute("UPDATE mailbox SET keep = 'linked'")
            content.want_unwanted_dropped()
        while content.unwanted_to_drop():
            with database.transaction():
                content.drop_some_unwanted(limit=1)
        assert database.execute("SELECT count(*) FROM message_body") == [(0,)]
        assert verify.verify() == []


def test_adopting_a_deletion_leaves_a_done_task_done(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    keller = Employee.get(Employee.key == "keller")
    with database.transaction():
        task = tasks.assign(
            entry, keller, "Boot bestellen", schedule.due_by(DAY), actor="test"
        )
    w.poll()
    mirror = TaskMirror.get(TaskMirror.task == task)
    w.sandbox.act("keller@werft.example", "delete", item_id=mirror.external_id)
    w.poll()
    with database.transaction():
        tasks.complete(task.id, actor="test")
    with database.transaction():
        mirrors.adopt(task.id, actor="test")
    w.poll()
    assert tasks.get(task.id).status is TaskStatus.DONE
    assert w.sandbox.items("keller@werft.example", "tasks") == []


def test_the_status_counts_only_where_tasks_are_written(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    keller = Employee.get(Employee.key == "keller")
    with database.transaction():
        tasks.assign(entry, keller, "Anrufen", schedule.due_by(DAY), actor="test")
    assert health({}).tasks.pending == 1
    with database.transaction():
        database.execute("UPDATE mailbox SET writes_tasks = 0")
    assert health({}).tasks.pending == 0


def test_a_held_mail_linked_by_hand_says_so(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    huber = w.address(HUBER)
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
    w.receive(w.mail(HUBER, VERKAUF, "Re: Offerte", id="h1", answers="m1"))
    w.poll()
    w.link(entry, "m1")
    assert w.held(entry)["h1"] == "other_customer"
    assert address_pages.show(huber).messages[0].entries == ()
    w.link(entry, "h1")
    assert w.reasons(entry) == {"m1": "manual", "h1": "manual"}
    (line,) = [one for one in message_lines() if one.message_id == "<h1>"]
    assert [one.reason for one in line.entries] == ["manual"]
    assert links.find_message("h1")


def test_a_start_makes_up_for_one_that_was_interrupted_while_it_dropped_bodies(
    db: str, tmp_path: Path
) -> None:
    with werft(tmp_path, keep=Keep.ALL) as w:
        for number in range(3):
            w.receive(w.mail(MEIER, VERKAUF, f"Offerte {number}", id=f"m{number}"))
        w.poll()
        with database.transaction():
            database.execute("UPDATE mailbox SET keep = 'linked'")
            content.want_unwanted_dropped()
        with database.transaction():
            content.drop_some_unwanted(limit=1)  # and then it was killed
        assert database.execute("SELECT count(*) FROM message_body") == [(2,)]
        assert content.unwanted_to_drop()
        while content.unwanted_to_drop():
            with database.transaction():
                content.drop_some_unwanted(limit=1)
        assert database.execute("SELECT count(*) FROM message_body") == [(0,)]


def test_a_program_that_starts_waits_longer_for_another_writer(db: str) -> None:
    if database.is_postgres():
        with database.patience(77):
            assert database.execute("SELECT 1") == [(1,)]
        return

    def waits() -> list[tuple[int]]:
        return list(database.proxy.execute_sql("PRAGMA busy_timeout"))

    with database.patience(77):
        assert waits() == [(77_000,)]
    assert waits() == [(10_000,)]
