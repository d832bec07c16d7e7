"""Tasks given in the CRM, and what employees make of their copies in Outlook."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailsync.demo.company import TIMEZONE
from mailsync.demo.outside import OutlookItem
from mailsync.demo.stage import NotPossible, Stage
from mailsync.demo.voice import Said

_FOLDERS = {"task": "tasks", "appointment": "calendar"}
_DRIFTS = {
    "completed": Said("im Outlook erledigt", "completed in Outlook"),
    "changed": Said("im Outlook geändert", "changed in Outlook"),
    "moved": Said("im Outlook verschoben", "moved in Outlook"),
    "deleted": Said("im Outlook gelöscht", "deleted in Outlook"),
}


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task of the plot. ``when`` are the words of the command."""

    name: str
    entry: str
    title: str
    employee: str
    when: tuple[str, str]
    description: str = ""
    entry_title: str = ""  # what only those may see who may read the entry

    @property
    def kind(self) -> str:
        """What it becomes in Outlook."""
        return "task" if self.when[0] == "--due-by" else "appointment"


@dataclass(frozen=True, slots=True)
class TaskScene:
    """A task is given; its copy appears in the employee's mailbox, if there is one."""

    task: GivenTask
    has_mailbox: bool = True
    reads_entry: bool = True
    note: Said | None = None

    @property
    def name(self) -> str:
        """After the task."""
        return f"task-{self.task.name}"

    def intro(self, stage: Stage) -> None:
        """Who shall do what."""
        task, number = self.task, stage.number(self.task.entry)
        word = Said("erledigen bis", "due by")
        if task.kind == "appointment":
            word = Said("erledigen am", "to be done on")
        stage.voice.line(
            f"Im CRM: Aufgabe «{task.title}» zu CRM-{number}, für {task.employee}, "
            f"«{word.de}» {task.when[1]}",
            f"In the CRM: task “{task.title}” on CRM-{number}, for {task.employee}, "
            f"“{word.en}” {task.when[1]}",
        )
        if self.note is not None:
            stage.voice.aside(self.note.de, self.note.en)

    def act(self, stage: Stage) -> None:
        """One command."""
        task, number = self.task, str(stage.number(self.task.entry))
        words = ["--title", task.title, "--employee", task.employee, *task.when]
        if task.description:
            words += ["--description", task.description]
        found = stage.typed("task", "add", number, *words)
        stage.tasks[task.name] = int(found["task"])

    def missing(self, stage: Stage) -> list[Said]:
        """Exactly one item in Outlook, or none and no wish for one."""
        state = shown(stage, self.task)["mirror"]["state"]
        if not self.has_mailbox:
            return [] if state == "none" else [_state(state)]
        if state != "written":
            return [_state(state)]
        there = items(stage, self.task)
        if len(there) != 1:
            return [Said(f"{len(there)} Kopien", f"{len(there)} copies")]
        if (self.task.entry_title in there[0].body) is self.reads_entry:
            return []
        return [Said("falscher Text darin", "its text is wrong")]

    def tell(self, stage: Stage) -> None:
        """Where it lies now."""
        mirror = shown(stage, self.task)["mirror"]
        if mirror["state"] == "none":
            stage.voice.fact(
                "ohne Outlook: für diese Person ist kein Postfach eingeschaltet",
                "without Outlook: no mailbox is switched on for this person",
            )
        for item in items(stage, self.task):
            _tell_item(stage, self.task, item)


@dataclass(frozen=True, slots=True)
class OutlookScene:
    """An employee does something to the copy; it is shown, and nothing else happens."""

    name: str
    task: GivenTask
    said: Said
    what: str
    details: Callable[[OutlookItem], Mapping[str, Any]]
    drift: str

    def intro(self, stage: Stage) -> None:
        """Who does what."""
        stage.voice.line(self.said.de, self.said.en)

    def act(self, stage: Stage) -> None:
        """In Outlook, without mailsync."""
        there = items(stage, self.task)
        if len(there) != 1:
            raise NotPossible(f"{len(there)} copies of «{self.task.title}»")
        mailbox = stage.mailbox(self.task.employee)
        stage.outside.act(mailbox, self.what, there[0], **self.details(there[0]))

    def missing(self, stage: Stage) -> list[Said]:
        """The drift, and the task as it was."""
        task = shown(stage, self.task)
        wrong = []
        if task["mirror"]["drift"] != self.drift:
            seen = task["mirror"]["drift"]
            wrong.append(Said(f"Abweichung: {seen}", f"drift: {seen}"))
        if task["status"] != "open":
            wrong.append(Said("im CRM übernommen", "adopted in the CRM"))
        return wrong

    def tell(self, stage: Stage) -> None:
        """What the CRM shows."""
        task = shown(stage, self.task)
        drift = task["mirror"]["drift"]
        if drift is None:
            return
        word, status = _DRIFTS[drift], _status(task)
        stage.voice.fact(
            f"Abweichung angezeigt: {word.de}", f"drift is shown: {word.en}"
        )
        for item in items(stage, self.task):
            _tell_place(stage, self.task, item)
        when = f", {_local_text(task['do_on'])}" if task["do_on"] else ""
        stage.voice.fact(
            f"nicht übernommen, im CRM steht: {status.de}{when}",
            f"not adopted, the CRM says: {status.en}{when}",
        )


