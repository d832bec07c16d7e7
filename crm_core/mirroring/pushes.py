"""Writing copies of tasks into mailboxes: the daemon's half of ``task_mirror``.

A row is *due* while what was written is older than what is wanted, or while the outcome
of an attempt is unknown. Claiming it is one conditional UPDATE; whoever touches the row
is the only one to write it, until the claim runs out. Before any request the claim has
committed, durably, that an attempt is open and what it is about to write:

    due ──claim──► claimed, attempt_open ──record_pushed / removed / drift──► settled
     ▲                  │       │
     │                  │       └─record_failure──► attempt_open, next_attempt_at
     └──claim runs out──┘                           (look first) │ given up: parked
     └───────────────────────────────────────────────────────────┘

Records of a claim that was lost meanwhile change nothing. While drift is open the row
is not due. Only ``mailsync`` calls these functions.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crm_core import audit, clock, events
from crm_core.database import execute, require_transaction
from crm_core.fields import to_text
from crm_core.mirroring import task_text
from crm_core.mirroring.mirror_fields import (
    Judgement,
    OwnFields,
    Written,
    described,
    written_from,
)
from crm_core.mirroring.mirror_wishes import begin_anew, forgive, rows_locked, takes
from crm_core.models import MailboxStatus, MirrorKind, Task, TaskMirror
from crm_core.records import schedule

ACTOR = "mailsync"
CLAIM_LASTS = timedelta(minutes=10)  # longer than every request's time-out together
_ATTEMPTS_KEPT = 8

_DUE = """
SELECT m.id, m.mailbox_id, b.address FROM task_mirror m
JOIN mailbox b ON b.id = m.mailbox_id
WHERE (m.pushed_version < m.wanted_version OR m.attempt_open = 1)
  AND m.drift IS NULL AND m.parked = 0
  AND (m.claimed_until IS NULL OR m.claimed_until <= ?)
  AND (m.next_attempt_at IS NULL OR m.next_attempt_at <= ?)
  AND b.enabled = 1 AND b.paused_at IS NULL
  AND ((m.kind = 'task' AND b.writes_tasks = 1)
       OR (m.kind = 'appointment' AND b.writes_calendar = 1))
  AND b.status NOT IN (?, ?, ?, ?)
  AND (b.next_attempt_at IS NULL OR b.next_attempt_at <= ?)
