"""Signing in by OpenID Connect, against an issuer over HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from issuer import CLIENT, SECRET, FakeIssuer, _new_key, issuer
from pages import Browser, account, browser
from pydantic import SecretStr
from werkzeug.test import TestResponse

from crm_core import database
from crm_core.access import accounts, staff
from crm_core.models import Account, WebSession
from crm_web.open_id import OpenIdSettings
from crm_web.pages.microsoft import COOKIE

BACK = "/anmelden/microsoft/zurueck"
ROLES = {
    "CRM.Leitung": "GL",
    "CRM.Buero": "Administration",
    "CRM.Werkstatt": "Werkstatt",
}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeIssuer]:
    with issuer() as fake:
        yield fake


@pytest.fixture
def fake(server: FakeIssuer, app: Flask) -> FakeIssuer:
    """The issuer, behaving again, and the application that trusts it."""
    server.person = FakeIssuer().person
    server.wrong, server.calls_itself, server.signs_with = {}, None, None
    app.config["SETTINGS"] = replace(
        app.config["SETTINGS"],
        open_id=OpenIdSettings(
            server.url, CLIENT, SecretStr(SECRET), claim="roles", roles=ROLES
        ),
    )
    app.jinja_env.globals["settings"] = app.config["SETTINGS"]
    with database.transaction():  # nobody's password stands in the way of «keller»
        Account.update(password_hash=None).where(Account.login == "keller").execute()
    return server


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url="https://localhost")


def to_issuer(client: FlaskClient, start: str = "/anmelden/microsoft") -> str:
    """Begin, let the person agree; the path the browser is sent back to."""
    answer = get(client, start)
    assert answer.status_code == 303, answer.text
    agreed = requests.get(answer.headers["Location"], allow_redirects=False, timeout=10)
    return str(agreed.headers["Location"]).removeprefix("https://localhost")


def sign_in(client: FlaskClient) -> TestResponse:
    return get(client, to_issuer(client))


def is_signed_in(client: FlaskClient) -> bool:
    return get(client, "/bestaetigen").status_code == 200


def test_the_first_sign_in_joins_the_account_of_the_person(
    app: Flask, fake: FakeIssuer
) -> None:
    fake.person["preferred_username"] = "mara@werft.example"
    client = app.test_client()
    answer = get(client, to_issuer(client, "/anmelden/microsoft?weiter=/suche"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/suche")
    assert is_signed_in(client)
    found = account("mara@werft.example")
    assert found.subject == f"{fake.url}|s-1"
    assert found.employee.name == "Mara Keller"
    assert staff.groups_of(found.employee) == {"Werkstatt"}
    asked = fake.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert "prompt" not in asked


def test_whose_mailbox_it_is_gets_the_account_of_that_employee(
    app: Flask, fake: FakeIssuer
) -> None:
    fake.person["preferred_username"] = "verkauf@werft.example"
    client = app.test_client()
    sign_in(client)  # a shared mailbox is nobody's: its address is a key of its own
    assert account("verkauf@werft.example").employee.key == "verkauf@werft.example"


def test_the_subject_counts_and_not_the_name(app: Flask, fake: FakeIssuer) -> None:
    sign_in(app.test_client())
    first = Account.get(Account.subject == f"{fake.url}|s-1").id
    fake.person |= {"preferred_username": "mara.meier@werft.example"}
    sign_in(app.test_client())
    assert Account.get(Account.subject == f"{fake.url}|s-1").id == first
    fake.person |= {"sub": "s-2"}
    fake.person["preferred_username"] = "keller@werft.example"
    assert sign_in(app.test_client()).status_code == 403  # that one has its owner


def test_an_account_with_a_password_is_never_taken_over(
    app: Flask, fake: FakeIssuer
) -> None:
    with database.transaction():
        accounts.create("chefin@werft.example", actor="test", password="lang-genug")
    fake.person["preferred_username"] = "chefin@werft.example"
    client = app.test_client()
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "anderer Anmeldung" in answer.text
    assert not is_signed_in(client)


@pytest.mark.parametrize("roles", [[], ["Andere.Rolle"], None, "CRM"])
def test_without_a_role_of_ours_nobody_comes_in(
    app: Flask, fake: FakeIssuer, roles: object
) -> None:
    fake.person["roles"] = roles
    client = app.test_client()
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)


def test_changed_roles_are_changed_groups_and_end_other_sessions(
    app: Flask, fake: FakeIssuer
) -> None:
    first, second = app.test_client(), app.test_client()
    sign_in(first)
    fake.person["roles"] = ["CRM.Buero", "CRM.Leitung"]
    sign_in(second)
    found = Account.get(Account.subject == f"{fake.url}|s-1")
    assert staff.groups_of(found.employee) == {"Administration", "GL"}
    assert is_signed_in(second)
    assert not is_signed_in(first)


def test_a_locked_account_stays_outside(app: Flask, fake: FakeIssuer) -> None:
    sign_in(app.test_client())
    with database.transaction():
        Account.update(active=False).execute()
    assert sign_in(app.test_client()).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-program"},
        {"nonce": "another-question"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_token_that_does_not_hold_opens_nothing(
    app: Flask, fake: FakeIssuer, wrong: dict[str, object]
) -> None:
    fake.wrong = wrong
    client = app.test_client()
    assert sign_in(client).status_code == 403
    assert not is_signed_in(client)


def test_a_token_signed_by_somebody_else_opens_nothing(
    app: Flask, fake: FakeIssuer
) -> None:
    fake.signs_with = _new_key()
    client = app.test_client()
    assert sign_in(client).status_code == 403
    fake.signs_with = None
    assert sign_in(client).status_code == 303  # red control: it was the key


def test_an_answer_to_the_question_of_another_browser_is_refused(
    app: Flask, fake: FakeIssuer
) -> None:
    attacker, victim = app.test_client(), app.test_client()
    planted = to_issuer(attacker)
    assert get(victim, planted).status_code == 403  # no question at all
    to_issuer(victim)
    assert get(victim, planted).status_code == 403  # a question of its own
    assert not is_signed_in(victim)


def test_an_answer_works_once(app: Flask, fake: FakeIssuer) -> None:
    client = app.test_client()
    back = to_issuer(client)
    cookie = client.get_cookie(COOKIE, domain="localhost")
    assert cookie is not None
    assert get(client, back).status_code == 303
    client.set_cookie(COOKIE, cookie.value, domain="localhost", secure=True)
    assert get(client, back).status_code == 403


def test_a_refusal_and_rubbish_are_told(app: Flask, fake: FakeIssuer) -> None:
    client = app.test_client()
    state = to_issuer(client).partition("state=")[2]
    assert get(client, f"{BACK}?error=access_denied&state={state}").status_code == 403
    client.set_cookie(COOKIE, "%%%", domain="localhost", secure=True)
    assert get(client, f"{BACK}?code=x&state=y").status_code == 403


def test_a_person_already_signed_in_leaves_no_second_session(
    app: Flask, fake: FakeIssuer
) -> None:
    client = browser(app, "gl").client
    sign_in(client)
    logins = [row.account.login for row in WebSession.select()]
    assert "gl" not in logins
    assert len(logins) == 1


def test_proof_is_asked_of_the_service_where_there_is_no_password(
    app: Flask, fake: FakeIssuer
) -> None:
    client = app.test_client()
    sign_in(client)
    assert "/bestaetigen/microsoft" in get(client, "/bestaetigen").text
    long_ago = WebSession.get().proved_at.replace(year=2020)
    with database.transaction():
        WebSession.update(proved_at=long_ago).execute()
    back = to_issuer(client, "/bestaetigen/microsoft?weiter=/suche")
    assert (fake.asked[-1]["prompt"], fake.asked[-1]["max_age"]) == ("login", "0")
    assert get(client, back).headers["Location"] == "/suche"
    assert accounts.is_proved(WebSession.get())


@pytest.mark.parametrize("wrong", [{"auth_time": 1_000_000_000}, {"sub": "s-9"}])
def test_an_old_sign_in_or_another_person_proves_nothing(
    app: Flask, fake: FakeIssuer, wrong: dict[str, object]
) -> None:
    client = app.test_client()
    sign_in(client)
    before = WebSession.get().proved_at
    fake.wrong = wrong
    assert get(client, to_issuer(client, "/bestaetigen/microsoft")).status_code == 403
    assert WebSession.get().proved_at == before


def test_an_issuer_that_is_away_or_another_leaves_the_password(
    app: Flask, fake: FakeIssuer
) -> None:
    fake.calls_itself = "https://elsewhere.example"
    answer = get(app.test_client(), "/anmelden/microsoft")
    assert answer.status_code == 503
    assert "Mit einem Passwort anmelden geht weiterhin" in answer.text
    assert is_signed_in(browser(app, "gl").client)


def test_where_no_issuer_is_configured_there_is_no_way_and_no_button(
    app: Flask, stranger: Browser
) -> None:
    assert get(app.test_client(), "/anmelden/microsoft").status_code == 404
    assert "/anmelden/microsoft" not in stranger.get("/anmelden")


def test_the_button_stands_below_the_form(fake: FakeIssuer, stranger: Browser) -> None:
    page = stranger.get("/anmelden?weiter=/suche")
    assert 'href="/anmelden/microsoft?weiter=/suche"' in page
    assert "Mit dem Firmenkonto anmelden" in page


def test_no_open_redirect(app: Flask, fake: FakeIssuer) -> None:
    client = app.test_client()
    back = to_issuer(client, "/anmelden/microsoft?weiter=https://evil.example/")
    assert get(client, back).headers["Location"] == "/"


def test_an_administrator_takes_a_password_away_and_the_person_comes_in(
    app: Flask, fake: FakeIssuer
) -> None:
    with database.transaction():
        accounts.create("chefin@werft.example", actor="test", password="lang-genug")
    fake.person["preferred_username"] = "chefin@werft.example"
    assert sign_in(app.test_client()).status_code == 403
    gl = browser(app, "gl")
    person = account("chefin@werft.example").employee_id
    path = f"/verwaltung/benutzer/{person}"
    assert "Passwort entfernen" in gl.get(path)
    gl.post(f"{path}/ohne-passwort")
    assert "Passwort entfernen" not in gl.get(path)
    client = app.test_client()
    assert sign_in(client).status_code == 303
    assert is_signed_in(client)


def test_the_last_password_of_an_administrator_stays(
    app: Flask, fake: FakeIssuer
) -> None:
    gl = browser(app, "gl")
    person = account("gl").employee_id
    answer = gl.post(f"/verwaltung/benutzer/{person}/ohne-passwort", 422)
    assert "muss sein Passwort behalten" in answer.text
    assert account("gl").password_hash is not None
