"""Verwaltung › Postfächer: how the mailboxes fare, and what is to be done with them.

The list is the configuration's and is not edited here. What needs Exchange is asked of
the daemon as a wish (``crm_core.polling.mailbox_wishes``).
"""

from contextlib import suppress
from datetime import date

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import clock
from crm_core.errors import CrmError, Invalid, NotFound
from crm_core.mail import quarantine
from crm_core.models import Mailbox, Right, Task, WishKind
from crm_core.personal_data import erasure
from crm_core.polling import mailbox_wishes, mailboxes
from crm_core.queries import mailbox_list, mailbox_page
from crm_core.queries.mailbox_list import MailboxRow
from crm_core.queries.mailbox_page import MailboxPage
from crm_core.records import tasks
from crm_core.sentences import say
from crm_web import dates, mailbox_charts
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, language, local, ngettext, show_number, show_time
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("mailboxes", __name__)
_HERE = "/verwaltung/postfaecher"
_administration = needs(Right.ADMINISTRATION)


@room.get(_HERE)
@_administration
def listing() -> str:
    """Every mailbox with its state."""
    return render_template("mailboxes/list.html", **_listed())


@room.get(f"{_HERE}/stand")
@_administration
def listing_part() -> str:
    """The live part of the list: a fragment."""
    return render_template("mailboxes/_list.html", **_listed())


@room.post(f"{_HERE}/einlesen", endpoint="reload")
@_administration
@proved
def reload_files() -> Response:
    """«Datei neu einlesen»."""
    mailbox_wishes.ask(WishKind.RELOAD, actor=viewer().actor)
    tell("info", gettext("The service reads the files again."))
    return back_to(url_for(".listing"))


@room.get(f"{_HERE}/<slug>")
@_administration
def show(slug: str) -> str:
    """One mailbox."""
    return _page(mailboxes.by_slug(slug), Form())


@room.get(f"{_HERE}/<slug>/stand", endpoint="part")
@_administration
def part(slug: str) -> str:
    """The live part of the page: a fragment."""
    page = mailbox_page.read(viewer(), mailboxes.by_slug(slug), clock.now())
    return render_template("mailboxes/_state.html", page=page, polls=_polls(page))


@room.get(f"{_HERE}/<slug>/zeilen", endpoint="lines")
@_administration
def lines(slug: str) -> Response:
    """The mailbox's lines for mailboxes.yaml, as text."""
    mailbox = mailboxes.by_slug(slug)
    row = mailbox_list.one(viewer(), mailbox, clock.now())
    if row.reading is None or not row.reading.lines:
        raise NotFound("the service has not told how it reads this mailbox yet")
    return Response(row.reading.lines, mimetype="text/plain")


@room.post(f"{_HERE}/<slug>/testen", endpoint="test")
@_administration
def test(slug: str) -> Response:
    """«Testen»: five ticks."""
    return _wish(slug, WishKind.TEST, gettext("The test has been asked for."))


@room.post(f"{_HERE}/<slug>/abgleichen", endpoint="poll")
@_administration
def poll(slug: str) -> Response:
    """«Jetzt abgleichen»."""
    return _wish(slug, WishKind.POLL_NOW, gettext("The mailbox is read now."))


@room.post(f"{_HERE}/<slug>/pausieren", endpoint="pause")
@_administration
@proved
def pause(slug: str) -> Response:
    """Nothing is read or written until it is resumed."""
    mailbox = mailboxes.by_slug(slug)
    mailboxes.pause(mailbox, actor=viewer().actor)
    tell("success", gettext("%(mailbox)s is paused.", mailbox=mailbox.name))
    return back_to(url_for(".show", slug=slug))


@room.post(f"{_HERE}/<slug>/fortsetzen", endpoint="resume")
@_administration
@proved
def resume(slug: str) -> Response:
    """It goes on from where it stood."""
    mailbox = mailboxes.by_slug(slug)
    mailboxes.resume(mailbox, actor=viewer().actor)
    tell("success", gettext("%(mailbox)s goes on.", mailbox=mailbox.name))
    return back_to(url_for(".show", slug=slug))


@room.post(f"{_HERE}/<slug>/erstabgleich", endpoint="backfill")
@_administration
@proved
def backfill(slug: str) -> Response | tuple[str, int]:
    """Everything from a day on is read again; it starts nothing."""
    mailbox, form = mailboxes.by_slug(slug), Form(request.form)
    since = _day(form)
    if form.ok:
        with attempt(form):
            mailbox_wishes.ask(
                WishKind.BACKFILL, mailbox, actor=viewer().actor, since=since
            )
    if not form.ok:
        return _page(mailbox, form), 422
    tell("success", gettext("The first sync has been asked for."))
    return back_to(url_for(".show", slug=slug))


