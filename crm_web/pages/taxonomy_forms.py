"""The forms of a group and a tag: new, renamed, moved (see ``taxonomy_form``)."""

from flask import render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.models import (
    Access,
    Colour,
    Right,
    StaffGroup,
    Tag,
    TagGroup,
    TagGroupAccess,
)
from crm_core.tags import taxonomy
from crm_core.tags.taxonomy import GroupDraft
from crm_web.forms import Form
from crm_web.i18n import gettext
from crm_web.rooms import Room, needs, proved, viewer
from crm_web.taxonomy_form import demandable, names_of, of_level, one_of, saved
from crm_web.taxonomy_words import ACCESS, COLOURS

room = Room("taxonomy_forms", __name__)


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
    return saved(
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
    return saved(
        form,
        lambda: taxonomy.change_group(group, draft, actor=viewer().actor, seen=seen),
        lambda: _group_form(form, group),
        group,
    )


def _of_group(group: TagGroup) -> MultiDict[str, str]:
    given = of_level(group)
    given["colour"] = group.colour.value
    given.setlist("required", group.required.split(","))
    for row in TagGroupAccess.select().where(TagGroupAccess.tag_group == group):
        given[f"access-{row.staff_group_id}"] = row.access.value
    return given


def _group_draft(form: Form) -> GroupDraft:
    chosen = {
        row.id: one_of(Access, form.text(f"access-{row.id}"), Access.NONE)
        for row in StaffGroup.select()
    }
    return GroupDraft(
        names=names_of(form),
        colour=one_of(Colour, form.text("colour"), Colour.GREY),
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
        **demandable(form),
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
    return saved(
        form,
        lambda: taxonomy.add_tag(
            taxonomy.group(form.number("above") or 0),
            names_of(form),
            actor=viewer().actor,
        ),
        lambda: _tag_form(form, None),
    )


@room.get("/verwaltung/gruppen-tags/tag/<int:id_>")
@needs(Right.ADMINISTRATION)
def tag(id_: int) -> str:
    """The form with what is stored."""
    found = taxonomy.tag(id_)
    given = of_level(found)
    given["above"] = str(found.group_id)
    return _tag_form(Form(given), found)


@room.post("/verwaltung/gruppen-tags/tag/<int:id_>", endpoint="save_tag")
@needs(Right.ADMINISTRATION)
@proved
def save_tag(id_: int) -> Response | tuple[str, int]:
    """Rename it, or move it: then other people may read its entries."""
    found, form = taxonomy.tag(id_), Form(request.form)
    return saved(
        form,
        lambda: taxonomy.change_tag(
            found,
            taxonomy.group(form.number("above") or 0),
            names_of(form),
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
