"""Several jobs write at once: threads of one daemon, or several daemons.

Pages of different mailboxes hold copies of the same mails, so that their transactions
meet at the same conversations.
"""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest
from eight_cases import ALL, CONVERSATIONS
from peewee import IntegrityError
from thread_world import Letter, deliver, found_company, partition

from crm_core import database, verify

WRITERS = 4
PAGE = 3


@pytest.fixture(autouse=True)
def company(db: str) -> None:
    found_company()


def write(letters: list[Letter], start: Barrier) -> None:
    """Everything in small pages, each in a transaction of its own."""
    start.wait()
    try:
        for first in range(0, len(letters), PAGE):
            with database.transaction():
                deliver(letters[first : first + PAGE])
    finally:
        database.close()


def test_pages_stored_at_once_come_to_the_same_conversations() -> None:
    start = Barrier(WRITERS)
    random = Random(4)
    orders = [random.sample(ALL, len(ALL)) for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(write, order, start) for order in orders]:
            done.result()
    assert partition() == CONVERSATIONS
    assert verify.verify() == []


def test_a_refused_batch_is_the_same_error_on_both_databases() -> None:
    with pytest.raises(IntegrityError), database.transaction():
        database.execute_many(
            "INSERT INTO conversation (id, started_at) VALUES (?, ?)",
            [(1, "2026-11-02"), (1, "2026-11-02")],
        )
