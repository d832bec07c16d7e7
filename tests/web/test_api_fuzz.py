"""Every operation of the description, fed with what fits it and what does not.

Half of the examples fit the schema, and most of those are led to things that exist; the
other half break it somewhere. Never a server error, never an answer that the description
does not promise. 25 examples an operation, 100 with ``--whole-corpus``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_client import fresh_world, token_of
from crm_world import World
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from shared_app import lend

from crm_core import database
from crm_web.api import openapi
from crm_web.settings import WebSettings

DOCUMENT: dict[str, Any] = json.loads(openapi.text())
for _item in DOCUMENT["paths"].values():
    for _operation in _item.values():
        del _operation["security"]  # every request has the token: test_api_tokens.py
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [
    (method, path) for path, item in DOCUMENT["paths"].items() for method in item
]
# What fits the schema may still be refused: an address that is another's, a day in 1826.
# So «positive data is accepted» is no check here; all others are.
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KNOWN_PATH = {
    "number": 1001,
    "address": 1,
    "task": 1,
    "mail": 1,
    "conversation": 1,
    "case": 1,
    "kind": "report",
    "document": "R-1",
    "erp_number": "K-1",
}
KNOWN_BODY = {
    "address_id": 1,
    "subtag": "stoerung",
    "employee": "huber",
    "responsible": "frei",
    "message_id": "<m1@kunde.example>",
    "number": "R-1",
    "kind": "report",
    "due_by": "2026-11-27",
    "do_on": None,
    "minutes": None,
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Flask]:
    world: World = fresh_world(tmp_path)
    customer = world.address("Meier", "meier@kunde.example")
    entry = world.entry(customer)
    world.task(entry)
    world.link_document(entry, world.document("R-1"))
    world.mail()
    yield lend(WebSettings(blobs=tmp_path / "blobs"))
    database.close()


def examples(whole_corpus: bool) -> int:
    return 100 if whole_corpus else 25


def can_misfit(method: str, path: str) -> bool:
    """Whether there is anything that a request could get wrong."""
    operation = DOCUMENT["paths"][path][method]
    places = {one["in"] for one in operation["parameters"]}
    return "requestBody" in operation or bool(places & {"path", "query"})


def run(app: Flask, method: str, path: str, mode: GenerationMode, count: int) -> None:
    """Send ``count`` generated requests and check every answer."""
    SCHEMA.app = app
    operation = SCHEMA[path][method]
    token = token_of("keller")
    fits = mode is GenerationMode.POSITIVE
    checks = CHECKS if fits else [*CHECKS, negative_data_rejection]

    @given(case=operation.as_strategy(generation_mode=mode), led=st.booleans())
    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: schemathesis.Case, led: bool) -> None:
        if fits and led:
            lead(case)
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, checks=checks, app=app
        )

    send()


def lead(case: schemathesis.Case) -> None:
    """To things that exist, so that an example gets past «not found»."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = KNOWN_PATH[name]
    if isinstance(case.body, dict):
        wanted = {name: KNOWN_BODY[name] for name in case.body if name in KNOWN_BODY}
        case.body.update(wanted)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_fitting_request_breaks_a_promise(
    api: Flask, method: str, path: str, whole_corpus: bool
) -> None:
    wanted = examples(whole_corpus)
    count = wanted - wanted // 2 if can_misfit(method, path) else wanted
    run(api, method, path, GenerationMode.POSITIVE, count)


@pytest.mark.parametrize(
    ("method", "path"), [one for one in OPERATIONS if can_misfit(*one)]
)
def test_no_misfit_is_taken_or_breaks_a_promise(
    api: Flask, method: str, path: str, whole_corpus: bool
) -> None:
    run(api, method, path, GenerationMode.NEGATIVE, examples(whole_corpus) // 2)


def test_a_broken_promise_is_seen(api: Flask) -> None:
    """Red control: an answer that the description does not promise."""
    api.view_functions["api_health.show"] = lambda: ("{}", 200)
    with pytest.raises(FailureGroup):
        run(api, "get", "/api/v1/health", GenerationMode.POSITIVE, 2)


def test_a_server_error_is_seen(api: Flask) -> None:
    """Red control: a route that fails."""
    api.view_functions["api_health.show"] = lambda: ("{}", 500)
    with pytest.raises(FailureGroup):
        run(api, "get", "/api/v1/health", GenerationMode.POSITIVE, 2)
