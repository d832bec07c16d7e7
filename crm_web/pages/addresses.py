"""Addresses: the list, an address with its tabs, capturing and changing one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core.errors import Conflict
from crm_core.linking import triage
from crm_core.models import Address, AddressDomain, AddressEmail, AddressRole, Right
from crm_core.queries import address_list, address_page, entry_list
from crm_core.queries.address_list import AddressFilter, AddressRow
from crm_core.queries.entry_list import EntryFilter
from crm_core.records import addresses, entries
from crm_core.records.addresses import Details
from crm_web import csv_export
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, needs, viewer
from crm_web.words import ROLES, entry_name, role_word

room = Room("addresses", __name__)

_FIELDS = ("number", "company", "street", "zip_code", "city", "phone", "remark")
_SEPARATORS = re.compile(r"[\s,;]+")


@room.get("/adressen")
def listing() -> str:
    """The list, filtered by the address of the page."""
    page = address_list.page(viewer(), _filter(), before=request.args.get("vor"))
    return render_template(
        "addresses/list.html",
        page=page,
        filter=_filter(),
        roles=[(role.value, gettext(word)) for role, word in ROLES.items()],
        query=urlencode(_kept_filters()),
        following=_with(vor=page.before) if page.before else None,
        start=_with() if "vor" in request.args else None,
    )


@room.get("/adressen.csv")
@needs(Right.EXPORT)
def listing_csv() -> Response:
    """The same list as a file."""
    wanted = _filter()
    answered: Response = csv_export.of_list(
        "adressen",
        address_list.count(viewer(), wanted),
        lambda before: address_list.page(viewer(), wanted, before=before, limit=500),
        [
            gettext("No."), gettext("Name"), gettext("Company"), gettext("City"),
            gettext("E-mail"), gettext("Kind"), gettext("Open entries"),
            gettext("Last contact"),
        ],
        _csv_row,
    )  # fmt: skip
    return answered


def _csv_row(row: AddressRow) -> list[object]:
    return [
        row.number, row.name, row.company, row.city, ", ".join(row.emails),
        role_word(row.role), row.open_entries, row.last_contact,
    ]  # fmt: skip


def _filter() -> AddressFilter:
    role = request.args.get("typ", "")
    return AddressFilter(
        role=AddressRole(role) if role in set(AddressRole) else None,
        text=request.args.get("q", "")[:200],
        with_open_entries=request.args.get("offen") == "1",
    )


def _kept_filters() -> dict[str, str]:
    return {
        name: request.args[name]
        for name in ("q", "typ", "offen")
        if request.args.get(name)
    }


def _with(**more: str) -> str:
    return f"{url_for('.listing')}?{urlencode({**_kept_filters(), **more})}"


# --- one address ------------------------------------------------------------------


@room.get("/adressen/<int:address_id>")
def show(address_id: int) -> str:
    """Tab «Angaben»."""
    address = addresses.get(address_id)
    return render_template(
        "addresses/details.html",
        address=address,
        tab="details",
        emails=_emails(address),
        domains=_domains(address),
    )


@room.get("/adressen/<int:address_id>/crm")
def crm(address_id: int) -> str:
    """Tab «CRM»: the entries in which the address takes part."""
    address = addresses.get(address_id)
    page = entry_list.page(
        viewer(), EntryFilter(address=address_id), before=request.args.get("vor")
    )
    return render_template("addresses/crm.html", address=address, tab="crm", page=page)


@room.get("/adressen/<int:address_id>/e-mails")
def mails(address_id: int) -> str:
    """Tab «E-Mails»: whatever the address was a party of, to be linked."""
    address = addresses.get(address_id)
    return render_template(
        "addresses/mails.html",
        address=address,
        tab="mails",
        page=address_page.mails(viewer(), address_id, before=request.args.get("vor")),
        open_entries=address_page.open_entries(viewer(), address_id),
    )


@room.post("/adressen/<int:address_id>/e-mails/<int:message_id>")
def link_mail(address_id: int, message_id: int) -> Response:
    """Link a mail to one of the address's entries."""
    number = Form(request.form).number("entry") or 0
    triage.accept(viewer(), message_id, number)
    tell("success", gettext("Linked with %(number)s.", number=entry_name(number)))
    return back_to(url_for(".mails", address_id=address_id))


@room.get("/adressen/<int:address_id>/belege")
def documents(address_id: int) -> str:
    """Tab «Belege»."""
    address = addresses.get(address_id)
    page = address_page.documents(
        viewer(), address_id=address_id, before=request.args.get("vor")
    )
    return render_template(
        "addresses/documents.html", address=address, tab="documents", page=page
    )


