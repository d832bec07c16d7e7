"""One mail: its head, where it is linked and why, its stored content, its attachments.

Everything here asks the viewer first: a mail of which nothing may be seen does not
exist, a text or an attachment of which only the subject may be seen does not either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.errors import NotFound
from crm_core.fields import from_text
from crm_core.linking import reasons
from crm_core.linking.reasons import Reason, ReasonCode
from crm_core.models import (
    Attachment,
    Dmarc,
    EntryMail,
    Hold,
    Message,
    MessageBody,
    PartyRole,
    Visibility,
)
from crm_core.queries import actors, entry_mail, parties, task_mail
from crm_core.queries.parties import AddressRef
from crm_core.queries.task_mail import TaskOfMail
from crm_core.queries.triage import ContentState, content_state

MOST_LISTED = 50  # mails of a conversation, attachments of a mail


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment. ``sha256`` names its content; None where the server refused it."""

    id: int
    name: str
    content_type: str
    content_id: str | None
    inline: bool
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class InEntry:
    """An entry that shows the mail and why, or (``held``) that holds it back."""

    number: int
    title: str
    reason: Reason
    held: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another mail of the same conversation."""

    id: int
    subject: str
    sender: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class MailPage:
    """A mail as its page shows it. ``mailboxes``: names of those the viewer sees."""

    id: int
    subject: str
    from_name: str
    from_address: str | None
    sender: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    sent_at: datetime
    received_at: datetime
    automatic: bool
    confidential: bool
    unconfirmed: bool
    content: ContentState
    missing: str | None
    wanted_until: datetime | None
    ignored: bool
    mailboxes: tuple[str, ...]
    address: AddressRef | None
    entries: tuple[InEntry, ...]
    files: tuple[StoredFile, ...]
    conversation: tuple[Neighbour, ...]
    tasks: tuple[TaskOfMail, ...]


@dataclass(frozen=True, slots=True)
class StoredBody:
    """The stored text of a mail, with the pictures that lie in it by content id."""

    text: str
    html: str | None
    new_text: str | None
    files: tuple[StoredFile, ...]


def page(viewer: Viewer, message_id: int) -> MailPage:
    """The mail; NotFound unless the viewer sees at least its subject."""
    message, grade = _visible(viewer, message_id)
    state = content_state(
        (
            message.body_at,
            message.body_missing,
            message.body_wanted_until,
            message.confidential,
        ),
        grade,
    )
    named = _parties(message_id)
    sender = message.sender or message.from_address
    return MailPage(
        id=message.id,
        subject=message.subject,
        from_name=message.from_name,
        from_address=message.from_address,
        sender=message.sender,
        to=tuple(named.get(PartyRole.TO, ())),
        cc=tuple(named.get(PartyRole.CC, ())),
        sent_at=message.sent_at,
        received_at=message.received_at,
        automatic=message.automatic,
        confidential=message.confidential,
        unconfirmed=message.dmarc is Dmarc.FAIL,
        content=state,
        missing=message.body_missing,
        wanted_until=message.body_wanted_until,
        ignored=message.ignored_at is not None,
        mailboxes=_mailboxes(viewer, message_id),
        address=parties.owners([sender]).get(sender or ""),
        entries=_entries(viewer, message),
        files=_files(message_id) if state is ContentState.HERE else (),
        conversation=_neighbours(viewer, message),
        tasks=tuple(task_mail.of_mails(viewer, [message_id]).get(message_id, ())),
    )


def body(viewer: Viewer, message_id: int) -> StoredBody:
    """The stored content; NotFound unless the viewer may read it and it is here."""
    message, grade = _visible(viewer, message_id)
    stored = MessageBody.get_or_none(MessageBody.message == message_id)
    if grade is not Visibility.FULL or message.confidential or stored is None:
        raise NotFound("the text of this mail is not here")
    return StoredBody(stored.text, stored.html, stored.new_text, _files(message_id))


def file(viewer: Viewer, attachment_id: int) -> StoredFile:
    """An attachment by its id; NotFound unless its mail may be read in full."""
    row = Attachment.get_or_none(Attachment.id == attachment_id)
    if not isinstance(row, Attachment) or not _readable(viewer, row.message_id):
        raise NotFound("there is no such attachment")
    return _file(row)


def _readable(viewer: Viewer, message_id: int) -> bool:
    rows = database.execute(
        "SELECT 1 FROM message m WHERE m.id = ? AND m.confidential = 0 "
        f"AND {viewer.messages('m', full=True)}",
        (message_id,),
    )
    return bool(rows)


# --- parts ------------------------------------------------------------------------


def _visible(viewer: Viewer, message_id: int) -> tuple[Message, Visibility]:
    found = Message.get_or_none(Message.id == message_id)
    grade = viewer.grades([message_id])[message_id]
    if not isinstance(found, Message) or grade is Visibility.NONE:
        raise NotFound("there is no mail {number}", number=message_id)
    return found, grade


def _file(row: Attachment) -> StoredFile:
    return StoredFile(
        id=row.id,
        name=row.name,
        content_type=row.content_type,
        content_id=row.content_id,
        inline=row.inline,
        size=row.size,
        sha256=row.sha256,
    )


def _files(message_id: int) -> tuple[StoredFile, ...]:
    rows = Attachment.select().where(Attachment.message == message_id)
    return tuple(map(_file, rows.order_by(Attachment.position)))


def _parties(message_id: int) -> dict[PartyRole, list[str]]:
    rows = database.execute(
        "SELECT role, email FROM message_address WHERE message_id = ? ORDER BY email",
        (message_id,),
    )
    found: dict[PartyRole, list[str]] = {}
    for role, email in rows:
        found.setdefault(PartyRole(role), []).append(email)
    return found


def _mailboxes(viewer: Viewer, message_id: int) -> tuple[str, ...]:
    seen = [
        box for box, grade in viewer.mailboxes.items() if grade is not Visibility.NONE
    ]
    rows = database.select_in(
        "SELECT DISTINCT b.name FROM message_copy c JOIN mailbox b "
        "ON b.id = c.mailbox_id WHERE c.message_id = ? AND c.gone_at IS NULL "
        "AND b.id IN ({marks}) ORDER BY b.name",
        seen,
        (message_id,),
    )
    return tuple(row[0] for row in rows)


def _neighbours(viewer: Viewer, message: Message) -> tuple[Neighbour, ...]:
    rows = database.execute(
        "SELECT m.id, m.subject, m.sender, m.received_at FROM message m "
        f"WHERE m.conversation_id = ? AND m.id <> ? AND {viewer.messages('m')} "
        f"ORDER BY m.received_at DESC, m.id DESC LIMIT {MOST_LISTED}",
        (message.conversation_id, message.id),
    )
    return tuple(Neighbour(int(r[0]), r[1], r[2], from_text(r[3])) for r in rows)


def _entries(viewer: Viewer, message: Message) -> tuple[InEntry, ...]:
    members = entry_mail.MEMBERS.format(
        where_linked="AND m.id = ?", where_put_in="AND v.message_id = ?"
    )
    rows = database.execute(
        "SELECT e.id, e.number, e.title, e.subtag_id, s.hold FROM entry e "
        "LEFT JOIN entry_mail_state s ON s.entry_id = e.id AND s.message_id = ? "
        f"WHERE e.id IN (SELECT x.entry_id FROM ({members}) x) "
        f"AND {viewer.entries('e')} ORDER BY e.number DESC",
        (message.id, message.id, message.id),
    )
    why = _reasons(message, [int(row[0]) for row in rows])
    found = []
    for id_, number, title, subtag, hold in rows:
        if hold == Hold.EXCLUDED.value:
            continue
        held = None if hold is None else reasons.of_hold(Hold(hold))
        reason = held or why.get(int(id_), Reason(ReasonCode.SAME_CONVERSATION))
        writable = int(subtag) in viewer.writable
        found.append(InEntry(int(number), title, reason, held is not None, writable))
    return tuple(found)


def _reasons(message: Message, entries: list[int]) -> dict[int, Reason]:
    """Why the mail stands in each of these entries."""
    anchors = EntryMail.select().join(Message, on=(EntryMail.anchor == Message.id))
    links = list(
        anchors.where(
            Message.conversation == message.conversation_id,
            EntryMail.removed_at.is_null(),
            EntryMail.entry.in_(entries or [0]),
        )
    )
    put_in = database.select_in(
        "SELECT entry_id, by, at FROM entry_mail_verdict WHERE message_id = ? "
        "AND verdict = 'include' AND entry_id IN ({marks})",
        entries,
        (message.id,),
    )
    named = actors.names([*(link.linked_by for link in links), *_second(put_in)])
    as_reply = reasons.of_replies([message.id]).get(message.id)
    found = {link.entry_id: as_reply for link in links if as_reply is not None}
    found |= {
        int(entry): Reason(ReasonCode.MANUAL, by=named.get(by, ""), at=from_text(at))
        for entry, by, at in put_in
    }
    found |= {
        link.entry_id: Reason(
            ReasonCode(link.reason.value),
            by=named.get(link.linked_by, ""),
            at=link.linked_at,
            evidence=link.evidence,
        )
        for link in links
        if link.anchor_id == message.id
    }
    return found


def _second(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [row[1] for row in rows]
