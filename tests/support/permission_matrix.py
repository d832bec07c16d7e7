"""An application over the matrix's company: asks cells, sees writes, takes them back."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import apsw
import permission_table
from crm_world import NOW
from flask import Flask
from matrix_world import MatrixWorld
from permission_table import Cell
from werkzeug.test import TestResponse

from crm_core import clock, database, schema
from crm_web.app import create_app
from crm_web.settings import WebSettings

_TAG = re.compile(r"<[^<>]*>")


@dataclass
class Matrix:
    """The filled company behind an application; written cells are taken back."""

    app: Flask
    world: MatrixWorld
    path: Path
    stored: bytes
    watcher: apsw.Connection

    def ask(self, cell: Cell) -> tuple[TestResponse, bool]:
        """The answer, and whether the request changed anything in the database."""
        before = self.version()
        answer = permission_table.ask(self.app, cell, self.world)
        changed = self.version() != before
        if changed:
            self.restore()
        return answer, changed

    def _eyes(self, cell: Cell) -> str:
        """Who sees the answer: of a signed address its owner, else who asks."""
        lent = {"panel", "feed"} & set(cell.row.demands)
        bundle = permission_table.bundle_of(cell, self.world)
        return bundle.owner if bundle and lent else cell.person

    def version(self) -> int:
        """SQLite's count of what *others* have committed to the file."""
        ((version,),) = self.watcher.execute("PRAGMA data_version")
        return int(version)

    def restore(self) -> None:
        """The file as it was filled."""
        database.close()
        self.watcher.close()
        for end in ("-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
        self.path.write_bytes(self.stored)
        self.watcher = apsw.Connection(str(self.path))

    def read(self, person: str, path: str) -> str:
        """What this person is told under a path."""
        value, _ = self.world.cookies[person]
        client = self.app.test_client(use_cookies=False)
        headers = {"Cookie": f"__Host-sid={value}"}
        with client.get(path, headers=headers, base_url="https://localhost") as answer:
            return said(answer)

    def faults(self, cell: Cell) -> list[str]:
        """What is wrong with one cell; nothing, if all is well."""
        answer, changed = self.ask(cell)
        wanted = permission_table.expected(cell, self.world)
        found = []
        if answer.status_code != (wanted or min(answer.status_code, 499)):
            found.append(f"{answer.status_code} instead of {wanted}")
        if changed and permission_table.is_refused(cell, self.world):
            found.append("refused, yet something was written")
        leaked = [
            w for w in self.world.hidden_from(self._eyes(cell)) if w in said(answer)
        ]
        if leaked:
            found.append(f"hidden, yet shown: {', '.join(leaked)}")
        answer.close()
        return [f"{cell.name}: {fault}" for fault in found]


def said(answer: TestResponse) -> str:
    """Everything of an answer that a person can read: body, headers, what is told."""
    body = _text(answer.get_data())
    parts = [body, _TAG.sub("", body)]  # a search marks a part of a word
    for name, value in answer.headers:
        parts.append(unquote(value))
        if name == "Set-Cookie" and value.startswith("__Host-said="):
            told = value.partition("=")[2].partition(";")[0].strip('"')
            parts.append(base64.urlsafe_b64decode(told).decode())
    return "\n".join(parts)


def _text(body: bytes) -> str:
    """As text; an archive as the texts of its files."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with ZipFile(BytesIO(body)) as archive:
        return "\n".join(
            f"{name}\n{_text(archive.read(name))}" for name in archive.namelist()
        )


@contextmanager
def filled(folder: Path) -> Iterator[Matrix]:
    """The company in a file of its own; its clock stands still."""
    path = folder / "matrix.db"
    schema.upgrade(database.connect(f"sqlite:///{path}"))
    with clock.use(lambda: NOW):
        world = MatrixWorld(blobs=folder / "blobs")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    app = create_app(WebSettings(blobs=world.blobs))
    found = Matrix(app, world, path, path.read_bytes(), apsw.Connection(str(path)))
    yield found
    found.watcher.close()
