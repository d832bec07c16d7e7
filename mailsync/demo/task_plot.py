"""The last chapters: tasks given in the CRM, clicks in Outlook, decisions."""

from dataclasses import dataclass
from datetime import date, timedelta

from mailsync.demo.feed import Feed
from mailsync.demo.mailbox_scenes import CategoryScene
from mailsync.demo.scenes import Chapter
from mailsync.demo.task_scenes import (
    AnswerScene,
    GivenTask,
    OutlookScene,
    TaskScene,
    an_hour_later,
    local,
)
from mailsync.demo.voice import Said

ENTRY_TITLE = "Neue Seeschwalbe"
_TRIP_HOUR = 14


@dataclass(frozen=True, slots=True)
class _Tasks:
    """The tasks of the plot, all on Huber's entry."""

    order: GivenTask
    ask: GivenTask
    trial: GivenTask
    clean: GivenTask


def _given(today: date) -> _Tasks:
    def task(
        name: str, title: str, employee: str, when: tuple[str, str], text: str = ""
    ) -> GivenTask:
        return GivenTask(name, "huber", title, employee, when, text, ENTRY_TITLE)

    week = ("--due-by", (today + timedelta(days=7)).isoformat())
    soon = ("--due-by", (today + timedelta(days=2)).isoformat())
    trip = ("--do-on", f"{(today + timedelta(days=4)).isoformat()}T{_TRIP_HOUR}:00")
    return _Tasks(
        task("bestellen", "Boot bestellen", "keller", week, "Weiss, acht Kilowatt"),
        task("nachfragen", "Beim Kunden nachfragen", "brunner", soon),
        task("probefahrt", "Probefahrt", "frei", trip),
        task("putzen", "Boot putzen", "baumann", soon),
    )


def task_chapters(feed: Feed, today: date) -> list[Chapter]:
    """The plot's last chapters."""
    given = _given(today)
    return [_appear(given), _touched(feed, given), _decided(given)]


def _appear(given: _Tasks) -> Chapter:
    return Chapter(
        Said("9  Aufgaben erscheinen im Outlook", "9  Tasks appear in Outlook"),
        (
            TaskScene(given.order),
            TaskScene(given.ask),
            TaskScene(
                given.trial,
                reads_entry=False,
                note=Said(
                    "Freis Gruppe darf Einträge des Verkaufs nicht lesen",
                    "Frei's group may not read entries of the sales group",
                ),
            ),
            TaskScene(given.clean, has_mailbox=False),
        ),
    )


def _touched(feed: Feed, given: _Tasks) -> Chapter:
    return Chapter(
        Said("10  Im Outlook wird geklickt", "10  Clicks in Outlook"),
        (
            OutlookScene(
                "keller-completes",
                given.order,
                Said(
                    "Keller erledigt «Boot bestellen» im Outlook.",
                    "Keller completes “Boot bestellen” in Outlook.",
                ),
                "complete",
                lambda _item: {},
                "completed",
            ),
            OutlookScene(
                "frei-moves",
                given.trial,
                Said(
                    "Frei verschiebt die Probefahrt im Kalender um eine Stunde.",
                    "Frei moves the trial trip by an hour in the calendar.",
                ),
                "edit",
                an_hour_later,
                "changed",
            ),
            CategoryScene(feed.story["frage-zbinden"], "zbinden"),
        ),
    )


def _decided(given: _Tasks) -> Chapter:
    return Chapter(
        Said("11  Im CRM wird entschieden", "11  Decisions in the CRM"),
        (
            AnswerScene(
                "adopt",
                given.order,
                Said(
                    "Übernehmen, was Keller im Outlook getan hat.",
                    "Adopt what Keller did in Outlook.",
                ),
                "adopt",
                lambda item: item.done,
            ),
            AnswerScene(
                "overwrite",
                given.trial,
                Said(
                    f"Überschreiben: die Probefahrt bleibt um {_TRIP_HOUR} Uhr.",
                    f"Overwrite: the trial trip stays at {_TRIP_HOUR}:00.",
                ),
                "overwrite",
                lambda item: local(item).hour == _TRIP_HOUR,
            ),
            AnswerScene(
                "done",
                given.ask,
                Said(
                    "«Beim Kunden nachfragen» ist im CRM erledigt.",
                    "“Beim Kunden nachfragen” is done in the CRM.",
                ),
                "done",
                lambda item: item.done,
            ),
        ),
    )
