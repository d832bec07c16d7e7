"""What the in-memory Exchange offers beyond the contract: checks, ledger, faults."""

import pytest

from mailsync.errors import Conflict, ItemGone, MailboxGone, Transient
from mailsync.memory import MemoryExchange, Request
from mailsync.port import (
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    MailboxPort,
    WantedItem,
)

ADDRESS = "keller@werft.example"
INBOX = FolderRef(FolderRole.INBOX, "inbox")
TASK = WantedItem(
    ItemKind.TASK, "key-1", "Boot", "Text", completed=False, time_zone="Europe/Zurich"
)


@pytest.fixture
def exchange() -> MemoryExchange:
    made = MemoryExchange()
    made.add_mailbox(ADDRESS)
    made.add_mailbox("andere@werft.example")
    return made


def test_every_call_of_the_port_is_checked_and_written_down(
    exchange: MemoryExchange,
) -> None:
    checks: list[int] = []
    exchange.assert_idle = lambda: checks.append(1)
    port: MailboxPort = exchange(ADDRESS)
    port.folders(["inbox"], subfolders=False)
    port.changes(INBOX, None)
    port.find_task(ItemKind.TASK, "k")
    operations = ["folders", "changes", "find_task"]
    assert exchange.ledger == [Request(ADDRESS, name) for name in operations]
    assert len(checks) == 3


def test_a_transaction_that_is_open_during_a_call_is_found(
    exchange: MemoryExchange,
) -> None:
    def open_transaction() -> None:
        raise AssertionError("a transaction is open")

    exchange.assert_idle = open_transaction
    with pytest.raises(AssertionError, match="open"):
        exchange(ADDRESS).create_task(TASK)
    assert exchange.tasks(ADDRESS) == []


def test_faults_strike_in_their_order_once_each(exchange: MemoryExchange) -> None:
    exchange.fail_next("changes", Transient("first"))
    exchange.fail_next("changes", Transient("second"))
    port = exchange(ADDRESS)
    for text in ("first", "second"):
        with pytest.raises(Transient, match=text):
            port.changes(INBOX, None)
    assert port.changes(INBOX, None).is_last


def test_a_fault_may_be_for_one_mailbox_only(exchange: MemoryExchange) -> None:
    exchange.fail_next("changes", Transient("busy"), mailbox=ADDRESS)
    assert exchange("andere@werft.example").changes(INBOX, None).is_last
    with pytest.raises(Transient):
        exchange(ADDRESS).changes(INBOX, None)


def test_a_fault_after_the_act_leaves_the_act_done(exchange: MemoryExchange) -> None:
    exchange.fail_next("create_task", Transient("cut"), after_act=True)
    with pytest.raises(Transient):
        exchange(ADDRESS).create_task(TASK)
    (held,) = exchange.tasks(ADDRESS)
    assert (held.body, held.folder) == ("Text", "tasks")


def test_an_error_of_the_act_itself_comes_before_an_ordered_one(
    exchange: MemoryExchange,
) -> None:
    ref = exchange(ADDRESS).create_task(TASK)
    exchange.complete(ADDRESS, ref)
    exchange.fail_next("update_task", Transient("cut"), after_act=True)
    with pytest.raises(Conflict):
        exchange(ADDRESS).update_task(ref, TASK)


def test_acts_of_people_are_no_requests(exchange: MemoryExchange) -> None:
    ref = exchange(ADDRESS).create_task(TASK)
    exchange.ledger.clear()
    moved = exchange.move(ADDRESS, exchange.edit(ADDRESS, ref, subject="x"), "trash")
    exchange.delete(ADDRESS, moved, hard=True)
    assert exchange.ledger == []
    with pytest.raises(ItemGone):
        exchange.held(ADDRESS, moved)


def test_a_folder_that_is_not_there_takes_nothing(exchange: MemoryExchange) -> None:
    ref = exchange(ADDRESS).create_task(TASK)
    with pytest.raises(MailboxGone):
        exchange.move(ADDRESS, ref, "Nirgends")
    assert exchange.held(ADDRESS, ItemRef(ref.external_id)).folder == "tasks"
