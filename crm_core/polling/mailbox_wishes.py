"""What people want the daemon to do with a mailbox, as rows: ask, take, finish.

The pages know no Exchange and the daemon knows no browser; a wish is where they meet.

    asked ──taken by the daemon──► taken ──► finished, with a result
      │                             │  ▲
      │ nobody took it in time      └──┘ the lease ran out (a killed daemon): once more
      ▼                                  after MOST_TRIES it is given up
    finished: expired

At most one wish of a kind is open per mailbox: asking again changes nothing. What is
done may be done twice, so a wish that was interrupted is simply taken again. A
back-fill is taken once and stays open until its mailbox was read to the end.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm_core import audit, clock, database
from crm_core.errors import Conflict
from crm_core.fields import from_text, to_text
from crm_core.models import Mailbox, MailboxWish, WishKind

LEASE = timedelta(minutes=3)
MOST_TRIES = 3
KEPT = timedelta(days=30)
REFUSED_LOG_INS = frozenset({"E201", "E202"})
MOST_REFUSED = 5  # tests an hour that a log-in may fail, so that no account is locked

_PATIENCE = {WishKind.BACKFILL: timedelta(hours=24)}
_OTHERWISE = timedelta(minutes=10)
_ACTION = {
    WishKind.TEST: "mailbox_test_asked",
    WishKind.POLL_NOW: "mailbox_poll_asked",
    WishKind.BACKFILL: "mailbox_backfill_asked",
    WishKind.RELOAD: "configuration_reload_asked",
}
_DONE = {
    WishKind.TEST: "mailbox_tested",
    WishKind.POLL_NOW: "mailbox_polled",
    WishKind.BACKFILL: "mailbox_backfilled",
    WishKind.RELOAD: "configuration_reloaded",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A wish in the daemon's hands."""

    id: int
    kind: WishKind
    mailbox: int | None
    tries: int


@dataclass(frozen=True, slots=True)
class PollWish:
    """A wish that the next poll of its mailbox begins, or goes on with."""

    id: int
    mailbox: int
    kind: WishKind
    since: date | None
    asked_at: datetime
    begun: bool


def ask(
    kind: WishKind,
    mailbox: Mailbox | None = None,
    *,
    actor: str,
    since: date | None = None,
) -> MailboxWish:
    """Want it done; an open wish of the kind is returned as it is.

    Raises Conflict for a mailbox that may not be asked for anything now, for a second
    back-fill from another date, and for one more test of a log-in that keeps failing.
    """
    database.require_transaction()
    expire()
    if mailbox is not None:
        _refuse_unreadable(mailbox, kind)
    open_ = _open(kind, mailbox)
    if open_ is not None:
        if since != open_.since:
            raise Conflict(
                "a back-fill from {date} is going on already: wait for its end",
                date=f"{open_.since:%d.%m.%Y}" if open_.since else "–",
            )
        return open_
    if kind is WishKind.TEST and mailbox is not None:
        _spare_the_log_in(mailbox)
    now = clock.now()
    row: MailboxWish = MailboxWish.create(
        mailbox=mailbox,
        kind=kind,
        since=since,
        asked_by=actor,
        asked_at=now,
        expires_at=now + _PATIENCE.get(kind, _OTHERWISE),
    )
    subject = "configuration" if mailbox is None else f"mailbox:{mailbox.id}"
    detail = "" if since is None else since.isoformat()
    audit.record(actor, _ACTION[kind], subject, detail=detail)
    return row


def _refuse_unreadable(mailbox: Mailbox, kind: WishKind) -> None:
    if not mailbox.enabled:
        raise Conflict("the mailbox {mailbox} is not read", mailbox=mailbox.name)
    if mailbox.paused_at is not None and kind is not WishKind.BACKFILL:
        raise Conflict(
            "the mailbox {mailbox} is paused: resume it first", mailbox=mailbox.name
        )


def _spare_the_log_in(mailbox: Mailbox) -> None:
    """Wrong passwords lock accounts: few tries an hour for all mailboxes of a server."""
    hour = to_text(clock.now() - timedelta(hours=1))
    rows = database.execute(
        "SELECT w.finished_at, w.result FROM mailbox_wish w "
        "JOIN mailbox b ON b.id = w.mailbox_id WHERE w.kind = ? AND b.server = ? "
        "AND w.finished_at > ? ORDER BY w.finished_at",
        (WishKind.TEST.value, mailbox.server, hour),
    )
    refused = [
        from_text(at)
        for at, said in rows
        if said and json.loads(said).get("code") in REFUSED_LOG_INS
    ]
    if len(refused) >= MOST_REFUSED:
        again = refused[-MOST_REFUSED] + timedelta(hours=1)
        minutes = max(1, round((again - clock.now()).total_seconds() / 60))
        raise Conflict(
            "the log-in was refused {count} times within an hour: wait {minutes} "
            "minutes, or the account may be locked",
            count=len(refused),
            minutes=minutes,
        )


