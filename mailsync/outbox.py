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
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import structlog

from crm_core import clock, database, mailbox_health, pushes
from crm_core.database import transaction
from crm_core.mirror_fields import A_DAY, Judgement, Seen, alive, chosen, judge, same
from crm_core.models import Drift, MailboxStatus
from crm_core.pushes import Due, Push
from mailsync import backoff
from mailsync.errors import (
    Conflict,
    ItemGone,
    MailboxGone,
    MailSyncError,
    Transient,
    Unprocessable,
)
from mailsync.port import ItemRef, MailboxPort, PortFactory, RemoteItem
from mailsync.process_owner import is_dead, process_owner
from mailsync.steps import step
from mailsync.task_mapping import ITEM_KIND, item_ref, seen, wanted_item

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
            record = _Attempt(port, push, self.counts).carry_out()
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


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is asked of the server for one claimed row, and what to record then."""

    port: MailboxPort
    push: Push
    counts: Counter[str]

    def carry_out(self) -> Callable[[], None]:
        """At most one of create, update, delete; returns the record to commit."""
        push = self.push
        if push.external_id is not None and not push.doubt:
            ref = ItemRef(push.external_id, push.change_key)
            with suppress(Conflict, ItemGone):
                return self._update(ref) if push.present else self._delete(ref)
        return self._look()

    def _look(self) -> Callable[[], None]:
        push = self.push
        found = seen(push.kind, self._find())
        step("looked")
        found = self._without_twins(found)
        try:
            if not push.present:
                return self._remove(found)
            return self._settle(found)
        except (Conflict, ItemGone) as error:
            text = "the item changes while we look at it: look again"
            raise Transient(text, code=error.code) from error

    def _find(self) -> list[RemoteItem]:
        push = self.push
        known = push.external_id is not None or push.written.creates > 0
        return self.port.find_task(ITEM_KIND[push.kind], push.crm_key, everywhere=known)

    def _settle(self, found: list[Seen]) -> Callable[[], None]:
        """The copy shall be there: what is found decides."""
        push = self.push
        judgement = judge(push.kind, push.written, push.external_id, found)
        if judgement.drift is not None and not self._history_lost(judgement):
            return self._drifted(judgement)
        item = judgement.item
        if item is None:
            return self._create()
        if push.doubt:
            self.counts["found_after_doubt"] += 1
        if self._is_the_attempt(item):
            return self._pushed(item_ref(item), push.written.creates)
        return self._update(item_ref(item))

    def _history_lost(self, judgement: Judgement) -> bool:
        """An item of ours whose writing a restored backup does not know of: it is
        adopted and brought up to date, unless the employee has finished it.
        """
        never_written = self.push.external_id is None and not self.push.doubt
        return never_written and judgement.drift is Drift.CHANGED

    def _is_the_attempt(self, item: Seen) -> bool:
        """Whether the item found is what the create in doubt has made, word for word
        (an update in doubt may have failed to change the text: it is repeated).
        """
        push = self.push
        made = push.doubt and push.external_id is None
        if not made or push.written.trying_version != push.version:
            return False
        return same(push.kind, push.wanted, item.fields, tolerance=A_DAY)

    def _create(self) -> Callable[[], None]:
        with transaction():
            creates = pushes.about_to_create(self.push)
        step("about to create")
        if creates is None:
            raise Transient("the claim ran out before the request")
        ref = self.port.create_task(wanted_item(self.push))
        step("created")
        return self._pushed(ref, creates)

    def _update(self, ref: ItemRef) -> Callable[[], None]:
        new = self.port.update_task(ref, wanted_item(self.push))
        step("updated")
        return self._pushed(new, self.push.written.creates)

    def _delete(self, ref: ItemRef) -> Callable[[], None]:
        self.port.delete_task(ITEM_KIND[self.push.kind], ref)
        step("deleted")
        return self._removed(confirmed=True)

    def _remove(self, found: list[Seen]) -> Callable[[], None]:
        item = chosen(found, self.push.external_id)
        if item is not None:
            return self._delete(item_ref(item))
        known = bool(found) or self.push.external_id is not None
        return self._removed(confirmed=known)

    def _without_twins(self, found: list[Seen]) -> list[Seen]:
        """One of several living items stays, if creating was tried more than once.

        Otherwise a second one is a copy the employee made, and none of our business.
        """
        living = alive(found)
        if self.push.written.creates < 2 or len(living) < 2:
            return found
        kept = chosen(living, self.push.external_id)
        for twin in living:
            if twin is not kept:
                with suppress(ItemGone):
                    self.port.delete_task(ITEM_KIND[self.push.kind], item_ref(twin))
                step("twin deleted")
        return [item for item in found if item is kept or item not in living]

    def _pushed(self, ref: ItemRef, creates: int) -> Callable[[], None]:
        def record() -> None:
            pushes.record_pushed(
                self.push,
                external_id=ref.external_id,
                change_key=ref.change_key,
                creates=creates,
            )
            self.counts["pushed"] += 1
            _log.info("mirror_pushed", mirror=self.push.mirror_id)

        return record

    def _removed(self, *, confirmed: bool) -> Callable[[], None]:
        def record() -> None:
            pushes.record_removed(self.push, confirmed=confirmed)
            self.counts["removed"] += 1
            _log.info("mirror_removed", mirror=self.push.mirror_id)

        return record

    def _drifted(self, judgement: Judgement) -> Callable[[], None]:
        def record() -> None:
            pushes.record_drift(self.push, judgement)
            self.counts["drifted"] += 1
            _log.info("drift_seen", mirror=self.push.mirror_id)

        return record
