"""The timeline of an entry in the reader's words: the drawing, and the same as a list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app, url_for
from markupsafe import Markup

from crm_core.models import DocumentKind
from crm_core.queries.timeline import Lane, LaneKind, Mark, MarkKind, Timeline
from crm_web import charts
from crm_web.charts import Shape
from crm_web.i18n import gettext, language, local, show_date, show_time
from crm_web.i18n import lazy as _
from crm_web.words import document_href

_SHAPES = {
    MarkKind.RECEIVED: Shape.DISC,
    MarkKind.SENT: Shape.RING,
    MarkKind.TASK_OPEN: Shape.OPEN,
    MarkKind.TASK_DONE: Shape.DONE,
    MarkKind.TASK_LATE: Shape.LATE,
    MarkKind.REPORT: Shape.SQUARE,
    MarkKind.DELIVERY_NOTE: Shape.SQUARE,
}
_LABELS = {
    MarkKind.RECEIVED: _("E-mail from %(who)s, %(time)s: %(title)s"),
    MarkKind.SENT: _("E-mail sent by %(who)s, %(time)s: %(title)s"),
    MarkKind.TASK_OPEN: _("Open task, %(day)s: %(title)s"),
    MarkKind.TASK_DONE: _("Task done, %(day)s: %(title)s"),
    MarkKind.TASK_LATE: _("Overdue task, %(day)s: %(title)s"),
    MarkKind.REPORT: _("Work report %(number)s, %(day)s: %(title)s"),
    MarkKind.DELIVERY_NOTE: _("Delivery note %(number)s, %(day)s: %(title)s"),
}
_DOCUMENTS = {
    MarkKind.REPORT: DocumentKind.REPORT,
    MarkKind.DELIVERY_NOTE: DocumentKind.DELIVERY_NOTE,
}
_LANES = {
    LaneKind.OTHERS: _("Others"),
    LaneKind.COMPANY: _("Our side"),
    LaneKind.TASKS: _("Tasks"),
    LaneKind.DOCUMENTS: _("Documents"),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture, and its marks in order of time, the newest first."""

    picture: Markup
    points: tuple[charts.Point, ...]

    @classmethod
    def of(cls, shown: Timeline, number: int, here: Iterable[int]) -> "Drawing":
        """Draw it; ``here`` are the mails that stand on the page already."""
        on_page = set(here)
        lanes = [
            charts.Lane(
                lane.name if lane.kind is LaneKind.PARTICIPANT else _name(lane),
                tuple(_point(mark, number, on_page) for mark in lane.marks),
            )
            for lane in shown.lanes
        ]
        picture = charts.timeline(
            lanes,
            shown.begins,
            shown.ends,
            shown.today,
            words=charts.Words(
                gettext("Timeline"),
                gettext("today"),
                _many,
                _day if shown.ends.year == shown.begins.year else show_date,
            ),
            zone=current_app.config["SETTINGS"].time_zone,
        )
        points = [point for lane in lanes for point in lane.points]
        points.sort(key=lambda point: point.at, reverse=True)
        return cls(picture, tuple(points))


def _name(lane: Lane) -> str:
    return gettext(_LANES[lane.kind])


def _point(mark: Mark, number: int, here: set[int]) -> charts.Point:
    label = gettext(
        _LABELS[mark.kind],
        who=mark.who,
        time=show_time(mark.at),
        day=show_date(mark.at),
        title=mark.title or gettext("(no subject)"),
        number=mark.number,
    )
    return charts.Point(mark.at, _SHAPES[mark.kind], label, _href(mark, number, here))


def _href(mark: Mark, number: int, here: set[int]) -> str:
    if mark.kind in _DOCUMENTS:
        return document_href(_DOCUMENTS[mark.kind], mark.number)
    if mark.kind not in {MarkKind.RECEIVED, MarkKind.SENT}:
        return f"#aufgabe-{mark.thing}"
    if mark.thing in here:
        return f"#mail-{mark.thing}"
    page = url_for("entries.show", number=number, bei=mark.thing)
    return f"{page}#mail-{mark.thing}"


def _many(count: int, first: datetime, last: datetime) -> str:
    days = [show_date(first), show_date(last)]
    if local(first).date() == local(last).date():
        return gettext("%(count)s together, %(day)s", count=count, day=days[0])
    return gettext(
        "%(count)s together, %(first)s to %(last)s",
        count=count,
        first=days[0],
        last=days[1],
    )


def _day(day: date) -> str:
    return f"{day:%d.%m.}" if language() == "de" else f"{day.day} {day:%b}"
