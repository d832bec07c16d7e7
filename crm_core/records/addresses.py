"""Addresses and the e-mail addresses and domains that are theirs.

An e-mail address belongs to one address at most: whoever writes is one customer, not
two. All of them are stored in the compared form of ``email_addresses``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from crm_core import audit, clock, search
from crm_core.database import require_transaction
from crm_core.email_addresses import normalise
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.linking import holds
from crm_core.mail import known_parties
from crm_core.models import (
    Address,
    AddressDomain,
    AddressEmail,
    AddressRole,
    Findable,
)

LONGEST = 200  # characters of a line; a remark may have more
LONGEST_REMARK = 10_000


@dataclass(frozen=True, slots=True)
class Details:
    """What else stands with an address. ``number`` is the ERP's, unique; «» = none."""

    number: str = ""
    company: str = ""
    street: str = ""
    zip_code: str = ""
    city: str = ""
    phone: str = ""
    remark: str = ""


def create(
    name: str,
    role: AddressRole,
    emails: Sequence[str] = (),
    *,
    actor: str,
    details: Details | None = None,
) -> Address:
    """A new address with its e-mail addresses.

    Raises Invalid for an empty name or an unreadable e-mail address, Conflict (naming
    the owner's id) for an e-mail address or a number that another address has.
    """
    require_transaction()
    wanted = [_readable(email) for email in emails]
    for email in wanted:
        _refuse_owned(email)
    address = Address(role=role, created_at=clock.now())
    _fill(address, name, details or Details())
    address.save()
    for email in dict.fromkeys(wanted):
        AddressEmail.create(address=address, email=email)
    audit.record(actor, "address_created", f"address:{address.id}")
    search.refresh(Findable.ADDRESS, [address.id])
    known_parties.mark_named(emails=wanted)
    holds.settle_address(address.id)
    return address


def update(
    address: Address,
    *,
    actor: str,
    name: str | None = None,
    role: AddressRole | None = None,
    details: Details | None = None,
) -> None:
    """Change what is given; equal values change nothing. Refuses like ``create``."""
    require_transaction()
    fields = ("name", "role", *asdict(Details()))
    before = {field: getattr(address, field) for field in fields}
    address.role = role or address.role
    _fill(address, address.name if name is None else name, details or _of(address))
    changed = [field for field in fields if getattr(address, field) != before[field]]
    if changed:
        address.updated_at = clock.now()
        address.save()
        subject = f"address:{address.id}"
        audit.record(actor, "address_updated", subject, detail=", ".join(changed))
        search.refresh(Findable.ADDRESS, [address.id])


def _of(address: Address) -> Details:
    return Details(**{name: getattr(address, name) or "" for name in asdict(Details())})


def tidy(name: str, details: Details) -> tuple[str, Details]:
    """Name and details as they are stored; Invalid for what is missing or too long."""
    if not name.strip():
        raise Invalid("name", "required", "the address needs a name")
    lines = {
        field: _line(field, text, LONGEST_REMARK if field == "remark" else LONGEST)
        for field, text in asdict(details).items()
    }
    return _line("name", name), Details(**lines)


def _fill(address: Address, name: str, details: Details) -> None:
    address.name, tidied = tidy(name, details)
    for field, text in asdict(tidied).items():
        setattr(address, field, text)
    address.number = address.number or None
    owner = Address.get_or_none(Address.number == address.number)
    if address.number and isinstance(owner, Address) and owner.id != address.id:
        raise Conflict(
            "the number {number} belongs to address {owner} already",
            number=address.number,
            owner=owner.id,
        )


def _line(field: str, text: str, most: int = LONGEST) -> str:
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if field != "remark":
        text = text.replace("\n", " ").replace("\r", " ")
    if len(text) > most:
        raise Invalid(
            field,
            "length",
            "here are {length} characters; {most} is the most",
            length=len(text),
            most=most,
        )
    return text


def get(address_id: int) -> Address:
    """The address; NotFound if there is none."""
    found = Address.get_or_none(Address.id == address_id)
    if not isinstance(found, Address):
        raise NotFound("there is no address {address}", address=address_id)
    return found


