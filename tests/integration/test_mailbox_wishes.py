"""What people want done with a mailbox: asked on a page, done by the daemon, once."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werft import MAILBOXES, VERKAUF, Werft, werft

from crm_core import clock, database
from crm_core.database import transaction
from crm_core.errors import Conflict
from crm_core.models import (
    AuditEvent,
    Entry,
    Mailbox,
    MailboxPoll,
    MailboxStatus,
    MailboxWish,
    Message,
    WishKind,
)
from crm_core.polling import mailbox_polls, mailbox_wishes, mailboxes
from exchange_sandbox.faults import FaultRule
from mailsync import sync, wishes
from mailsync.mailbox_test import Endpoint
from mailsync.sync import MailboxReport, MailboxRules


class VirtualTime:
    """The present moment, until told to go on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def w(db: str, tmp_path: Path) -> Iterator[Werft]:
    del db
    with werft(tmp_path) as company:
        yield company


def box(address: str = VERKAUF) -> Mailbox:
    found = Mailbox.get(Mailbox.address == address)
    assert isinstance(found, Mailbox)
    return found


def ask(kind: WishKind, since: date | None = None, address: str = VERKAUF) -> int:
    with transaction():
        wish = mailbox_wishes.ask(kind, box(address), actor="user:gl", since=since)
    return int(wish.id)


def result(wish: int) -> dict[str, Any]:
    said = MailboxWish.get_by_id(wish).result
    assert said is not None, "nothing came of it yet"
    found = json.loads(said)
    assert isinstance(found, dict)
    return found


def tend(w: Werft, hurried: list[str] | None = None) -> None:
    """What the daemon's job ``wishes`` does."""

    def endpoint_of(_address: str) -> Endpoint:
        return Endpoint(w.sandbox.url)

    hurry = (hurried if hurried is not None else []).append
    wishes.tend(w.settings, endpoint_of, hurry, lambda: False)


def poll(w: Werft, address: str = VERKAUF) -> MailboxReport:
    """What the daemon's job of a mailbox does."""
    mailbox = box(address).id
    wishes.before_poll(mailbox, w.settings.keeping.zone)
    report = sync.poll_mailbox(w.settings, mailbox, lambda: False)
    wishes.after_poll(report)
    return report


def ticks(wish: int) -> dict[str, str]:
    return {tick["step"]: tick["state"] for tick in result(wish)["ticks"]}


# --- «Testen» ---------------------------------------------------------------------


def test_a_good_mailbox_gets_its_ticks_over_http(w: Werft) -> None:
    wish = ask(WishKind.TEST)
    tend(w)
    assert ticks(wish) == {
        "dns": "ok",
        "tls": "none",  # http
        "login": "ok",
        "mailbox": "ok",
        "folders": "ok",
    }
    assert result(wish)["code"] is None
    assert Message.select().count() == 0


@pytest.mark.parametrize(
    ("fault", "step", "code"),
    [
        ({"kind": "401"}, "login", "E201"),
        (
            {"kind": "soap_fault", "code": "ErrorImpersonateUserDenied"},
            "mailbox",
            "E211",
        ),
        ({"kind": "item_error", "code": "ErrorAccessDenied"}, "folders", "E212"),
    ],
)
def test_the_first_tick_that_fails_names_the_cause(
    w: Werft, fault: dict[str, str], step: str, code: str
) -> None:
    w.sandbox.faults.add(FaultRule(**fault))
    wish = ask(WishKind.TEST)
    tend(w)
    said = ticks(wish)
    assert said[step] == "failed"
    steps = list(said)
    assert all(said[s] in {"ok", "none"} for s in steps[: steps.index(step)])
    assert all(said[s] == "untried" for s in steps[steps.index(step) + 1 :])
    assert result(wish)["code"] == code


def test_a_name_that_nobody_knows_fails_the_first_tick(w: Werft) -> None:
    wish = ask(WishKind.TEST)
    nowhere = Endpoint("https://mail.invalid/EWS/Exchange.asmx")
    wishes.tend(w.settings, lambda _a: nowhere, str, lambda: False)
    assert ticks(wish)["dns"] == "failed"
    assert result(wish)["code"] == "E251"


