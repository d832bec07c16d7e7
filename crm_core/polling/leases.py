"""Who polls a mailbox, where several daemons share one PostgreSQL.

A mailbox is claimed by a conditional UPDATE and renewed by every page: whoever lost the
lease fails at the next commit, and the page is read by the other one. On SQLite there
is one daemon only (the program sees to it), and no lease is needed.
"""

from datetime import timedelta

from crm_core import clock, database
from crm_core.fields import to_text

LEASE = timedelta(minutes=5)
_owner: str | None = None


class LeaseLost(RuntimeError):
    """Another daemon polls this mailbox now; nothing of the page is stored."""


def become(owner: str | None) -> None:
    """Name this process as lease owner; None: no leases (SQLite, one process)."""
    global _owner  # noqa: PLW0603 - one process, one name
    _owner = owner


def claim(mailbox: int) -> bool:
    """Take or renew the lease of a mailbox; False if another daemon holds it."""
    if _owner is None:
        return True
    with database.transaction():
        return _renew(mailbox)


def require(mailbox: int) -> None:
    """Renew inside a page's transaction; LeaseLost if another daemon has it."""
    if _owner is not None and not _renew(mailbox):
        raise LeaseLost(f"mailbox {mailbox} is polled by another daemon")


def release(mailbox: int) -> None:
    """Give the lease back at the end of a poll."""
    if _owner is not None:
        with database.transaction():
            database.execute(
                "UPDATE mailbox SET lease_owner = NULL, lease_until = NULL "
                "WHERE id = ? AND lease_owner = ?",
                (mailbox, _owner),
            )


def _renew(mailbox: int) -> bool:
    now = clock.now()
    return (
        database.execute_count(
            "UPDATE mailbox SET lease_owner = ?, lease_until = ? WHERE id = ? AND "
            "(lease_owner IS NULL OR lease_owner = ? OR lease_until < ?)",
            (_owner, to_text(now + LEASE), mailbox, _owner, to_text(now)),
        )
        == 1
    )
