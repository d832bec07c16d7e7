"""The REST API ``/api/v1`` for other programs: bearer tokens, JSON, problems.

    resource      what every route shares: token, scope, one transaction, answers
    tokens        who asks; a token acts as its account and never beyond
    problems      RFC 9457 for everything that goes wrong
    idempotency   a repeated POST is answered as before
    values        types of bodies, queries and answers       views   answers' models
    document      the OpenAPI document                       openapi  writes it to docs/

A file per resource. No cookie is looked at anywhere below ``/api/v1``.
"""

from flask import Flask, Response, jsonify
from flask_openapi3.openapi import OpenAPI

from crm_web.api import (
    addresses,
    conversations,
    document,
    documents,
    entries,
    exports,
    health,
    links,
    mailboxes,
    participants,
    problems,
    review_cases,
    suggestions,
    tasks,
)
from crm_web.api.resource import PREFIX

RESOURCES = (
    addresses.resource,
    entries.resource,
    exports.resource,
    links.resource,
    participants.resource,
    tasks.resource,
    conversations.resource,
    documents.resource,
    suggestions.resource,
    review_cases.resource,
    mailboxes.resource,
    health.resource,
)


def register(app: OpenAPI) -> None:
    """Put every resource and the OpenAPI document below ``/api/v1``."""
    app.before_request(problems.choose_language)
    app.validation_error_callback = problems.of_validation
    app.validation_error_model = problems.Problem
    app.security_schemes = document.SECURITY
    for resource in RESOURCES:
        app.register_api(resource)
    _serve_document(app)


def _serve_document(app: OpenAPI) -> None:
    def openapi() -> Response:
        """The document, for everybody: it says nothing about this installation."""
        return jsonify(document.of(app))

    openapi.is_public = True  # type: ignore[attr-defined]  # a mark on a function
    Flask.add_url_rule(app, f"{PREFIX}/openapi.json", "api_openapi", openapi)
