"""Webhooks: who hears of what, and that the receiver can trust it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
from crm_world import World
from receiver import Receiver, receiver

from crm_core import clock, events, webhooks
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.errors import Invalid
from crm_core.events import Event
from crm_core.linking import holds, links
from crm_core.models import (
    Account,
    AuditEvent,
    Entry,
    Hold,
    MailFolder,
    Webhook,
    WebhookDelivery,
)
from crm_core.records import entries, tasks
from mailsync import webhooks as delivery

pytestmark = pytest.mark.usefixtures("db")

LOOPBACK = delivery.Allowed.of(["127.0.0.0/8"])


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as told:
        yield told


def account(key: str) -> Account:
    with transaction():
        return accounts.create(key, actor="test")


def hook(
    world: World,
    *wanted: Event,
    who: str = "keller",
    url: str = "https://erp.example/",
    content: bool = False,
) -> Webhook:
    mine = account(who)
    with transaction():
        return webhooks.add(
            url, wanted or Event, account=mine.id, actor="test", include_content=content
        )


def told() -> list[tuple[str, dict[str, object]]]:
    rows = WebhookDelivery.select().order_by(WebhookDelivery.made_at)
    return [
        (row.event, json.loads(row.body)["data"])
        for row in sorted(rows, key=lambda row: row.id)
    ]


def deliver(allowed: delivery.Allowed = LOOPBACK) -> int:
    return delivery.deliver_due(allowed, lambda: False)


# --- what is told -----------------------------------------------------------------


def test_every_event_is_told_by_ids_only(world: World) -> None:
    hook(world)
    meier = world.address("Meier", "meier@kunde.example")
    mail = world.mail(subject="Geheim")
    entry = world.entry(meier, "Geheimer Titel")
    task = world.task(entry, "Geheime Aufgabe")
    world.link(entry, mail)
    with transaction():
        tasks.edit(task.id, actor="test", title="Anders geheim")
        tasks.complete(task.id, actor="test")
        links.unlink_message(entry, mail, actor="test")
    world.link_document(entry, world.document("R-1", "Geheimer Rapport"))
    world.close(entry)
    assert told() == [
        ("entry.created", {"entry": 1001}),
        ("task.created", {"entry": 1001, "task": task.id}),
        (
            "email.linked",
            {
                "entry": 1001,
                "reason": "manual",
                "message": mail.id,
                "conversation": mail.conversation_id,
            },
        ),
        ("task.updated", {"entry": 1001, "task": task.id}),
        ("task.completed", {"entry": 1001, "task": task.id}),
        (
            "email.unlinked",
            {
                "entry": 1001,
                "message": mail.id,
                "conversation": mail.conversation_id,
            },
        ),
        ("document.linked", {"entry": 1001, "kind": "report", "number": "R-1"}),
        ("entry.closed", {"entry": 1001}),
    ]
    bodies = "".join(row.body for row in WebhookDelivery.select())
    assert "eheim" not in bodies


def test_texts_are_told_where_the_webhook_asks_for_them(world: World) -> None:
    hook(world, Event.EMAIL_LINKED, content=True)
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.link(entry, world.mail(subject="Mast", body="Der Mast ist krumm."))
    ((_, data),) = told()
    assert data["subject"] == "Mast"
    assert data["text"] == "Der Mast ist krumm."


def test_a_mail_seen_by_its_subject_is_told_without_its_text(world: World) -> None:
    hook(world, Event.EMAIL_LINKED, who="huber", content=True)
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.link(entry, world.mail(subject="Mast", body="krumm", box="werkstatt"))
    ((_, data),) = told()
    assert data["subject"] == "Mast"
    assert "text" not in data


def test_a_mail_the_account_may_not_see_is_not_told_of(world: World) -> None:
    hook(world, Event.EMAIL_LINKED, who="huber")
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.link(entry, world.mail(box="leitung"))
    assert told() == []


@pytest.mark.parametrize(
    ("subtag", "management_only"), [("offerte", False), ("stoerung", True)]
)
def test_an_entry_hidden_from_the_account_is_not_told_of(
    world: World, subtag: str, management_only: bool
) -> None:
    hook(world, who="huber")
    meier = world.address("Meier", "meier@kunde.example")
    entry = world.entry(meier, subtag=subtag, management_only=management_only)
    world.task(entry)
    world.close(entry)
    assert told() == []
    world.entry(meier)  # the control: another entry is told of
    assert [name for name, _ in told()] == ["entry.created"]


def test_only_the_wanted_events_are_told(world: World) -> None:
    hook(world, Event.ENTRY_CLOSED)
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.close(entry)
    assert [name for name, _ in told()] == ["entry.closed"]


@pytest.mark.parametrize("off", ["webhook", "account", "employee"])
def test_nothing_is_told_to_what_is_switched_off(world: World, off: str) -> None:
    one = hook(world)
    if off == "webhook":
        Webhook.update(active=False).execute()
    elif off == "account":
        Account.update(active=False).execute()
    else:
        owner = Account.get_by_id(one.account).employee
        owner.active = False
        owner.save()
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert told() == []


def test_an_event_that_is_rolled_back_was_never_told(world: World) -> None:
    hook(world)
    meier = world.address("Meier", "meier@kunde.example")

    def fails() -> None:
        with transaction():
            entries.create(meier.id, "stoerung", "Boot", actor="test")
            assert WebhookDelivery.select().count() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert told() == []


def test_a_reply_that_comes_in_is_told_as_linked_or_as_held(world: World) -> None:
    hook(world, Event.EMAIL_LINKED, Event.EMAIL_HELD)
    world.address("Huber", "huber@kunde2.example")
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    first = world.mail()
    world.link(entry, first)
    WebhookDelivery.delete().execute()
    folder = world.folders["verkauf"]
    reply = world.mail(answers=first)
    held = world.mail("huber@kunde2.example", answers=first)
    with transaction():
        holds.settle([first.conversation_id])
        assert events.mails_arrived([reply.id, held.id], folder.id) == 0
        MailFolder.update(caught_up_at=clock.now()).execute()
        assert events.mails_arrived([reply.id, held.id], folder.id) == 2
    assert [(name, data["reason"]) for name, data in told()] == [
        ("email.linked", "reply"),
        ("email.held", Hold.OTHER_CUSTOMER.value),
    ]


def test_linking_a_conversation_tells_what_it_holds_back(world: World) -> None:
    hook(world, Event.EMAIL_LINKED, Event.EMAIL_HELD)
    world.address("Huber", "huber@kunde2.example")
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    first = world.mail()
    other = world.mail("huber@kunde2.example", answers=first)
    world.link(entry, first)
    assert [(name, data["message"]) for name, data in told()] == [
        ("email.linked", first.id),
        ("email.held", other.id),
    ]


# --- delivery ---------------------------------------------------------------------


def test_the_reference_library_accepts_what_is_delivered(
    world: World, target: Receiver
) -> None:
    one = hook(world, Event.ENTRY_CREATED, url=target.url)
    world.entry(world.address("Müller", "mueller@kunde.example"))
    assert deliver() == 1
    (request,) = target.requests
    library = standardwebhooks.Webhook(one.secret)
    said = library.verify(request.body, request.headers)
    assert said["type"] == "entry.created"
    assert said["data"] == {"entry": 1001}
    assert request.path == "/hook?x=1"
    assert request.headers["host"] == f"127.0.0.1:{target.port}"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        library.verify(request.body + b" ", request.headers)


def test_the_signature_is_the_library_s_byte_for_byte(world: World) -> None:
    secret, at = webhooks.new_secret(), datetime(2026, 11, 24, 9, tzinfo=UTC)
    body = '{"type":"entry.created","data":{"x":"Grüsse"}}'
    ours = delivery.signature(secret, "msg_1", int(at.timestamp()), body)
    assert ours == standardwebhooks.Webhook(secret).sign("msg_1", at, body)


def test_what_was_taken_is_not_delivered_again(world: World, target: Receiver) -> None:
    hook(world, Event.ENTRY_CREATED, url=target.url)
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert (deliver(), deliver()) == (1, 0)
    assert len(target.requests) == 1


def test_a_failing_receiver_is_tried_after_growing_pauses_and_then_given_up(
    world: World, target: Receiver
) -> None:
    target.answers = [500]
    hook(world, Event.ENTRY_CREATED, url=target.url)
    world.entry(world.address("Meier", "meier@kunde.example"))
    at, pauses = [clock.now()], []
    with clock.use(lambda: at[0]):
        while True:
            assert deliver() == 0
            row = WebhookDelivery.get()
            if row.next_attempt_at is None:
                break
            pauses.append(row.next_attempt_at - at[0])
            at[0] = row.next_attempt_at - timedelta(milliseconds=2)
            deliver()  # too early: nothing happens
            at[0] = row.next_attempt_at
    seconds = [round(pause.total_seconds()) for pause in pauses]
    assert seconds == [5, 300, 1800, 7200, 18000, 36000]
    assert len(target.requests) == 7
    assert {r.headers["webhook-id"] for r in target.requests} == {row.message_id}
    assert (row.last_status, row.last_error, row.delivered_at) == (
        500,
        "HTTP 500",
        None,
    )
    with transaction():
        webhooks.send_again(row.id, actor="test")
    target.answers = [200]
    assert deliver() == 1


def test_a_receiver_that_is_gone_is_switched_off(
    world: World, target: Receiver
) -> None:
    target.answers = [410]
    hook(world, Event.ENTRY_CREATED, url=target.url)
    meier = world.address("Meier", "meier@kunde.example")
    world.entry(meier)
    assert deliver() == 0
    assert not Webhook.get().active
    world.entry(meier)
    assert WebhookDelivery.select().count() == 1
    assert (
        AuditEvent.select().where(AuditEvent.action == "webhook_switched_off").count()
    )


def test_a_redirect_is_not_followed(world: World, target: Receiver) -> None:
    target.answers = [302]
    hook(world, Event.ENTRY_CREATED, url=target.url)
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert deliver() == 0
    assert len(target.requests) == 1


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"],
)
def test_a_private_address_hears_nothing_unless_it_is_listed(
    world: World, target: Receiver, host: str
) -> None:
    hook(world, Event.ENTRY_CREATED, url=target.url.replace("127.0.0.1", host))
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert deliver(delivery.Allowed()) == 0
    assert target.requests == []
    row = WebhookDelivery.get()
    assert row.last_error == "the address is private and not listed"


def test_a_private_address_may_be_listed_by_its_name(
    world: World, target: Receiver
) -> None:
    url = target.url.replace("127.0.0.1", "localhost")
    hook(world, Event.ENTRY_CREATED, url=url)
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert deliver(delivery.Allowed.of(["localhost"])) == 1
    assert target.requests[0].headers["host"] == f"localhost:{target.port}"


def test_plain_http_to_a_public_address_is_refused(world: World) -> None:
    hook(world, Event.ENTRY_CREATED, url="http://192.0.2.1/")
    hook_row = Webhook.get()
    hook_row.url = "http://8.8.8.8/"
    hook_row.save()
    world.entry(world.address("Meier", "meier@kunde.example"))
    assert deliver(delivery.Allowed()) == 0
    assert WebhookDelivery.get().last_error == "plain http is for listed addresses only"


def test_a_claimed_delivery_is_nobody_else_s(world: World) -> None:
    hook(world, Event.ENTRY_CREATED)
    world.entry(world.address("Meier", "meier@kunde.example"))
    (due,) = webhooks.due()
    with transaction():
        assert webhooks.claim(due) is not None
        assert webhooks.claim(due) is None
    assert webhooks.due() == []
    later = clock.now() + webhooks.CLAIM_LASTS + timedelta(seconds=1)
    with clock.use(lambda: later):
        assert webhooks.due() == [due]


def test_what_is_long_over_is_forgotten(world: World, target: Receiver) -> None:
    hook(world, Event.ENTRY_CREATED, url=target.url)
    meier = world.address("Meier", "meier@kunde.example")
    world.entry(meier)
    deliver()
    world.entry(meier)
    later = clock.now() + webhooks.KEPT_FOR + timedelta(days=1)
    with clock.use(lambda: later), transaction():
        assert webhooks.forget_old() == 1
    assert WebhookDelivery.get().delivered_at is None


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "erp.example", "https://", "https://u:p@x.example/", ""]
)
def test_a_webhook_needs_a_sound_address(world: World, url: str) -> None:
    with pytest.raises(Invalid), transaction():
        webhooks.add(url, Event, account=1, actor="test")


def test_a_test_delivery_says_nothing(world: World, target: Receiver) -> None:
    one = hook(world, Event.ENTRY_CREATED, url=target.url)
    with transaction():
        webhooks.send_test(one, actor="test")
    assert deliver() == 1
    assert json.loads(target.requests[0].body)["data"] == {"webhook": one.id}
    assert Entry.select().count() == 0
