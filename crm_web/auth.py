"""Who is signed in: the cookie, the session row, the viewer of this request.

The cookie is opaque (256 bits), ``__Host-``, Secure, HttpOnly, SameSite=Lax; browsers
keep Secure cookies on http://127.0.0.1 too. Everything but ``@public`` routes needs one.
"""

from flask import Flask, Request, g, redirect, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access import accounts, view_as
from crm_core.access.viewer import viewer_of
from crm_core.errors import Forbidden
from crm_core.models import Account
from crm_web.csrf import SAFE
from crm_web.rooms import path_asked_for

COOKIE = "__Host-sid"
_ENDS_VIEW = frozenset({"staff_groups.end_view", "session.sign_out"})


def load(request_: Request) -> None:
    """Set ``g.session``, ``g.account`` and ``g.viewer``; all None if nobody is."""
    g.session = g.account = g.viewer = g.worn = None
    value = request_.cookies.get(COOKIE)
    session = accounts.find_session(value) if value else None
    if session is None:
        return
    if accounts.needs_touch(session):
        with database.transaction():
            accounts.touch(session)
    g.session, g.account = session, session.account
    g.viewer = viewer_of(session.account.employee)
    if session.view_as is not None:
        g.worn = view_as.of_session(session.view_as)
        g.viewer = view_as.narrowed(g.viewer, g.worn)


def demand(app: Flask) -> Response | None:
    """A redirect to the sign-in for whoever may not go on.

    Forbidden for every unsafe request of somebody who looks with other rights, and for
    a person in no staff group wherever the route does not say otherwise.
    """
    if g.worn and request.method not in SAFE and request.endpoint not in _ENDS_VIEW:
        raise Forbidden(
            "you are looking with other rights: end that to change something"
        )
    view = app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_public", False):
        return None
    if g.viewer is not None:
        if not getattr(view, "is_open_without_group", False):
            g.viewer.require_member()
        return None
    return redirect(url_for("session.sign_in", weiter=path_asked_for()), code=303)


def sign_in(response: Response, account: Account, *, remembered: bool) -> None:
    """Start a session and put its value into the cookie."""
    agent = request.headers.get("User-Agent", "")
    started = accounts.start_session(account, user_agent=agent, remembered=remembered)
    life = accounts.REMEMBERED_ABSOLUTE if started.session.remembered else None
    response.set_cookie(
        COOKIE,
        started.value,
        max_age=life,
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",
    )


def sign_out(response: Response) -> None:
    """End the session; the cookie is worth nothing afterwards, wherever copied."""
    if g.session is not None:
        accounts.end_session(g.session)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
