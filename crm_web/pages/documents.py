"""Belege: work reports and delivery notes, the entries they show, linking them."""

from urllib.parse import urlencode, urlsplit

from flask import abort, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.models import Address, Document, DocumentKind
from crm_core.queries import address_page, document_page, entry_page
from crm_core.records import documents
from crm_web.chrome import tell
from crm_web.forms import Form
from crm_web.fragments import layout
from crm_web.i18n import gettext
from crm_web.rooms import Room, back_to, viewer
from crm_web.words import DOCUMENT_PATHS, document_href, document_word

room = Room("documents", __name__)


@room.get("/belege")
def listing() -> str:
    """All documents, the newest first."""
    text = request.args.get("q", "")[:100]
    page = address_page.documents(viewer(), text=text, before=request.args.get("vor"))
    following = None
    if page.before:
        kept = {"q": text, "vor": page.before}
        following = f"{url_for('.listing')}?{urlencode(kept)}"
    return render_template(
        "documents/list.html", page=page, text=text, following=following
    )


@room.get("/belege/<kind>/<path:number>")
def show(kind: str, number: str) -> str:
    """A document with the entries it is linked to (those the viewer may read)."""
    document = documents.by_number(_kind(kind), number)
    return render_template(
        "documents/show.html",
        document=document,
        address=_address(document),
        link=_safe(document.url),
        entries=document_page.entries_of(viewer(), document.id),
        open_entries=_open_entries(document),
    )


@room.post("/belege/<kind>/<path:number>", endpoint="link_here")
def link_here(kind: str, number: str) -> Response:
    """Link the document to one of its address's entries."""
    document = documents.by_number(_kind(kind), number)
    entry = viewer().entry(Form(request.form).number("entry") or 0, write=True)
    documents.link(entry, document, actor=viewer().actor)
    tell("success", gettext("Document linked."))
    return back_to(document_href(document.kind, document.number))


# --- in an entry ------------------------------------------------------------------


@room.get("/eintraege/<int:number>/belege")
def choose(number: int) -> str:
    """«Beleg verlinken»: documents of the participants, or by number."""
    viewer().entry(number, write=True)
    return _choice_page(number, Form())


@room.get("/eintraege/<int:number>/belege/auswahl")
def options(number: int) -> str:
    """The list alone, while somebody types: a fragment."""
    viewer().entry(number, write=True)
    rows = document_page.choices(viewer(), number, _text())
    return render_template("entries/document_options.html", rows=rows, text=_text())


@room.post("/eintraege/<int:number>/belege", endpoint="link")
def link(number: int) -> Response | tuple[str, int]:
    """Link the ticked documents; each then shows the entry."""
    entry = viewer().entry(number, write=True)
    form = Form(request.form)
    wanted = [text.partition("/") for text in form.many("document")][:50]
    if not wanted:
        form.errors["document"] = gettext("Please tick at least one document.")
        return _choice_page(number, form), 422
    for kind, _slash, document in wanted:
        found = documents.by_number(_kind(kind), document)
        documents.link(entry, found, actor=viewer().actor)
        named = f"{document_word(found.kind)} {found.number}"
        tell("success", gettext("%(document)s linked.", document=named))
    return back_to(f"{url_for('entries.show', number=number)}#belege")


@room.post("/eintraege/<int:number>/belege/entfernen")
def unlink(number: int) -> Response:
    """Take a document out of the entry."""
    entry = viewer().entry(number, write=True)
    kind, _slash, document = Form(request.form).text("document").partition("/")
    found = documents.by_number(_kind(kind), document)
    documents.unlink(entry, found, actor=viewer().actor)
    named = f"{document_word(found.kind)} {found.number}"
    tell("success", gettext("%(document)s is no longer linked.", document=named))
    return back_to(f"{url_for('entries.show', number=number)}#belege")


def _text() -> str:
    return request.args.get("q", "")[:100]


def _choice_page(number: int, form: Form) -> str:
    return render_template(
        "entries/link_document.html",
        layout=layout(),
        head=entry_page.head(viewer(), number),
        rows=document_page.choices(viewer(), number, _text()),
        text=_text(),
        form=form,
    )


def _kind(word: str) -> DocumentKind:
    if word not in DOCUMENT_PATHS:
        abort(404)
    return DOCUMENT_PATHS[word]


def _address(document: Document) -> Address | None:
    if document.address_id is None:
        return None
    found: Address | None = Address.get_or_none(Address.id == document.address_id)
    return found


def _open_entries(document: Document) -> tuple[address_page.OpenEntry, ...]:
    if document.address_id is None:
        return ()
    return address_page.open_entries(viewer(), document.address_id)


def _safe(address: str) -> str:
    """The ERP's own page of it: a web address, or nothing."""
    return address if urlsplit(address).scheme in {"http", "https"} else ""
