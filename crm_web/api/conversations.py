"""``/conversations``: mails connected by their threads, and the entries that show them.

Read only: a conversation is linked through ``/entries/{number}/links``.
"""

from pydantic import BaseModel, Field

from crm_core.queries import conversation_view
from crm_core.queries.conversation_view import ConversationMail
from crm_web.api.resource import Resource
from crm_web.api.values import (
    Answer,
    Instant,
    Line,
    PageQuery,
    Query,
    RowId,
    bracketed,
)
from crm_web.rooms import viewer

resource = Resource("conversations", "E-mails that belong together")


class ConversationPath(BaseModel):
    """A conversation."""

    conversation: RowId


class MailQuery(Query):
    """Which mail is looked for."""

    message_id: Line = Field(min_length=3)


class Mail(Answer):
    """A mail of a conversation."""

    id: int
    message_id: str | None
    subject: str
    sender: str | None
    sender_name: str
    received_at: Instant
    has_attachments: bool


class ConversationOut(Answer):
    """A conversation; `items` are its mails, oldest first."""

    id: int
    entries: list[int] = Field(description="numbers of the entries that show it")
    items: list[Mail]
    next: str | None


class Conversations(Answer):
    """Ids of conversations."""

    items: list[int]


@resource.read("/conversations", Conversations)
def find(query: MailQuery) -> Conversations:
    """The conversations that hold a mail with this Message-ID; rarely several."""
    return Conversations(items=conversation_view.with_mail(viewer(), query.message_id))


@resource.read("/conversations/<int:conversation>", ConversationOut)
def show(path: ConversationPath, query: PageQuery) -> ConversationOut:
    """One conversation, as far as the account sees its mails."""
    found = conversation_view.show(
        viewer(), path.conversation, before=query.cursor, limit=query.limit
    )
    return ConversationOut(
        id=found.id,
        entries=list(found.entries),
        items=[_mail(mail) for mail in found.mails.rows],
        next=found.mails.before,
    )


def _mail(mail: ConversationMail) -> Mail:
    return Mail(
        id=mail.id,
        message_id=bracketed(mail.internet_id),
        subject=mail.subject,
        sender=mail.sender,
        sender_name=mail.sender_name,
        received_at=mail.received_at,
        has_attachments=mail.has_attachments,
    )
