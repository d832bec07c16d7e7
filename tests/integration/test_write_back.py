"""100 tasks and 100 appointments for five employees, with a fault drawn for every step.

The truth is kept by the test alone: what each task is to be, in the words of a person.
``problems`` compares it with what lies in the mailboxes, told by the world itself, and
never looks at keys or rows of ours: an item is recognised by its title, which is unique.

In memory on both databases, and over real EWS against the sandbox, whose ledger counts
invitations and touched items. The red controls break the outbox the way it must not be
and show that ``problems`` sees it.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from office import (
    ACTOR,
    OPERATIONS,
    PEOPLE,
    ZONE,
    EwsOutlook,
    MemoryOutlook,
    Office,
    address_of,
    ews_outlook,
    office,
)
from write_back_truth import Truth, Wanted, problems

from crm_core import database
from crm_core.access import staff
from crm_core.mirroring import mirrors
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import Drift, TaskMirror
from crm_core.records import schedule, tasks
from mailsync import push_attempt
from mailsync.port import ItemKind

SEED = int(os.environ.get("MAILSYNC_TEST_SEED", "7"))
FATES = (None, "before", "after", "busy", "busy_after")
OWN = 5  # items of each kind that each employee has already
AUTUMN, SPRING = date(2026, 10, 25), date(2027, 3, 28)


# --- the story ----------------------------------------------------------------------


def times(number: int) -> tuple[schedule.Schedule, dict[str, Any]]:
    """A day or a time of day, the two clock changes among them, and what it means."""
    days = (AUTUMN, SPRING, date(2026, 12, 24), date(2027, 7, 1))
    day = days[number % 4]
    if number % 8 < 4:
        return schedule.all_day(day), {"day": day}
    clock = (2, 30) if day == AUTUMN else (3, 0) if day == SPRING else (9, 15)
    local = datetime(day.year, day.month, day.day, *clock)
    # written out by hand: 02:30 in autumn is summer time first, 03:00 in spring is too
    offset = {AUTUMN: 2, SPRING: 2, days[2]: 1, days[3]: 2}[day]
    instant = (local - timedelta(hours=offset)).replace(tzinfo=UTC)
    return schedule.at(local, zone=ZONE), {"starts_at": instant}


def assign_all(here: Office, count: int) -> Truth:
    truth = Truth()
    for who in PEOPLE:
        for number in range(OWN):
            here.outlook.own_item(who, ItemKind.TASK, f"Eigenes {number}")
            here.outlook.own_item(who, ItemKind.APPOINTMENT, f"Privat {number}")
        truth.own[who] = Counter(here.outlook.items(who))
    for number in range(count):
        who = PEOPLE[number % len(PEOPLE)]
        due = (AUTUMN, SPRING, date(2026, 12, 24))[number % 3]
        wanted = Wanted(who, f"Aufgabe {number:03}", ItemKind.TASK, due_on=due)
        task = here.assign(who, schedule.due_by(due), title=wanted.title)
        truth.tasks[task] = wanted
        when, means = times(number)
        wanted = Wanted(who, f"Termin {number:03}", ItemKind.APPOINTMENT, **means)
        truth.tasks[here.assign(who, when, title=wanted.title)] = wanted
    return truth


def change_some(here: Office, truth: Truth, random: Random) -> Counter[str]:
    """What people do in the CRM, each to a share of the tasks."""
    acts: Counter[str] = Counter()
    for task, wanted in truth.tasks.items():
        act = random.choice(
            (
                "done",
                "done, reopened",
                "edited",
                "reassigned",
                "cancelled",
                "other kind",
            )
        )
        acts[act] += 1
        if act == "done":
            here.do(tasks.complete, task)
            wanted.done = True
        elif act == "done, reopened":
            here.do(tasks.complete, task)
            here.do(tasks.reopen, task)
        elif act == "edited":
            wanted.title = wanted.title.replace(" ", " neu ")
            here.do(tasks.edit, task, title=wanted.title)
        elif act == "reassigned":
            others = [one for one in PEOPLE if one != wanted.who]
            wanted.who = random.choice(others)
            here.do(tasks.reassign, task, here.employee(wanted.who))
        elif act == "cancelled":
            here.do(tasks.cancel, task)
            wanted.cancelled = True
        else:
            _other_kind(here, task, wanted)
    return acts


def _other_kind(here: Office, task: int, wanted: Wanted) -> None:
    if wanted.kind is ItemKind.TASK:
        wanted.kind, wanted.day, wanted.due_on = ItemKind.APPOINTMENT, SPRING, None
        here.do(tasks.edit, task, schedule=schedule.all_day(SPRING))
        return
    wanted.kind, wanted.due_on = ItemKind.TASK, AUTUMN
    wanted.day = wanted.starts_at = None
    here.do(tasks.edit, task, schedule=schedule.due_by(AUTUMN))


def draw_faults(here: Office, random: Random, *, timeouts: int) -> None:
    """A fate for each coming call of every operation in every mailbox."""
    for who in PEOPLE:
        for operation in OPERATIONS:
            fates = [random.choice(FATES) for _ in range(30)]
            if operation == "create_task":  # each costs real seconds over HTTP
                for place in random.sample(range(12), timeouts):
                    fates[place] = "timeout"
            here.outlook.plan(who, operation, fates)


def converge(here: Office) -> int:
    """Pushes under faults, then at most three healthy cycles; how many pushes."""
    rounds = 0
    while here.outlook.planned() and rounds < 60 and due():
        here.push()
        here.later(120)
        rounds += 1
    here.outlook.no_faults()
    for _ in range(3):
        here.push()
        here.poll()
        here.later()
    return rounds


def due() -> int:
    return (
        TaskMirror.select()
        .where(
            (TaskMirror.pushed_version < TaskMirror.wanted_version)
            | (TaskMirror.attempt_open == 1)
        )
        .count()
    )


# --- worlds -------------------------------------------------------------------------


@pytest.fixture
def in_memory(db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


@pytest.fixture
def over_ews(sqlite_db: str) -> Iterator[Office]:
    """Real EWS over HTTP, judged by Microsoft's schema where it is beside us."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "ews-schema"
    with (
        ews_outlook(folder if folder.is_dir() else None) as outlook,
        office(outlook) as company,
    ):
        yield company


