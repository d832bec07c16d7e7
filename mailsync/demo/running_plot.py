"""What is going on when somebody looks in: papers, participants, tasks, clicks.

All of it hangs on the ten old enquiries; their topics come from the seed, so that what
is done about them follows from the topic.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from mailsync.demo.crm_scenes import past_enquiries
from mailsync.demo.erp_scenes import Paper, PapersScene
from mailsync.demo.feed import Feed
from mailsync.demo.running_scenes import ParticipantsScene, RefusedScene
from mailsync.demo.scenes import Chapter, Scene
from mailsync.demo.task_scenes import (
    GivenTask,
    OutlookScene,
    TaskScene,
    an_hour_later,
)
from mailsync.demo.voice import Said

_STAFF = ("keller", "frei", "brunner")
_DAYS = (-2, 0, 1, 2, 3, 6, 9, 14, 20, 27)
_PAPERS = 7
_REST = 8.0  # two polls and a bit


@dataclass(frozen=True, slots=True)
class Habit:
    """What the boatyard does about a topic. ``helper`` takes part in such an entry."""

    task: str
    paper: str
    helper: str | None = None


_HABITS = {
    "service": Habit("Termin vereinbaren", "Motorservice, Öl und Filter", "motoren"),
    "reparatur": Habit("Schaden besichtigen", "Gelcoat ausgebessert", "versich"),
    "winterlager": Habit("Hallenplatz zuteilen", "Boot ausgewassert"),
    "antifouling": Habit("Farbe bestellen", "Antifouling, zwei Anstriche", "lacke"),
    "occasion": Habit("Besichtigung vorbereiten", "Occasion gereinigt"),
    "zubehoer": Habit("Persenning ausmessen", "Persenning geliefert", "segel"),
    "liegeplatz": Habit("Beim Hafenamt nachfragen", "Boje gesetzt", "hafen"),
    "rechnung": Habit("Gutschrift erstellen", "Kranen und Transport"),
}


@dataclass(frozen=True, slots=True)
class _Case:
    """One of the old enquiries: whose it is, its entry, what is done about it."""

    number: int
    person: str
    entry: str
    habit: Habit


def running_chapters(feed: Feed, today: date, *, with_trouble: bool) -> list[Chapter]:
    """The chapters between the old enquiries and the story."""
    cases = [
        _Case(number, person, mail.thread, _HABITS[mail.topic])
        for number, (person, mail) in enumerate(past_enquiries(feed))
    ]
    tasks = [_task(case, today) for case in cases]
    return [
        _running(cases, tasks, today),
        _touched(tasks, today, with_trouble=with_trouble),
    ]


def _task(case: _Case, today: date) -> GivenTask:
    day = today + timedelta(days=_DAYS[case.number])
    who = _STAFF[case.number % len(_STAFF)]
    when = ("--due-by", day.isoformat())
    if case.number % 2:
        when = ("--do-on", f"{day.isoformat()}T{8 + case.number:02}:30")
    return GivenTask(f"alt-{case.number}", case.entry, case.habit.task, who, when)


def _running(cases: list[_Case], tasks: list[GivenTask], today: date) -> Chapter:
    papers = tuple(
        Paper(
            kind="delivery_note" if case.number % 3 == 2 else "report",
            number=f"{'LS' if case.number % 3 == 2 else 'RA'}-{2610 + case.number}",
            title=case.habit.paper,
            date=(today - timedelta(days=2 * case.number)).isoformat(),
            person=case.person,
            entry=case.entry,
        )
        for case in cases[:_PAPERS]
    )
    helpers = tuple(
        (case.entry, case.habit.helper) for case in cases if case.habit.helper
    )
    scenes: list[Scene] = [ParticipantsScene(helpers), PapersScene(papers)]
    return Chapter(
        Said("3  Was schon läuft", "3  What is going on"),
        (*scenes, *map(TaskScene, tasks)),
        at_once=True,
        rest=_REST,
    )


def _touched(tasks: list[GivenTask], today: date, *, with_trouble: bool) -> Chapter:
    due = [task for task in tasks if task.kind == "task"]
    trip = next(task for task in tasks if task.kind == "appointment")
    scenes: list[Scene] = [
        OutlookScene(
            "due-completed",
            due[0],
            _said(due[0], "erledigt", "completes"),
            "complete",
            lambda _item: {},
            "completed",
        ),
        OutlookScene(
            "due-moved",
            due[1],
            _said(due[1], "verschiebt", "moves"),
            "move",
            lambda _item: {"to": "tasks/Später"},
            "moved",
        ),
        OutlookScene(
            "due-deleted",
            due[2],
            _said(due[2], "löscht", "deletes"),
            "delete",
            lambda _item: {},
            "deleted",
        ),
        OutlookScene(
            "trip-later",
            trip,
            Said(
                f"{trip.employee}@ verschiebt «{trip.title}» um eine Stunde.",
                f"{trip.employee}@ moves “{trip.title}” by an hour.",
            ),
            "edit",
            an_hour_later,
            "changed",
        ),
    ]
    if with_trouble:
        day = (today + timedelta(days=4)).isoformat()
        lost = GivenTask(
            "abgelehnt", due[3].entry, "Rückruf", "frei", ("--due-by", day)
        )
        scenes.append(RefusedScene(lost))
    return Chapter(
        Said("4  Im Outlook wurde schon geklickt", "4  Clicks in Outlook, before"),
        tuple(scenes),
        at_once=True,
    )


def _said(task: GivenTask, de: str, en: str) -> Said:
    return Said(
        f"{task.employee}@ {de} «{task.title}» im Outlook.",
        f"{task.employee}@ {en} “{task.title}” in Outlook.",
    )
