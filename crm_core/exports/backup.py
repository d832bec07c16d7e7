"""A verified copy of a SQLite database: by command, and before its tables are changed.

The copy is consistent while others write (``VACUUM INTO`` reads one snapshot) and has
been checked before anybody relies on it. PostgreSQL is backed up by its own means. That
a backup was made stands in the log; «Erste Schritte» reads the latest there.
"""

from datetime import datetime
from pathlib import Path

import apsw

from crm_core import audit, database
from crm_core.errors import Conflict
from crm_core.fields import from_text


def copy_beside(file: Path, label: str) -> Path:
    """Copy the connected SQLite database to ``<file>.<label>``, verified.

    Raises Conflict if that file exists already (an older copy is never overwritten) or
    if the copy is not sound; must not run inside a transaction.
    """
    return copy(file.with_name(f"{file.name}.{label}"))


def copy(target: Path) -> Path:
    """Copy the connected SQLite database to ``target``; refuses like ``copy_beside``."""
    try:
        target.touch(mode=0o600, exist_ok=False)  # never readable by others
    except FileExistsError as error:
        raise Conflict(
            "the backup {file} exists already: move it away first", file=target
        ) from error
    except OSError as error:
        raise Conflict(
            "the backup {file} cannot be written: {why}",
            file=target,
            why=error.strerror or type(error).__name__,
        ) from error
    database.execute("VACUUM INTO ?", (str(target),))
    found = _integrity(target)
    if found != "ok":
        raise Conflict(
            "the backup {file} is not sound: {found}", file=target, found=found
        )
    return target


def record(*, actor: str, detail: str = "") -> None:
    """Write down that a backup was made, by whatever means."""
    audit.record(actor, "backup_made", "database", detail=detail)


def last() -> datetime | None:
    """When the latest backup that we know of was made."""
    rows = database.execute(
        "SELECT max(at) FROM audit_event WHERE action = 'backup_made'"
    )
    return from_text(rows[0][0]) if rows[0][0] else None


def _integrity(file: Path) -> str:
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return str(connection.pragma("integrity_check"))
    finally:
        connection.close()
