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
from time import monotonic

from crm_core import clock, database
from crm_core.fields import to_text
from crm_core.mail import copies, expired_copies
from crm_core.polling import leases, mailboxes
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
    waited: float = 0.0  # seconds that the server took to name the changes


def sync_folder(
    source: MailSource, job: FolderJob, should_stop: Callable[[], bool]
) -> FolderReport:
    """Read the folder until its end or until told to stop.

    Raises MailSyncError from the adapter (nothing half-stored), SystemicFailure when a
    whole page was refused. Must be idempotent: any page may come again.
    """
    outcome, pages, resets, waited = PageOutcome(), 0, 0, 0.0
    while not should_stop():
        token, sweep = _position(job.folder)
        job = replace(job, sweep=sweep)
        asked = monotonic()
        try:
            page = source.changes(job.ref, token)  # network: ids, dates, markers
        except TokenInvalid as error:
            resets += 1
            _start_over(job.folder)
            if resets > 1:
                raise Transient("the server refuses every sync state") from error
            continue
        waited += monotonic() - asked
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
            return FolderReport(outcome, pages, finished=True, waited=waited)
    return FolderReport(outcome, pages, finished=False, waited=waited)


def expect(source: MailSource, job: FolderJob) -> None:
    """At the beginning of a full read that is not the first, note how much there is.

    The first one goes without: its end shows by itself, and it asks for nothing twice.
    """
    rows = database.execute(
        "SELECT 1 FROM mail_folder WHERE id = ? AND token IS NULL AND sweep > 0 "
        "AND items_expected IS NULL",
        (job.folder,),
    )
    if not rows:
        return
    there = source.item_count(job.ref, job.since)  # network: a number
    step("items_counted")
    with database.transaction():
        database.execute(
            "UPDATE mail_folder SET items_expected = ? WHERE id = ?",
            (there, job.folder),
        )


def read_anew(mailbox: int) -> None:
    """Let the next poll read every mail folder of a mailbox from the beginning."""
    database.require_transaction()
    database.execute(
        f"{_ANEW} WHERE mailbox_id = ? AND role NOT IN ('tasks', 'calendar')",
        (mailbox,),
    )


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


_ANEW = (
    "UPDATE mail_folder SET token = NULL, caught_up_at = NULL, sweep = sweep + 1, "
    "items_expected = NULL, items_read = 0"
)


def _position(folder: int) -> tuple[str | None, int]:
    rows = database.execute(
        "SELECT token, sweep FROM mail_folder WHERE id = ?", (folder,)
    )
    return rows[0][0], int(rows[0][1])


def _start_over(folder: int) -> None:
    """Forget the token: everything is read again, nothing is stored twice."""
    with database.transaction():
        database.execute(f"{_ANEW} WHERE id = ?", (folder,))


def _advance(job: FolderJob, page: Page) -> None:
    if not page.is_last:
        database.execute(
            "UPDATE mail_folder SET token = ?, items_read = items_read + ? "
            "WHERE id = ?",
            (page.token, ingest.counted(job, page), job.folder),
        )
        return
    ((caught_up,),) = database.execute(
        "SELECT caught_up_at FROM mail_folder WHERE id = ?", (job.folder,)
    )
    if caught_up is None:  # the end of a full read: what did not come is not there
        copies.mark_unseen_gone(job.mailbox, job.folder, job.sweep)
        expired_copies.forget_unseen(job.mailbox, job.folder, job.sweep)
    read = ingest.counted(job, page) if caught_up is None else 0
    database.execute(
        "UPDATE mail_folder SET token = ?, caught_up_at = ?, "
        "items_read = items_read + ? WHERE id = ?",
        (page.token, caught_up or to_text(clock.now()), read, job.folder),
    )
