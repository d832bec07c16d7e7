"""``/review-cases``: what only a person may decide about threads.

Shown to whoever sees the mail and may read every entry concerned, decided by whoever
may change all of them (``crm_core.queries.review_list``).
"""

from collections.abc import Callable

from flask import current_app
from pydantic import BaseModel, Field

from crm_core.queries import review_list
from crm_core.queries.review_list import ReviewCaseView
from crm_core.threads import review_cases, voiding
from crm_web.api.resource import Resource
from crm_web.api.values import Answer, Instant, RowId
from crm_web.rooms import viewer

resource = Resource("review-cases", "Threads that only a person may join or part")


class CasePath(BaseModel):
    """A review case."""

    case: RowId


class Side(Answer):
    """One of the conversations."""

    conversation: int
    entries: list[int] = Field(description="numbers of the entries that show it")
    here: bool = Field(description="whether the mail in question lies in it")


class CaseOut(Answer):
    """An open case: `bridge` (a mail joins conversations) or `two_tokens`."""

    id: int
    reason: str
    opened_at: Instant
    mail: int = Field(description="id of the mail in question")
    subject: str
    sender: str | None
    sides: list[Side]
    named: list[int] = Field(description="numbers of the entries the subject names")
    writable: bool


class Cases(Answer):
    """The open cases, oldest first; at most 50 at a time."""

    items: list[CaseOut]


class Decided(Answer):
    """How a case ended."""

    id: int
    outcome: str


@resource.read("/review-cases", Cases)
def listing() -> Cases:
    """Open cases."""
    prefix = current_app.config["SETTINGS"].token_prefix
    return Cases(items=[_out(row) for row in review_list.listing(viewer(), prefix)])


@resource.read("/review-cases/<int:case>", CaseOut)
def show(path: CasePath) -> CaseOut:
    """One open case."""
    prefix = current_app.config["SETTINGS"].token_prefix
    return _out(review_list.case(viewer(), path.case, prefix))


@resource.write("post", "/review-cases/<int:case>/merge", Decided)
def merge(path: CasePath) -> Decided:
    """The conversations become one, in all their entries."""
    return _decide(path.case, review_cases.merge, "merged")


@resource.write("post", "/review-cases/<int:case>/keep-apart", Decided)
def keep_apart(path: CasePath) -> Decided:
    """Never merged by the machine, never asked again."""
    return _decide(path.case, review_cases.keep_apart, "apart")


@resource.write("post", "/review-cases/<int:case>/void", Decided)
def void(path: CasePath) -> Decided:
    """The key that joins them belongs to a form: it joins nothing any more."""
    return _decide(path.case, voiding.void_joining_keys, "voided")


def _decide(case: int, act: Callable[..., object], outcome: str) -> Decided:
    review_list.case(viewer(), case, write=True)
    act(case, actor=viewer().actor)
    return Decided(id=case, outcome=outcome)


def _out(case: ReviewCaseView) -> CaseOut:
    return CaseOut(
        id=case.id,
        reason=case.reason,
        opened_at=case.opened_at,
        mail=case.mail.id,
        subject=case.mail.subject,
        sender=case.mail.sender,
        sides=[
            Side(
                conversation=side.conversation,
                entries=[entry.number for entry in side.entries],
                here=side.here,
            )
            for side in case.sides
        ],
        named=[entry.number for entry in case.named],
        writable=case.writable,
    )
