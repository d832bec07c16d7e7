"""One poll of one mailbox: the job body of the daemon.

``poll_mailbox`` reads its mail folders, decides keyword acts, looks at the task and
calendar folders, compares copies and fetches wanted content. It is the one place that
acts on failures of a mailbox: what happened becomes its status row, and the other
mailboxes go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from time import monotonic

import structlog

from crm_core import clock, database, search
from crm_core.linking import keyword_acts
from crm_core.mail import content
from crm_core.models import Keep, Mailbox, MailboxStatus, MailFolder
from crm_core.polling import leases, mailbox_polls, mailboxes
from crm_core.polling.leases import LeaseLost
from mailsync import backoff, bodies, counting, engine, reconcile
from mailsync.blobs import BlobStore
from mailsync.errors import AuthRejected, MailboxGone, MailSyncError
from mailsync.ingest import FolderJob, PageOutcome, SystemicFailure
from mailsync.nightly import Keeping
from mailsync.normalise import Rules
from mailsync.port import (
    Detail,
    FolderRef,
    FolderRole,
    MailboxPort,
    MailSource,
    PortFactory,
)
from mailsync.rescue import Rescuer

ACTS_PER_TRANSACTION = 25
INDEXED_PER_TRANSACTION = 200  # 5 to 50 ms of the write lock
_MAIL_ROLES = {"inbox": FolderRole.INBOX, "sent": FolderRole.SENT}

log = structlog.get_logger("mailsync.sync")


@dataclass(frozen=True, slots=True)
class MailboxRules:
    """What the configuration says about reading one mailbox."""

    folders: tuple[str, ...] = ("inbox", "sent")
    subfolders: bool = False
    skip: tuple[str, ...] = ()
    since: datetime | None = None
    never: frozenset[str] = frozenset()
    authserv_id: str | None = None


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Everything the jobs need from outside the database."""

    open_port: PortFactory
    rules: Mapping[str, MailboxRules]  # by mailbox address
    blobs: BlobStore
    token_prefix: str = "CRM"
    keyword_budget: int = keyword_acts.BUDGET_PER_HOUR
    keeping: Keeping = field(default_factory=Keeping)
    random: Random = field(default_factory=Random)
    rescuer: Rescuer = field(default_factory=Rescuer)


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """How one mailbox fared. ``problem`` is None where it was read to its end."""

    mailbox: int
    slug: str
    outcome: PageOutcome = field(default_factory=PageOutcome)
    acts: int = 0
    bodies: int = 0
    problem: str | None = None
    code: str | None = None
    asked: bool = True  # False: not due, paused, or another daemon's
    answer: float | None = None  # seconds for one question about changes


def poll_mailbox(
    settings: SyncSettings, mailbox_id: int, should_stop: Callable[[], bool]
) -> MailboxReport:
    """Read one mailbox to its end, unless its back-off says not yet.

    Never raises MailSyncError: a failure becomes the mailbox's status and the report's
    ``problem``. Bugs keep their traceback.
    """
    mailbox = Mailbox.get_by_id(mailbox_id)
    if not mailbox.enabled or not due(mailbox) or not leases.claim(mailbox_id):
        problem = mailbox.status_detail
        return MailboxReport(mailbox_id, mailbox.slug, problem=problem, asked=False)
    began = monotonic()

    def stop() -> bool:
        return should_stop() or mailboxes.is_paused(mailbox_id)

    try:
        port = settings.open_port(mailbox.address)
        try:
            report = _poll(settings, mailbox, port, stop)
        finally:
            port.close()
    except (MailSyncError, SystemicFailure, LeaseLost) as error:
        return _failed(settings, mailbox, error, monotonic() - began)
    finally:
        leases.release(mailbox_id)
    _succeeded(mailbox, report, monotonic() - began)
    return report


def due(mailbox: Mailbox) -> bool:
    """Whether the mailbox may be asked now: not paused, no back-off window open."""
    if mailbox.paused_at is not None:
        return False
    if mailbox.status in {MailboxStatus.STOPPED, MailboxStatus.GONE}:
        return mailbox.next_attempt_at is not None and (
            mailbox.next_attempt_at <= clock.now()
        )
    return mailbox.next_attempt_at is None or mailbox.next_attempt_at <= clock.now()


def _poll(
    settings: SyncSettings,
    mailbox: Mailbox,
    port: MailboxPort,
    should_stop: Callable[[], bool],
) -> MailboxReport:
    outcome, pages, waited = PageOutcome(), 0, 0.0
    jobs = folder_jobs(settings, mailbox, port)
    for job in jobs:
        engine.expect(port, job)
    for job in jobs:
        read = engine.sync_folder(port, job, should_stop)
        outcome += read.outcome
        pages, waited = pages + read.pages, waited + read.waited
    counting.count_if_due(port, jobs, settings.keeping.zone, should_stop)
    acts = decide_keywords(settings, should_stop)
    with database.transaction():
        watched = reconcile.watched_folders(mailbox)
    for folder in watched:
        reconcile.sync_task_folder(port, folder, should_stop)
    fetched = _contents(settings, mailbox.id, port, should_stop)
    return MailboxReport(
        mailbox.id,
        mailbox.slug,
        outcome,
        acts,
        fetched,
        answer=waited / pages if pages else None,
    )


