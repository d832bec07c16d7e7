"""Where a sign-in leads: to the addresses, until «Meine Arbeit» has a page."""

from flask import url_for
from werkzeug.wrappers import Response

from crm_web.rooms import Room, back_to

room = Room("start", __name__)


@room.get("/")
def start() -> Response:
    """The seed begins with the customer's address (S1), and so do we."""
    return back_to(url_for("addresses.listing"))
