"""``/ics/<token>.ics``: a person's open tasks for the calendar of a phone.

Public, because a phone signs in nowhere: the address itself is the secret. Its person's
``Viewer`` decides what is in it, at the moment of asking.
"""

from flask import Response, abort, current_app, g

from crm_core import clock
from crm_core.access import calendar_feeds
from crm_core.access.viewer import viewer_of
from crm_core.queries import paging, task_board
from crm_core.queries.task_board import TaskFilter
from crm_web import calendar_file
from crm_web.i18n import gettext
from crm_web.rooms import Room, public

room = Room("calendar_feed", __name__)


@room.get("/ics/<value>.ics")
@public
def show(value: str) -> Response:
    """The file; 404 for an address that is none (any more)."""
    feed = calendar_feeds.find(value)
    if feed is None:
        abort(404)
    g.language = feed.account.language
    owner = viewer_of(feed.account.employee)
    page = task_board.page(owner, TaskFilter(employee=owner.key), limit=paging.MOST)
    text = calendar_file.of_tasks(
        page.rows,
        title=gettext("Tasks of %(name)s", name=owner.name),
        busy=gettext("Busy") if feed.busy_only else None,
        now=clock.now(),
        prefix=current_app.config["SETTINGS"].token_prefix,
    )
    response = Response(text, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="tasks.ics"'
    return response
