"""«Zusammenführen»: choose the other entry, see what moves, do it."""

import re

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.errors import CrmError
from crm_core.queries import address_page, entry_page
from crm_core.records import merging
from crm_core.sentences import say
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, language
from crm_web.rooms import Room, back_to, viewer
from crm_web.words import entry_name

room = Room("entry_merging", __name__)

_NUMBER = re.compile(r"\[?(?:[A-Za-z]{1,12}-)?([0-9]{1,9})\]?")


@room.get("/eintraege/<int:number>/zusammenfuehren")
def choose(number: int) -> str:
    """The other entry by its number or out of those of the same address; a preview."""
    viewer().entry(number, write=True)
    return _page(number, request.args.get("mit", "")[:30].strip(), Form())


@room.post("/eintraege/<int:number>/zusammenfuehren", endpoint="merge")
def merge(number: int) -> Response | tuple[str, int]:
    """Merge it; if somebody was faster, nothing, and the preview is shown anew."""
    viewer().entry(number, write=True)
    form = Form(request.form)
    into = form.number("into") or 0
    with attempt(form):
        merging.merge(
            viewer(),
            number,
            into,
            version=form.number("version") or 0,
            into_version=form.number("into_version") or 0,
        )
    if not form.ok:
        return _page(number, str(into), form), 409
    named = {"number": entry_name(number), "into": entry_name(into)}
    tell("success", gettext("%(number)s has been merged into %(into)s.", **named))
    return back_to(url_for("entries.show", number=into))


def _page(number: int, typed: str, form: Form) -> str:
    head = entry_page.head(viewer(), number)
    told = None
    wanted = _NUMBER.fullmatch(typed)
    if typed and wanted is None:
        form.errors["mit"] = gettext("Please type a number, for example %(number)s.",
                                     number=entry_name(1042))  # fmt: skip
    elif wanted is not None:
        try:
            told = merging.preview(viewer(), number, int(wanted[1]) % 2**31)
        except CrmError as refusal:
            form.errors.setdefault("mit", say(refusal, language()))
    return render_template(
        "entries/merge.html",
        head=head,
        told=told,
        form=form,
        typed=typed,
        others=_others(number, head.address.id if head.address else None),
    )


def _others(number: int, address: int | None) -> list[address_page.OpenEntry]:
    """Open entries of the same address that the viewer may change."""
    if address is None:
        return []
    found = address_page.open_entries(viewer(), address)
    return [one for one in found if one.number != number][:10]
