"""«Prüffälle»: what only a person may decide about threads, with both sides in view.

A case is shown to whoever sees its mail and may read every entry that its
conversations are in: otherwise it would tell that hidden entries exist. Decided by
whoever may change all of them. The number of queries does not depend on the data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.errors import Forbidden, NotFound
from crm_core.fields import from_text
from crm_core.linking import keywords

MOST = 50  # cases on the page
MOST_MAILS = 20  # of each side


@dataclass(frozen=True, slots=True)
class ReviewMail:
    """A mail of a side."""

    id: int
    subject: str
    sender: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """An entry that a side is in, or that a subject names."""

    number: int
    title: str
    writable: bool


@dataclass(frozen=True, slots=True)
class ReviewSideView:
    """One conversation, its newest mails first; ``here``: the mail in question lies
    in it.
    """

    conversation: int
    entries: tuple[ReviewEntry, ...]
    mails: tuple[ReviewMail, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class ReviewCaseView:
    """An open case. ``kinds`` are the kinds of the keys that join its sides; ``named``
    the entries that the subject names; ``writable``: the viewer may decide it.
    """

    id: int
    reason: str
    opened_at: datetime
    mail: ReviewMail
    sides: tuple[ReviewSideView, ...]
    kinds: frozenset[str]
    named: tuple[ReviewEntry, ...]
    writable: bool


def askable(viewer: Viewer, alias: str) -> str:
    """SQL that is true for cases the viewer may know of; over a ``review_case``."""
    return (
        f"EXISTS (SELECT 1 FROM message qm WHERE qm.id = {alias}.message_id "
        f"AND {viewer.messages('qm')}) AND NOT EXISTS (SELECT 1 "
        "FROM review_case_side qs JOIN message qa ON qa.conversation_id = "
        "qs.conversation_id JOIN entry_mail ql ON ql.anchor_id = qa.id "
        "AND ql.removed_at IS NULL JOIN entry qe ON qe.id = ql.entry_id "
        f"WHERE qs.case_id = {alias}.id AND NOT {viewer.entries('qe')})"
    )


def listing(viewer: Viewer, token_prefix: str) -> tuple[ReviewCaseView, ...]:
    """Open cases, oldest first."""
    return _cases(viewer, token_prefix, "")


def case(
    viewer: Viewer, number: int, token_prefix: str = "CRM", *, write: bool = False
) -> ReviewCaseView:
    """One open case. NotFound if it is decided or hidden; with ``write`` Forbidden
    unless the viewer may change every entry it is about.
    """
    found = _cases(viewer, token_prefix, " AND r.id = ?", number)
    if not found:
        raise NotFound("there is no review case {number}", number=number)
    if write and not found[0].writable:
        raise Forbidden("this concerns entries that you may not change")
    return found[0]


def _cases(
    viewer: Viewer, token_prefix: str, condition: str, *values: object
) -> tuple[ReviewCaseView, ...]:
    rows = database.execute(
        "SELECT r.id, r.reason, r.opened_at, m.id, m.subject, m.sender, m.received_at, "
        "m.conversation_id FROM review_case r JOIN message m ON m.id = r.message_id "
        f"WHERE r.closed_at IS NULL AND {askable(viewer, 'r')}{condition} "
        f"ORDER BY r.id LIMIT {MOST}",
        values,
    )
    ids = [int(row[0]) for row in rows]
    sides = _sides(ids)
    conversations = {side for of_case in sides.values() for side in of_case}
    entries, mails = _entries(viewer, conversations), _mails(viewer, conversations)
    kinds = _kinds(ids)
    named = _named(viewer, [row[4] for row in rows], token_prefix)
    found = []
    for id_, reason, opened_at, message, subject, sender, received_at, home in rows:
        seen = tuple(
            ReviewSideView(
                side,
                tuple(entries.get(side, ())),
                tuple(mails.get(side, ())),
                here=side == home,
            )
            for side in sides.get(int(id_), ())
        )
        found.append(
            ReviewCaseView(
                id=int(id_),
                reason=reason,
                opened_at=from_text(opened_at),
                mail=ReviewMail(int(message), subject, sender, from_text(received_at)),
                sides=seen,
                kinds=frozenset(kinds.get(int(id_), ())),
                named=tuple(named.get(subject, ())),
                writable=all(e.writable for side in seen for e in side.entries),
            )
        )
    return tuple(found)


def _sides(cases: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for case_, conversation in database.select_in(
        "SELECT case_id, conversation_id FROM review_case_side "
        "WHERE case_id IN ({marks}) ORDER BY conversation_id",
        cases,
    ):
        found.setdefault(int(case_), []).append(int(conversation))
    return found


def _entries(
    viewer: Viewer, conversations: Iterable[int]
) -> dict[int, list[ReviewEntry]]:
    rows = database.select_in(
        "SELECT DISTINCT m.conversation_id, e.number, e.title, e.subtag_id "
        "FROM message m JOIN entry_mail em ON em.anchor_id = m.id "
        "AND em.removed_at IS NULL JOIN entry e ON e.id = em.entry_id "
        f"AND {viewer.entries('e')} WHERE m.conversation_id IN ({{marks}}) "
        "ORDER BY e.number",
        conversations,
    )
    found: dict[int, list[ReviewEntry]] = {}
    for conversation, number, title, subtag in rows:
        entry = ReviewEntry(int(number), title, int(subtag) in viewer.writable)
        found.setdefault(int(conversation), []).append(entry)
    return found


def _mails(viewer: Viewer, conversations: Iterable[int]) -> dict[int, list[ReviewMail]]:
    rows = database.select_in(
        "SELECT conversation_id, id, subject, sender, received_at FROM (SELECT "
        "m.conversation_id, m.id, m.subject, m.sender, m.received_at, row_number() "
        "OVER (PARTITION BY m.conversation_id ORDER BY m.received_at DESC, m.id DESC) "
        "AS place FROM message m WHERE m.conversation_id IN ({marks}) "
        f"AND {viewer.messages('m')}) AS placed WHERE place <= {MOST_MAILS} "
        "ORDER BY received_at DESC, id DESC",
        conversations,
    )
    found: dict[int, list[ReviewMail]] = {}
    for conversation, id_, subject, sender, received_at in rows:
        mail = ReviewMail(int(id_), subject, sender, from_text(received_at))
        found.setdefault(int(conversation), []).append(mail)
    return found


def _kinds(cases: Iterable[int]) -> dict[int, set[str]]:
    """Kinds of the keys that the case's mail shares with its other sides."""
    rows = database.select_in(
        "SELECT DISTINCT r.id, k.kind FROM review_case r "
        "JOIN message m ON m.id = r.message_id "
        "JOIN review_case_side s ON s.case_id = r.id "
        "AND s.conversation_id <> m.conversation_id "
        "JOIN message o ON o.conversation_id = s.conversation_id "
        "JOIN message_key ok ON ok.message_id = o.id "
        "JOIN message_key k ON k.message_id = m.id AND k.key = ok.key "
        "WHERE r.id IN ({marks})",
        cases,
    )
    found: dict[int, set[str]] = {}
    for case_, kind in rows:
        found.setdefault(int(case_), set()).add(kind)
    return found


def _named(
    viewer: Viewer, subjects: Iterable[str], token_prefix: str
) -> dict[str, list[ReviewEntry]]:
    """The entries that each subject names, as far as the viewer may read them."""
    tokens = {
        subject: keywords.parse(subject, token_prefix).tokens for subject in subjects
    }
    rows = database.select_in(
        "SELECT e.number, e.title, e.subtag_id FROM entry e "
        f"WHERE e.number IN ({{marks}}) AND {viewer.entries('e')} ORDER BY e.number",
        {number for numbers in tokens.values() for number in numbers},
    )
    known = {
        int(number): ReviewEntry(int(number), title, int(subtag) in viewer.writable)
        for number, title, subtag in rows
    }
    return {
        subject: [known[n] for n in dict.fromkeys(numbers) if n in known]
        for subject, numbers in tokens.items()
    }
