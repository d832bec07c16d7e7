"""Attachments as files named by their SHA-256; only of linked mail.

A file is written aside, synced and renamed, so that a name always has its whole
content. Nothing is ever unpacked or opened here.

A blob is stored before the transaction whose row names it. Sweeping therefore spares
what was stored lately, and looks and removes under a lock on the folder, which storing
shares: a blob that is stored again is either young or written anew.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from crm_core.mail import content

SPARED = 3600.0  # seconds in which a stored blob gets its row, by far

_ASIDE = ".new-"
_BEGINNINGS_KEPT = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The folder of blobs."""

    root: Path

    def put(self, data: bytes) -> str:
        """Store the content; its hash. Durable when it returns."""
        name = sha256(data).hexdigest()
        target = self.path(name)
        with self._locked(fcntl.LOCK_SH):
            if target.exists():
                os.utime(target)  # young again: not swept before its row is there
                return name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(dir=target.parent, prefix=_ASIDE)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(target)
            _sync_folder(target.parent)
        return name

    def path(self, name: str) -> Path:
        """Where the content of a hash lies."""
        return self.root / name[:2] / name

    def names(self) -> Iterator[str]:
        """Every stored hash."""
        for file in self.root.glob("??/*"):
            if not file.name.startswith("."):
                yield file.name

    def sweep(self, *, spare: float = 0.0) -> int:
        """Remove what no attachment names any more; how many. Idempotent.

        What was stored in the last ``spare`` seconds stays: its row may be on the way.
        Beginnings that a crash has left go after an hour.
        """
        gone = content.orphaned_blobs(list(self.names()))
        oldest_spared = time.time() - spare  # file times are the system's
        removed = 0
        for name in gone:
            with self._locked(fcntl.LOCK_EX):
                removed += _remove_older(self.path(name), oldest_spared)
        for aside in self.root.glob(f"??/{_ASIDE}*"):
            _remove_older(aside, time.time() - _BEGINNINGS_KEPT)
        return removed

    def discard(self, names: Iterable[str]) -> int:
        """Remove these contents now, as far as no attachment names them; how many."""
        removed = 0
        for name in sorted(content.orphaned_blobs(names)):
            with self._locked(fcntl.LOCK_EX):
                removed += self.path(name).exists()
                self.path(name).unlink(missing_ok=True)
        return removed

    def read(self, name: str) -> bytes | None:
        """The content of a hash; None if it is not here."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _remove_older(file: Path, than: float) -> bool:
    try:
        if file.stat().st_mtime > than:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
