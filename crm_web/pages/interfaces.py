"""Verwaltung › Schnittstellen: API tokens, calendar addresses, the list of webhooks."""

from datetime import timedelta

from flask import g, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.access import accounts, calendar_feeds
from crm_core.errors import NotFound
from crm_core.models import Account, Right, TokenScope
from crm_core.queries import interfaces
from crm_core.tags import subtag_details
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, ngettext
from crm_web.i18n import lazy as _
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("interfaces", __name__)

LASTS = (7, 30, 90, 365)  # days
LONGEST_NAME = 200  # of a token: a line that fits whole, never cut
SCOPES = {TokenScope.READ: _("read only"), TokenScope.WRITE: _("read and write")}


@room.get("/verwaltung/schnittstellen")
@needs(Right.ADMINISTRATION)
def listing() -> str:
    """What other programs may do here, and what they are told."""
    return render_template(
        "interfaces/list.html",
        tokens=interfaces.tokens(),
        webhooks=interfaces.webhooks(),
        feeds=interfaces.feeds(),
        scopes=SCOPES,
    )


@room.get("/verwaltung/schnittstellen/schluessel")
@needs(Right.ADMINISTRATION)
@proved
def new_token() -> str:
    """The form of a new token."""
    return _token_form(Form())


@room.post("/verwaltung/schnittstellen/schluessel", endpoint="create_token")
@needs(Right.ADMINISTRATION)
@proved
def create_token() -> str | tuple[str, int]:
    """Make it and show its value: this once, so there is no redirect to another page."""
    form = Form(request.form)
    account = chosen_account(form)
    scope, days = form.text("scope"), form.number("days")
    if scope not in set(TokenScope):
        form.errors["scope"] = gettext("Please choose one of the list.")
    if days not in LASTS:
        form.errors["days"] = gettext("Please choose one of the list.")
    value = ""
    if account is not None and days in LASTS and form.ok:
        with attempt(form):
            value = accounts.create_token(
                subtag_details.short("name", form.text("name"), LONGEST_NAME),
                TokenScope(scope),
                account,
                actor=viewer().actor,
                lasts=timedelta(days=days or 0),
            )
    if not form.ok:
        return _token_form(form), 422
    return render_template(
        "interfaces/shown.html",
        heading=gettext("API token «%(name)s»", name=form.text("name")),
        value=value,
        onward=url_for(".listing"),
    )


@room.post("/verwaltung/schnittstellen/schluessel/<int:token_id>/widerrufen")
@needs(Right.ADMINISTRATION)
@proved
def revoke_token(token_id: int) -> Response:
    """From now on it opens nothing."""
    accounts.revoke_token(token_id, actor=viewer().actor)
    tell("success", gettext("The token is revoked."))
    return back_to(url_for(".listing"))


@room.post("/verwaltung/schnittstellen/kalender/<int:feed_id>/widerrufen")
@needs(Right.ADMINISTRATION)
@proved
def revoke_feed(feed_id: int) -> Response:
    """A person's calendar address opens nothing any more."""
    owner = next((f.account for f in interfaces.feeds() if f.id == feed_id), None)
    if owner is None:
        raise NotFound("there is no calendar address {feed}", feed=feed_id)
    calendar_feeds.revoke(Account.get_by_id(owner), feed_id, actor=viewer().actor)
    tell("success", gettext("The calendar address is revoked."))
    return back_to(url_for(".listing"))


def chosen_account(form: Form) -> Account | None:
    """As whom a program is to act; only whom this viewer may lend it."""
    wanted = form.number("account")
    if wanted not in dict(interfaces.may_act_as(viewer())):
        form.errors["account"] = gettext("Please choose one of the list.")
        return None
    found: Account = Account.get_by_id(wanted)
    return found


def _token_form(form: Form) -> str:
    return render_template(
        "interfaces/token.html",
        form=form,
        accounts=interfaces.may_act_as(viewer()),
        own=g.account.id,
        scopes=[(scope.value, gettext(word)) for scope, word in SCOPES.items()],
        lasts=[(days, ngettext("%(num)s day", "%(num)s days", days)) for days in LASTS],
    )
