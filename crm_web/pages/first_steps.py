"""Erste Schritte: what is left to do before people work here; it ticks by itself."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.exports import backup
from crm_core.models import Right
from crm_core.queries import first_steps
from crm_core.queries.first_steps import FirstSteps
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import gettext, ngettext, show_time
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("first_steps", __name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list. ``href``: where it is done; empty = in the files."""

    title: str
    state: str
    help: str
    done: bool
    href: str = ""


@room.get("/erste-schritte")
@needs(Right.ADMINISTRATION)
def show() -> str:
    """The list; what is done has a tick."""
    found = first_steps.read()
    steps = [
        _mailboxes(found), _people(found), _addresses(found),
        _subtags(found), _informed(found), _backup(found),
    ]  # fmt: skip
    return render_template(
        "first_steps.html",
        steps=steps,
        done=sum(step.done for step in steps),
        backed_up=found.backed_up,
    )


@room.post("/erste-schritte/sicherung")
@needs(Right.ADMINISTRATION)
@proved
def note_backup() -> Response:
    """Somebody says that a backup was made by other means."""
    detail = Form(request.form).text("detail")[:200]
    backup.record(actor=viewer().actor, detail=detail)
    tell("success", gettext("The backup stands in the log."))
    return back_to(url_for(".show"))


def _mailboxes(found: FirstSteps) -> Step:
    state = ngettext("%(num)s mailbox", "%(num)s mailboxes", found.mailboxes)
    read = gettext("%(count)s read so far", count=found.mailboxes_read)
    return Step(
        gettext("Mailboxes"),
        f"{state}, {read}",
        gettext("List the company's mailboxes in mailboxes.yaml."),
        found.mailboxes_read > 0,
        "/verwaltung/postfaecher",
    )


def _people(found: FirstSteps) -> Step:
    return Step(
        gettext("Users and groups"),
        ngettext("%(num)s account", "%(num)s accounts", found.accounts),
        gettext("Give everybody who works here an account and a group."),
        found.accounts > 1,
        "/verwaltung/benutzer",
    )


def _addresses(found: FirstSteps) -> Step:
    return Step(
        gettext("Addresses"),
        ngettext("%(num)s address", "%(num)s addresses", found.addresses),
        gettext("Import the customers from the ERP as CSV."),
        found.addresses > 0,
        "/verwaltung/import",
    )


def _subtags(found: FirstSteps) -> Step:
    return Step(
        gettext("Subtags"),
        ngettext("%(num)s subtag", "%(num)s subtags", found.subtags),
        gettext("Every entry has one. Begin with few; more can come any time."),
        found.subtags > 0,
        "/verwaltung/gruppen-tags",
    )


def _informed(found: FirstSteps) -> Step:
    if found.uninformed:
        state = gettext("not yet: %(names)s", names=", ".join(found.uninformed[:10]))
    elif found.persons:
        state = gettext("all informed")
    else:
        state = gettext("no mailboxes of persons")
    return Step(
        gettext("Staff informed"),
        state,
        gettext("A person's mailbox stays unread until the date of the information."),
        not found.uninformed,
        "/datenschutz",
    )


def _backup(found: FirstSteps) -> Step:
    at = found.backup_at
    command = "pg_dump" if database.is_postgres() else "mailsync backup FILE"
    return Step(
        gettext("Backup"),
        gettext("last: %(time)s", time=show_time(at)) if at else gettext("none known"),
        gettext(
            "At least every week, for example each night: %(command)s", command=command
        ),
        found.backed_up,
    )