# --- capture and change -----------------------------------------------------------


@room.get("/adressen/neu")
@needs(Right.MASTER_DATA)
def new() -> str:
    """The empty form; ``email``, ``name`` and ``eintrag`` come from a mail's chip."""
    given = MultiDict(
        {
            "emails": request.args.get("email", "")[:320],
            "name": request.args.get("name", "")[:200],
            "entry": request.args.get("eintrag", "")[:10],
        }
    )
    return _form(Form(given))


@room.post("/adressen/neu", endpoint="create")
@needs(Right.MASTER_DATA)
def create() -> Response | tuple[str, int]:
    """Save a new address; from a mail's chip it takes part in the entry at once."""
    form = _posted()
    made: list[Address] = []
    if form.ok:
        with attempt(form, _RENAMED), _owner_named(form):
            address = addresses.create(
                form.text("name"),
                AddressRole(form.text("role")),
                _split(form.text("emails")),
                actor=viewer().actor,
                details=_details(form),
            )
            addresses.set_domains(
                address, _split(form.text("domains")), actor=viewer().actor
            )
            made.append(address)
    if not form.ok:
        return _form(form), 422
    tell("success", gettext("Address «%(name)s» saved.", name=made[0].name))
    number = form.number("entry")
    if number is None:
        return back_to(url_for(".show", address_id=made[0].id))
    entry = viewer().entry(number, write=True)
    entries.add_participant(entry, made[0].id, actor=viewer().actor)
    return back_to(f"/eintraege/{number}")


@room.get("/adressen/<int:address_id>/bearbeiten")
@needs(Right.MASTER_DATA)
def edit(address_id: int) -> str:
    """The form with what is stored."""
    address = addresses.get(address_id)
    stored = {name: getattr(address, name) or "" for name in ("name", *_FIELDS)}
    form = Form(
        MultiDict(
            {
                **stored,
                "role": address.role.value,
                "emails": "\n".join(_emails(address)),
                "domains": "\n".join(_domains(address)),
            }
        )
    )
    return _form(form, address)


@room.post("/adressen/<int:address_id>/bearbeiten", endpoint="update")
@needs(Right.MASTER_DATA)
def update(address_id: int) -> Response | tuple[str, int]:
    """Save the changes: all or none."""
    address = addresses.get(address_id)
    form = _posted()
    if form.ok:
        with attempt(form, _RENAMED), _owner_named(form):
            actor = viewer().actor
            addresses.update(
                address,
                actor=actor,
                name=form.text("name"),
                role=AddressRole(form.text("role")),
                details=_details(form),
            )
            addresses.set_emails(address, _split(form.text("emails")), actor=actor)
            addresses.set_domains(address, _split(form.text("domains")), actor=actor)
    if not form.ok:
        return _form(form, addresses.get(address_id)), 422
    tell("success", gettext("Address «%(name)s» saved.", name=address.name))
    return back_to(url_for(".show", address_id=address.id))


_RENAMED = {"email": "emails", "domain": "domains"}


def _posted() -> Form:
    form = Form(request.form)
    form.require("name", "role")
    if "role" not in form.errors and form.text("role") not in set(AddressRole):
        form.errors["role"] = gettext("Please choose one of the list.")
    return form


def _details(form: Form) -> Details:
    return Details(**{name: form.text(name) for name in _FIELDS})


def _split(text: str) -> list[str]:
    """One a line, or with commas between."""
    return [part for part in _SEPARATORS.split(text) if part]


@contextmanager
def _owner_named(form: Form) -> Iterator[None]:
    """Say whose it is already, by name and with a link, not by number."""
    try:
        yield
    except Conflict as error:
        owner = Address.get_or_none(Address.id == error.values.get("owner"))
        field = next((f for f in ("email", "domain") if f in error.values), "number")
        if isinstance(owner, Address):
            form.owner = owner.id
            form.errors[_RENAMED.get(field, field)] = gettext(
                "«%(value)s» belongs to %(name)s already.",
                value=error.values[field],
                name=owner.name,
            )
        raise


def _form(form: Form, address: Address | None = None) -> str:
    return render_template(
        "addresses/form.html",
        form=form,
        address=address,
        roles=[(role.value, gettext(word)) for role, word in ROLES.items()],
    )


def _emails(address: Address) -> list[str]:
    rows = AddressEmail.select().where(AddressEmail.address == address)
    return [row.email for row in rows.order_by(AddressEmail.id)]


def _domains(address: Address) -> list[str]:
    rows = AddressDomain.select().where(AddressDomain.address == address)
    return [row.domain for row in rows.order_by(AddressDomain.id)]
