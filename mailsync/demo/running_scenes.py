"""Who takes part in the old entries, and a task that Outlook refuses."""

from dataclasses import dataclass

from mailsync.demo.stage import Stage
from mailsync.demo.task_scenes import GivenTask, TaskScene, shown
from mailsync.demo.voice import Said

_REFUSALS = 5  # after so many the product waits for a person


@dataclass(frozen=True, slots=True)
class ParticipantsScene:
    """Suppliers and authorities take part in entries; ``pairs``: entry, person."""

    pairs: tuple[tuple[str, str], ...]
    name: str = "participants"

    def intro(self, stage: Stage) -> None:
        """How many."""
        count = len(self.pairs)
        stage.voice.line(
            f"An {count} Einträgen sind Lieferanten, Ämter oder Versicherungen "
            "beteiligt.",
            f"Suppliers, authorities or insurers take part in {count} entries.",
        )

    def act(self, stage: Stage) -> None:
        """One command each."""
        for entry, person in self.pairs:
            address = str(stage.addresses[person])
            words = [str(stage.number(entry)), "--address", address]
            stage.crm("entry", "participant", *words)

    def missing(self, stage: Stage) -> list[Said]:
        """Each entry stands on the participant's address too."""
        return [
            Said(f"{person} nicht beteiligt", f"{person} takes no part")
            for entry, person in self.pairs
            if stage.number(entry) not in self._entries(stage, person)
        ]

    def tell(self, stage: Stage) -> None:
        """The entries of the first one."""
        for _, person in self.pairs[:1]:
            listed = ", ".join(f"CRM-{n}" for n in self._entries(stage, person))
            name = stage.feed.people[person].name
            stage.voice.fact(
                f"auf der Adresse {name} stehen: {listed}",
                f"the address {name} has: {listed}",
            )

    def _entries(self, stage: Stage, person: str) -> list[int]:
        shown = stage.crm("address", "show", str(stage.addresses[person]))
        return [int(one["number"]) for one in shown["entries"]]


@dataclass(frozen=True, slots=True)
class RefusedScene:
    """A task is given; the simulated Exchange refuses to take its copy.

    It is shown as not transferred, until somebody tries again.
    """

    task: GivenTask

    @property
    def name(self) -> str:
        """After the task."""
        return f"refused-{self.task.name}"

    def intro(self, stage: Stage) -> None:
        """Who shall do what, and what goes wrong."""
        TaskScene(self.task).intro(stage)
        stage.voice.aside(
            "das simulierte Exchange lehnt diese eine Aufgabe ab",
            "the simulated Exchange refuses this one task",
        )

    def act(self, stage: Stage) -> None:
        """The fault first, then the task."""
        stage.outside.strike(
            "item_error",
            operation="CreateItem",
            mailbox=stage.mailbox(self.task.employee),
            code="ErrorItemSave",
            count=_REFUSALS,
        )
        TaskScene(self.task).act(stage)

    def missing(self, stage: Stage) -> list[Said]:
        """Not transferred, with a cause."""
        mirror = shown(stage, self.task)["mirror"]
        if mirror["state"] in {"failed", "parked"}:
            return []
        state = mirror["state"]
        return [Said(f"Übertragung: {state}", f"mirror: {state}")]

    def tell(self, stage: Stage) -> None:
        """The cause, as people read it."""
        task = shown(stage, self.task)
        code, text = task["failure_code"], task["failure"]
        if code is not None:
            stage.voice.fact(
                f"nicht übertragen: {text} ({code}); nichts geht verloren",
                f"not transferred: {text} ({code}); nothing is lost",
            )
