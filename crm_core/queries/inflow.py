"""Is the pile of «Nicht zugeordnet» growing: what came in and what was placed, by day.

Counted are conversations: *new* on the day their mail came that waits, or waited until
a person placed it; *placed* on the day a person did. What was waved off, or linked
itself (a reply, a keyword), counts as neither. Nothing the viewer may not see is
counted, and nobody's work: a day has two numbers, no names.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text, to_text
from crm_core.models import LinkReason
from crm_core.queries import triage
from crm_core.records import schedule

DAYS = 14
_BY_PEOPLE = (LinkReason.MANUAL, LinkReason.SUGGESTION, LinkReason.CATEGORY)


@dataclass(frozen=True, slots=True)
class Day:
    """One of the company's days."""

    day: date
    new: int
    placed: int


def last_days(viewer: Viewer, today: date, days: int = DAYS) -> tuple[Day, ...]:
    """The days up to and with today, the oldest first; three queries."""
    zone = schedule.company_zone()
    first = today - timedelta(days=days - 1)
    begin = datetime.combine(first, time(0), zone).astimezone(UTC)
    waiting = _waiting(viewer, begin)
    placed = _placed(viewer, begin)
    arrived = [*waiting, *(received for received, _ in placed)]
    new = _by_day(arrived, zone)
    linked = _by_day((linked for _, linked in placed), zone)
    return tuple(
        Day(day, new[day], linked[day])
        for day in (first + timedelta(days=n) for n in range(days))
    )


def _waiting(viewer: Viewer, begin: datetime) -> list[datetime]:
    """When the first mail of each conversation came that waits."""
    waits = triage.waits(viewer, "m", triage.rules_in_use())
    rows = database.execute(
        "SELECT min(m.received_at) FROM message m WHERE m.received_at >= ? "
        f"AND {waits} GROUP BY m.conversation_id",
        (to_text(begin),),
    )
    return [from_text(row[0]) for row in rows]


def _placed(viewer: Viewer, begin: datetime) -> list[tuple[datetime, datetime]]:
    """(received, linked) of conversations whose first link was made by a person."""
    reasons = ", ".join(f"'{reason}'" for reason in _BY_PEOPLE)
    rows = database.execute(
        "SELECT min(m.received_at), min(em.linked_at) FROM entry_mail em "
        "JOIN message m ON m.id = em.anchor_id JOIN entry e ON e.id = em.entry_id "
        f"WHERE em.linked_at >= ? AND em.reason IN ({reasons}) "
        f"AND em.removed_at IS NULL AND {viewer.entries('e')} "
        f"AND {viewer.messages('m')} AND NOT EXISTS (SELECT 1 FROM message om "
        "JOIN entry_mail o ON o.anchor_id = om.id WHERE om.conversation_id = "
        "m.conversation_id AND o.removed_at IS NULL AND o.linked_at < em.linked_at "
        f"{database.ONE}) GROUP BY m.conversation_id",
        (to_text(begin),),
    )
    return [(from_text(received), from_text(linked)) for received, linked in rows]


def _by_day(instants: Iterable[datetime], zone: ZoneInfo) -> Counter[date]:
    return Counter(at.astimezone(zone).date() for at in instants)
