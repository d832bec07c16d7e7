"""Whose an e-mail address is: the address it belongs to, by itself or by its domain.

An e-mail address that is an address's own is never claimed by another one's domain.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core import database
from crm_core.models import AddressRole


@dataclass(frozen=True, slots=True)
class AddressRef:
    """An address, as other things name it."""

    id: int
    name: str
    role: AddressRole


def domain_sql(column: str) -> str:
    """SQL for what stands behind the «@» of a normalised e-mail address."""
    place = "strpos" if database.is_postgres() else "instr"
    return f"substr({column}, {place}({column}, '@') + 1)"


def mails_of(address_id: int) -> tuple[str, list[object]]:
    """SQL, and its values, for the ids of the mails that name this address, by itself
    or by its domain; one query.
    """
    domains = database.execute(
        "SELECT domain FROM address_domain WHERE address_id = ? ORDER BY domain",
        (address_id,),
    )
    by_domain = (
        " UNION SELECT ma.message_id FROM message_address ma "
        "LEFT JOIN address_email other ON other.email = ma.email "
        f"WHERE {domain_sql('ma.email')} = ? AND other.id IS NULL"
    )
    sql = (
        "SELECT ma.message_id FROM address_email ae JOIN message_address ma "
        "ON ma.email = ae.email WHERE ae.address_id = ?"
    )
    return sql + by_domain * len(domains), [address_id, *(row[0] for row in domains)]


def owners(emails: Iterable[str | None]) -> dict[str, AddressRef]:
    """The known ones among these e-mail addresses; two queries."""
    wanted = {email for email in emails if email}
    found = {
        email: AddressRef(int(id_), name, AddressRole(role))
        for email, id_, name, role in database.select_in(
            "SELECT e.email, a.id, a.name, a.role FROM address_email e "
            "JOIN address a ON a.id = e.address_id WHERE e.email IN ({marks})",
            wanted,
        )
    }
    left = wanted - found.keys()
    domains = {
        domain: AddressRef(int(id_), name, AddressRole(role))
        for domain, id_, name, role in database.select_in(
            "SELECT d.domain, a.id, a.name, a.role FROM address_domain d "
            "JOIN address a ON a.id = d.address_id WHERE d.domain IN ({marks})",
            {email.rpartition("@")[2] for email in left},
        )
    }
    for email in left:
        owner = domains.get(email.rpartition("@")[2])
        if owner is not None:
            found[email] = owner
    return found


def of_messages(messages: Iterable[int]) -> dict[int, list[str]]:
    """Everybody named in these mails, senders first; one query a chunk."""
    order = {"from": 0, "reply_to": 1, "to": 2, "cc": 3, "bcc": 4}
    rows = database.select_in(
        "SELECT message_id, role, email FROM message_address "
        "WHERE message_id IN ({marks})",
        messages,
    )
    found: dict[int, list[str]] = {}
    for message, _role, email in sorted(rows, key=lambda r: (order[r[1]], r[2])):
        found.setdefault(int(message), []).append(email)
    return found
