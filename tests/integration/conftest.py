"""Storage tests run on both databases: ``db`` is the URL of a fresh, migrated one."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core import database, schema

POSTGRES = os.environ.get(
    "MAILSYNC_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test"
)


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
def postgres_template() -> Iterator[str]:
    name = f"mailsync_template_{secrets.token_hex(6)}"
    try:
        _postgres_execute(f'CREATE DATABASE "{name}"')
    except Exception as absent:
        pytest.skip(f"no PostgreSQL at {POSTGRES}: {type(absent).__name__}")
    _migrate(_of_name(name))
    yield name
    _postgres_execute(f'DROP DATABASE "{name}"')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database, not connected to."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "mailsync.db"
        path.write_bytes(template.read_bytes())
        yield f"sqlite:///{path}"
        return
    template_name = request.getfixturevalue("postgres_template")
    name = f"mailsync_test_{secrets.token_hex(6)}"
    _postgres_execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_name}"')
    yield _of_name(name)
    _postgres_execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def db(db_url: str) -> Iterator[str]:
    """The same, bound to the models; the connection is closed at the end."""
    database.connect(db_url)
    yield db_url
    database.close()
