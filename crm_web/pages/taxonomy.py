"""Verwaltung › Gruppen, Tags, Subtags: the tree, its order, what a keyword would hit.

Only administrators. What changes who may read entries asks for the password again.
"""

from collections.abc import Callable

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import audit, database
from crm_core.errors import Conflict, Invalid
from crm_core.models import Right
from crm_core.queries import taxonomy as reading
from crm_core.queries.paging import Page
from crm_core.queries.taxonomy import GroupNode, Preview, SubtagNode, TagNode
from crm_core.sentences import say
from crm_core.tags import starter_set, subtag_details, taxonomy, taxonomy_file
from crm_core.tags.taxonomy import Level
from crm_web import csv_export
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import gettext, language
from crm_web.rooms import Room, back_to, needs, proved, viewer
from crm_web.taxonomy_words import demanded_words

room = Room("taxonomy", __name__)

_FIND: dict[str, Callable[[int], Level]] = {
    "gruppe": taxonomy.group,
    "tag": taxonomy.tag,
    "subtag": taxonomy.subtag,
}
_LEVEL = "<any(gruppe, tag, subtag):level>/<int:id_>"


@room.get("/verwaltung/gruppen-tags")
@needs(Right.ADMINISTRATION)
def tree() -> str:
    """The three levels; while there are none, the starter set is offered."""
    return render_template("taxonomy/tree.html", groups=reading.tree())


@room.get("/verwaltung/gruppen-tags/vorschau")
@needs(Right.ADMINISTRATION)
def preview() -> str | tuple[str, int]:
    """Which mails a keyword would have hit, of those the viewer may see."""
    text = request.args.get("wort", "")[:100]
    found: Preview | None = None
    form = Form(request.args)
    if text.strip():
        try:
            found = reading.preview(viewer(), subtag_details.keyword(text))
        except Invalid as error:
            form.errors["wort"] = say(error, language())
    page = render_template("taxonomy/preview.html", form=form, found=found)
    return page, 200 if form.ok else 422


@room.get("/verwaltung/gruppen-tags.csv")
@needs(Right.ADMINISTRATION)
def export() -> Response:
    """The tree as a list, one subtag a line."""
    rows = [
        (group, tag, subtag)
        for group in reading.tree()
        for tag in group.tags
        for subtag in tag.subtags
    ]
    answered: Response = csv_export.of_list(
        "gruppen-tags",
        len(rows),
        lambda _before: Page(tuple(rows)),
        [
            gettext("Group"), gettext("Tag"), gettext("Subtag"), gettext("English"),
            gettext("Key"), gettext("Keywords"), gettext("Required fields"),
            gettext("Responsible"), gettext("Suggested tasks"), gettext("Active"),
        ],
        _csv_row,
    )  # fmt: skip
    return answered


def _csv_row(row: tuple[GroupNode, TagNode, SubtagNode]) -> list[object]:
    group, tag, subtag = row
    active = group.active and tag.active and subtag.active
    english = (group.name_en, tag.name_en, subtag.name_en)
    return [
        group.name,
        tag.name,
        subtag.name,
        " › ".join(filter(None, english)),
        subtag.key,
        ", ".join(subtag.keywords),
        demanded_words((*group.required, *subtag.required)),
        subtag.responsible,
        " / ".join(subtag.templates),
        gettext("yes") if active else gettext("no"),
    ]


@room.get("/verwaltung/gruppen-tags.yaml")
@needs(Right.ADMINISTRATION)
def commissioning_file() -> Response:
    """The same as the file that ``mailsync taxonomy import`` reads; logged."""
    viewer().require(Right.EXPORT)
    with database.transaction():
        audit.record(viewer().actor, "list_exported", "list:taxonomy.yaml")
    return Response(
        taxonomy_file.text_of(reading.tree()),
        mimetype="application/yaml",
        headers={"Content-Disposition": 'attachment; filename="taxonomy.yaml"'},
    )


@room.post("/verwaltung/gruppen-tags/startset", endpoint="start_with")
@needs(Right.ADMINISTRATION)
@proved
def start_with() -> Response:
    """Write the starter set for a boat workshop."""
    count = starter_set.install(actor=viewer().actor)
    tell(
        "success",
        gettext("%(groups)s groups and %(subtags)s subtags written. Change whatever "
                "does not fit.", groups=count.groups, subtags=count.subtags),
    )  # fmt: skip
    return back_to(url_for(".tree"))


@room.post(f"/verwaltung/gruppen-tags/{_LEVEL}/reihenfolge", endpoint="shift")
@needs(Right.ADMINISTRATION)
def shift(level: str, id_: int) -> Response:
    """One place up or down."""
    up = Form(request.form).text("direction") == "up"
    taxonomy.shift(_level(level, id_), up=up, actor=viewer().actor)
    return back_to(f"{url_for('.tree')}#{level}-{id_}")


@room.post(f"/verwaltung/gruppen-tags/{_LEVEL}/aktiv", endpoint="set_active")
@needs(Right.ADMINISTRATION)
def set_active(level: str, id_: int) -> Response:
    """Offer it for new entries, or no longer; existing entries keep it."""
    found = _level(level, id_)
    active = Form(request.form).flag("active")
    taxonomy.set_active(found, active=active, actor=viewer().actor)
    said = (
        gettext("«%(name)s» is offered again.", name=found.name)
        if active
        else gettext("«%(name)s» is no longer offered; entries keep it.",
                     name=found.name)
    )  # fmt: skip
    tell("success", said)
    return back_to(f"{url_for('.tree')}#{level}-{id_}")


@room.post(f"/verwaltung/gruppen-tags/{_LEVEL}/loeschen", endpoint="delete")
@needs(Right.ADMINISTRATION)
def delete(level: str, id_: int) -> Response:
    """Only what nothing uses; otherwise it is said, and nothing happens."""
    found = _level(level, id_)
    try:
        taxonomy.delete(found, actor=viewer().actor)
    except Conflict as error:
        tell("warning", f"{say(error, language())}.")
        return back_to(f"{url_for('.tree')}/{level}/{id_}")
    tell("success", gettext("«%(name)s» deleted.", name=found.name))
    return back_to(url_for(".tree"))


def _level(level: str, id_: int) -> Level:
    return _FIND[level](id_)
