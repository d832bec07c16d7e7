"""Killed at every step of writing and reconciling, then started again.

``steps.step`` marks every boundary between two effects. A story is played once to count
them; then it is played again for every boundary with a ``Killed`` raised there, and for
every pair of a first kill and a second one during the recovery. Whatever happened, a
healthy run must end with exactly what people want: one item each.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from office import FRIDAY, PEOPLE, MemoryOutlook, Office, office
from write_back_truth import Truth, Wanted, problems

from crm_core import database
from crm_core.mirroring import mirrors, pushes
from crm_core.models import MailFolder, Task, TaskMirror
from crm_core.records import schedule, tasks
from mailsync import push_attempt, steps
from mailsync.port import ItemKind


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Killer:
    """Raises at the n-th boundary, once; n = 0 only counts."""

    at: int = 0
    passed: int = 0

    def __call__(self, _name: str) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


@pytest.fixture
def here(db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


@pytest.fixture
def on_sqlite(sqlite_db: str) -> Iterator[Office]:
    """Where both databases would repeat the same."""
    with office(MemoryOutlook()) as company:
        yield company


class Story:
    """A task and an appointment through their lives; each act is done once only."""

    def __init__(self, here: Office, truth: Truth, *, cuts: bool) -> None:
        self.here = here
        self.task = Wanted("keller", "Aufgabe", ItemKind.TASK, due_on=FRIDAY)
        self.day = Wanted("frei", "Tag", ItemKind.APPOINTMENT, day=FRIDAY)
        self.truth = truth
        self.cuts = cuts
        self.ids: list[int] = []
        self.acts: list[Callable[[], None]] = [
            self.assigned,
            self.edited,
            self.done_and_other_kind,
            self.reassigned,
            self.moved,
            self.overwritten,
            self.cancelled,
        ]

    def play(self) -> None:
        """Every act that is still to be done, a push and a poll after each."""
        while self.acts:
            self.acts.pop(0)()
            self.cycle()

    def cycle(self) -> None:
        self.here.push()
        if len(self.acts) < 3:  # before that nobody has touched anything
            self.here.poll("keller", "frei")
        if self.cuts:
            self.here.later(60)
            self.here.push()

    def cut(self, who: str, operation: str) -> None:
        if self.cuts:
            self.here.outlook.fault(who, operation, "after")

    def assigned(self) -> None:
        first = self.here.assign("keller", title=self.task.title)
        second = self.here.assign(
            "frei", schedule.all_day(FRIDAY), title=self.day.title
        )
        self.ids = [first, second]
        self.truth.tasks |= {first: self.task, second: self.day}
        self.cut("keller", "create_task")

    def edited(self) -> None:
        self.task.title += "!"
        self.here.do(tasks.edit, self.ids[0], title=self.task.title)
        self.cut("keller", "update_task")

    def done_and_other_kind(self) -> None:
        self.task.done = True
        self.here.do(tasks.complete, self.ids[0])
        self.day.kind, self.day.day, self.day.due_on = ItemKind.TASK, None, FRIDAY
        self.here.do(tasks.edit, self.ids[1], schedule=schedule.due_by(FRIDAY))
        self.cut("frei", "delete_task")

    def reassigned(self) -> None:
        self.day.who = "keller"
        self.here.do(tasks.reassign, self.ids[1], self.here.employee("keller"))
        self.cut("frei", "delete_task")
        self.cut("keller", "create_task")

    def moved(self) -> None:
        """The employee moves the item; the next poll shows it."""
        for item in self.here.ours("keller", self.ids[1]):
            self.here.outlook.move("keller", item, "Erledigt")

    def overwritten(self) -> None:
        self.here.do(mirrors.write_again, self.ids[1])
        self.cut("keller", "delete_task")

    def cancelled(self) -> None:
        self.task.cancelled = True
        self.here.do(tasks.cancel, self.ids[0])
        self.cut("keller", "delete_task")


def killed(act: Callable[[], None], at: int) -> tuple[bool, int]:
    """Whether the act was killed at that boundary, and how many it passed."""
    killer = Killer(at)
    with steps.use(killer):
        try:
            act()
        except Killed:
            database.close()
            return True, killer.passed
    return False, killer.passed


def recover(here: Office, story: Story) -> None:
    """A new process: the old claims have run out; the story goes on."""
    here.later(pushes.CLAIM_LASTS.total_seconds())
    story.cycle()
    story.play()
    for _ in range(3):
        here.later(pushes.CLAIM_LASTS.total_seconds())
        story.cycle()


def wrong(here: Office, truth: Truth) -> list[str]:
    open_rows = TaskMirror.select().where(
        (TaskMirror.pushed_version < TaskMirror.wanted_version)
        | (TaskMirror.attempt_open == 1)
        | TaskMirror.drift.is_null(False)
    )
    return problems(here, truth) + [f"row {row.id} is open" for row in open_rows]


def new_world(here: Office) -> Truth:
    """Empty mailboxes and no tasks: each kill is judged by itself."""
    here.outlook = MemoryOutlook()
    with database.transaction():
        for table in (TaskMirror, Task, MailFolder):
            table.delete().execute()
    return Truth(own={who: Counter() for who in PEOPLE})


def kills(
    here: Office, *, cuts: bool, most: int = 999, stride: int = 1
) -> tuple[int, list[str]]:
    """Kill at every boundary of the story; how many, and what went wrong."""
    found: list[str] = []
    for number in range(1, most + 1, stride):
        truth = new_world(here)
        story = Story(here, truth, cuts=cuts)
        struck, _ = killed(story.play, number)
        recover(here, story)
        found += [f"killed at {number}: {line}" for line in wrong(here, truth)]
        if not struck:
            return number - 1, found
    return most, found


def test_killed_at_every_step_it_ends_with_one_item_each(
    on_sqlite: Office,
) -> None:
    number, found = kills(on_sqlite, cuts=False)
    assert found == []
    assert number > 50
    print(f"\nkilled at each of {number} steps: 0 doubles, 0 lost")


def test_killed_at_every_step_while_answers_are_cut_off(here: Office) -> None:
    stride = 3 if database.is_postgres() else 1  # a commit there takes its time
    number, found = kills(here, cuts=True, stride=stride)
    assert found == []
    assert number > 60
    print(
        f"\nkilled at {number // stride} of {number} steps, answers cut: "
        "0 doubles, 0 lost"
    )


def test_killed_again_while_recovering_it_ends_with_one_item_each(
    on_sqlite: Office,
) -> None:
    """Every second step n of the story with every step m of the recovery."""
    here = on_sqlite
    pairs, number = 0, -1
    killed_once = True
    while killed_once:
        number += 2
        second, killed_twice = 0, True
        while killed_twice:
            second += 1
            truth = new_world(here)
            story = Story(here, truth, cuts=True)
            story.acts = story.acts[:1]  # the pairs grow with the square
            killed_once, _ = killed(story.play, number)
            here.later(pushes.CLAIM_LASTS.total_seconds())
            killed_twice, _ = killed(story.cycle, second)
            recover(here, story)
            assert wrong(here, truth) == [], (number, second)
            pairs += killed_once and killed_twice
    assert pairs > 100
    print(f"\n{pairs} pairs of kills: 0 doubles, 0 lost")


def test_a_blind_create_after_a_kill_is_caught(
    on_sqlite: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_attempt.Attempt, "_find", lambda _self: [])
    _number, found = kills(on_sqlite, cuts=False, most=8)
    assert any("nobody wants" in line for line in found)  # the twin with the old title