def test_a_stopped_mailbox_that_passes_goes_on(w: Werft) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    Mailbox.update(
        status=MailboxStatus.STOPPED, status_code="E201", next_attempt_at=until
    ).where(Mailbox.address == VERKAUF).execute()
    ask(WishKind.TEST)
    tend(w)
    assert box().status is MailboxStatus.NEW
    assert poll(w).problem is None


def test_asking_twice_is_asking_once(w: Werft) -> None:
    assert ask(WishKind.TEST) == ask(WishKind.TEST)
    tend(w)
    first = MailboxWish.get().finished_at
    tend(w)
    assert MailboxWish.get().finished_at == first
    said = AuditEvent.select().where(AuditEvent.action.contains("mailbox_test"))
    assert [(one.actor, one.action) for one in said.order_by(AuditEvent.id)] == [
        ("user:gl", "mailbox_test_asked"),
        ("mailsync", "mailbox_tested"),
    ]


def test_a_test_that_was_killed_is_taken_again_and_given_up_in_the_end(
    w: Werft,
) -> None:
    time = VirtualTime()
    with clock.use(time):
        wish = ask(WishKind.TEST)
        for _ in range(mailbox_wishes.MOST_TRIES):
            (waiting,) = mailbox_wishes.to_take(WishKind.TEST)
            with transaction():
                assert mailbox_wishes.take(waiting.id)
            with transaction():  # another daemon does not get it meanwhile
                assert not mailbox_wishes.take(waiting.id)
            time.pass_(mailbox_wishes.LEASE + timedelta(seconds=1))
        tend(w)
    assert result(wish) == {"outcome": "gave_up"}


def test_what_nobody_took_in_time_is_never_done(w: Werft) -> None:
    time = VirtualTime()
    with clock.use(time):
        wish = ask(WishKind.TEST)
        time.pass_(timedelta(minutes=11))
        tend(w)
        assert result(wish) == {"outcome": "expired"}
        ask(WishKind.TEST)  # and a new one may be asked


def test_a_log_in_that_is_refused_is_not_tried_until_it_is_locked(w: Werft) -> None:
    w.sandbox.faults.add(FaultRule("401", count=100))
    for _ in range(mailbox_wishes.MOST_REFUSED):
        ask(WishKind.TEST)
        tend(w)
    with pytest.raises(Conflict, match="refused 5 times within an hour"):
        ask(WishKind.TEST)
    later = datetime.now(UTC) + timedelta(minutes=61)
    with clock.use(lambda: later):
        ask(WishKind.TEST)


def test_a_mailbox_that_may_not_be_read_is_not_even_tested(w: Werft) -> None:
    Mailbox.update(enabled=0).where(Mailbox.address == VERKAUF).execute()
    with pytest.raises(Conflict, match="is not read"):
        ask(WishKind.TEST)


# --- polls ------------------------------------------------------------------------


def test_a_poll_that_is_wanted_is_hurried_and_fulfilled(w: Werft) -> None:
    w.receive(w.mail("meier@kunde.example", VERKAUF, "Boot", id="a@kunde.example"))
    wish = ask(WishKind.POLL_NOW)
    hurried: list[str] = []
    tend(w, hurried)
    assert hurried == ["verkauf"]
    poll(w)
    assert result(wish) == {"mails": 1, "code": None}


def test_each_poll_leaves_one_row_and_old_rows_go(w: Werft) -> None:
    w.receive(w.mail("meier@kunde.example", VERKAUF, "Boot", id="a@kunde.example"))
    poll(w)
    w.sandbox.faults.add(FaultRule("busy", operation="SyncFolderItems"))
    poll(w)
    rows = list(MailboxPoll.select().order_by(MailboxPoll.id))
    assert [(row.mails, row.code) for row in rows] == [(1, None), (0, "E221")]
    assert rows[0].answer_ms is not None
    with transaction():
        assert mailbox_polls.forget(clock.now()) == 0
        assert mailbox_polls.forget(clock.now() + timedelta(days=4)) == 2


