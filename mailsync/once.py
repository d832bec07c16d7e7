"""Everything once, in the foreground: what ``mailsync sync-once`` does.

    poll every mailbox to its end ──► push every due task ──► look at the task folders
        ▲          │ back-off that is short: wait, try again      and at content that
        └──────────┘                                              another mailbox holds

A person who calls it wants things tried now: stopped mailboxes get one attempt, our own
waiting times between attempts at a task are skipped. The server's wish for a pause is
obeyed; a long one ends the wait with a sentence.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from crm_core import clock, database
from crm_core.models import Mailbox, MailboxStatus
from crm_core.polling import mailboxes
from crm_core.queries import mirrors
from mailsync import nightly, outbox, sync
from mailsync.blobs import SPARED
from mailsync.outbox import OutboxResult
from mailsync.sync import MailboxReport, SyncSettings

TRIES = 6
LONGEST_WAIT = 60.0  # seconds, in all, that somebody at a terminal is ready to wait


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What happened, one report per mailbox; ``tasks_left`` could not be written."""

    mailboxes: tuple[MailboxReport, ...]
    outbox: OutboxResult
    tasks_left: int

    @property
    def complete(self) -> bool:
        """Whether every mailbox was read to its end and every due task written."""
        return self.tasks_left == 0 and all(r.problem is None for r in self.mailboxes)


def sync_once(
    settings: SyncSettings,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    only: frozenset[str] = frozenset(),
) -> SyncReport:
    """Poll, push, reconcile; ``only``: these mailbox addresses."""
    listed = [box for box in mailboxes.enabled() if not only or box.address in only]
    reports = {
        box.id: _patiently(settings, box.id, should_stop, sleep) for box in listed
    }
    pushed, left = _push(settings, should_stop, sleep)
    for mailbox in sorted(_to_visit_again(pushed) & reports.keys()):
        if reports[mailbox].problem is None and not should_stop():
            again = _patiently(settings, mailbox, should_stop, sleep)
            reports[mailbox] = _joined(reports[mailbox], again)
    sync.finish_contents()
    sync.index_search(should_stop)
    nightly.expire_if_due(settings.keeping, should_stop)
    # No daemon works beside us on SQLite; on PostgreSQL one may, in the middle of a mail.
    settings.blobs.sweep(spare=SPARED if database.is_postgres() else 0.0)
    return SyncReport(tuple(reports.values()), pushed, left)


def _to_visit_again(pushed: OutboxResult) -> set[int]:
    """Where content is left, and where our own writes came back by now."""
    left = sync.mailboxes_with_content_left()
    if pushed.pushed or pushed.removed or pushed.drifted:
        writes = (Mailbox.writes_tasks == 1) | (Mailbox.writes_calendar == 1)
        left |= {box.id for box in Mailbox.select().where(Mailbox.enabled == 1, writes)}
    return left


def _joined(first: MailboxReport, again: MailboxReport) -> MailboxReport:
    return MailboxReport(
        first.mailbox,
        first.slug,
        first.outcome + again.outcome,
        first.acts + again.acts,
        first.bodies + again.bodies,
        again.problem,
        again.code,
    )


def _patiently(
    settings: SyncSettings,
    mailbox_id: int,
    should_stop: Callable[[], bool],
    sleep: Callable[[float], None],
) -> MailboxReport:
    """Poll one mailbox now; wait for back-offs that are short, then try again."""
    _unstop(mailbox_id)
    report = MailboxReport(mailbox_id, "", problem="stopped")
    patience = LONGEST_WAIT
    for _ in range(TRIES):
        mailbox = Mailbox.get_by_id(mailbox_id)
        pause = _pause(mailbox)
        if pause > patience or should_stop():
            problem = mailbox.status_detail or "the server asked for a pause"
            return MailboxReport(
                mailbox_id, mailbox.slug, problem=problem, code=mailbox.status_code
            )
        if pause > 0:
            patience -= pause
            sleep(pause)
        report = sync.poll_mailbox(settings, mailbox_id, should_stop)
        status = Mailbox.get_by_id(mailbox_id).status
        if report.problem is None or status is not MailboxStatus.BACKING_OFF:
            return report
    return report


def _push(
    settings: SyncSettings,
    should_stop: Callable[[], bool],
    sleep: Callable[[float], None],
) -> tuple[OutboxResult, int]:
    """Push until nothing is due; the sum, and how many rows could not be written."""
    total = OutboxResult()
    patience = LONGEST_WAIT
    for _ in range(TRIES):
        result = outbox.push_due(
            settings.open_port,
            should_stop=should_stop,
            patient=False,
            random=settings.random,
        )
        total = _sum(total, result)
        left = mirrors.waiting()
        pauses = {_pause(Mailbox.get_by_id(w.mailbox)) for w in left if not w.parked}
        soon = [pause for pause in pauses if pause <= patience]
        if not soon or should_stop():
            return total, len(left)
        if min(soon) > 0:
            patience -= min(soon)
            sleep(min(soon))
    return total, len(mirrors.waiting())


def _sum(one: OutboxResult, two: OutboxResult) -> OutboxResult:
    return OutboxResult(
        one.pushed + two.pushed,
        one.removed + two.removed,
        one.drifted + two.drifted,
        one.failed + two.failed,
        one.parked + two.parked,
        one.found_after_doubt + two.found_after_doubt,
    )


def _pause(mailbox: Mailbox) -> float:
    if mailbox.next_attempt_at is None:
        return 0.0
    return float((mailbox.next_attempt_at - clock.now()).total_seconds())


def _unstop(mailbox_id: int) -> None:
    with database.transaction():
        Mailbox.update(status=MailboxStatus.NEW, next_attempt_at=None).where(
            Mailbox.id == mailbox_id,
            Mailbox.status.in_([MailboxStatus.STOPPED, MailboxStatus.GONE]),
        ).execute()
