"""create_app: rooms, a connection per request, headers, error pages."""

import importlib
import pkgutil
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.exceptions import HTTPException

from crm_core import clock, database, languages
from crm_core.errors import Conflict, CrmError, Forbidden, NotFound
from crm_core.sentences import say
from crm_web import (
    api,
    auth,
    chrome,
    csrf,
    i18n,
    mailbox_words,
    pages,
    task_words,
    taxonomy_words,
    words,
)
from crm_web.api.resource import PREFIX
from crm_web.rooms import Room, RowNumber
from crm_web.settings import WebSettings

# No 'unsafe-*', no nonce, no other host (docs/architecture.md, web rules).
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STATUS_OF = {NotFound: 404, Forbidden: 403, Conflict: 409}
MOST_BYTES = 8 * 1024 * 1024


def create_app(settings: WebSettings) -> Flask:
    """The application over the bound database. Nothing is read from the environment."""
    app = OpenAPI(
        __name__,
        info=Info(title="mailsync", version="1"),
        doc_ui=False,
        static_folder="static",
    )
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # default provider
    app.url_map.converters["int"] = RowNumber
    _templates(app)
    app.before_request(_begin)
    app.after_request(_headers)
    app.after_request(chrome.keep_said)
    app.teardown_request(_end)
    app.register_error_handler(CrmError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(database.Busy, _busy)
    for room in _rooms():
        app.register_blueprint(room)
    api.register(app)
    return app


def _rooms() -> list[Room]:
    """Every ``room`` of ``crm_web.pages``: a new file there is a new room."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    modules = [importlib.import_module(f"crm_web.pages.{name}") for name in names]
    return [module.room for module in modules if hasattr(module, "room")]


def _templates(app: Flask) -> None:
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.trim_blocks = env.lstrip_blocks = True
    install = env.install_gettext_callables  # type: ignore[attr-defined]  # extension
    install(i18n.gettext, i18n.ngettext, newstyle=False)
    env.globals.update(
        _=i18n.gettext,
        settings=app.config["SETTINGS"],
        now=clock.now,
        language=i18n.language,
        **chrome.GLOBALS,
        **words.GLOBALS,
        **task_words.GLOBALS,
        **taxonomy_words.GLOBALS,
        **mailbox_words.GLOBALS,
    )
    env.filters.update(
        date=i18n.show_date,
        time=i18n.show_time,
        clock=lambda value: i18n.show_clock(value, clock.now()),
        weekday=i18n.show_weekday,
        short_day=i18n.show_short_day,
        time_of_day=i18n.show_time_of_day,
        ago=lambda value: i18n.show_ago(value, clock.now()),
        number=i18n.show_number,
    )


def _begin() -> Any:
    from flask import current_app

    if request.endpoint == "static":
        return None
    g.language = (
        request.cookies.get("language") or current_app.config["SETTINGS"].language
    )
    if request.path.startswith("/api/v1"):
        g.session = g.account = g.viewer = g.worn = None
        languages.read_in("de")  # programs read the same names, whoever's token it is
        return None
    auth.load(request)
    if g.account is not None:
        g.language = g.account.language
    if g.language not in i18n.LANGUAGES:
        g.language = "de"
    languages.read_in(g.language)
    csrf.check(request)
    return auth.demand(current_app)


def _end(_error: BaseException | None) -> None:
    database.close()


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "interest-cohort=()")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(error: CrmError) -> Any:
    if _is_of_api():
        return api.problems.of_error(error)
    status = next(
        (code for kind, code in _STATUS_OF.items() if isinstance(error, kind)), 422
    )
    return _error_page(status, say(error, i18n.language())), status


def _busy(_error: Exception) -> Any:
    if _is_of_api():
        response = api.problems.answer(503, "busy")
    else:
        sentence = i18n.gettext(
            "The database is being written to right now, and nothing of yours has "
            "been saved. Please try again in a moment."
        )
        response = make_response(_error_page(503, sentence), 503)
    response.headers["Retry-After"] = "5"
    return response


def _http_error(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    if _is_of_api():
        return api.problems.of_http(error)
    status = error.code or 500
    sentence = {
        403: i18n.gettext("This request was not accepted. Please go back and reload."),
        404: i18n.gettext("There is nothing here."),
        405: i18n.gettext("This does not work here."),
        413: i18n.gettext("That is too large."),
    }.get(status, i18n.gettext("Something went wrong. It has been logged."))
    return _error_page(status, sentence), status


def _is_of_api() -> bool:
    return request.path.startswith(f"{PREFIX}/")


def _error_page(status: int, sentence: str) -> str:
    return render_template("error.html", status=status, sentence=sentence)
