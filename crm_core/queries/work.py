"""«Meine Arbeit»: what is due, what came in, what changed in Outlook, what is watched.

Everything is the viewer's own: own tasks, entries the viewer answers for or watches.
Nothing here counts anybody's work.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text, to_text
from crm_core.models import EntryStatus
from crm_core.queries import entry_mail, task_board
from crm_core.queries.task_board import Column, TaskCard

NEW_FOR = timedelta(days=7)
_MOST = 20


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail from outside that came into one of my entries."""

    message: int
    number: int
    title: str
    subject: str
    sender: str | None
    sender_name: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class WatchedEntry:
    """An entry I watch; ``news``: mails that came since I last looked."""

    number: int
    title: str
    status: EntryStatus
    news: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An entry of mine that wants to be looked at again by now."""

    number: int
    title: str
    on: date


@dataclass(frozen=True, slots=True)
class Work:
    """The start page."""

    overdue: Column
    today: Column
    week: Column
    mails: tuple[NewMail, ...]
    drifts: tuple[TaskCard, ...]
    watched: tuple[WatchedEntry, ...]
    follow_ups: tuple[FollowUp, ...]


def my_work(viewer: Viewer, today: date, now: datetime) -> Work:
    """What waits for the viewer; sixteen queries, whatever there is."""
    end = today + timedelta(days=6 - today.weekday())
    mine = viewer.employee
    return Work(
        overdue=task_board.of_person(viewer, mine, None, today - timedelta(days=1)),
        today=task_board.of_person(viewer, mine, today, today),
        week=task_board.of_person(viewer, mine, today + timedelta(days=1), end),
        mails=_mails(viewer, now),
        drifts=tuple(task_board.drifted(viewer, mine)),
        watched=_watched(viewer),
        follow_ups=_follow_ups(viewer, today),
    )


def _mails(viewer: Viewer, now: datetime) -> tuple[NewMail, ...]:
    """Of open entries I answer for or watch; own mail of the company is no news."""
    mine = (
        f"e.status <> 'closed' AND {viewer.entries('e')} AND (e.responsible_id = ? "
        "OR EXISTS (SELECT 1 FROM watch w WHERE w.entry_id = e.id "
        "AND w.employee_id = ?))"
    )
    # PostgreSQL would read all new mail again for each conversation.
    received = "(m.received_at || '')" if database.is_postgres() else "m.received_at"
    news = (
        f"{received} > ? AND {viewer.messages('m')} AND NOT EXISTS (SELECT 1 "
        "FROM message_copy c WHERE c.message_id = m.id AND c.sent = 1 "
        f"{database.ONE})"
    )
    values = (to_text(now - NEW_FOR), viewer.employee, viewer.employee)
    rows = database.execute(
        "SELECT m.id, e.number, e.title, m.subject, m.sender, m.from_name, "
        f"m.received_at FROM ({entry_mail.SHOWN_RECENTLY.format(mine=mine, news=news)}"
        ") x JOIN entry e ON e.id = x.entry_id JOIN message m ON m.id = x.message_id "
        "ORDER BY m.received_at DESC, m.id DESC, e.number LIMIT ?",
        (*values, *values, _MOST),
    )
    return tuple(
        NewMail(
            int(id_), int(number), title, subject, sender, name, from_text(received_at)
        )
        for id_, number, title, subject, sender, name, received_at in rows
    )


def _watched(viewer: Viewer) -> tuple[WatchedEntry, ...]:
    mine = "SELECT w.entry_id FROM watch w WHERE w.employee_id = ?"
    rows = database.execute(
        "SELECT e.number, e.title, e.status, w.seen_at, count(m.id) FROM watch w "
        f"JOIN entry e ON e.id = w.entry_id AND {viewer.entries('e')} "
        f"LEFT JOIN ({entry_mail.shown_in(mine)}) x ON x.entry_id = e.id "
        "LEFT JOIN message m ON m.id = x.message_id AND m.received_at > w.seen_at "
        f"AND {viewer.messages('m')} WHERE w.employee_id = ? "
        "GROUP BY e.number, e.title, e.status, w.seen_at "
        "ORDER BY count(m.id) DESC, e.number DESC LIMIT ?",
        (viewer.employee, viewer.employee, viewer.employee, _MOST),
    )
    return tuple(
        WatchedEntry(
            int(number), title, EntryStatus(status), int(news), from_text(seen_at)
        )
        for number, title, status, seen_at, news in rows
    )


def _follow_ups(viewer: Viewer, today: date) -> tuple[FollowUp, ...]:
    rows = database.execute(
        "SELECT e.number, e.title, e.follow_up_on FROM entry e "
        f"WHERE e.responsible_id = ? AND e.follow_up_on <= ? AND e.status <> 'closed' "
        f"AND {viewer.entries('e')} ORDER BY e.follow_up_on, e.number LIMIT ?",
        (viewer.employee, today.isoformat(), _MOST),
    )
    return tuple(
        FollowUp(int(number), title, date.fromisoformat(day))
        for number, title, day in rows
    )
