"""Addresses and the e-mail addresses and domains that are theirs.

An e-mail address belongs to one address at most: whoever writes is one customer, not
two. All of them are stored in the compared form of ``email_addresses``.
"""

from collections.abc import Sequence

from crm_core import audit, clock, holds
from crm_core.database import require_transaction
from crm_core.email_addresses import normalise
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import Address, AddressDomain, AddressEmail, AddressRole


def create(
    name: str, role: AddressRole, emails: Sequence[str] = (), *, actor: str
) -> Address:
    """A new address with its e-mail addresses.

    Raises Invalid for an empty name or an unreadable e-mail address, Conflict (naming
    the owner's id) for one that another address has.
    """
    require_transaction()
    if not name.strip():
        raise Invalid("name", "required", "the address needs a name")
    wanted = [_readable(email) for email in emails]
    for email in wanted:
        _refuse_owned(email)
    address = Address.create(name=name.strip(), role=role, created_at=clock.now())
    for email in dict.fromkeys(wanted):
        AddressEmail.create(address=address, email=email)
    audit.record(actor, "address_created", f"address:{address.id}")
    holds.settle_address(address.id)
    return address


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
    holds.settle_address(address.id)


def add_domain(address: Address, domain: str, *, actor: str) -> None:
    """Say that everybody of a domain writes for this address.

    Raises Invalid if it is no domain, Conflict if another address has it.
    """
    require_transaction()
    probe = normalise(f"x@{domain.strip().removeprefix('@')}")
    if probe is None or "." not in probe:
        raise Invalid("domain", "domain", "«{domain}» is no domain", domain=domain)
    wanted = probe.partition("@")[2]
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
    holds.settle_address(address.id)


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