@room.post(f"{_HERE}/<slug>/quarantaene/<int:item>", endpoint="retry")
@_administration
def retry(slug: str, item: int) -> Response:
    """Try a quarantined item again at the next poll."""
    mailbox = mailboxes.by_slug(slug)
    if quarantine.get(item).mailbox != mailbox.address:
        raise NotFound("there is no quarantined item {number}", number=item)
    quarantine.request_retry(item, actor=viewer().actor)
    tell("success", gettext("It is tried again at the next sync."))
    return back_to(f"{url_for('.show', slug=slug)}#quarantaene")


@room.post(f"{_HERE}/<slug>/aufgaben/<int:task>", endpoint="cancel")
@_administration
@proved
def cancel(slug: str, task: int) -> Response:
    """Cancel a task; its copy goes from the mailbox."""
    mailboxes.by_slug(slug)
    row: Task = tasks.get(task)
    viewer().entry(row.entry.number, write=True)
    tasks.cancel(task, actor=viewer().actor)
    tell("success", gettext("The task is cancelled; its copy will be removed."))
    return back_to(f"{url_for('.show', slug=slug)}#aufgaben")


@room.get(f"{_HERE}/<slug>/loeschen", endpoint="confirm_erasure")
@_administration
@proved
def confirm_erasure(slug: str) -> str:
    """What would go, before anything goes."""
    return _erasure(mailboxes.by_slug_or_removed(slug), Form())


@room.post(f"{_HERE}/<slug>/loeschen", endpoint="erase")
@_administration
@proved
def erase(slug: str) -> Response | tuple[str, int]:
    """Erase for good what came from this mailbox alone."""
    mailbox, form = mailboxes.by_slug_or_removed(slug), Form(request.form)
    if form.text("address").casefold() != mailbox.address:
        form.errors["address"] = gettext("Please type the address of the mailbox.")
        return _erasure(mailbox, form), 422
    with attempt(form):
        erased = erasure.erase_mailbox(mailbox, actor=viewer().actor)
        tell(
            "success",
            ngettext("%(num)s e-mail erased.", "%(num)s e-mails erased.", erased.mails),
        )
    if not form.ok:
        return _erasure(mailbox, form), 422
    return back_to(url_for(".listing"))


# --- pages ------------------------------------------------------------------------


def _listed() -> dict[str, object]:
    page = mailbox_list.read(viewer(), clock.now())
    return {"page": page, "sparks": {r.mailbox.id: _spark(r) for r in page.rows}}


def _spark(row: MailboxRow) -> str:
    failed = sum(row.day.failed)
    label = ngettext(
        "%(num)s e-mail in 24 hours", "%(num)s e-mails in 24 hours", row.day.total
    )
    if failed:
        bad = ngettext("%(num)s hour with errors", "%(num)s hours with errors", failed)
        label = f"{label}, {bad}"
    return mailbox_charts.sparkline(row.day.mails, row.day.failed, label)


def _page(mailbox: Mailbox, form: Form) -> str:
    page = mailbox_page.read(viewer(), mailbox, clock.now())
    return render_template(
        "mailboxes/show.html", page=page, polls=_polls(page), form=form
    )


def _polls(page: MailboxPage) -> str:
    bars = [
        (
            poll.took_ms,
            f"{show_time(poll.at)}: {show_number(poll.took_ms / 1000)} s"
            + (f" ({poll.code})" if poll.code else ""),
            poll.code is not None,
        )
        for poll in page.polls
    ]
    failed = sum(bad for *_rest, bad in bars)
    label = gettext(
        "The last %(count)s syncs, %(failed)s of them failed",
        count=len(bars),
        failed=failed,
    )
    return mailbox_charts.poll_bars(bars, label)


def _erasure(mailbox: Mailbox, form: Form) -> str:
    would = erasure.preview_mailbox(mailbox)
    return render_template(
        "mailboxes/erase.html", mailbox=mailbox, would=would, form=form
    )


# --- helpers ----------------------------------------------------------------------


def _wish(slug: str, kind: WishKind, said: str) -> Response:
    mailbox = mailboxes.by_slug(slug)
    try:
        mailbox_wishes.ask(kind, mailbox, actor=viewer().actor)
    except CrmError as error:
        tell("warning", say(error, language()))
    else:
        tell("info", said)
    return back_to(f"{url_for('.show', slug=slug)}#zustand")


def _day(form: Form) -> date | None:
    """The typed day, not in the future; an error in the form otherwise."""
    form.require("since")
    if not form.ok:
        return None
    today = local(clock.now()).date()
    with suppress(Invalid):
        found = dates.parse(form.text("since"), today).day
        if found <= today:
            return found
    form.errors["since"] = gettext("Please write a day in the past: 01.01.2026.")
    return None
