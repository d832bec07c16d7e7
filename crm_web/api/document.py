"""The OpenAPI document: what flask-openapi3 gathers, and what all routes share.

It does not depend on the installation, so that the copy in docs/ can be compared with
it and a breaking change is seen in a diff.
"""

import copy
from typing import Any

from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI

from crm_web.api import idempotency

SECURITY: dict[str, Any] = {
    "token": SecurityScheme(
        type="http", scheme="bearer", description="mailsync token add NAME --scope …"
    )
}
_INFO = {
    "title": "mailsync",
    "version": "1",
    "description": "See docs/api.md. Errors are problem details (RFC 9457).",
}
_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "The same key again gives the same answer, for 24 hours.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.LONGEST,
        "pattern": "^[!-~]+$",
    },
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the version that was read.",
    "schema": {"type": "string"},
}
_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "Of titles, details and reasons: de (default) or en.",
    "schema": {"type": "string"},
}
_ETAG = {"description": "Version of the entry", "schema": {"type": "string"}}
_LOCATION = {"description": "Where it is now", "schema": {"type": "string"}}
_WITH_VERSION = ("entries_show", "entries_change", "entries_create")


def of(app: OpenAPI) -> dict[str, Any]:
    """The document of the application's API, in a stable order."""
    found: dict[str, Any] = copy.deepcopy(app.api_doc)
    found["info"] = dict(_INFO)
    found["paths"] = {
        path: {method: _completed(method, one) for method, one in sorted(item.items())}
        for path, item in sorted(found["paths"].items())
    }
    schemas = found["components"]["schemas"]
    for schema in schemas.values():
        schema.pop("$defs", None)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    found.pop("servers", None)
    return found


def _completed(method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = operation.setdefault("parameters", [])
    parameters.append(_LANGUAGE)
    if method == "post":
        parameters.append(_KEY)
    if "412" in operation["responses"]:
        parameters.append(_IF_MATCH)
    for status, response in operation["responses"].items():
        if status in {"200", "201"}:
            headers = response.setdefault("headers", {})
            if operation["operationId"] in _WITH_VERSION:
                headers["ETag"] = _ETAG
            if status == "201" and _names_a_place(operation["operationId"]):
                headers["Location"] = _LOCATION
            if not headers:
                del response["headers"]
    return operation


def _names_a_place(operation: str) -> bool:
    return operation not in {"entries_add_note", "documents_panel"}
