"""Review cases: what the machine does not decide about threads, and what people do.

    bridge      one mail joins conversations whose linked entries differ
    two_tokens  one subject names several entries

A person merges the conversations, or leaves them apart, or says that the key which
joins them means nothing (``voiding.void_joining_keys``). Each decision
is pinned: nothing automatic undoes it, and the same mail is never asked about twice for
the same reason. While conversations are under review or kept apart, further mails that
join them ask nothing new.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core import audit, clock, database
from crm_core.errors import Conflict, NotFound
from crm_core.fields import from_text, to_text
from crm_core.linking import holds
from crm_core.models import ReviewOutcome
from crm_core.threads.conversations import linked_entries, merge_rows

BRIDGE = "bridge"
TWO_TOKENS = "two_tokens"
_BRIDGED = "answers two conversations that belong to different entries"


@dataclass(frozen=True, slots=True)
class ReviewSide:
    """One of the conversations in question, and the ids of the entries it is in."""

    conversation: int
    entries: frozenset[int]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A question that waits for a person. ``conversation`` is where the mail lies."""

    id: int
    reason: str
    detail: str
    message: int
    conversation: int
    opened_at: datetime
    sides: tuple[ReviewSide, ...]


def open_review(message: int, reason: str, sides: Iterable[int], detail: str) -> None:
    """Ask a person, unless this is asked already or was decided."""
    database.require_transaction()
    wanted = sorted(set(sides))
    if _asked(message, reason) or (reason == BRIDGE and _covered(wanted)):
        return
    ((case,),) = database.execute(
        "INSERT INTO review_case (message_id, reason, detail, opened_at) "
        "VALUES (?, ?, ?, ?) RETURNING id",
        (message, reason, detail, to_text(clock.now())),
    )
    database.execute_many(
        "INSERT INTO review_case_side (case_id, conversation_id) VALUES (?, ?)",
        [(case, side) for side in wanted],
    )


def open_bridge(message: int, sides: Iterable[int]) -> None:
    """Ask what is to become of conversations that this mail joins."""
    open_review(message, BRIDGE, sides, _BRIDGED)


def _asked(message: int, reason: str) -> bool:
    rows = database.execute(
        "SELECT 1 FROM review_case WHERE message_id = ? AND reason = ?",
        (message, reason),
    )
    return bool(rows)


def _covered(sides: list[int]) -> bool:
    """Whether one case, open or decided «apart», is about all these conversations."""
    rows = database.select_in(
        "SELECT s.case_id, s.conversation_id FROM review_case_side s JOIN review_case c "
        "ON c.id = s.case_id WHERE (c.closed_at IS NULL OR c.outcome = 'apart') "
        "AND c.reason = 'bridge' AND s.conversation_id IN ({marks})",
        sides,
    )
    found: dict[int, set[int]] = {}
    for case, conversation in rows:
        found.setdefault(int(case), set()).add(int(conversation))
    return any(len(about) == len(sides) for about in found.values())


def open_cases() -> list[OpenCase]:
    """Everything that waits, oldest first."""
    return _select("c.closed_at IS NULL")


def get(case: int) -> OpenCase:
    """One open case. Raises NotFound, or Conflict if somebody has decided it."""
    found = _select("c.closed_at IS NULL AND c.id = ?", case)
    if found:
        return found[0]
    if database.execute("SELECT 1 FROM review_case WHERE id = ?", (case,)):
        raise Conflict("review case {number} has been decided already", number=case)
    raise NotFound("there is no review case {number}", number=case)


def merge(case: int, *, actor: str) -> int:
    """«Zusammenlegen»: the conversations become one, in all their entries; its id.

    Raises NotFound, or Conflict if the case is decided or has nothing to merge.
    """
    database.require_transaction()
    asked = get(case)
    target, *others = sorted(side.conversation for side in asked.sides)
    if not others:
        raise Conflict("review case {number} has nothing to merge", number=case)
    close(case, ReviewOutcome.MERGED, actor)
    for other in others:
        merge_rows(target, other)
    audit.record(
        actor,
        "conversations_merged",
        f"message:{asked.message}",
        detail=f"review_case:{case}",
    )
    holds.settle([target])
    return target


def keep_apart(case: int, *, actor: str) -> None:
    """«Getrennt lassen»: the machine never merges these conversations again.

    Raises NotFound, or Conflict if the case is decided.
    """
    database.require_transaction()
    asked = get(case)
    close(case, ReviewOutcome.APART, actor)
    audit.record(
        actor,
        "conversations_kept_apart",
        f"message:{asked.message}",
        detail=f"review_case:{case}",
    )


def close(case: int, outcome: ReviewOutcome, actor: str) -> None:
    """Write down how a case ended."""
    database.require_transaction()
    database.execute(
        "UPDATE review_case SET outcome = ?, closed_at = ?, closed_by = ? WHERE id = ?",
        (outcome.value, to_text(clock.now()), actor, case),
    )


@dataclass(frozen=True, slots=True)
class CaseSides:
    """What a case, open or decided, is about; ``waits``: an open bridge."""

    id: int
    message: int
    sides: frozenset[int]
    waits: bool


def about(conversations: Iterable[int]) -> list[CaseSides]:
    """Every case of which one of these conversations is a side."""
    rows = database.select_in(
        "SELECT c.id, c.message_id, c.reason = 'bridge' AND c.closed_at IS NULL, "
        "s.conversation_id FROM review_case c JOIN review_case_side s "
        "ON s.case_id = c.id WHERE c.id IN (SELECT case_id FROM review_case_side "
        "WHERE conversation_id IN ({marks})) ORDER BY c.id",
        conversations,
    )
    sides: dict[tuple[int, int, bool], set[int]] = {}
    for case, message, waits, side in rows:
        sides.setdefault((case, message, bool(waits)), set()).add(int(side))
    return [
        CaseSides(case, message, frozenset(found), waits)
        for (case, message, waits), found in sides.items()
    ]


def set_sides(case: CaseSides, sides: Iterable[int]) -> None:
    """The case is about these conversations now; with one left it is moot."""
    database.require_transaction()
    wanted = set(sides)
    if wanted != case.sides:
        database.execute("DELETE FROM review_case_side WHERE case_id = ?", (case.id,))
        database.execute_many(
            "INSERT INTO review_case_side (case_id, conversation_id) VALUES (?, ?)",
            [(case.id, side) for side in sorted(wanted)],
        )
    if case.waits and len(wanted) < 2:
        close(case.id, ReviewOutcome.MOOT, "mailsync")


def _select(where: str, *parameters: object) -> list[OpenCase]:
    rows = database.execute(
        "SELECT c.id, c.reason, c.detail, c.message_id, m.conversation_id, c.opened_at "
        "FROM review_case c JOIN message m ON m.id = c.message_id "
        f"WHERE {where} ORDER BY c.id",
        parameters,
    )
    sides: dict[int, list[int]] = {}
    for case, conversation in database.select_in(
        "SELECT case_id, conversation_id FROM review_case_side "
        "WHERE case_id IN ({marks}) ORDER BY conversation_id",
        [row[0] for row in rows],
    ):
        sides.setdefault(int(case), []).append(int(conversation))
    entries = linked_entries({side for of_case in sides.values() for side in of_case})
    return [
        OpenCase(
            id=row[0],
            reason=row[1],
            detail=row[2],
            message=row[3],
            conversation=row[4],
            opened_at=from_text(row[5]),
            sides=tuple(
                ReviewSide(side, entries.get(side, frozenset()))
                for side in sides.get(row[0], ())
            ),
        )
        for row in rows
    ]
