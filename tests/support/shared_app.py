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


_made: list[_Shared] = []


def lend(settings: WebSettings) -> Flask:
    """The application with these settings; views that a test replaced are back."""
    if not _made:
        app = create_app(settings)
        _made.append(_Shared(app, dict(app.view_functions)))
    app, views = _made[0]
    app.view_functions.clear()
    app.view_functions.update(views)
    app.config["SETTINGS"] = settings
    app.jinja_env.globals["settings"] = settings
    return app
