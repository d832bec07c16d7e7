"""Entries: the list, an entry's page, and the acts on the entry itself."""

from datetime import timedelta
from urllib.parse import urlencode

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core import clock
from crm_core.access import staff
from crm_core.models import EntryStatus, Right, TaskKind, TaskStatus
from crm_core.queries import (
    entry_list,
    entry_page,
    entry_thread,
    subtag_choice,
    timeline,
)
from crm_core.queries.entry_list import EntryFilter, EntryRow
from crm_core.queries.entry_page import EntryPage
from crm_core.queries.entry_thread import Thread, ThreadMail
from crm_core.queries.task_board import TaskCard
from crm_core.records import entries, merged, tasks, watches
from crm_web import csv_export, quotations, typed_schedule
from crm_web.chrome import tell
from crm_web.entry_timeline import Drawing
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, needs, viewer
from crm_web.words import STATUSES, entry_name, status_word

room = Room("entries", __name__)

_FILTERS = ("q", "status", "gruppe", "wer", "beobachtet", "wiedervorlage")
_NOT_CLOSED = frozenset({EntryStatus.OPEN, EntryStatus.WAITING})


# --- the list ---------------------------------------------------------------------


@room.get("/eintraege")
def listing() -> str:
    """The list; closed entries only where asked for."""
    wanted = _filter()
    page = entry_list.page(viewer(), wanted, before=request.args.get("vor"))
    kept = _kept_filters()
    return render_template(
        "entries/list.html",
        page=page,
        args=kept,
        query=urlencode(kept),
        statuses=_status_options(),
        groups=_group_options(),
        people=[(e.key, e.name) for e in staff.active_employees()],
        following=_with(vor=page.before) if page.before else None,
        start=_with() if "vor" in request.args else None,
        today=typed_schedule.today(),
    )


@room.get("/eintraege.csv")
@needs(Right.EXPORT)
def listing_csv() -> Response:
    """The same list as a file."""
    wanted = _filter()
    answered: Response = csv_export.of_list(
        "eintraege",
        entry_list.count(viewer(), wanted),
        lambda before: entry_list.page(viewer(), wanted, before=before, limit=500),
        [
            gettext("No."), gettext("Title"), gettext("Address"), gettext("Group"),
            gettext("Tag"), gettext("Subtag"), gettext("Status"),
            gettext("Responsible"), gettext("Open tasks"), gettext("Follow-up"),
            gettext("Opened"),
        ],
        _csv_row,
    )  # fmt: skip
    return answered


def _csv_row(row: EntryRow) -> list[object]:
    return [
        entry_name(row.number), row.title, row.address.name if row.address else "",
        row.tag_group, row.tag, row.subtag, status_word(row.status),
        row.responsible, row.open_tasks, row.follow_up_on, row.created_at,
    ]  # fmt: skip


def _filter() -> EntryFilter:
    status = request.args.get("status", "")
    group, _, tag = request.args.get("gruppe", "").partition("/")
    due = request.args.get("wiedervorlage") == "1"
    statuses = frozenset({EntryStatus(status)} if status in set(EntryStatus) else ())
    return EntryFilter(
        status=statuses or (frozenset() if status == "alle" else _NOT_CLOSED),
        tag_group=group or None,
        tag=tag or None,
        responsible=request.args.get("wer") or None,
        watched=request.args.get("beobachtet") == "1",
        follow_up_until=typed_schedule.today() if due else None,
        text=request.args.get("q", "")[:200],
    )


def _kept_filters() -> dict[str, str]:
    return {name: request.args[name] for name in _FILTERS if request.args.get(name)}


def _with(**more: str) -> str:
    return f"{url_for('.listing')}?{urlencode({**_kept_filters(), **more})}"


def _status_options() -> list[tuple[str, str]]:
    named = [(status.value, gettext(word)) for status, word in STATUSES.items()]
    return [("", gettext("Not closed")), *named, ("alle", gettext("All"))]


def _group_options() -> list[tuple[str, str]]:
    """Groups and their tags, as far as the viewer reads any of them."""
    return [("", gettext("All")), *subtag_choice.readable_tags(viewer())]


# --- one entry --------------------------------------------------------------------


@room.get("/eintraege/<int:number>")
def show(number: int) -> str | Response:
    """The entry's page; of a merged entry the page of the one it was merged into."""
    who = viewer()
    entry = who.entry(number)
    target = merged.target_of(entry)
    if target is not None and who.sees(target) and "ansehen" not in request.args:
        named = {"number": entry_name(number), "into": entry_name(target.number)}
        tell("info", gettext("%(number)s has been merged into %(into)s.", **named))
        return back_to(url_for(".show", number=target.number))
    thread = entry_thread.page(
        who,
        entry,
        before=request.args.get("vor"),
        at=request.args.get("bei", type=int),
    )
    drawing = Drawing.of(
        timeline.of_entry(who, number, clock.now()),
        number,
        _mails_of(thread),
    )
    page = entry_page.show(who, number)
    return render_template(
        "entries/show.html",
        page=page,
        thread=thread,
        drawing=drawing,
        is_merged=target is not None,
        absorbed=merged.numbers_of(entry.id),
        **task_context(_suggested(page)),
    )


