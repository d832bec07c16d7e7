"""Signed, short-lived keys for the read-only panel that the ERP shows in a frame.

A key names one document and one API token; it is signed with a key of this installation
and worth nothing once it has expired or the token is revoked. It shows what the token's
account may read, and nothing can be changed with it.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from crm_core import clock
from crm_core.database import require_transaction
from crm_core.models import Account, ApiToken, DocumentKind, Setting

LASTS = timedelta(minutes=15)
_KEY = "panel_key"


@dataclass(frozen=True, slots=True)
class Signed:
    """A key and when it ends."""

    value: str
    expires_at: datetime


def sign(token: ApiToken, kind: DocumentKind, number: str) -> Signed:
    """A key for this document, as the token's account sees it."""
    require_transaction()
    ends = int((clock.now() + LASTS).timestamp())
    claim = f"{token.id}.{ends}"
    mark = _mark(_installation_key(), claim, kind, number)
    return Signed(f"{claim}.{mark}", datetime.fromtimestamp(ends, UTC))


def account_of(value: str, kind: DocumentKind, number: str) -> Account | None:
    """Whose eyes the key lends; None if it is none, has ended, or the token has."""
    claim, _, mark = value[:200].rpartition(".")
    who, _, ends = claim.partition(".")
    row = Setting.get_or_none(Setting.name == _KEY)
    if not isinstance(row, Setting) or not (_is_number(who) and _is_number(ends)):
        return None
    wanted = _mark(row.value, claim, kind, number)
    if not hmac.compare_digest(mark.encode(), wanted.encode()):
        return None
    now = clock.now()
    token = ApiToken.get_or_none(ApiToken.id == int(who))
    if not isinstance(token, ApiToken) or int(ends) <= now.timestamp():
        return None
    alive = token.revoked_at is None and token.expires_at > now
    account: Account = token.account
    return account if alive and account.active else None


def _mark(key: str, claim: str, kind: DocumentKind, number: str) -> str:
    text = f"{claim}\n{kind.value}\n{number}".encode()
    return hmac.new(bytes.fromhex(key), text, sha256).hexdigest()


def _installation_key() -> str:
    row = Setting.get_or_none(Setting.name == _KEY)
    if isinstance(row, Setting):
        return row.value
    return str(Setting.create(name=_KEY, value=secrets.token_hex(32)).value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12
