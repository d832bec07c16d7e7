"""The schema's history: migrations, applied in order, one transaction each.

Migrations hold frozen SQL in SQLite's dialect; ``statement`` gives PostgreSQL's. Run by
``playhouse.migrations`` from ``crm_core/migrations``. ``upgrade`` is idempotent.
"""

import re
from pathlib import Path

from peewee import Database
from playhouse.migrations import Runner

from crm_core.errors import Conflict

DIRECTORY = Path(__file__).parent / "migrations"


def statement(sql: str, *, postgres: bool) -> str:
    """One DDL statement of a migration in the dialect of the database."""
    if not postgres:
        return sql
    sql = re.sub(r"\) STRICT(?:, WITHOUT ROWID)?$", ")", sql.strip())
    sql = sql.replace('"id" INTEGER NOT NULL PRIMARY KEY', '"id" SERIAL PRIMARY KEY')
    return re.sub(r"\bBLOB\b", "BYTEA", sql)


def pending(database: Database) -> list[str]:
    """Names of the migrations that have not been applied."""
    return [
        row.name for row in Runner(database, str(DIRECTORY)).status() if not row.applied
    ]


def upgrade(database: Database) -> list[str]:
    """Apply what is pending; the names applied.

    Raises Conflict if the database was written by a newer version of the program:
    a downgrade would silently drop what it does not know.
    """
    runner = Runner(database, str(DIRECTORY))
    unknown = [row.name for row in runner.status() if row.path is None]
    if unknown:
        raise Conflict(
            "the database is newer than this program (unknown: {names}); "
            "install the newer version again or restore the backup",
            names=", ".join(unknown),
        )
    return list(runner.up())
