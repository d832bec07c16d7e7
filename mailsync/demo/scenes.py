"""What a scene is: something happens, mailsync deals with it, it is told and checked.

intro    says what happens
act      lets it happen
missing  what is not (yet) as it must be; nothing, once mailsync has dealt with it
tell     says what was read back from the database and the sandbox
"""

from dataclasses import dataclass
from typing import Protocol

from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said


class Scene(Protocol):
    """One step of the plot. ``name`` is unique."""

    @property
    def name(self) -> str: ...

    def intro(self, stage: Stage) -> None: ...

    def act(self, stage: Stage) -> None: ...

    def missing(self, stage: Stage) -> list[Said]: ...

    def tell(self, stage: Stage) -> None: ...


@dataclass(frozen=True, slots=True)
class Chapter:
    """Scenes under one heading. ``at_once``: nobody waits between them, ever.

    ``rest``: seconds after it, where somebody looks on: what people do in Outlook comes
    after the mailboxes have been read once more.
    """

    title: Said
    scenes: tuple[Scene, ...]
    at_once: bool = False
    rest: float = 0.0
