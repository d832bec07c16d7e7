"""Storage tests run on both databases: ``db`` is the URL of a fresh, migrated one."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core import database, schema
from crm_core.models import TABLES

POSTGRES = os.environ.get(
    "MAILSYNC_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test"
)
# In memory where there is such a place: commits are FULL and would wait for the disk.
_FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _postgres_execute(sql: str) -> None:
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as server:
        server.execute(sql)


def _of_name(name: str) -> str:
    return f"{POSTGRES.rpartition('/')[0]}/{name}"


def _migrate(url: str) -> None:
    schema.upgrade(database.connect(url))
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """One migrated database for the session: making one per test takes half a second."""
    name = f"mailsync_test_{secrets.token_hex(6)}"
    try:
        _postgres_execute(f'CREATE DATABASE "{name}"')
    except Exception as absent:
        pytest.skip(f"no PostgreSQL at {POSTGRES}: {type(absent).__name__}")
    _migrate(_of_name(name))
    yield name
    _postgres_execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _empty(name: str) -> None:
    """As if just migrated: no rows, and every id begins at 1 again."""
    import psycopg

    tables = [table._meta.table_name for table in TABLES]
    _postgres_execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name}'"
    )
    with psycopg.connect(_of_name(name), autocommit=True) as server:
        sequences = server.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' "
            "AND last_value IS NOT NULL AND sequencename NOT LIKE 'schema_migration%'"
        ).fetchall()
        server.execute(
            "SET session_replication_role = replica;"
            + "".join(f'DELETE FROM "{table}";' for table in tables)
            + "".join(f'ALTER SEQUENCE "{one}" RESTART;' for (one,) in sequences)
        )


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> Iterator[str]:
    """A fresh, migrated SQLite database, not connected to."""
    with tempfile.TemporaryDirectory(prefix="mailsync-", dir=_FAST) as folder:
        path = Path(folder) / "mailsync.db"
        path.write_bytes(sqlite_template.read_bytes())
        yield f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """A fresh, migrated PostgreSQL database, not connected to."""
    _empty(postgres_database)
    # Every commit of a test need not survive a power cut; those of the product do.
    return f"{_of_name(postgres_database)}?options=-csynchronous_commit%3Doff"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database of either kind, not connected to."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def db(db_url: str) -> Iterator[str]:
    """The same, bound to the models; the connection is closed at the end."""
    yield from _bound(db_url)


@pytest.fixture
def sqlite_db(sqlite_url: str) -> Iterator[str]:
    """Like ``db`` for what both databases would only repeat."""
    yield from _bound(sqlite_url)


def _bound(url: str) -> Iterator[str]:
    database.connect(url)
    yield url
    database.close()
