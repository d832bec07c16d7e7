"""What expires when. Every function does one batch in the caller's transaction.

    mail that no entry shows       ``unlinked_days`` after it was stored: message,
                                   parties, subject, ids and keys go; of each copy a
                                   keyed digest of its item id stays, so that a later
                                   page recognises the item and does not read it again
    resolved quarantine rows       likewise, after they were resolved
    sign-ins and answers to        when nobody can use them any more
    repeated requests

Nothing that a person has placed expires: links and removed links by their anchor,
verdicts, open suggestions, review cases that wait or keep conversations apart; nor
mail of a mailbox with ``keep: all``. The log stays.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from crm_core import clock, database
from crm_core.fields import to_text
from crm_core.mail import expired_copies
from crm_core.mail.forgetting import forget

BATCH = 500
ANSWERS_KEPT = timedelta(hours=24)  # of requests that carry an Idempotency-Key

# Mail that may expire, apart from its age. Whole conversations stay where an entry
# shows them or a person is asked about them; else each mail counts by itself.
_UNPLACED = """
AND NOT EXISTS (SELECT 1 FROM entry_mail em JOIN message a ON a.id = em.anchor_id
    WHERE em.removed_at IS NULL AND a.conversation_id = m.conversation_id)
AND NOT EXISTS (SELECT 1 FROM entry_mail em WHERE em.anchor_id = m.id)
AND NOT EXISTS (SELECT 1 FROM entry_mail_verdict v WHERE v.message_id = m.id)
AND NOT EXISTS (SELECT 1 FROM suggestion s
    WHERE s.message_id = m.id AND s.closed_at IS NULL)
AND NOT EXISTS (SELECT 1 FROM review_case c WHERE c.message_id = m.id
    AND (c.closed_at IS NULL OR c.outcome = 'apart'))
AND NOT EXISTS (SELECT 1 FROM review_case_side s JOIN review_case c ON c.id = s.case_id
    WHERE s.conversation_id = m.conversation_id
    AND (c.closed_at IS NULL OR c.outcome = 'apart'))
AND NOT EXISTS (SELECT 1 FROM message_copy c JOIN mailbox b ON b.id = c.mailbox_id
    WHERE c.message_id = m.id AND b.keep = 'all')
AND NOT EXISTS (SELECT 1 FROM keyword_work w WHERE w.message_id = m.id)
AND NOT EXISTS (SELECT 1 FROM compare_work w WHERE w.message_id = m.id)
"""


def expired(stored_before: date, *, after: int = 0, limit: int = BATCH) -> list[int]:
    """Mails with an id over ``after`` whose time is over, by id, at most ``limit``."""
    rows = database.execute(
        "SELECT m.id FROM message m WHERE m.id > ? AND m.stored_on < ? "
        "AND (m.body_wanted_until IS NULL OR m.body_wanted_until < ?)"
        f"{_UNPLACED} ORDER BY m.id LIMIT ?",
        (after, stored_before.isoformat(), to_text(clock.now()), limit),
    )
    return [int(row[0]) for row in rows]


def expire(messages: Iterable[int]) -> None:
    """Forget these mails; their items are recognised and not read again."""
    database.require_transaction()
    gone = list(messages)
    expired_copies.put(gone)
    forget(gone)


def forget_resolved(before: datetime) -> int:
    """Quarantine rows that were resolved before then; how many."""
    return _delete(
        "DELETE FROM quarantined_change WHERE resolved_at IS NOT NULL "
        "AND resolved_at < ?",
        before,
    )


def forget_sessions(now: datetime) -> int:
    """Sign-ins that are over, whatever their browser still holds; how many."""
    from crm_core.access import accounts  # brings the password hash library along

    return _delete(
        "DELETE FROM web_session WHERE started_at < ? OR (remembered = 0 "
        "AND started_at < ?)",
        now - accounts.REMEMBERED_ABSOLUTE,
        now - accounts.ABSOLUTE,
    )


def forget_answers(now: datetime) -> int:
    """Kept answers to requests that nobody repeats any more; how many."""
    return _delete("DELETE FROM idempotency_key WHERE at < ?", now - ANSWERS_KEPT)


def _delete(sql: str, *before: datetime) -> int:
    database.require_transaction()
    return database.execute_count(sql, [to_text(one) for one in before])
