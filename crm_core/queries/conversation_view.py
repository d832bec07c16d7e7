"""A conversation as other programs read it: its mails and the entries that show it.

Only mails that the viewer sees, only entries that the viewer may read; a conversation
of which no mail is visible does not exist. Four queries, whatever it holds.
"""

from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.errors import NotFound
from crm_core.fields import from_text
from crm_core.queries import paging
from crm_core.queries.paging import Page


@dataclass(frozen=True, slots=True)
class ConversationMail:
    """One of its mails; ``internet_id`` without angle brackets."""

    id: int
    internet_id: str | None
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime
    has_attachments: bool


@dataclass(frozen=True, slots=True)
class ConversationView:
    """The mails of one page, oldest first, and the numbers of the entries."""

    id: int
    entries: tuple[int, ...]
    mails: Page[ConversationMail]


def show(
    viewer: Viewer, conversation: int, *, before: str | None, limit: int
) -> ConversationView:
    """One conversation; NotFound if the viewer sees none of its mails.

    Raises Invalid for a cursor that is none.
    """
    cursor = paging.parse(before)
    seen = database.execute(
        "SELECT 1 FROM message m WHERE m.conversation_id = ? "
        f"AND {viewer.messages('m')} LIMIT 1",
        (conversation,),
    )
    if not seen:
        raise NotFound("there is no conversation {number}", number=conversation)
    after, values = "", list[object]()
    if cursor is not None:
        after = " AND (m.received_at, m.id) > (?, ?)"
        values += [cursor.value, cursor.id]
    rows = database.execute(
        "SELECT m.id, m.internet_id, m.subject, m.sender, m.from_name, m.received_at, "
        "m.has_attachments FROM message m WHERE m.conversation_id = ? "
        f"AND {viewer.messages('m')}{after} ORDER BY m.received_at, m.id LIMIT ?",
        (conversation, *values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[5], int(row[0])))
    mails = tuple(
        ConversationMail(
            int(row[0]), row[1], row[2], row[3], row[4], from_text(row[5]), bool(row[6])
        )
        for row in kept
    )
    numbers = _entries(viewer, conversation)
    return ConversationView(conversation, numbers, Page(mails, next_))


def with_mail(viewer: Viewer, internet_id: str) -> list[int]:
    """The conversations that hold a visible mail with this Message-ID."""
    wanted = internet_id.strip().removeprefix("<").removesuffix(">")
    rows = database.execute(
        "SELECT DISTINCT m.conversation_id FROM message m WHERE m.internet_id = ? "
        f"AND {viewer.messages('m')} ORDER BY m.conversation_id",
        (wanted,),
    )
    return [int(row[0]) for row in rows]


def _entries(viewer: Viewer, conversation: int) -> tuple[int, ...]:
    rows = database.execute(
        "SELECT DISTINCT e.number FROM entry_mail em JOIN message a "
        "ON a.id = em.anchor_id JOIN entry e ON e.id = em.entry_id "
        "WHERE em.removed_at IS NULL AND a.conversation_id = ? "
        f"AND {viewer.entries('e')} ORDER BY e.number",
        (conversation,),
    )
    return tuple(int(row[0]) for row in rows)
