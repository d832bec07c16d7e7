"""The «Verlauf» of an entry: its mails and notes by time, and what is held back.

Each mail says why it is here and what is odd about it. Mail the viewer may not see at
all is left out, and nothing of it is counted. What is read of every mail of the entry
is its time and subject; the rest only of those on the page. The number of queries does
not depend on how many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.linking import reasons
from crm_core.linking.reasons import Reason, ReasonCode
from crm_core.models import Entry, Hold, Visibility
from crm_core.queries import actors, entry_mail, paging, parties, task_mail
from crm_core.queries.paging import Cursor
from crm_core.queries.parties import AddressRef
from crm_core.queries.suggested import topic
from crm_core.queries.task_mail import TaskOfMail
from crm_core.queries.triage import ContentState, content_state

PAGE = 30


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A stored attachment; ``refused``: only its name is kept."""

    id: int
    name: str
    size: int
    refused: bool


@dataclass(frozen=True, slots=True)
class ThreadMail:
    """A mail of the entry, as far as the viewer may see it.

    ``address`` is whose the sender is, ``takes_part`` whether that one does. ``mails``
    is how many mails of its conversation stand in the entry, ``mailboxes`` in how many
    mailboxes it lies, ``entries`` which other readable entries show it, ``tasks`` what
    was made out of it.
    """

    id: int
    subject: str
    sender: str | None
    sender_name: str
    recipients: tuple[str, ...]
    received_at: datetime
    sent: bool
    reason: Reason
    new_sender: bool
    new_subject: bool
    mailboxes: int
    entries: tuple[int, ...]
    mails: int
    address: AddressRef | None
    takes_part: bool
    content: ContentState
    attachments: tuple[AttachmentRef, ...]
    tasks: tuple[TaskOfMail, ...]


@dataclass(frozen=True, slots=True)
class ThreadNote:
    """A colleague's note."""

    id: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail that is offered instead of shown. ``address``: its known sender."""

    id: int
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime
    hold: Hold
    reason: Reason
    address: AddressRef | None
    content: ContentState


@dataclass(frozen=True, slots=True)
class RemovedMail:
    """A mail, or (``whole``) its conversation, that a person took out."""

    id: int
    subject: str
    sender: str | None
    received_at: datetime
    by: str
    at: datetime
    whole: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """One page, newest first. ``before`` leads on; ``newer``: it does not begin at the
    newest. ``count`` is all mails and notes the viewer sees.
    """

    items: tuple[ThreadMail | ThreadNote, ...]
    held: tuple[HeldMail, ...]
    removed: tuple[RemovedMail, ...]
    count: int
    before: str | None
    newer: bool


def page(
    viewer: Viewer,
    entry: Entry,
    *,
    before: str | None = None,
    at: int | None = None,
    limit: int = PAGE,
) -> Thread:
    """A page of the entry's thread, from a cursor, or from the mail with id ``at`` on.

    The caller has made sure that the viewer may read the entry. Raises Invalid for a
    cursor that is none.
    """
    cursor = paging.parse(before)
    brief = _brief(viewer, entry)
    noted = database.execute(
        "SELECT written_at, id FROM note WHERE entry_id = ?", (entry.id,)
    )
    line = sorted(
        [
            *((mail.at, _MAIL, mail.id) for mail in brief.values()),
            *((written_at, _NOTE, int(id_)) for written_at, id_ in noted),
        ],
        reverse=True,
    )
    start = _start(line, cursor, at)
    shown = line[start : start + limit]
    more = start + limit < len(line)
    mails = _mails(viewer, entry, brief, [i for _, kind, i in shown if kind == _MAIL])
    notes = _notes([i for _, kind, i in shown if kind == _NOTE])
    return Thread(
        items=tuple(
            mails[id_] if kind == _MAIL else notes[id_]
            for _at, kind, id_ in shown
            if id_ in (mails if kind == _MAIL else notes)
        ),
        held=_held(viewer, entry),
        removed=_removed(viewer, entry),
        count=len(line),
        before=str(Cursor(f"{shown[-1][0]} {shown[-1][1]}", shown[-1][2]))
        if more
        else None,
        newer=start > 0,
    )


_MAIL, _NOTE = "m", "n"


@dataclass(frozen=True, slots=True)
class StoredText:
    """A mail's text; ``new``: without the quotation, where the server said so."""

    text: str
    new: str | None


def texts(viewer: Viewer, ids: Sequence[int]) -> dict[int, StoredText]:
    """The stored texts of these mails, as far as the viewer may read them in full."""
    rows = database.select_in(
        "SELECT b.message_id, b.text, b.new_text FROM message_body b JOIN message m "
        f"ON m.id = b.message_id WHERE {viewer.messages('m', full=True)} "
        "AND m.confidential = 0 AND b.message_id IN ({marks})",
        ids,
    )
    return {int(id_): StoredText(text, new) for id_, text, new in rows}


