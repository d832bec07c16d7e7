"""What people change about their own sign-in: language, keys, password, devices."""

from dataclasses import dataclass
from datetime import datetime

from crm_core import audit
from crm_core.access import accounts
from crm_core.database import require_transaction
from crm_core.errors import Invalid, NotFound
from crm_core.models import Account, WebSession


@dataclass(frozen=True, slots=True)
class Device:
    """A signed-in browser; ``here``: the one that asks."""

    id: int
    user_agent: str
    started_at: datetime
    seen_at: datetime
    remembered: bool
    here: bool


def devices(account: Account, here: WebSession) -> tuple[Device, ...]:
    """The living sessions of the account, the one that asks first, then the latest."""
    rows = WebSession.select().where(WebSession.account == account)
    found = [
        Device(
            row.id,
            row.user_agent,
            row.started_at,
            row.seen_at,
            bool(row.remembered),
            row.id == here.id,
        )
        for row in rows.order_by(WebSession.seen_at.desc())
        if accounts.is_alive(row)
    ]
    return tuple(sorted(found, key=lambda device: not device.here))


def sign_out_device(account: Account, session_id: int) -> None:
    """End one session; NotFound if it is not this account's."""
    require_transaction()
    mine = (WebSession.account == account) & (WebSession.id == session_id)
    session = WebSession.get_or_none(mine)
    if not isinstance(session, WebSession):
        raise NotFound("this device is not signed in any more")
    accounts.end_session(session)
    _record(account, "device_signed_out", f"session:{session_id}")


def sign_out_others(account: Account, here: WebSession) -> None:
    """End every session of the account but this one."""
    accounts.end_sessions(account, but=here)
    _record(account, "devices_signed_out", f"account:{account.id}")


def set_preferences(account: Account, *, language: str, shortcuts: bool) -> None:
    """The language of the pages, and whether single keys act."""
    require_transaction()
    account.language, account.shortcuts = language, shortcuts
    account.save(only=["language", "shortcuts"])


def change_password(account: Account, old: str, new: str, *, here: WebSession) -> None:
    """A new password for whoever knows the old one; every other session ends.

    Raises Invalid for a wrong old one (counted like any wrong sign-in), for one that is
    too short or the same; TooManyTriesError inside a delay.
    """
    checked = accounts.check_password(account.login, old)
    if checked is None:
        raise Invalid("old", "wrong", "the present password is not right")
    if old == new:
        raise Invalid("password", "same", "the new password is the old one")
    accounts.set_password(checked, new, actor=f"user:{account.login}", keep=here)
    accounts.prove(here)


def _record(account: Account, action: str, subject: str) -> None:
    audit.record(f"user:{account.login}", action, subject)
