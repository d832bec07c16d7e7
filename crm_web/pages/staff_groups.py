"""Groups of staff and what they may: the matrix as one form; looking with their rights."""

from flask import g, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.access import people, view_as
from crm_core.access.people import Rights
from crm_core.models import Access, Right, StaffGroup, TagGroup
from crm_core.queries import people as reading
from crm_core.queries.people import Matrix
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.people_words import RIGHTS
from crm_web.rooms import (
    Room,
    back_to,
    needs,
    open_without_group,
    proved,
    viewer,
)
from crm_web.taxonomy_words import ACCESS

room = Room("staff_groups", __name__)


@room.get("/verwaltung/benutzer/gruppen")
@needs(Right.ADMINISTRATION)
@proved
def matrix() -> str:
    """Everything on one page: rights, entries, and the mail as mailboxes.yaml says."""
    found = reading.matrix()
    return _page(Form(_given(found)), found)


@room.post("/verwaltung/benutzer/gruppen", endpoint="save")
@needs(Right.ADMINISTRATION)
@proved
def save() -> Response | tuple[str, int]:
    """Save the whole matrix; if somebody was faster, nothing, and the inputs stay."""
    form = Form(request.form)
    with attempt(form):
        people.set_rights(_wanted(form), seen=form.text("seen"), actor=viewer().actor)
    if form.ok:
        tell("success", gettext("Rights saved."))
        return back_to(url_for(".matrix"))
    found = reading.matrix()
    form.values = MultiDict(form.values)
    form.values["seen"] = found.seen
    return _page(form, found), 422


@room.post("/verwaltung/benutzer/gruppen/neu", endpoint="add")
@needs(Right.ADMINISTRATION)
@proved
def add() -> Response | tuple[str, int]:
    """A group of the company's own."""
    form = Form(request.form)
    with attempt(form, {"name": "new"}):
        made = people.add_group(form.text("new"), actor=viewer().actor)
    if not form.ok:
        return _again(form), 422
    tell("success", gettext("Group «%(name)s» added. So far it may nothing.",
                            name=made.name))  # fmt: skip
    return back_to(url_for(".matrix"))


@room.post("/verwaltung/benutzer/gruppen/<int:group_id>/name", endpoint="rename")
@needs(Right.ADMINISTRATION)
@proved
def rename(group_id: int) -> Response | tuple[str, int]:
    """Another name for an own group."""
    group, form = people.staff_group(group_id), Form(request.form)
    with attempt(form, {"name": f"name-{group_id}"}):
        name = form.text(f"name-{group_id}")
        people.rename_group(group, name, actor=viewer().actor)
    if not form.ok:
        return _again(form), 422
    tell("success", gettext("Saved."))
    return back_to(url_for(".matrix"))


# --- looking with other rights ----------------------------------------------------


@room.post("/verwaltung/benutzer/ansicht", endpoint="view_as")
@needs(Right.ADMINISTRATION)
def start_view() -> Response:
    """«Ansicht als …»: from the next page on, until it is ended."""
    target = Form(request.form).text("target")
    view_as.start(g.session, target, actor=viewer().actor)
    return back_to("/")


# Open to whoever is signed in: who looks as a group has no right to administer then.
@room.post("/ansicht/beenden", endpoint="end_view")
@open_without_group
def end_view() -> Response:
    """Back to one's own rights."""
    view_as.end(g.session, actor=viewer().actor)
    return back_to("/")


# --- the matrix as a form ---------------------------------------------------------


def _given(found: Matrix) -> MultiDict[str, str]:
    given = MultiDict({"seen": found.seen})
    given.setlist("right", [f"{group}-{right}" for group, right in found.rights.rights])
    for (group, tag_group), access in found.rights.access.items():
        given[f"access-{group}-{tag_group}"] = access.value
    return given


def _wanted(form: Form) -> Rights:
    groups = [row.id for row in StaffGroup.select()]
    tag_groups = [row.id for row in TagGroup.select()]
    ticked = set(form.many("right"))
    return Rights(
        rights=frozenset(
            (group, right)
            for group in groups
            for right in Right
            if f"{group}-{right}" in ticked
        ),
        access={
            (group, tag_group): Access(word)
            for group in groups
            for tag_group in tag_groups
            if (word := form.text(f"access-{group}-{tag_group}")) in set(Access)
        },
    )


def _again(form: Form) -> str:
    """The page with a mistake of one of its small forms; the matrix as it is stored."""
    found = reading.matrix()
    given = _given(found)
    given.update(form.values)
    form.values = given
    return _page(form, found)


def _page(form: Form, found: Matrix) -> str:
    return render_template(
        "people/groups.html",
        form=form,
        matrix=found,
        ticked=set(form.many("right")),
        rights=[(right, gettext(word)) for right, word in RIGHTS.items()],
        access=[(right.value, gettext(word)) for right, word in ACCESS.items()],
        own=people.own_groups(),
    )
