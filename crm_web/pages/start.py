"""«Meine Arbeit»: what waits for whoever is signed in, and how «Nicht zugeordnet» goes."""

from flask import render_template
from markupsafe import Markup

from crm_core import clock
from crm_core.queries import inflow, work
from crm_core.queries.inflow import Day
from crm_web import day_bars, typed_schedule
from crm_web.day_bars import DayBars
from crm_web.i18n import gettext
from crm_web.rooms import Room, viewer

room = Room("start", __name__)


@room.get("/")
def start() -> str:
    """Own tasks by urgency, what changed in Outlook, new mail, watched entries."""
    today = typed_schedule.today()
    days = inflow.last_days(viewer(), today)
    return render_template(
        "work/start.html",
        work=work.my_work(viewer(), today, clock.now()),
        today=today,
        days=days,
        drawing=_drawing(days),
    )


def _drawing(days: tuple[Day, ...]) -> Markup:
    title = gettext(
        "Unassigned, the last 14 days: %(new)s new, %(placed)s linked",
        new=sum(day.new for day in days),
        placed=sum(day.placed for day in days),
    )
    shown = [DayBars(f"{day.day:%d.%m.}", day.new, day.placed) for day in days]
    return day_bars.bars(shown, title)
