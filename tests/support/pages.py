"""The pages under test without a network: an application, people, their clients."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm_core import database
from crm_core.access import accounts
from crm_core.models import Access, Account, Keep, MailboxKind, Visibility
from crm_core.polling import mailboxes
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from crm_web.app import create_app
from crm_web.settings import WebSettings

PASSWORD = "see-und-segel"
# What it costs to guess is tested in tests/integration/test_people.py, with the real one.
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PEOPLE = {"gl": "GL", "frei": "Administration", "keller": "Werkstatt"}
ADDRESSES = ("verkauf@werft.example", "werkstatt@werft.example")


@dataclass(frozen=True, slots=True)
class Browser:
    """One person's client: keeps cookies, fills in the form key by itself."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, base_url="https://localhost")
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.text

    def form_key(self) -> str:
        page = self.client.get("/bestaetigen", base_url="https://localhost").text
        found = re.search(r'name="form_key" value="([^"]+)"', page)
        return found.group(1) if found else ""

    def post(self, path: str, status: int = 303, **fields: object) -> TestResponse:
        data = {"form_key": self.form_key(), **fields}
        answer = self.client.post(
            path,
            data=data,
            base_url="https://localhost",
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer

    def location(self, path: str, **fields: object) -> str:
        """Post, and where it leads."""
        return str(self.post(path, **fields).headers["Location"])


def application(folder: Path) -> Flask:
    """The application over the bound database, with people, mailboxes, taxonomy."""
    from datetime import date

    with database.transaction():
        mailboxes.mirror(
            [
                mailboxes.MailboxSettings(
                    address=address,
                    server="main",
                    kind=MailboxKind.SHARED,
                    keep=Keep.LINKED,
                    visibility=tuple((g, Visibility.FULL) for g in PEOPLE.values()),
                )
                for address in ADDRESSES
            ],
            ["werft.example"],
            today=date(2026, 11, 24),
            actor="test",
        )
        classification.import_taxonomy(taxonomy(), actor="test")
        for login, group in PEOPLE.items():
            accounts.create(login, actor="test", password=PASSWORD, groups=(group,))
    return create_app(WebSettings(blobs=folder / "blobs"))


def taxonomy() -> list[TagGroupSpec]:
    """Two groups: «verkauf» for the office, «werkstatt» for all."""
    full = Access.FULL
    return [
        TagGroupSpec(
            "verkauf",
            "Verkauf",
            (("GL", full), ("Administration", full)),
            (
                TagSpec(
                    "boot", "Boot", (SubtagSpec("offerte", "Offerte", ("offerte",)),)
                ),
            ),
        ),
        TagGroupSpec(
            "werkstatt",
            "Werkstatt",
            (("GL", full), ("Administration", Access.READ), ("Werkstatt", full)),
            (TagSpec("motor", "Motor", (SubtagSpec("stoerung", "Motorstörung"),)),),
        ),
    ]


def browser(app: Flask, login: str | None = None) -> Browser:
    """A client, signed in as ``login`` unless None."""
    client = app.test_client()
    if login is not None:
        answer = client.post(
            "/anmelden",
            data={"login": login, "password": PASSWORD},
            base_url="https://localhost",
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == 303, answer.text
    return Browser(client)


def account(login: str) -> Account:
    found = Account.get(Account.login == login)
    assert isinstance(found, Account)
    return found
