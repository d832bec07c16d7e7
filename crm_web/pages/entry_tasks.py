"""Tasks of an entry: the form below the addresses, the live list, the date's echo."""

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.access import staff
from crm_core.errors import NotFound
from crm_core.linking import triage
from crm_core.models import Employee, Message, Right
from crm_core.queries import entry_page
from crm_core.records import tasks
from crm_web import typed_schedule
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, needs, viewer

room = Room("entry_tasks", __name__)


@room.get("/datum")
def echo() -> str:
    """What a typed date means, in full: a fragment for the live echo."""
    text = request.args.get("when", "")[:100]
    if not text.strip():
        return ""
    understood, said = typed_schedule.in_words(text)
    return render_template("entries/date_echo.html", understood=understood, said=said)


@room.get("/eintraege/<int:number>/aufgaben")
def listed(number: int) -> str:
    """The list alone, asked for every 15 s: a fragment."""
    page = entry_page.show(viewer(), number)
    return render_template(
        "entries/task_list.html",
        page=page,
        people=staff.active_employees(),
        today=typed_schedule.today(),
    )


@room.post("/eintraege/<int:number>/aufgaben", endpoint="assign")
@needs(Right.ASSIGN_TASKS)
def assign(number: int) -> Response | tuple[str, int]:
    """Give somebody something to do; without a date typed: today.

    ``mail``: what it was made out of; NotFound unless the viewer sees that mail.
    """
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    form.require("title")
    schedule = typed_schedule.read(form)
    who, mail = _employee(form), _mail(form)
    if form.ok and schedule is not None and who is not None:
        with attempt(form):
            tasks.assign(
                entry,
                who,
                form.text("title"),
                schedule,
                actor=viewer().actor,
                message=mail,
            )
    if not form.ok:
        return _form_again(number, form), 422
    said = gettext("Task assigned to %(name)s.", name=who.name if who else "")
    tell("success", said)
    return back_to(f"{url_for('entries.show', number=number)}#aufgaben")


def _employee(form: Form) -> Employee | None:
    try:
        return staff.by_key(form.text("employee") or viewer().key)
    except NotFound:
        form.errors["employee"] = gettext("Please choose one of the list.")
        return None


def _mail(form: Form) -> Message | None:
    number = form.number("mail")
    return None if number is None else triage.visible(viewer(), number)


def _form_again(number: int, form: Form) -> str:
    return render_template(
        "entries/task_page.html",
        page=entry_page.show(viewer(), number),
        people=staff.active_employees(),
        today=typed_schedule.today(),
        task_form=form,
    )