@dataclass(frozen=True, slots=True)
class AnswerScene:
    """Somebody decides in the CRM; Outlook follows."""

    name: str
    task: GivenTask
    said: Said
    command: str
    holds: Callable[[OutlookItem], bool]

    def intro(self, stage: Stage) -> None:
        """What is decided."""
        stage.voice.line(self.said.de, self.said.en)

    def act(self, stage: Stage) -> None:
        """One command."""
        stage.typed("task", self.command, stage.task(self.task.name))

    def missing(self, stage: Stage) -> list[Said]:
        """Outlook as the CRM wants it, and no drift."""
        mirror = shown(stage, self.task)["mirror"]
        if mirror["state"] != "written" or mirror["drift"] is not None:
            return [_state(f"{mirror['state']}, {mirror['drift']}")]
        there = items(stage, self.task)
        if len(there) == 1 and self.holds(there[0]):
            return []
        return [Said("im Outlook anders", "otherwise in Outlook")]

    def tell(self, stage: Stage) -> None:
        """What Outlook and the CRM show."""
        for item in items(stage, self.task):
            _tell_item(stage, self.task, item)
        task = shown(stage, self.task)
        status = _status(task)
        is_open = task["mirror"]["drift"] is not None
        stage.voice.fact(
            f"im CRM: {status.de}, {'Abweichung' if is_open else 'keine Abweichung'}",
            f"in the CRM: {status.en}, {'drift' if is_open else 'no drift'}",
        )


def shown(stage: Stage, task: GivenTask) -> dict[str, Any]:
    """The task, as the CRM shows it."""
    return stage.crm("task", "show", stage.task(task.name))


def items(stage: Stage, task: GivenTask) -> list[OutlookItem]:
    """The copies of a task in the employee's folder, whatever they are called."""
    mark = f"CRM-{stage.number(task.entry)}"
    return [
        item
        for item in stage.outside.items(
            stage.mailbox(task.employee), _FOLDERS[task.kind]
        )
        if task.title in item.subject and mark in item.subject
    ]


def _tell_item(stage: Stage, task: GivenTask, item: OutlookItem) -> None:
    _tell_place(stage, task, item)
    lines = (line.strip() for line in item.body.splitlines())
    body = " / ".join(filter(None, lines)) or "–"
    stage.voice.fact(f"Text darin: {body}", f"its text: {body}")


def _tell_place(stage: Stage, task: GivenTask, item: OutlookItem) -> None:
    who = f"{task.employee}@"
    if task.kind == "task":
        day = str(item.properties["DueDate"])[:10]
        due = f"{date.fromisoformat(day):%d.%m.%Y}"
        stage.voice.fact(
            f"in der Aufgabenliste von {who}: «{item.subject}», fällig {due}, "
            f"{'erledigt' if item.done else 'offen'}",
            f"in the task list of {who}: “{item.subject}”, due {due}, "
            f"{'completed' if item.done else 'open'}",
        )
    else:
        start = f"{local(item):%d.%m.%Y %H:%M}"
        stage.voice.fact(
            f"im Kalender von {who}: «{item.subject}», {start}",
            f"in the calendar of {who}: “{item.subject}”, {start}",
        )


def local(item: OutlookItem) -> datetime:
    """When an appointment starts, in the company's time."""
    start = datetime.fromisoformat(str(item.properties["Start"]))
    return start.astimezone(ZoneInfo(TIMEZONE))


def _local_text(do_on: str) -> str:
    return f"{datetime.fromisoformat(do_on):%d.%m.%Y %H:%M}"


def an_hour_later(item: OutlookItem) -> Mapping[str, Any]:
    """The edit that moves an appointment by an hour."""
    return {
        "set": {
            name: (
                datetime.fromisoformat(item.properties[name]) + timedelta(hours=1)
            ).isoformat()
            for name in ("Start", "End")
        }
    }


def _status(task: Mapping[str, Any]) -> Said:
    words = {"open": Said("offen", "open"), "done": Said("erledigt", "done")}
    return words.get(task["status"], Said(task["status"], task["status"]))


def _state(state: str) -> Said:
    return Said(f"Übertragung: {state}", f"mirror: {state}")
