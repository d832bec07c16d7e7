"""Verwaltung › Schnittstellen: tokens, webhooks and calendar addresses with their owners.

Values and secrets are not among what is read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core import clock, database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text, to_text
from crm_core.models import Account, Employee, TokenScope

_ENDED_SHOWN = 20  # tokens that are over


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token. ``alive``: neither expired nor revoked."""

    id: int
    name: str
    owner: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    @property
    def alive(self) -> bool:
        return self.revoked_at is None and self.expires_at > clock.now()


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A receiver, and how its deliveries fare."""

    id: int
    url: str
    owner: str
    events: int
    include_content: bool
    active: bool
    gone: bool  # switched off because it answered 410
    waiting: int
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A person's calendar address."""

    id: int
    account: int
    owner: str
    busy_only: bool
    created_at: datetime


def tokens() -> tuple[TokenRow, ...]:
    """Living tokens, then the newest of those that are over. One query."""
    now = to_text(clock.now())
    over = "CASE WHEN t.revoked_at IS NULL AND t.expires_at > ? THEN 0 ELSE 1 END"
    rows = database.execute(
        "SELECT t.id, t.name, p.name, t.scope, t.created_at, t.expires_at, t.used_at, "
        "t.revoked_at FROM api_token t JOIN account a ON a.id = t.account_id "
        f"JOIN employee p ON p.id = a.employee_id ORDER BY {over}, t.id DESC",
        (now,),
    )
    found = [
        TokenRow(
            int(row[0]), row[1], row[2], TokenScope(row[3]), from_text(row[4]),
            from_text(row[5]), _instant(row[6]), _instant(row[7]),
        )
        for row in rows
    ]  # fmt: skip
    alive = [one for one in found if one.alive]
    return (*alive, *[one for one in found if not one.alive][:_ENDED_SHOWN])


def webhooks() -> tuple[WebhookRow, ...]:
    """All receivers. One query."""
    rows = database.execute(
        "SELECT w.id, w.url, coalesce(p.name, ''), w.events, w.include_content, "
        "w.active, (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id "
        "AND d.next_attempt_at IS NOT NULL), "
        "(SELECT max(d.delivered_at) FROM webhook_delivery d "
        "WHERE d.webhook_id = w.id), "
        "EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id "
        "AND d.last_status = 410) FROM webhook w "
        "LEFT JOIN account a ON a.id = w.account "
        "LEFT JOIN employee p ON p.id = a.employee_id ORDER BY w.id"
    )
    return tuple(
        WebhookRow(
            id=int(row[0]),
            url=row[1],
            owner=row[2],
            events=len(row[3].split()),
            include_content=bool(row[4]),
            active=bool(row[5]),
            gone=bool(row[8]) and not row[5],
            waiting=int(row[6]),
            delivered_at=_instant(row[7]),
        )
        for row in rows
    )


def feeds() -> tuple[FeedRow, ...]:
    """All calendar addresses. One query."""
    rows = database.execute(
        "SELECT f.id, a.id, p.name, f.busy_only, f.created_at FROM calendar_feed f "
        "JOIN account a ON a.id = f.account_id "
        "JOIN employee p ON p.id = a.employee_id ORDER BY p.name, f.id"
    )
    return tuple(
        FeedRow(int(row[0]), int(row[1]), row[2], bool(row[3]), from_text(row[4]))
        for row in rows
    )


def may_act_as(viewer: Viewer) -> tuple[tuple[int, str], ...]:
    """As whom a program of this viewer may act: for GL any active account, for others
    their own: an administrator does not come to read what GL reads.
    """
    accounts = Account.select(Account, Employee).join(Employee)
    accounts = accounts.where(Account.active == 1, Employee.active == 1)
    if not viewer.management:
        accounts = accounts.where(Employee.id == viewer.employee)
    return tuple(
        (row.id, f"{row.employee.name} ({row.login})")
        for row in accounts.order_by(Employee.name, Account.id)
    )


def _instant(text: Any) -> datetime | None:
    return None if text is None else from_text(text)
