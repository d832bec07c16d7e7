"""«Postfächer»: every listed mailbox, how it fares, and what the last day brought.

Counts of unassigned mail are those the viewer may see; all else names no mail. The
number of queries does not depend on the number of mailboxes.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text, to_text
from crm_core.mail import quarantine
from crm_core.models import (
    DaemonBeat,
    Mailbox,
    MailboxReading,
    MailboxStatus,
    MailboxWish,
    MailFolder,
    Visibility,
    WishKind,
)
from crm_core.polling.mailbox_states import BEAT_STALE_AFTER, silent_after, state_of
from crm_core.queries import actors, triage

HOURS = 24
_TASKS = {"tasks", "calendar"}
_AT_REST = {"paused", "not_informed"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a full read has come; ``expected`` is None where that is not known."""

    read: int
    expected: int | None

    @property
    def percent(self) -> int | None:
        """At most 99: at 100 it is over, and this is not shown."""
        if not self.expected:
            return None
        return min(99, self.read * 100 // self.expected)


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours, the present one last; ``answer_ms`` is the latest known."""

    mails: tuple[int, ...] = (0,) * HOURS
    failed: tuple[bool, ...] = (False,) * HOURS
    answer_ms: int | None = None

    @property
    def total(self) -> int:
        """Mails and copies that came."""
        return sum(self.mails)


@dataclass(frozen=True, slots=True)
class Count:
    """The last nightly count: items there, and of them recorded here."""

    at: datetime
    there: int
    here: int


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A mailbox in the list. ``unassigned`` is None where the viewer sees no mail.

    ``paused_by`` is who paused it, as people call them.
    """

    mailbox: Mailbox
    reading: MailboxReading | None
    state: str
    healthy: bool
    paused_by: str | None
    day: Day
    unassigned: int | None
    progress: Progress | None
    wishes: frozenset[WishKind]
    quarantined: int
    count: Count | None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the files, in both languages."""

    file: str
    line: int
    column: int
    code: str
    severity: str
    sentences: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Files:
    """What the daemon says of its configuration; ``running`` is whether it lives."""

    running: bool = False
    beat_at: datetime | None = None
    since: datetime | None = None
    refused_at: datetime | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Because of which the last good files are in force."""
        return tuple(one for one in self.problems if one.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What works, and should be known."""
        return tuple(one for one in self.problems if one.severity != "error")


@dataclass(frozen=True, slots=True)
class MailboxList:
    """The page. ``tasks_waiting``: copies of tasks that are still to be written."""

    rows: tuple[MailboxRow, ...]
    files: Files
    tasks_waiting: int
    removed: tuple[Mailbox, ...] = ()  # not listed any more; their mail is still here
    reload: MailboxWish | None = None
    busy: bool = False

    @property
    def read_ones(self) -> tuple[MailboxRow, ...]:
        """Those that are read: neither paused nor waiting for the privacy notice."""
        return tuple(row for row in self.rows if row.state not in _AT_REST)

    @property
    def healthy(self) -> int:
        """Mailboxes that are read, and for which nobody needs to act."""
        return sum(row.healthy for row in self.read_ones)

    def at_rest(self, state: str) -> int:
        """How many are not read, being «paused» or «not_informed»."""
        return sum(row.state == state for row in self.rows)

    @property
    def last_success_at(self) -> datetime | None:
        """When anything was read to its end last."""
        known = [row.mailbox.last_success_at for row in self.rows]
        return max((at for at in known if at is not None), default=None)


def read(viewer: Viewer, now: datetime) -> MailboxList:
    """Everything; at most eleven queries."""
    files_ = files(now)
    wishes = _open_wishes()
    rows = _rows(viewer, now, wishes, alive=files_.running)
    reload_ = _last_reload(now)
    return MailboxList(
        rows=rows,
        files=files_,
        tasks_waiting=_tasks_waiting(),
        removed=tuple(
            Mailbox.select()
            .where(Mailbox.status == MailboxStatus.REMOVED)
            .order_by(Mailbox.address)
        ),
        reload=reload_,
        busy=bool(wishes) or any(row.progress for row in rows),
    )


def one(viewer: Viewer, mailbox: Mailbox, now: datetime) -> MailboxRow:
    """The row of one mailbox."""
    rows = _rows(viewer, now, _open_wishes(), alive=files(now).running)
    return next(row for row in rows if row.mailbox.id == mailbox.id)


def _rows(
    viewer: Viewer,
    now: datetime,
    wishes: Mapping[int, frozenset[WishKind]],
    *,
    alive: bool,
) -> tuple[MailboxRow, ...]:
    readings = {one.mailbox_id: one for one in MailboxReading.select()}
    folders: dict[int, list[MailFolder]] = defaultdict(list)
    for folder in MailFolder.select():
        if folder.role not in _TASKS:
            folders[folder.mailbox_id].append(folder)
    days, waiting = _days(now), triage.by_mailbox(viewer)
    quarantined = quarantine.by_mailbox()
    found = []
    listed = Mailbox.select().where(Mailbox.status != MailboxStatus.REMOVED)
    listed = listed.order_by(Mailbox.address)
    named = actors.names(row.paused_by for row in listed)
    for row in listed:
        here = folders[row.id]
        reading = readings.get(row.id)
        count = _count(here)
        state, healthy = _state(
            row, reading, now, alive=alive and any(one.token for one in here)
        )
        if state == "ok" and count is not None and count.there != count.here:
            state, healthy = "incomplete", False
        sees = viewer.mailboxes.get(row.id, Visibility.NONE) is not Visibility.NONE
        found.append(
            MailboxRow(
                mailbox=row,
                reading=reading,
                state=state,
                healthy=healthy,
                paused_by=named.get(row.paused_by or ""),
                day=days.get(row.id, Day()),
                unassigned=waiting.get(row.id, 0) if sees else None,
                progress=_progress(row, here),
                wishes=wishes.get(row.id, frozenset()),
                quarantined=quarantined.get(row.id, 0),
                count=count,
            )
        )
    return tuple(found)


def _state(
    row: Mailbox, reading: MailboxReading | None, now: datetime, *, alive: bool
) -> tuple[str, bool]:
    last = row.last_success_at
    limit = silent_after(reading.poll if reading is not None else 0)
    lately = last is not None and now - last <= limit
    return state_of(row, lately=lately, in_progress=alive)


def _progress(row: Mailbox, folders: Sequence[MailFolder]) -> Progress | None:
    """While a folder that was begun has not been read to its end."""
    if not row.enabled or row.paused_at is not None:
        return None
    begun = [one for one in folders if one.token is not None or one.sweep]
    if all(folder.caught_up_at is not None for folder in begun):
        return None
    read_ = sum(folder.items_read for folder in folders)
    expected = [folder.items_expected for folder in folders]
    known = [number for number in expected if number is not None]
    return Progress(read_, sum(known) if len(known) == len(expected) else None)


def _count(folders: Sequence[MailFolder]) -> Count | None:
    counted = [one for one in folders if one.counted_at is not None]
    if not counted:
        return None
    return Count(
        min(one.counted_at for one in counted),
        sum(one.items_there or 0 for one in counted),
        sum(one.items_here or 0 for one in counted),
    )


def _days(now: datetime) -> dict[int, Day]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    rows = database.execute(
        "SELECT mailbox_id, substr(at, 1, 13), sum(mails), "
        "count(CASE WHEN code IS NOT NULL THEN 1 END), avg(answer_ms) "
        "FROM mailbox_poll WHERE at >= ? GROUP BY mailbox_id, substr(at, 1, 13) "
        "ORDER BY 1, 2",
        (to_text(first),),
    )
    mails: dict[int, list[int]] = defaultdict(lambda: [0] * HOURS)
    failed: dict[int, list[bool]] = defaultdict(lambda: [False] * HOURS)
    answers: dict[int, int] = {}
    for mailbox, hour, count, errors, answer in rows:
        place = int((from_text(f"{hour}:00:00.000Z") - first) / timedelta(hours=1))
        if not 0 <= place < HOURS:  # a clock that went wrong
            continue
        mails[mailbox][place] = int(count)
        failed[mailbox][place] = errors > 0
        if answer is not None:
            answers[mailbox] = round(answer)
    return {
        box: Day(tuple(mails[box]), tuple(failed[box]), answers.get(box))
        for box in mails
    }


def _open_wishes() -> dict[int, frozenset[WishKind]]:
    """By mailbox; 0 is none."""
    found: dict[int, set[WishKind]] = defaultdict(set)
    for mailbox, kind in database.execute(
        "SELECT mailbox_id, kind FROM mailbox_wish WHERE finished_at IS NULL"
    ):
        found[mailbox or 0].add(WishKind(kind))
    return {mailbox: frozenset(kinds) for mailbox, kinds in found.items()}


def _last_reload(now: datetime) -> MailboxWish | None:
    """The last one, while it is of interest."""
    found: MailboxWish | None = (
        MailboxWish.select()
        .where(
            MailboxWish.kind == WishKind.RELOAD,
            MailboxWish.asked_at > now - timedelta(minutes=15),
        )
        .order_by(MailboxWish.asked_at.desc())
        .limit(1)
        .get_or_none()
    )
    return found


def _tasks_waiting() -> int:
    """Where something is written at all: elsewhere nothing is due."""
    ((count,),) = database.execute(
        "SELECT count(*) FROM task_mirror m JOIN mailbox b ON b.id = m.mailbox_id "
        "WHERE m.pushed_version < m.wanted_version AND b.enabled = 1 "
        "AND ((m.kind = 'task' AND b.writes_tasks = 1) "
        "OR (m.kind = 'appointment' AND b.writes_calendar = 1))"
    )
    return int(count)


def files(now: datetime) -> Files:
    """What the daemon heard from last says of itself."""
    row = DaemonBeat.select().order_by(DaemonBeat.beat_at.desc()).limit(1).get_or_none()
    if not isinstance(row, DaemonBeat):
        return Files()
    return Files(
        running=now - row.beat_at <= BEAT_STALE_AFTER,
        beat_at=row.beat_at,
        since=row.config_since,
        refused_at=row.refused_at,
        problems=tuple(_problem(said) for said in json.loads(row.problems)),
    )


def _problem(said: Mapping[str, Any]) -> Problem:
    return Problem(
        file=said["file"],
        line=said["line"],
        column=said["column"],
        code=said["code"],
        severity=said["severity"],
        sentences={"de": said["de"], "en": said["en"]},
    )
