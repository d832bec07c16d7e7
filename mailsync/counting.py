"""Whether anything is missing: the nightly count (design goal I1).

The sync tells changes; the count asks by another way what lies in a folder, and
compares with what is recorded:

    there, not here   ──► read through the normal way (private rule first), stored
    here, not there   ──► asked for once more by id; what is gone is marked gone

What is found is shown («4 312 = 4 312»), logged, and healed. A difference that stays is
shown as one. Runs in the mailbox's own poll, after its folders were read to their end,
so nothing else reads the folder meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import structlog

from crm_core import clock, database
from crm_core.mail import copies, counts
from crm_core.polling import leases, mailboxes
from mailsync import engine, ingest
from mailsync.ingest import FolderJob
from mailsync.nightly import night_of
from mailsync.port import ItemRef, MailSource, Page
from mailsync.steps import step

_BATCH = 100
_JUST_NOW = timedelta(minutes=10)  # mail that arrives while we count is none missed

log = structlog.get_logger("mailsync.counting")


@dataclass(frozen=True, slots=True)
class Difference:
    """What one look at a folder found. ``there`` counts the items of the mailbox."""

    there: int = 0
    missing: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()

    @property
    def here(self) -> int:
        """How many of the mailbox's items are recorded."""
        return self.there - len(self.missing)


def count_if_due(
    source: MailSource,
    jobs: Iterable[FolderJob],
    zone: ZoneInfo,
    should_stop: Callable[[], bool],
) -> None:
    """Count the folders that were not counted this night; heal what differs.

    Raises MailSyncError from the adapter.
    """
    for job in jobs:
        if should_stop():
            return
        if _is_due(job.folder, zone):
            count_folder(source, job, should_stop)


def _is_due(folder: int, zone: ZoneInfo) -> bool:
    """Read to its end, and not this night; counted before this night or never."""
    caught_up, counted = counts.last_looks(folder)
    if caught_up is None:
        return False
    return night_of(counted or caught_up, zone) < night_of(clock.now(), zone)


def count_folder(
    source: MailSource, job: FolderJob, should_stop: Callable[[], bool]
) -> Difference:
    """Compare, heal, and record what is left of the difference; it is returned."""
    found = compare(source, job, should_stop)
    late = heal(source, job, found)
    left = Difference(
        found.there,
        tuple(counts.unknown(job.mailbox, found.missing)),
    )
    if should_stop():  # what was not looked at is no difference
        return left
    with database.transaction():
        counts.record(job.folder, left.there, left.here)
    step("folder_counted")
    say = log.warning if late or found.vanished or left.missing else log.info
    say(
        "folder_counted",
        mailbox=job.mailbox,
        folder=job.folder,
        there=left.there,
        here=left.here,
        missing=late,
        vanished=len(found.vanished),
    )
    return left


def compare(
    source: MailSource, job: FolderJob, should_stop: Callable[[], bool]
) -> Difference:
    """Look, and change nothing. What is no longer listed was asked for by its id."""
    seen: set[int] = set()
    there, missing = 0, list[str]()
    for page in source.item_ids(job.ref, job.since):
        step("ids_listed")
        fresh = [item for item in dict.fromkeys(page) if hash(item) not in seen]
        seen.update(map(hash, fresh))
        there += len(fresh)
        missing += counts.unknown(job.mailbox, fresh)
        if should_stop():
            return Difference()
    vanished: list[str] = []
    for batch in _batches(counts.not_among(job.mailbox, job.folder, seen)):
        heads = source.heads([ItemRef(item) for item in batch])
        step("vanished_looked_for")
        still = {head.ref.external_id for head in heads}
        vanished += [item for item in batch if item not in still]
    return Difference(there, tuple(missing), tuple(vanished))


def heal(source: MailSource, job: FolderJob, found: Difference) -> int:
    """Read what is missing and mark what is gone; how many did not just arrive."""
    late = 0
    for batch in _batches(found.missing):
        heads = source.heads([ItemRef(item) for item in batch])
        recent = clock.now() - _JUST_NOW
        late += sum(h.received_at is None or h.received_at < recent for h in heads)
        prepared = engine.prepare(source, job, Page(heads, "", is_last=False))
        with database.transaction():
            mailboxes.hold_still()
            leases.require(job.mailbox)
            ingest.store(job, prepared)
        step("missing_stored")
    if found.vanished:
        with database.transaction():
            copies.mark_gone(job.mailbox, job.folder, found.vanished)
    return late


def _batches(items: Sequence[str]) -> Iterator[list[str]]:
    source = iter(items)
    while batch := list(islice(source, _BATCH)):
        yield batch
