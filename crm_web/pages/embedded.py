"""``/embed/beleg/<kind>/<number>?t=…``: the entries of a document, in a frame of the ERP.

Read only, without cookie and script. The key of the address (``crm_core.access.panels``) says
with whose eyes; only the hosts of the configuration may put it into a frame.
"""

import re

from flask import Response, current_app, g, make_response, render_template, request

from crm_core.access import panels
from crm_core.access.viewer import viewer_of
from crm_core.errors import NotFound
from crm_core.models import DocumentKind
from crm_core.queries import document_list
from crm_core.records import documents
from crm_web.rooms import Room, public

room = Room("embedded", __name__)

NOBODY = "'none'"
_SOURCE = re.compile(r"https?://[A-Za-z0-9.*-]+(:[0-9*]+)?")


@room.get("/embed/beleg/<kind>/<path:number>", merge_slashes=False)
@public
def document(kind: str, number: str) -> Response:
    """The panel; 403 with one sentence where the key has ended or is none.

    So it is, too, where the key's account is in no staff group any more.
    """
    known = kind in set(DocumentKind)
    wanted = DocumentKind(kind) if known else DocumentKind.REPORT
    account = panels.account_of(request.args.get("t", ""), wanted, number)
    if account is None or not known:
        return _refused()
    g.language = account.language
    seer = viewer_of(account.employee)
    if not seer.member:
        return _refused()
    try:
        found = documents.by_number(wanted, number)
    except NotFound:
        return _refused()
    rows = document_list.entries_of(seer, found.id)
    return _framed(render_template("embedded.html", rows=rows, document=found), 200)


def _refused() -> Response:
    return _framed(render_template("embedded.html", rows=None), 403)


def _framed(page: str, status: int) -> Response:
    """The panel's own policy: no script, no form, only listed hosts around it."""
    allowed = [
        host
        for host in current_app.config["SETTINGS"].frame_ancestors
        if _SOURCE.fullmatch(host)
    ]
    response = make_response(page, status)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors {' '.join(allowed) or NOBODY}"
    )
    return response
