"""An entry as its page shows it, without its thread and timeline.

The viewer may read it, else NotFound. The number of queries is constant.
"""

from dataclasses import dataclass
from datetime import date, datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.languages import name_of
from crm_core.models import (
    AddressRole,
    Colour,
    DocumentKind,
    Employee,
    Entry,
    EntryStatus,
    TaskKind,
    TaskStatus,
)
from crm_core.queries import actors, paging, task_board
from crm_core.queries.task_board import TaskCard, TaskFilter
from crm_core.records import merged, watches

MOST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Taking:
    """An address that takes part; ``emails`` are how its mail is recognised."""

    id: int
    name: str
    role: AddressRole
    phone: str
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkedDocument:
    """A work report or delivery note of the entry."""

    kind: DocumentKind
    number: str
    title: str
    dated_on: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log about the entry."""

    at: datetime
    by: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class EntryHead:
    """What stands on top of every page about an entry.

    ``merged_into``: the number of the entry it was merged into, if the viewer reads that.
    """

    id: int
    number: int
    title: str
    status: EntryStatus
    tag_group: str
    tag: str
    subtag: str
    subtag_key: str
    colour: Colour
    management_only: bool
    description: str
    responsible: str | None
    responsible_key: str | None
    follow_up_on: date | None
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime | None
    updated_by: str | None
    address: Taking | None
    writable: bool
    merged_into: int | None
    open_tasks: int


@dataclass(frozen=True, slots=True)
class TaskOffer:
    """A task that the subtag suggests; without an employee it is for the reader."""

    id: int
    title: str
    kind: TaskKind
    days: int
    employee_key: str | None
    employee: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """The right column, and what else the page needs."""

    head: EntryHead
    participants: tuple[Taking, ...]
    tasks: tuple[TaskCard, ...]
    templates: tuple[TaskOffer, ...]
    documents: tuple[LinkedDocument, ...]
    changes: tuple[Change, ...]
    watching: bool


def head(viewer: Viewer, number: int) -> EntryHead:
    """The entry's head; NotFound if the viewer may not read it."""
    entry = viewer.entry(number)
    return _head(viewer, entry, _participants(entry))


def show(viewer: Viewer, number: int) -> EntryPage:
    """The page; NotFound if the viewer may not read the entry."""
    entry = viewer.entry(number)
    taking_part = _participants(entry)
    wanted = TaskFilter(status=None, entry=number)
    tasks = task_board.page(viewer, wanted, limit=paging.MOST).rows
    return EntryPage(
        head=_head(viewer, entry, taking_part),
        participants=taking_part,
        tasks=tuple(t for t in tasks if t.status is not TaskStatus.CANCELLED),
        templates=_templates(entry),
        documents=_documents(entry),
        changes=_changes(entry),
        watching=watches.is_watching(entry, viewer.employee),
    )


def _head(viewer: Viewer, entry: Entry, taking_part: tuple[Taking, ...]) -> EntryHead:
    ((group, tag, subtag, key, colour, open_tasks),) = database.execute(
        f"SELECT {name_of('g')}, {name_of('t')}, {name_of('s')}, s.key, g.colour, "
        "(SELECT count(*) FROM task k "
        "WHERE k.entry_id = ? AND k.status = 'open') FROM subtag s "
        "JOIN tag t ON t.id = s.tag_id JOIN tag_group g ON g.id = t.group_id "
        "WHERE s.id = ?",
        (entry.id, entry.subtag_id),
    )
    named = actors.names([entry.created_by, entry.updated_by])
    responsible: Employee | None = entry.responsible
    target = merged.target_of(entry)
    return EntryHead(
        id=entry.id,
        number=entry.number,
        title=entry.title,
        status=entry.status,
        tag_group=group,
        tag=tag,
        subtag=subtag,
        subtag_key=key,
        colour=Colour(colour),
        management_only=entry.management_only,
        description=entry.description,
        responsible=None if responsible is None else responsible.name,
        responsible_key=None if responsible is None else responsible.key,
        follow_up_on=entry.follow_up_on,
        version=entry.version,
        created_at=entry.created_at,
        created_by=named[entry.created_by],
        updated_at=entry.updated_at,
        updated_by=named.get(entry.updated_by or ""),
        address=next(iter(taking_part), None),
        writable=entry.subtag_id in viewer.writable and target is None,
        merged_into=target.number if target and viewer.sees(target) else None,
        open_tasks=int(open_tasks),
    )


def _participants(entry: Entry) -> tuple[Taking, ...]:
    rows = database.execute(
        "SELECT a.id, a.name, a.role, a.phone, e.email FROM participant p "
        "JOIN address a ON a.id = p.address_id "
        "LEFT JOIN address_email e ON e.address_id = a.id "
        "WHERE p.entry_id = ? ORDER BY p.id, e.id",
        (entry.id,),
    )
    found: dict[int, Taking] = {}
    for id_, name, role, phone, email in rows:
        before = found.get(int(id_))
        emails = (*(before.emails if before else ()), *((email,) if email else ()))
        found[int(id_)] = Taking(int(id_), name, AddressRole(role), phone, emails)
    return tuple(found.values())


def _templates(entry: Entry) -> tuple[TaskOffer, ...]:
    rows = database.execute(
        "SELECT p.id, p.title, p.kind, p.days, e.key, e.name FROM task_template p "
        "LEFT JOIN employee e ON e.id = p.employee_id AND e.active = 1 "
        "WHERE p.subtag_id = ? ORDER BY p.position, p.id",
        (entry.subtag_id,),
    )
    return tuple(
        TaskOffer(int(id_), title, TaskKind(kind), int(days), key, name)
        for id_, title, kind, days, key, name in rows
    )


def _documents(entry: Entry) -> tuple[LinkedDocument, ...]:
    rows = database.execute(
        "SELECT d.kind, d.number, d.title, d.dated_on FROM entry_document ed "
        "JOIN document d ON d.id = ed.document_id WHERE ed.entry_id = ? "
        "ORDER BY coalesce(d.dated_on, '') DESC, ed.id DESC",
        (entry.id,),
    )
    return tuple(
        LinkedDocument(
            DocumentKind(kind), number, title, day and date.fromisoformat(day)
        )
        for kind, number, title, day in rows
    )


def _changes(entry: Entry) -> tuple[Change, ...]:
    rows = database.execute(
        "SELECT at, actor, action, subject, detail FROM audit_event "
        "WHERE entry_id = ? ORDER BY id DESC LIMIT ?",
        (entry.id, MOST_CHANGES),
    )
    named = actors.names(row[1] for row in rows)
    return tuple(
        Change(from_text(at), named.get(actor, actor), action, subject, detail)
        for at, actor, action, subject, detail in rows
    )
