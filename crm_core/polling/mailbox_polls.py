"""One row per poll, written by the daemon in the transaction that records its outcome.

For people: how much came when, how long it took, how fast the server answers. Nothing
is decided by these rows; they go after ``KEPT``.
"""

from datetime import datetime, timedelta

from crm_core import clock, database
from crm_core.fields import to_text

KEPT = timedelta(days=3)


def record(
    mailbox: int,
    *,
    took: float,
    answer: float | None = None,
    mails: int = 0,
    code: str | None = None,
) -> None:
    """A poll ended just now; ``took`` and ``answer`` in seconds."""
    database.require_transaction()
    database.execute(
        "INSERT INTO mailbox_poll (mailbox_id, at, took_ms, answer_ms, mails, code) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            mailbox,
            to_text(clock.now()),
            round(took * 1000),
            None if answer is None else round(answer * 1000),
            mails,
            code,
        ),
    )


def forget(now: datetime) -> int:
    """Remove polls nobody looks at any more; how many."""
    database.require_transaction()
    return database.execute_count(
        "DELETE FROM mailbox_poll WHERE at < ?", (to_text(now - KEPT),)
    )
