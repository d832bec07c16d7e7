"""Everything that is stored about mail, one line per mail, for other programs.

Quarantined and private-marked items are lines too, so that the lines together with
their copies account for every item that lies in a polled folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crm_core import database
from crm_core.models import LinkReason


@dataclass(frozen=True, slots=True)
class EntryOfMessage:
    """One entry that shows, or holds, the mail."""

    number: int
    reason: str
    held: str | None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One mail. ``mailboxes`` has one element per live copy, repeats included."""

    message_id: str | None  # with angle brackets
    mailboxes: tuple[str, ...]
    conversation: int | None
    entries: tuple[EntryOfMessage, ...] = ()
    quarantined: bool = False
    private: bool = False
    id_conflict: bool = False
    joined_by: str | None = None


def bracketed(internet_id: str | None) -> str | None:
    """A Message-ID as it stands in a mail."""
    return None if internet_id is None else f"<{internet_id}>"


def message_lines() -> Iterator[MessageLine]:
    """Stored mails in order of their ids, then private items, then quarantined ones."""
    addresses = dict(database.execute("SELECT id, address FROM mailbox"))
    copies: dict[int, list[str]] = {}
    for message, mailbox in database.execute(
        "SELECT message_id, mailbox_id FROM message_copy WHERE gone_at IS NULL "
        "AND private = 0 ORDER BY id"
    ):
        copies.setdefault(message, []).append(addresses[mailbox])
    linked = _entries_by_message()
    for id_, internet_id, conversation, conflict, joined in database.execute(
        "SELECT id, internet_id, conversation_id, id_conflict, joined_by FROM message "
        "ORDER BY id"
    ):
        yield MessageLine(
            message_id=bracketed(internet_id),
            mailboxes=tuple(copies.get(id_, ())),
            conversation=conversation,
            entries=tuple(linked.get(id_, ())),
            id_conflict=bool(conflict),
            joined_by=joined,
        )
    for (mailbox,) in database.execute(
        "SELECT mailbox_id FROM message_copy WHERE private = 1 AND gone_at IS NULL "
        "ORDER BY id"
    ):
        yield MessageLine(None, (addresses[mailbox],), None, private=True)
    for internet_id, mailbox in database.execute(
        "SELECT internet_id, mailbox_id FROM quarantined_change "
        "WHERE resolved_at IS NULL AND reason <> 'keyword_budget' ORDER BY id"
    ):
        yield MessageLine(
            bracketed(internet_id), (addresses[mailbox],), None, quarantined=True
        )


def _entries_by_message() -> dict[int, list[EntryOfMessage]]:
    found: dict[int, dict[int, EntryOfMessage]] = {}
    for number, message, anchor, reason, hold in database.execute(
        "SELECT e.number, m.id, em.anchor_id, em.reason, s.hold "
        "FROM entry_mail em JOIN entry e ON e.id = em.entry_id "
        "JOIN message a ON a.id = em.anchor_id "
        "JOIN message m ON m.conversation_id = a.conversation_id "
        "LEFT JOIN entry_mail_state s ON s.entry_id = em.entry_id "
        "AND s.message_id = m.id WHERE em.removed_at IS NULL "
        "AND coalesce(s.hold, '') <> 'excluded' ORDER BY e.number, m.id"
    ):
        why = reason if anchor == message else LinkReason.REPLY.value
        mine = found.setdefault(message, {})
        if number not in mine or anchor == message:
            mine[number] = EntryOfMessage(number, why, hold)
    for number, message in database.execute(
        "SELECT e.number, v.message_id FROM entry_mail_verdict v "
        "JOIN entry e ON e.id = v.entry_id WHERE v.verdict = 'include'"
    ):
        mine = found.setdefault(message, {})
        if number not in mine or mine[number].reason == LinkReason.REPLY.value:
            mine[number] = EntryOfMessage(number, LinkReason.MANUAL.value, None)
    return {message: list(mine.values()) for message, mine in found.items()}
