"""Sets the stage: sandbox, configuration, pages, daemon; and clears it again."""

import os
import re
import signal
import sys
import time
import webbrowser
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
from mailsync.demo.pages import (
    LogIn,
    new_log_ins,
    private_file,
    served_at,
    start_pages,
    write_demo_file,
)
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
    browser: bool
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
    begun, now = time.monotonic(), datetime.now(UTC)
    feed = Feed(
        children,
        seed=settings.seed,
        start=now - _SHORTLY if settings.once else now,
        pace=_SHORTLY_PACE if settings.once else PACE / settings.speed,
    )
    password = company.new_password()
    url, outside = _sandbox(feed, password, children)
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
    product = ["run_service", "--config", str(folder)]
    log_ins = new_log_ins()
    known = write_demo_file(
        folder, outside.url, [one.address for one in feed.mailboxes], log_ins
    )
    web = start_pages(children, product, known, settings.port)
    _add_accounts(stage, log_ins)
    stage.pages = served_at(children, web)
    _explain(stage, url, time.monotonic() - begun, log_ins, once=settings.once)
    _open_browser(settings, stage.pages)
    play, plot = (
        Play(stage, settings.left_out),
        chapters(feed, today, with_trouble=not settings.once),
    )
    if settings.once:
        sync = [*product, "sync-once"]
        return play, lambda: play.once(plot, lambda: children.run("sync-once", sync))
    children.start("daemon", [*product, "run"])
    return play, lambda: play.live(plot, speed=settings.speed)


def _add_accounts(stage: Stage, log_ins: Sequence[LogIn]) -> None:
    """Accounts for employees, as an administrator would add them."""
    for one in log_ins:
        secret = private_file(stage.folder / f"{one.login}.password", one.password)
        words = ["--group", one.group, "--password-file", str(secret)]
        stage.quietly("user", "add", one.login, *words)
        secret.unlink()


def _open_browser(settings: Settings, url: str) -> None:
    """Show the pages, where somebody sits before a screen."""
    screen = sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if settings.browser and not settings.once and screen and sys.stdout.isatty():
        webbrowser.open(url)


def _sandbox(feed: Feed, password: str, children: Children) -> tuple[str, Outside]:
    arguments = [
        "exchange_sandbox",
        "serve",
        "--listen=127.0.0.1:0",
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


def _explain(
    stage: Stage, url: str, seconds: float, log_ins: Sequence[LogIn], *, once: bool
) -> None:
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
    if once:
        return
    voice.line(
        "In einem zweiten Terminal können Sie mitschauen, zum Beispiel: "
        f".venv/bin/mailsync --config {stage.folder} status",
        "Look on from a second terminal, for example: "
        f".venv/bin/mailsync --config {stage.folder} status",
    )
    voice.title("Im Browser", "In the browser")
    voice.line(
        f"Seiten: {stage.pages} (bereit nach {seconds:.1f} s)",
        f"Pages: {stage.pages} (ready after {seconds:.1f} s)",
    )
    voice.line(
        "Anmeldungen (Benutzername, Passwort, Gruppe):",
        "Log-ins (user name, password, group):",
    )
    for one in log_ins:
        voice.line(one.line, one.line)
    voice.line(
        f"Das Outlook der Mitarbeitenden und die Störungen: {stage.pages}/demo",
        f"The employees' Outlook, and the faults: {stage.pages}/demo",
    )
