"""Is anything missing? The nightly count finds it, shows it and heals it; both databases.

Over EWS against the sandbox (simulated Exchange); the clock is virtual.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werft import MAILBOXES, MEIER, VERKAUF, Werft, werft

from crm_core import clock, database, verify
from crm_core.mail import copies, counts
from crm_core.models import (
    Mailbox,
    MailFolder,
    Message,
    MessageCopy,
    QuarantinedChange,
)
from mailsync import counting, inventory, sync
from mailsync.health import health

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class VirtualTime:
    now: datetime = START

    def next_night(self) -> None:
        self.now += timedelta(days=1)


@pytest.fixture
def time() -> Iterator[VirtualTime]:
    virtual = VirtualTime()
    with clock.use(lambda: virtual.now):
        yield virtual


@pytest.fixture
def w(db: str, tmp_path: Path, time: VirtualTime) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        company.sandbox.clock.set(START)
        yield company


def arrive(w: Werft, count: int, first: int = 1, **more: str) -> None:
    for number in range(first, first + count):
        mail = w.mail(
            MEIER, VERKAUF, f"Mast {number}", id=f"m{number}@kunde.example", **more
        )
        w.receive(mail)
    w.poll()


def counted() -> tuple[int | None, int | None]:
    row = inbox()
    return (row.items_there, row.items_here)


def inbox() -> MailFolder:
    box = Mailbox.get(Mailbox.address == VERKAUF)
    found: MailFolder = MailFolder.get(mailbox=box, role="inbox")
    return found


def lose(number: int) -> None:
    """As if a page's rows had been lost: nothing tells of the mail."""
    from crm_core.mail.forgetting import forget

    (message,) = Message.select().where(Message.subject == f"Mast {number}")
    with database.transaction():
        MessageCopy.delete().where(MessageCopy.message == message).execute()
        forget([message.id])


def invent(item: str) -> None:
    """A copy that lies nowhere, as after a deletion that nobody told of."""
    (first, *_) = MessageCopy.select()
    with database.transaction():
        MessageCopy.create(
            mailbox=first.mailbox, folder=first.folder, external_id=item,
            message=first.message,
        )  # fmt: skip


def test_nothing_is_counted_on_the_day_of_the_first_sync(w: Werft) -> None:
    arrive(w, 3)
    assert counted() == (None, None)
    assert "FindItem" not in w.sandbox.ledger.verbs()


def test_the_next_night_all_are_there_and_it_is_counted_once(
    w: Werft, time: VirtualTime
) -> None:
    arrive(w, 3)
    time.next_night()
    w.poll()
    assert counted() == (3, 3)
    asked = w.sandbox.ledger.verbs()["FindItem"]
    w.poll()
    assert w.sandbox.ledger.verbs()["FindItem"] == asked
    time.next_night()
    w.poll()
    assert w.sandbox.ledger.verbs()["FindItem"] == 2 * asked


def test_lost_mails_are_found_read_and_stored(w: Werft, time: VirtualTime) -> None:
    arrive(w, 5)
    lose(2)
    lose(4)
    w.poll()
    assert Message.select().count() == 3  # the sync does not tell of them again
    time.next_night()
    w.poll()
    assert counted() == (5, 5)
    assert {m.subject for m in Message.select()} == {f"Mast {n}" for n in range(1, 6)}


def test_what_is_gone_without_being_told_is_marked_gone(
    w: Werft, time: VirtualTime
) -> None:
    arrive(w, 2)
    invent("AAnowhere=")
    time.next_night()
    w.poll()
    (row,) = MessageCopy.select().where(MessageCopy.external_id == "AAnowhere=")
    assert row.gone_at is not None
    assert MessageCopy.select().where(MessageCopy.gone_at.is_null()).count() == 2


def test_what_is_listed_again_is_not_gone_any_more(w: Werft, time: VirtualTime) -> None:
    arrive(w, 2)
    row = MessageCopy.get()
    with database.transaction():
        copies.mark_gone(row.mailbox_id, row.folder_id, [row.external_id])
    time.next_night()
    w.poll()
    assert MessageCopy.select().where(MessageCopy.gone_at.is_null()).count() == 2


def test_a_missing_private_item_is_recorded_without_being_fetched(
    w: Werft, time: VirtualTime
) -> None:
    arrive(w, 1)
    w.receive(w.mail(MEIER, VERKAUF, "privat: Zahnarzt", id="p@kunde.example"))
    w.poll()
    with database.transaction():
        MessageCopy.delete().where(MessageCopy.private == 1).execute()
    fetched = w.sandbox.ledger.verbs()["GetItem"]
    time.next_night()
    w.poll()
    assert counted() == (2, 2)
    assert MessageCopy.select().where(MessageCopy.private == 1).count() == 1
    assert w.sandbox.ledger.verbs()["GetItem"] == fetched + 1  # the head only
    assert Message.select().count() == 1


def test_private_quarantined_and_expired_items_are_no_difference(
    w: Werft, time: VirtualTime
) -> None:
    w.receive(w.mail(MEIER, VERKAUF, "privat", id="p@kunde.example"))
    w.receive(w.mail(MEIER, VERKAUF, "kaputt", id="q@kunde.example"))
    w.sandbox.fault("item_error", "GetItem", code="ErrorCorruptData", count=0)
    w.poll()
    w.sandbox.faults.clear()
    assert QuarantinedChange.select().count() == 1
    arrive(w, 1)
    time.now += timedelta(days=180)
    w.poll()  # expires m1
    time.next_night()
    w.poll()
    assert Message.select().count() == 0
    assert counted() == (3, 3)


