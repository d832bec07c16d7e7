"""Search: one field, hits of every kind in groups, marked words, numbers that jump."""

import re

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core.models import AddressRole, DocumentKind, EntryStatus, Findable
from crm_core.queries import search
from crm_core.queries.search import Found, Hit
from crm_web.i18n import gettext
from crm_web.i18n import lazy as _
from crm_web.rooms import Room, viewer
from crm_web.words import document_href, document_word, role_word, status_word

room = Room("search", __name__)

_OF_EACH, _OF_ONE = 10, 100
_PREFIXED = re.compile(r"\W*[^\W\d]\w*-\S+", re.ASCII)  # CRM-1042, LS-2026-0815
_KINDS = {
    "eintraege": (Findable.ENTRY, _("Entries")),
    "adressen": (Findable.ADDRESS, _("Addresses")),
    "e-mails": (Findable.MESSAGE, _("E-mails")),
    "aufgaben": (Findable.TASK, _("Tasks")),
    "belege": (Findable.DOCUMENT, _("Documents")),
}
# What people also call a group of hits, typed alone: it leads to that list.
_LISTS = {"pendenzen": "/aufgaben", "todo": "/aufgaben", "todos": "/aufgaben"}


@room.get("/suche")
def results() -> str | Response:
    """Hits; a number with its prefix opens its record at once."""
    text = request.args.get("q", "").strip()
    kind = request.args.get("typ", "")
    if text.lower() in _LISTS:
        return redirect(_LISTS[text.lower()])
    found = _find(text, kind)
    if found.jump is not None and _PREFIXED.fullmatch(text) and not kind:
        return redirect(address_of(found.jump))
    return render_template(
        "search.html",
        text=text,
        kind=kind if kind in _KINDS else "",
        kinds=[(key, gettext(name)) for key, (_, name) in _KINDS.items()],
        names={found: gettext(name) for found, name in _KINDS.values()},
        keys={found: key for key, (found, _) in _KINDS.items()},
        found=found,
        address_of=address_of,
        state_of=state_of,
    )


def _find(text: str, kind: str) -> Found:
    if kind in _KINDS:
        return search.search(viewer(), text, _OF_ONE, (_KINDS[kind][0],))
    return search.search(viewer(), text, _OF_EACH)


def address_of(hit: Hit) -> str:
    """The page of what was found."""
    if hit.kind is Findable.ENTRY:
        return url_for("entries.show", number=int(hit.number))
    if hit.kind is Findable.ADDRESS:
        return url_for("addresses.crm", address_id=hit.id)
    if hit.kind is Findable.MESSAGE:
        return url_for("mail.show", message_id=hit.id)
    if hit.kind is Findable.TASK:
        return url_for("entries.show", number=hit.entries[0]) + f"#aufgabe-{hit.id}"
    return document_href(DocumentKind(hit.sort), hit.number)


def state_of(hit: Hit) -> str:
    """A word beside the title: the status of an entry, the kind of a document."""
    if hit.kind is Findable.ENTRY:
        return status_word(EntryStatus(hit.sort))
    if hit.kind is Findable.ADDRESS:
        return role_word(AddressRole(hit.sort))
    if hit.kind is Findable.DOCUMENT:
        return document_word(DocumentKind(hit.sort))
    return ""
