"""Programs under test: a token per group, and a client that speaks JSON."""

import copy
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crm_world import World
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm_core import database, schema
from crm_core.access import accounts
from crm_core.models import Account, TokenScope

LOGINS = {"GL": "keller", "Administration": "frei", "Werkstatt": "huber"}
PREFIX = "/api/v1"


@dataclass(slots=True)
class Program:
    """A client with one token (or none)."""

    client: FlaskClient
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        status: int | None = None,
        **headers: str,
    ) -> TestResponse:
        """Send a request; ``headers`` by name with underscores."""
        sent = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None if body is None else json.dumps(body)
        answer = self.client.open(
            PREFIX + path,
            method=method,
            data=data,
            content_type=None if data is None else "application/json",
            headers=sent,
            base_url="https://localhost",
        )
        if status is not None:
            assert answer.status_code == status, (method, path, answer.text)
        return answer

    def get(self, path: str, status: int = 200, **headers: str) -> Any:
        return self.send("GET", path, None, status, **headers).get_json()

    def post(
        self, path: str, body: object = None, status: int = 201, **headers: str
    ) -> Any:
        return self.send("POST", path, body, status, **headers).get_json()

    def put(self, path: str, body: object, status: int = 200) -> Any:
        return self.send("PUT", path, body, status).get_json()

    def patch(self, path: str, body: object, status: int = 200, **headers: str) -> Any:
        return self.send("PATCH", path, body, status, **headers).get_json()

    def delete(self, path: str, status: int = 200) -> Any:
        return self.send("DELETE", path, None, status).get_json()


def fresh_world(folder: Path) -> World:
    """A company with accounts in a database of its own, bound from now on."""
    stored, world = _template()
    path = folder / "api.db"
    path.write_bytes(stored)
    database.connect(f"sqlite:///{path}")
    return copy.copy(world)


@lru_cache(maxsize=1)
def _template() -> tuple[bytes, World]:
    """Migrated and filled once a process: that takes longer than a test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        schema.upgrade(database.connect(f"sqlite:///{path}"))
        world = World()
        _make_accounts()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes(), world


def _make_accounts() -> None:
    """Accounts for the world's staff; nobody signs in, so no password."""
    with database.transaction():
        for group, login in LOGINS.items():
            accounts.create(login, actor="test", groups=(group,))
        accounts.create("niemand", actor="test")


def token_of(login: str, scope: TokenScope = TokenScope.WRITE) -> str:
    owner = Account.get(Account.login == login)
    with database.transaction():
        return accounts.create_token("erp", scope, owner, actor="test")


def program(
    app: Flask, login: str | None, scope: TokenScope = TokenScope.WRITE
) -> Program:
    token = None if login is None else token_of(login, scope)
    return Program(app.test_client(), token)
