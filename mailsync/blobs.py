"""Attachments as files named by their SHA-256; only of linked mail.

A file is written aside, synced and renamed, so that a name always has its whole
content. Nothing is ever unpacked or opened here.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from crm_core import content


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The folder of blobs."""

    root: Path

    def put(self, data: bytes) -> str:
        """Store the content; its hash. Durable when it returns."""
        name = sha256(data).hexdigest()
        target = self.path(name)
        if target.exists():
            return name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=".new-")
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

    def sweep(self) -> int:
        """Remove what no attachment names any more; how many. Idempotent."""
        gone = content.orphaned_blobs(list(self.names()))
        for name in gone:
            self.path(name).unlink(missing_ok=True)
        return len(gone)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
