"""Sets the stage: sandbox, configuration, database, daemon; and clears it again."""

import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mailsync.commands.words import Language
from mailsync.demo import company
from mailsync.demo.children import ChildFailed, Children
from mailsync.demo.feed import Feed
from mailsync.demo.outside import Outside
from mailsync.demo.play import PACE, Play
from mailsync.demo.plot import chapters
from mailsync.demo.stage import CommandLine, Stage
from mailsync.demo.voice import Voice

_POLL = 3  # seconds; a real company asks once a minute
_SHORTLY = timedelta(minutes=90)  # how long ago the story begins, told at once
_SHORTLY_PACE = 180.0
_LISTENING = re.compile(r"listening on (\S+) control (\S+)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command was told. ``command_line`` runs a command in this process."""

    folder: Path
    language: Language
    command_line: CommandLine
    once: bool
    seed: int
    speed: float
    port: int
    left_out: Sequence[str]


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Play, Callable[[], None]]]:
    """The play and what performs it; at the end all children have ended.

    Raises ChildFailed if one cannot start.
    """
    voice = Voice(settings.language)
    voice.title("Werft Seeblick", "Werft Seeblick (a boatyard)")
    voice.line(
        "Demo-Modus: simuliertes Exchange, es verlassen keine Daten diesen Rechner.",
        "Demo mode: simulated Exchange, no data leaves this computer.",
    )
    children = Children(settings.folder)
    try:
        yield _set(settings, voice, children)
    finally:
        # A second Ctrl-C must not interrupt the cleaning up; it is short.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        children.stop()


def _set(
    settings: Settings, voice: Voice, children: Children
) -> tuple[Play, Callable[[], None]]:
    now = datetime.now(UTC)
    feed = Feed(
        children,
        seed=settings.seed,
        start=now - _SHORTLY if settings.once else now,
        pace=_SHORTLY_PACE if settings.once else PACE / settings.speed,
    )
    password = company.new_password()
    url, outside = _sandbox(settings, feed, password, children)
    today = now.astimezone(ZoneInfo(company.TIMEZONE)).date()
    company.write_configuration(
        settings.folder,
        endpoint=url,
        password=password,
        mailboxes=feed.mailboxes,
        today=today,
        poll=_POLL,
    )
    folder, run = settings.folder, settings.command_line
    stage = Stage(voice, feed, outside, children, folder, run)
    stage.quietly("migrate")
    _explain(stage, url, once=settings.once)
    play, plot = Play(stage, settings.left_out), chapters(feed, today)
    product = ["run_service", "--config", str(folder)]
    if settings.once:
        sync = [*product, "sync-once"]
        return play, lambda: play.once(plot, lambda: children.run("sync-once", sync))
    children.start("daemon", [*product, "run"])
    return play, lambda: play.live(plot, speed=settings.speed)


def _sandbox(
    settings: Settings, feed: Feed, password: str, children: Children
) -> tuple[str, Outside]:
    arguments = [
        "exchange_sandbox",
        "serve",
        f"--listen=127.0.0.1:{settings.port}",
        "--control=127.0.0.1:0",
        f"--user={company.LOGIN}:{password}",
        *(f"--mailbox={one.address}" for one in feed.mailboxes),
    ]
    child = children.start("sandbox", arguments, speaks=True)
    line = child.stdout.readline() if child.stdout else ""
    places = _LISTENING.search(line)
    if places is None:
        raise ChildFailed(f"sandbox: {children.last_words('sandbox')}")
    return places[1], Outside(places[2])


def _explain(stage: Stage, url: str, *, once: bool) -> None:
    voice = stage.voice
    count = len(stage.feed.mailboxes)
    voice.line(
        f"Simuliertes Exchange (EWS) mit {count} Postfächern: {url}",
        f"Simulated Exchange (EWS) with {count} mailboxes: {url}",
    )
    voice.line(
        f"Konfiguration und Datenbank von mailsync: {stage.folder} (wird am Ende "
        "gelöscht)",
        f"Configuration and database of mailsync: {stage.folder} (removed at the end)",
    )
    if not once:
        voice.line(
            "In einem zweiten Terminal können Sie mitschauen, zum Beispiel: "
            f".venv/bin/mailsync --config {stage.folder} status",
            "Look on from a second terminal, for example: "
            f".venv/bin/mailsync --config {stage.folder} status",
        )
