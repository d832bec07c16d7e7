"""Verwaltung › Schnittstellen: values shown once, and nobody lends what is not theirs."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser, account
from statements import counted

from crm_core import clock, webhooks
from crm_core.access import accounts, calendar_feeds
from crm_core.database import transaction
from crm_core.events import Event
from crm_core.models import (
    ApiToken,
    CalendarFeed,
    GroupRight,
    Right,
    StaffGroup,
    TokenScope,
    Webhook,
    WebhookDelivery,
    WebSession,
)
from crm_web.i18n import translations
from crm_web.pages.webhooks import EVENTS

PAGE = "/verwaltung/schnittstellen"
TOKENS, HOOKS = f"{PAGE}/schluessel", f"{PAGE}/webhooks"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def token(name: str = "ERP", **more: object) -> dict[str, object]:
    return {
        "name": name,
        "account": account("gl").id,
        "scope": "read",
        "days": 90,
    } | more


def value_of(page: str) -> str:
    (found,) = re.findall(r'id="f-value"[^>]*value="([^"]+)"', page)
    return str(found)


def hook(login: str = "gl", *wanted: Event) -> Webhook:
    with transaction():
        return webhooks.add(
            "https://erp.example/hook",
            wanted or [Event.ENTRY_CREATED],
            account=account(login).id,
            actor="test",
        )


def delivery(one: Webhook) -> WebhookDelivery:
    with transaction():
        webhooks.send_test(one, actor="test")
    found: WebhookDelivery = WebhookDelivery.get()
    return found


def administrator(group: str = "Werkstatt") -> None:
    with transaction():
        row = StaffGroup.get(StaffGroup.name == group)
        GroupRight.create(staff_group=row, right=Right.ADMINISTRATION)


# --- tokens -----------------------------------------------------------------------


def test_a_token_is_shown_once_and_works(gl: Browser) -> None:
    page = gl.post(TOKENS, 200, **token()).text
    value = value_of(page)
    found = accounts.find_token(value)
    assert found is not None
    assert (found.name, found.scope) == ("ERP", TokenScope.READ)
    days = (found.expires_at - clock.now()).total_seconds() / 86_400
    assert 89.9 < days <= 90
    listed = gl.get(PAGE)
    assert "ERP" in shown(listed)
    assert "nie" in shown(listed)
    assert value not in listed
    assert value[4:] not in listed


def test_a_revoked_token_opens_nothing(gl: Browser) -> None:
    value = value_of(gl.post(TOKENS, 200, **token()).text)
    (path,) = [one for one in actions(gl.get(PAGE)) if "widerrufen" in one]
    gl.post(path)
    assert accounts.find_token(value) is None
    page = gl.get(PAGE)
    assert "widerrufen am" in shown(page)
    assert path not in actions(page)
    gl.post(path, 404)


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"scope": "all"}, {"days": 9999}, {"days": ""}, {"account": 4711}],
)
def test_a_token_that_cannot_be_made_is_told_at_its_field(
    gl: Browser, wrong: dict[str, object]
) -> None:
    answer = gl.post(TOKENS, 422, **token(**wrong))
    (name,) = wrong
    assert f'id="e-{name}"' in answer.text
    assert ApiToken.select().count() == 0


def test_an_expired_token_is_said_to_be(gl: Browser) -> None:
    gl.post(TOKENS, 200, **token())
    ApiToken.update(expires_at=clock.now() - timedelta(days=1)).execute()
    assert "abgelaufen am" in shown(gl.get(PAGE))


def test_an_administrator_makes_no_key_to_what_only_gl_reads(
    workshop: Browser, gl: Browser
) -> None:
    administrator()
    page = workshop.get(TOKENS)
    assert "keller" in page
    assert "frei (frei)" not in page
    assert "frei (frei)" in gl.get(TOKENS)  # the control
    workshop.post(TOKENS, 422, **token())
    assert ApiToken.select().count() == 0
    workshop.post(TOKENS, 200, **token(account=account("keller").id))
    fields = {"url": "https://x.example", "events": "entry.created"}
    workshop.post(HOOKS, 422, **fields, account=account("gl").id)
    assert Webhook.select().count() == 0


def test_nor_turns_a_webhook_of_gl_to_themselves(workshop: Browser) -> None:
    administrator()
    one = hook("gl")
    path = f"{HOOKS}/{one.id}"
    workshop.post(path, 403, url="https://mine.example", events="entry.created")
    workshop.post(f"{path}/geheimnis", 403)
    assert Webhook.get().url == "https://erp.example/hook"
    workshop.post(f"{path}/schalten")  # off is always allowed
    assert not Webhook.get().active


# --- who and how ------------------------------------------------------------------


def every_path(one: Webhook, row: WebhookDelivery, feed: int) -> list[tuple[str, str]]:
    path = f"{HOOKS}/{one.id}"
    return [
        ("GET", TOKENS), ("POST", TOKENS), ("POST", f"{TOKENS}/1/widerrufen"),
        ("POST", f"{PAGE}/kalender/{feed}/widerrufen"),
        ("GET", HOOKS), ("POST", HOOKS), ("GET", path), ("POST", path),
        *[("POST", f"{path}/{act}") for act in
          ("schalten", "testen", "geheimnis", "entfernen", f"erneut/{row.id}")],
    ]  # fmt: skip


def test_only_administrators_and_only_with_the_password_again(
    gl: Browser, office: Browser
) -> None:
    one = hook()
    row = delivery(one)
    office.get(PAGE, 403)
    for method, path in every_path(one, row, 1):
        if method == "GET":
            office.get(path, 403)
        else:
            office.post(path, 403)
    ago = clock.now() - accounts.PROOF_LASTS - timedelta(minutes=1)
    WebSession.update(proved_at=ago).execute()
    for method, path in every_path(one, row, 1):
        answer = (
            gl.client.get(path, base_url="https://localhost")
            if method == "GET"
            else gl.post(path)
        )
        assert answer.headers["Location"].startswith("/bestaetigen"), path
    gl.get(PAGE)
    assert Webhook.select().count() == 1
    assert ApiToken.select().count() == 0


# --- webhooks ---------------------------------------------------------------------


def test_a_webhook_is_made_and_its_secret_shown_once(gl: Browser) -> None:
    page = gl.post(
        HOOKS,
        200,
        url="https://erp.example/h",
        account=account("gl").id,
        events=["entry.created", "task.drift"],
        content="1",
    ).text
    one = Webhook.get()
    assert value_of(page) == one.secret
    assert one.events == "entry.created task.drift"
    assert one.include_content
    for path in (PAGE, f"{HOOKS}/{one.id}"):
        assert one.secret not in gl.get(path)
    renewed = gl.post(f"{HOOKS}/{one.id}/geheimnis", 200).text
    assert value_of(renewed) == Webhook.get().secret != one.secret


def test_what_is_wrong_is_told_and_the_rest_kept(gl: Browser) -> None:
    fields = {"account": account("gl").id, "url": "ftp://x", "events": "task.drift"}
    answer = gl.post(HOOKS, 422, **fields)
    assert "«ftp://x» ist keine Webadresse" in answer.text
    assert 'value="task.drift" checked' in answer.text
    assert "checked" not in answer.text.partition("task.drift")[0]
    gl.post(HOOKS, 422, **{**fields, "url": "https://x.example", "events": "boat"})


def test_changed_switched_off_and_removed(gl: Browser) -> None:
    one = hook()
    path = f"{HOOKS}/{one.id}"
    gl.post(path, url="https://other.example/", events="task.created")
    assert (Webhook.get().url, Webhook.get().events) == (
        "https://other.example/",
        "task.created",
    )
    gl.post(f"{path}/schalten")
    assert "Der Webhook ist ausgeschaltet: es wird nichts gemeldet." in gl.get(path)
    gl.post(f"{path}/schalten", on="1")
    assert Webhook.get().active
    gl.post(f"{path}/entfernen")
    gl.get(path, 404)


def test_a_receiver_that_wants_no_more_can_be_switched_on_again(gl: Browser) -> None:
    one = hook()
    row = delivery(one)
    with transaction():
        claimed = webhooks.claim(row.id)
        assert claimed is not None
        webhooks.record(claimed, status=410)
    assert "abgelehnt (410)" in gl.get(PAGE)
    page = gl.get(f"{HOOKS}/{one.id}")
    assert "Der Empfänger antwortete mit 410" in page
    assert "aufgegeben" in page
    gl.post(f"{HOOKS}/{one.id}/schalten", on="1")
    assert "abgelehnt" not in gl.get(PAGE)


def test_a_test_is_queued_and_a_delivery_sent_again(gl: Browser) -> None:
    one = hook()
    path = f"{HOOKS}/{one.id}"
    gl.post(f"{path}/testen")
    row = WebhookDelivery.get()
    assert row.event == webhooks.TEST_EVENT
    WebhookDelivery.update(
        next_attempt_at=None, attempts=7, last_status=500, last_error="HTTP 500"
    ).execute()
    page = gl.get(path)
    assert "HTTP 500 aufgegeben" in shown(page)
    (again,) = [link for link in actions(page) if "erneut" in link]
    gl.post(again)
    assert WebhookDelivery.get().attempts == 0
    assert [one_.id for one_ in WebhookDelivery.select()] == webhooks.due()


def test_a_delivery_of_another_webhook_is_not_there(gl: Browser) -> None:
    row = delivery(hook())
    other = hook()
    gl.post(f"{HOOKS}/{other.id}/erneut/{row.id}", 404)
    gl.post(f"{HOOKS}/4711/testen", 404)


def test_every_event_has_words() -> None:
    german = translations("de")
    assert set(EVENTS) == set(Event)
    assert all(german.gettext(word) != word for word in EVENTS.values())


# --- calendar addresses, and what the list costs -----------------------------------


def test_a_calendar_address_can_be_revoked(gl: Browser, office: Browser) -> None:
    with transaction():
        value = calendar_feeds.create(account("frei"), busy_only=True, actor="test")
    page = gl.get(PAGE)
    assert "nur «Beschäftigt»" in shown(page)
    (path,) = [one for one in actions(page) if "kalender" in one]
    gl.post(path)
    assert calendar_feeds.find(value) is None
    assert CalendarFeed.select().count() == 0
    gl.post(path, 404)


def test_the_page_costs_the_same_however_many_there_are(gl: Browser) -> None:
    def more() -> None:
        hook()
        with transaction():
            for login in ("gl", "frei"):
                who = account(login)
                accounts.create_token("x", TokenScope.READ, who, actor="test")
                calendar_feeds.create(who, busy_only=False, actor="test")

    more()
    few = counted(lambda: gl.get(PAGE))
    for _ in range(5):
        more()
    assert counted(lambda: gl.get(PAGE)) == few


def test_the_page_leads_to_the_api_documentation(gl: Browser) -> None:
    assert "/api/doku" in links(gl.get(PAGE))
