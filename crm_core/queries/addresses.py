"""What people and programs see of an address: its entries and all of its mail.

Its mail is what any of its e-mail addresses or domains was a party of, linked or not,
as far as it is kept. A domain does not claim an e-mail address that is another
address's own.
"""

from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.fields import from_text
from crm_core.models import (
    Address,
    AddressDomain,
    AddressEmail,
    Entry,
    EntryStatus,
    Participant,
    Subtag,
)
from crm_core.queries import parties
from crm_core.records import addresses


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """An entry in which the address takes part; ``is_first``: the entry is its own."""

    number: int
    title: str
    subtag: str
    status: EntryStatus
    is_first: bool


@dataclass(frozen=True, slots=True)
class AddressMessage:
    """A mail of the address; ``entries`` are the entries it is linked to."""

    id: int
    internet_id: str | None
    subject: str
    sender: str | None
    received_at: datetime
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AddressView:
    """An address as its page shows it; entries and messages newest first."""

    id: int
    name: str
    kind: str
    emails: tuple[str, ...]
    domains: tuple[str, ...]
    entries: tuple[AddressEntry, ...]
    messages: tuple[AddressMessage, ...]


def show(address_id: int) -> AddressView:
    """The address; NotFound if there is none."""
    address = addresses.get(address_id)
    emails = AddressEmail.select().where(AddressEmail.address == address)
    domains = AddressDomain.select().where(AddressDomain.address == address)
    return AddressView(
        id=address.id,
        name=address.name,
        kind=address.role.value,
        emails=tuple(row.email for row in emails.order_by(AddressEmail.id)),
        domains=tuple(row.domain for row in domains.order_by(AddressDomain.id)),
        entries=_entries(address),
        messages=_messages(address),
    )


def _entries(address: Address) -> tuple[AddressEntry, ...]:
    rows = list(
        Entry.select(Entry, Subtag)
        .join(Subtag)
        .switch(Entry)
        .join(Participant)
        .where(Participant.address == address)
        .order_by(Entry.number.desc())
    )
    firsts = _first_participants([row.id for row in rows])
    return tuple(
        AddressEntry(
            number=row.number,
            title=row.title,
            subtag=row.subtag.key,
            status=row.status,
            is_first=firsts.get(row.id) == address.id,
        )
        for row in rows
    )


def _first_participants(entry_ids: list[int]) -> dict[int, int]:
    rows = database.select_in(
        "SELECT entry_id, address_id FROM participant WHERE id IN "
        "(SELECT min(id) FROM participant WHERE entry_id IN ({marks}) "
        "GROUP BY entry_id)",
        entry_ids,
    )
    return {int(entry): int(address) for entry, address in rows}


def _messages(address: Address) -> tuple[AddressMessage, ...]:
    named, values = parties.mails_of(address.id)
    rows = database.execute(
        "SELECT m.id, m.internet_id, m.subject, m.sender, m.received_at "
        f"FROM message m WHERE m.id IN ({named}) "
        "ORDER BY m.received_at DESC, m.id DESC",
        values,
    )
    entries = _entries_of_messages([int(row[0]) for row in rows])
    return tuple(
        AddressMessage(
            id=int(id_),
            internet_id=internet_id,
            subject=subject,
            sender=sender,
            received_at=from_text(received_at),
            entries=tuple(sorted(entries.get(int(id_), ()))),
        )
        for id_, internet_id, subject, sender, received_at in rows
    )


def _entries_of_messages(messages: list[int]) -> dict[int, set[int]]:
    """Entry numbers per mail: by its conversation's links and by hand, minus verdicts."""
    linked = database.select_in(
        "SELECT m.id, e.number FROM message m "
        "JOIN message a ON a.conversation_id = m.conversation_id "
        "JOIN entry_mail em ON em.anchor_id = a.id AND em.removed_at IS NULL "
        "JOIN entry e ON e.id = em.entry_id "
        "LEFT JOIN entry_mail_state s ON s.entry_id = e.id AND s.message_id = m.id "
        "WHERE s.hold IS NULL AND m.id IN ({marks})",
        messages,
    )
    found: dict[int, set[int]] = {}
    for message, number in linked:
        found.setdefault(int(message), set()).add(int(number))
    decided = database.select_in(
        "SELECT v.message_id, e.number, v.verdict FROM entry_mail_verdict v "
        "JOIN entry e ON e.id = v.entry_id WHERE v.message_id IN ({marks})",
        messages,
    )
    for message, number, verdict in decided:
        numbers = found.setdefault(int(message), set())
        (numbers.add if verdict == "include" else numbers.discard)(int(number))
    return found
