"""From a page of changes to rows: what to fetch, what each change becomes.

    change ──► private?  ──► ids only, nothing fetched
           ──► known?    ──► seen again (change key, category)
           ──► expired?  ──► seen again, not read (unless somebody filed it now)
           ──► deleted   ──► copy gone
           ──► too old   ──► not stored (``since:``)
           ──► else      ──► fetch ──► normalise ──► mail | rejected | vanished

``plan`` and ``prepare`` run outside any transaction and never raise for what is in a
mail; ``store`` runs in the page's transaction. A mail that the database refuses is
stored by itself in a savepoint, so that one poisonous mail costs only itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from peewee import DataError, IntegrityError

from crm_core import clock, database, events
from crm_core.linking import holds
from crm_core.mail import copies, expired_copies, messages, quarantine, tombstones
from crm_core.mail.copies import KnownCopy, PrivateItem
from crm_core.mail.incoming import IncomingMail
from crm_core.mail.quarantine import Rejected
from crm_core.polling import mailboxes
from crm_core.threads import rethreading
from mailsync.normalise import (
    Rules,
    concerns_never,
    incoming_mail,
    is_filed,
    is_private,
    own_id,
)
from mailsync.port import (
    Change,
    ChangeKind,
    Detail,
    Fetched,
    FolderRef,
    FolderRole,
    ItemRef,
    Page,
)
from mailsync.rescue import Rescuer

SYSTEMIC = 5  # so many mails and every one refused: the fault is ours, not theirs


class SystemicFailure(RuntimeError):
    """Every mail of a page was refused: stop the mailbox, lose nothing."""


@dataclass(frozen=True, slots=True)
class FolderJob:
    """One folder to read and by which rules."""

    folder: int
    mailbox: int
    address: str
    ref: FolderRef
    rules: Rules
    sweep: int
    detail: Detail = Detail.METADATA
    since: datetime | None = None
    token_prefix: str = "CRM"
    digest_key: bytes = b""
    rescuer: Rescuer = field(default_factory=Rescuer)
    quiet_before: datetime | None = None  # older mail, newly read, starts nothing


@dataclass(slots=True)
class Plan:
    """What a page asks for, before anything is fetched."""

    to_fetch: list[ItemRef] = field(default_factory=list)
    private: list[PrivateItem] = field(default_factory=list)
    withdrawn: list[PrivateItem] = field(default_factory=list)
    seen: list[tuple[int, str, bool]] = field(default_factory=list)
    refiled: list[int] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Prepared:
    """A page ready to be stored."""

    plan: Plan
    mails: list[IncomingMail] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    vanished: int = 0


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What a page did, as counts."""

    new: int = 0
    copies: int = 0
    private: int = 0
    deleted: int = 0
    quarantined: int = 0

    def __add__(self, other: "PageOutcome") -> "PageOutcome":
        """Sum of two pages."""
        return PageOutcome(
            self.new + other.new,
            self.copies + other.copies,
            self.private + other.private,
            self.deleted + other.deleted,
            self.quarantined + other.quarantined,
        )


def plan(job: FolderJob, page: Page) -> Plan:
    """Sort the changes of a page; reads the database, asks the server for nothing."""
    latest = {change.ref.external_id: change for change in page.changes}
    known = copies.known(job.mailbox, latest)
    rejected = quarantine.known(job.mailbox, latest)
    expired = expired_copies.among(job.mailbox, latest.keys() - known.keys())
    result = Plan()
    for external_id, change in latest.items():
        copy = known.get(external_id)
        if change.kind is ChangeKind.DELETED:
            result.deleted.append(external_id)
        elif change.kind is ChangeKind.READ_FLAG:
            continue  # never a cursor, never a reason
        elif is_private(change, job.ref.name):
            _private(result, change, copy)
        elif copy is not None and not copy.private:
            _seen_again(result, change, copy)
        elif external_id in expired and not is_filed(change.categories):
            result.expired.append(external_id)
        elif not _too_old(job, change) and _worth_fetching(change, rejected):
            result.to_fetch.append(change.ref)
    for external_id, change_key in quarantine.retries(job.mailbox, job.folder):
        if external_id not in latest:
            result.to_fetch.append(ItemRef(external_id, change_key))
    return result


def _private(result: Plan, change: Change, copy: KnownCopy | None) -> None:
    item = PrivateItem(change.ref.external_id, change.ref.change_key)
    if copy is not None and not copy.private:
        result.withdrawn.append(item)  # marked private after we had read it
    else:
        result.private.append(item)


def _seen_again(result: Plan, change: Change, copy: KnownCopy) -> None:
    filed = is_filed(change.categories)
    result.seen.append((copy.id, change.ref.change_key, filed))
    if filed != copy.filed and copy.message is not None:
        result.refiled.append(copy.message)


def _too_old(job: FolderJob, change: Change) -> bool:
    return (
        job.since is not None
        and change.received_at is not None
        and change.received_at < job.since
    )


