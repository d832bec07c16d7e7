"""Accounts of people whom another service has signed in (OpenID Connect).

The service says who it is (``subject``), by which e-mail address it knows the person,
and, through the configuration, which groups that makes. Guaranteed: a subject keeps its
account; an account that has a password is never taken over by an address alone.
"""

from dataclasses import dataclass

from crm_core import audit
from crm_core.access import accounts, staff
from crm_core.database import require_transaction
from crm_core.email_addresses import normalise
from crm_core.errors import Forbidden
from crm_core.models import Account, Employee, Mailbox


@dataclass(frozen=True, slots=True)
class Identity:
    """What the other service vouches for. ``groups`` are staff groups of ours."""

    subject: str  # issuer and subject in one; unique and never given to somebody else
    email: str
    name: str
    groups: tuple[str, ...]


def account_of(identity: Identity) -> Account:
    """The account of this person, made at the first sign-in; its groups are set anew.

    Raises Forbidden for a person without a group, for a locked account, and for an
    account that has a password. Changed groups end the account's other sessions.
    """
    require_transaction()
    if not identity.groups:
        raise Forbidden("none of your roles gives access to the CRM")
    account = _known(identity.subject) or _joined(identity)
    if not account.active:
        raise Forbidden("the account «{login}» is locked", login=account.login)
    staff.set_groups(account.employee, identity.groups, actor=f"user:{account.login}")
    return account


def _known(subject: str) -> Account | None:
    found = Account.get_or_none(Account.subject == subject)
    return found if isinstance(found, Account) else None


def _joined(identity: Identity) -> Account:
    """A new account, or one that waits for its person: no password, no subject yet."""
    key = _key(identity)
    employee = Employee.get_or_none(Employee.key == key)
    if not isinstance(employee, Employee):
        staff.add_employee(key, identity.name or key, actor=f"user:{key}")
    account = Account.get_or_none(Account.employee == employee) if employee else None
    if not isinstance(account, Account):
        account = accounts.create(key, actor=f"user:{key}")
    elif account.password_hash is not None or account.subject is not None:
        raise Forbidden(
            "«{login}» has an account with another sign-in: an administrator can "
            "take its password away",
            login=account.login,
        )
    account.subject = identity.subject
    account.save(only=["subject"])
    audit.record(f"user:{account.login}", "account_joined", f"account:{account.id}")
    return account


def _key(identity: Identity) -> str:
    """Whose mailbox the address is; an unknown address is a key of its own.

    Never the local part alone: «keller» of another domain is somebody else.
    """
    email = normalise(identity.email) or identity.email.strip().lower()
    mailbox = Mailbox.get_or_none(Mailbox.address == email)
    if isinstance(mailbox, Mailbox) and mailbox.employee is not None:
        return str(mailbox.employee.key)
    return email