def _open(kind: WishKind, mailbox: Mailbox | None) -> MailboxWish | None:
    where = (
        MailboxWish.mailbox.is_null()
        if mailbox is None
        else MailboxWish.mailbox == mailbox.id
    )
    found: MailboxWish | None = MailboxWish.get_or_none(
        MailboxWish.kind == kind, MailboxWish.finished_at.is_null(), where
    )
    return found


# --- the daemon's half ------------------------------------------------------------


def anything_open() -> bool:
    """Whether there is work; cheap, asked every second or two."""
    return bool(
        database.execute("SELECT 1 FROM mailbox_wish WHERE finished_at IS NULL LIMIT 1")
    )


def to_take(kind: WishKind) -> list[Taken]:
    """Open wishes of a kind that nobody works on, oldest first (tests, reloads)."""
    now = to_text(clock.now())
    rows = database.execute(
        "SELECT id, mailbox_id, tries FROM mailbox_wish WHERE kind = ? "
        "AND finished_at IS NULL AND (taken_at IS NOT NULL OR expires_at > ?) "
        "AND (leased_until IS NULL OR leased_until < ?) ORDER BY id",
        (kind.value, now, now),
    )
    return [Taken(row[0], kind, row[1], row[2]) for row in rows]


def of_polls(mailbox: int | None = None) -> list[PollWish]:
    """Open wishes that a poll of their mailbox fulfils; of one mailbox, or of all."""
    rows = database.execute(
        "SELECT id, mailbox_id, kind, since, asked_at, taken_at FROM mailbox_wish "
        "WHERE finished_at IS NULL AND kind IN ('poll_now', 'backfill') "
        "AND (taken_at IS NOT NULL OR expires_at > ?) "
        "AND (mailbox_id = ? OR ? = 0) ORDER BY id",
        (to_text(clock.now()), mailbox or 0, mailbox or 0),
    )
    return [
        PollWish(
            id=row[0],
            mailbox=row[1],
            kind=WishKind(row[2]),
            since=None if row[3] is None else date.fromisoformat(row[3]),
            asked_at=from_text(row[4]),
            begun=row[5] is not None,
        )
        for row in rows
    ]


def begin(wish: int) -> bool:
    """A poll begins to fulfil it; False if that was so already. It has no lease: the
    mailbox's own says who polls.
    """
    database.require_transaction()
    return (
        database.execute_count(
            "UPDATE mailbox_wish SET taken_at = ? WHERE id = ? AND taken_at IS NULL",
            (to_text(clock.now()), wish),
        )
        == 1
    )


def take(wish: int) -> bool:
    """Take it for ``LEASE``; False if another daemon has it, or it is over."""
    database.require_transaction()
    now = clock.now()
    return (
        database.execute_count(
            "UPDATE mailbox_wish SET taken_at = coalesce(taken_at, ?), "
            "leased_until = ?, tries = tries + 1 WHERE id = ? "
            "AND finished_at IS NULL AND (leased_until IS NULL OR leased_until < ?)",
            (to_text(now), to_text(now + LEASE), wish, to_text(now)),
        )
        == 1
    )


def finish(wish: int, result: Mapping[str, Any], *, actor: str = "mailsync") -> bool:
    """Write down what came of it, once; False if somebody did already."""
    database.require_transaction()
    said = json.dumps(dict(result), ensure_ascii=False)
    touched = database.execute_count(
        "UPDATE mailbox_wish SET finished_at = ?, leased_until = NULL, result = ? "
        "WHERE id = ? AND finished_at IS NULL",
        (to_text(clock.now()), said, wish),
    )
    if touched:
        row = MailboxWish.get_by_id(wish)
        where = (
            "configuration" if row.mailbox_id is None else f"mailbox:{row.mailbox_id}"
        )
        outcome = str(result.get("code") or result.get("outcome") or "")
        audit.record(actor, _DONE[row.kind], where, detail=outcome)
    return bool(touched)


def expire() -> int:
    """Close what nobody took in time, and what was begun too often; how many."""
    database.require_transaction()
    now = to_text(clock.now())
    waited = database.execute_count(
        "UPDATE mailbox_wish SET finished_at = ?, result = ? WHERE finished_at IS NULL "
        "AND taken_at IS NULL AND expires_at <= ?",
        (now, '{"outcome": "expired"}', now),
    )
    begun = database.execute_count(
        "UPDATE mailbox_wish SET finished_at = ?, result = ? WHERE finished_at IS NULL "
        "AND tries >= ? AND leased_until < ?",
        (now, '{"outcome": "gave_up"}', MOST_TRIES, now),
    )
    return waited + begun


def forget(now: datetime) -> int:
    """Remove finished wishes nobody looks at any more; how many."""
    database.require_transaction()
    return database.execute_count(
        "DELETE FROM mailbox_wish WHERE finished_at < ?", (to_text(now - KEPT),)
    )