def counted(job: FolderJob, page: Page) -> int:
    """How many items of a page lie within ``since``: the progress of a full read."""
    return sum(not _too_old(job, change) for change in page.changes)


def _worth_fetching(change: Change, rejected: dict[str, str]) -> bool:
    """A quarantined item is read again only in a newer version, or when asked."""
    return rejected.get(change.ref.external_id) != change.ref.change_key


def prepare(job: FolderJob, planned: Plan, fetched: Fetched) -> Prepared:
    """Normalise what was fetched; whatever cannot be read is rejected, not raised."""
    prepared = Prepared(planned, vanished=len(fetched.gone))
    arrived_at = clock.now()
    sent = job.ref.role is FolderRole.SENT
    for remote in fetched.messages:
        try:
            mail = incoming_mail(
                remote,
                job.rules,
                sent=sent,
                arrived_at=arrived_at,
                digest_key=job.digest_key,
            )
        except Exception as error:  # noqa: BLE001 - a mail's own error boundary
            prepared.rejected.append(
                Rejected(
                    remote.ref.external_id,
                    remote.ref.change_key,
                    "normalise",
                    type(error).__name__,
                    own_id(remote.message_id),
                )
            )
            continue
        if is_private(remote, job.ref.name) or concerns_never(mail, job.rules.never):
            item = PrivateItem(mail.external_id, mail.change_key)
            prepared.plan.private.append(item)
        else:
            prepared.mails.append(mail)
    _leave_erased(prepared, job.mailbox)
    prepared.rejected += [
        Rejected(
            item.ref.external_id,
            item.ref.change_key,
            "unreadable",
            item.reason,
            own_id(item.message_id),
        )
        for item in fetched.unreadable
    ]
    return prepared


def _leave_erased(prepared: Prepared, mailbox: int) -> None:
    """What was erased for good is not stored again, wherever it lies by now."""
    erased = tombstones.among(prepared.mails, mailbox=mailbox)
    if erased:
        prepared.plan.erased += sorted(erased)
        kept = [mail for mail in prepared.mails if mail.external_id not in erased]
        prepared.mails = kept


def store(job: FolderJob, prepared: Prepared) -> PageOutcome:
    """Write one page, in the caller's transaction.

    Raises SystemicFailure if every one of five or more mails was refused.
    """
    database.require_transaction()
    at = clock.now()
    planned = prepared.plan
    copies.seen_again(job.folder, job.sweep, planned.seen)
    copies.mark_gone(job.mailbox, job.folder, planned.deleted)
    copies.store_private(job.mailbox, job.folder, job.sweep, planned.private)
    rethreading.rebuild(copies.withdraw(job.mailbox, planned.withdrawn))
    copies.want_decision(planned.refiled)
    expired_copies.seen_again(job.mailbox, job.folder, job.sweep, planned.expired)
    stored, refused = _store_mails(job, prepared.mails, at)
    rejected = [*prepared.rejected, *refused]
    asked = len(prepared.mails) + len(prepared.rejected)
    if asked >= SYSTEMIC and len(rejected) == asked:
        raise SystemicFailure(f"all {asked} mails of a page were refused")
    quarantine.put(job.mailbox, job.folder, rejected)
    refused_ids = {item.external_id for item in rejected}
    done = [m.external_id for m in prepared.mails if m.external_id not in refused_ids]
    private = [item.external_id for item in (*planned.private, *planned.withdrawn)]
    settled = [*done, *private, *planned.deleted]
    quarantine.resolve(job.mailbox, [*settled, *planned.erased])
    expired_copies.forget(job.mailbox, settled)
    expired_copies.put_items(job.mailbox, job.folder, job.sweep, planned.erased)
    holds.settle(stored.conversations)
    events.mails_arrived(stored.new, job.folder)
    return PageOutcome(
        new=len(stored.new),
        copies=stored.copies,
        private=len(private),
        deleted=len(planned.deleted),
        quarantined=len(rejected),
    )


def _store_mails(
    job: FolderJob, mails: Sequence[IncomingMail], at: datetime
) -> tuple[messages.Stored, list[Rejected]]:
    # Who is internal may have changed since the poll began: keys must not be older.
    place = messages.Place(
        job.mailbox, job.address, job.folder, job.sweep, mailboxes.internal(),
        job.token_prefix, job.quiet_before,
    )  # fmt: skip
    try:
        with database.savepoint():
            return messages.store(place, mails, at), []
    except (DataError, IntegrityError, ValueError):
        if len(mails) == 1:
            return messages.Stored(), [_refused(mails[0])]
    stored, refused = messages.Stored(), []
    for mail in mails:
        try:
            with database.savepoint():
                one = messages.store(place, [mail], at)
        except (DataError, IntegrityError, ValueError):
            refused.append(_refused(mail))
        else:
            stored.new += one.new
            stored.copies += one.copies
            stored.conversations |= one.conversations
    return stored, refused


def _refused(mail: IncomingMail) -> Rejected:
    return Rejected(
        mail.external_id, mail.change_key, "store", "refused by the database",
        mail.internet_id,
    )  # fmt: skip
