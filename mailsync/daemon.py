"""The daemon's life: start, reload, watch over itself, end. Owns nothing else.

    start ──valid, database ready──► READY ──every second──► look at files, beat, watch
      │ broken files: last good copy    │ SIGHUP or changed files: judged first; broken
      │ none: exit 2                    │ ones leave the old configuration in force
      ▼                                 ▼
    exit 1: no database, second     SIGTERM/SIGINT: no new job, the running page is
    daemon, migration needed        committed, STOPPING, exit 0

``WATCHDOG=1`` is sent only while this loop turns *and* every running job has passed a
step lately (``progress``): a hung request ends in a restart by systemd.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import apsw
import structlog
from peewee import DatabaseError

from config import Config
from config.last_good import LastGood, Outcome
from config.loader import state_directory
from config.watch import Reloader
from crm_core import database
from crm_core.errors import CrmError
from crm_core.models import WishKind
from crm_core.polling import mailbox_wishes, mailboxes
from mailsync import beats, config_state, logs, startup, steps
from mailsync.config_state import ConfigState
from mailsync.context import Context, context
from mailsync.jobs import jobs_of
from mailsync.one_daemon import only_daemon
from mailsync.progress import Progress
from mailsync.scheduler import Scheduler
from mailsync.sdnotify import Notifier

TICK = 1.0
BEAT_EVERY = 15.0
_MOST_WORKERS = 12
_ACTOR = "mailsync"

log = structlog.get_logger("mailsync.daemon")


def run(directory: Path, *, strict: bool = False) -> int:
    """Run until told to stop; the exit code.

    Raises ConfigError if there is no usable configuration, CrmError if the database
    cannot be used or another daemon works on it. ``strict`` refuses the last good copy.
    """
    good = LastGood(directory, state_directory(directory))
    started = good.start(strict=strict)
    logging = started.config.service.logging
    logs.configure(logging.level, logging.format)
    try:
        startup.open_database(started.config)
        with only_daemon(started.config):
            daemon = _Daemon(directory, good, started)
            with _signals(daemon), steps.use(daemon.progress.step):
                daemon.live()
    finally:
        database.close()
    return 0


class _Daemon:
    """One running daemon; everything but ``stop`` and ``reload`` in one thread."""

    def __init__(self, directory: Path, good: LastGood, started: Outcome) -> None:
        self.progress = Progress()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._reloader = Reloader(directory, good, started)
        self._started = started
        self._notifier = Notifier()
        self._config_error = _first_problem(started)
        self._files = ConfigState().after(started)
        self._reload_wishes: list[int] = []
        self._context = context(started.config)
        self._scheduler = Scheduler(_workers(started.config))
        self._next_beat = 0.0
        self._today = startup.today(started.config)

    def stop(self) -> None:
        """End in order (a signal handler calls it)."""
        self._stopping.set()
        self._wake.set()

    def reload(self) -> None:
        """Look at the configuration again (a signal handler calls it)."""
        self._notifier.reloading()
        self._reloader.request()
        self._wake.set()

    def live(self) -> None:
        """From READY to STOPPING."""
        beats.bury_the_dead()
        self._take(self._context)
        self._release_stopped()
        self._scheduler.start()
        log.info("daemon_started", version=beats.program_version())
        self._notifier.ready(self._status())
        while not self._stopping.is_set():
            self._tick()
            self._wake.wait(TICK)
            self._wake.clear()
        self._notifier.stopping()
        self._scheduler.stop()
        self._context.close()
        beats.leave()
        log.info("daemon_stopped")

    def _tick(self) -> None:
        now = time.monotonic()
        try:
            self._hear_wishes()
            self._follow_files(now)
            self._follow_the_day()
            if now >= self._next_beat:
                beats.beat(
                    self._context.config.fingerprint, self._config_error, self._files
                )
                self._next_beat = now + BEAT_EVERY
        except (DatabaseError, apsw.Error):  # locked or away: the next tick tries
            log.warning("tick_failed", exc_info=True)
            database.close()
        stuck = self.progress.stuck()
        if stuck:
            log.error("jobs_stuck", jobs=", ".join(stuck))
        else:
            self._notifier.watchdog()

    def _hear_wishes(self) -> None:
        """Somebody pressed «Datei neu einlesen»."""
        for wish in mailbox_wishes.to_take(WishKind.RELOAD):
            with database.transaction():
                taken = mailbox_wishes.take(wish.id)
            if taken:
                self._reload_wishes.append(wish.id)
                self.reload()

    def _answer_wishes(self, outcome: Outcome) -> None:
        if outcome.state == "waiting" or not self._reload_wishes:
            return
        said = config_state.result(outcome, self._config_error)
        with database.transaction():
            for wish in self._reload_wishes:
                mailbox_wishes.finish(wish, said)
        self._reload_wishes.clear()

    def _follow_files(self, now: float) -> None:
        outcome = self._reloader.tick(now, startup.today(self._context.config))
        if outcome is None:
            return
        self._config_error = _first_problem(outcome)
        self._files = self._files.after(outcome)
        self._next_beat = 0.0
        if outcome.state == "kept":
            log.error("config_refused", place=self._config_error)
        elif outcome.state in {"applied", "same"}:
            # Equal files too: whoever reloads may have renewed a password.
            self._try_to_replace(outcome.config)
        self._answer_wishes(outcome)
        if outcome.state != "waiting":
            self._notifier.ready(self._status())

    def _follow_the_day(self) -> None:
        """A person may have become «informed» at midnight."""
        today = startup.today(self._context.config)
        if today != self._today:
            self._take(self._context)
            self._today = today

    def _try_to_replace(self, config: Config) -> None:
        """A configuration that the database refuses leaves the old one in force."""
        try:
            self._replace(config)
        except CrmError as error:
            self._config_error = str(error)
            log.error("config_refused", place="database")

    def _replace(self, config: Config) -> None:
        before = self._context.config.service
        if config.service.database != before.database:
            log.warning("restart_needed", setting="database")
        logs.configure(config.service.logging.level, config.service.logging.format)
        # Jobs under way keep their ports; nobody closes the old ones under them.
        taken = context(config)
        self._take(taken)
        self._context = taken
        self._release_stopped()
        log.info("config_applied", mailboxes=len(config.mailboxes))

    def _release_stopped(self) -> None:
        """Somebody started or reloaded us: what was stopped is tried once again."""
        with database.transaction():
            mailboxes.release_stopped(actor=_ACTOR)

    def _take(self, taken: Context) -> None:
        startup.mirror(taken.config, actor=_ACTOR)
        stopping, hurry = self._stopping.is_set, self._scheduler.hurry
        jobs = jobs_of(taken, self.progress, stopping, hurry)
        self._scheduler.apply(jobs)

    def _status(self) -> str:
        count = len(mailboxes.enabled())
        if self._config_error is not None:
            return f"{count} Postfächer; Konfiguration fehlerhaft: {self._config_error}"
        return f"{count} Postfächer"


def _first_problem(outcome: Outcome) -> str | None:
    """Where the refused files are wrong, as file:line:column and sentence."""
    if outcome.state != "kept":
        return None
    errors = [one for one in outcome.problems if one.severity == "error"]
    if not errors:
        return None
    one = errors[0]
    where = f"{one.file}:{one.line}:{one.column}: " if one.line else ""
    return f"{where}{one.sentence('de')}"


def _workers(config: Config) -> int:
    return min(len(config.mailboxes) + 2, _MOST_WORKERS)


@contextmanager
def _signals(daemon: _Daemon) -> Iterator[None]:
    """SIGTERM and SIGINT stop, SIGHUP reloads; the old handlers come back."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        daemon.reload()

    wanted = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
    before = {number: signal.signal(number, act) for number, act in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
