"""Webhooks: who is told of what, and the state of each delivery.

A delivery is tried until the receiver takes it, at most ``len(PAUSES) + 1`` times. One
daemon claims it by a conditional update before it sends, so that several do not send it
twice at once; a receiver must still be ready to hear the same id again. A receiver that
answers 410 wants no more: its webhook is switched off.
"""

import base64
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from crm_core import audit, clock, database, events
from crm_core.errors import Invalid, NotFound
from crm_core.events import Event
from crm_core.fields import to_text
from crm_core.models import Webhook, WebhookDelivery

PAUSES = (  # after the first attempt, the second, …
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
CLAIM_LASTS = timedelta(minutes=2)  # longer than a delivery's time-outs together
KEPT_FOR = timedelta(days=30)
GONE = 410
TEST_EVENT = "webhook.test"
_LONGEST_URL = 2_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed piece of work."""

    id: int
    webhook: int
    url: str
    secret: str
    message_id: str
    body: str
    attempts: int


def add(
    url: str,
    wanted: Iterable[Event],
    *,
    account: int,
    actor: str,
    include_content: bool = False,
) -> Webhook:
    """A new receiver with a fresh secret; it hears what the account may see.

    Raises Invalid for an address that is none, or without any event.
    """
    database.require_transaction()
    hook: Webhook = Webhook.create(
        url=_url(url),
        events=_events(wanted),
        secret=new_secret(),
        account=account,
        include_content=include_content,
        created_at=clock.now(),
    )
    audit.record(actor, "webhook_added", f"webhook:{hook.id}")
    return hook


def change(
    hook: Webhook,
    *,
    actor: str,
    url: str | None = None,
    wanted: Iterable[Event] | None = None,
    include_content: bool | None = None,
    active: bool | None = None,
) -> None:
    """Change what is given; refuses like ``add``."""
    database.require_transaction()
    if url is not None:
        hook.url = _url(url)
    if wanted is not None:
        hook.events = _events(wanted)
    if include_content is not None:
        hook.include_content = include_content
    if active is not None:
        hook.active = active
    hook.save()
    audit.record(actor, "webhook_changed", f"webhook:{hook.id}")


def renew_secret(hook: Webhook, *, actor: str) -> str:
    """Another secret from now on; the new one."""
    database.require_transaction()
    hook.secret = new_secret()
    hook.save()
    audit.record(actor, "webhook_secret_renewed", f"webhook:{hook.id}")
    return hook.secret


def remove(hook: Webhook, *, actor: str) -> None:
    """Tell it nothing any more; its deliveries go as well."""
    database.require_transaction()
    hook.delete_instance()
    audit.record(actor, "webhook_removed", f"webhook:{hook.id}")


def by_id(webhook_id: int) -> Webhook:
    """The webhook; NotFound if there is none."""
    found = Webhook.get_or_none(Webhook.id == webhook_id)
    if not isinstance(found, Webhook):
        raise NotFound("there is no webhook {webhook}", webhook=webhook_id)
    return found


def send_test(hook: Webhook, *, actor: str) -> int:
    """Queue a delivery that says nothing but that it is a test; its id."""
    database.require_transaction()
    now = clock.now()
    row = WebhookDelivery.create(
        webhook=hook,
        message_id=events.new_message_id(),
        event=TEST_EVENT,
        body=events.envelope(TEST_EVENT, {"webhook": hook.id}),
        made_at=now,
        next_attempt_at=now,
    )
    audit.record(actor, "webhook_tested", f"webhook:{hook.id}")
    return int(row.id)


def send_again(delivery_id: int, *, actor: str) -> None:
    """Try a delivery anew, delivered or not; NotFound if there is none."""
    database.require_transaction()
    count = (
        WebhookDelivery.update(
            attempts=0, delivered_at=None, next_attempt_at=clock.now()
        )
        .where(WebhookDelivery.id == delivery_id)
        .execute()
    )
    if not count:
        raise NotFound("there is no delivery {delivery}", delivery=delivery_id)
    audit.record(actor, "webhook_sent_again", f"delivery:{delivery_id}")


def last_deliveries(hook: Webhook, limit: int = 50) -> Sequence[WebhookDelivery]:
    """«Letzte Zustellungen», newest first."""
    rows = WebhookDelivery.select().where(WebhookDelivery.webhook == hook)
    newest = rows.order_by(WebhookDelivery.made_at.desc()).limit(limit)
    return sorted(newest, key=lambda row: row.id, reverse=True)


# --- for the daemon ---------------------------------------------------------------


def due(limit: int = 50) -> list[int]:
    """Deliveries that want an attempt now, oldest first."""
    rows = database.execute(
        "SELECT d.id FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id "
        "WHERE d.next_attempt_at <= ? AND w.active = 1 ORDER BY d.id LIMIT ?",
        (to_text(clock.now()), limit),
    )
    return [int(row[0]) for row in rows]


def claim(delivery_id: int) -> Delivery | None:
    """Take one due delivery; None if somebody else has it, or it is not due any more.

    The attempt counts from here on: a daemon that dies over it tries again.
    """
    database.require_transaction()
    now = clock.now()
    taken = database.execute_count(
        "UPDATE webhook_delivery SET next_attempt_at = ?, attempts = attempts + 1 "
        "WHERE id = ? AND next_attempt_at <= ?",
        (to_text(now + CLAIM_LASTS), delivery_id, to_text(now)),
    )
    if taken != 1:
        return None
    ((hook, url, secret, message_id, body, attempts),) = database.execute(
        "SELECT w.id, w.url, w.secret, d.message_id, d.body, d.attempts "
        "FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id WHERE d.id = ?",
        (delivery_id,),
    )
    return Delivery(
        delivery_id, int(hook), url, secret, message_id, body, int(attempts)
    )


def record(delivery: Delivery, *, status: int | None, error: str = "") -> None:
    """How an attempt ended: ``status`` is the receiver's answer, None if none came."""
    database.require_transaction()
    now = clock.now()
    taken = status is not None and 200 <= status < 300
    again = None
    if not taken and status != GONE and delivery.attempts <= len(PAUSES):
        again = now + PAUSES[delivery.attempts - 1]
    WebhookDelivery.update(
        last_status=status,
        last_error=None if taken else (error or f"HTTP {status}")[:500],
        delivered_at=now if taken else None,
        next_attempt_at=again,
    ).where(WebhookDelivery.id == delivery.id).execute()
    if status == GONE:
        Webhook.update(active=False).where(Webhook.id == delivery.webhook).execute()
        audit.record("mailsync", "webhook_switched_off", f"webhook:{delivery.webhook}")


def forget_old() -> int:
    """Deliveries that are over and older than ``KEPT_FOR`` go; how many."""
    database.require_transaction()
    return database.execute_count(
        "DELETE FROM webhook_delivery WHERE made_at < ? AND next_attempt_at IS NULL",
        (to_text(clock.now() - KEPT_FOR),),
    )


# --- values -----------------------------------------------------------------------


def new_secret() -> str:
    """24 random bytes in the notation of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _url(text: str) -> str:
    wanted = text.strip()
    try:
        parts = urlsplit(wanted)
        sound = parts.scheme in {"https", "http"} and bool(parts.hostname)
        sound = sound and parts.username is None and parts.port != 0
    except ValueError:
        sound = False
    if not sound or len(wanted) > _LONGEST_URL or not wanted.isprintable():
        raise Invalid("url", "url", "«{url}» is no web address", url=text.strip()[:100])
    return wanted


def _events(wanted: Iterable[Event]) -> str:
    names = sorted({event.value for event in wanted})
    if not names:
        raise Invalid("events", "required", "choose at least one event")
    return " ".join(names)
