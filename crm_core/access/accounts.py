"""Signing in: accounts, sessions, API tokens.

Passwords are argon2id hashes, rehashed when the parameters change. Session and token
values are 256 random bits; only their SHA-256 is stored. Guessing is slowed by a
growing delay per account, never by a lock-out. A changed password or group ends every
session of the account.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crm_core import audit, clock, database
from crm_core.access import staff
from crm_core.database import require_transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Account,
    ApiToken,
    Employee,
    GroupRight,
    Right,
    TokenScope,
    WebSession,
)

SHORTEST_PASSWORD = 8
FREE_FAILURES = 5
LONGEST_DELAY = timedelta(minutes=15)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
REMEMBERED_IDLE, REMEMBERED_ABSOLUTE = timedelta(hours=12), timedelta(days=30)
PROOF_LASTS = timedelta(minutes=10)
TOKEN_LASTS = timedelta(days=90)
TOKEN_LASTS_AT_MOST = timedelta(days=365)
_SEEN_EVERY = timedelta(minutes=1)

# What each standard group may do from the start; edited on the groups' page.
PRESET_RIGHTS = {
    "GL": tuple(Right),
    "Administration": (Right.ASSIGN_TASKS, Right.MASTER_DATA, Right.EXPORT),
    "Werkstatt": (Right.ASSIGN_TASKS,),
}

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")  # equal time for unknown log-ins


class TooManyTriesError(Exception):
    """Wait: ``retry_after`` seconds until the next try counts."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many tries, next in {retry_after} s")
        self.retry_after = retry_after


def ensure_preset_rights() -> None:
    """Give the standard groups their first rights, once, while no group has any."""
    require_transaction()
    if GroupRight.select().exists():
        return
    for name, group in staff.ensure_groups(()).items():
        for right in PRESET_RIGHTS.get(name, ()):
            GroupRight.create(staff_group=group, right=right)


def create(
    login: str, *, actor: str, password: str | None = None, groups: tuple[str, ...] = ()
) -> Account:
    """An account for the employee with this key (made where missing).

    Raises Conflict if the log-in exists, Invalid for a password that is too short,
    NotFound for an unknown group.
    """
    require_transaction()
    login = login.strip().lower()
    if not login:
        raise Invalid("login", "required", "the account needs a name")
    if Account.get_or_none(Account.login == login) is not None:
        raise Conflict("the account «{login}» exists already", login=login)
    ensure_preset_rights()
    employee = Employee.get_or_none(Employee.key == login)
    if not isinstance(employee, Employee):
        employee = staff.add_employee(login, login, groups, actor=actor)
    elif groups:
        known = staff.groups_of(employee)
        staff.set_groups(employee, sorted({*known, *groups}), actor=actor)
    return create_for(employee, login, actor=actor, password=password)


def create_for(
    employee: Employee, login: str, *, actor: str, password: str | None = None
) -> Account:
    """The account of an employee; Conflict if the log-in or the person has one."""
    require_transaction()
    login = login.strip().lower()
    taken = (Account.login == login) | (Account.employee == employee)
    if Account.get_or_none(taken) is not None:
        raise Conflict("the account «{login}» exists already", login=login)
    account: Account = Account.create(
        employee=employee, login=login, created_at=clock.now()
    )
    if password is not None:
        _set_password(account, password)
    audit.record(actor, "account_created", f"account:{account.id}")
    return account


def set_password(
    account: Account, password: str, *, actor: str, keep: WebSession | None = None
) -> None:
    """A new password; every session of the account ends, save ``keep``."""
    require_transaction()
    _set_password(account, password)
    end_sessions(account, but=keep)
    audit.record(actor, "password_changed", f"account:{account.id}")


def remove_password(account: Account, *, actor: str) -> None:
    """From now on only another service signs this person in; every session ends."""
    require_transaction()
    account.password_hash = None
    account.save(only=["password_hash"])
    end_sessions(account)
    audit.record(actor, "password_removed", f"account:{account.id}")


