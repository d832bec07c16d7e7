"""What people and programs see of an entry: who takes part, its mail, its tasks.

Mail is a join, not a list kept somewhere: every mail of the conversations that the
entry's links are anchored in, plus what a person put in, minus what a person took out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.fields import from_text
from crm_core.models import (
    Address,
    Entry,
    EntryDocument,
    EntryStatus,
    Hold,
    LinkReason,
    Note,
    Participant,
    Verdict,
)
from crm_core.queries import tasks
from crm_core.queries.tasks import TaskView
from crm_core.records import entries


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """An address that takes part."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class EntryMessage:
    """A mail of the entry. ``hold`` says why it is offered instead of shown."""

    id: int
    internet_id: str | None
    subject: str
    sender: str | None
    received_at: datetime
    reason: LinkReason
    hold: Hold | None
    new_sender: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A linked work report or delivery note."""

    kind: str
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A colleague's note."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as its page shows it; messages oldest first."""

    number: int
    title: str
    subtag: str
    status: EntryStatus
    addresses: tuple[ParticipantView, ...]
    messages: tuple[EntryMessage, ...]
    tasks: tuple[TaskView, ...]
    documents: tuple[DocumentView, ...]
    notes: tuple[NoteView, ...]


def show(number: int) -> EntryView:
    """The entry with this number; NotFound if there is none."""
    entry = entries.by_number(number)
    return EntryView(
        number=entry.number,
        title=entry.title,
        subtag=entry.subtag.key,
        status=entry.status,
        addresses=_participants(entry),
        messages=messages_of(entry),
        tasks=tasks.of_entry(entry),
        documents=_documents(entry),
        notes=_notes(entry),
    )


def messages_of(entry: Entry) -> tuple[EntryMessage, ...]:
    """Every mail of the entry, held ones included, oldest first.

    The reason of a link stands with its anchor; other mails of the conversation are
    replies. What a person put in without its conversation is there by hand.
    """
    anchors = _anchors(entry)
    verdicts = _verdicts(entry)
    included = [m for m, verdict in verdicts.items() if verdict is Verdict.INCLUDE]
    members = {int(row[0]): row for row in _in_conversations_of(anchors)}
    singles = {int(row[0]): row for row in _by_id(set(included) - members.keys())}
    states = _states(entry)
    found = []
    for row in (*members.values(), *singles.values()):
        message = int(row[0])
        hold, new_sender = states.get(message, (None, False))
        taken_out = verdicts.get(message) is Verdict.EXCLUDE or hold is Hold.EXCLUDED
        if taken_out:
            continue
        by_hand = message not in members or message in included
        otherwise = LinkReason.MANUAL if by_hand else LinkReason.REPLY
        reason = anchors.get(message, otherwise)
        found.append(_message(row, reason, hold, new_sender=new_sender))
    return tuple(sorted(found, key=lambda m: (m.received_at, m.id)))


_COLUMNS = "m.id, m.internet_id, m.subject, m.sender, m.received_at"


def _anchors(entry: Entry) -> dict[int, LinkReason]:
    rows = database.execute(
        "SELECT anchor_id, reason FROM entry_mail "
        "WHERE entry_id = ? AND removed_at IS NULL",
        (entry.id,),
    )
    return {int(anchor): LinkReason(reason) for anchor, reason in rows}


def _verdicts(entry: Entry) -> dict[int, Verdict]:
    rows = database.execute(
        "SELECT message_id, verdict FROM entry_mail_verdict WHERE entry_id = ?",
        (entry.id,),
    )
    return {int(message): Verdict(verdict) for message, verdict in rows}


def _states(entry: Entry) -> dict[int, tuple[Hold | None, bool]]:
    rows = database.execute(
        "SELECT message_id, hold, new_sender FROM entry_mail_state WHERE entry_id = ?",
        (entry.id,),
    )
    return {
        int(message): (Hold(hold) if hold else None, bool(new))
        for message, hold, new in rows
    }


def _in_conversations_of(anchors: Iterable[int]) -> list[tuple[Any, ...]]:
    return database.select_in(
        f"SELECT DISTINCT {_COLUMNS} FROM message a "
        "JOIN message m ON m.conversation_id = a.conversation_id "
        "WHERE a.id IN ({marks})",
        anchors,
    )


def _by_id(messages: Iterable[int]) -> list[tuple[Any, ...]]:
    return database.select_in(
        f"SELECT {_COLUMNS} FROM message m WHERE m.id IN ({{marks}})", messages
    )


def _message(
    row: tuple[Any, ...], reason: LinkReason, hold: Hold | None, *, new_sender: bool
) -> EntryMessage:
    id_, internet_id, subject, sender, received_at = row
    return EntryMessage(
        id=int(id_),
        internet_id=internet_id,
        subject=subject,
        sender=sender,
        received_at=from_text(received_at),
        reason=reason,
        hold=hold,
        new_sender=new_sender,
    )


def _participants(entry: Entry) -> tuple[ParticipantView, ...]:
    rows = (
        Participant.select(Participant, Address)
        .join(Address)
        .where(Participant.entry == entry)
        .order_by(Participant.id)
    )
    return tuple(
        ParticipantView(row.address.id, row.address.name, row.address.role.value)
        for row in rows
    )


def _documents(entry: Entry) -> tuple[DocumentView, ...]:
    rows = EntryDocument.select().where(EntryDocument.entry == entry)
    return tuple(
        DocumentView(row.document.kind.value, row.document.number, row.document.title)
        for row in rows.order_by(EntryDocument.id)
    )


def _notes(entry: Entry) -> tuple[NoteView, ...]:
    rows = Note.select().where(Note.entry == entry).order_by(Note.id)
    return tuple(NoteView(row.text, row.written_by, row.written_at) for row in rows)