def judge_ledger(here: Office) -> str:
    """What the sandbox saw: nobody invited, nobody else's item or mailbox touched."""
    assert isinstance(here.outlook, EwsOutlook)
    ledger = here.outlook.sandbox.ledger
    assert ledger.count("invitation") == ledger.count("mail") == 0
    assert ledger.mailboxes_asked() == {address_of(who) for who in PEOPLE}
    foreign = {
        item.id for who in PEOPLE for item in here.outlook.items(who) if not item.key
    }
    touched = {touch.item_id for touch in ledger.touches}
    assert len(foreign) == 2 * OWN * len(PEOPLE)
    assert touched
    assert not touched & foreign
    return f"requests {ledger.verbs()}, items touched {len(touched)}, foreign 0"


def play(here: Office, *, count: int, timeouts: int) -> Truth:
    """The whole story up to the employees' acts; the mailboxes are right after each."""
    random = Random(SEED)
    truth = assign_all(here, count)
    draw_faults(here, random, timeouts=timeouts)
    rounds = converge(here)
    assert problems(here, truth) == []
    acts = change_some(here, truth, random)
    draw_faults(here, random, timeouts=timeouts)
    rounds += converge(here)
    assert problems(here, truth) == []
    assert due() == 0
    assert TaskMirror.select().where(TaskMirror.drift.is_null(False)).count() == 0
    print(
        f"\nwrite-back ({type(here.outlook).__name__}): {count} tasks, {count} "
        f"appointments, faults struck {dict(here.outlook.struck())}, pushes under faults {rounds}, "
        f"acts {dict(acts)}, seed {SEED}"
    )
    return truth


def touch_some(here: Office, truth: Truth) -> dict[int, Drift]:
    """Employees complete, edit, move and delete; what must be shown for it."""
    expected: dict[int, Drift] = {}
    for number, (task, wanted) in enumerate(truth.tasks.items()):
        if wanted.cancelled or number % 4:
            continue
        ((item,),) = [here.ours(wanted.who, task)]
        turn = number // 4 % 4
        if turn == 0 and wanted.kind is ItemKind.TASK and not wanted.done:
            here.outlook.complete(wanted.who, item)
            expected[task] = Drift.COMPLETED
        elif turn == 1:
            here.outlook.move(wanted.who, item, "Erledigt")
            expected[task] = Drift.MOVED
        elif turn == 2:
            here.outlook.delete(wanted.who, item, hard=number % 8 == 0)
            expected[task] = Drift.DELETED
        else:
            here.outlook.edit(wanted.who, item, subject=f"{wanted.title} x")
            expected[task] = Drift.CHANGED
    return expected