def add_email(address: Address, email: str, *, actor: str) -> None:
    """Give the address one more e-mail address; its own already: nothing changes.

    Raises Invalid if it is none, Conflict if another address has it.
    """
    require_transaction()
    wanted = _readable(email)
    owner = find_by_email(wanted)
    if owner is not None and owner.id == address.id:
        return
    _refuse_owned(wanted)
    AddressEmail.create(address=address, email=wanted)
    audit.record(actor, "address_email_added", f"address:{address.id}")
    search.refresh(Findable.ADDRESS, [address.id])
    known_parties.mark_named(emails=[wanted])
    holds.settle_address(address.id)


def add_domain(address: Address, domain: str, *, actor: str) -> None:
    """Say that everybody of a domain writes for this address.

    Raises Invalid if it is no domain, Conflict if another address has it.
    """
    require_transaction()
    wanted = _domain(domain)
    owner = AddressDomain.get_or_none(AddressDomain.domain == wanted)
    if isinstance(owner, AddressDomain):
        if owner.address_id == address.id:
            return
        raise Conflict(
            "the domain {domain} belongs to address {owner} already",
            domain=wanted,
            owner=owner.address_id,
        )
    AddressDomain.create(address=address, domain=wanted)
    audit.record(actor, "address_domain_added", f"address:{address.id}")
    search.refresh(Findable.ADDRESS, [address.id])
    known_parties.mark_named(domains=[wanted])
    holds.settle_address(address.id)


def set_emails(address: Address, emails: Iterable[str], *, actor: str) -> None:
    """Give the address exactly these e-mail addresses; refuses like ``add_email``."""
    require_transaction()
    wanted = dict.fromkeys(_readable(email) for email in emails)
    stored = AddressEmail.select().where(AddressEmail.address == address)
    rows = {row.email: row for row in stored}
    gone = [email for email in rows if email not in wanted]
    if gone:
        affected = holds.conversations_of_address(address.id)
        for email in gone:
            rows[email].delete_instance()
        audit.record(actor, "address_email_removed", f"address:{address.id}")
        search.refresh(Findable.ADDRESS, [address.id])
        known_parties.mark_named(emails=gone)
        holds.settle(affected)
    for email in wanted:
        add_email(address, email, actor=actor)


def set_domains(address: Address, domains: Iterable[str], *, actor: str) -> None:
    """Give the address exactly these domains; refuses like ``add_domain``."""
    require_transaction()
    wanted = dict.fromkeys(_domain(domain) for domain in domains)
    stored = AddressDomain.select().where(AddressDomain.address == address)
    rows = {row.domain: row for row in stored}
    gone = [domain for domain in rows if domain not in wanted]
    if gone:
        affected = holds.conversations_of_address(address.id)
        for domain in gone:
            rows[domain].delete_instance()
        audit.record(actor, "address_domain_removed", f"address:{address.id}")
        search.refresh(Findable.ADDRESS, [address.id])
        known_parties.mark_named(domains=gone)
        holds.settle(affected)
    for domain in wanted:
        add_domain(address, domain, actor=actor)


def find_by_email(email: str) -> Address | None:
    """Whose e-mail address this is: by the address itself, then by its domain."""
    wanted = normalise(email)
    if wanted is None:
        return None
    row = AddressEmail.get_or_none(AddressEmail.email == wanted)
    if row is not None:
        return get(row.address_id)
    domain = wanted.rpartition("@")[2]
    whole = AddressDomain.get_or_none(AddressDomain.domain == domain)
    return None if whole is None else get(whole.address_id)


def _domain(domain: str) -> str:
    probe = normalise(f"x@{domain.strip().removeprefix('@')}")
    if probe is None or "." not in probe:
        raise Invalid("domain", "domain", "«{domain}» is no domain", domain=domain)
    return probe.partition("@")[2]


def _readable(email: str) -> str:
    wanted = normalise(email)
    if wanted is None:
        raise Invalid(
            "email", "email", "«{email}» is no e-mail address", email=email.strip()
        )
    return wanted


def _refuse_owned(email: str) -> None:
    row = AddressEmail.get_or_none(AddressEmail.email == email)
    if isinstance(row, AddressEmail):
        raise Conflict(
            "the e-mail address {email} belongs to address {owner} already",
            email=email,
            owner=row.address_id,
        )
