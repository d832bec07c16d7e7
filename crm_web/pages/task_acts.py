"""Acts on one task, from wherever it is shown: done, changed, drift answered.

Each is one press and leads back to where it was pressed. Allowed to whoever may change
the entry; an employee may finish the own tasks of an entry that is only to be read.
"""

from collections.abc import Callable
from datetime import timedelta

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from crm_core.access import staff
from crm_core.errors import Forbidden
from crm_core.mirroring import mirrors
from crm_core.models import Right, Task
from crm_core.queries import task_board
from crm_core.queries.task_board import TaskCard
from crm_core.records import schedule, tasks
from crm_web import typed_schedule
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, show_date
from crm_web.rooms import Room, back_to, inside, viewer

room = Room("task_acts", __name__)


@room.post("/aufgaben/<int:task_id>/erledigt")
def done(task_id: int) -> Response:
    """Done; the copy in Outlook follows."""
    said = gettext("«%(title)s» is done.")
    undo = url_for(".reopen", task_id=task_id)
    return _act(task_id, tasks.complete, said, own=True, undo=undo)


@room.post("/aufgaben/<int:task_id>/offen")
def reopen(task_id: int) -> Response:
    """To be done after all."""
    return _act(task_id, tasks.reopen, gettext("«%(title)s» is open again."), own=True)


@room.post("/aufgaben/<int:task_id>/abbrechen")
def cancel(task_id: int) -> Response:
    """Not to be done any more."""
    return _act(task_id, tasks.cancel, gettext("«%(title)s» is cancelled."))


@room.post("/aufgaben/<int:task_id>/uebernehmen")
def adopt(task_id: int) -> Response:
    """«Übernehmen»: as the employee made it in Outlook."""
    said = gettext("«%(title)s»: adopted from Outlook.")
    return _act(task_id, mirrors.adopt, said, own=True)


@room.post("/aufgaben/<int:task_id>/ueberschreiben")
def write_again(task_id: int) -> Response:
    """«Überschreiben»: as it is here. Also a new try for what was not transferred."""
    said = gettext("«%(title)s» will be written to Outlook again.")
    return _act(task_id, mirrors.write_again, said, own=True)


@room.post("/aufgaben/<int:task_id>/aendern")
def change(task_id: int) -> Response:
    """Another title, date or person; what is empty stays."""
    card = _allowed(task_id)
    form = Form(request.form)
    wanted = None
    if any(form.text(f) != form.text(f"{f}_before") for f in ("when", "kind")):
        wanted = typed_schedule.read(form)
    if form.ok:
        with attempt(form):
            tasks.edit(
                task_id,
                actor=viewer().actor,
                title=form.text("title") or None,
                schedule=wanted,
            )
            who = form.text("employee")
            if who and who != card.employee:
                viewer().require(Right.ASSIGN_TASKS)
                tasks.reassign(task_id, staff.by_key(who), actor=viewer().actor)
    title = tasks.get(task_id).title
    return _told(form, gettext("«%(title)s» changed.", title=title), card)


@room.post("/aufgaben/<int:task_id>/verschieben")
def move(task_id: int) -> Response:
    """To today, tomorrow, or a week on (from today where it is late)."""
    card = _allowed(task_id)
    form, today = Form(request.form), typed_schedule.today()
    days = {
        "heute": today,
        "morgen": today + timedelta(days=1),
        "woche": max(card.due, today) + timedelta(weeks=1),
    }
    day = days.get(form.text("tag"))
    if day is None:
        abort(404)
    with attempt(form):
        task = tasks.get(task_id)
        moved = schedule.on_day(task, day)
        tasks.reschedule(task_id, moved, actor=viewer().actor)
    said = gettext(
        "«%(title)s» moved to %(day)s.", title=card.title, day=show_date(day)
    )
    return _told(form, said, card)


def _act(
    task_id: int,
    act: Callable[..., Task],
    said: str,
    *,
    own: bool = False,
    undo: str = "",
) -> Response:
    card = _allowed(task_id, own=own)
    form = Form()
    with attempt(form):
        act(task_id, actor=viewer().actor)
    return _told(form, said % {"title": card.title}, card, undo=undo)


def _told(form: Form, said: str, card: TaskCard, *, undo: str = "") -> Response:
    """What happened, or (Outlook has what cannot be said here) why not."""
    text = said if form.ok else " ".join(form.errors.values())
    tell("success" if form.ok else "danger", text, undo=undo if form.ok else "")
    return _back(card)


def _allowed(task_id: int, *, own: bool = False) -> TaskCard:
    card = task_board.card(viewer(), task_id)
    if not (card.writable or (own and card.employee == viewer().key)):
        raise Forbidden("you may read this entry, not change it")
    return card


def _back(card: TaskCard) -> Response:
    home = f"{url_for('entries.show', number=card.entry)}#aufgabe-{card.id}"
    wanted = request.form.get("weiter", "")
    return back_to(inside(wanted) if wanted else home)