def _start(
    line: Sequence[tuple[str, str, int]], cursor: Cursor | None, at: int | None
) -> int:
    if cursor is not None:
        stamp, _, kind = cursor.value.rpartition(" ")
        last = (stamp, kind, cursor.id)
        return next((i for i, item in enumerate(line) if item < last), len(line))
    if at is not None:
        wanted = (_MAIL, at)
        return next((i for i, item in enumerate(line) if item[1:] == wanted), 0)
    return 0


@dataclass(frozen=True, slots=True)
class _Brief:
    """What is read of every mail of the entry."""

    id: int
    at: str
    conversation: int
    new_subject: bool


def _brief(viewer: Viewer, entry: Entry) -> dict[int, _Brief]:
    rows = database.execute(
        "SELECT m.id, m.received_at, m.conversation_id, m.subject FROM message m "
        f"WHERE m.id IN (SELECT x.message_id FROM ({entry_mail.shown_in('?')}) x) "
        f"AND {viewer.messages('m')} ORDER BY m.sent_at, m.id",
        (entry.id, entry.id),
    )
    topics: dict[int, set[str]] = {}
    found = {}
    for id_, at, conversation, subject in rows:
        said, before = topic(subject), topics.setdefault(int(conversation), set())
        new = bool(before) and bool(said) and said not in before
        before.add(said)
        found[int(id_)] = _Brief(int(id_), at, int(conversation), new)
    return found


_COLUMNS = (
    "m.id, m.subject, m.sender, m.from_address, m.from_name, m.received_at, "
    "m.authenticated, m.body_at, m.body_missing, m.body_wanted_until, m.confidential"
)
_NEVER = reasons.Reason(ReasonCode.SAME_CONVERSATION)


def _mails(
    viewer: Viewer, entry: Entry, brief: dict[int, _Brief], ids: list[int]
) -> dict[int, ThreadMail]:
    rows = database.select_in(
        f"SELECT {_COLUMNS} FROM message m WHERE m.id IN ({{marks}})", ids
    )
    grades = viewer.grades(ids)
    why = reasons.of_entry(entry.id)
    new = _new_senders(entry, ids)
    boxes = _mailboxes(viewer, ids)
    others = elsewhere(viewer, entry, ids)
    files = _attachments(ids)
    people = _people(ids)
    tasks = task_mail.of_mails(viewer, ids)
    owners = parties.owners(email for row in rows for email in (row[2], row[3]))
    taking_part = _taking_part(entry)
    sizes: dict[int, int] = {}
    for mail in brief.values():
        sizes[mail.conversation] = sizes.get(mail.conversation, 0) + 1
    found = {}
    for row in rows:
        id_ = int(row[0])
        owner = owners.get(row[2]) or owners.get(row[3])
        full = grades[id_] is Visibility.FULL
        found[id_] = ThreadMail(
            id=id_,
            subject=row[1],
            sender=row[2] or row[3],
            sender_name=row[4],
            recipients=tuple(people.get(id_, ())),
            received_at=from_text(row[5]),
            sent=boxes.get(id_, (0, 0))[1] == 1 or bool(row[6]),
            reason=why.get(id_, _NEVER),
            new_sender=id_ in new,
            new_subject=brief[id_].new_subject,
            mailboxes=boxes.get(id_, (0, 0))[0],
            entries=tuple(others.get(id_, ())),
            mails=sizes[brief[id_].conversation],
            address=owner,
            takes_part=owner is not None and owner.id in taking_part,
            content=content_state(row[7:11], grades[id_]),
            attachments=tuple(files.get(id_, ())) if full else (),
            tasks=tuple(tasks.get(id_, ())),
        )
    return found


def _notes(ids: list[int]) -> dict[int, ThreadNote]:
    rows = database.select_in(
        "SELECT id, text, written_by, written_at FROM note WHERE id IN ({marks})", ids
    )
    named = actors.names(row[2] for row in rows)
    return {
        int(id_): ThreadNote(int(id_), text, named[by], from_text(at))
        for id_, text, by, at in rows
    }


def _new_senders(entry: Entry, ids: Iterable[int]) -> set[int]:
    rows = database.select_in(
        "SELECT message_id FROM entry_mail_state WHERE entry_id = ? "
        "AND new_sender = 1 AND message_id IN ({marks})",
        ids,
        (entry.id,),
    )
    return {int(row[0]) for row in rows}