# --- pause ------------------------------------------------------------------------


def test_a_paused_mailbox_is_asked_for_nothing_until_it_goes_on(w: Werft) -> None:
    with transaction():
        mailboxes.pause(box(), actor="user:gl")
        mailboxes.pause(box(), actor="user:frei")  # already
    before = sum(w.sandbox.ledger.verbs().values())
    assert not poll(w).asked
    assert sum(w.sandbox.ledger.verbs().values()) == before
    assert box().paused_by == "user:gl"
    with pytest.raises(Conflict, match="is paused"):
        ask(WishKind.TEST)
    with transaction():
        mailboxes.resume(box(), actor="user:gl")
    assert poll(w).asked


def test_a_pause_during_a_read_keeps_what_was_read(w: Werft) -> None:
    for number in range(3):
        w.receive(
            w.mail("meier@kunde.example", VERKAUF, "Boot", id=f"{number}@kunde.example")
        )

    def paused_meanwhile() -> bool:
        with transaction():
            mailboxes.pause(box(), actor="user:gl")
        return False

    sync.poll_mailbox(w.settings, box().id, paused_meanwhile)
    with transaction():
        mailboxes.resume(box(), actor="user:gl")
    poll(w)
    assert Message.select().count() == 3


# --- back-fill --------------------------------------------------------------------


def since(w: Werft, day: str) -> None:
    """The configuration reads from this day on."""
    moment = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    rules = MailboxRules(authserv_id="mx.werft.example", since=moment)
    w.settings.rules.update(dict.fromkeys(MAILBOXES, rules))  # type: ignore[attr-defined]


def test_a_back_fill_reads_what_was_too_old_and_starts_nothing(w: Werft) -> None:
    w.address("meier@kunde.example")
    sent = w.mail(VERKAUF, "meier@kunde.example", "Boot #offerte", id="o@werft.example")
    w.submit(sent, VERKAUF)
    since(w, "2027-01-01")
    poll(w)
    assert Message.select().count() == 0
    wish = ask(WishKind.BACKFILL, date(2026, 1, 1))
    report = poll(w)
    assert report.outcome.new == 1
    assert result(wish) == {"outcome": "done", "items": 1}
    assert Entry.select().count() == 0, "an old keyword opened an entry"
    assert poll(w).outcome.new == 0
    assert Message.get().internet_id == "o@werft.example"


def test_the_same_mail_opens_an_entry_where_it_is_news(w: Werft) -> None:
    """The control: only the back-fill keeps the keyword from its effect."""
    w.address("meier@kunde.example")
    sent = w.mail(VERKAUF, "meier@kunde.example", "Boot #offerte", id="o@werft.example")
    w.submit(sent, VERKAUF)
    poll(w)
    assert Entry.select().count() == 1


def test_an_interrupted_back_fill_goes_on_and_begins_only_once(w: Werft) -> None:
    w.receive(w.mail("meier@kunde.example", VERKAUF, "Boot", id="a@kunde.example"))
    poll(w)
    wish = ask(WishKind.BACKFILL, date(2026, 1, 1))
    w.sandbox.faults.add(FaultRule("busy", operation="SyncFolderItems"))
    assert poll(w).problem is not None
    assert MailboxWish.get_by_id(wish).finished_at is None
    sweeps = [row[0] for row in database.execute("SELECT sweep FROM mail_folder")]
    Mailbox.update(next_attempt_at=None).where(Mailbox.address == VERKAUF).execute()
    assert poll(w).problem is None
    assert [
        row[0] for row in database.execute("SELECT sweep FROM mail_folder")
    ] == sweeps
    assert result(wish)["outcome"] == "done"
    assert Message.select().count() == 1


def test_a_second_back_fill_from_another_day_waits(w: Werft) -> None:
    ask(WishKind.BACKFILL, date(2026, 1, 1))
    assert ask(WishKind.BACKFILL, date(2026, 1, 1))
    with pytest.raises(Conflict, match="going on already"):
        ask(WishKind.BACKFILL, date(2025, 1, 1))
