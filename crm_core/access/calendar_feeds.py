"""A person's calendar address: made, found by its value, revoked.

The value is 256 random bits, shown once and stored as SHA-256. Whoever has it sees the
open tasks of that person and nothing else; ``busy_only`` hides what they are.
"""

import secrets
from hashlib import sha256

from crm_core import audit, clock
from crm_core.database import require_transaction
from crm_core.errors import NotFound
from crm_core.models import Account, CalendarFeed


def create(account: Account, *, busy_only: bool, actor: str) -> str:
    """A new feed of this account; its value, which nobody can read again."""
    require_transaction()
    value = secrets.token_urlsafe(32)
    feed = CalendarFeed.create(
        account=account,
        key_hash=_digest(value),
        busy_only=busy_only,
        created_at=clock.now(),
    )
    audit.record(actor, "calendar_feed_created", f"calendar_feed:{feed.id}")
    return value


def find(value: str) -> CalendarFeed | None:
    """The feed of this value; None if unknown, revoked, or its account is locked."""
    feed = CalendarFeed.get_or_none(CalendarFeed.key_hash == _digest(value))
    if not isinstance(feed, CalendarFeed):
        return None
    account: Account = feed.account
    return feed if account.active and account.employee.active else None


def of_account(account: Account) -> list[CalendarFeed]:
    """The feeds of an account, oldest first."""
    rows = CalendarFeed.select().where(CalendarFeed.account == account)
    return list(rows.order_by(CalendarFeed.created_at))


def revoke(account: Account, feed: int, *, actor: str) -> None:
    """The address is worth nothing from now on; NotFound if it is not this account's."""
    require_transaction()
    gone = (
        CalendarFeed.delete()
        .where(CalendarFeed.account == account, CalendarFeed.id == feed)
        .execute()
    )
    if not gone:
        raise NotFound("there is no calendar address {feed}", feed=feed)
    audit.record(actor, "calendar_feed_revoked", f"calendar_feed:{feed}")


def _digest(value: str) -> str:
    return sha256(value.encode(errors="replace")).hexdigest()
