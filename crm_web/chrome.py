"""What stands around every page: navigation, icons, form key, messages."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, current_app, g, request, url_for
from markupsafe import Markup

from crm_core.models import Right
from crm_core.queries import triage
from crm_core.queries.triage import TriageCounts, TriageRule
from crm_web.csrf import FIELD
from crm_web.i18n import gettext

_SAID = "__Host-said"
_KINDS = frozenset({"success", "info", "warning", "danger"})


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the bar."""

    href: str
    label: str
    here: bool
    count: int = 0


def navigation() -> list[NavigationItem]:
    """The bar of a signed-in person; «Verwaltung» only with the right."""
    items: list[tuple[str, str, int]] = [
        ("/", gettext("My work"), 0),
        ("/adressen", gettext("Addresses"), 0),
        ("/eintraege", gettext("Entries"), 0),
        ("/aufgaben", gettext("Tasks"), 0),
        ("/nicht-zugeordnet", gettext("Unassigned"), waiting().all),
    ]
    if g.viewer.can(Right.ADMINISTRATION):
        items.append(("/verwaltung/postfaecher", gettext("Administration"), 0))
    return [
        NavigationItem(href, label, _is_here(href), count)
        for href, label, count in items
        if has_page(href)
    ]


def has_page(path: str) -> bool:
    """Whether there is a page at this path: no link of the frame leads nowhere."""
    return current_app.url_map.bind("").test(path, method="GET")


def triage_rule() -> TriageRule:
    """Which mail waits in «Nicht zugeordnet», by the configuration."""
    return TriageRule(current_app.config["SETTINGS"].triage)


def waiting() -> TriageCounts:
    """How much waits there for this viewer; counted once a request."""
    if "waiting" not in g:
        g.waiting = triage.counts(g.viewer, rule=triage_rule())
    found: TriageCounts = g.waiting
    return found


def _is_here(href: str) -> bool:
    if href == "/":
        return request.path == "/"
    return request.path.startswith(href.replace("/postfaecher", ""))


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


def tell(kind: str, text: str) -> None:
    """Say something on the next page (after the redirect)."""
    g.setdefault("said", []).append((kind, text[:400]))


def get_flashed() -> list[tuple[str, str]]:
    """What the request before wanted to be said; once."""
    if "heard" not in g:
        g.heard = _read(request.cookies.get(_SAID, ""))
    heard: list[tuple[str, str]] = g.heard
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


def _read(cookie: str) -> list[tuple[str, str]]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cookie.encode()))
        return [(str(k), str(t)) for k, t in found if k in _KINDS]
    except (ValueError, TypeError):
        return []


GLOBALS: dict[str, Callable[..., object]] = {
    "navigation": navigation,
    "has_page": has_page,
    "icon": icon,
    "form_key": form_key,
    "get_flashed": get_flashed,
}
