"""Writing tasks and appointments into mailboxes: compare, claim, look, write, record.

MUST BE IDEMPOTENT: every row may come here again after a crash at any step.

    due ─claim─► claimed (attempt open, committed before the first request)
                   │
                   ├─ known item, no doubt ──► update / delete ──ok──► record
                   │                            │ Conflict, ItemGone
                   │                            ▼
                   └─ doubt, or nothing known ► look by key (own folder, trash, others)
                        │ as we left it │ otherwise  │ nothing    │ in Deleted Items
                        ▼               ▼            ▼            ▼
                     update           drift       never there:  drift «deleted»:
                        │               │          create       never made again
                        ▼               ▼            ▼          by itself
                     record           record       record
    any failure ─► attempts + 1, wait, and *look* next time; never a blind repeat

One item per request, no transaction open during one. Three failures in a row, or the
server's wish for a pause, end the run for that mailbox; the others go on.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import structlog

from crm_core import clock, database
from crm_core.database import transaction
from crm_core.mirroring import pushes
from crm_core.mirroring.pushes import Due, Push
from crm_core.models import MailboxStatus
from crm_core.polling import mailbox_health
from mailsync import backoff
from mailsync.errors import MailboxGone, MailSyncError, Unprocessable
from mailsync.port import MailboxPort, PortFactory
from mailsync.process_owner import is_dead, process_owner
from mailsync.push_attempt import Attempt
from mailsync.steps import step

DEFAULT_LIMIT = 500
PARK_REFUSED = 5  # the server refuses this item: a few tries tell
PARK_FAILED = 80  # about three days at one try an hour: outages end by themselves
_IN_A_ROW = 3
_TURNS = 3  # a row written anew comes twice: removed, then made
_FOLDER_CODES = frozenset({"E212", "E234"})  # this folder, not the whole mailbox


_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OutboxResult:
    """What a run did, counted. ``failed`` rows are tried again or parked."""

    pushed: int = 0
    removed: int = 0
    drifted: int = 0
    failed: int = 0
    parked: int = 0
    found_after_doubt: int = 0


def push_due(
    open_port: PortFactory,
    *,
    limit: int = DEFAULT_LIMIT,
    should_stop: Callable[[], bool] = lambda: False,
    patient: bool = True,
    random: Random | None = None,
) -> OutboxResult:
    """Write what is due, at most ``limit`` rows; a failure never stops other mailboxes.

    ``patient=False`` skips our own waiting times between attempts (a person asked for
    it), never the server's. What escapes is a bug; the row it happened at is put back.
    """
    _release_the_dead()
    run = _Run(open_port, random or Random())  # noqa: S311 - jitter, no secret
    try:
        while limit > 0 and not should_stop():
            batch = [one for one in pushes.due(patient=patient) if run.may_try(one)]
            if not batch:
                break
            for one in batch[:limit]:
                limit -= 1
                if run.may_try(one) and not should_stop():
                    run.push(one)
    finally:
        run.close()
    return run.result()


def _release_the_dead() -> None:
    one_host = not database.is_postgres()
    dead = [who for who in pushes.claims() if is_dead(who, one_host=one_host)]
    if dead:
        with transaction():
            pushes.release(dead)


@dataclass(slots=True)
class _Run:
    """One run over the due rows: open ports, counts, and who rests."""

    open_port: PortFactory
    random: Random
    counts: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    trouble: Counter[int] = field(default_factory=Counter)
    ports: dict[int, MailboxPort] = field(default_factory=dict)

    def may_try(self, due: Due) -> bool:
        tired = self.trouble[due.mailbox_id] >= _IN_A_ROW
        return not tired and self.turns[due.mirror_id] < _TURNS

    def push(self, due: Due) -> None:
        """One row: claimed, carried out, recorded."""
        self.turns[due.mirror_id] += 1
        try:
            port = self._port(due)
        except MailSyncError as error:
            self._refused(due, error)
            return
        with transaction():
            push = pushes.claim(due.mirror_id, owner=process_owner())
        step("claimed")
        if push is None:
            return
        try:
            record = Attempt(port, push, self.counts).carry_out()
        except MailSyncError as error:
            self._failed(due, push, error)
            return
        except Exception as error:  # poison guard: push the row forward and re-raise
            self._postponed(push, Unprocessable(type(error).__name__, code="E252"))
            raise
        with transaction():
            record()
        step("recorded")
        self.trouble[due.mailbox_id] = 0

    def _port(self, due: Due) -> MailboxPort:
        if due.mailbox_id not in self.ports:
            self.ports[due.mailbox_id] = self.open_port(due.address)
        return self.ports[due.mailbox_id]

    def _failed(self, due: Due, push: Push, error: MailSyncError) -> None:
        self.turns[due.mirror_id] = _TURNS
        if error.code in _FOLDER_CODES:
            self._folder_refused(due, push, error)
        elif backoff.stops(error):
            with transaction():
                pushes.record_refusal(push, code=error.code, text=str(error))
            self._refused(due, error)
        else:
            wait = self._postponed(push, error)
            self.trouble[due.mailbox_id] += 1
            if backoff.server_wish(error) is not None:
                self._hold(due, error, wait)

    def _postponed(self, push: Push, error: MailSyncError) -> timedelta:
        attempts = push.attempts + 1
        wait = timedelta(seconds=backoff.delay(attempts, error, self.random))
        most = PARK_REFUSED if isinstance(error, Unprocessable) else PARK_FAILED
        with transaction():
            pushes.record_failure(
                push,
                code=error.code,
                text=str(error),
                next_attempt_at=clock.now() + wait,
                park=attempts >= most,
            )
        step("failure recorded")
        self.counts["parked" if attempts >= most else "failed"] += 1
        _log.warning("mirror_failed", mirror=push.mirror_id, code=error.code)
        return wait

    def _folder_refused(self, due: Due, push: Push, error: MailSyncError) -> None:
        """One folder cannot be written: its rows wait, the mail is polled on."""
        self.trouble[due.mailbox_id] = _IN_A_ROW
        until = clock.now() + timedelta(seconds=backoff.CAP)
        with transaction():
            pushes.record_refusal(push, code=error.code, text=str(error))
            pushes.postpone(
                due.mailbox_id,
                push.kind,
                until=until,
                code=error.code,
                text=str(error),
            )
        self.counts["failed"] += 1
        _log.warning("folder_refused", mailbox=due.mailbox_id, code=error.code)

    def _refused(self, due: Due, error: MailSyncError) -> None:
        """The mailbox as a whole: it rests, the others go on."""
        self.trouble[due.mailbox_id] = _IN_A_ROW
        self.counts["failed"] += 1
        if backoff.stops(error):
            gone = isinstance(error, MailboxGone)
            status = MailboxStatus.GONE if gone else MailboxStatus.STOPPED
            until = clock.now() + timedelta(seconds=backoff.CAP)
            with transaction():
                mailbox_health.stop(
                    due.mailbox_id, status, until, code=error.code, detail=str(error)
                )
        _log.warning("mailbox_refused", mailbox=due.mailbox_id, code=error.code)

    def _hold(self, due: Due, error: MailSyncError, wait: timedelta) -> None:
        self.trouble[due.mailbox_id] = _IN_A_ROW
        with transaction():
            mailbox_health.hold(
                due.mailbox_id,
                clock.now() + wait,
                code=error.code,
                detail=str(error),
            )

    def close(self) -> None:
        for port in self.ports.values():
            port.close()

    def result(self) -> OutboxResult:
        return OutboxResult(**self.counts)
