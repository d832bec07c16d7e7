"""What stays in force while the files on disk are wrong, half written or in doubt.

Guarantees (design goal F16): a configuration is replaced by a complete, valid one or
not at all; an empty list of mailboxes is never acted on; the last good files lie in
the state directory (one file, written whole or not at all, mode 0600, no secret in
it), so that a restart with broken files still starts. The copy is that of one
configuration directory: another one with the same state directory never starts it.

A file cut at the end of a line can be valid YAML. Against that stand, in this order:

* *Closing line.* If the version in force ends with YAML's «...», a new one without it
  is refused. Every cut lacks it: this is complete, and the examples have it. A file in
  JSON notation has the same property by its closing bracket.
* *Rest.* ``watch`` hands over only contents that stayed the same for the quiet time.
* *Doubt.* Without a closing line, a new version that has lost its end or mailboxes of
  the one in force must still be the same at a second look ``SETTLE`` seconds later.

What remains: a file without closing line that a dead writer (full disk, crash) left
cut at the end of a line for longer than quiet time and settle time is acted on as if
somebody had deleted the rest. Nothing stored is erased by it, the plan names what is
gone, and no mailbox is read that the complete file did not name, because a cut address
is either incomplete (no ``kind``) or outside the internal domains.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from config.files import fingerprint, read_files
from config.loader import assemble
from config.plan import Plan, plan
from config.problems import ConfigError, Problem, in_order, problem
from config.resolved import Config

SETTLE = 3.0
_COPY = "last-good.json"
_CLOSING = b"..."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is in force after a look at the files, and why.

    ``applied``: the files on disk. ``same``: nothing has changed. ``kept``: the last
    good ones, because of ``problems``. ``waiting``: the last good ones, until a second
    look finds the same files; call again after ``SETTLE`` seconds. ``problems`` are
    the warnings where the files are in force.
    """

    config: Config
    state: Literal["applied", "same", "kept", "waiting"]
    problems: tuple[Problem, ...] = ()
    plan: Plan = field(default_factory=Plan)


class LastGood:
    """Holds the configuration in force. One instance per process; not thread-safe."""

    def __init__(self, directory: Path, state: Path, settle: float = SETTLE) -> None:
        self._directory = directory
        self._copy = state / _COPY
        self._settle = settle
        self._files: Mapping[str, bytes] = {}
        self._config: Config | None = None
        self._waiting: tuple[str, float] | None = None

    def start(self, *, today: date | None = None, strict: bool = False) -> Outcome:
        """The files on disk, or the copy if they are wrong. No second look here.

        Raises ConfigError if they are wrong and there is no usable copy, or ``strict``.
        """
        kept = self._kept_files()
        files, problems = read_files(self._directory)
        problems += _cut(files, kept)
        try:
            config = assemble(files, self._directory, today=today, problems=problems)
        except ConfigError as error:
            if strict or not kept:
                raise
            return self._start_from_copy(kept, error, today)
        return self._apply(config, files, Plan())

    def reload(self, now: float, *, today: date) -> Outcome:
        """Read the files on disk and judge them (see ``judge``)."""
        return self.judge(*read_files(self._directory), now=now, today=today)

    def judge(
        self,
        files: Mapping[str, bytes],
        problems: list[Problem],
        *,
        now: float,
        today: date,
    ) -> Outcome:
        """What becomes of these contents; ``now`` is monotonic, in seconds.

        ``problems`` are those of files that could not be read. Never raises for what
        stands in them. Needs a ``start`` before.
        """
        config = self._in_force()
        seen = fingerprint(files)
        if seen == config.fingerprint and not problems:
            self._waiting = None
            return Outcome(config, "same", config.warnings)
        cut = _cut(files, self._files)
        try:
            new = assemble(
                files, self._directory, today=today, problems=[*problems, *cut]
            )
        except ConfigError as error:
            self._waiting = None
            return Outcome(config, "kept", error.problems)
        difference = plan(config, new, today)
        doubtful = bool(difference.removed) or _lost_its_end(files, self._files)
        if doubtful and not self._seen_before(seen, now):
            return Outcome(config, "waiting", plan=difference)
        return self._apply(new, files, difference)

    def _seen_before(self, seen: str, now: float) -> bool:
        """Whether these contents were here at a look at least ``settle`` ago."""
        if self._waiting is None or self._waiting[0] != seen:
            self._waiting = (seen, now)
        return now >= self._waiting[1] + self._settle

    def _in_force(self) -> Config:
        if self._config is None:
            raise RuntimeError("reload() before start()")
        return self._config

    def _apply(
        self, config: Config, files: Mapping[str, bytes], difference: Plan
    ) -> Outcome:
        self._config, self._files, self._waiting = config, files, None
        problems = list(config.warnings)
        try:
            _write(self._copy, files, self._directory)
        except OSError as error:
            said = {"reason": error.strerror, "directory": self._copy.parent}
            problems.append(problem("", "copy_unwritten", said, "warning"))
        return Outcome(config, "applied", in_order(problems), difference)

    def _start_from_copy(
        self, kept: Mapping[str, bytes], error: ConfigError, today: date | None
    ) -> Outcome:
        try:
            config = assemble(kept, self._directory, today=today)
        except ConfigError:  # by now even the copy is wrong: say what is on disk
            raise error from None
        self._config, self._files = config, kept
        return Outcome(config, "kept", error.problems)

    def _kept_files(self) -> Mapping[str, bytes]:
        """The copy; nothing where it is missing, unreadable, damaged or another's."""
        try:
            said = json.loads(self._copy.read_text(encoding="utf-8"))
            texts = said["files"].items()
            files = {str(name): str(text).encode() for name, text in texts}
            whole = fingerprint(files) == said["fingerprint"]
            own = said["directory"] == _name(self._directory)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
        return files if whole and own else {}


def _cut(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> list[Problem]:
    """Files that had a closing line and have it no more."""
    return [
        Problem(name, _lines(content), 1, "file_cut")
        for name, content in new.items()
        if _is_closed(old.get(name, b"")) and not _is_closed(content)
    ]


def _lost_its_end(new: Mapping[str, bytes], old: Mapping[str, bytes]) -> bool:
    """Whether a file may be cut: gone, or ending otherwise, and not closed."""
    for name, before in old.items():
        content = new.get(name)
        if content is None:
            return True
        if content == before or _is_closed(content) or _is_json(content):
            continue
        if before.startswith(content) or _last_line(content) != _last_line(before):
            return True
    return False


def _last_line(content: bytes) -> bytes:
    """The last line that says something, without the blanks before it."""
    lines = [line.strip() for line in content.splitlines()]
    return next((x for x in reversed(lines) if x and not x.startswith(b"#")), b"")


def _is_closed(content: bytes) -> bool:
    lines = content.rstrip().splitlines()
    return bool(lines) and lines[-1].rstrip() == _CLOSING


def _is_json(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _lines(content: bytes) -> int:
    return max(len(content.splitlines()), 1)


def _name(directory: Path) -> str:
    """Absolute, but not behind symbolic links: those may be changed by an update."""
    return os.path.abspath(directory)  # noqa: PTH100 - Path.absolute keeps «..»


def _write(path: Path, files: Mapping[str, bytes], directory: Path) -> None:
    """Whole or not at all, durable, readable by the service only."""
    texts = {name: content.decode() for name, content in files.items()}
    said = json.dumps(
        {
            "directory": _name(directory),
            "fingerprint": fingerprint(files),
            "files": texts,
        }
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(said)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
