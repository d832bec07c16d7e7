"""Tasks as an iCalendar file (RFC 5545): deadlines all day, appointments with time.

``REFRESH-INTERVAL`` and ``X-PUBLISHED-TTL`` ask for an hour; Outlook refreshes when it
likes. With ``busy_only`` nothing says what the tasks are.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event, vDuration

from crm_core.queries.task_board import TaskCard

HOURLY = timedelta(hours=1)


def of_tasks(
    cards: Iterable[TaskCard],
    *,
    title: str,
    busy: str | None,
    now: datetime,
    prefix: str,
) -> bytes:
    """The file. ``busy``: the word that stands for every task, None = its title."""
    calendar = Calendar()
    calendar.add("PRODID", "-//mailsync//tasks//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", title)
    calendar.add("REFRESH-INTERVAL", vDuration(HOURLY), {"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    for card in cards:
        calendar.add_component(_event(card, busy, now, prefix))
    text: bytes = calendar.to_ical()
    return text


def _event(card: TaskCard, busy: str | None, now: datetime, prefix: str) -> Event:
    event = Event()
    event.add("UID", f"task-{card.id}@mailsync")
    event.add("DTSTAMP", now.astimezone(UTC))
    for name, value in _span(card).items():
        event.add(name, value)
    if busy is not None:
        event.add("SUMMARY", busy)
        event.add("CLASS", "PRIVATE")
        return event
    event.add("SUMMARY", f"{card.title} [{prefix}-{card.entry}]")
    event.add("DESCRIPTION", card.entry_title)
    if card.starts_at is None:
        event.add("TRANSP", "TRANSPARENT")  # a deadline takes nobody's day
    return event


def _span(card: TaskCard) -> dict[str, date | datetime]:
    if card.starts_at is not None:
        return {"DTSTART": card.starts_at, "DTEND": card.ends_at or card.starts_at}
    return {"DTSTART": card.due, "DTEND": card.due + timedelta(days=1)}
