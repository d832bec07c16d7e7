"""What nobody linked is gone after its time, to the last byte; on both databases.

The clock is virtual, the Exchange simulated. A byte of the mail is looked for in the
files of SQLite (database and WAL); on PostgreSQL in every column of every row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from werft import ACTOR, HUBER, MEIER, VERKAUF, WERKSTATT, Werft, werft

from crm_core import clock, database, verify
from crm_core.access import accounts
from crm_core.mail import quarantine, retention
from crm_core.models import (
    TABLES,
    AuditEvent,
    Conversation,
    ConversationKey,
    Entry,
    ExpiredCopy,
    IdempotencyKey,
    Keep,
    Mailbox,
    MailFolder,
    Message,
    MessageCopy,
    QuarantinedChange,
    TokenScope,
    WebSession,
)
from mailsync import nightly
from mailsync.nightly import Keeping

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEEPING = Keeping(90, ZoneInfo("Europe/Zurich"))
WORD = "Zwetschgenkuchen"
STRANGER = "zwetschge@fremd.example"
THREAD_INDEX = "Thread_Index"


@dataclass(slots=True)
class VirtualTime:
    now: datetime = START

    def later(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def time() -> Iterator[VirtualTime]:
    virtual = VirtualTime()
    with clock.use(lambda: virtual.now):
        yield virtual


@pytest.fixture
def w(db: str, tmp_path: Path, time: VirtualTime) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        yield company


def night(days: int = 90) -> nightly.NightReport | None:
    keeping = Keeping(days, KEEPING.zone)
    return nightly.expire_if_due(keeping, lambda: False)


def bytes_left(db: str, *words: str) -> set[str]:
    """Which of these words stand anywhere in what is stored."""
    if db.startswith("sqlite"):
        file = database.sqlite_path(db)
        parts = [file, *file.parent.glob(f"{file.name}-*")]
        stored = b"".join(part.read_bytes() for part in parts)
    else:
        rows = [
            row
            for table in TABLES
            for row in database.execute(f'SELECT * FROM "{table._meta.table_name}"')
        ]
        columns = [value for row in rows for value in row]
        stored = b"\0".join(
            bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode()
            for v in columns
        )
    return {word for word in words if word.encode() in stored}


def strangers_mail(w: Werft, number: int = 1, **more: str) -> bytes:
    return w.mail(
        STRANGER, VERKAUF, f"{WORD} {number}", id=f"{WORD.lower()}{number}@fremd.example",
        **more,
    )  # fmt: skip


WORDS = (WORD, STRANGER, f"{WORD.lower()}1@fremd.example")


def test_after_180_days_no_byte_of_an_unlinked_mail_is_left(
    w: Werft, db: str, time: VirtualTime
) -> None:
    w.receive(strangers_mail(w), VERKAUF, WERKSTATT)
    w.poll()
    assert bytes_left(db, *WORDS) == set(WORDS)  # the scan finds what is there
    (item,) = [
        c.external_id for c in MessageCopy.select() if c.mailbox.address == VERKAUF
    ]
    time.later(180)
    assert night() == nightly.NightReport(mails=1)
    assert bytes_left(db, *WORDS, item) == set()
    assert Message.select().count() == MessageCopy.select().count() == 0
    assert ConversationKey.select().count() == Conversation.select().count() == 0
    assert ExpiredCopy.select().count() == 2


def test_ninety_days_are_ninety_days(w: Werft, time: VirtualTime) -> None:
    w.receive(strangers_mail(w))
    w.poll()
    time.later(90)
    assert night() == nightly.NightReport()
    time.later(1)
    assert night() == nightly.NightReport(mails=1)


def test_the_days_are_those_of_the_configuration(w: Werft, time: VirtualTime) -> None:
    w.receive(strangers_mail(w))
    w.poll()
    time.later(8)
    assert night(days=7) == nightly.NightReport(mails=1)


def test_it_is_done_once_a_night_by_the_clock_of_the_company(
    w: Werft, time: VirtualTime
) -> None:
    time.now = datetime(2026, 11, 24, 0, 59, tzinfo=UTC)  # 01:59 in Zürich
    assert night() is not None
    assert night() is None
    time.later(2 / 24 / 60)
    assert night() is not None
    time.later(23 / 24)
    assert night() is None
    assert nightly.night_of(time.now, KEEPING.zone) == datetime(2026, 11, 24).date()


def test_sync_once_expires_as_well(w: Werft, db: str, time: VirtualTime) -> None:
    w.receive(strangers_mail(w))
    w.poll()
    time.later(180)
    w.poll()
    assert bytes_left(db, *WORDS) == set()


# --- recognised, not read again -----------------------------------------------------


def reset_tokens() -> None:
    with database.transaction():
        MailFolder.update(token="nonsense").execute()


def test_a_full_resync_recognises_expired_items_and_stores_nothing(
    w: Werft, db: str, time: VirtualTime
) -> None:
    w.receive(strangers_mail(w), VERKAUF, WERKSTATT)
    w.poll()
    time.later(180)
    night()
    asked = w.sandbox.ledger.verbs()["GetItem"]
    reset_tokens()
    w.poll()
    assert Message.select().count() == 0
    assert ExpiredCopy.select().count() == 2
    assert w.sandbox.ledger.verbs()["GetItem"] == asked
    assert bytes_left(db, *WORDS) == set()


def test_a_deleted_item_leaves_not_even_its_digest(w: Werft, time: VirtualTime) -> None:
    w.receive(strangers_mail(w), VERKAUF, WERKSTATT)
    w.poll()
    time.later(180)
    night()
    delete_all(w, VERKAUF)
    w.poll()
    assert [row.mailbox.address for row in ExpiredCopy.select()] == [WERKSTATT]
    delete_all(w, WERKSTATT)
    reset_tokens()  # the deletion is told by nobody, only missed
    w.poll()
    assert ExpiredCopy.select().count() == 0


def delete_all(w: Werft, mailbox: str) -> None:
    for item in w.sandbox.items(mailbox, "inbox"):
        w.sandbox.act(mailbox, "delete", item_id=item["id"])


def test_a_person_who_files_an_expired_mail_brings_it_back(
    w: Werft, time: VirtualTime
) -> None:
    w.receive(strangers_mail(w))
    w.poll()
    time.later(180)
    night()
    (item,) = w.sandbox.items(VERKAUF, "inbox")
    w.sandbox.act(VERKAUF, "category", item_id=item["id"], category="CRM")
    w.poll()
    assert [m.subject for m in Message.select()] == [f"{WORD} 1"]
    assert ExpiredCopy.select().count() == 0


# --- what stays ---------------------------------------------------------------------


def linked_thread(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(w.mail(MEIER, VERKAUF, "Mast", id="m1@kunde.example"))
    w.receive(
        w.mail(
            MEIER, VERKAUF, "Mast", id="m2@kunde.example", answers="m1@kunde.example"
        )
    )
    w.poll()
    w.link(entry, "m1@kunde.example")


def unlinked_by_hand(w: Werft) -> None:
    linked_thread(w)
    (entry,) = Entry.select()
    w.unlink(entry, "m1@kunde.example", whole=True)


def taken_out(w: Werft) -> None:
    linked_thread(w)
    (entry,) = Entry.select()
    w.unlink(entry, "m2@kunde.example")


def suggested(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(
        w.mail(HUBER, VERKAUF, f"[CRM-{entry.number}] Mast", id="h1@kunde2.example")
    )
    w.poll()
    assert w.suggestions()


def under_review(w: Werft) -> None:
    w.receive(w.mail(HUBER, VERKAUF, "[CRM-1] [CRM-2] Mast", id="h1@kunde2.example"))
    w.poll()


@pytest.mark.parametrize(
    ("done", "stays"),
    [
        (linked_thread, {"m1", "m2"}),
        (unlinked_by_hand, {"m1"}),
        (taken_out, {"m1", "m2"}),
        (suggested, {"h1"}),
        (under_review, {"h1"}),
    ],
)
def test_what_a_person_placed_or_is_asked_about_stays(
    w: Werft, time: VirtualTime, done: Callable[[Werft], None], stays: set[str]
) -> None:
    done(w)
    w.receive(strangers_mail(w))
    w.poll()
    time.later(180)
    w.poll()
    found = {str(m.internet_id).partition("@")[0] for m in Message.select()}
    assert found == stays


def test_a_removed_conversation_is_not_linked_again_by_its_later_mail(
    w: Werft, time: VirtualTime
) -> None:
    unlinked_by_hand(w)
    (entry,) = Entry.select()
    time.later(180)
    w.poll()
    w.submit(
        w.mail(
            VERKAUF, MEIER, f"AW: Mast [CRM-{entry.number}]", id="m3@werft.example",
            answers="m1@kunde.example",
        ),
        VERKAUF,
    )  # fmt: skip
    w.poll()
    assert w.shown(entry) == set()


def test_mail_of_a_mailbox_that_keeps_all_stays(
    db: str, tmp_path: Path, time: VirtualTime
) -> None:
    with werft(tmp_path, keep=Keep.ALL) as w:
        w.receive(strangers_mail(w))
        w.poll()
        time.later(180)
        assert night() == nightly.NightReport()


def test_the_rest_of_a_conversation_stays_one_and_takes_answers(
    w: Werft, time: VirtualTime
) -> None:
    """The older half of an unlinked thread expires; the younger half lives on."""
    w.receive(strangers_mail(w, 1))
    w.poll()
    time.later(60)
    w.receive(strangers_mail(w, 2, answers=f"{WORD.lower()}1@fremd.example"))
    w.poll()
    time.later(60)
    assert night() == nightly.NightReport(mails=1)
    assert verify.verify() == []
    w.receive(strangers_mail(w, 3, answers=f"{WORD.lower()}1@fremd.example"))
    w.poll()
    assert w.together(
        f"{WORD.lower()}2@fremd.example", f"{WORD.lower()}3@fremd.example"
    )


def test_ids_of_expired_mails_are_not_handed_out_again(
    w: Werft, time: VirtualTime
) -> None:
    w.receive(strangers_mail(w, 1))
    w.receive(strangers_mail(w, 2))
    w.poll()
    before = {m.id for m in Message.select()}
    time.later(180)
    night()
    w.receive(strangers_mail(w, 3))
    w.poll()
    (new,) = Message.select()
    assert new.id not in before


def test_the_log_stays(w: Werft, time: VirtualTime) -> None:
    linked_thread(w)
    count = AuditEvent.select().count()
    time.later(400)
    night()
    assert AuditEvent.select().count() == count > 0


def test_many_mails_go_in_batches(w: Werft, time: VirtualTime) -> None:
    for number in range(7):
        w.receive(strangers_mail(w, number))
    w.poll()
    time.later(180)
    with database.transaction():
        first = retention.expired(time.now.date(), limit=3)
        second = retention.expired(time.now.date(), after=first[-1], limit=3)
    assert (len(first), len(second)) == (3, 3)
    assert not set(first) & set(second)
    assert night() == nightly.NightReport(mails=7)


# --- other rows ---------------------------------------------------------------------


def test_resolved_quarantine_rows_go_and_open_ones_stay(
    w: Werft, time: VirtualTime
) -> None:
    mailbox = Mailbox.get(Mailbox.address == VERKAUF)
    folder = MailFolder.create(mailbox=mailbox, role="other", external_id="x", name="x")
    with database.transaction():
        quarantine.put(
            mailbox.id,
            folder.id,
            [quarantine.Rejected("open", "1", "unreadable"),
             quarantine.Rejected("done", "1", "unreadable")],
        )  # fmt: skip
        quarantine.resolve(mailbox.id, ["done"])
    time.later(91)
    assert night() == nightly.NightReport(quarantine_rows=1)
    assert [row.external_id for row in QuarantinedChange.select()] == ["open"]


def test_sign_ins_and_kept_answers_go_when_nobody_can_use_them(
    w: Werft, time: VirtualTime
) -> None:
    with database.transaction():
        account = accounts.create("frei", actor=ACTOR, groups=("Werkstatt",))
        accounts.start_session(account, user_agent="x")
        accounts.start_session(account, user_agent="x", remembered=True)
        value = accounts.create_token("t", TokenScope.READ, account, actor=ACTOR)
        IdempotencyKey.create(
            token=accounts.find_token(value),
            key="k",
            request_hash="",
            status=200,
            answer=WORD,
            at=time.now,
        )
    time.later(2)
    assert night() == nightly.NightReport(sessions=1, answers=1)
    assert [row.remembered for row in WebSession.select()] == [True]
