"""A verified copy of a SQLite database, made before its tables are changed.

The copy is consistent while others write (``VACUUM INTO`` reads one snapshot) and has
been checked before anybody relies on it. PostgreSQL is backed up by its own means.
"""

from pathlib import Path

import apsw

from crm_core import database
from crm_core.errors import Conflict


def copy_beside(file: Path, label: str) -> Path:
    """Copy the connected SQLite database to ``<file>.<label>``, verified.

    Raises Conflict if that file exists already (an older copy is never overwritten) or
    if the copy is not sound; must not run inside a transaction.
    """
    target = file.with_name(f"{file.name}.{label}")
    if target.exists():
        raise Conflict(
            "the backup {file} exists already: move it away first", file=target
        )
    database.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    found = _integrity(target)
    if found != "ok":
        raise Conflict(
            "the backup {file} is not sound: {found}", file=target, found=found
        )
    return target


def _integrity(file: Path) -> str:
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return str(connection.pragma("integrity_check"))
    finally:
        connection.close()
