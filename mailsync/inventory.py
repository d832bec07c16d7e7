"""Counting by hand, for ``verify --counts``: compares every folder, changes nothing.

It may run beside the daemon. Mail that arrived after the mailbox's last poll is not
missing yet and is left out; the nightly count (``counting``) heals, this only tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crm_core.mail import counts
from crm_core.models import Mailbox
from crm_core.polling import mailboxes
from mailsync import counting, sync
from mailsync.errors import MailSyncError
from mailsync.health import STATES
from mailsync.ingest import FolderJob
from mailsync.port import ItemRef, MailboxPort
from mailsync.sync import SyncSettings


@dataclass(frozen=True, slots=True)
class FolderCount:
    """A folder's items in the mailbox, and of them recorded here.

    ``vanished`` are recorded and no longer there. ``problem`` says why it was not
    counted; ``folder`` is empty where the whole mailbox could not be asked.
    """

    mailbox: str
    folder: str = ""
    there: int = 0
    here: int = 0
    vanished: int = 0
    problem: str | None = None
    waits: bool = False  # its first sync goes on: no difference, nothing to do

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, as far as it can be said."""
        if self.problem is not None:
            return self.waits
        return self.there == self.here and self.vanished == 0


def take(settings: SyncSettings) -> list[FolderCount]:
    """Count every folder of every mailbox that may be asked now."""
    found: list[FolderCount] = []
    for mailbox in mailboxes.enabled():
        if not sync.due(mailbox):
            why = STATES.get(mailbox.status_code or "", STATES["E221"])
            found.append(FolderCount(mailbox.address, problem=why))
            continue
        port = settings.open_port(mailbox.address)
        try:
            found += _folders(settings, mailbox, port)
        except MailSyncError as error:
            why = STATES.get(error.code, STATES["E252"])
            found.append(FolderCount(mailbox.address, problem=why))
        finally:
            port.close()
    return found


def _folders(
    settings: SyncSettings, mailbox: Mailbox, port: MailboxPort
) -> Iterator[FolderCount]:
    for job in sync.folder_jobs(settings, mailbox, port):
        caught_up, _ = counts.last_looks(job.folder)
        if caught_up is None:
            yield FolderCount(
                mailbox.address,
                job.ref.name,
                problem=STATES["catching_up"],
                waits=True,
            )
        else:
            yield _count(mailbox, port, job)


def _count(mailbox: Mailbox, port: MailboxPort, job: FolderJob) -> FolderCount:
    found = counting.compare(port, job, lambda: False)
    heads = port.heads([ItemRef(item) for item in found.missing])
    polled = mailbox.last_success_at
    new = sum(
        polled is None or (head.received_at is not None and head.received_at > polled)
        for head in heads
    )
    return FolderCount(
        mailbox.address,
        job.ref.name,
        found.there - new,
        found.here,
        len(found.vanished),
    )
