"""CRM entries: opening, changing, closing, and who takes part.

An entry always has a title, a subtag and at least one participant; the first one is
the entry's own address. Entries are never deleted, so numbers are never used again.
"""

from dataclasses import dataclass
from datetime import date

from peewee import fn

from crm_core import audit, clock, database, events, search
from crm_core.errors import Conflict, CrmError, Invalid, NotFound
from crm_core.linking import holds
from crm_core.models import (
    Address,
    Employee,
    Entry,
    EntryStatus,
    Findable,
    Note,
    Participant,
    Subtag,
)
from crm_core.records import addresses, merged
from crm_core.tags import classification

FIRST_NUMBER = 1001
LONGEST_TITLE = 200
LONGEST_TEXT = 20_000  # of a description or a note
_NUMBER_QUEUE = 0x43524D31  # any fixed number: numbers are handed out one by one


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What a person filled in. ``note`` is kept as the entry's first note."""

    title: str
    address_id: int | None
    subtag_key: str | None
    note: str = ""
    management_only: bool = False
    description: str = ""
    responsible: Employee | None = None
    follow_up_on: date | None = None


class Stale(Conflict):
    """Somebody else changed the entry since the person looked at it."""


def problems(draft: EntryDraft) -> list[CrmError]:
    """What keeps the draft from being saved, one error per field, all at once.

    Mandatory are title, address and subtag, and what the subtag requires besides.
    """
    found: list[CrmError] = []
    try:
        _title(draft.title)
        _text("description", draft.description)
    except Invalid as problem:
        found.append(problem)
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
    draft = EntryDraft(title, address_id, subtag_key, note, management_only)
    return open_as(draft, actor=actor)


def open_as(draft: EntryDraft, *, actor: str) -> Entry:
    """Open an entry as a person filled it in; see ``create``.

    Where nobody is responsible, whoever the subtag names is.
    """
    database.require_transaction()
    for problem in problems(draft):
        raise problem
    now = clock.now()
    subtag = classification.subtag_by_key(str(draft.subtag_key).strip())
    entry = Entry.create(
        number=_next_number(),
        title=_title(draft.title),
        subtag=subtag,
        management_only=draft.management_only,
        description=_text("description", draft.description),
        responsible=draft.responsible or classification.responsible_for(subtag),
        follow_up_on=draft.follow_up_on,
        created_at=now,
        created_by=actor,
    )
    Participant.create(
        entry=entry, address=draft.address_id, added_at=now, added_by=actor
    )
    _record(entry, "entry_created", actor)
    search.refresh(Findable.ENTRY, [entry.id])
    if draft.note.strip():
        add_note(entry, draft.note, actor=actor)
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
    subtag = None
    if subtag_key is not None and subtag_key != entry.subtag.key:
        subtag = classification.subtag_by_key(subtag_key)
        if not classification.is_active(subtag):
            raise _inactive(subtag)
    given = {
        "title": None if title is None else _title(title),
        "subtag": subtag,
        "management_only": management_only,
    }
    _change(entry, {k: v for k, v in given.items() if v is not None}, actor)


def rewrite(
    entry: Entry, draft: EntryDraft, *, actor: str, version: int | None = None
) -> None:
    """Make the entry say what the draft says (its address and note play no part).

    Raises Invalid and NotFound like ``create``; Stale if the entry is no longer in
    the ``version`` that the person saw: then nothing has changed.
    """
    database.require_transaction()
    _locked(entry)
    if version is not None and entry.version != version:
        raise Stale("entry {number} has been changed meanwhile", number=entry.number)
    key = (draft.subtag_key or "").strip()
    if not key:
        raise Invalid("subtag", "required", "the entry needs a subtag")
    subtag = classification.subtag_by_key(key)
    if subtag.id != entry.subtag_id and not classification.is_active(subtag):
        raise _inactive(subtag)
    for missing in _missing(draft, subtag, _demanded_of_changed(subtag)):
        raise missing
    wanted: dict[str, object] = {
        "title": _title(draft.title),
        "subtag": subtag,
        "management_only": draft.management_only,
        "description": _text("description", draft.description),
        "responsible": draft.responsible,
        "follow_up_on": draft.follow_up_on,
    }
    _change(entry, wanted, actor)


