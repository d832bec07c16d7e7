"""What is due once a night, by the company's clock: what has expired is removed.

    night = the local day that began at 02:00 ──► done for it already? ──► nothing
                                               └► no ──► batches, one transaction each

Level-triggered: whoever comes first after 02:00 does it, the daemon's job, a daemon
that was off that night, or ``sync-once``. Which night was done stands in a row, so a
restart repeats nothing; a crash in between repeats what is idempotent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from crm_core import clock, database, search
from crm_core.mail import retention
from crm_core.models import Setting
from crm_core.polling import mailbox_polls, mailbox_wishes
from mailsync.steps import step

NIGHT_BEGINS = timedelta(hours=2)
_DONE = "night_done"
_QUEUE = 0x43524D33

log = structlog.get_logger("mailsync.nightly")


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long unlinked mail is kept, and by whose clock a night begins."""

    unlinked_days: int = 90
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Zurich"))


@dataclass(frozen=True, slots=True)
class NightReport:
    """What expired."""

    mails: int = 0
    quarantine_rows: int = 0
    sessions: int = 0
    answers: int = 0


def night_of(now: datetime, zone: ZoneInfo) -> date:
    """The night that ``now`` belongs to: the local day that began at 02:00."""
    return (now.astimezone(zone) - NIGHT_BEGINS).date()


def expire_if_due(
    keeping: Keeping, should_stop: Callable[[], bool]
) -> NightReport | None:
    """Remove what has expired, once a night; None if it is done already."""
    tonight = night_of(clock.now(), keeping.zone)
    if _done() == tonight.isoformat():
        return None
    report = expire(keeping, should_stop)
    if should_stop():
        return report
    with database.transaction():
        _remember(tonight)
    log.info(
        "expired",
        mails=report.mails,
        quarantine_rows=report.quarantine_rows,
        sessions=report.sessions,
        answers=report.answers,
    )
    return report


def _merge_index(should_stop: Callable[[], bool]) -> None:
    """A day's mail lies in many pieces of the search index, and removing is dear then."""
    begin, more = True, True
    while more and not should_stop():
        with database.transaction():
            more = search.merge_some(begin=begin)
        begin = False


def expire(keeping: Keeping, should_stop: Callable[[], bool]) -> NightReport:
    """Remove what has expired, whatever the hour; also from the WAL (SQLite)."""
    _merge_index(should_stop)
    now = clock.now()
    kept_from = now - timedelta(days=keeping.unlinked_days)
    mails = _expire_mails(kept_from.date(), should_stop)
    with database.transaction():
        report = NightReport(
            mails,
            retention.forget_resolved(kept_from),
            retention.forget_sessions(now),
            retention.forget_answers(now),
        )
        mailbox_polls.forget(now)
        mailbox_wishes.forget(now)
    database.checkpoint()
    return report


def _expire_mails(kept_from: date, should_stop: Callable[[], bool]) -> int:
    done, after = 0, 0
    while not should_stop():
        with database.transaction():
            database.stand_in_line(_QUEUE)  # another daemon may be at it
            batch = retention.expired(kept_from, after=after)
            retention.expire(batch)
        step("mails_expired")
        if not batch:
            break
        done, after = done + len(batch), batch[-1]
    return done


def _done() -> str | None:
    row = Setting.get_or_none(Setting.name == _DONE)
    return row.value if isinstance(row, Setting) else None


def _remember(tonight: date) -> None:
    database.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_DONE, tonight.isoformat()),
    )
