"""«Datenschutz»: what is read from the own mailbox, who sees it, what can be done.

Everybody sees the own mailbox; an administrator any mailbox, without its counts.
"""

from flask import current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access import accounts
from crm_core.errors import NotFound
from crm_core.exports import entry_export
from crm_core.linking import triage
from crm_core.models import Right
from crm_core.personal_data import own_mail
from crm_core.queries import own_mailbox, paging
from crm_core.queries.own_mailbox import ReadMailbox
from crm_web import downloads
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, open_without_group, proved, viewer

room = Room("privacy", __name__)


@room.get("/datenschutz")
@open_without_group
def overview() -> str:
    """The own mailboxes, or the one asked for; what expires when."""
    slug = request.args.get("postfach", "")
    own = own_mailbox.of_employee(viewer().employee)
    shown = (_mailbox(slug),) if slug else own
    mine = {box.id for box in own}
    return render_template(
        "privacy/overview.html",
        boxes=[(b, own_mailbox.counts(b.id) if b.id in mine else None) for b in shown],
        foreign=bool(slug) and shown[0].id not in mine,
        **_periods(),
    )


@room.get("/datenschutz/info")
@open_without_group
def notice() -> str:
    """The text to hand out before a person's mailbox is read, for paper."""
    slug = request.args.get("postfach", "")
    own = own_mailbox.of_employee(viewer().employee)
    box = _mailbox(slug) if slug else next(iter(own), None)
    return render_template("privacy/notice.html", box=box, **_periods())


def _mailbox(slug: str) -> ReadMailbox:
    """The own mailbox of this name; any one for administrators; else NotFound."""
    found = own_mailbox.by_slug(slug)
    own = {box.id for box in own_mailbox.of_employee(viewer().employee)}
    if found is None or not (found.id in own or viewer().can(Right.ADMINISTRATION)):
        raise NotFound("this page does not exist")
    return found


def _periods() -> dict[str, int]:
    """For how long things are kept, as configured."""
    hour = 3600
    return {
        "unlinked_days": current_app.config["SETTINGS"].unlinked_days,
        "content_hours": int(triage.CONTENT_SHOWN_FOR.total_seconds() // hour),
        "session_hours": int(accounts.ABSOLUTE.total_seconds() // hour),
        "device_days": accounts.REMEMBERED_ABSOLUTE.days,
    }


# --- mails of the own mailbox -----------------------------------------------------


@room.get("/datenschutz/e-mails")
@open_without_group
def mails() -> str:
    """Mails of the own mailbox whose content is stored."""
    before = request.args.get("vor", type=int)
    rows = own_mail.mails(viewer(), before=before, limit=paging.PAGE + 1)
    following = None
    if len(rows) > paging.PAGE:
        following = url_for(".mails", vor=rows[paging.PAGE - 1].id)
    return render_template(
        "privacy/mails.html", rows=rows[: paging.PAGE], following=following
    )


@room.get("/datenschutz/e-mails/<int:message_id>")
@open_without_group
def removal(message_id: int) -> str:
    """What removing this mail means."""
    told = own_mail.removal(viewer(), message_id)
    return render_template("privacy/remove.html", told=told, form=Form())


@room.post("/datenschutz/e-mails/<int:message_id>", endpoint="remove")
@open_without_group
def remove(message_id: int) -> Response | tuple[str, int]:
    """Remove it, once the box is ticked."""
    form = Form(request.form)
    told = own_mail.removal(viewer(), message_id)
    if not form.flag("understood"):
        form.errors["understood"] = gettext("Please tick the box.")
        return render_template("privacy/remove.html", told=told, form=form), 422
    whole = own_mail.remove(viewer(), message_id)
    tell(
        "success",
        gettext("The e-mail is removed.")
        if whole
        else gettext("Removed from your mailbox's share; another mailbox keeps it."),
    )
    return back_to(url_for(".mails"))


@room.get("/datenschutz/meine-daten.zip")
@open_without_group
@proved
def own_data() -> Response:
    """Everything about oneself; that it was taken stands in the log."""
    with database.transaction():
        entry_export.note(viewer().actor, f"employee:{viewer().employee}")
    files = own_mail.own_data(viewer(), downloads.read_blob)
    return downloads.as_zip(gettext("my-data"), files)
