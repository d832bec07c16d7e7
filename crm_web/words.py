"""What the pages call things: one word per role, state and kind; glossary of the notes.

Functions of the templates (see ``GLOBALS``); everything in the reader's language.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

from flask import current_app
from markupsafe import Markup

from crm_core.models import AddressRole, Colour, DocumentKind, EntryStatus
from crm_web.change_words import change_text
from crm_web.i18n import gettext, show_number
from crm_web.i18n import lazy as _
from crm_web.reason_words import reason_text

ROLES: Mapping[AddressRole, str] = MappingProxyType(
    {
        AddressRole.CUSTOMER: _("Customer"),
        AddressRole.SUPPLIER: _("Supplier"),
        AddressRole.AUTHORITY: _("Authority"),
        AddressRole.OTHER: _("Other"),
    }
)
STATUSES: Mapping[EntryStatus, str] = MappingProxyType(
    {
        EntryStatus.OPEN: _("Open"),
        EntryStatus.WAITING: _("Waiting"),
        EntryStatus.CLOSED: _("Closed"),
    }
)
DOCUMENTS: Mapping[DocumentKind, str] = MappingProxyType(
    {
        DocumentKind.REPORT: _("Work report"),
        DocumentKind.DELIVERY_NOTE: _("Delivery note"),
    }
)
# In addresses of pages; the API's words are understood too.
DOCUMENT_PATHS: Mapping[str, DocumentKind] = MappingProxyType(
    {
        "rapport": DocumentKind.REPORT,
        "lieferschein": DocumentKind.DELIVERY_NOTE,
        **{kind.value: kind for kind in DocumentKind},
    }
)
_STATUS_COLOURS = {
    EntryStatus.OPEN: "primary",
    EntryStatus.WAITING: "warning",
    EntryStatus.CLOSED: "secondary",
}


def role_word(role: AddressRole) -> str:
    """Kunde, Lieferant, Amt, Andere."""
    return gettext(ROLES[role])


def status_word(status: EntryStatus) -> str:
    """Offen, Wartet, Abgeschlossen."""
    return gettext(STATUSES[status])


def status_colour(status: EntryStatus) -> str:
    """The badge's colour; the word stands in it."""
    return _STATUS_COLOURS[status]


def document_word(kind: DocumentKind) -> str:
    """Rapport, Lieferschein."""
    return gettext(DOCUMENTS[kind])


def document_href(kind: DocumentKind, number: str) -> str:
    """The document's page."""
    path = next(path for path, of in DOCUMENT_PATHS.items() if of is kind)
    return f"/belege/{path}/{quote(number, safe='')}"


def entry_name(number: int) -> str:
    """CRM-1042, as it stands in subjects."""
    return f"{current_app.config['SETTINGS'].token_prefix}-{number}"


def hue(colour: Colour) -> Markup:
    """A group's colour, beside its name: it says nothing by itself."""
    return Markup('<span class="hue hue-{}" aria-hidden="true"></span>').format(colour)


def size_text(size: int) -> str:
    """12 kB, 1.4 MB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{show_number(round(size / 1_000_000, 1))} MB"


GLOBALS: dict[str, Callable[..., object]] = {
    "role_word": role_word,
    "status_word": status_word,
    "status_colour": status_colour,
    "document_word": document_word,
    "document_href": document_href,
    "entry_name": entry_name,
    "hue": hue,
    "size_text": size_text,
    "reason_text": reason_text,
    "change_text": change_text,
}
