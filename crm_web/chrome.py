"""What stands around every page: navigation, icons, form key, messages."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, current_app, g, request, url_for
from markupsafe import Markup

from crm_core import clock
from crm_core.models import Right
from crm_core.queries import sync_state as sync_states
from crm_core.queries import triage
from crm_core.queries.sync_state import SyncState
from crm_core.queries.triage import TriageCounts
from crm_web.csrf import FIELD
from crm_web.i18n import gettext, lazy

_SAID = "__Host-said"
_ADMINISTRATION = (
    ("/verwaltung/postfaecher", lazy("Mailboxes"), Right.ADMINISTRATION),
    ("/verwaltung/gruppen-tags", lazy("Groups, tags, subtags"), Right.ADMINISTRATION),
    ("/verwaltung/benutzer", lazy("Users & groups"), Right.ADMINISTRATION),
    ("/verwaltung/protokoll", lazy("Log"), Right.ADMINISTRATION),
    ("/verwaltung/schnittstellen", lazy("Interfaces"), Right.ADMINISTRATION),
    ("/verwaltung/import", lazy("Import"), Right.MASTER_DATA),
    ("/erste-schritte", lazy("First steps"), Right.ADMINISTRATION),
    ("/datenschutz", lazy("Privacy"), None),
)
_KINDS = frozenset({"success", "info", "warning", "danger"})
_KEYS = {"/adressen": "g a", "/aufgaben": "g t", "/nicht-zugeordnet": "g z"}


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the bar; ``key`` opens it."""

    href: str
    label: str
    here: bool
    count: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message. ``undo``: where a press takes back what it tells."""

    kind: str
    text: str
    undo: str = ""


def navigation() -> list[NavigationItem]:
    """The bar of a signed-in person; «Verwaltung» only with the right.

    Nothing for a person in no staff group: each link would lead to a refusal.
    """
    if not g.viewer.member:
        return []
    items: list[tuple[str, str, int]] = [
        ("/", gettext("My work"), 0),
        ("/adressen", gettext("Addresses"), 0),
        ("/eintraege", gettext("Entries"), 0),
        ("/aufgaben", gettext("Tasks"), 0),
        ("/nicht-zugeordnet", gettext("Unassigned"), waiting().all),
    ]
    if g.viewer.can(Right.ADMINISTRATION):
        first = administration_navigation()[:1]
        items += [(item.href, gettext("Administration"), 0) for item in first]
    return [
        NavigationItem(href, label, _is_here(href), count, _KEYS.get(href, ""))
        for href, label, count in items
    ]


def administration_navigation() -> list[NavigationItem]:
    """The pages of «Verwaltung» that this viewer may open; asked once a request."""
    if "administration" not in g:
        g.administration = _administration()
    found: list[NavigationItem] = g.administration
    return found


def _administration() -> list[NavigationItem]:
    return [
        NavigationItem(href, gettext(label), request.path.startswith(href))
        for href, label, right in _ADMINISTRATION
        if right is None or g.viewer.can(right)
    ]


def has_page(path: str) -> bool:
    """Whether there is a page at this path."""
    return current_app.url_map.bind("").test(path, method="GET")


def waiting() -> TriageCounts:
    """How much waits there for this viewer; counted once a request."""
    if "waiting" not in g:
        g.waiting = triage.counts(g.viewer)
    found: TriageCounts = g.waiting
    return found


def sync_state() -> SyncState:
    """Whether Exchange is reached; asked once a request."""
    if "sync_state" not in g:
        g.sync_state = sync_states.read(clock.now())
    found: SyncState = g.sync_state
    return found


def mails_waiting() -> str:
    """How many conversations wait unassigned, as far as it is counted."""
    count = waiting().unassigned
    return "99+" if count > 99 else str(count)


def _is_here(href: str) -> bool:
    if href == "/":
        return request.path == "/"
    if href.startswith("/verwaltung/"):
        return any(item.here for item in administration_navigation())
    return request.path.startswith(href)


def icon(name: str, label: str = "") -> Markup:
    """A Tabler icon; decorative unless it has a label."""
    href = url_for("static", filename="vendor/icons.svg")
    named = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        named, href, name
    )


def form_key() -> Markup:
    """The hidden field that every form of a signed-in person carries."""
    if g.get("session") is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        FIELD, g.session.form_key
    )


def tell(kind: str, text: str, *, undo: str = "") -> None:
    """Say something on the next page (after the redirect)."""
    g.setdefault("said", []).append((kind, text[:400], undo))


def get_flashed() -> list[Said]:
    """What the request before wanted to be said; once."""
    if "heard" not in g:
        g.heard = _read(request.cookies.get(_SAID, ""))
    heard: list[Said] = g.heard
    return heard


def keep_said(response: Response) -> Response:
    """Carry messages over a redirect in a short cookie; drop what was shown."""
    said = g.get("said")
    if said:
        text = json.dumps(said[-5:]).encode()
        response.set_cookie(
            _SAID,
            base64.urlsafe_b64encode(text).decode(),
            max_age=60,
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    elif g.get("heard"):
        response.delete_cookie(_SAID, path="/", secure=True, httponly=True)
    return response


def _read(cookie: str) -> list[Said]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cookie.encode()))
        heard = [Said(*map(str, one)) for one in found]
    except (ValueError, TypeError):
        return []
    return [said for said in heard if said.kind in _KINDS]


GLOBALS: dict[str, Callable[..., object]] = {
    "sync_state": sync_state,
    "mails_waiting": mails_waiting,
    "navigation": navigation,
    "administration_navigation": administration_navigation,
    "has_page": has_page,
    "icon": icon,
    "form_key": form_key,
    "get_flashed": get_flashed,
}
