"""No unsafe page route does anything for a request that another site has made.

Both gates are tried on every unsafe route of the route table, with the session of
somebody who may do everything; the REST API takes no cookie at all.
"""

from collections.abc import Mapping
from pathlib import Path

import permission_table
import pytest
from flask import Flask
from permission_matrix import Matrix
from permission_table import API, Cell, Row
from werkzeug.test import TestResponse

from crm_web.app import create_app
from crm_web.settings import WebSettings

ALL = permission_table.rows_of(create_app(WebSettings(blobs=Path())))
ROWS = [row for row in ALL if row.is_unsafe and not row.is_api]
HERE = {"Sec-Fetch-Site": "same-origin"}
OURS, THEIRS = "https://localhost", "https://evil.example"
# Who asks, as a browser says it, and with which key; all of them must be refused.
ATTACKS: Mapping[str, tuple[dict[str, str], str]] = {
    "no key": (HERE, ""),
    "a guessed key": (HERE, "geraten"),
    "the key of another session": (HERE, "another"),
    "from another site, with the key": ({"Sec-Fetch-Site": "cross-site"}, "own"),
    "from a sister site, with the key": ({"Sec-Fetch-Site": "same-site"}, "own"),
    "an old browser, another origin": ({"Origin": THEIRS}, "own"),
    "an old browser, no origin, no key": ({}, ""),
    "a page without origin": ({"Origin": "null"}, "own"),
}


def send(matrix: Matrix, app: Flask, row: Row, attack: str) -> TestResponse:
    """The row's form as it should be sent, but for what the attack changes."""
    headers, key = ATTACKS[attack]
    value, own = matrix.world.cookies["gl"]
    keys = {"own": own, "another": matrix.world.cookies["frei"][1]}
    bundle = matrix.world.bundles["verkauf_gl"]
    fields = permission_table.fields(permission_table.fill(row.body, bundle))
    return app.test_client(use_cookies=False).open(
        permission_table.address(row.rule, bundle),
        method=row.method,
        data={**fields, "form_key": keys.get(key, key)},
        headers={**headers, "Cookie": f"__Host-sid={value}"},
        base_url=OURS,
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_unsafe_route_refuses(matrix: Matrix, attack: str) -> None:
    assert len(ROWS) > 40
    for row in ROWS:
        before = matrix.version()
        answer = send(matrix, matrix.app, row, attack)
        assert answer.status_code == 403, (attack, row.name)
        assert matrix.version() == before, (attack, row.name)


def test_every_unsafe_route_of_the_route_table_is_tried(matrix: Matrix) -> None:
    there = {
        route
        for route in permission_table.routes(matrix.app)
        if route[0] not in permission_table.SAFE and not route[1].startswith(f"{API}/")
    }
    assert there == {row.route for row in ROWS}


def test_the_api_takes_no_cookie(matrix: Matrix) -> None:
    for row in (row for row in ALL if row.is_api):
        own = "own" if row.has_object else ""
        answer, changed = matrix.ask(Cell(row, "gl", own, "cookie"))
        assert (answer.status_code, changed) == (401, False), row.name


def test_the_same_form_is_accepted_with_its_key_red_control(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ATTACKS, "none", (HERE, "own"))
    for row in ROWS:
        answer = send(matrix, matrix.app, row, "none")
        assert answer.status_code != 403, row.name
        matrix.restore()


def test_without_the_gates_the_attacks_succeed_red_control(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_web.csrf.check", lambda _request: None)
    app = create_app(WebSettings(blobs=matrix.world.blobs))
    (row,) = [r for r in ROWS if r.rule == "/eintraege/<int:number>/notiz"]
    for attack in ATTACKS:
        before = matrix.version()
        assert send(matrix, app, row, attack).status_code == 303, attack
        assert matrix.version() != before
        matrix.restore()
