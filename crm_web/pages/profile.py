"""«Profil»: language, keys, signed-in devices, password, calendar address. One's own."""

from flask import abort, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.access import accounts, calendar_feeds, own_account
from crm_core.access.accounts import TooManyTriesError
from crm_core.errors import Invalid
from crm_core.models import Account
from crm_web import auth
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import LANGUAGES, gettext
from crm_web.rooms import Room, back_to, open_without_group, proved, viewer

room = Room("profile", __name__)

_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")  # Edge also says Chrome
_NAMES = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = ("Windows", "iPhone", "iPad", "Android", "Mac OS", "Linux")


@room.get("/profil")
@open_without_group
def show() -> str:
    """Everything about one's own sign-in."""
    return _page(Form())


@room.post("/profil", endpoint="save")
@open_without_group
def save() -> Response:
    """Language and keys; both hold from the next page on."""
    form = Form(request.form)
    wanted = form.text("language")
    if wanted not in LANGUAGES:
        abort(404)
    own_account.set_preferences(
        _account(), language=wanted, shortcuts=form.flag("shortcuts")
    )
    g.language = wanted
    tell("success", gettext("Your settings are saved."))
    response = make_response(_home())
    response.set_cookie(
        "language", wanted, max_age=31_536_000, secure=True, samesite="Lax"
    )
    return response


@room.post("/profil/passwort")
@open_without_group
def change_password() -> Response | tuple[str, int]:
    """Another password; the other devices are signed out."""
    form = Form(request.form)
    form.require("old", "password", "repeated")
    new = form.values.get("password", "")
    if form.ok and form.values.get("repeated", "") != new:
        form.errors["repeated"] = gettext("The two new passwords differ.")
    if not form.ok:
        return _page(form), 422
    try:
        # Not undone where refused: a wrong old password must be counted.
        own_account.change_password(
            _account(), form.values.get("old", ""), new, here=g.session
        )
    except TooManyTriesError as error:
        form.errors["old"] = gettext(
            "Too many tries. Next try in %(seconds)s seconds.",
            seconds=error.retry_after,
        )
        return _page(form), 429
    except Invalid as error:
        form.add(error)
        return _page(form), 422
    tell("success", gettext("Your password is changed. Other devices are signed out."))
    return _home()


@room.post("/profil/geraete/<int:session_id>/abmelden")
@open_without_group
def sign_out_device(session_id: int) -> Response:
    """End one device's session; one's own too."""
    own_account.sign_out_device(_account(), session_id)
    if session_id == g.session.id:
        response = make_response(back_to(url_for("session.sign_in")))
        response.delete_cookie(auth.COOKIE, path="/", secure=True, httponly=True)
        return response
    tell("success", gettext("The device is signed out."))
    return _home("geraete")


@room.post("/profil/geraete/abmelden")
@open_without_group
def sign_out_others() -> Response:
    """End every other session."""
    own_account.sign_out_others(_account(), g.session)
    tell("success", gettext("All other devices are signed out."))
    return _home("geraete")


@room.get("/profil/kalender")
@open_without_group
@proved
def new_feed() -> str:
    """The question before a new calendar address."""
    return render_template("profile/new_feed.html")


@room.post("/profil/kalender", endpoint="create_feed")
@open_without_group
@proved
def create_feed() -> str:
    """Make it and show it: this once, so there is no redirect to another page."""
    busy_only = Form(request.form).flag("busy_only")
    value = calendar_feeds.create(_account(), busy_only=busy_only, actor=viewer().actor)
    return render_template(
        "profile/feed.html",
        value=url_for("calendar_feed.show", value=value, _external=True),
    )


@room.post("/profil/kalender/<int:feed_id>/widerrufen")
@open_without_group
def revoke_feed(feed_id: int) -> Response:
    """The address is worth nothing from now on; whoever doubts need not prove it."""
    calendar_feeds.revoke(_account(), feed_id, actor=viewer().actor)
    tell("success", gettext("The calendar address is revoked."))
    return _home("kalender")


def device_name(user_agent: str) -> str:
    """«Firefox, Windows», as far as the browser says so."""
    browser = next((b for b in _BROWSERS if f"{b}/" in user_agent), "")
    system = next((s for s in _SYSTEMS if s in user_agent), "")
    words = [_NAMES.get(browser, browser), system]
    return ", ".join(filter(None, words)) or gettext("Unknown device")


def _page(form: Form) -> str:
    account = _account()
    return render_template(
        "profile/show.html",
        form=form,
        account=account,
        devices=own_account.devices(account, g.session),
        device_name=device_name,
        feeds=calendar_feeds.of_account(account),
        shortest=accounts.SHORTEST_PASSWORD,
    )


def _account() -> Account:
    found: Account = g.account
    return found


def _home(part: str = "") -> Response:
    return back_to(url_for(".show") + (f"#{part}" if part else ""))
