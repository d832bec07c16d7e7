"""One application a worker, lent to one test after the other with its own settings.

Flask compiles the rules of 260 routes anew for each application, and Jinja every
template: a third of a test's time. Whoever adds a route makes an application apart.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask

from crm_web.app import create_app
from crm_web.settings import WebSettings


class _Shared(NamedTuple):
    app: Flask
    views: dict[str, Callable[..., Any]]
    extensions: dict[str, Any]


_made: list[_Shared] = []


def lend(settings: WebSettings) -> Flask:
    """The application with these settings, and nothing of what it was lent for before:
    views that a test replaced are back, what it has found out (the issuer) is gone.
    """
    if not _made:
        app = create_app(settings)
        _made.append(_Shared(app, dict(app.view_functions), dict(app.extensions)))
    app, views, extensions = _made[0]
    for place, kept in ((app.view_functions, views), (app.extensions, extensions)):
        place.clear()
        place.update(kept)
    app.config["SETTINGS"] = settings
    app.jinja_env.globals["settings"] = settings
    return app
