"""``/entries/{number}/participants``: which addresses take part in an entry."""

from flask import url_for

from crm_core.models import Address, Participant
from crm_core.records import entries
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import Answer, Body, EntryPath, RowId
from crm_web.api.views import AddressName
from crm_web.rooms import viewer

resource = Resource("participants", "Addresses that take part in an entry")


class ParticipantIn(Body):
    """Who takes part from now on."""

    address_id: RowId


class Participants(Answer):
    """Everybody who takes part, the entry's own address first."""

    items: list[AddressName]


class ParticipantPath(EntryPath):
    """An address that takes part."""

    address: RowId


@resource.read("/entries/<int:number>/participants", Participants)
def listing(path: EntryPath) -> Participants:
    """Who takes part."""
    viewer().entry(path.number)
    return _all(path.number)


@resource.write("post", "/entries/<int:number>/participants", Participants, 201)
def add(path: EntryPath, body: ParticipantIn) -> Reply:
    """Add an address; twice changes nothing."""
    entry = viewer().entry(path.number, write=True)
    entries.add_participant(entry, body.address_id, actor=viewer().actor)
    where = url_for("api_participants.listing", number=entry.number)
    return Reply(_all(path.number), 201, {"Location": where})


@resource.write(
    "delete", "/entries/<int:number>/participants/<int:address>", Participants
)
def remove(path: ParticipantPath) -> Participants:
    """Take an address out; 409 for the last one."""
    entry = viewer().entry(path.number, write=True)
    entries.remove_participant(entry, path.address, actor=viewer().actor)
    return _all(path.number)


def _all(number: int) -> Participants:
    entry = entries.by_number(number)
    found = {
        one.address_id: one.address
        for one in Participant.select(Participant, Address)
        .join(Address)
        .where(Participant.entry == entry)
    }
    return Participants(
        items=[
            AddressName(id=id_, name=found[id_].name, kind=found[id_].role)
            for id_ in entries.participant_ids(entry)
        ]
    )
