"""What the database says about mail at one moment. Needs a bound database."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.exports.export import bracketed, message_lines
from crm_core.models import (
    Attachment,
    Entry,
    EntryMail,
    Hold,
    LinkReason,
    Message,
)
from crm_core.queries import entries as entry_query
from crm_core.threads.conversations import mid


@dataclass(frozen=True, slots=True)
class InEntry:
    """How an entry has a mail. ``evidence`` is what stood in a subject."""

    number: int
    reason: LinkReason
    hold: Hold | None
    new_sender: bool
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Parent:
    """The mail that was answered, if it is stored."""

    subject: str
    sender: str


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail; ``copies`` has an element per copy. ``joined_by`` is a kind of key."""

    message_id: str
    conversation: int
    copies: tuple[str, ...]
    joined_by: str | None
    parent: Parent | None
    entries: tuple[InEntry, ...]
    has_content: bool
    attachments: int

    def entry(self, number: int) -> InEntry | None:
        """How the entry with this number has it."""
        return next((one for one in self.entries if one.number == number), None)


@dataclass(frozen=True, slots=True)
class Records:
    """All mail of the database."""

    mails: Mapping[str, StoredMail]  # by Message-ID
    private: Counter[str]  # copies of which only the id is kept, by mailbox
    quarantined: int

    def conversation(self, number: int) -> list[StoredMail]:
        """The mails of a conversation."""
        return [one for one in self.mails.values() if one.conversation == number]

    @property
    def conversations(self) -> int:
        """How many conversations there are."""
        return len({one.conversation for one in self.mails.values()})


def read_records() -> Records:
    """Read everything; takes milliseconds for some hundred mails."""
    lines = list(message_lines())
    entries = _entries()
    rows = {row.internet_id: row for row in Message.select()}
    answered = {mid(id_): row for id_, row in rows.items() if id_ is not None}
    attached = Counter(row.message_id for row in Attachment.select())
    mails = {}
    for line in lines:
        if line.message_id is None or line.conversation is None:
            continue
        row = rows[line.message_id.strip("<>")]
        parent = answered.get(bytes(row.parent)) if row.parent else None
        mails[line.message_id] = StoredMail(
            message_id=line.message_id,
            conversation=line.conversation,
            copies=line.mailboxes,
            joined_by=line.joined_by,
            parent=Parent(parent.subject, parent.sender or "–") if parent else None,
            entries=tuple(entries.get(line.message_id, ())),
            has_content=row.content_at is not None,
            attachments=attached[row.id],
        )
    return Records(
        mails,
        Counter(line.mailboxes[0] for line in lines if line.private),
        sum(line.quarantined for line in lines),
    )


def _entries() -> dict[str, list[InEntry]]:
    evidence = {
        (row.entry_id, row.anchor_id): row.evidence for row in EntryMail.select()
    }
    found: dict[str, list[InEntry]] = {}
    for entry in Entry.select().order_by(Entry.number):
        for mail in entry_query.messages_of(entry):
            name = bracketed(mail.internet_id)
            if name is not None:
                found.setdefault(name, []).append(
                    InEntry(
                        entry.number,
                        mail.reason,
                        mail.hold,
                        mail.new_sender,
                        evidence.get((entry.id, mail.id), ""),
                    )
                )
    return found