def folder_jobs(
    settings: SyncSettings, mailbox: Mailbox, port: MailSource
) -> list[FolderJob]:
    """The mail folders of a mailbox and by which rules each is read."""
    rules = settings.rules[mailbox.address]
    reading = Rules(mailboxes.internal(), rules.authserv_id, rules.never)
    detail = Detail.TEXT if mailbox.keep is Keep.ALL else Detail.METADATA
    with database.transaction():
        key = content.digest_key()
    return [
        FolderJob(
            folder=row.id,
            mailbox=mailbox.id,
            address=mailbox.address,
            ref=FolderRef(FolderRole(row.role), row.name, row.external_id or None),
            rules=reading,
            sweep=row.sweep,
            detail=detail,
            since=_since(rules, mailbox),
            token_prefix=settings.token_prefix,
            digest_key=key,
            rescuer=settings.rescuer,
            quiet_before=mailbox.quiet_before,
        )
        for row in _folders(mailbox, rules, port)
    ]


def _since(rules: MailboxRules, mailbox: Mailbox) -> datetime | None:
    """From when mail is read: as configured, or further back once back-filled."""
    if rules.since is None or mailbox.read_from is None:
        return rules.since
    read_from: datetime = mailbox.read_from
    return min(rules.since, read_from)


def _folders(
    mailbox: Mailbox, rules: MailboxRules, port: MailSource
) -> list[MailFolder]:
    """The rows of the folders to read; only own names cost a request."""
    if set(rules.folders) <= _MAIL_ROLES.keys() and not rules.subfolders:
        wanted = [FolderRef(_MAIL_ROLES[name], name) for name in rules.folders]
    else:
        found = port.folders(rules.folders, subfolders=rules.subfolders)
        skip = {name.casefold() for name in rules.skip}
        wanted = [ref for ref in found if ref.name.casefold() not in skip]
    with database.transaction():
        return [
            MailFolder.get_or_create(  # type: ignore[no-untyped-call]  # peewee stub
                mailbox=mailbox,
                role=ref.role.value,
                external_id=ref.external_id or "",
                defaults={"name": ref.name},
            )[0]
            for ref in wanted
        ]


def decide_keywords(settings: SyncSettings, should_stop: Callable[[], bool]) -> int:
    """Decide about mails whose subject or category asks for something; effects."""
    effects = 0
    waiting = keyword_acts.pending()
    for start in range(0, len(waiting), ACTS_PER_TRANSACTION):
        if should_stop():
            break
        with database.transaction():
            for message in waiting[start : start + ACTS_PER_TRANSACTION]:
                effects += keyword_acts.decide(
                    message, settings.token_prefix, settings.keyword_budget
                )
    return effects


def _contents(
    settings: SyncSettings,
    mailbox: int,
    port: MailSource,
    should_stop: Callable[[], bool],
) -> int:
    looked = [item for item in content.to_compare() if item.mailbox == mailbox]
    if looked:
        with database.transaction():
            key = content.digest_key()
        bodies.digest_copies(port, looked, key, should_stop, settings.rescuer)
    with database.transaction():
        content.compare_copies()
    wanted = [item for item in content.wanted() if item.mailbox == mailbox]
    return bodies.fetch_wanted(
        port, wanted, settings.blobs, should_stop, settings.rescuer
    )


def mailboxes_with_content_left() -> set[int]:
    """Mailboxes whose next poll would fetch a body or compare a copy."""
    return {item.mailbox for item in [*content.wanted(), *content.to_compare()]}


def finish_contents() -> None:
    """Content that no mailbox can give any more is marked so, with its reason; content
    that somebody asked to see, and whose time is over, goes.
    """
    with database.transaction():
        content.forget_asked()
    lost = content.out_of_reach()
    if lost:
        with database.transaction():
            content.mark_missing(lost, "no copy is left in any mailbox")


def index_search(should_stop: Callable[[], bool]) -> int:
    """Take what ingest left into the search index, a short transaction at a time."""
    done = 0
    while not should_stop():
        with database.transaction():
            count = search.index_waiting(INDEXED_PER_TRANSACTION)
        done += count
        if count < INDEXED_PER_TRANSACTION:
            break
    return done


# --- status -----------------------------------------------------------------------


def _succeeded(mailbox: Mailbox, report: MailboxReport, took: float) -> None:
    mails = report.outcome.new + report.outcome.copies
    with database.transaction():
        Mailbox.update(
            status=MailboxStatus.OK,
            status_code=None,
            status_detail=None,
            attempts=0,
            next_attempt_at=None,
            last_success_at=clock.now(),
        ).where(Mailbox.id == mailbox.id).execute()
        mailbox_polls.record(mailbox.id, took=took, answer=report.answer, mails=mails)


def _failed(
    settings: SyncSettings,
    mailbox: Mailbox,
    error: MailSyncError | SystemicFailure | LeaseLost,
    took: float,
) -> MailboxReport:
    status = MailboxStatus.BACKING_OFF
    code = "E300"
    attempts = mailbox.attempts + 1
    wait: float = min(60.0 * attempts, 3600.0)
    if isinstance(error, MailSyncError):
        code = error.code
        wait = backoff.delay(attempts, error, settings.random)
        if isinstance(error, AuthRejected):
            status = MailboxStatus.STOPPED
        elif isinstance(error, MailboxGone):
            status = MailboxStatus.GONE
    with database.transaction():
        Mailbox.update(
            status=status,
            status_code=code,
            status_detail=str(error)[:500],
            attempts=attempts,
            next_attempt_at=clock.now() + timedelta(seconds=wait),
        ).where(Mailbox.id == mailbox.id).execute()
        mailbox_polls.record(mailbox.id, took=took, code=code)
    log.warning(
        "mailbox_backed_off",
        mailbox=mailbox.slug,
        code=code,
        attempts=attempts,
        seconds=round(wait, 1),
    )
    return MailboxReport(mailbox.id, mailbox.slug, problem=str(error), code=code)
