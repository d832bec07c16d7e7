"""What employees do to our tasks and appointments, read off their folders.

The task and calendar folders of mailboxes that we write to are polled with the same
loop as mail (docs/architecture.md): a page is fetched without a transaction, its rows
and its token are committed together. Most lines of a page are not ours and ignored;
the others are judged by ``crm_core.mirroring.sightings``: a page raises suspicion, a fresh look
decides. Nothing is ever written into the mailbox here, and nothing adopted.

    token null ──pages──► catching up ──last page──► following ──poll──► following
        ▲                                │ copies not seen on the way are looked for
        └──── TokenInvalid ──────────────┴────────────────────────────────────┘
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from crm_core import clock
from crm_core.database import require_transaction, transaction
from crm_core.mirroring import sightings
from crm_core.mirroring.mirror_fields import EXACT, Judgement, judge, same
from crm_core.mirroring.mirror_wishes import takes
from crm_core.mirroring.sightings import Known
from crm_core.models import Mailbox, MailFolder, MirrorKind
from crm_core.polling import leases
from mailsync.errors import TokenInvalid, Unprocessable
from mailsync.port import (
    Change,
    ChangeKind,
    FolderRef,
    FolderRole,
    MailboxPort,
    Page,
    RemoteItem,
)
from mailsync.steps import step
from mailsync.task_mapping import HOME, ITEM_KIND, own_fields, seen

_LOOKS = 3  # a row that moves under every look is left for the next poll
_KIND_OF = {role: kind for kind, role in HOME.items()}

_log = structlog.get_logger()


@dataclass(slots=True)
class Reconciled:
    """What a poll of one folder showed. Not caught up: the next poll goes on."""

    changes: int = 0
    ours: int = 0
    looked: int = 0
    caught_up: bool = False
    restarted: bool = False


class _Act(Enum):
    """What one line of a page calls for."""

    READ_BACK = auto()
    LOOK = auto()
    LOOK_FIRST = auto()


@dataclass(frozen=True, slots=True)
class _Finding:
    """A row and what is to be done about it. ``judgement`` after a look only."""

    known: Known
    act: _Act
    item: RemoteItem | None = None
    judgement: Judgement | None = None


class _RowMovedError(Exception):
    """A row changed between the look and the transaction: look again."""


def watched_folders(mailbox: Mailbox) -> list[MailFolder]:
    """The task and calendar folder of a mailbox, as far as we write there.

    Needs a transaction: rows that are missing are made.
    """
    require_transaction()
    found = []
    for kind, role in HOME.items():
        if takes(mailbox, kind):
            row = MailFolder.get_or_none(
                MailFolder.mailbox == mailbox,
                MailFolder.role == role.value,
                MailFolder.external_id == "",
            )
            if row is None:
                row = MailFolder.create(
                    mailbox=mailbox, role=role.value, name=role.value
                )
            found.append(row)
    return found


def reconcile_mailbox(
    port: MailboxPort,
    mailbox: Mailbox,
    should_stop: Callable[[], bool] = lambda: False,
) -> Reconciled:
    """Read the task folder and the calendar of one mailbox, where we write there."""
    with transaction():
        folders = watched_folders(mailbox)
    total = Reconciled(caught_up=True)
    for folder in folders:
        one = sync_task_folder(port, folder, should_stop)
        total.changes += one.changes
        total.ours += one.ours
        total.looked += one.looked
        total.caught_up = total.caught_up and one.caught_up
        total.restarted = total.restarted or one.restarted
    return total


def sync_task_folder(
    port: MailboxPort,
    folder: MailFolder,
    should_stop: Callable[[], bool] = lambda: False,
) -> Reconciled:
    """Read one task or calendar folder to its end; every page is one transaction.

    A forgotten token means reading everything anew, which changes nothing where nothing
    has changed. Raises what the port raises, and LeaseLost where another daemon reads
    this mailbox now; token and rows of the last page stay intact.
    """
    result = Reconciled()
    unseen = _to_be_seen(folder)
    while not should_stop():
        try:
            page = port.changes(_ref(folder), folder.token)
        except TokenInvalid:
            if result.restarted:
                raise
            _start_over(folder)
            result.restarted = True
            unseen = _to_be_seen(folder)
            continue
        step("page read")
        if not _take_page(port, folder, page, unseen, result):
            return result
        step("page committed")
        if page.is_last:
            result.caught_up = True
            return result
    return result


def _ref(folder: MailFolder) -> FolderRef:
    return FolderRef(FolderRole(folder.role), folder.name)


def _kind(folder: MailFolder) -> MirrorKind:
    return _KIND_OF[FolderRole(folder.role)]


def _start_over(folder: MailFolder) -> None:
    with transaction():
        folder.token = folder.caught_up_at = None
        folder.save(only=["token", "caught_up_at"])
    _log.warning("folder_read_anew", folder=folder.id)


def _to_be_seen(folder: MailFolder) -> dict[int, Known] | None:
    """While reading everything: the copies that must turn up; None when following.

    After a crash on the way this set is complete again, so copies read before it are
    looked for once more: slower, never wrong.
    """
    if folder.caught_up_at is not None:
        return None
    rows = sightings.present(folder.mailbox_id, _kind(folder))
    return {row.mirror_id: row for row in rows}


def _take_page(
    port: MailboxPort,
    folder: MailFolder,
    page: Page,
    unseen: dict[int, Known] | None,
    result: Reconciled,
) -> bool:
    """Judge and commit one page; False if it must wait for a push under way."""
    for _look in range(_LOOKS):
        findings = _findings(folder, page, unseen)
        if any(one.known.claimed for one in findings):
            return False
        findings = [_after_look(port, one) for one in findings]
        step("items looked at")
        try:
            with transaction():
                leases.require(folder.mailbox_id)
                for one in findings:
                    _record(one)
                _advance(folder, page)
        except _RowMovedError:
            continue
        result.changes += len(page.changes)
        result.ours += len(findings)
        result.looked += sum(one.act is _Act.LOOK for one in findings)
        return True
    return False


def _advance(folder: MailFolder, page: Page) -> None:
    folder.token = page.token
    if page.is_last:
        folder.caught_up_at = clock.now()
    folder.save(only=["token", "caught_up_at"])


def _findings(
    folder: MailFolder, page: Page, unseen: dict[int, Known] | None
) -> list[_Finding]:
    """What the page says about our copies, and about those it should have shown."""
    changes = [one for one in page.changes if one.kind is not ChangeKind.READ_FLAG]
    rows = _known_rows(folder, changes)
    found: dict[int, _Finding] = {}
    for change in changes:
        row = _row_of(change, rows)
        if row is None:
            continue
        if unseen is not None and change.kind is ChangeKind.UPSERTED:
            unseen.pop(row.mirror_id, None)
        finding = _finding(row, change)
        before = found.get(row.mirror_id)
        if finding is not None and (before is None or before.act is _Act.READ_BACK):
            found[row.mirror_id] = finding
    if page.is_last:
        for row in _not_shown(folder, unseen):
            if not row.doubt:
                found.setdefault(row.mirror_id, _Finding(row, _Act.LOOK))
    return list(found.values())


def _not_shown(folder: MailFolder, unseen: dict[int, Known] | None) -> list[Known]:
    """Copies that the pages should have shown by now, as their rows stand."""
    if unseen is None:
        return sightings.unconfirmed(folder.mailbox_id, _kind(folder))
    if not unseen:
        return []
    fresh = sightings.present(folder.mailbox_id, _kind(folder))
    return [row for row in fresh if row.mirror_id in unseen]


def _known_rows(folder: MailFolder, changes: Iterable[Change]) -> list[Known]:
    ids = {change.ref.external_id for change in changes}
    keys = {change.item.crm_key for change in changes if change.item is not None}
    return sightings.known(
        folder.mailbox_id, _kind(folder), ids, [key for key in keys if key]
    )


def _row_of(change: Change, rows: Iterable[Known]) -> Known | None:
    key = change.item.crm_key if change.item is not None else None
    for row in rows:
        if key == row.crm_key or change.ref.external_id == row.external_id:
            return row
    return None


def _finding(row: Known, change: Change) -> _Finding | None:
    """The one table of what a line of a page means for one of our rows."""
    if row.claimed:
        return _Finding(row, _Act.LOOK)  # the page waits for the push under way
    if row.doubt:
        return None  # the next attempt looks first
    if row.written.baseline is None:
        return _never_written(row, change)
    return _judged_by_page(row, change) if row.present else None


def _judged_by_page(row: Known, change: Change) -> _Finding | None:
    item = change.item
    if change.kind is ChangeKind.DELETED or item is None or row.drift is not None:
        return _Finding(row, _Act.LOOK)
    if change.ref.external_id != row.external_id:
        twin = row.written.creates > 1
        return _Finding(row, _Act.LOOK_FIRST if twin else _Act.LOOK)
    ours = row.written.read_back
    if change.ref.change_key == row.change_key:
        return None if ours else _Finding(row, _Act.READ_BACK, item)
    untouched = ours and same(row.kind, ours, own_fields(item), tolerance=EXACT)
    return None if untouched else _Finding(row, _Act.LOOK)


def _never_written(row: Known, change: Change) -> _Finding | None:
    """An item with our key though nothing was recorded: a create that landed late."""
    late = change.kind is ChangeKind.UPSERTED and row.written.creates > 0
    return _Finding(row, _Act.LOOK_FIRST) if late else None


def _after_look(port: MailboxPort, finding: _Finding) -> _Finding:
    if finding.act is not _Act.LOOK:
        return finding
    row = finding.known
    try:
        items = port.find_task(ITEM_KIND[row.kind], row.crm_key)
    except Unprocessable:
        # It cannot be read: the next attempt to write fails visibly, with the reason.
        return _Finding(row, _Act.LOOK_FIRST)
    found = seen(row.kind, items)
    return _Finding(
        row,
        _Act.LOOK,
        judgement=judge(row.kind, row.written, row.external_id, found),
    )


def _record(finding: _Finding) -> None:
    row = finding.known
    if finding.act is _Act.READ_BACK and finding.item is not None:
        done = sightings.read_back(row, own_fields(finding.item))
    elif finding.act is _Act.LOOK_FIRST:
        done = sightings.look_first(row)
    elif finding.judgement is not None:
        done = sightings.observe(row, finding.judgement)
    else:
        done = True
    if not done:
        raise _RowMovedError
