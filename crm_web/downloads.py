"""Files of an export as one ZIP: one file in memory at a time, names made here."""

import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from flask import Response, current_app, send_file

from crm_core.entry_export import ExportFile

_KEPT_IN_MEMORY = 8_000_000  # bytes; a larger archive waits on the disk, without a name


def as_zip(name: str, files: Iterable[ExportFile]) -> Response:
    """The archive ``name``.zip, to be downloaded and kept by nobody on the way."""
    archive = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.writestr(file.name, file.content)
    archive.seek(0)
    response = send_file(
        archive,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"{name}.zip",
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def read_blob(name: str) -> bytes | None:
    """An attachment's content by its SHA-256, where the daemon put it."""
    root: Path = current_app.config["SETTINGS"].blobs
    try:
        return (root / name[:2] / name).read_bytes()
    except FileNotFoundError:
        return None
