"""What a further copy of a mail adds, whichever copy was read first."""

import pytest
from eight_cases import HUBER, MEIER, sixteen
from thread_world import VERKAUF, WERKSTATT, Letter, deliver, found_company, letter

from crm_core import database, verify

IN_SENT = letter("1", VERKAUF, VERKAUF, WERKSTATT, bcc=[MEIER])
IN_INBOX = letter("1", WERKSTATT, VERKAUF, WERKSTATT)


@pytest.fixture(autouse=True)
def company(db: str) -> None:
    found_company()


def rows(sql: str) -> list[tuple[object, ...]]:
    return sorted(database.execute(sql))


@pytest.mark.parametrize("order", [[IN_SENT, IN_INBOX], [IN_INBOX, IN_SENT]])
def test_the_blind_copies_of_our_sent_item_are_known(order: list[Letter]) -> None:
    with database.transaction():
        deliver(order)
    addresses = rows("SELECT role, email FROM message_address")
    assert addresses == [("bcc", MEIER), ("from", VERKAUF), ("to", WERKSTATT)]


def test_a_copy_from_outside_adds_no_recipients() -> None:
    with database.transaction():
        deliver([IN_SENT, letter("1", WERKSTATT, VERKAUF, WERKSTATT, HUBER)])
    found = {email for (email,) in rows("SELECT email FROM message_address")}
    assert MEIER in found
    assert HUBER not in found


def test_every_copy_is_evidence_and_the_same_copy_twice_adds_nothing() -> None:
    thread = sixteen("there")
    copies = [
        letter("2", WERKSTATT, MEIER, WERKSTATT, VERKAUF),
        letter("2", VERKAUF, MEIER, WERKSTATT, VERKAUF, thread=thread),
    ]
    kinds = "SELECT kind FROM message_key"
    with database.transaction():
        deliver(copies[:1])
    assert rows(kinds) == [("mid",)]
    for _ in range(2):
        with database.transaction():
            deliver(copies)
        assert rows(kinds) == [("cid",), ("mid",)]
    assert verify.verify() == []
