"""``/addresses``: customers, suppliers, authorities; upsert by the ERP's number."""

from flask import url_for
from pydantic import BaseModel, Field

from crm_core.models import Address, AddressDomain, AddressEmail, AddressRole, Right
from crm_core.queries import address_list
from crm_core.queries.address_list import AddressFilter
from crm_core.records import addresses
from crm_core.records.addresses import Details
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import (
    AddressPath,
    Answer,
    Body,
    Instant,
    Line,
    Named,
    PageOf,
    PageQuery,
    Text,
)
from crm_web.rooms import viewer

resource = Resource("addresses", "Customers, suppliers, authorities and others")

MOST_EMAILS = 100


class AddressIn(Body):
    """A new address. `number` is the customer number of the ERP, unique."""

    name: Named
    kind: AddressRole = AddressRole.CUSTOMER
    emails: list[Line] = Field([], max_length=MOST_EMAILS)
    domains: list[Line] = Field([], max_length=MOST_EMAILS)
    number: Line = ""
    company: Line = ""
    street: Line = ""
    zip_code: Line = ""
    city: Line = ""
    phone: Line = ""
    remark: Text = ""


class AddressByNumber(Body):
    """An address as the ERP describes it; what is left out stays as it is."""

    name: Named
    kind: AddressRole | None = None
    emails: list[Line] | None = Field(None, max_length=MOST_EMAILS)
    domains: list[Line] | None = Field(None, max_length=MOST_EMAILS)
    company: Line | None = None
    street: Line | None = None
    zip_code: Line | None = None
    city: Line | None = None
    phone: Line | None = None
    remark: Text | None = None


class AddressChange(AddressByNumber):
    """What is to be changed; `emails` and `domains` replace the whole list."""

    name: Named | None = None  # type: ignore[assignment]  # all optional here
    number: Line | None = None


class AddressOut(Answer):
    """An address."""

    id: int
    name: str
    kind: AddressRole
    number: str | None
    company: str
    street: str
    zip_code: str
    city: str
    phone: str
    remark: str
    emails: list[str]
    domains: list[str]
    created_at: Instant
    updated_at: Instant | None


class AddressLine(Answer):
    """An address in a list; entries and mail count as far as the account sees them."""

    id: int
    number: str | None
    name: str
    company: str
    city: str
    kind: AddressRole
    emails: list[str]
    domains: list[str]
    open_entries: int
    last_contact: Instant | None


class AddressQuery(PageQuery):
    """Which addresses."""

    q: Line = ""
    kind: AddressRole | None = None


class NumberPath(BaseModel):
    """The customer number of the ERP."""

    erp_number: Named


@resource.read("/addresses", PageOf[AddressLine])
def listing(query: AddressQuery) -> PageOf[AddressLine]:
    """Addresses by name."""
    page = address_list.page(
        viewer(),
        AddressFilter(role=query.kind, text=query.q),
        before=query.cursor,
        limit=query.limit,
    )
    lines = [
        AddressLine(
            id=row.id,
            number=row.number,
            name=row.name,
            company=row.company,
            city=row.city,
            kind=row.role,
            emails=list(row.emails),
            domains=list(row.domains),
            open_entries=row.open_entries,
            last_contact=row.last_contact,
        )
        for row in page.rows
    ]
    return PageOf[AddressLine](items=lines, next=page.before)


@resource.write("post", "/addresses", AddressOut, 201)
def create(body: AddressIn) -> Reply:
    """A new address; 409 if an e-mail address or the number is another's."""
    viewer().require(Right.MASTER_DATA)
    return _created(body)


@resource.read("/addresses/<int:address>", AddressOut)
def show(path: AddressPath) -> AddressOut:
    """One address."""
    return _out(addresses.get(path.address))


@resource.write("patch", "/addresses/<int:address>", AddressOut)
def change(path: AddressPath, body: AddressChange) -> AddressOut:
    """Change what is given."""
    viewer().require(Right.MASTER_DATA)
    address = addresses.get(path.address)
    _change(address, body)
    return _out(address)


@resource.write(
    "put", "/addresses/by-number/<path:erp_number>", AddressOut, upsert=True
)
def put(path: NumberPath, body: AddressByNumber) -> Reply:
    """The address with this number as the ERP describes it; made where missing (201)."""
    viewer().require(Right.MASTER_DATA)
    number = path.erp_number.strip()
    known = Address.get_or_none(Address.number == number)
    if not isinstance(known, Address):
        given = body.model_dump(exclude_none=True)
        return _created(AddressIn.model_construct(**{**_EMPTY, **given}, number=number))
    _change(known, body)
    return Reply(_out(known))


_EMPTY = {
    name: field.default
    for name, field in AddressIn.model_fields.items()
    if name not in {"name", "number"}
}


def _created(body: AddressIn) -> Reply:
    address = addresses.create(
        body.name,
        body.kind,
        body.emails,
        actor=viewer().actor,
        details=Details(**{name: getattr(body, name) for name in _DETAILS}),
    )
    addresses.set_domains(address, body.domains, actor=viewer().actor)
    where = url_for("api_addresses.show", address=address.id)
    return Reply(_out(address), 201, {"Location": where})


_DETAILS = ("number", "company", "street", "zip_code", "city", "phone", "remark")


def _change(address: Address, body: AddressByNumber) -> None:
    actor = viewer().actor
    before = {name: getattr(address, name) or "" for name in _DETAILS}
    given = body.model_dump(include=set(_DETAILS), exclude_none=True)
    addresses.update(
        address,
        actor=actor,
        name=body.name,
        role=body.kind,
        details=Details(**{**before, **given}),
    )
    if body.emails is not None:
        addresses.set_emails(address, body.emails, actor=actor)
    if body.domains is not None:
        addresses.set_domains(address, body.domains, actor=actor)


def _out(address: Address) -> AddressOut:
    emails = AddressEmail.select().where(AddressEmail.address == address)
    domains = AddressDomain.select().where(AddressDomain.address == address)
    return AddressOut(
        id=address.id,
        name=address.name,
        kind=address.role,
        number=address.number,
        company=address.company,
        street=address.street,
        zip_code=address.zip_code,
        city=address.city,
        phone=address.phone,
        remark=address.remark,
        emails=[row.email for row in emails.order_by(AddressEmail.id)],
        domains=[row.domain for row in domains.order_by(AddressDomain.id)],
        created_at=address.created_at,
        updated_at=address.updated_at,
    )
