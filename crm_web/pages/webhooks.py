"""Verwaltung › Schnittstellen › Webhook: who is told of what, and the last deliveries."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import abort, g, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core import webhooks
from crm_core.errors import Forbidden
from crm_core.events import Event
from crm_core.models import Account, Employee, Right, Webhook
from crm_core.queries import interfaces
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _
from crm_web.pages.interfaces import chosen_account
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("webhooks", __name__)

EVENTS: Mapping[Event, str] = MappingProxyType(
    {
        Event.ENTRY_CREATED: _("entry created"),
        Event.ENTRY_UPDATED: _("entry changed"),
        Event.ENTRY_CLOSED: _("entry closed"),
        Event.EMAIL_LINKED: _("e-mail linked"),
        Event.EMAIL_UNLINKED: _("e-mail taken out"),
        Event.EMAIL_HELD: _("e-mail held back"),
        Event.TASK_CREATED: _("task created"),
        Event.TASK_UPDATED: _("task changed"),
        Event.TASK_COMPLETED: _("task completed"),
        Event.TASK_DRIFT: _("task changed in Outlook"),
        Event.TASK_PUSH_FAILED: _("task could not be written"),
        Event.DOCUMENT_LINKED: _("document linked"),
    }
)


@room.get("/verwaltung/schnittstellen/webhooks")
@needs(Right.ADMINISTRATION)
@proved
def new() -> str:
    """The form of a new webhook."""
    return _form(Form(MultiDict({"account": str(g.account.id)})))


@room.post("/verwaltung/schnittstellen/webhooks", endpoint="create")
@needs(Right.ADMINISTRATION)
@proved
def create() -> str | tuple[str, int]:
    """Make it and show its secret: this once, so there is no redirect."""
    form = Form(request.form)
    account = chosen_account(form)
    made: list[Webhook] = []
    if account is not None:
        with attempt(form):
            hook = webhooks.add(
                form.text("url"),
                _wanted(form),
                account=account.id,
                actor=viewer().actor,
                include_content=form.flag("content"),
            )
            made.append(hook)
    if not form.ok:
        return _form(form), 422
    return _secret_page(made[0], made[0].secret)


@room.get("/verwaltung/schnittstellen/webhooks/<int:webhook_id>")
@needs(Right.ADMINISTRATION)
@proved
def show(webhook_id: int) -> str:
    """What it is told, and «Letzte Zustellungen»."""
    hook = webhooks.by_id(webhook_id)
    values = MultiDict(
        [("url", hook.url), ("content", "1" if hook.include_content else "")]
    )
    values.setlist("events", hook.events.split())
    return _form(Form(values), hook)


@room.post("/verwaltung/schnittstellen/webhooks/<int:webhook_id>", endpoint="update")
@needs(Right.ADMINISTRATION)
@proved
def update(webhook_id: int) -> Response | tuple[str, int]:
    """Another address, other events; as whom it sees stays."""
    hook, form = _lent(webhook_id), Form(request.form)
    with attempt(form):
        webhooks.change(
            hook,
            actor=viewer().actor,
            url=form.text("url"),
            wanted=_wanted(form),
            include_content=form.flag("content"),
        )
    if not form.ok:
        return _form(form, webhooks.by_id(webhook_id)), 422
    tell("success", gettext("Saved."))
    return _back(webhook_id)


@room.post("/verwaltung/schnittstellen/webhooks/<int:webhook_id>/schalten")
@needs(Right.ADMINISTRATION)
@proved
def switch(webhook_id: int) -> Response:
    """Off: nothing is told any more; on: what waits is sent."""
    on = Form(request.form).flag("on")
    webhooks.change(webhooks.by_id(webhook_id), actor=viewer().actor, active=on)
    said = gettext("The webhook is on.") if on else gettext("The webhook is off.")
    tell("success", said)
    return _back(webhook_id)


@room.post("/verwaltung/schnittstellen/webhooks/<int:webhook_id>/testen")
@needs(Right.ADMINISTRATION)
@proved
def test(webhook_id: int) -> Response:
    """Queue a delivery that says nothing but that it is a test."""
    hook = webhooks.by_id(webhook_id)
    webhooks.send_test(hook, actor=viewer().actor)
    said = gettext("The test is sent within seconds; how it ended stands below.")
    tell("info", said)
    return _back(webhook_id)


@room.post("/verwaltung/schnittstellen/webhooks/<int:webhook_id>/geheimnis")
@needs(Right.ADMINISTRATION)
@proved
def renew(webhook_id: int) -> str:
    """Another secret, shown this once; the old one signs nothing any more."""
    hook = _lent(webhook_id)
    return _secret_page(hook, webhooks.renew_secret(hook, actor=viewer().actor))


@room.post("/verwaltung/schnittstellen/webhooks/<int:webhook_id>/entfernen")
@needs(Right.ADMINISTRATION)
@proved
def remove(webhook_id: int) -> Response:
    """Tell it nothing any more and forget it, with its deliveries."""
    webhooks.remove(webhooks.by_id(webhook_id), actor=viewer().actor)
    tell("success", gettext("The webhook is removed."))
    return back_to(url_for("interfaces.listing"))


@room.post(
    "/verwaltung/schnittstellen/webhooks/<int:webhook_id>/erneut/<int:delivery_id>"
)
@needs(Right.ADMINISTRATION)
@proved
def send_again(webhook_id: int, delivery_id: int) -> Response:
    """Try one of the last deliveries anew, with the same id."""
    hook = webhooks.by_id(webhook_id)
    if delivery_id not in {row.id for row in webhooks.last_deliveries(hook)}:
        abort(404)
    webhooks.send_again(delivery_id, actor=viewer().actor)
    tell("info", gettext("It is sent again within seconds."))
    return _back(webhook_id)


def _lent(webhook_id: int) -> Webhook:
    """A webhook that sees no more than this viewer may lend: else its address could be
    turned to where somebody reads what they may not. Forbidden otherwise.
    """
    hook = webhooks.by_id(webhook_id)
    if hook.account not in dict(interfaces.may_act_as(viewer())):
        raise Forbidden("you have no right to do this")
    return hook


def _back(webhook_id: int) -> Response:
    return back_to(url_for(".show", webhook_id=webhook_id))


def _wanted(form: Form) -> list[Event]:
    known = {event.value: event for event in Event}
    return [known[name] for name in form.many("events") if name in known]


def _secret_page(hook: Webhook, secret: str) -> str:
    return render_template(
        "interfaces/shown.html",
        heading=gettext("Secret of the webhook"),
        value=secret,
        onward=url_for(".show", webhook_id=hook.id),
    )


def _form(form: Form, hook: Webhook | None = None) -> str:
    deliveries = webhooks.last_deliveries(hook) if hook else []
    return render_template(
        "interfaces/webhook.html",
        form=form,
        hook=hook,
        owner=_owner(hook) if hook else "",
        accounts=interfaces.may_act_as(viewer()),
        events=[(event.value, gettext(word)) for event, word in EVENTS.items()],
        event_word=_event_word,
        deliveries=deliveries,
        gone=bool(hook and not hook.active)
        and any(row.last_status == webhooks.GONE for row in deliveries),
    )


def _owner(hook: Webhook) -> str:
    account = Account.get_or_none(Account.id == hook.account)
    if not isinstance(account, Account):
        return ""
    employee: Employee = account.employee
    return f"{employee.name} ({account.login})"


def _event_word(name: str) -> str:
    if name == webhooks.TEST_EVENT:
        return gettext("test")
    return gettext(EVENTS[Event(name)]) if name in set(Event) else name
