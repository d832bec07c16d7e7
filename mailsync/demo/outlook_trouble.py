"""A task that Outlook refuses: shown as not transferred, until somebody tries again."""

from dataclasses import dataclass

from mailsync.demo.stage import Stage
from mailsync.demo.task_scenes import GivenTask, TaskScene, shown
from mailsync.demo.voice import Said

_REFUSALS = 5  # after so many the product waits for a person


@dataclass(frozen=True, slots=True)
class RefusedScene:
    """A task is given; the simulated Exchange refuses to take its copy."""

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
