"""One person, as privacy law sees it: an address with all its e-mail addresses.

Found by an e-mail address, by the customer number, or by «#» and the address's id. An
e-mail address that no address has is a person too: whoever wrote from it. A whole
domain is not a person: its other people are others.
"""

from dataclasses import dataclass

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.email_addresses import normalise
from crm_core.errors import Conflict, NotFound
from crm_core.models import Address, AddressEmail, Visibility
from crm_core.polling import mailboxes


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant. ``address`` is None where the CRM knows an e-mail address only."""

    emails: tuple[str, ...]
    address: int | None = None
    name: str = ""

    @property
    def subject(self) -> str:
        """How the log names the person, without saying who it is."""
        return "person" if self.address is None else f"address:{self.address}"


def find(text: str) -> Person:
    """The person; NotFound if nothing here has this number or e-mail address."""
    wanted = text.strip()
    email = normalise(wanted)
    if email is not None:
        return _by_email(email)
    number = wanted.removeprefix("#")
    if wanted != number and number.isdecimal() and len(number) < 10:
        row = Address.get_or_none(Address.id == int(number))
    else:
        row = Address.get_or_none(Address.number == wanted)
    if not isinstance(row, Address):
        raise NotFound("nobody is known as «{person}»", person=wanted)
    return _of_address(row)


def outside(person: Person) -> Person:
    """The person, who must not be the company's own; Conflict otherwise."""
    internal = mailboxes.internal()
    if any(email in internal for email in person.emails):
        raise Conflict("this e-mail address belongs to the company itself")
    return person


def messages_of(person: Person) -> list[int]:
    """Every stored mail in which the person is named, oldest first."""
    rows = database.select_in(
        "SELECT DISTINCT message_id FROM message_address WHERE email IN ({marks})",
        person.emails,
    )
    return sorted({int(row[0]) for row in rows})


def unseen_by(viewer: Viewer, person: Person) -> int:
    """How many of these mails the viewer reads nowhere else in full."""
    grades = viewer.grades(messages_of(person))
    return sum(grade is not Visibility.FULL for grade in grades.values())


def _by_email(email: str) -> Person:
    row = AddressEmail.get_or_none(AddressEmail.email == email)
    if isinstance(row, AddressEmail):
        return _of_address(row.address)
    rows = database.execute(
        "SELECT 1 FROM message_address WHERE email = ? LIMIT 1", (email,)
    )
    if not rows:
        raise NotFound("nobody is known as «{person}»", person=email)
    return Person((email,))


def _of_address(row: Address) -> Person:
    emails = AddressEmail.select().where(AddressEmail.address == row)
    return Person(tuple(sorted(one.email for one in emails)), int(row.id), row.name)
