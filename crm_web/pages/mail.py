"""One e-mail: its page, its content in a frame with a policy of its own, attachments.

Attachments are downloads, whatever they are; nothing is opened here. A picture of a
mail's text is drawn in its frame as we have drawn it anew (``mail_pictures``), never as
the sender wrote it.
"""

from pathlib import Path

from flask import Response, render_template, request, send_file, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from crm_core.errors import NotFound
from crm_core.linking import links, triage
from crm_core.models import Message
from crm_core.queries import mail_page
from crm_core.queries import triage as triage_list
from crm_core.queries.mail_page import StoredBody, StoredFile
from crm_web import mail_html, mail_pictures, quotations
from crm_web.chrome import tell
from crm_web.downloads import blob_path
from crm_web.forms import Form
from crm_web.i18n import gettext, language, ngettext
from crm_web.mail_markup import Refusal, RefusedError
from crm_web.mail_pictures import NotDrawableError
from crm_web.rooms import Room, back_to, inside, viewer
from crm_web.words import entry_name

room = Room("mail", __name__)

NEW, WHOLE, PLAIN = "neu", "ganz", "text"
VIEWS = frozenset((NEW, WHOLE, PLAIN))
_FILE_POLICY = "default-src 'none'; sandbox"


# --- the page ---------------------------------------------------------------------


@room.get("/email/<int:message_id>")
def show(message_id: int) -> str:
    """The mail: head, entries with reasons, content, attachments, conversation."""
    mail = mail_page.page(viewer(), message_id)
    waiting = None if mail.entries else triage_list.item(viewer(), message_id)
    return render_template(
        "mail/show.html", mail=mail, state=mail.content.value, waiting=waiting
    )


@room.get("/email/<int:message_id>/stand")
def content_part(message_id: int) -> str:
    """The part of the page that polls until the content is here."""
    mail = mail_page.page(viewer(), message_id)
    return render_template("mail/_content.html", mail=mail, state=mail.content.value)


@room.post("/email/<int:message_id>/inhalt-ansehen")
def want_content(message_id: int) -> Answer:
    """Have it fetched for 24 hours; written down with the name of whoever asked."""
    triage.want_content(viewer(), message_id)
    return back_to(url_for("mail.show", message_id=message_id))


@room.post("/email/<int:message_id>/loesen")
def unlink(message_id: int) -> Answer:
    """Take this mail, or its conversation, out of an entry; pinned."""
    form = Form(request.form)
    entry = viewer().entry(form.number("eintrag") or 0, write=True)
    triage.visible(viewer(), message_id)
    message = Message.get_by_id(message_id)
    if form.text("umfang") == "unterhaltung":
        links.unlink_conversation(entry, message, actor=viewer().actor)
    else:
        links.unlink_message(entry, message, actor=viewer().actor)
    tell(
        "success",
        gettext("Link to %(entry)s removed.", entry=entry_name(entry.number)),
    )
    return back_to(_onward(form, url_for("mail.show", message_id=message_id)))


def _onward(form: Form, default: str) -> str:
    wanted = form.text("weiter")
    return inside(wanted) if wanted else default


# --- the frame --------------------------------------------------------------------


@room.get("/email/<int:message_id>/inhalt")
def content(message_id: int) -> Response:
    """The document of the frame, under its own policy (``mail_html.policy``).

    First what is new, as text; the quoted history and the plain text are links in it.
    """
    body = mail_page.body(viewer(), message_id)
    parts = quotations.parts(body.text, body.new_text)
    view = request.args.get("ansicht")
    if view not in VIEWS:
        view = NEW if parts.quoted else WHOLE
    notes: list[str] = []
    shown = {
        NEW: lambda: mail_html.text_as_html(parts.new),
        WHOLE: lambda: _whole(body, notes),
        PLAIN: lambda: mail_html.text_as_html(body.text),
    }[view]()
    page = mail_html.document(
        shown,
        title=gettext("E-mail"),
        language="de-CH" if language() == "de" else "en",
        notes=notes,
        views=_views(view, body, parts),
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = mail_html.policy(_origin())
    response.headers["X-DNS-Prefetch-Control"] = "off"
    return response


def _views(
    here: str, body: StoredBody, parts: quotations.Parts
) -> list[tuple[str, str]]:
    """Addresses and names of what else can be shown of this mail."""
    offered = [
        (NEW, gettext("New text only"), bool(parts.quoted)),
        (WHOLE, gettext("Show quoted history"), bool(parts.quoted)),
        (WHOLE, gettext("With its design"), not parts.quoted and body.html is not None),
        (PLAIN, gettext("Plain text"), body.html is not None),
    ]
    return [
        (f"?ansicht={view}", name)
        for view, name, there in offered
        if there and view != here
    ]


def _whole(body: StoredBody, notes: list[str]) -> Markup:
    if body.html is None:
        return mail_html.text_as_html(body.text)
    try:
        found = mail_html.clean(body.html, _pictures(body.files))
    except RefusedError as error:
        notes.append(_refused(error.refusal))
        return mail_html.text_as_html(body.text)
    if found.blocked:
        notes.append(
            ngettext(
                "%(num)s picture from the internet was not loaded.",
                "%(num)s pictures from the internet were not loaded.",
                found.blocked,
            )
        )
    return mail_html.with_hosts(found.html)


def _refused(refusal: Refusal) -> str:
    if refusal is Refusal.SIZE:
        return gettext("This e-mail is very large: shown as plain text.")
    return gettext("This e-mail is oddly made: shown as plain text.")


def _pictures(files: tuple[StoredFile, ...]) -> dict[str, str]:
    return {
        mail_html.bare_id(file.content_id): url_for(
            "mail.picture", attachment_id=file.id
        )
        for file in files
        if file.content_id and file.sha256
    }


def _origin() -> str:
    """Scheme and host as this request names them; «http:» matches https too."""
    return f"{request.scheme}://{request.host}"


# --- attachments ------------------------------------------------------------------


@room.get("/anhang/<int:attachment_id>")
def attachment(attachment_id: int) -> Response:
    """The attachment as a download, of no type a browser would open."""
    file = mail_page.file(viewer(), attachment_id)
    return _sent(file)


@room.get("/anhang/<int:attachment_id>/bild")
def picture(attachment_id: int) -> Response:
    """A picture of a mail's text, for an ``<img>`` only; NotFound for anything else."""
    file = mail_page.file(viewer(), attachment_id)
    if request.headers.get("Sec-Fetch-Dest", "image") != "image":
        raise NotFound("there is no such attachment")
    try:
        content, kind = mail_pictures.redrawn(_path(file))
    except NotDrawableError as error:
        raise NotFound("there is no such attachment") from error
    return _guarded(Response(content, mimetype=kind))


def _sent(file: StoredFile) -> Response:
    return _guarded(
        send_file(
            _path(file),
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=_printable(file.name),
            etag=False,
        )
    )


def _printable(name: str) -> str:
    """A name that a header can hold: some mails name their files with line breaks."""
    return "".join(c for c in name if c.isprintable()).strip() or "attachment"


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _FILE_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _path(file: StoredFile) -> Path:
    """Where the content lies; NotFound if it was not stored, or is no more."""
    name = file.sha256 or ""
    path = blob_path(name)
    if not name or not path.is_file():
        raise NotFound("there is no such attachment")
    return path
