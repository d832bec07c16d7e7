"""CRM entries: opening, changing, closing, and who takes part.

An entry always has a title, a subtag and at least one participant; the first one is
the entry's own address. Entries are never deleted, so numbers are never used again.
"""

from dataclasses import dataclass

from peewee import fn

from crm_core import addresses, audit, classification, clock, database, holds
from crm_core.errors import Conflict, CrmError, Invalid, NotFound
from crm_core.models import (
    Address,
    Entry,
    EntryStatus,
    Note,
    Participant,
    Subtag,
)

FIRST_NUMBER = 1001
_NUMBER_QUEUE = 0x43524D31  # any fixed number: numbers are handed out one by one


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What a person filled in. ``note`` is kept as the entry's first note."""

    title: str
    address_id: int | None
    subtag_key: str | None
    note: str = ""
    management_only: bool = False


def problems(draft: EntryDraft) -> list[CrmError]:
    """What keeps the draft from being saved, one error per field, all at once.

    Mandatory are title, address and subtag, and what the subtag requires besides.
    """
    found: list[CrmError] = []
    if not draft.title.strip():
        found.append(Invalid("title", "required", "the entry needs a title"))
    if draft.address_id is None:
        found.append(Invalid("address", "required", "the entry needs an address"))
    elif Address.get_or_none(Address.id == draft.address_id) is None:
        found.append(
            NotFound("there is no address {address}", address=draft.address_id)
        )
    if not (draft.subtag_key or "").strip():
        found.append(Invalid("subtag", "required", "the entry needs a subtag"))
    else:
        found += _problems_of_subtag(draft)
    return found


def create(
    address_id: int | None,
    subtag_key: str | None,
    title: str,
    *,
    actor: str,
    note: str = "",
    management_only: bool = False,
) -> Entry:
    """Open an entry; its number is the highest so far plus one, from 1001.

    Raises the first of ``problems``: Invalid per missing field, NotFound for an
    address or subtag that does not exist.
    """
    database.require_transaction()
    draft = EntryDraft(title, address_id, subtag_key, note, management_only)
    for problem in problems(draft):
        raise problem
    now = clock.now()
    entry = Entry.create(
        number=_next_number(),
        title=title.strip(),
        subtag=classification.subtag_by_key(str(subtag_key).strip()),
        management_only=management_only,
        created_at=now,
        created_by=actor,
    )
    Participant.create(entry=entry, address=address_id, added_at=now, added_by=actor)
    audit.record(actor, "entry_created", f"entry:{entry.number}", entry=entry)
    if note.strip():
        add_note(entry, note, actor=actor)
    return entry


def by_number(number: int) -> Entry:
    """The entry people call CRM-number; NotFound if there is none."""
    found = Entry.get_or_none(Entry.number == number)
    if not isinstance(found, Entry):
        raise NotFound("there is no entry {number}", number=number)
    return found


def update(
    entry: Entry,
    *,
    actor: str,
    title: str | None = None,
    subtag_key: str | None = None,
    management_only: bool | None = None,
) -> None:
    """Change what is given; Invalid for an empty title, NotFound for the subtag."""
    database.require_transaction()
    changed = []
    if title is not None and title.strip() != entry.title:
        if not title.strip():
            raise Invalid("title", "required", "the entry needs a title")
        entry.title = title.strip()
        changed.append("title")
    if subtag_key is not None and subtag_key != entry.subtag.key:
        entry.subtag = classification.subtag_by_key(subtag_key)
        changed.append("subtag")
    if management_only is not None and management_only != entry.management_only:
        entry.management_only = management_only
        changed.append("management_only")
    if changed:
        entry.save()
        _record(entry, "entry_updated", actor, ", ".join(changed))


def close(entry: Entry, *, actor: str) -> None:
    """A person is done with it; closing twice changes nothing."""
    database.require_transaction()
    if entry.status is not EntryStatus.CLOSED:
        entry.status, entry.closed_at = EntryStatus.CLOSED, clock.now()
        entry.save()
        _record(entry, "entry_closed", actor)


def reopen(entry: Entry, *, actor: str) -> None:
    """Back to work; an open entry stays as it is."""
    database.require_transaction()
    if entry.status is not EntryStatus.OPEN:
        entry.status, entry.closed_at = EntryStatus.OPEN, None
        entry.save()
        _record(entry, "entry_reopened", actor)


def add_participant(entry: Entry, address_id: int, *, actor: str) -> None:
    """The address takes part from now on; twice changes nothing.

    Raises NotFound if there is no such address.
    """
    database.require_transaction()
    address = addresses.get(address_id)
    known = Participant.get_or_none(
        Participant.entry == entry, Participant.address == address
    )
    if known is None:
        Participant.create(
            entry=entry, address=address, added_at=clock.now(), added_by=actor
        )
        _record(entry, "participant_added", actor, f"address:{address.id}")
        holds.settle_entry(entry.id)


def participant_ids(entry: Entry) -> list[int]:
    """Ids of the addresses that take part, the entry's own first."""
    rows = Participant.select(Participant.address).where(Participant.entry == entry)
    return [row.address_id for row in rows.order_by(Participant.id)]


def remove_participant(entry: Entry, address_id: int, *, actor: str) -> None:
    """The address takes part no longer.

    Raises NotFound if it never did, Conflict for the entry's last one.
    """
    database.require_transaction()
    ids = participant_ids(entry)
    if address_id not in ids:
        raise NotFound(
            "address {address} takes no part in entry {entry}",
            address=address_id,
            entry=entry.number,
        )
    if len(ids) == 1:
        raise Conflict(
            "address {address} is the only one of entry {entry}: add another one first",
            address=address_id,
            entry=entry.number,
        )
    Participant.delete().where(
        Participant.entry == entry, Participant.address == address_id
    ).execute()
    _record(entry, "participant_removed", actor, f"address:{address_id}")
    holds.settle_entry(entry.id)


def add_note(entry: Entry, text: str, *, actor: str) -> Note:
    """Write a note; Invalid if it is empty."""
    database.require_transaction()
    if not text.strip():
        raise Invalid("note", "required", "the note is empty")
    note = Note.create(
        entry=entry, text=text.strip(), written_at=clock.now(), written_by=actor
    )
    _record(entry, "note_added", actor, f"note:{note.id}")
    return note


def _problems_of_subtag(draft: EntryDraft) -> list[CrmError]:
    try:
        subtag = classification.subtag_by_key(str(draft.subtag_key).strip())
    except NotFound as unknown:
        return [unknown]
    return [
        Invalid(
            field,
            "required",
            "entries of «{subtag}» need: {name}",
            subtag=subtag.name,
            name=field,
        )
        for field in _required(subtag)
        if not str(getattr(draft, field, "")).strip()
    ]


def _required(subtag: Subtag) -> list[str]:
    """Fields the subtag demands beyond those that every entry needs."""
    return [field for field in subtag.required.split(",") if field == "note"]


def _next_number() -> int:
    database.stand_in_line(_NUMBER_QUEUE)
    highest = Entry.select(fn.MAX(Entry.number)).scalar()
    return FIRST_NUMBER if highest is None else int(highest) + 1


def _record(entry: Entry, action: str, actor: str, detail: str = "") -> None:
    audit.record(actor, action, f"entry:{entry.number}", entry=entry, detail=detail)
