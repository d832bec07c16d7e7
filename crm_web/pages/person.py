"""One person asks what is stored, or wants it gone (revDSG Art. 25, 32). For GL.

The report holds what GL itself does not see from day to day: it is the person's right,
and it is logged. Erasing is done in two steps and cannot be undone.
"""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.errors import CrmError, Forbidden
from crm_core.exports import entry_export
from crm_core.models import Right
from crm_core.personal_data import privacy
from crm_core.personal_data.privacy import Erased, Person
from crm_core.sentences import say
from crm_web import downloads
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.i18n import gettext, language, ngettext
from crm_web.rooms import Room, back_to, needs, proved, viewer

room = Room("person", __name__)


@room.get("/datenschutz/person")
@needs(Right.EXPORT)
@proved
def show() -> str | tuple[str, int]:
    """Find somebody by e-mail address or customer number; what is stored, in numbers."""
    _management()
    form = Form(request.args)
    wanted = form.text("wer")[:200]
    person, told = _found(form, wanted) if wanted else (None, None)
    page = render_template(
        "privacy/person.html",
        form=form,
        wanted=wanted,
        person=person,
        told=told,
        unseen=privacy.unseen_by(viewer(), person) if person else 0,
    )
    return page, 200 if form.ok else 422


@room.get("/datenschutz/person.zip")
@needs(Right.EXPORT)
@proved
def report() -> Response:
    """The access report; first the log says that it was taken, and how far it goes
    beyond what its taker sees elsewhere.
    """
    _management()
    person = privacy.find(request.args.get("wer", "")[:200])
    unseen = privacy.unseen_by(viewer(), person)
    detail = f"{unseen} unseen" if unseen else ""
    with database.transaction():
        entry_export.note(viewer().actor, person.subject, detail=detail)
    files = privacy.access_report(person, downloads.read_blob)
    return downloads.as_zip(gettext("access-report"), files)


@room.get("/datenschutz/person/loeschen")
@needs(Right.DELETE)
@proved
def erasing() -> str | Response:
    """The second step: what goes, and the confirmation to be typed."""
    _management()
    wanted = request.args.get("wer", "")[:200].strip()
    if not wanted:
        return redirect(url_for(".show"))
    return _erasing_page(Form(), wanted)


# No transaction around it: the bytes are removed from the disk after the commit.
@room.route("/datenschutz/person/loeschen", methods=["POST"])
@needs(Right.DELETE)
@proved
def erase() -> Response | tuple[str, int]:
    """Erase, if what was typed is who is meant."""
    _management()
    form = Form(request.form)
    wanted = form.text("wer")[:200]
    if form.text("confirmation").casefold() != wanted.casefold():
        form.errors["confirmation"] = gettext("That is not what stands above.")
        return _erasing_page(form, wanted), 422
    person = privacy.find(wanted)
    with database.transaction():
        erased = privacy.erase(person, actor=viewer().actor)
    _tell_erased(erased, clean=privacy.scrub(person.emails))
    return back_to(url_for(".erased"))


@room.get("/datenschutz/person/geloescht")
@needs(Right.DELETE)
@proved
def erased() -> str:
    """What has happened, and what is still to be done outside of this program."""
    _management()
    return render_template("privacy/erased.html")


def _management() -> None:
    if not viewer().management:
        raise Forbidden("you have no right to do this")


def _found(form: Form, wanted: str) -> tuple[Person | None, Erased | None]:
    """The person and what erasing would remove; None for one of the company's own."""
    try:
        person = privacy.find(wanted)
    except CrmError as refusal:
        form.errors["wer"] = say(refusal, language())
        return None, None
    try:
        return person, privacy.preview(person)
    except CrmError:
        return person, None


def _erasing_page(form: Form, wanted: str) -> str:
    person = privacy.find(wanted)
    return render_template(
        "privacy/erase.html",
        form=form,
        wanted=wanted,
        person=person,
        told=privacy.preview(person),
        words=[word for word in privacy.words_of(person) if word],
    )


def _tell_erased(erased: Erased, *, clean: bool) -> None:
    mails = ngettext("%(num)s e-mail", "%(num)s e-mails", erased.mails)
    texts = ngettext("%(num)s text", "%(num)s texts", erased.texts)
    tell(
        "success",
        gettext("Erased: %(mails)s. Changed: %(texts)s.", mails=mails, texts=texts),
    )
    if not clean:
        tell(
            "warning",
            gettext(
                "Traces are left in the database file while another program reads it."
            ),
        )
