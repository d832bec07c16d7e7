"""The «Zeitstrahl» of an entry: a lane per participant, the company, tasks, documents.

Every mark is a thing that can be opened. Mail the viewer may not see at all leaves no
mark; held mail leaves none either. Nine queries, however many marks there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.models import DocumentKind, Entry, Task, TaskStatus
from crm_core.polling import mailboxes
from crm_core.queries import entry_mail, parties
from crm_core.records import schedule


class LaneKind(StrEnum):
    """Whose marks a lane shows."""

    PARTICIPANT = "participant"
    OTHERS = "others"  # senders who take no part (yet)
    COMPANY = "company"  # «Werft»
    TASKS = "tasks"
    DOCUMENTS = "documents"


class MarkKind(StrEnum):
    """What a mark is, and how it is drawn."""

    RECEIVED = "received"  # disc
    SENT = "sent"  # ring
    TASK_OPEN = "task_open"  # hollow diamond
    TASK_DONE = "task_done"  # green
    TASK_LATE = "task_late"  # red
    REPORT = "report"  # square
    DELIVERY_NOTE = "delivery_note"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing at one time; ``thing`` is the id of the mail or task, ``number`` the
    document's. A whole day stands at noon.
    """

    kind: MarkKind
    at: datetime
    title: str
    thing: int
    number: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks in order of time. ``address`` is the participant's."""

    kind: LaneKind
    name: str
    marks: tuple[Mark, ...]
    address: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes from top to bottom; ``begins`` and ``ends`` take in the present."""

    lanes: tuple[Lane, ...]
    begins: datetime
    ends: datetime
    today: datetime

    @property
    def empty(self) -> bool:
        """Whether there is not one mark."""
        return not any(lane.marks for lane in self.lanes)


def of_entry(viewer: Viewer, number: int, now: datetime) -> Timeline:
    """The entry's timeline; NotFound if the viewer may not read the entry."""
    entry = viewer.entry(number)
    zone = schedule.company_zone()
    lanes = [
        *_mail_lanes(viewer, entry),
        Lane(LaneKind.TASKS, "", _tasks(entry, now.astimezone(zone).date(), zone)),
        Lane(LaneKind.DOCUMENTS, "", _documents(entry, zone)),
    ]
    times = [mark.at for lane in lanes for mark in lane.marks]
    return Timeline(
        lanes=tuple(lanes),
        begins=min([*times, entry.created_at, now]),
        ends=max([*times, now]),
        today=now,
    )


def _mail_lanes(viewer: Viewer, entry: Entry) -> Iterable[Lane]:
    """Participants in their order, then everybody else, then our own mail."""
    taking_part = database.execute(
        "SELECT a.id, a.name FROM participant p JOIN address a ON a.id = p.address_id "
        "WHERE p.entry_id = ? ORDER BY p.id",
        (entry.id,),
    )
    marks: dict[int, list[Mark]] = {int(id_): [] for id_, _name in taking_part}
    ours: list[Mark] = []
    others: list[Mark] = []
    rows = database.execute(
        "SELECT m.id, m.subject, m.sender, m.from_address, m.from_name, m.received_at, "
        "m.authenticated, EXISTS (SELECT 1 FROM message_copy c "
        "WHERE c.message_id = m.id AND c.sent = 1) FROM message m WHERE m.id IN "
        f"(SELECT x.message_id FROM ({entry_mail.shown_in('?')}) x) "
        f"AND {viewer.messages('m')} ORDER BY m.received_at, m.id",
        (entry.id, entry.id),
    )
    owners = parties.owners(email for row in rows for email in (row[2], row[3]))
    internal = mailboxes.internal()
    for id_, subject, sender, from_, name, at, vouched, sent in rows:
        own = bool(sent) or (from_ in internal and bool(vouched))
        # A name that looks like an address would mislead.
        who = (name if "@" not in name else "") or sender or from_ or ""
        kind = MarkKind.SENT if own else MarkKind.RECEIVED
        mark = Mark(kind, from_text(at), subject, int(id_), who=who)
        owner = owners.get(sender) or owners.get(from_)
        if own:
            ours.append(mark)
        elif owner is not None and owner.id in marks:
            marks[owner.id].append(mark)
        else:
            others.append(mark)
    for id_, name in taking_part:
        lane = tuple(marks[int(id_)])
        yield Lane(LaneKind.PARTICIPANT, name, lane, address=int(id_))
    if others:
        yield Lane(LaneKind.OTHERS, "", tuple(others))
    yield Lane(LaneKind.COMPANY, "", tuple(ours))


def _tasks(entry: Entry, today: date, zone: ZoneInfo) -> tuple[Mark, ...]:
    rows = Task.select().where(Task.entry == entry, Task.status != TaskStatus.CANCELLED)
    found = []
    for row in rows:
        day = row.due_on or row.day
        at = row.starts_at or _noon(day, zone)
        late = at.astimezone(zone).date() < today
        kind = MarkKind.TASK_LATE if late else MarkKind.TASK_OPEN
        if row.status is TaskStatus.DONE:
            kind, at = MarkKind.TASK_DONE, row.done_at or at
        found.append(Mark(kind, at, row.title, row.id))
    return tuple(sorted(found, key=lambda mark: (mark.at, mark.thing)))


def _documents(entry: Entry, zone: ZoneInfo) -> tuple[Mark, ...]:
    rows = database.execute(
        "SELECT d.id, d.kind, d.number, d.title, d.dated_on, ed.linked_at "
        "FROM entry_document ed JOIN document d ON d.id = ed.document_id "
        "WHERE ed.entry_id = ?",
        (entry.id,),
    )
    found = []
    for id_, kind, number, title, dated_on, linked_at in rows:
        dated = dated_on and _noon(date.fromisoformat(dated_on), zone)
        drawn = {
            DocumentKind.REPORT: MarkKind.REPORT,
            DocumentKind.DELIVERY_NOTE: MarkKind.DELIVERY_NOTE,
        }[DocumentKind(kind)]
        at = dated or from_text(linked_at)
        found.append(Mark(drawn, at, title, int(id_), number=number))
    return tuple(sorted(found, key=lambda mark: (mark.at, mark.thing)))


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)
