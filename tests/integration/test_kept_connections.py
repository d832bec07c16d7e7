"""Connections that the pages keep open between requests (PostgreSQL)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from crm_core import database
from crm_core.models import StaffGroup

MOST = 3


@pytest.fixture
def kept(postgres_url: str) -> Iterator[str]:
    database.connect(postgres_url)
    database.keep_connections(MOST)
    yield postgres_url
    database.proxy.obj.close_all()


def process() -> int:
    """The server's process behind this thread's connection, for one request."""
    ((found,),) = database.execute("SELECT pg_backend_pid()")
    database.close()
    return int(found)


def test_the_next_request_has_the_same_connection(kept: str) -> None:
    assert len({process() for _ in range(5)}) == 1


def test_without_it_each_request_makes_one_red_control(postgres_url: str) -> None:
    database.connect(postgres_url)
    assert len({process() for _ in range(5)}) == 5


def test_threads_share_no_connection(kept: str) -> None:
    together = Barrier(MOST)

    def request() -> int:
        found = database.execute("SELECT pg_backend_pid()")
        together.wait(10)  # all three are asked for at once
        database.close()
        return int(found[0][0])

    with ThreadPoolExecutor(MOST) as threads:
        running = [threads.submit(request) for _ in range(MOST)]
        assert len({one.result() for one in running}) == MOST


def test_a_server_started_anew_is_not_noticed(kept: str) -> None:
    first = process()
    with psycopg.connect(kept, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (first,))
    assert process() != first


def test_what_a_request_left_open_is_undone(kept: str) -> None:
    database.proxy.begin()
    database.execute("INSERT INTO staff_group (name) VALUES ('Halbes')")
    database.close()
    assert not StaffGroup.select().where(StaffGroup.name == "Halbes").exists()


def test_sqlite_stays_as_it_is(sqlite_url: str) -> None:
    bound = database.connect(sqlite_url)
    database.keep_connections(MOST)
    assert database.proxy.obj is bound
