"""The blueprint of every page file, and what a route says about itself.

A route is for signed-in people unless it says ``@public``; ``@needs(right)`` asks for a
right, ``@proved`` for a password typed in the last minutes. Signed-in people who are in
no staff group get only what is ``@open_without_group``. Unsafe routes run in one
transaction: what a view raises leaves nothing behind. The permission matrix test reads
these marks off the route table.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, redirect, request, url_for
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from crm_core import database
from crm_core.access import accounts
from crm_core.access.viewer import Viewer
from crm_core.models import Right

View = TypeVar("View", bound=Callable[..., Any])


class RowNumber(IntegerConverter):
    """``<int:…>``: what no row can be called is no address of a page (404).

    By the pattern, not only by ``max``: werkzeug asks that after the method, and would
    answer 405 where another rule has the same path.
    """

    regex = r"(?:[0-9]{1,9}|1[0-9]{9}|20[0-9]{8})"

    def __init__(self, map: Map, **options: Any) -> None:  # noqa: A002 - werkzeug's
        super().__init__(map, **{"max": 2**31 - 1, **options})


class Room(Blueprint):
    """A blueprint whose POST routes are one transaction each."""

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """An unsafe route; nothing it wrote stays if it raises."""

        def register(view: View) -> View:
            @wraps(view)
            def in_transaction(*args: Any, **values: Any) -> Any:
                with database.transaction():
                    return view(*args, **values)

            self.add_url_rule(
                rule,
                options.pop("endpoint", view.__name__),
                in_transaction,
                methods=["POST"],
                **options,
            )
            return view

        return register


def viewer() -> Viewer:
    """Who looks; only on routes that need a sign-in."""
    found: Viewer = g.viewer
    return found


def public(view: View) -> View:
    """Open to everybody, signed in or not."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def open_without_group(view: View) -> View:
    """Open to signed-in people who are in no staff group (yet), too."""
    view.is_open_without_group = True  # type: ignore[attr-defined]  # a mark
    return view


def needs(right: Right) -> Callable[[View], View]:
    """Only for groups that have this right; others get 403."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            viewer().require(right)
            return view(*args, **values)

        guarded.right = right  # type: ignore[attr-defined]  # a mark on a function
        return guarded  # type: ignore[return-value]  # same signature

    return mark


def proved(view: View) -> View:
    """Ask for the password again unless it was typed in the last minutes."""

    @wraps(view)
    def guarded(*args: Any, **values: Any) -> Any:
        if not accounts.is_proved(g.session):
            return back_to(url_for("session.prove", weiter=_page_asked_for()))
        return view(*args, **values)

    guarded.is_proved = True  # type: ignore[attr-defined]  # a mark on a function
    return guarded  # type: ignore[return-value]  # same signature


def path_asked_for() -> str:
    """Path and query of this request: where to come back to."""
    return request.full_path.rstrip("?")


def _page_asked_for() -> str:
    """Where to go on after the password: this page, or the one a form stands on.

    A form posts to a path of its own below its page's; the nearest page is shown then.
    """
    if request.method in {"GET", "HEAD"}:
        return path_asked_for()
    pages = current_app.url_map.bind("")
    path = request.path
    while path and not pages.test(path, method="GET"):
        path = path.rpartition("/")[0]
    return path or "/"


def back_to(address: str) -> Response:
    """After a POST: see other (303), so that a reload repeats nothing."""
    return redirect(address, code=303)


def inside(address: str) -> str:
    """Only a path of ours: no open redirect, and no line break for a header."""
    if not address.isprintable():
        return "/"
    parts = urlsplit(address)
    here = not parts.scheme and not parts.netloc and address.startswith("/")
    return address if here and not address.startswith(("//", "/\\")) else "/"
