"""``/suggestions``: mail that no entry shows, with what it may belong to and why.

Nothing here links by itself; accepting is a person's decision, or that of a program
which acts for one, and pinned like any other.
"""

from pydantic import BaseModel, Field

from crm_core.linking import triage
from crm_core.queries import triage as waiting
from crm_core.queries.triage import TriageItem
from crm_web.api.resource import Resource
from crm_web.api.values import Answer, Body, Instant, PageOf, PageQuery, RowId
from crm_web.api.views import Reasoned, why
from crm_web.rooms import viewer

resource = Resource("suggestions", "Unassigned e-mail and where it may belong")


class MailPath(BaseModel):
    """A mail, by its id."""

    mail: RowId


class Offer(Reasoned):
    """An entry the mail may belong to, or (no number) a new one of a subtag."""

    number: int | None
    title: str
    subtag: str | None


class Waiting(Answer):
    """An unassigned conversation, by its newest mail; the first offer is the best."""

    id: int = Field(description="of the mail")
    conversation: int
    subject: str
    sender: str | None
    received_at: Instant
    mails: int
    suggestions: list[Offer]


class AcceptIn(Body):
    """Which entry."""

    number: RowId


class Accepted(Answer):
    """Where the mail is now."""

    id: int
    entry: int


class Ignored(Answer):
    """Whether the mail waits no longer."""

    id: int
    ignored: bool


@resource.read("/suggestions", PageOf[Waiting])
def listing(query: PageQuery) -> PageOf[Waiting]:
    """Unassigned mail, newest first."""
    page = waiting.unassigned(viewer(), before=query.cursor, limit=query.limit)
    return PageOf[Waiting](items=[_out(row) for row in page.rows], next=page.before)


@resource.write("post", "/suggestions/<int:mail>/accept", Accepted)
def accept(path: MailPath, body: AcceptIn) -> Accepted:
    """Link the mail's conversation to the entry; 409 if it was placed elsewhere."""
    entry = triage.accept(viewer(), path.mail, body.number)
    return Accepted(id=path.mail, entry=entry.number)


@resource.write("post", "/suggestions/<int:mail>/ignore", Ignored)
def ignore(path: MailPath) -> Ignored:
    """The conversation as it stands needs no entry."""
    triage.ignore(viewer(), path.mail)
    return Ignored(id=path.mail, ignored=True)


@resource.write("post", "/suggestions/<int:mail>/consider", Ignored)
def consider(path: MailPath) -> Ignored:
    """Take `ignore` back."""
    triage.consider_again(viewer(), path.mail)
    return Ignored(id=path.mail, ignored=False)


def _out(item: TriageItem) -> Waiting:
    return Waiting(
        id=item.message,
        conversation=item.conversation,
        subject=item.subject,
        sender=item.sender,
        received_at=item.received_at,
        mails=item.mails,
        suggestions=[
            Offer(
                number=offer.number,
                title=offer.title,
                subtag=offer.subtag,
                **why(offer.reason),
            )
            for offer in item.suggestions
        ],
    )
