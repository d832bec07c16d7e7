"""``/entries``: opening, reading and changing entries, and their notes.

``ETag`` names the version of the entry's own fields; a change that carries it in
``If-Match`` is refused (412) if somebody else was faster.
"""

import re

from flask import request, url_for
from pydantic import Field

from crm_core.access import staff
from crm_core.errors import Forbidden, NotFound
from crm_core.models import Employee, EntryStatus, Subtag
from crm_core.queries import entry_list, entry_page, entry_thread
from crm_core.queries.entry_list import EntryFilter
from crm_core.queries.entry_thread import Thread, ThreadNote
from crm_core.records import entries
from crm_core.records.entries import EntryDraft
from crm_web.api.links import MOST, MailOut, held_out, mails_out
from crm_web.api.problems import Refusal
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import (
    Answer,
    Body,
    Day,
    EntryPath,
    Instant,
    Line,
    Named,
    PageOf,
    PageQuery,
    QueryNumber,
    RowId,
    Text,
)
from crm_web.api.views import (
    AddressName,
    DocumentName,
    EntryBrief,
    TaskOut,
    entry_brief,
    tasks_out,
)
from crm_web.rooms import viewer

resource = Resource("entries", "What is to be done for a customer, and what was")

_ETAG = re.compile(r'"v([0-9]{1,9})"')


class EntryIn(Body):
    """A new entry. `subtag` and `responsible` are keys."""

    address_id: RowId
    subtag: Named
    title: Named
    description: Text = ""
    note: Text = ""
    management_only: bool = False
    responsible: Named | None = None
    follow_up_on: Day | None = None


class EntryChange(Body):
    """What is to be changed; null takes `responsible` or `follow_up_on` away."""

    title: Named | None = None
    subtag: Named | None = None
    status: EntryStatus | None = None
    description: Text | None = None
    management_only: bool | None = None
    responsible: Named | None = None
    follow_up_on: Day | None = None


class NoteIn(Body):
    """A colleague's words."""

    text: Text = Field(min_length=1)


class NoteOut(Answer):
    """A note."""

    text: str
    by: str
    at: Instant


class EntryOut(Answer):
    """An entry with everything in it that the account may see."""

    number: int
    title: str
    status: EntryStatus
    subtag: str = Field(description="key")
    group: str
    tag: str
    management_only: bool
    description: str
    responsible: str | None = Field(description="key")
    follow_up_on: Day | None
    version: int
    created_at: Instant
    created_by: str
    updated_at: Instant | None
    updated_by: str | None
    writable: bool
    merged_into: int | None = Field(
        description="number of the entry that has everything of this one since; "
        "this one is not changed any more (409)"
    )
    addresses: list[AddressName] = Field(
        description="who takes part, the own one first"
    )
    messages: list[MailOut] = Field(
        description="the newest 100; all of them: `/entries/{number}/links`"
    )
    tasks: list[TaskOut]
    documents: list[DocumentName]
    notes: list[NoteOut]


class EntryQuery(PageQuery):
    """Which entries."""

    q: Line = ""
    status: EntryStatus | None = None
    group: Line | None = Field(None, description="key of the tag group")
    tag: Line | None = None
    subtag: Line | None = None
    responsible: Line | None = None
    address_id: QueryNumber | None = None


@resource.read("/entries", PageOf[EntryBrief])
def listing(query: EntryQuery) -> PageOf[EntryBrief]:
    """Entries, the newest first."""
    wanted = EntryFilter(
        status=frozenset({query.status} if query.status else ()),
        tag_group=query.group,
        tag=query.tag,
        subtag=query.subtag,
        responsible=query.responsible,
        address=query.address_id,
        text=query.q,
    )
    page = entry_list.page(viewer(), wanted, before=query.cursor, limit=query.limit)
    return PageOf[EntryBrief](
        items=[entry_brief(row) for row in page.rows], next=page.before
    )


@resource.write("post", "/entries", EntryOut, 201)
def create(body: EntryIn) -> Reply:
    """Open an entry; its number is what people say from now on."""
    subtag = _writable_subtag(body.subtag)
    _may_hide(wanted=body.management_only)
    draft = EntryDraft(
        title=body.title,
        address_id=body.address_id,
        subtag_key=subtag.key,
        note=body.note,
        management_only=body.management_only,
        description=body.description,
        responsible=_employee(body.responsible),
        follow_up_on=body.follow_up_on,
    )
    entry = entries.open_as(draft, actor=viewer().actor)
    where = url_for("api_entries.show", number=entry.number)
    return _reply(entry.number, 201, Location=where)


