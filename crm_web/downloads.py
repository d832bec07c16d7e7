"""Files of an export as one ZIP: one file in memory at a time, names made here."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from flask import Response, current_app

from crm_core.exports.entry_export import ExportFile

_CHUNK = 64 * 1024
_KEPT_IN_MEMORY = 8_000_000  # bytes; a larger archive waits on the disk, without a name


def as_zip(name: str, files: Iterable[ExportFile]) -> Response:
    """The archive ``name``.zip, to be downloaded and kept by nobody on the way."""
    archive = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.writestr(file.name, file.content)
    size = archive.tell()
    archive.seek(0)
    chunks = _chunks(archive)
    next(chunks)  # from here on the file is closed whatever becomes of the answer
    return Response(
        chunks,
        mimetype="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.zip"',
            "Content-Length": str(size),
            "Cache-Control": "no-store",
        },
    )


def _chunks(archive: IO[bytes]) -> Iterator[bytes]:
    with archive:
        yield b""
        while chunk := archive.read(_CHUNK):
            yield chunk


def blob_path(name: str) -> Path:
    """Where the daemon puts an attachment's content: named by its SHA-256."""
    root: Path = current_app.config["SETTINGS"].blobs
    return root.absolute() / name[:2] / name


def read_blob(name: str) -> bytes | None:
    """An attachment's content by its SHA-256; None where it is not."""
    try:
        return blob_path(name).read_bytes()
    except FileNotFoundError:
        return None
