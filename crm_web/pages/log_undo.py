"""«Alles rückgängig, was aus Postfach X seit … kam»: preview, then one press."""

from datetime import UTC, datetime, time, timedelta

from flask import abort, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from crm_core import clock
from crm_core.errors import Invalid
from crm_core.linking import undoing
from crm_core.models import Mailbox, Right
from crm_core.queries import entry_list
from crm_core.sentences import say
from crm_web import dates
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import as_utc, gettext, language, local, ngettext
from crm_web.log_words import detail_text
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("log_undo", __name__)


@room.get("/verwaltung/protokoll/rueckgaengig")
@needs(Right.ADMINISTRATION)
@proved
def undo_preview() -> str | tuple[str, int]:
    """Choose mailbox and moment; what would be undone, before anything is."""
    form = Form(MultiDict(request.args))
    if "postfach" not in request.args:
        return _undo_page(form)
    mailbox, since = _mailbox(form), _moment(form)
    if mailbox is None or since is None:
        return _undo_page(form), 422
    until = clock.now()
    return _undo_page(form, undoing.made(mailbox, since, until), until)


@room.post("/verwaltung/protokoll/rueckgaengig", endpoint="undo")
@needs(Right.ADMINISTRATION)
@proved
def undo() -> Response | tuple[str, int]:
    """Undo what the preview showed; what came after it stays."""
    form = Form(request.form)
    mailbox, since = _mailbox(form), _moment(form)
    if mailbox is None or since is None:
        return _undo_page(form), 422
    until = _instant(form.text("bis")) or abort(400)
    done = undoing.undo(mailbox, since, until, actor=viewer().actor)
    links = ngettext("%(num)s link", "%(num)s links", len(done.links))
    entries = ngettext("%(num)s entry", "%(num)s entries", len(done.entries))
    tell(
        "success",
        gettext(
            "Undone: %(links)s; closed: %(entries)s.", links=links, entries=entries
        ),
    )
    return back_to(url_for("log.listing", gegenstand=f"mailbox:{mailbox.id}"))


def _mailbox(form: Form) -> Mailbox | None:
    found = Mailbox.get_or_none(Mailbox.id == (form.number("postfach") or 0))
    if not isinstance(found, Mailbox):
        form.errors["postfach"] = gettext("Please choose one of the list.")
        return None
    return found


def _moment(form: Form) -> datetime | None:
    try:
        typed = dates.parse_past(form.text("seit"), local(clock.now()).date())
    except Invalid as error:
        form.errors["seit"] = say(error, language())
        return None
    return as_utc(typed.local or datetime.combine(typed.day, time.min))


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _undo_page(
    form: Form, made: undoing.Made | None = None, until: datetime | None = None
) -> str:
    numbers = {link.number for link in made.links} | {*made.entries} if made else set()
    return render_template(
        "log/undo.html",
        form=form,
        made=made,
        until=until.astimezone(UTC).isoformat() if until else "",
        entries=entry_list.of_numbers(viewer(), numbers),
        mailboxes=[
            (box.id, box.name) for box in Mailbox.select().order_by(Mailbox.name)
        ],
        yesterday=f"{local(clock.now() - timedelta(days=1)):%d.%m.%Y %H:%M}",
        detail_text=detail_text,
    )