def answer_drift(here: Office, truth: Truth, expected: dict[int, Drift]) -> None:
    """Half is adopted, half written again; the truth follows."""
    for number, (task, drift) in enumerate(expected.items()):
        wanted = truth.tasks[task]
        if number % 2:
            here.do(mirrors.write_again, task)
            continue
        here.do(mirrors.adopt, task)
        if drift is Drift.COMPLETED:
            wanted.done = True
        elif drift is Drift.DELETED:
            wanted.cancelled = True
        elif drift is Drift.CHANGED:
            wanted.title += " x"


def play_drift(here: Office, truth: Truth) -> None:
    expected = touch_some(here, truth)
    before = {who: Counter(here.outlook.items(who)) for who in PEOPLE}
    for _ in range(3):
        here.run()
        here.later()
    shown = {task: here.mirror(task).drift for task in truth.tasks}
    assert {t: d for t, d in shown.items() if d} == expected
    assert set(expected.values()) == set(Drift)
    # Nothing was adopted, re-created or written over by itself.
    assert {who: Counter(here.outlook.items(who)) for who in PEOPLE} == before
    answer_drift(here, truth, expected)
    followed = {
        task
        for number, (task, drift) in enumerate(expected.items())
        if drift is Drift.MOVED and number % 2 == 0
    }
    for _ in range(3):
        here.run()
        here.later()
    left = problems(here, truth)
    names = {truth.tasks[task].title for task in followed}
    assert {line.partition(":")[0] for line in left} == names
    assert all("lies in" in line for line in left)
    assert not any(here.mirror(task).drift for task in truth.tasks)
    print(f"drift shown {dict(Counter(expected.values()))}, followed {len(followed)}")


# --- what must be shown -------------------------------------------------------------


def test_write_back_in_memory(in_memory: Office) -> None:
    truth = play(in_memory, count=100, timeouts=4)
    play_drift(in_memory, truth)


def test_write_back_over_real_ews(over_ews: Office) -> None:
    truth = play(over_ews, count=100, timeouts=1)
    play_drift(over_ews, truth)
    print(judge_ledger(over_ews))


def test_without_an_enabled_mailbox_nothing_is_asked(over_ews: Office) -> None:
    here = over_ews
    with database.transaction():
        staff.add_employee("lehrling", "L. Ehrling", ("Werkstatt",), actor=ACTOR)
    for number in range(5):
        task = here.assign("lehrling", title=f"Aufgabe {number}")
        assert here.mirror(task).state is MirrorState.NONE
    here.push()
    assert here.outlook.requests() == 0


# --- red controls -------------------------------------------------------------------


def broken_play(here: Office) -> list[str]:
    random = Random(SEED)
    truth = assign_all(here, 10)
    draw_faults(here, random, timeouts=2)
    converge(here)
    return problems(here, truth)


def test_a_blind_repeat_of_a_create_is_caught(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_attempt.Attempt, "_find", lambda _self: [])
    assert any("2 items" in line for line in broken_play(in_memory))


def test_a_key_that_is_not_sent_is_caught(
    in_memory: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    real = push_attempt.wanted_item
    monkeypatch.setattr(
        push_attempt, "wanted_item", lambda push: replace(real(push), crm_key="lost")
    )
    assert any(" items" in line for line in broken_play(in_memory))


def test_a_touched_item_of_somebody_else_is_caught(in_memory: Office) -> None:
    truth = assign_all(in_memory, 1)
    own = next(item for item in in_memory.outlook.items("frei") if not item.key)
    in_memory.outlook.edit("frei", own, subject="umbenannt")
    in_memory.run()
    assert any("own items of frei" in line for line in problems(in_memory, truth))


def test_an_hour_lost_in_a_clock_change_is_caught(in_memory: Office) -> None:
    truth = assign_all(in_memory, 8)
    in_memory.run()
    assert problems(in_memory, truth) == []
    for wanted in truth.tasks.values():
        if wanted.starts_at is not None:
            wanted.starts_at += timedelta(hours=1)
    assert problems(in_memory, truth)
