"""Forgetting mails: rows, keys that nobody else holds, conversations that are empty.

For mail that was marked private after it was read, and for mail that has expired.
Never for mail that a person placed: the database itself refuses to remove an anchor or
a mail with a verdict.
"""

from collections.abc import Iterable

from crm_core import database


def forget(messages: Iterable[int]) -> None:
    """Remove these mails, whose copies are detached already.

    Bodies, parties, attachments' rows, suggestions and holds go with them. A voided key
    stays: it is a person's decision, and says nothing about the mail.
    """
    database.require_transaction()
    gone = sorted(set(messages))
    database.raise_floor("message")
    keys = {
        bytes(key)
        for (key,) in database.select_in(
            "SELECT DISTINCT key FROM message_key WHERE message_id IN ({marks})", gone
        )
    }
    conversations = _around(gone, keys)
    database.execute_many("DELETE FROM message WHERE id = ?", [(one,) for one in gone])
    held = {
        bytes(key)
        for (key,) in database.select_in(
            "SELECT k.key FROM message m JOIN message_key k ON k.message_id = m.id "
            "WHERE m.conversation_id IN ({marks})",
            conversations,
        )
    }
    database.execute_many(
        "DELETE FROM conversation_key WHERE key = ? AND voided = 0",
        [(key,) for key in keys - held],
    )
    database.execute_many(
        "DELETE FROM conversation WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM message m WHERE m.conversation_id = conversation.id)",
        [(one,) for one in conversations],
    )


def _around(messages: list[int], keys: set[bytes]) -> set[int]:
    """The conversations in which another holder of these keys can be."""
    rows = database.select_in(
        "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})", messages
    )
    rows += database.select_in(
        "SELECT DISTINCT conversation_id FROM conversation_key WHERE voided = 0 "
        "AND key IN ({marks})",
        keys,
    )
    found = {int(row[0]) for row in rows}
    beside = database.select_in(  # under review they share keys and are two
        "SELECT DISTINCT o.conversation_id FROM review_case_side s "
        "JOIN review_case_side o ON o.case_id = s.case_id "
        "WHERE s.conversation_id IN ({marks})",
        found,
    )
    return found | {int(row[0]) for row in beside}
