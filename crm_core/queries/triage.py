"""«Nicht zugeordnet»: conversations that no entry shows, held mails, and their number.

One row a conversation, its newest mail that counts: not automatic, not private, not
waved off, visible to the viewer, and let in by the rule of a mailbox it lies in
(``mailbox.triage``, from the configuration). Nothing the viewer may not see
is listed, counted or suggested. A page costs the same number of queries whatever it
holds.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.linking import reasons
from crm_core.linking.reasons import Reason
from crm_core.models import Hold, Triage, Visibility
from crm_core.queries import paging, parties, review_list, suggested
from crm_core.queries.paging import Page
from crm_core.queries.parties import AddressRef
from crm_core.queries.suggested import Suggested

MOST_COUNTED = 100  # a badge says «99+»: counting further would slow down every page


class ContentState(StrEnum):
    """Whether the text of a mail can be shown."""

    HEAD_ONLY = "head_only"  # not stored; may be asked for
    WANTED = "wanted"  # asked for, not fetched yet
    HERE = "here"
    MISSING = "missing"  # cannot be had
    FORBIDDEN = "forbidden"  # the viewer sees the subject only


@dataclass(frozen=True, slots=True)
class TriageItem:
    """An unlinked conversation, by its newest mail.

    ``mails`` is how many of its mails the viewer sees; ``filed``: somebody gave it the
    Outlook category «CRM». ``suggestions`` are ranked, the first is the one to accept.
    """

    message: int
    conversation: int
    subject: str
    sender: str | None
    sender_name: str
    address: AddressRef | None
    received_at: datetime
    mails: int
    has_attachments: bool
    sent: bool
    filed: bool
    content: ContentState
    suggestions: tuple[Suggested, ...]


@dataclass(frozen=True, slots=True)
class HeldFor:
    """One entry that holds the mail back. ``address``: who could become a participant."""

    number: int
    title: str
    hold: Hold
    reason: Reason
    address: AddressRef | None
    writable: bool


@dataclass(frozen=True, slots=True)
class HeldItem:
    """A mail of a linked conversation that is offered instead of shown."""

    message: int
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime
    content: ContentState
    entries: tuple[HeldFor, ...]


@dataclass(frozen=True, slots=True)
class TriageCounts:
    """How much waits for a decision; each number ends at ``MOST_COUNTED``."""

    unassigned: int
    held: int
    reviews: int

    @property
    def all(self) -> int:
        """The number beside «Nicht zugeordnet»."""
        return min(self.unassigned + self.held + self.reviews, MOST_COUNTED)


def unassigned(
    viewer: Viewer,
    *,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[TriageItem]:
    """Unlinked conversations, newest first; filed ones stand on top of page one.

    Raises Invalid for a cursor that is none.
    """
    cursor = paging.parse(before)
    rows = _candidates(viewer, cursor, paging.limited(limit))
    kept, next_ = paging.cut(rows, limit, lambda row: (row[5], int(row[0])))
    first = _filed(viewer) if cursor is None else []
    return Page(_items(viewer, [*first, *kept]), next_)


def item(viewer: Viewer, message: int) -> TriageItem | None:
    """One unlinked mail as the list shows it, whatever the rule; None if it is none."""
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM message m WHERE m.id = ? AND {unlinked('m')} "
        f"AND {viewer.messages('m')}",
        (message,),
    )
    return next(iter(_items(viewer, rows)), None)


def held(
    viewer: Viewer, *, before: str | None = None, limit: int = paging.PAGE
) -> Page[HeldItem]:
    """Held mails of the entries the viewer may read, newest first."""
    cursor = paging.parse(before)
    condition, values = _before(cursor)
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM (SELECT DISTINCT h.message_id FROM "
        f"({_held_states(viewer)}) h) held JOIN message m ON m.id = held.message_id "
        f"WHERE {viewer.messages('m')}{condition} "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (*values, paging.limited(limit)),
    )
    kept, next_ = paging.cut(rows, limit, lambda row: (row[5], int(row[0])))
    return Page(_held_items(viewer, kept), next_)


def counts(viewer: Viewer) -> TriageCounts:
    """The numbers of the navigation; four queries."""
    ((waiting,),) = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM message m WHERE "
        f"{_newest(viewer)} ORDER BY m.received_at DESC LIMIT ?) AS waiting",
        (MOST_COUNTED,),
    )
    ((held_back,),) = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM (SELECT DISTINCT h.message_id FROM "
        f"({_held_states(viewer)}) h) d WHERE EXISTS (SELECT 1 FROM message m "
        f"WHERE m.id = d.message_id AND {viewer.messages('m')} {database.ONE}) "
        "LIMIT ?) AS held",
        (MOST_COUNTED,),
    )
    ((reviews,),) = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM review_case r WHERE r.closed_at IS NULL "
        f"AND {review_list.askable(viewer, 'r')} LIMIT ?) AS reviews",
        (MOST_COUNTED,),
    )
    return TriageCounts(int(waiting), int(held_back), int(reviews))


def by_mailbox(viewer: Viewer) -> dict[int, int]:
    """How much waits by mailbox, of the newest ``MOST_COUNTED``; two queries."""
    rows = database.execute(
        "SELECT c.mailbox_id, count(DISTINCT w.id) FROM (SELECT m.id FROM message m "
        f"WHERE {_newest(viewer)} ORDER BY m.received_at DESC LIMIT ?) AS w "
        "JOIN message_copy c ON c.message_id = w.id GROUP BY c.mailbox_id",
        (MOST_COUNTED,),
    )
    return {int(mailbox): int(count) for mailbox, count in rows}


def widest_rule() -> Triage:
    """The widest rule of the mailboxes that are polled, to say in words what waits."""
    rows = database.execute("SELECT DISTINCT triage FROM mailbox WHERE enabled = 1")
    said = {Triage(row[0]) for row in rows}
    wide = (Triage.ALL, Triage.REPLIES)
    return next((rule for rule in wide if rule in said), Triage.KNOWN)


def ignored_senders() -> tuple[str, ...]:
    """Whose mail never waits, the latest first."""
    rows = database.execute(
        "SELECT email FROM ignored_sender ORDER BY id DESC LIMIT 200"
    )
    return tuple(row[0] for row in rows)


# --- which ------------------------------------------------------------------------

_COLUMNS = (
    "m.id, m.conversation_id, m.subject, m.sender, m.from_name, m.received_at, "
    "m.has_attachments, m.body_at, m.body_missing, m.body_wanted_until, m.confidential"
)


def unlinked(alias: str) -> str:
    """SQL that is true for mails whose conversation no entry shows."""
    return (
        "NOT EXISTS (SELECT 1 FROM message a JOIN entry_mail em ON em.anchor_id = a.id "
        f"WHERE a.conversation_id = {alias}.conversation_id "
        f"AND em.removed_at IS NULL {database.ONE}) AND NOT EXISTS (SELECT 1 FROM "
        f"entry_mail_verdict v WHERE v.message_id = {alias}.id "
        f"AND v.verdict = 'include' {database.ONE})"
    )


def waits(viewer: Viewer, alias: str, rules: Collection[Triage]) -> str:
    """SQL for a mail that may wait; ``rules``: those that any mailbox has."""
    return (
        f"{alias}.unassigned = 1 AND {_let_in(alias, rules)} "
        "AND NOT EXISTS (SELECT 1 FROM ignored_sender i "
        f"WHERE i.email IN ({alias}.sender, {alias}.from_address) {database.ONE}) "
        f"AND {viewer.messages(alias)}"
    )


def _let_in(alias: str, rules: Collection[Triage]) -> str:
    """By the widest rule of the mailboxes it lies in: one of them asked for it.

    Where all mailboxes have the common rule, nothing else is said of a mail than its
    two flags: only then the index of known mail that waits is used.
    """
    asked = [f"{alias}.known = 1"]
    if Triage.ALL in rules:
        asked.append(_lies_where(alias, Triage.ALL))
    if Triage.REPLIES in rules:
        asked.append(f"({_lies_where(alias, Triage.REPLIES)} AND {_ours(alias)})")
    return asked[0] if len(asked) == 1 else f"({' OR '.join(asked)})"


def rules_in_use() -> frozenset[Triage]:
    """Every rule that some mailbox has, polled or not; one query."""
    rows = database.execute("SELECT DISTINCT triage FROM mailbox")
    return frozenset(Triage(row[0]) for row in rows)


def _lies_where(alias: str, rule: Triage) -> str:
    boxes = f"SELECT rb.id FROM mailbox rb WHERE rb.triage = '{rule}'"
    return (
        "EXISTS (SELECT 1 FROM message_copy rc "
        f"WHERE rc.message_id = {alias}.id AND +rc.mailbox_id IN ({boxes}) "
        f"{database.ONE})"
    )


def _ours(alias: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM message o JOIN message_copy oc ON oc.message_id = o.id "
        f"WHERE o.conversation_id = {alias}.conversation_id AND oc.sent = 1 "
        f"{database.ONE})"
    )


def _candidates(
    viewer: Viewer, cursor: paging.Cursor | None, limit: int
) -> list[tuple[Any, ...]]:
    condition, values = _before(cursor)
    return database.execute(
        f"SELECT {_COLUMNS} FROM message m WHERE {_newest(viewer)}{condition} "
        "ORDER BY m.received_at DESC, m.id DESC LIMIT ?",
        (*values, limit),
    )


def _newest(viewer: Viewer) -> str:
    """SQL for the mails ``m`` that stand for an unlinked conversation; one query."""
    rules = rules_in_use()
    return (
        f"{waits(viewer, 'm', rules)} AND NOT EXISTS (SELECT 1 FROM message n "
        "WHERE n.conversation_id = m.conversation_id "
        "AND (n.received_at, n.id) > (m.received_at, m.id) "
        f"AND {waits(viewer, 'n', rules)} {database.ONE})"
    )


def _filed(viewer: Viewer) -> list[tuple[Any, ...]]:
    """Mails whose category says «please file this» and that no entry fits."""
    return database.execute(
        f"SELECT {_COLUMNS} FROM suggestion g JOIN message m ON m.id = g.message_id "
        "WHERE g.reason = 'category' AND g.closed_at IS NULL "
        "AND m.ignored_at IS NULL AND EXISTS (SELECT 1 FROM message_copy f "
        f"WHERE f.message_id = m.id AND f.filed = 1) AND {viewer.messages('m')} "
        f"AND {unlinked('m')} ORDER BY m.received_at DESC, m.id DESC LIMIT 100"
    )


def _before(cursor: paging.Cursor | None) -> tuple[str, tuple[object, ...]]:
    if cursor is None:
        return "", ()
    return " AND (m.received_at, m.id) < (?, ?)", (cursor.value, cursor.id)


def _held_states(viewer: Viewer) -> str:
    """Rows of held mails; mail among colleagues is left out where the rule says so."""
    return (
        "SELECT s.message_id, s.entry_id, s.hold FROM entry_mail_state s "
        "WHERE s.hold <> 'excluded' AND NOT (s.hold = 'internal_only' AND EXISTS "
        "(SELECT 1 FROM message_copy ic JOIN mailbox ib ON ib.id = ic.mailbox_id WHERE ic.message_id = s.message_id "
        "AND ib.internal_only = 'ignore')) AND EXISTS (SELECT 1 FROM entry e "
        f"WHERE e.id = s.entry_id AND {viewer.entries('e')} {database.ONE})"
    )


# --- what of them -----------------------------------------------------------------


def _items(viewer: Viewer, rows: Iterable[tuple[Any, ...]]) -> tuple[TriageItem, ...]:
    unique = {int(row[0]): row for row in rows}
    named = parties.of_messages(unique)
    owners = parties.owners(email for emails in named.values() for email in emails)
    grades = viewer.grades(unique)
    sizes = _sizes(viewer, {int(row[1]) for row in unique.values()})
    marks = _marks(unique)
    offered = suggested.of_mails(
        viewer,
        [
            suggested.Unlinked(
                id_,
                int(row[1]),
                row[2],
                tuple(owners[e] for e in named.get(id_, ()) if e in owners),
            )
            for id_, row in unique.items()
        ],
    )
    return tuple(
        TriageItem(
            message=id_,
            conversation=int(row[1]),
            subject=row[2],
            sender=row[3],
            sender_name=row[4],
            address=_first_known(row[3], named.get(id_, ()), owners),
            received_at=from_text(row[5]),
            mails=sizes.get(int(row[1]), 1),
            has_attachments=bool(row[6]),
            sent=marks.get(id_, (0, 0))[0] == 1,
            filed=marks.get(id_, (0, 0))[1] == 1,
            content=content_state(row[7:11], grades[id_]),
            suggestions=offered.get(id_, ()),
        )
        for id_, row in unique.items()
    )


def content_state(row: Sequence[Any], grade: Visibility) -> ContentState:
    """Of (body_at, body_missing, body_wanted_until, confidential) and the grade."""
    body_at, missing, wanted_until, confidential = row
    if grade is not Visibility.FULL or confidential:
        return ContentState.FORBIDDEN
    if body_at is not None:
        return ContentState.HERE
    if missing is not None:
        return ContentState.MISSING
    return ContentState.WANTED if wanted_until is not None else ContentState.HEAD_ONLY


def _first_known(
    sender: str | None, emails: Iterable[str], owners: dict[str, AddressRef]
) -> AddressRef | None:
    if sender in owners:
        return owners[sender]
    return next((owners[email] for email in emails if email in owners), None)


def _sizes(viewer: Viewer, conversations: Iterable[int]) -> dict[int, int]:
    rows = database.select_in(
        "SELECT m.conversation_id, count(*) FROM message m WHERE m.conversation_id IN "
        f"({{marks}}) AND {viewer.messages('m')} GROUP BY m.conversation_id",
        conversations,
    )
    return {int(row[0]): int(row[1]) for row in rows}


def _marks(messages: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Whether a colleague wrote it, and whether it is filed."""
    rows = database.select_in(
        "SELECT message_id, max(sent), max(filed) FROM message_copy "
        "WHERE message_id IN ({marks}) GROUP BY message_id",
        messages,
    )
    return {int(row[0]): (int(row[1]), int(row[2])) for row in rows}