@resource.read("/entries/<int:number>", EntryOut)
def show(path: EntryPath) -> Reply:
    """One entry."""
    return _reply(path.number)


@resource.write("patch", "/entries/<int:number>", EntryOut, versioned=True)
def change(path: EntryPath, body: EntryChange) -> Reply:
    """Change what is given; with If-Match only if nobody else did meanwhile."""
    entry = viewer().entry(path.number, write=True)
    given = body.model_fields_set
    subtag = _writable_subtag(body.subtag) if body.subtag else entry.subtag
    hidden = body.management_only
    _may_hide(wanted=bool(hidden))
    draft = EntryDraft(
        title=body.title or entry.title,
        address_id=None,
        subtag_key=subtag.key,
        management_only=entry.management_only if hidden is None else hidden,
        description=entry.description if body.description is None else body.description,
        responsible=_employee(body.responsible)
        if "responsible" in given
        else entry.responsible,
        follow_up_on=body.follow_up_on
        if "follow_up_on" in given
        else entry.follow_up_on,
    )
    entries.rewrite(entry, draft, actor=viewer().actor, version=_if_match())
    if body.status is not None:
        entries.set_status(entry, body.status, actor=viewer().actor)
    return _reply(path.number)


@resource.write("post", "/entries/<int:number>/notes", NoteOut, 201)
def add_note(path: EntryPath, body: NoteIn) -> Reply:
    """Write a note."""
    entry = viewer().entry(path.number, write=True)
    note = entries.add_note(entry, body.text, actor=viewer().actor)
    return Reply(NoteOut(text=note.text, by=viewer().name, at=note.written_at), 201)


def _reply(number: int, status: int = 200, **headers: str) -> Reply:
    page = entry_page.show(viewer(), number)
    head = page.head
    thread = entry_thread.page(viewer(), entries.by_number(number), limit=MOST)
    model = EntryOut(
        number=head.number,
        title=head.title,
        status=head.status,
        subtag=head.subtag_key,
        group=head.tag_group,
        tag=head.tag,
        management_only=head.management_only,
        description=head.description,
        responsible=head.responsible_key,
        follow_up_on=head.follow_up_on,
        version=head.version,
        created_at=head.created_at,
        created_by=head.created_by,
        updated_at=head.updated_at,
        updated_by=head.updated_by,
        writable=head.writable,
        merged_into=head.merged_into,
        addresses=[
            AddressName(id=one.id, name=one.name, kind=one.role)
            for one in page.participants
        ],
        messages=[*mails_out(thread), *held_out(thread)],
        tasks=tasks_out(viewer(), page.tasks),
        documents=[
            DocumentName(kind=d.kind, number=d.number, title=d.title, date=d.dated_on)
            for d in page.documents
        ],
        notes=_notes(thread),
    )
    return Reply(model, status, {"ETag": f'"v{head.version}"', **headers})


def _notes(thread: Thread) -> list[NoteOut]:
    notes = [item for item in thread.items if isinstance(item, ThreadNote)]
    return [NoteOut(text=note.text, by=note.by, at=note.at) for note in notes]


def _if_match() -> int | None:
    wanted = request.headers.get("If-Match", "").strip()
    if wanted in {"", "*"}:
        return None
    match = _ETAG.fullmatch(wanted)
    if match is None:
        raise Refusal(412, "stale")
    return int(match.group(1))


def _writable_subtag(key: str) -> Subtag:
    """Only what the account may see is there, only what it may write is taken."""
    found = Subtag.get_or_none(Subtag.key == key)
    if not isinstance(found, Subtag) or found.id not in viewer().readable:
        writable = viewer().writable
        rows = [row for row in Subtag.select() if row.id in writable]
        raise NotFound(
            "there is no subtag «{key}» (known: {known})",
            key=key,
            known=", ".join(sorted(row.key for row in rows)) or "–",
        )
    if found.id not in viewer().writable:
        raise Forbidden("you have no right to do this")
    return found


def _may_hide(*, wanted: bool) -> None:
    if wanted and not viewer().management:
        raise Forbidden("you have no right to do this")


def _employee(key: str | None) -> Employee | None:
    return None if key is None else staff.by_key(key)