def test_a_folder_of_many_pages_is_counted_whole(w: Werft, time: VirtualTime) -> None:
    w.sandbox.settings.find_limit = 4
    arrive(w, 11)
    lose(7)
    time.next_night()
    w.poll()
    assert counted() == (11, 11)


def test_mail_older_than_since_is_neither_read_nor_missed(
    w: Werft, time: VirtualTime
) -> None:
    rules = {box: replace(r, since=START) for box, r in w.settings.rules.items()}
    late = replace(w.settings, rules=rules)
    for number, at in ((1, START - timedelta(days=9)), (2, START + timedelta(hours=1))):
        mail = w.mail(MEIER, VERKAUF, f"Mast {number}", id=f"m{number}@kunde.example")
        w.sandbox.deliver(mail, VERKAUF, received=at)
    w.settings = late
    w.poll()
    time.next_night()
    w.poll()
    assert counted() == (1, 1)


# --- what stays ---------------------------------------------------------------------


def test_a_difference_that_stays_is_shown_and_makes_the_mailbox_unhealthy(
    w: Werft, time: VirtualTime
) -> None:
    arrive(w, 2)
    lose(1)
    time.next_night()
    # The server lists the item and will say nothing about it.
    w.sandbox.fault("item_error", "GetItem", code="ErrorCorruptData", count=0)
    w.poll()
    w.sandbox.faults.clear()
    assert counted() == (2, 1)
    (box,) = [b for b in health({}).mailboxes if b.address == VERKAUF]
    assert (box.state, box.healthy) == ("incomplete", False)
    assert box.counted is not None
    assert (box.counted.there, box.counted.here) == (2, 1)
    time.next_night()
    w.poll()
    (box,) = [b for b in health({}).mailboxes if b.address == VERKAUF]
    assert (box.state, box.healthy) == ("ok", True)
    assert verify.verify() == []


def test_an_item_that_a_shift_hides_is_not_taken_for_gone(
    w: Werft, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion while we list moves an id out of sight; it is asked for by itself."""
    arrive(w, 3)
    hidden = MessageCopy.get().external_id
    port = w.settings.open_port(VERKAUF)
    listed = type(port).item_ids

    def without(self: object, *more: object) -> Iterator[tuple[str, ...]]:
        for page in listed(self, *more):
            yield tuple(item for item in page if item != hidden)

    monkeypatch.setattr(type(port), "item_ids", without)
    time.next_night()
    w.poll()
    assert MessageCopy.select().where(MessageCopy.gone_at.is_null(False)).count() == 0


# --- by hand ------------------------------------------------------------------------


def by_hand(w: Werft) -> dict[tuple[str, str], inventory.FolderCount]:
    return {(one.mailbox, one.folder): one for one in inventory.take(w.settings)}


def test_counting_by_hand_tells_and_changes_nothing(w: Werft) -> None:
    arrive(w, 3)
    lose(2)
    invent("AAnowhere=")
    before = digest_of_rows()
    found = by_hand(w)
    assert len(found) == 2 * len(MAILBOXES)
    one = found[VERKAUF, "inbox"]
    assert (one.there, one.here, one.vanished, one.complete) == (3, 2, 1, False)
    assert all(c.complete for place, c in found.items() if place != (VERKAUF, "inbox"))
    assert digest_of_rows() == before
    with database.transaction():
        MessageCopy.delete().where(MessageCopy.external_id == "AAnowhere=").execute()


def digest_of_rows() -> str:
    rows = [
        database.execute(f"SELECT * FROM {table} ORDER BY id")
        for table in ("message", "message_copy", "mail_folder")
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_mail_that_was_not_polled_yet_is_not_missing(
    w: Werft, time: VirtualTime
) -> None:
    arrive(w, 1)
    w.sandbox.clock.set(START + timedelta(hours=1))
    w.receive(w.mail(MEIER, VERKAUF, "eben", id="new@kunde.example"))
    one = by_hand(w)[VERKAUF, "inbox"]
    assert (one.there, one.here, one.complete) == (1, 1, True)


def test_a_mailbox_that_cannot_be_asked_says_why(w: Werft) -> None:
    arrive(w, 1)
    w.sandbox.settings.denied.add(("svc", VERKAUF))
    (one,) = [c for place, c in by_hand(w).items() if place[0] == VERKAUF]
    assert not one.complete
    assert one.problem


def test_a_folder_before_the_end_of_its_first_sync_waits(w: Werft) -> None:
    w.receive(w.mail(MEIER, VERKAUF, "Mast", id="m@kunde.example"))
    one = by_hand(w)[VERKAUF, "inbox"]
    assert one.waits
    assert one.complete


def test_without_healing_the_difference_would_stay(
    w: Werft, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red control: it is the healing that brings them back."""
    arrive(w, 3)
    lose(2)
    monkeypatch.setattr(counting, "heal", lambda *_: 0)
    time.next_night()
    w.poll()
    assert counted() == (3, 2)
    (job, _) = sync.folder_jobs(
        w.settings,
        Mailbox.get(Mailbox.address == VERKAUF),
        w.settings.open_port(VERKAUF),
    )
    assert len(counts.not_among(job.mailbox, job.folder, ())) == 2
