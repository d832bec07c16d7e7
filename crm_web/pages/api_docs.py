"""``/api/doku``: the API's description, from our own files, behind the sign-in."""

from flask import render_template

from crm_web.rooms import Room

room = Room("api_docs", __name__)


@room.get("/api/doku")
def show() -> str:
    """Swagger UI over ``/api/v1/openapi.json``."""
    return render_template("api_docs.html")
