"""The heart: read one folder page by page, each page in one transaction.

    new ──first page──► catching_up ──last page──► following ──poll──► following
    token null          token set                  caught_up_at set         │
     ▲                  caught_up_at null                                   │
     └───────────── token := null, caught_up_at := null ◄── TokenInvalid ───┘
                    (mails, threads and links stay; copies that do not come again
                     are marked gone at the end of the sweep)

A page is fetched without a transaction and committed together with its new sync token:
both or neither. A crash before the commit brings the page again, and storing is
idempotent; a crash after it has acknowledged the page.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crm_core import clock, copies, database, expired_copies, leases, mailboxes
from crm_core.fields import to_text
from mailsync import ingest
from mailsync.errors import TokenInvalid, Transient
from mailsync.ingest import FolderJob, PageOutcome, Prepared
from mailsync.port import Fetched, MailSource, Page
from mailsync.steps import step


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What reading a folder did; ``finished`` = read to its end."""

    outcome: PageOutcome
    pages: int
    finished: bool


def sync_folder(
    source: MailSource, job: FolderJob, should_stop: Callable[[], bool]
) -> FolderReport:
    """Read the folder until its end or until told to stop.

    Raises MailSyncError from the adapter (nothing half-stored), SystemicFailure when a
    whole page was refused. Must be idempotent: any page may come again.
    """
    outcome, pages, resets = PageOutcome(), 0, 0
    while not should_stop():
        token, sweep = _position(job.folder)
        job = replace(job, sweep=sweep)
        try:
            page = source.changes(job.ref, token)  # network: ids, dates, markers
        except TokenInvalid as error:
            resets += 1
            _start_over(job.folder)
            if resets > 1:
                raise Transient("the server refuses every sync state") from error
            continue
        step("page_read")
        prepared = prepare(source, job, page)  # network: the mails, in batches
        with database.transaction():  # one page = one transaction
            mailboxes.hold_still()
            leases.require(job.mailbox)
            outcome += ingest.store(job, prepared)
            step("rows_written")
            _advance(job, page)  # the acknowledgement
        step("page_committed")
        pages += 1
        if page.is_last:
            return FolderReport(outcome, pages, finished=True)
    return FolderReport(outcome, pages, finished=False)


def prepare(source: MailSource, job: FolderJob, page: Page) -> Prepared:
    """Fetch what a page asks for and make it ready to be stored.

    Raises MailSyncError from the adapter; never for what is in a mail.
    """
    planned = ingest.plan(job, page)
    fetched = (
        source.fetch(planned.to_fetch, job.detail) if planned.to_fetch else Fetched(())
    )
    step("mails_fetched")
    fetched = job.rescuer.tried(source, fetched, job.detail, page.changes)
    return ingest.prepare(job, planned, fetched)


def _position(folder: int) -> tuple[str | None, int]:
    rows = database.execute(
        "SELECT token, sweep FROM mail_folder WHERE id = ?", (folder,)
    )
    return rows[0][0], int(rows[0][1])


def _start_over(folder: int) -> None:
    """Forget the token: everything is read again, nothing is stored twice."""
    with database.transaction():
        database.execute(
            "UPDATE mail_folder SET token = NULL, caught_up_at = NULL, "
            "sweep = sweep + 1 WHERE id = ?",
            (folder,),
        )


def _advance(job: FolderJob, page: Page) -> None:
    if not page.is_last:
        database.execute(
            "UPDATE mail_folder SET token = ? WHERE id = ?", (page.token, job.folder)
        )
        return
    ((caught_up,),) = database.execute(
        "SELECT caught_up_at FROM mail_folder WHERE id = ?", (job.folder,)
    )
    if caught_up is None:  # the end of a full read: what did not come is not there
        copies.mark_unseen_gone(job.mailbox, job.folder, job.sweep)
        expired_copies.forget_unseen(job.mailbox, job.folder, job.sweep)
    database.execute(
        "UPDATE mail_folder SET token = ?, caught_up_at = ? WHERE id = ?",
        (page.token, caught_up or to_text(clock.now()), job.folder),
    )
