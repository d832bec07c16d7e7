"""The form of a subtag: names, keywords, defaults, suggested tasks, where it stands."""

from flask import render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.access import staff
from crm_core.models import Employee, Right, Subtag, TaskKind
from crm_core.queries import taxonomy as reading
from crm_core.tags import subtag_details, taxonomy
from crm_core.tags.subtag_details import TemplateDraft
from crm_core.tags.taxonomy import SubtagDraft
from crm_web.forms import Form
from crm_web.i18n import gettext
from crm_web.rooms import Room, needs, proved, viewer
from crm_web.taxonomy_form import demandable, names_of, of_level, one_of, saved

room = Room("subtag_forms", __name__)

_EMPTY_LINES = 3  # of suggested tasks, to be filled in


@room.get("/verwaltung/gruppen-tags/subtag/neu")
@needs(Right.ADMINISTRATION)
def new_subtag() -> str:
    """An empty form; ``tag`` is where it shall stand."""
    given = MultiDict({"above": request.args.get("tag", "")})
    return _subtag_form(Form(given), None)


@room.post("/verwaltung/gruppen-tags/subtag/neu", endpoint="add_subtag")
@needs(Right.ADMINISTRATION)
def add_subtag() -> Response | tuple[str, int]:
    """Save a new subtag."""
    form = Form(request.form)
    draft = _subtag_draft(form)
    return saved(
        form,
        lambda: taxonomy.add_subtag(
            taxonomy.tag(form.number("above") or 0), draft, actor=viewer().actor
        ),
        lambda: _subtag_form(form, None),
    )


@room.get("/verwaltung/gruppen-tags/subtag/<int:id_>")
@needs(Right.ADMINISTRATION)
def subtag(id_: int) -> str:
    """The form with what is stored."""
    found = taxonomy.subtag(id_)
    return _subtag_form(Form(_of_subtag(found)), found)


@room.post("/verwaltung/gruppen-tags/subtag/<int:id_>", endpoint="save_subtag")
@needs(Right.ADMINISTRATION)
@proved
def save_subtag(id_: int) -> Response | tuple[str, int]:
    """Save the changes; moved to another group, other people may read its entries."""
    found, form = taxonomy.subtag(id_), Form(request.form)
    draft = _subtag_draft(form)
    return saved(
        form,
        lambda: taxonomy.change_subtag(
            found,
            taxonomy.tag(form.number("above") or 0),
            draft,
            actor=viewer().actor,
            seen=form.text("seen"),
        ),
        lambda: _subtag_form(form, found),
        found,
    )


def _of_subtag(found: Subtag) -> MultiDict[str, str]:
    given = of_level(found)
    given["above"] = str(found.tag_id)
    given["keywords"] = " ".join(f"#{w}" for w in subtag_details.words_of(found))
    given.setlist("required", found.required.split(","))
    given["responsible"] = found.responsible.key if found.responsible else ""
    for line, row in enumerate(subtag_details.templates_of(found)):
        given[f"task-{line}"] = row.title
        given[f"kind-{line}"] = row.kind.value
        given[f"days-{line}"] = str(row.days)
        given[f"employee-{line}"] = row.employee.key if row.employee else ""
    return given


def _subtag_draft(form: Form) -> SubtagDraft:
    people = {person.key: person for person in Employee.select()}
    return SubtagDraft(
        names=names_of(form),
        keywords=tuple(form.text("keywords").replace(",", " ").split()),
        required=tuple(form.many("required")),
        responsible=people.get(form.text("responsible")),
        templates=tuple(_template_drafts(form, people)),
    )


def _template_drafts(form: Form, people: dict[str, Employee]) -> list[TemplateDraft]:
    return [
        TemplateDraft(
            title=form.text(f"task-{line}"),
            kind=one_of(TaskKind, form.text(f"kind-{line}"), TaskKind.DUE_BY),
            days=_days(form, f"days-{line}"),
            employee=people.get(form.text(f"employee-{line}")),
        )
        for line in range(subtag_details.MOST_TEMPLATES)
        if form.text(f"task-{line}")
    ]


def _days(form: Form, name: str) -> int:
    number = form.number(name) if form.text(name) else 0
    if number is None or number > subtag_details.MOST_DAYS:
        most = subtag_details.MOST_DAYS
        form.errors[name] = gettext("Days: 0 to %(most)s.", most=most)
        return 0
    return number


def _subtag_form(form: Form, found: Subtag | None) -> str:
    filled = [n for n in range(subtag_details.MOST_TEMPLATES) if form.text(f"task-{n}")]
    lines = min(
        max(filled, default=-1) + 1 + _EMPTY_LINES, subtag_details.MOST_TEMPLATES
    )
    people = [(person.key, person.name) for person in staff.active_employees()]
    return render_template(
        "taxonomy/subtag.html",
        form=form,
        level=found,
        used=found is not None and taxonomy.is_used(found),
        above=reading.tags(),
        people=people,
        lines=range(lines),
        kinds=[
            (TaskKind.DUE_BY.value, gettext("Due by")),
            (TaskKind.DO_ON.value, gettext("Do on")),
        ],
        **demandable(form),
    )
