"""«Aufgaben»: Tafel, Woche, Liste, and one task to be changed. Filters in the address."""

from datetime import date, timedelta
from urllib.parse import urlencode

from flask import Response, abort, render_template, request, url_for

from crm_core.access import staff
from crm_core.errors import Forbidden
from crm_core.models import Right, TaskStatus
from crm_core.queries import task_board
from crm_core.queries.task_board import TaskCard, TaskFilter
from crm_web import csv_export, typed_schedule
from crm_web.fragments import layout
from crm_web.i18n import gettext
from crm_web.rooms import Room, inside, needs, path_asked_for, viewer
from crm_web.task_words import task_badge, task_when
from crm_web.words import entry_name

room = Room("tasks", __name__)

_FILTERS = ("wer", "gruppe", "status", "abweichung", "fehler")
_STATUSES = {"": TaskStatus.OPEN, "erledigt": TaskStatus.DONE, "alle": None}


@room.get("/aufgaben")
def board() -> str:
    """Overdue, today, this week, later: the open ones."""
    today = typed_schedule.today()
    found = task_board.board(viewer(), _filter(only_open=True), today)
    columns = [
        ("overdue", gettext("Overdue"), found.overdue),
        ("today", gettext("Today"), found.today),
        ("week", gettext("This week"), found.week),
        ("later", gettext("Later"), found.later),
    ]
    return render_template(
        "tasks/board.html", columns=columns, **_around("board", today)
    )


@room.get("/aufgaben/woche")
def week() -> str:
    """Person × day of one week."""
    today = typed_schedule.today()
    monday = _monday(today)
    kept = _kept()
    return render_template(
        "tasks/week.html",
        week=task_board.week(viewer(), _filter(only_open=False), monday),
        days=[monday + timedelta(days=n) for n in range(7)],
        earlier=_week_href(monday - timedelta(weeks=1), kept),
        this_week=_week_href(today - timedelta(days=today.weekday()), kept),
        later=_week_href(monday + timedelta(weeks=1), kept),
        **_around("week", today),
    )


@room.get("/aufgaben/liste")
def listing() -> str:
    """All of them, soonest due first, page by page."""
    page = task_board.page(
        viewer(), _filter(only_open=False), before=request.args.get("vor")
    )
    kept = _kept()
    here = url_for(".listing")
    return render_template(
        "tasks/list.html",
        page=page,
        following=f"{here}?{urlencode({**kept, 'vor': page.before})}"
        if page.before
        else None,
        start=f"{here}?{urlencode(kept)}" if "vor" in request.args else None,
        **_around("list", typed_schedule.today()),
    )


@room.get("/aufgaben.csv")
@needs(Right.EXPORT)
def listing_csv() -> Response:
    """The same list as a file."""
    wanted = _filter(only_open=False)
    answered: Response = csv_export.of_list(
        "aufgaben",
        task_board.count(viewer(), wanted),
        lambda before: task_board.page(viewer(), wanted, before=before, limit=500),
        [
            gettext("Task"), gettext("Entry"), gettext("Title"), gettext("Who"),
            gettext("Kind of task"), gettext("Date"), gettext("Status"), "Outlook",
        ],
        _csv_row,
    )  # fmt: skip
    return answered


@room.get("/aufgaben/<int:task_id>")
def edit(task_id: int) -> str:
    """One task to be changed: a page, or the content of the dialog."""
    card = task_board.card(viewer(), task_id)
    if not card.writable:
        raise Forbidden("you may read this entry, not change it")
    return render_template(
        "tasks/edit.html",
        layout=layout(),
        task=card,
        people=staff.active_employees(),
        onward=inside(request.args.get("weiter", url_for(".board"))),
    )


def _csv_row(card: TaskCard) -> list[object]:
    return [
        card.title, entry_name(card.entry), card.entry_title, card.employee_name,
        task_when(card), card.due, task_status_word(card.status),
        task_badge(card).text,
    ]  # fmt: skip


def task_status_word(status: TaskStatus) -> str:
    """Offen, Erledigt, Abgebrochen."""
    words = {
        TaskStatus.OPEN: gettext("Open"),
        TaskStatus.DONE: gettext("Done"),
        TaskStatus.CANCELLED: gettext("Cancelled"),
    }
    return words[status]


def _around(here: str, today: date) -> dict[str, object]:
    """Tabs and filters, the same on every view."""
    kept = _kept()
    query = f"?{urlencode(kept)}" if kept else ""
    return {
        "here": here,
        "today": today,
        "args": kept,
        "query": query,
        "tabs": [
            ("board", url_for(".board") + query, gettext("Board")),
            ("week", url_for(".week") + query, gettext("Week")),
            ("list", url_for(".listing") + query, gettext("List")),
        ],
        "people": [(e.key, e.name) for e in staff.active_employees()],
        "groups": [(name, name) for name in staff.group_names()],
        "onward": path_asked_for(),
        "status_of": task_status_word,
    }


def _filter(*, only_open: bool) -> TaskFilter:
    status = request.args.get("status", "")
    if status not in _STATUSES:
        abort(404)
    return TaskFilter(
        employee=request.args.get("wer") or None,
        staff_group=request.args.get("gruppe") or None,
        status=TaskStatus.OPEN if only_open else _STATUSES[status],
        drifted=request.args.get("abweichung") == "1",
        failed=request.args.get("fehler") == "1",
    )


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in _FILTERS if request.args.get(name)}


def _monday(today: date) -> date:
    """The Monday of the week asked for; 404 for what is no day."""
    try:
        day = date.fromisoformat(request.args.get("woche") or today.isoformat())
        monday = day - timedelta(days=day.weekday())
    except (ValueError, OverflowError):
        abort(404)
    if not date(2000, 1, 1) < monday < date(2199, 12, 1):
        abort(404)
    return monday


def _week_href(monday: date, kept: dict[str, str]) -> str:
    return f"{url_for('.week')}?{urlencode({**kept, 'woche': monday.isoformat()})}"