def _set_password(account: Account, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "password",
            "too_short",
            "a password has at least {least} characters",
            least=SHORTEST_PASSWORD,
        )
    account.password_hash = _hasher.hash(password)
    account.failures, account.next_try_at = 0, None
    account.save(only=["password_hash", "failures", "next_try_at"])


def check_password(login: str, password: str) -> Account | None:
    """The account if log-in and password fit, else None; the failure is counted.

    Raises TooManyTriesError inside a delay. Takes the same time for unknown log-ins.
    """
    require_transaction()
    account = Account.get_or_none(Account.login == login.strip().lower())
    if not isinstance(account, Account):
        _verify(_NOBODY, password)
        return None
    now = clock.now()
    if account.next_try_at is not None and now < account.next_try_at:
        raise TooManyTriesError(int((account.next_try_at - now).total_seconds()) + 1)
    stored = account.password_hash
    if not _verify(stored or _NOBODY, password) or stored is None or not account.active:
        _count_failure(account)
        return None
    if _hasher.check_needs_rehash(stored):
        account.password_hash = _hasher.hash(password)
    account.failures, account.next_try_at = 0, None
    account.save(only=["failures", "next_try_at", "password_hash"])
    return account


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[:1024])
    except (VerificationError, InvalidHashError):
        return False


def _count_failure(account: Account) -> None:
    account.failures += 1
    over = account.failures - FREE_FAILURES
    if over >= 0:
        delay = min(timedelta(seconds=2 ** min(over + 2, 12)), LONGEST_DELAY)
        account.next_try_at = clock.now() + delay
    account.save(only=["failures", "next_try_at"])


# --- sessions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """A new session; ``value`` goes into the cookie and is stored nowhere."""

    session: WebSession
    value: str


def start_session(
    account: Account, *, user_agent: str, remembered: bool = False
) -> Started:
    """A new session, always with a new value (no fixation)."""
    require_transaction()
    value, now = secrets.token_urlsafe(32), clock.now()
    may_remember = remembered and Right.ADMINISTRATION not in _rights_of(account)
    session = WebSession.create(
        account=account,
        key_hash=digest(value),
        form_key=secrets.token_urlsafe(32),
        started_at=now,
        seen_at=now,
        proved_at=now,
        remembered=may_remember,
        user_agent=user_agent[:200],
    )
    account.signed_in_at = now
    account.save(only=["signed_in_at"])
    audit.record(f"user:{account.login}", "signed_in", f"account:{account.id}")
    return Started(session, value)


def find_session(value: str) -> WebSession | None:
    """The living session of a cookie value; None if there is none (any more)."""
    session = WebSession.get_or_none(WebSession.key_hash == digest(value))
    if not isinstance(session, WebSession) or not session.account.active:
        return None
    return session if is_alive(session) else None


def is_alive(session: WebSession) -> bool:
    """Whether it has neither idled too long nor become too old."""
    now = clock.now()
    idle, absolute = (
        (REMEMBERED_IDLE, REMEMBERED_ABSOLUTE)
        if session.remembered
        else (IDLE, ABSOLUTE)
    )
    return bool(now - session.seen_at <= idle and now - session.started_at <= absolute)


def needs_touch(session: WebSession) -> bool:
    """Whether its last sign of life is old enough to be written anew."""
    return bool(clock.now() - session.seen_at > _SEEN_EVERY)


def touch(session: WebSession) -> None:
    """It was used now."""
    require_transaction()
    session.seen_at = clock.now()
    session.save(only=["seen_at"])


def is_proved(session: WebSession) -> bool:
    """Whether the password was typed recently (administration, exports, tokens)."""
    return bool(clock.now() - session.proved_at <= PROOF_LASTS)


def prove(session: WebSession) -> None:
    """The password was typed again just now."""
    require_transaction()
    session.proved_at = clock.now()
    session.save(only=["proved_at"])


def end_session(session: WebSession) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    require_transaction()
    session.delete_instance()


