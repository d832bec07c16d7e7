"""Where mails lie: the copies in the mailboxes, as the last pages told.

The item id is never identity: a move is a deletion and a creation with a new id, and
the Message-ID makes it the same mail. A deletion marks the copy as gone; a mail that
an entry shows is never deleted by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core import clock, database
from crm_core.fields import to_text
from crm_core.mail.forgetting import forget


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A copy we have stored under this item id."""

    id: int
    folder: int
    change_key: str
    private: bool
    gone: bool
    filed: bool
    message: int | None


@dataclass(frozen=True, slots=True)
class PrivateItem:
    """An item marked private: its ids and nothing else."""

    external_id: str
    change_key: str


def known(mailbox: int, external_ids: Iterable[str]) -> dict[str, KnownCopy]:
    """The stored copies of one mailbox among ``external_ids``."""
    rows = database.select_in(
        "SELECT external_id, id, folder_id, change_key, private, gone_at, filed, "
        "message_id FROM message_copy WHERE mailbox_id = ? AND external_id IN ({marks})",
        external_ids,
        (mailbox,),
    )
    return {
        row[0]: KnownCopy(
            row[1], row[2], row[3], bool(row[4]), row[5] is not None, bool(row[6]),
            row[7],
        )
        for row in rows
    }  # fmt: skip


def seen_again(folder: int, sweep: int, items: Iterable[tuple[int, str, bool]]) -> None:
    """Known copies stand on a page again: (copy id, change key, filed)."""
    database.execute_many(
        "UPDATE message_copy SET change_key = ?, filed = ?, folder_id = ?, "
        "seen_sweep = ?, gone_at = NULL WHERE id = ?",
        [(key, int(filed), folder, sweep, copy) for copy, key, filed in items],
    )


def store_private(
    mailbox: int, folder: int, sweep: int, items: Iterable[PrivateItem]
) -> None:
    """Keep ids of private-marked items, so that they are recognised, nothing else."""
    database.execute_many(
        "INSERT INTO message_copy (mailbox_id, folder_id, external_id, change_key, "
        "private, sent, digest_missing, filed, seen_sweep) VALUES (?, ?, ?, ?, 1, 0, "
        "1, 0, ?) ON CONFLICT (mailbox_id, external_id) DO UPDATE SET "
        "folder_id = excluded.folder_id, change_key = excluded.change_key, "
        "seen_sweep = excluded.seen_sweep, gone_at = NULL",
        [(mailbox, folder, item.external_id, item.change_key, sweep) for item in items],
    )


def mark_gone(mailbox: int, folder: int, external_ids: Iterable[str]) -> None:
    """Items the server reported as deleted from this folder."""
    at = to_text(clock.now())
    database.execute_many(
        "UPDATE message_copy SET gone_at = ? WHERE mailbox_id = ? AND folder_id = ? "
        "AND external_id = ? AND gone_at IS NULL",
        [(at, mailbox, folder, item) for item in external_ids],
    )


def mark_unseen_gone(mailbox: int, folder: int, sweep: int) -> int:
    """After a full re-read: copies that did not come again are gone. How many."""
    database.require_transaction()
    return database.execute_count(
        "UPDATE message_copy SET gone_at = ? WHERE mailbox_id = ? AND folder_id = ? "
        "AND seen_sweep < ? AND gone_at IS NULL",
        (to_text(clock.now()), mailbox, folder, sweep),
    )


def live_copies(message: int) -> list[tuple[int, int, str, str, bytes | None, bool]]:
    """Copies of one mail: (copy, mailbox, item id, change key, digest, missing)."""
    return [
        (row[0], row[1], row[2], row[3], row[4] and bytes(row[4]), bool(row[5]))
        for row in database.execute(
            "SELECT id, mailbox_id, external_id, change_key, content_digest, "
            "digest_missing FROM message_copy WHERE message_id = ? AND private = 0 "
            "AND gone_at IS NULL ORDER BY id",
            (message,),
        )
    ]


def withdraw(mailbox: int, items: Iterable[PrivateItem]) -> set[int]:
    """Copies marked private after we had read them: back to ids only.

    A mail of which no other copy is left, and which no person linked, goes as well.
    Returns the mails that stay: what they say about their thread has become less.
    """
    left: set[int] = set()
    for item in items:
        rows = database.execute(
            "SELECT id, message_id FROM message_copy WHERE mailbox_id = ? "
            "AND external_id = ?",
            (mailbox, item.external_id),
        )
        for copy, message in rows:
            database.execute(
                "UPDATE message_copy SET private = 1, message_id = NULL, sent = 0, "
                "content_digest = NULL, digest_missing = 1, filed = 0, guids = NULL, "
                "server_thread = NULL, parties = NULL, "
                "change_key = ?, gone_at = NULL WHERE id = ?",
                (item.change_key, copy),
            )
            left.add(message)
    alone = database.select_in(
        "SELECT m.id FROM message m WHERE NOT EXISTS (SELECT 1 FROM message_copy c "
        "WHERE c.message_id = m.id) AND NOT EXISTS (SELECT 1 FROM entry_mail em "
        "WHERE em.anchor_id = m.id) AND NOT EXISTS (SELECT 1 FROM entry_mail_verdict v "
        "WHERE v.message_id = m.id) AND m.id IN ({marks})",
        left,
    )
    forget(int(row[0]) for row in alone)
    return left - {int(row[0]) for row in alone}


def want_decision(messages: Iterable[int]) -> None:
    """Let keyword acts look at these mails again."""
    database.execute_many(
        "INSERT INTO keyword_work (message_id) VALUES (?) ON CONFLICT DO NOTHING",
        [(message,) for message in dict.fromkeys(messages)],
    )