def _suggested(page: EntryPage) -> Form:
    """The task form, filled in with the suggestion that was pressed (``vorlage``)."""
    wanted = request.args.get("vorlage", type=int)
    offer = next((one for one in page.templates if one.id == wanted), None)
    if offer is None:
        return Form()
    due_by = offer.kind is TaskKind.DUE_BY
    day = typed_schedule.today() + timedelta(days=offer.days)
    given = {
        "title": offer.title,
        "when": typed_schedule.as_typed(day),
        "kind": typed_schedule.DUE_BY if due_by else typed_schedule.DO_ON,
        "employee": offer.employee_key or viewer().key,
    }
    return Form(MultiDict(given))


def _mails_of(thread: Thread) -> list[int]:
    return [item.id for item in thread.items if isinstance(item, ThreadMail)]


def task_context(form: Form | None = None) -> dict[str, object]:
    """What the task list and its form need."""
    return {
        "people": staff.active_employees(),
        "today": typed_schedule.today(),
        "task_form": form or Form(),
    }


@room.get("/eintraege/<int:number>/drucken")
def printed(number: int) -> str:
    """Head, tasks, thread (new text only) and documents, for paper."""
    who = viewer()
    entry = who.entry(number)
    thread = entry_thread.page(who, entry, limit=200)
    stored = entry_thread.texts(who, _mails_of(thread))
    return render_template(
        "entries/print.html",
        page=entry_page.show(who, number),
        thread=thread,
        texts={id_: quotations.parts(t.text, t.new).new for id_, t in stored.items()},
        today=typed_schedule.today(),
    )


@room.post("/eintraege/<int:number>/status")
def set_status(number: int) -> Response:
    """Open, waiting, closed; closing asks first if tasks are open."""
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    wanted, what_of_tasks = form.text("state"), form.text("tasks")
    here = url_for(".show", number=number)
    if wanted not in set(EntryStatus):
        return back_to(here)
    status = EntryStatus(wanted)
    if status is EntryStatus.CLOSED and not what_of_tasks and _open_tasks(number):
        return back_to(url_for(".closing", number=number))
    if status is EntryStatus.CLOSED and what_of_tasks == "cancel":
        for task in _open_tasks(number):
            tasks.cancel(task.id, actor=viewer().actor)
    entries.set_status(entry, status, actor=viewer().actor)
    named = {"number": entry_name(number), "status": status_word(status)}
    tell("success", gettext("%(number)s: %(status)s.", **named))
    return back_to(here)


def _open_tasks(number: int) -> list[TaskCard]:
    found = entry_page.show(viewer(), number).tasks
    return [task for task in found if task.status is TaskStatus.OPEN]


@room.get("/eintraege/<int:number>/abschliessen")
def closing(number: int) -> str:
    """Ask what shall become of the open tasks."""
    viewer().entry(number, write=True)
    return render_template(
        "entries/closing.html",
        head=entry_page.head(viewer(), number),
        open=_open_tasks(number),
    )


@room.post("/eintraege/<int:number>/notiz")
def add_note(number: int) -> Response:
    """A note of a colleague."""
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    with attempt(form):
        entries.add_note(entry, form.text("note"), actor=viewer().actor)
    if not form.ok:
        tell("danger", " ".join(form.errors.values()))
    return back_to(f"{url_for('.show', number=number)}#verlauf")


@room.post("/eintraege/<int:number>/beobachten")
def watch(number: int) -> Response:
    """See news of this entry under «Meine Arbeit»."""
    watches.watch(viewer().entry(number), viewer().employee, actor=viewer().actor)
    tell("success", gettext("You watch this entry: news stand under «My work»."))
    return back_to(url_for(".show", number=number))


@room.post("/eintraege/<int:number>/nicht-beobachten")
def unwatch(number: int) -> Response:
    """No longer."""
    watches.unwatch(viewer().entry(number), viewer().employee, actor=viewer().actor)
    return back_to(url_for(".show", number=number))


@room.post("/eintraege/<int:number>/gesehen")
def seen(number: int) -> Response:
    """What happened so far is no news any more."""
    watches.mark_seen(viewer().entry(number), viewer().employee)
    return back_to(url_for(".show", number=number))
