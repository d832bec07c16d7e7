"""How the API speaks: problems, idempotency, languages, bodies, its own description."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_client import Program, fresh_world, program
from flask import Flask
from shared_app import lend

from crm_core import clock, database
from crm_core.models import Address, IdempotencyKey
from crm_core.records import addresses
from crm_web.api import openapi
from crm_web.settings import WebSettings


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Flask]:
    fresh_world(tmp_path)
    yield lend(WebSettings(blobs=tmp_path / "blobs"))
    database.close()


@pytest.fixture
def erp(api: Flask) -> Program:
    return program(api, "keller")


# --- problems ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title"),
    [
        (None, "Nicht gefunden"),
        ("de-CH,de;q=0.9", "Nicht gefunden"),
        ("en", "Not found"),
        ("fr", "Nicht gefunden"),
    ],
)
def test_a_problem_speaks_the_language_of_the_request(
    erp: Program, language: str | None, title: str
) -> None:
    headers = {} if language is None else {"Accept-Language": language}
    erp.headers = headers
    answer = erp.send("GET", "/entries/4711", None, 404)
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["title"] == title
    assert answer.get_json()["type"] == "urn:mailsync:problem:not_found"
    assert "4711" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/gibtsnicht", 404, "not_found"),
        ("GET", "/entries/abc", 404, "not_found"),
        ("GET", "/entries/99999999999999", 404, "not_found"),
        ("POST", "/entries/99999999999999/links", 404, "not_found"),
        ("PATCH", "/entries/2147483648", 404, "not_found"),
        ("DELETE", "/entries", 405, "method"),
        ("TRACE", "/entries", 405, "method"),
    ],
)
def test_what_flask_refuses_is_a_problem_too(
    erp: Program, method: str, path: str, status: int, code: str
) -> None:
    answer = erp.send(method, path, None, status)
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == code
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"{\\"name\\": \\"x\\"}"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"name": "x"}', "text/plain", 415),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name": "x", "nam": "y"}', "application/json", 422),
        (b'{"name": 7}', "application/json", 422),
        (b'{"name": "a\\u0000b"}', "application/json", 422),
        (b'{"name": "   "}', "application/json", 422),
        (b'{"name": "x", "emails": "a@b.example"}', "application/json", 422),
        (b'{"name": "x", "kind": "boat"}', "application/json", 422),
        (b'{"name": "' + b"x" * 201 + b'"}', "application/json", 422),
        (b'{"name": "x' + b" " * (9 * 1024 * 1024) + b'"}', "application/json", 413),
    ],
    ids=range(19),
)
def test_an_unreadable_body_is_refused_and_writes_nothing(
    api: Flask, erp: Program, data: bytes, kind: str, status: int
) -> None:
    answer = api.test_client().post(
        "/api/v1/addresses",
        data=data,
        content_type=kind,
        headers={"Authorization": f"Bearer {erp.token}"},
        base_url="https://localhost",
    )
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert Address.select().count() == 0


def test_a_name_with_any_other_sign_comes_back_unchanged(erp: Program) -> None:
    for name in (
        "<script>alert(1)</script>",
        "O'Brien; --",
        "\u202eabc",
        "日本 🚤",
        "=1+1",
    ):
        found = erp.post("/addresses", {"name": name})
        assert found["name"] == name


def test_every_wrong_field_is_named(erp: Program) -> None:
    told = erp.post("/addresses", {"kind": "boat", "emails": [1], "x": 1}, 422)
    fields = {one["field"]: one["code"] for one in told["errors"]}
    assert fields == {
        "name": "missing",
        "kind": "enum",
        "emails.0": "string_type",
        "x": "extra_forbidden",
    }


def test_a_bug_is_a_problem_without_details(
    api: Flask, erp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(addresses, "get", burst)
    answer = erp.send("GET", "/addresses/1")
    assert answer.status_code == 500
    assert answer.get_json()["code"] == "internal"
    assert "secret" not in answer.text


# --- idempotency ------------------------------------------------------------------


def test_a_repeated_post_is_done_once_and_answered_alike(erp: Program) -> None:
    body = {"name": "Meier", "emails": ["m@kunde.example"]}
    first = erp.send("POST", "/addresses", body, 201, Idempotency_Key="k1")
    second = erp.send("POST", "/addresses", body, 201, Idempotency_Key="k1")
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Address.select().count() == 1
    erp.send("POST", "/addresses", body, 409, Idempotency_Key="k2")  # red control


def test_a_key_of_another_request_is_refused(erp: Program) -> None:
    erp.send("POST", "/addresses", {"name": "A"}, 201, Idempotency_Key="k1")
    told = erp.send("POST", "/addresses", {"name": "B"}, 422, Idempotency_Key="k1")
    assert told.get_json()["code"] == "key_reused"
    erp.send("POST", "/addresses", {"name": "B"}, 400, Idempotency_Key="x" * 256)
    assert Address.select().count() == 1


def test_a_key_is_its_tokens_own(api: Flask, erp: Program) -> None:
    erp.send("POST", "/addresses", {"name": "A"}, 201, Idempotency_Key="k1")
    other = program(api, "frei")
    other.send("POST", "/addresses", {"name": "B"}, 201, Idempotency_Key="k1")
    assert Address.select().count() == 2


def test_a_refusal_is_judged_anew(erp: Program) -> None:
    body = {"address_id": 1, "subtag": "stoerung", "title": "x"}
    erp.send("POST", "/entries", body, 404, Idempotency_Key="k1")
    erp.post("/addresses", {"name": "A"})
    erp.send("POST", "/entries", body, 201, Idempotency_Key="k1")


def test_a_key_is_forgotten_after_a_day(erp: Program) -> None:
    erp.send("POST", "/addresses", {"name": "A"}, 201, Idempotency_Key="k1")
    later = clock.now() + timedelta(hours=25)
    with clock.use(lambda: later):
        erp.send("POST", "/addresses", {"name": "B"}, 201, Idempotency_Key="k1")
    assert IdempotencyKey.select().count() == 1


def test_what_failed_in_the_middle_left_nothing(
    erp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = erp.post(
        "/addresses",
        {"name": "A", "emails": ["a@x.example"], "domains": ["no dot"]},
        422,
    )
    assert told["errors"][0]["field"] == "domain"
    assert Address.select().count() == 0


# --- the description --------------------------------------------------------------


def test_the_description_in_docs_is_fresh() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), (
        "run: python -m crm_web.api.openapi"
    )


def test_the_served_description_is_that_of_docs(api: Flask) -> None:
    answer = api.test_client().get("/api/v1/openapi.json", base_url="https://localhost")
    assert answer.get_json() == json.loads(openapi.text())


def test_every_route_is_described_and_every_description_has_a_route(api: Flask) -> None:
    described = {
        (method.upper(), path)
        for path, item in json.loads(openapi.text())["paths"].items()
        for method in item
    }
    served = {
        (method, _without_converters(rule.rule))
        for rule in api.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == served
    assert len(described) > 40


def _without_converters(rule: str) -> str:
    import re

    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule)


def test_every_operation_asks_for_a_token_and_names_its_problems() -> None:
    document: dict[str, Any] = json.loads(openapi.text())
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["security"] == [{"token": []}]
            assert {"401", "403", "404", "422"} <= operation["responses"].keys()
            assert operation["summary"].endswith((".", ")"))


def test_the_fixed_interface_stands_in_the_description() -> None:
    paths = json.loads(openapi.text())["paths"]
    for method, path in (
        ("post", "/addresses"),
        ("post", "/entries"),
        ("get", "/entries/{number}"),
        ("put", "/documents/{kind}/{document}"),
        ("get", "/documents/{kind}/{document}/entries"),
        ("post", "/entries/{number}/documents"),
        ("post", "/entries/{number}/links"),
        ("post", "/entries/{number}/tasks"),
        ("post", "/tasks/{task}/done"),
    ):
        assert method in paths[f"/api/v1{path}"]
