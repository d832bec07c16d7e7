"""«Mit Microsoft anmelden»: to the issuer of ``web.oidc``, and back with an answer."""

import structlog
from flask import current_app, g, make_response, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access import accounts, outside_accounts
from crm_core.errors import Forbidden
from crm_web import auth
from crm_web.i18n import gettext
from crm_web.open_id import Issuer, OutOfReachError, Question
from crm_web.rooms import Room, back_to, inside, open_without_group, public

room = Room("microsoft", __name__)

COOKIE = "__Host-question"
_MINUTES = 10
_log = structlog.get_logger()


@room.get("/anmelden/microsoft")
@public
def begin() -> Response | tuple[str, int]:
    """Send the browser to the issuer."""
    return _ask(again=False)


@room.get("/bestaetigen/microsoft")
@open_without_group
def begin_proof() -> Response | tuple[str, int]:
    """The same for somebody without a password, who must prove itself again."""
    return _ask(again=True)


@room.get("/anmelden/microsoft/zurueck")
@public
def finish() -> Response | tuple[str, int]:
    """The issuer sent the browser back: a new session, or a proof of the present one."""
    issuer = _issuer()
    question = Question.read(request.cookies.get(COOKIE, ""))
    try:
        identity = issuer.finish(question, request.args, _back())
    except OutOfReachError as error:
        return _out_of_reach(error)
    response = make_response(back_to(inside(question.onward if question else "/")))
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True)
    with database.transaction():
        if question is not None and question.again:
            _prove(identity.subject)
            return response
        account = outside_accounts.account_of(identity)
        if g.session is not None:
            accounts.end_session(g.session)
        auth.sign_in(response, account, remembered=False)
    return response


def _ask(*, again: bool) -> Response | tuple[str, int]:
    question = Question.new(inside(request.args.get("weiter", "/")), again=again)
    try:
        response = make_response(back_to(_issuer().ask(question, _back())))
    except OutOfReachError as error:
        return _out_of_reach(error)
    response.set_cookie(
        COOKIE,
        question.as_cookie(),
        max_age=_MINUTES * 60,
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",  # the issuer's redirect is a navigation: Lax cookies come along
    )
    return response


def _prove(subject: str) -> None:
    if g.session is None or g.account.subject != subject:
        raise Forbidden("somebody else has signed in there")
    accounts.prove(g.session)


def _issuer() -> Issuer:
    """One per application, so that its keys are kept; 404 where none is configured."""
    settings = current_app.config["SETTINGS"].open_id
    if settings is None:
        raise NotFound
    found: Issuer = current_app.extensions.setdefault("issuer", Issuer(settings))
    return found


def _back() -> str:
    host = current_app.config["SETTINGS"].public_host
    root = f"https://{host}" if host else request.host_url.rstrip("/")
    return root + url_for("microsoft.finish")


def _out_of_reach(error: OutOfReachError) -> tuple[str, int]:
    _log.warning("issuer_out_of_reach", reason=str(error))
    sentence = gettext(
        "The sign-in service does not answer. Signing in with a password still works."
    )
    return render_template("error.html", status=503, sentence=sentence), 503