def end_sessions(account: Account, *, but: WebSession | None = None) -> None:
    """End every session of the account, save the one given."""
    require_transaction()
    rows = WebSession.delete().where(WebSession.account == account)
    if but is not None:
        rows = rows.where(WebSession.id != but.id)
    rows.execute()


def _rights_of(account: Account) -> frozenset[Right]:
    groups = staff.groups_of(account.employee)
    rows = GroupRight.select().where(
        GroupRight.staff_group.in_(
            [g.id for n, g in staff.ensure_groups(()).items() if n in groups]
        )
    )
    return frozenset(row.right for row in rows)


# --- tokens -----------------------------------------------------------------------


def create_token(
    name: str,
    scope: TokenScope,
    account: Account,
    *,
    actor: str,
    lasts: timedelta = TOKEN_LASTS,
) -> str:
    """A new token ``crm_…``, shown once; it acts as its account, never beyond.

    Raises Invalid without a name, or if it would last longer than a year.
    """
    require_transaction()
    if not name.strip():
        raise Invalid("name", "required", "the token needs a name")
    if not timedelta(0) < lasts <= TOKEN_LASTS_AT_MOST:
        raise Invalid("lasts", "lasts", "a token lasts a year at most")
    value, now = f"crm_{secrets.token_urlsafe(32)}", clock.now()
    token = ApiToken.create(
        account=account,
        name=name.strip()[:200],
        key_hash=digest(value),
        scope=scope,
        created_at=now,
        expires_at=now + lasts,
    )
    audit.record(actor, "token_created", f"token:{token.id}", detail=scope.value)
    return value


def revoke_token(token_id: int, *, actor: str) -> None:
    """The token is worth nothing from now on; NotFound if there is none alive."""
    require_transaction()
    gone = (
        ApiToken.update(revoked_at=clock.now())
        .where(ApiToken.id == token_id, ApiToken.revoked_at.is_null())
        .execute()
    )
    if not gone:
        raise NotFound("there is no token {token}", token=token_id)
    audit.record(actor, "token_revoked", f"token:{token_id}")


def find_token(value: str) -> ApiToken | None:
    """The living token of this value; None if unknown, expired or revoked."""
    token = ApiToken.get_or_none(ApiToken.key_hash == digest(value))
    if not isinstance(token, ApiToken) or token.revoked_at is not None:
        return None
    alive = token.expires_at > clock.now() and token.account.active
    return token if alive else None


def token_needs_touch(token: ApiToken) -> bool:
    """Whether its last use is old enough to be written anew."""
    return token.used_at is None or bool(clock.now() - token.used_at > _SEEN_EVERY)


def touch_token(token: ApiToken) -> None:
    """It was used now (shown with the token)."""
    require_transaction()
    token.used_at = clock.now()
    token.save(only=["used_at"])


def can_administer(*, with_password: bool = False) -> bool:
    """Whether anybody who can sign in (with a password) has the right to administer."""
    or_subject = "" if with_password else " OR a.subject IS NOT NULL"
    rows = database.execute(
        "SELECT 1 FROM account a JOIN employee e ON e.id = a.employee_id "
        "JOIN staff_membership m ON m.employee_id = e.id "
        'JOIN group_right r ON r.staff_group_id = m.group_id AND r."right" = ? '
        "WHERE a.active = 1 AND e.active = 1 "
        f"AND (a.password_hash IS NOT NULL{or_subject}) LIMIT 1",
        (Right.ADMINISTRATION.value,),
    )
    return bool(rows)


def first_management_account() -> Account:
    """The first account of GL, as whom a token acts by default; NotFound if none."""
    for account in Account.select().where(Account.active == 1).order_by(Account.id):
        if staff.MANAGEMENT in staff.groups_of(account.employee):
            return account
    raise NotFound("there is no account in the group GL: add one first")


def digest(value: str) -> str:
    """SHA-256, in hexadecimal: how values that open something are stored."""
    return sha256(value.encode()).hexdigest()
