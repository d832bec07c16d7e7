"""When the files have changed and whoever writes them has finished.

``Watch`` is pure: time and fingerprint come in, a yes or no comes out. The directory is
polled by content (three small files), so rename, in-place write and an editor's swap
look alike, network drives work, and neither clock nor granularity of file times counts.

    unchanged ──other content──► changing ──same content for ``quiet`` s──► wanted
        ▲                          ▲ │                                        │
        │                          └─┘ other content again                    │
        └─────────────────────────── said once ◄──────────────────────────────┘

``Reloader`` puts it together with ``LastGood`` for the daemon's loop.
"""

from datetime import date
from pathlib import Path

from config.files import fingerprint, read_files
from config.last_good import SETTLE, LastGood, Outcome

QUIET = 1.0


class Watch:
    """Says once per new content that a reload is wanted, after it has come to rest."""

    def __init__(self, active: str, quiet: float = QUIET) -> None:
        """``active`` is the fingerprint of the configuration in force."""
        self._quiet = quiet
        self._answered = active
        self._seen = active
        self._since = float("-inf")

    def wanted(self, seen: str, now: float) -> bool:
        """Whether to reload, given a look and a monotonic time in seconds.

        True exactly once for each content that stayed the same for the quiet time and
        is not the one last answered for.
        """
        if seen != self._seen:
            self._seen, self._since = seen, now
        if seen == self._answered or not self.at_rest(now):
            return False
        self._answered = seen
        return True

    def at_rest(self, now: float) -> bool:
        """Whether what was seen last has stayed the same for the quiet time."""
        return now >= self._since + self._quiet


class Reloader:
    """Watch and last good configuration, as one thing to call every second or so.

    Not thread-safe but for ``request``, which only sets a flag (signal handlers).
    """

    def __init__(
        self,
        directory: Path,
        good: LastGood,
        started: Outcome,
        *,
        quiet: float = QUIET,
        settle: float = SETTLE,
    ) -> None:
        """``started`` is what ``good.start()`` returned."""
        self._directory = directory
        self._good = good
        self._settle = settle
        self._requested = False
        self._again: float | None = None
        # With a broken file at the start, the file has been answered for, too; the
        # administrator was told. It is judged again when it changes or on request.
        on_disk = fingerprint(read_files(directory)[0])
        kept = started.state == "kept"
        self._watch = Watch(on_disk if kept else started.config.fingerprint, quiet)

    def request(self) -> None:
        """Somebody asks for a reload (SIGHUP); done as soon as the files are at rest."""
        self._requested = True

    def tick(self, now: float, today: date) -> Outcome | None:
        """One look; an outcome if something was decided, else None.

        ``now`` is monotonic, in seconds. A content is judged only after it stayed the
        same for the quiet time, also on request: a half-written file is not read.
        """
        files, problems = read_files(self._directory)
        wanted = self._watch.wanted(fingerprint(files), now)
        due = self._again is not None and now >= self._again
        if not (wanted or due or self._requested) or not self._watch.at_rest(now):
            return None
        self._requested = False
        outcome = self._good.judge(files, problems, now=now, today=today)
        waits = outcome.state == "waiting"
        self._again = now + self._settle if waits else None
        return outcome