def _mailboxes(viewer: Viewer, ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """In how many mailboxes the viewer knows of, and whether one of us sent it."""
    open_to = [
        box for box, grade in viewer.mailboxes.items() if grade is not Visibility.NONE
    ]
    listed = ",".join(map(str, sorted(open_to))) or "NULL"
    rows = database.select_in(
        "SELECT message_id, count(DISTINCT CASE WHEN gone_at IS NULL AND mailbox_id IN "
        f"({listed}) THEN mailbox_id END), max(sent) FROM message_copy "
        "WHERE message_id IN ({marks}) GROUP BY message_id",
        ids,
    )
    return {int(message): (int(count), int(sent)) for message, count, sent in rows}


def elsewhere(viewer: Viewer, entry: Entry, ids: Sequence[int]) -> dict[int, list[int]]:
    """The other readable entries that show each of these mails."""
    if not ids:
        return {}
    marks = ",".join("?" * len(ids))
    rows = database.execute(
        f"SELECT x.message_id, e.number FROM ({entry_mail.shown_of(marks)}) x "
        f"JOIN entry e ON e.id = x.entry_id AND {viewer.entries('e')} "
        "WHERE e.id <> ? ORDER BY e.number",
        (*ids, *ids, entry.id),
    )
    found: dict[int, list[int]] = {}
    for message, number in rows:
        found.setdefault(int(message), []).append(int(number))
    return found


def _attachments(ids: Iterable[int]) -> dict[int, list[AttachmentRef]]:
    """Attachments proper; pictures of the text stand in the text."""
    found: dict[int, list[AttachmentRef]] = {}
    for id_, message, name, size, digest in database.select_in(
        "SELECT id, message_id, name, size, sha256 FROM attachment "
        "WHERE inline = 0 AND message_id IN ({marks}) ORDER BY message_id, position",
        ids,
    ):
        ref = AttachmentRef(int(id_), name, int(size), digest is None)
        found.setdefault(int(message), []).append(ref)
    return found


def _people(ids: Iterable[int]) -> dict[int, list[str]]:
    """To whom each mail went."""
    found: dict[int, list[str]] = {}
    for message, email in database.select_in(
        "SELECT message_id, email FROM message_address WHERE role IN ('to', 'cc') "
        "AND message_id IN ({marks}) ORDER BY message_id, role DESC, email",
        ids,
    ):
        found.setdefault(int(message), []).append(email)
    return found


def _taking_part(entry: Entry) -> set[int]:
    rows = database.execute(
        "SELECT address_id FROM participant WHERE entry_id = ?", (entry.id,)
    )
    return {int(row[0]) for row in rows}


# --- held back, taken out ---------------------------------------------------------


def _held(viewer: Viewer, entry: Entry) -> tuple[HeldMail, ...]:
    """Mail among colleagues is left out where its mailbox says «ignore»."""
    rows = database.execute(
        f"SELECT {_COLUMNS}, s.hold FROM entry_mail_state s "
        "JOIN message m ON m.id = s.message_id WHERE s.entry_id = ? "
        "AND s.hold IS NOT NULL AND s.hold <> 'excluded' AND NOT "
        "(s.hold = 'internal_only' AND EXISTS (SELECT 1 FROM message_copy ic "
        "JOIN mailbox ib ON ib.id = ic.mailbox_id WHERE ic.message_id = m.id "
        f"AND ib.internal_only = 'ignore')) AND {viewer.messages('m')} "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT 100",
        (entry.id,),
    )
    grades = viewer.grades(int(row[0]) for row in rows)
    owners = parties.owners(email for row in rows for email in (row[2], row[3]))
    found = []
    for row in rows:
        owner, hold = owners.get(row[2]) or owners.get(row[3]), Hold(row[11])
        found.append(
            HeldMail(
                id=int(row[0]),
                subject=row[1],
                sender=row[2] or row[3],
                sender_name=row[4],
                received_at=from_text(row[5]),
                hold=hold,
                reason=reasons.of_hold(hold, [owner.name] if owner else ()),
                address=owner,
                content=content_state(row[7:11], grades[int(row[0])]),
            )
        )
    return tuple(found)


def _removed(viewer: Viewer, entry: Entry) -> tuple[RemovedMail, ...]:
    """What a person took out and could put back."""
    columns = "m.id, m.subject, m.sender, m.received_at"
    rows: list[tuple[Any, ...]] = database.execute(
        f"SELECT {columns}, v.by, v.at, 0 FROM entry_mail_verdict v "
        "JOIN message m ON m.id = v.message_id WHERE v.entry_id = ? "
        f"AND v.verdict = 'exclude' AND {viewer.messages('m')} "
        f"UNION ALL SELECT {columns}, em.removed_by, em.removed_at, 1 "
        "FROM entry_mail em JOIN message m ON m.id = em.anchor_id "
        "WHERE em.entry_id = ? AND em.removed_at IS NOT NULL "
        f"AND {viewer.messages('m')} AND NOT EXISTS (SELECT 1 FROM entry_mail other "
        "JOIN message om ON om.id = other.anchor_id WHERE other.entry_id = em.entry_id "
        "AND other.removed_at IS NULL AND om.conversation_id = m.conversation_id)",
        (entry.id, entry.id),
    )
    rows = sorted(rows, key=lambda row: (row[5], row[0]), reverse=True)[:100]
    named = actors.names(row[4] for row in rows)
    return tuple(
        RemovedMail(
            id=int(id_),
            subject=subject,
            sender=sender,
            received_at=from_text(received_at),
            by=named.get(by, by),
            at=from_text(at),
            whole=bool(whole),
        )
        for id_, subject, sender, received_at, by, at, whole in rows
    )