def _demanded_of_changed(subtag: Subtag) -> tuple[str, ...]:
    """The note was written when the entry was opened; it is not asked for again."""
    return tuple(f for f in classification.demanded(subtag) if f != "note")


def set_status(entry: Entry, status: EntryStatus, *, actor: str) -> None:
    """Open, waiting or closed; the same again changes nothing.

    Raises Conflict if the entry was merged into another one.
    """
    database.require_transaction()
    _locked(entry)
    if entry.status is status:
        return
    merged.refuse(entry)
    entry.status = status
    entry.closed_at = clock.now() if status is EntryStatus.CLOSED else None
    _save(entry, actor)
    _record(entry, _SAID_OF[status], actor)


_SAID_OF = {
    EntryStatus.OPEN: "entry_reopened",
    EntryStatus.WAITING: "entry_waiting",
    EntryStatus.CLOSED: "entry_closed",
}


def close(entry: Entry, *, actor: str) -> None:
    """A person is done with it; closing twice changes nothing."""
    set_status(entry, EntryStatus.CLOSED, actor=actor)


def reopen(entry: Entry, *, actor: str) -> None:
    """Back to work; an open entry stays as it is."""
    set_status(entry, EntryStatus.OPEN, actor=actor)


def _change(entry: Entry, wanted: dict[str, object], actor: str) -> None:
    database.require_transaction()
    changed = [name for name, value in wanted.items() if getattr(entry, name) != value]
    for name in changed:
        setattr(entry, name, wanted[name])
    if changed:
        _save(entry, actor)
        _record(entry, "entry_updated", actor, ", ".join(changed))
        search.refresh(Findable.ENTRY, [entry.id])


def _locked(entry: Entry) -> None:
    """Read the row anew and keep it until the transaction ends."""
    rows = Entry.select().where(Entry.id == entry.id)
    found = next(iter(rows.for_update() if database.is_postgres() else rows))
    entry.__data__.update(found.__data__)
    entry.__rel__.clear()


def _save(entry: Entry, actor: str) -> None:
    entry.version += 1
    entry.updated_at, entry.updated_by = clock.now(), actor
    entry.save()


def _title(text: str) -> str:
    text = text.replace("\0", "").replace("\r", " ").replace("\n", " ").strip()
    if not text:
        raise Invalid("title", "required", "the entry needs a title")
    return _short("title", text, LONGEST_TITLE)


def _text(field: str, text: str) -> str:
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    return _short(field, text, LONGEST_TEXT)


def _short(field: str, text: str, most: int) -> str:
    if len(text) > most:
        raise Invalid(
            field,
            "length",
            "here are {length} characters; {most} is the most",
            length=len(text),
            most=most,
        )
    return text


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
    """Write a note; Invalid if it is empty or too long."""
    database.require_transaction()
    text = _text("note", text)
    if not text:
        raise Invalid("note", "required", "the note is empty")
    note = Note.create(entry=entry, text=text, written_at=clock.now(), written_by=actor)
    _record(entry, "note_added", actor, f"note:{note.id}")
    search.refresh(Findable.ENTRY, [entry.id])
    return note


def _problems_of_subtag(draft: EntryDraft) -> list[CrmError]:
    try:
        subtag = classification.subtag_by_key(str(draft.subtag_key).strip())
    except NotFound as unknown:
        return [unknown]
    if not classification.is_active(subtag):
        return [_inactive(subtag)]
    return _missing(draft, subtag, classification.demanded(subtag))


def _inactive(subtag: Subtag) -> Invalid:
    sentence = "{name} is not active any more"
    return Invalid("subtag", "inactive", sentence, name=f"«{subtag.name}»")


def _missing(
    draft: EntryDraft, subtag: Subtag, wanted: tuple[str, ...]
) -> list[CrmError]:
    return [
        Invalid(
            field,
            "required",
            "entries of «{subtag}» need: {name}",
            subtag=subtag.name,
            name=field,
        )
        for field in wanted
        if not str(getattr(draft, field) or "").strip()
    ]


def _next_number() -> int:
    database.stand_in_line(_NUMBER_QUEUE)
    highest = Entry.select(fn.MAX(Entry.number)).scalar()
    return FIRST_NUMBER if highest is None else int(highest) + 1


def _record(entry: Entry, action: str, actor: str, detail: str = "") -> None:
    audit.record(actor, action, f"entry:{entry.number}", entry=entry, detail=detail)
    events.follow(action, entry)
