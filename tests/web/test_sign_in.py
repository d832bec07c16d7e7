"""Signing in and out, and the two gates in front of every unsafe request."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from pages import PASSWORD, Browser, account, browser

from crm_core import clock, database
from crm_core.access import accounts
from crm_core.models import WebSession

BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock_at() -> Iterator[list[datetime]]:
    """A clock that is set by hand: its one item is the time."""
    here = [BEGIN]
    with clock.use(lambda: here[0]):
        yield here


def test_a_page_needs_a_sign_in(stranger: Browser) -> None:
    answer = stranger.client.get("/adressen", base_url="https://localhost")
    assert answer.status_code in {303, 404}
    answer = stranger.client.get("/bestaetigen", base_url="https://localhost")
    assert answer.headers["Location"].startswith("/anmelden?weiter=/bestaetigen")


def test_the_cookie_is_host_bound_secure_and_hidden_from_scripts(app: Flask) -> None:
    answer = app.test_client().post(
        "/anmelden",
        data={"login": "gl", "password": PASSWORD},
        base_url="https://localhost",
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-sid=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie


def test_a_wrong_password_and_an_unknown_name_sound_alike(stranger: Browser) -> None:
    pages = [
        stranger.post("/anmelden", 422, login=login, password="falsch-falsch").text
        for login in ("gl", "niemand")
    ]
    assert all("Benutzername oder Passwort stimmt nicht." in page for page in pages)


def test_guessing_gets_slow(stranger: Browser) -> None:
    for _ in range(accounts.FREE_FAILURES):
        stranger.post("/anmelden", 422, login="gl", password="falsch-falsch")
    stranger.post("/anmelden", 429, login="gl", password=PASSWORD)


def test_guessing_stays_slow_and_grows_whoever_asks(
    app: Flask, clock_at: list[datetime]
) -> None:
    """Brute force: over an hour and many browsers only a few guesses count."""
    counted = sum(_guess(app, clock_at, second) for second in range(0, 3_600, 10))
    assert counted <= 20
    clock_at[0] += accounts.LONGEST_DELAY
    assert browser(app, "gl")  # never locked out


def _guess(app: Flask, clock_at: list[datetime], second: int) -> bool:
    """One guess from a fresh browser; whether it was looked at."""
    clock_at[0] = BEGIN + timedelta(seconds=second)
    answer = app.test_client().post(
        "/anmelden",
        data={"login": "gl", "password": "falsch-falsch"},
        base_url="https://localhost",
    )
    assert answer.status_code in {422, 429}
    return answer.status_code == 422


def test_without_the_delay_every_guess_counts_red_control(
    app: Flask, clock_at: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_count_failure", lambda _account: None)
    assert sum(_guess(app, clock_at, second) for second in range(0, 100, 10)) == 10


def test_a_session_value_brought_along_is_not_taken_over(app: Flask) -> None:
    """Session fixation: what was in the browser before is worth nothing after."""
    assert _fixated(app) != "vom-angreifer"
    intruder = app.test_client()
    intruder.set_cookie("__Host-sid", "vom-angreifer", domain="localhost", secure=True)
    answer = intruder.get("/bestaetigen", base_url="https://localhost")
    assert answer.headers["Location"].startswith("/anmelden")


def _fixated(app: Flask) -> str:
    """The session's value after a sign-in with a planted cookie."""
    victim = app.test_client()
    victim.set_cookie("__Host-sid", "vom-angreifer", domain="localhost", secure=True)
    victim.post(
        "/anmelden",
        data={"login": "gl", "password": PASSWORD},
        base_url="https://localhost",
    )
    cookie = victim.get_cookie("__Host-sid", domain="localhost")
    assert cookie is not None
    return cookie.value


def test_a_program_that_kept_the_value_is_found_red_control(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _size: "vom-angreifer")
    assert _fixated(app) == "vom-angreifer"


def test_a_sign_out_that_ends_no_session_is_found_red_control(
    gl: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replay: without the deletion of its row the copied cookie would still work."""
    monkeypatch.setattr(accounts, "end_session", lambda _session: None)
    cookie = gl.client.get_cookie("__Host-sid", domain="localhost")
    assert cookie is not None
    gl.post("/abmelden")
    gl.client.set_cookie("__Host-sid", cookie.value, domain="localhost", secure=True)
    gl.get("/bestaetigen")


def test_a_cookie_is_worth_nothing_after_sign_out(gl: Browser) -> None:
    cookie = gl.client.get_cookie("__Host-sid", domain="localhost")
    assert cookie is not None
    gl.post("/abmelden")
    gl.client.set_cookie("__Host-sid", cookie.value, domain="localhost", secure=True)
    answer = gl.client.get("/bestaetigen", base_url="https://localhost")
    assert answer.status_code == 303


def test_signing_in_gives_a_new_value_each_time(app: Flask) -> None:
    browser(app, "gl")
    browser(app, "gl")
    assert len({row.key_hash for row in WebSession.select()}) == 2


def test_a_new_password_ends_every_session(app: Flask, gl: Browser) -> None:
    with database.transaction():
        accounts.set_password(account("gl"), "neues-passwort", actor="test")
    answer = gl.client.get("/bestaetigen", base_url="https://localhost")
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_request_from_another_site_is_refused(
    gl: Browser, headers: dict[str, str]
) -> None:
    data = {"form_key": gl.form_key()}
    answer = gl.client.post(
        "/abmelden", data=data, headers=headers, base_url="https://localhost"
    )
    assert answer.status_code == 403


def test_a_form_without_its_key_is_refused(gl: Browser) -> None:
    answer = gl.client.post(
        "/abmelden",
        data={"form_key": "geraten"},
        headers={"Sec-Fetch-Site": "same-origin"},
        base_url="https://localhost",
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil"]
)
def test_no_sign_in_leads_to_another_site(app: Flask, onward: str) -> None:
    answer = app.test_client().post(
        "/anmelden",
        data={"login": "gl", "password": PASSWORD, "weiter": onward},
        base_url="https://localhost",
    )
    assert answer.headers["Location"] == "/"


def test_pages_carry_the_strict_policy(gl: Browser) -> None:
    answer = gl.client.get("/bestaetigen", base_url="https://localhost")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_language_switch_is_remembered(gl: Browser) -> None:
    assert "Passwort bestätigen" in gl.get("/bestaetigen")
    gl.post("/sprache", language="en", weiter="/bestaetigen")
    assert "Confirm your password" in gl.get("/bestaetigen")
