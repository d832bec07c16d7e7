"""Beteiligte: who takes part in an entry, by pick or by a mail's chip."""

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.models import Address
from crm_core.queries import address_choice, entry_page
from crm_core.records import addresses, entries
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.fragments import layout
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, viewer

room = Room("entry_people", __name__)


@room.get("/eintraege/<int:number>/beteiligte")
def choose(number: int) -> str:
    """«Beteiligten hinzufügen»: likely ones, or a search."""
    viewer().entry(number, write=True)
    return _choice_page(number, Form())


@room.get("/eintraege/<int:number>/beteiligte/auswahl")
def options(number: int) -> str:
    """The list alone, while somebody types: a fragment."""
    viewer().entry(number, write=True)
    found = address_choice.choices(viewer(), number, _text())
    return render_template(
        "entries/people_options.html", rows=found, text=_text(), number=number
    )


@room.post("/eintraege/<int:number>/beteiligte", endpoint="add")
def add(number: int) -> Response | tuple[str, int]:
    """They take part from now on; their mail can be linked."""
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    wanted = [int(text) for text in form.many("address") if text.isdecimal()][:50]
    if not wanted:
        form.errors["address"] = gettext("Please pick an address.")
        return _choice_page(number, form), 422
    for address_id in wanted:
        entries.add_participant(entry, address_id, actor=viewer().actor)
    names = [addresses.get(address_id).name for address_id in wanted]
    tell("success", gettext("%(names)s takes part now.", names=", ".join(names)))
    return back_to(f"{url_for('entries.show', number=number)}#beteiligte")


@room.post("/eintraege/<int:number>/beteiligte/<int:address_id>/entfernen")
def remove(number: int, address_id: int) -> Response:
    """They take part no longer; the last one stays."""
    entry = viewer().entry(number, write=True)
    address: Address = addresses.get(address_id)
    form = Form()
    with attempt(form):
        entries.remove_participant(entry, address_id, actor=viewer().actor)
    if form.ok:
        said = gettext("%(name)s takes part no longer.", name=address.name)
    else:
        said = gettext("An entry keeps at least one participant.")
    tell("success" if form.ok else "danger", said)
    return back_to(f"{url_for('entries.show', number=number)}#beteiligte")


def _text() -> str:
    return request.args.get("q", "")[:200]


def _choice_page(number: int, form: Form) -> str:
    return render_template(
        "entries/add_people.html",
        layout=layout(),
        head=entry_page.head(viewer(), number),
        rows=address_choice.choices(viewer(), number, _text()),
        text=_text(),
        form=form,
    )
