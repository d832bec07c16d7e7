"""``/healthz`` and ``/readyz``: for whatever starts and watches the process.

Public, and they say nothing but yes or no.
"""

from flask import Response
from peewee import PeeweeException

from crm_core.queries import service_health
from crm_web.rooms import Room, public

room = Room("probes", __name__)


@room.get("/healthz")
@public
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@room.get("/readyz")
@public
def ready() -> Response:
    """The database answers too; else 503."""
    try:
        service_health.answers()
    except PeeweeException:
        return Response("no database\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
