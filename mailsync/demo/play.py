"""The play: all at once, or one scene after the other until somebody has seen enough.

    once   each chapter: everything happens, one ``sync-once``, then it is told
    live   the daemon runs; each scene: it happens, we wait until mailsync has dealt
           with it, then it is told; ordinary mail follows without end

Both return the scenes with something missing; each is named on stderr at once.
"""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from mailsync.demo.mail_checks import Expected
from mailsync.demo.mail_scenes import MailScene
from mailsync.demo.reckoning import reckon
from mailsync.demo.scenes import Chapter, Scene
from mailsync.demo.stage import NotPossible, Stage
from mailsync.demo.voice import Said

PACE = 20.0  # seconds between two mails
_PATIENCE = 60.0
_LOOK_EVERY = 0.25


@dataclass(slots=True)
class Play:
    """A running play. ``left_out``: scenes that secretly do not happen (a test)."""

    stage: Stage
    left_out: Collection[str] = ()
    missed: list[str] = field(default_factory=list)

    def once(self, plot: list[Chapter], sync: Callable[[], None]) -> None:
        """Everything at once; then the counts."""
        for chapter in plot:
            self.stage.voice.title(chapter.title.de, chapter.title.en)
            typed = [self._act(scene) for scene in chapter.scenes]
            sync()
            for scene, commands in zip(chapter.scenes, typed, strict=True):
                self._show(scene, commands)
                self._judge(scene, self._missing(scene))
        for said in reckon(self.stage):
            self._trouble("reckoning", said)

    def live(self, plot: list[Chapter], *, speed: float) -> None:
        """One after the other, without end; left by an exception (Ctrl-C)."""
        for chapter in plot:
            self.stage.voice.title(chapter.title.de, chapter.title.en)
            if chapter.at_once:
                self._together(chapter)
                continue
            for scene in chapter.scenes:
                self._next(scene, PACE / speed)
        self.stage.voice.title(
            "Alltag: ab jetzt gewöhnliche E-Mails, bis Sie Ctrl-C drücken",
            "Every day: ordinary mail from now on, until you press Ctrl-C",
        )
        for mail in self.stage.feed.daily():
            entry = mail.thread if mail.thread in self.stage.entries else None
            self._next(MailScene(mail, Expected(entry)), PACE / speed)

    def _together(self, chapter: Chapter) -> None:
        typed = [self._act(scene) for scene in chapter.scenes]
        for scene, commands in zip(chapter.scenes, typed, strict=True):
            self._show(scene, commands)
            self._judge(scene, self._patiently(scene))
        time.sleep(chapter.rest)

    def _next(self, scene: Scene, pace: float) -> None:
        begun = time.monotonic()
        self._show(scene, self._act(scene))
        self._judge(scene, self._patiently(scene))
        rest = pace - (time.monotonic() - begun)
        if rest > 0:
            time.sleep(rest)

    def _patiently(self, scene: Scene) -> list[Said]:
        end = time.monotonic() + _PATIENCE
        while missing := self._missing(scene):
            self.stage.children.check()
            if time.monotonic() > end:
                log = self.stage.folder / "daemon.log"
                missing.append(Said(f"siehe {log}", f"see {log}"))
                break
            time.sleep(_LOOK_EVERY)
        return missing

    def _act(self, scene: Scene) -> list[str]:
        """Let it happen; the commands that were typed."""
        self.stage.commands = []
        if scene.name not in self.left_out:
            try:
                scene.act(self.stage)
            except NotPossible as error:
                self._trouble(scene.name, Said(str(error), str(error)))
        return self.stage.commands

    def _show(self, scene: Scene, commands: list[str]) -> None:
        with suppress(NotPossible):
            scene.intro(self.stage)
        for command in commands:
            self.stage.voice.typed(command)

    def _missing(self, scene: Scene) -> list[Said]:
        try:
            return scene.missing(self.stage)
        except NotPossible as error:
            return [Said(str(error), str(error))]

    def _judge(self, scene: Scene, missing: list[Said]) -> None:
        with suppress(NotPossible):
            scene.tell(self.stage)
        for said in missing:
            self._trouble(scene.name, said)

    def _trouble(self, name: str, said: Said) -> None:
        self.stage.voice.trouble(name, said)
        self.missed.append(name)
