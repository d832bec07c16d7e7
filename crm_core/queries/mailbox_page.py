"""One mailbox: its last test and polls, what is read, who sees it, what waits.

Tasks written into it are listed as far as the viewer may read their entries. The number
of queries does not depend on how much there is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.mail import quarantine
from crm_core.mail.quarantine import QuarantinedItem
from crm_core.models import (
    Mailbox,
    MailboxAccess,
    MailboxPoll,
    MailboxWish,
    MailFolder,
    StaffGroup,
    Visibility,
    WishKind,
)
from crm_core.queries import actors, mailbox_list
from crm_core.queries.mailbox_list import MailboxRow

POLLS = 50
MOST_TASKS = 100
_TASKS = {"tasks", "calendar"}


@dataclass(frozen=True, slots=True)
class Tick:
    """One step of a test: ``ok``, ``failed``, ``none``, ``untried``."""

    step: str
    state: str
    code: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class WishView:
    """The latest wish of a kind, and what came of it (None while it is open).

    ``asked_by``: who wished it, as people call them; None for the program itself.
    """

    kind: WishKind
    asked_by: str | None
    asked_at: datetime
    finished_at: datetime | None
    begun: bool
    result: Mapping[str, Any]

    @property
    def open(self) -> bool:
        """Whether it still waits or goes on."""
        return self.finished_at is None

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Of a test."""
        said = self.result.get("ticks", ())
        return tuple(Tick(t["step"], t["state"], t["code"], t["detail"]) for t in said)


@dataclass(frozen=True, slots=True)
class WrittenTask:
    """A task that has, or shall have, a copy in this mailbox."""

    id: int
    title: str
    entry: int
    kind: str
    state: str  # written, pending, parked, drift
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """The page."""

    row: MailboxRow
    polls: tuple[MailboxPoll, ...]  # oldest first
    folders: tuple[MailFolder, ...]
    access: tuple[tuple[str, Visibility], ...]
    quarantine: tuple[QuarantinedItem, ...]
    tasks: tuple[WrittenTask, ...]
    wishes: Mapping[WishKind, WishView]

    @property
    def busy(self) -> bool:
        """Whether something is under way: only then the page looks again by itself."""
        return self.row.progress is not None or any(
            wish.open for wish in self.wishes.values()
        )


def read(viewer: Viewer, mailbox: Mailbox, now: datetime) -> MailboxPage:
    """Everything about one mailbox."""
    return MailboxPage(
        row=mailbox_list.one(viewer, mailbox, now),
        polls=_polls(mailbox),
        folders=_folders(mailbox),
        access=_access(mailbox),
        quarantine=tuple(
            item for item in quarantine.open_items() if item.mailbox == mailbox.address
        ),
        tasks=_written(viewer, mailbox),
        wishes=_wishes(mailbox),
    )


def _polls(mailbox: Mailbox) -> tuple[MailboxPoll, ...]:
    rows = MailboxPoll.select().where(MailboxPoll.mailbox == mailbox.id)
    latest = rows.order_by(MailboxPoll.at.desc()).limit(POLLS)
    return tuple(reversed(list(latest)))


def _folders(mailbox: Mailbox) -> tuple[MailFolder, ...]:
    rows = MailFolder.select().where(MailFolder.mailbox == mailbox.id)
    return tuple(rows.order_by(MailFolder.role, MailFolder.name))


def _access(mailbox: Mailbox) -> tuple[tuple[str, Visibility], ...]:
    """Every staff group, also those that see nothing."""
    said = {
        row.staff_group_id: row.visibility
        for row in MailboxAccess.select().where(MailboxAccess.mailbox == mailbox.id)
    }
    groups = StaffGroup.select().order_by(StaffGroup.id)
    return tuple((one.name, said.get(one.id, Visibility.NONE)) for one in groups)


def _written(viewer: Viewer, mailbox: Mailbox) -> tuple[WrittenTask, ...]:
    rows = database.execute(
        "SELECT t.id, t.title, e.number, m.kind, m.drift, m.parked, "
        "m.pushed_version < m.wanted_version, t.status, e.subtag_id "
        "FROM task_mirror m JOIN task t ON t.id = m.task_id "
        f"JOIN entry e ON e.id = t.entry_id WHERE m.mailbox_id = ? "
        "AND m.wanted_present = 1 AND t.status <> 'cancelled' "
        f"AND {viewer.entries('e')} ORDER BY t.id DESC LIMIT ?",
        (mailbox.id, MOST_TASKS),
    )
    return tuple(
        WrittenTask(
            id=row[0],
            title=row[1],
            entry=row[2],
            kind=row[3],
            state=_state(drift=row[4], parked=row[5], due=row[6]),
            may_cancel=row[7] == "open" and row[8] in viewer.writable,
        )
        for row in rows
    )


def _state(*, drift: str | None, parked: int, due: int) -> str:
    if drift is not None:
        return "drift"
    if parked:
        return "parked"
    return "pending" if due else "written"


def _wishes(mailbox: Mailbox) -> dict[WishKind, WishView]:
    """The latest of each kind."""
    latest: list[MailboxWish] = []
    for kind in (WishKind.TEST, WishKind.POLL_NOW, WishKind.BACKFILL):
        rows = MailboxWish.select().where(
            MailboxWish.mailbox == mailbox.id, MailboxWish.kind == kind
        )
        latest.extend(rows.order_by(MailboxWish.asked_at.desc()).limit(1))
    named = actors.names(row.asked_by for row in latest if ":" in row.asked_by)
    return {row.kind: _wish_view(row, named.get(row.asked_by)) for row in latest}


def _wish_view(row: MailboxWish, asked_by: str | None) -> WishView:
    return WishView(
        kind=row.kind,
        asked_by=asked_by,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        begun=row.taken_at is not None,
        result=json.loads(row.result) if row.result else {},
    )
