"""The forms of a group, a tag and a subtag: new, renamed, moved.

Each carries what was seen (``seen``): if somebody else was faster nothing is written,
the inputs stay, and saving once more overwrites knowingly.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core import classification, staff, subtag_details, taxonomy
from crm_core.models import (
    Access,
    Colour,
    Employee,
    Right,
    StaffGroup,
    Subtag,
    Tag,
    TagGroup,
    TagGroupAccess,
    TaskKind,
)
from crm_core.queries import taxonomy as reading
from crm_core.subtag_details import TemplateDraft
from crm_core.taxonomy import GroupDraft, Level, Names, SubtagDraft
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, needs, proved, viewer
from crm_web.taxonomy_words import ACCESS, COLOURS, DEMANDED

room = Room("taxonomy_forms", __name__)

_Word = TypeVar("_Word", bound=StrEnum)
_EMPTY_LINES = 3  # of suggested tasks, to be filled in


# --- groups -----------------------------------------------------------------------


@room.get("/verwaltung/gruppen-tags/gruppe/neu")
@needs(Right.ADMINISTRATION)
@proved
def new_gruppe() -> str:
    """An empty form."""
    return _group_form(Form(), None)


@room.post("/verwaltung/gruppen-tags/gruppe/neu", endpoint="add_gruppe")
@needs(Right.ADMINISTRATION)
@proved
def add_gruppe() -> Response | tuple[str, int]:
    """Save a new group."""
    form = Form(request.form)
    draft = _group_draft(form)
    return _saved(
        form,
        lambda: taxonomy.add_group(draft, actor=viewer().actor),
        lambda: _group_form(form, None),
    )


@room.get("/verwaltung/gruppen-tags/gruppe/<int:id_>")
@needs(Right.ADMINISTRATION)
@proved
def gruppe(id_: int) -> str:
    """The form with what is stored."""
    group = taxonomy.group(id_)
    return _group_form(Form(_of_group(group)), group)


@room.post("/verwaltung/gruppen-tags/gruppe/<int:id_>", endpoint="save_gruppe")
@needs(Right.ADMINISTRATION)
@proved
def save_gruppe(id_: int) -> Response | tuple[str, int]:
    """Save the changes."""
    group, form = taxonomy.group(id_), Form(request.form)
    draft = _group_draft(form)
    seen = form.text("seen")
    return _saved(
        form,
        lambda: taxonomy.change_group(group, draft, actor=viewer().actor, seen=seen),
        lambda: _group_form(form, group),
        group,
    )


def _of_group(group: TagGroup) -> MultiDict[str, str]:
    given = _of_level(group)
    given["colour"] = group.colour.value
    given.setlist("required", group.required.split(","))
    for row in TagGroupAccess.select().where(TagGroupAccess.tag_group == group):
        given[f"access-{row.staff_group_id}"] = row.access.value
    return given


def _group_draft(form: Form) -> GroupDraft:
    chosen = {
        row.id: _one_of(Access, form.text(f"access-{row.id}"), Access.NONE)
        for row in StaffGroup.select()
    }
    return GroupDraft(
        names=_names(form),
        colour=_one_of(Colour, form.text("colour"), Colour.GREY),
        required=tuple(form.many("required")),
        access=chosen,
    )


def _group_form(form: Form, group: TagGroup | None) -> str:
    return render_template(
        "taxonomy/group.html",
        form=form,
        level=group,
        used=group is not None and taxonomy.is_used(group),
        colours=[(colour.value, gettext(word)) for colour, word in COLOURS.items()],
        access=[(right.value, gettext(word)) for right, word in ACCESS.items()],
        staff_groups=list(StaffGroup.select().order_by(StaffGroup.id)),
        **_demandable(form),
    )


# --- tags -------------------------------------------------------------------------


@room.get("/verwaltung/gruppen-tags/tag/neu")
@needs(Right.ADMINISTRATION)
def new_tag() -> str:
    """An empty form; ``gruppe`` is where it shall stand."""
    given = MultiDict({"above": request.args.get("gruppe", "")})
    return _tag_form(Form(given), None)


@room.post("/verwaltung/gruppen-tags/tag/neu", endpoint="add_tag")
@needs(Right.ADMINISTRATION)
def add_tag() -> Response | tuple[str, int]:
    """Save a new tag."""
    form = Form(request.form)
    return _saved(
        form,
        lambda: taxonomy.add_tag(
            taxonomy.group(form.number("above") or 0),
            _names(form),
            actor=viewer().actor,
        ),
        lambda: _tag_form(form, None),
    )


@room.get("/verwaltung/gruppen-tags/tag/<int:id_>")
@needs(Right.ADMINISTRATION)
def tag(id_: int) -> str:
    """The form with what is stored."""
    found = taxonomy.tag(id_)
    given = _of_level(found)
    given["above"] = str(found.group_id)
    return _tag_form(Form(given), found)


@room.post("/verwaltung/gruppen-tags/tag/<int:id_>", endpoint="save_tag")
@needs(Right.ADMINISTRATION)
@proved
def save_tag(id_: int) -> Response | tuple[str, int]:
    """Rename it, or move it: then other people may read its entries."""
    found, form = taxonomy.tag(id_), Form(request.form)
    return _saved(
        form,
        lambda: taxonomy.change_tag(
            found,
            taxonomy.group(form.number("above") or 0),
            _names(form),
            actor=viewer().actor,
            seen=form.text("seen"),
        ),
        lambda: _tag_form(form, found),
        found,
    )


def _tag_form(form: Form, found: Tag | None) -> str:
    rows = TagGroup.select().order_by(TagGroup.position, TagGroup.id)
    return render_template(
        "taxonomy/tag.html",
        form=form,
        level=found,
        used=found is not None and taxonomy.is_used(found),
        above=[(row.id, row.name) for row in rows],
    )


# --- subtags ----------------------------------------------------------------------


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
    return _saved(
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
    return _saved(
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
    given = _of_level(found)
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
        names=_names(form),
        keywords=tuple(form.text("keywords").replace(",", " ").split()),
        required=tuple(form.many("required")),
        responsible=people.get(form.text("responsible")),
        templates=tuple(_template_drafts(form, people)),
    )


def _template_drafts(form: Form, people: dict[str, Employee]) -> list[TemplateDraft]:
    return [
        TemplateDraft(
            title=form.text(f"task-{line}"),
            kind=_one_of(TaskKind, form.text(f"kind-{line}"), TaskKind.DUE_BY),
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
        **_demandable(form),
    )


# --- shared -----------------------------------------------------------------------


def _saved(
    form: Form,
    write: Callable[[], object],
    again: Callable[[], str],
    level: Level | None = None,
) -> Response | tuple[str, int]:
    """Write and go back to the tree, or show the form again with what is wrong."""
    form.require("name")
    if form.ok:
        with attempt(form, {"templates": "task-0"}):
            write()
    if form.ok:
        tell("success", gettext("«%(name)s» saved.", name=form.text("name")))
        return back_to(url_for("taxonomy.tree"))
    if level is not None:
        _read_anew(level)
        if "" in form.errors:  # somebody was faster: saving again overwrites knowingly
            form.values = MultiDict(form.values)
            form.values["seen"] = taxonomy.fingerprint(level)
    return again(), 422


def _read_anew(level: Level) -> None:
    """As it is in the database, not as the refused draft left it."""
    level.__data__.update(type(level).get_by_id(level.id).__data__)
    level.__rel__.clear()


def _of_level(level: Level) -> MultiDict[str, str]:
    return MultiDict(
        {
            "name": level.name,
            "name_en": level.name_en,
            "seen": taxonomy.fingerprint(level),
        }
    )


def _names(form: Form) -> Names:
    return Names(form.text("name"), form.text("name_en"))


def _demandable(form: Form) -> dict[str, object]:
    fields = [(name, gettext(DEMANDED[name])) for name in classification.DEMANDABLE]
    return {"demandable": fields, "demanded": form.many("required")}


def _one_of(kind: type[_Word], text: str, default: _Word) -> _Word:
    return kind(text) if text in set(kind) else default
