"""``/entries/{number}/links``: the mails of an entry, why they are there, and by whom.

A mail is named by its Message-ID, with angle brackets as in the mail itself. Linking
one shows its whole conversation, later replies included; what a person removes stays
removed (``crm_core.linking.links``).
"""

from typing import Literal

from flask import url_for
from pydantic import Field

from crm_core import database
from crm_core.errors import Conflict, NotFound
from crm_core.linking import links, triage
from crm_core.models import Entry, Hold, LinkReason, Message, Visibility
from crm_core.queries import entry_thread
from crm_core.queries.entry_thread import Thread, ThreadMail
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import (
    Answer,
    Body,
    EntryPath,
    Instant,
    Line,
    PageOf,
    PageQuery,
    Query,
    RowId,
    bracketed,
)
from crm_web.api.views import Reasoned, why
from crm_web.rooms import viewer

resource = Resource("links", "E-mails of an entry")

MOST = 100  # mails and notes that an entry itself names


class MailOut(Reasoned):
    """A mail of the entry. `held`: why it is offered instead of shown."""

    id: int
    message_id: str | None
    subject: str
    sender: str | None
    received_at: Instant
    sent: bool = Field(description="written by one of us")
    held: Hold | None
    new_sender: bool


class LinkIn(Body):
    """The mail to link; `id` where several mails carry one Message-ID."""

    message_id: Line = Field(min_length=3, examples=["<2026.17@kunde.example>"])
    id: RowId | None = None


class LinkOut(Answer):
    """What is linked now. `changed` is false if it was linked already."""

    id: int
    entry: int
    message_id: str | None
    conversation: int
    changed: bool


class Removed(Answer):
    """What was taken out."""

    entry: int
    id: int
    whole: bool


class MailPath(EntryPath):
    """A mail of an entry, by its id."""

    mail: RowId


class UnlinkQuery(Query):
    """How much is taken out."""

    whole: Literal["true", "false"] = Field(
        "false", description="the whole conversation instead of this mail"
    )


@resource.read("/entries/<int:number>/links", PageOf[MailOut])
def listing(path: EntryPath, query: PageQuery) -> PageOf[MailOut]:
    """The mails, newest first; held ones stand on the first page."""
    entry = viewer().entry(path.number)
    thread = entry_thread.page(viewer(), entry, before=query.cursor, limit=query.limit)
    held = [] if query.cursor else held_out(thread)
    return PageOf[MailOut](items=[*mails_out(thread), *held], next=thread.before)


@resource.write("post", "/entries/<int:number>/links", LinkOut, 201)
def create(path: EntryPath, body: LinkIn) -> Reply:
    """Link the mail and its conversation, by hand."""
    entry = viewer().entry(path.number, write=True)
    mail = _mail(body)
    changed = links.link_mail(
        entry, mail, reason=LinkReason.MANUAL, actor=viewer().actor
    )
    triage.close_suggestions(mail, actor=viewer().actor)
    where = url_for("api_links.listing", number=entry.number)
    return Reply(_linked(entry, mail.id, changed=changed), 201, {"Location": where})


@resource.write("delete", "/entries/<int:number>/links/<int:mail>", Removed)
def remove(path: MailPath, query: UnlinkQuery) -> Removed:
    """Take the mail (or its whole conversation) out, for good."""
    entry = viewer().entry(path.number, write=True)
    mail = triage.visible(viewer(), path.mail)
    whole = query.whole == "true"
    act = links.unlink_conversation if whole else links.unlink_message
    act(entry, mail, actor=viewer().actor)
    return Removed(entry=entry.number, id=mail.id, whole=whole)


def mails_out(thread: Thread) -> list[MailOut]:
    """The mails of a page of the thread."""
    mails = [item for item in thread.items if isinstance(item, ThreadMail)]
    ids = _internet_ids([mail.id for mail in mails])
    return [
        MailOut(
            id=mail.id,
            message_id=ids.get(mail.id),
            subject=mail.subject,
            sender=mail.sender,
            received_at=mail.received_at,
            sent=mail.sent,
            held=None,
            new_sender=mail.new_sender,
            **why(mail.reason),
        )
        for mail in mails
    ]


def held_out(thread: Thread) -> list[MailOut]:
    """The mails that the entry holds back."""
    ids = _internet_ids([mail.id for mail in thread.held])
    return [
        MailOut(
            id=mail.id,
            message_id=ids.get(mail.id),
            subject=mail.subject,
            sender=mail.sender,
            received_at=mail.received_at,
            sent=False,
            held=mail.hold,
            new_sender=False,
            **why(mail.reason),
        )
        for mail in thread.held
    ]


def _internet_ids(ids: list[int]) -> dict[int, str | None]:
    rows = database.select_in(
        "SELECT id, internet_id FROM message WHERE id IN ({marks})", ids
    )
    return {int(id_): bracketed(internet_id) for id_, internet_id in rows}


def _mail(body: LinkIn) -> Message:
    """The one visible mail that is meant; what is hidden does not exist."""
    found = links.find_message(body.message_id)
    grades = viewer().grades(mail.id for mail in found)
    seen = [mail for mail in found if grades[mail.id] is not Visibility.NONE]
    meant = [mail for mail in seen if body.id in {None, mail.id}]
    if not meant:
        raise NotFound(
            "there is no mail with the Message-ID {message_id}",
            message_id=body.message_id,
        )
    if len(meant) > 1:
        raise Conflict(
            "{count} different mails carry the Message-ID {message_id}; "
            "choose one in the CRM",
            count=len(meant),
            message_id=body.message_id,
        )
    return meant[0]


def _linked(entry: Entry, mail: int, *, changed: bool) -> LinkOut:
    row = Message.get_by_id(mail)
    return LinkOut(
        id=row.id,
        entry=entry.number,
        message_id=bracketed(row.internet_id),
        conversation=row.conversation_id,
        changed=changed,
    )
