"""Sign in, sign out, prove again, switch language."""

from flask import g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access import accounts, own_account
from crm_core.access.accounts import TooManyTriesError
from crm_web import auth
from crm_web.forms import Form
from crm_web.i18n import LANGUAGES, gettext
from crm_web.rooms import Room, back_to, inside, open_without_group, public

room = Room("session", __name__)


@room.get("/anmelden")
@public
def sign_in() -> str:
    """The form."""
    return _form(Form(), 200)[0]


# No transaction around it: a failed try must be counted, whatever comes after.
@room.route("/anmelden", methods=["POST"])
@public
def do_sign_in() -> Response | tuple[str, int]:
    """Check the password; one sentence for every kind of wrong."""
    form = Form(request.form)
    try:
        with database.transaction():
            account = accounts.check_password(
                form.text("login"), form.values.get("password", "")
            )
    except TooManyTriesError as error:
        form.errors[""] = gettext(
            "Too many tries. Next try in %(seconds)s seconds.",
            seconds=error.retry_after,
        )
        return _form(form, 429)
    if account is None:
        form.errors[""] = gettext("User name or password is wrong.")
        return _form(form, 422)
    response = make_response(back_to(inside(form.text("weiter"))))
    with database.transaction():
        auth.sign_in(response, account, remembered=form.flag("remember"))
    return response


@room.post("/abmelden")
@open_without_group
def sign_out() -> Response:
    """End this session."""
    response = make_response(back_to(url_for("session.sign_in")))
    auth.sign_out(response)
    return response


@room.get("/bestaetigen")
@open_without_group
def prove() -> str:
    """Ask for the password again."""
    return _proof(Form(), _onward())


@room.post("/bestaetigen", endpoint="do_prove")
@open_without_group
def do_prove() -> Response | tuple[str, int]:
    """The password once more, for administration, exports and tokens."""
    form = Form(request.form)
    try:
        account = accounts.check_password(
            g.account.login, form.values.get("password", "")
        )
    except TooManyTriesError:
        account = None
    if account is None:
        form.errors["password"] = gettext("User name or password is wrong.")
        return _proof(form, form.text("weiter")), 422
    accounts.prove(g.session)
    return back_to(inside(form.text("weiter")))


@room.post("/sprache")
@public
def switch_language() -> Response:
    """Deutsch or English, kept with the account, else in a cookie."""
    wanted = request.form.get("language", "de")
    response = make_response(back_to(inside(request.form.get("weiter", "/"))))
    if wanted in LANGUAGES:
        if g.account is not None:
            own_account.set_preferences(
                g.account, language=wanted, shortcuts=bool(g.account.shortcuts)
            )
        response.set_cookie(
            "language", wanted, max_age=31_536_000, secure=True, samesite="Lax"
        )
    return response


def _proof(form: Form, onward: str) -> str:
    has_password = g.account.password_hash is not None
    return render_template(
        "prove.html", form=form, onward=onward, has_password=has_password
    )


def _form(form: Form, status: int) -> tuple[str, int]:
    onward = form.text("weiter") or _onward()
    return render_template("sign_in.html", form=form, onward=onward), status


def _onward() -> str:
    return inside(request.args.get("weiter", "/"))