ORDER BY m.attempts, m.id
"""
_CLOSED = (
    MailboxStatus.STOPPED.value,
    MailboxStatus.GONE.value,
    MailboxStatus.NOT_INFORMED.value,
    MailboxStatus.REMOVED.value,
)


@dataclass(frozen=True, slots=True)
class Due:
    """A row that wants writing, and whose mailbox may be asked now."""

    mirror_id: int
    mailbox_id: int
    address: str


@dataclass(frozen=True, slots=True)
class Push:
    """One claimed piece of work: what shall be, and what is known of what is."""

    mirror_id: int
    task_id: int
    token: str
    kind: MirrorKind
    crm_key: str
    present: bool
    version: int
    external_id: str | None
    change_key: str
    doubt: bool  # an earlier attempt's outcome is unknown: look first
    attempts: int
    written: Written
    wanted: OwnFields
    body: str
    time_zone: str


def due(*, patient: bool = True) -> list[Due]:
    """What wants writing now, never-failed rows first.

    Mailboxes that are stopped, gone, not informed or told to wait are left alone.
    ``patient=False``: our own waiting times between attempts do not count (a person
    asked for it); the server's, kept at the mailbox, always do.
    """
    now = to_text(clock.now())
    latest = now if patient else "9999"
    rows = execute(_DUE, (now, latest, *_CLOSED, now))
    return [Due(*row) for row in rows]


def claim(mirror_id: int, *, owner: str) -> Push | None:
    """Take one due row for ``CLAIM_LASTS``; None if it is not to be had any more.

    The task is read here, so ten edits in a minute are one write.
    """
    require_transaction()
    row = TaskMirror.get_or_none(TaskMirror.id == mirror_id)
    if not isinstance(row, TaskMirror) or not takes(row.mailbox, row.kind):
        return None
    push = _push(row, f"{owner}/{secrets.token_hex(6)}")
    now = clock.now()
    taken = (
        TaskMirror.update(
            claimed_by=push.token,
            claimed_until=now + CLAIM_LASTS,
            attempt_open=True,
            written=push.written.to_json(),
        )
        .where(
            TaskMirror.id == mirror_id,
            TaskMirror.wanted_version == row.wanted_version,
            TaskMirror.wanted_present == row.wanted_present,
            TaskMirror.pushed_version == row.pushed_version,
            TaskMirror.drift.is_null(),
            TaskMirror.parked == 0,
            TaskMirror.claimed_until.is_null() | (TaskMirror.claimed_until <= now),
            (TaskMirror.pushed_version < TaskMirror.wanted_version)
            | (TaskMirror.attempt_open == 1),
        )
        .execute()
    )
    return push if taken == 1 else None


def _push(row: TaskMirror, token: str) -> Push:
    task = Task.get_by_id(row.task_id)
    wanted = task_text.own_fields(task, row.kind)
    written = written_from(row.written)
    present = bool(row.wanted_present) and not written.rewrite
    return Push(
        mirror_id=row.id,
        task_id=row.task_id,
        token=token,
        kind=row.kind,
        crm_key=row.crm_key,
        present=present,
        version=row.wanted_version,
        external_id=row.external_id,
        change_key=row.change_key or "",
        doubt=bool(row.attempt_open),
        attempts=row.attempts,
        written=_attempted(row, written, wanted) if present else written,
        wanted=wanted,
        body=task_text.body(task),
        time_zone=schedule.company_zone().key,
    )


def _attempted(row: TaskMirror, written: Written, wanted: OwnFields) -> Written:
    before = written.trying if row.attempt_open else ()
    version = row.wanted_version
    one = not before or written.trying_version == version
    return replace(
        written,
        trying=(*[t for t in before if t != wanted][-_ATTEMPTS_KEPT:], wanted),
        trying_version=version if one else 0,
    )


def about_to_create(push: Push) -> int | None:
    """Committed before every request to create: how many there may have been by then.

    None if the claim was lost meanwhile; nothing may be created then.
    """
    row = _mine(push)
    if row is None:
        return None
    written = written_from(row.written)
    creates = written.creates + 1
    row.written = replace(written, creates=creates).to_json()
    row.save(only=["written"])
    return creates


def claims() -> list[str]:
    """Who holds rows now."""
    rows = execute("SELECT DISTINCT claimed_by FROM task_mirror WHERE claimed_by <> ''")
    return [str(row[0]) for row in rows]


def release(tokens: Iterable[str]) -> None:
    """Give back the rows of processes that are known to be dead; doubt stays."""
    require_transaction()
    TaskMirror.update(claimed_by=None, claimed_until=None).where(
        TaskMirror.claimed_by.in_(list(tokens))
    ).execute()


def record_pushed(
    push: Push, *, external_id: str, change_key: str, creates: int
) -> None:
    """The item is written as claimed; ``creates`` = requests that may have made one.

    What was wanted meanwhile stays wanted.
    """
    row = _mine(push)
    if row is None:
        return
    row.external_id, row.change_key = external_id, change_key
    row.written = Written(
        fields=push.wanted, creates=creates, followed=push.written.followed
    ).to_json()
    row.pushed_version = push.version
    _settle(row)
    audit.record(ACTOR, "mirror_pushed", f"task:{push.task_id}")


def record_removed(push: Push, *, confirmed: bool) -> None:
    """The item is gone; ``confirmed``: we removed it or saw it in Deleted Items.

    If it is wanted (again), the next one gets another key: what lies in Deleted Items
    is no longer ours. If nothing was ever found although creating it was tried, the key
    is kept, so that an item landing late is recognised.
    """
    row = _mine(push)
    if row is None:
        return
    if row.wanted_present:
        begin_anew(row)
    else:
        row.external_id = row.change_key = None
        late = 0 if confirmed else push.written.creates
        row.written = Written(creates=late).to_json()
        row.pushed_version = push.version
    _settle(row)
    audit.record(ACTOR, "mirror_removed", f"task:{push.task_id}")


def record_drift(push: Push, judgement: Judgement) -> None:
    """The employee has the item otherwise than we left it: writing stops here."""
    row = _mine(push)
    if row is not None and row.wanted_present:
        set_drift(row, judgement)
        _settle(row)
    elif row is not None:  # unwanted meanwhile: the next attempt looks, and removes
        _give_back(row)


def record_failure(
    push: Push, *, code: str, text: str, next_attempt_at: datetime, park: bool
) -> None:
    """The attempt failed, its outcome is unknown: look first next time."""
    row = _mine(push)
    if row is None:
        return
    row.attempts += 1
    row.next_attempt_at, row.parked = next_attempt_at, park
    row.failure_code, row.failure = code, text
    _give_back(row)
    if park:
        audit.record(ACTOR, "mirror_parked", f"task:{push.task_id}", detail=code)
        entry = Task.get_by_id(push.task_id).entry_id
        events.follow("mirror_parked", entry, task=push.task_id, reason=code)


def record_refusal(push: Push, *, code: str, text: str) -> None:
    """The mailbox as a whole cannot be used: no fault of this row, which is due again
    as soon as the mailbox is.
    """
    row = _mine(push)
    if row is not None:
        row.failure_code, row.failure = code, text
        _give_back(row)


def postpone(
    mailbox_id: int, kind: MirrorKind, *, until: datetime, code: str, text: str
) -> None:
    """All rows of a folder that cannot be written now wait until then."""
    require_transaction()
    TaskMirror.update(next_attempt_at=until, failure_code=code, failure=text).where(
        TaskMirror.mailbox == mailbox_id,
        TaskMirror.kind == kind,
        TaskMirror.parked == 0,
        (TaskMirror.pushed_version < TaskMirror.wanted_version)
        | (TaskMirror.attempt_open == 1),
    ).execute()


def set_drift(row: TaskMirror, judgement: Judgement) -> None:
    """Write down what became of the item; the same drift again is no news."""
    written = written_from(row.written)
    item = judgement.item
    seen = item.fields if item else None
    news = row.drift is not judgement.drift or written.seen != seen
    if item is not None:
        row.external_id, row.change_key = item.external_id, item.change_key
    row.written = replace(
        written, fields=written.fields or written.baseline, trying=(), seen=seen
    ).to_json()
    if news:
        row.drift, row.drift_at = judgement.drift, clock.now()
        row.drift_detail = described(row.kind, written.baseline, seen) or None
        audit.record(
            ACTOR, "drift_seen", f"task:{row.task_id}", detail=str(row.drift or "")
        )
        entry, why = Task.get_by_id(row.task_id).entry_id, str(row.drift or "")
        events.follow("drift_seen", entry, task=row.task_id, reason=why)


def _mine(push: Push) -> TaskMirror | None:
    """The row, if the claim still holds."""
    require_transaction()
    rows = rows_locked(TaskMirror.id == push.mirror_id)
    return next((row for row in rows if row.claimed_by == push.token), None)


def _settle(row: TaskMirror) -> None:
    row.attempt_open = False
    forgive(row)
    _give_back(row)


def _give_back(row: TaskMirror) -> None:
    row.claimed_by = row.claimed_until = None
    row.save()