def _held_items(
    viewer: Viewer, rows: Sequence[tuple[Any, ...]]
) -> tuple[HeldItem, ...]:
    ids = [int(row[0]) for row in rows]
    grades = viewer.grades(ids)
    named = parties.of_messages(ids)
    owners = parties.owners(
        [row[3] for row in rows] + [e for emails in named.values() for e in emails[:1]]
    )
    kept: dict[int, list[tuple[Any, ...]]] = {}
    for state in database.select_in(
        "SELECT h.message_id, h.hold, e.number, e.title, e.subtag_id "
        f"FROM ({_held_states(viewer)}) h JOIN entry e ON e.id = h.entry_id "
        "WHERE h.message_id IN ({marks}) ORDER BY e.number",
        ids,
    ):
        kept.setdefault(int(state[0]), []).append(state)
    found = []
    for row in rows:
        id_ = int(row[0])
        other = _first_known(row[3], named.get(id_, [])[:1], owners)
        found.append(
            HeldItem(
                message=id_,
                subject=row[2],
                sender=row[3],
                sender_name=row[4],
                received_at=from_text(row[5]),
                content=content_state(row[7:11], grades[id_]),
                entries=tuple(
                    _held_for(viewer, state, other) for state in kept.get(id_, ())
                ),
            )
        )
    return tuple(found)


def _held_for(
    viewer: Viewer, state: tuple[Any, ...], other: AddressRef | None
) -> HeldFor:
    _message, word, number, title, subtag = state
    hold = Hold(word)
    addable = other if hold is Hold.OTHER_CUSTOMER else None
    return HeldFor(
        number=int(number),
        title=title,
        hold=hold,
        reason=reasons.of_hold(hold, [other.name] if other else ()),
        address=addable,
        writable=int(subtag) in viewer.writable,
    )
