"""An empty PostgreSQL database, dropped at the end; skips visibly without a server."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SERVER = os.environ.get(
    "MAILSYNC_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test"
)


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """Its URL."""
    import psycopg

    def say(sql: str) -> None:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as server:
            server.execute(sql)

    name = f"mailsync_fresh_{secrets.token_hex(6)}"
    try:
        say(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError as absent:
        pytest.skip(f"no PostgreSQL at {SERVER}: {type(absent).__name__}")
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        say(f'DROP DATABASE "{name}" WITH (FORCE)')
