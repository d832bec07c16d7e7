"""What the forms of group, tag and subtag share: names, saving, what was seen.

Each form carries what was seen (``seen``): if somebody else was faster nothing is
written, the inputs stay, and saving once more overwrites knowingly.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.tags import classification, taxonomy
from crm_core.tags.taxonomy import Level, Names
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.rooms import back_to
from crm_web.taxonomy_words import DEMANDED

Word = TypeVar("Word", bound=StrEnum)


def saved(
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


def of_level(level: Level) -> MultiDict[str, str]:
    """The fields that every level has, as they are stored."""
    return MultiDict(
        {
            "name": level.name,
            "name_en": level.name_en,
            "seen": taxonomy.fingerprint(level),
        }
    )


def names_of(form: Form) -> Names:
    """What was typed as its names."""
    return Names(form.text("name"), form.text("name_en"))


def demandable(form: Form) -> dict[str, object]:
    """For the template: fields that can be demanded, and those ticked."""
    fields = [(name, gettext(DEMANDED[name])) for name in classification.DEMANDABLE]
    return {"demandable": fields, "demanded": form.many("required")}


def one_of(kind: type[Word], text: str, default: Word) -> Word:
    """A word of the list, or the default for anything else that was sent."""
    return kind(text) if text in set(kind) else default
