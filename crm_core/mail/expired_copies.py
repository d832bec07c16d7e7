"""Items whose mail has expired: recognised by a keyed digest of the item id, no more.

A full re-read of a folder brings every item again. What has expired must not be read
and stored a second time, and nothing of it may be kept but what recognising needs. The
key is the installation's; without it a digest tells nothing.
"""

from collections.abc import Iterable
from hashlib import blake2b

from crm_core import database
from crm_core.mail.content import digest_key


def put(messages: Iterable[int], *, mailbox: int | None = None) -> None:
    """The copies of these mails (in this mailbox) become digests of their item ids.

    Of those that are gone not even that: they are not met again.
    """
    key = digest_key()
    where, before = ("1 = 1", ()) if mailbox is None else ("mailbox_id = ?", (mailbox,))
    rows = database.select_in(
        "SELECT mailbox_id, folder_id, external_id, seen_sweep, gone_at, id "
        f"FROM message_copy WHERE {where} AND message_id IN ({{marks}})",
        messages,
        before,
    )
    database.execute_many(
        "INSERT INTO expired_copy (mailbox_id, folder_id, digest, seen_sweep) "
        "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (mailbox, folder, _item_digest(key, item), sweep)
            for mailbox, folder, item, sweep, gone_at, _ in rows
            if gone_at is None
        ],
    )
    database.execute_many(
        "DELETE FROM message_copy WHERE id = ?", [(row[5],) for row in rows]
    )


def put_items(
    mailbox: int, folder: int, sweep: int, external_ids: Iterable[str]
) -> None:
    """Items that were met and are not to be stored: erased mails that came again."""
    key = digest_key()
    database.execute_many(
        "INSERT INTO expired_copy (mailbox_id, folder_id, digest, seen_sweep) "
        "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(mailbox, folder, _item_digest(key, item), sweep) for item in external_ids],
    )


def among(mailbox: int, external_ids: Iterable[str]) -> set[str]:
    """Those of these items whose mail has expired."""
    if not database.execute(
        "SELECT 1 FROM expired_copy WHERE mailbox_id = ? LIMIT 1", (mailbox,)
    ):
        return set()
    key = digest_key()
    named = {_item_digest(key, item): item for item in external_ids}
    rows = database.select_in(
        "SELECT digest FROM expired_copy WHERE mailbox_id = ? AND digest IN ({marks})",
        named,
        (mailbox,),
    )
    return {named[bytes(row[0])] for row in rows}


def seen_again(
    mailbox: int, folder: int, sweep: int, external_ids: Iterable[str]
) -> None:
    """Items of expired mails stand on a page again."""
    _of_known(
        "UPDATE expired_copy SET folder_id = ?, seen_sweep = ? "
        "WHERE mailbox_id = ? AND digest = ?",
        (folder, sweep, mailbox),
        external_ids,
    )


def forget_unseen(mailbox: int, folder: int, sweep: int) -> int:
    """After a full re-read: what did not come again is not there. How many."""
    database.require_transaction()
    return database.execute_count(
        "DELETE FROM expired_copy WHERE mailbox_id = ? AND folder_id = ? "
        "AND seen_sweep < ?",
        (mailbox, folder, sweep),
    )


def forget(mailbox: int, external_ids: Iterable[str]) -> None:
    """These items are gone, or are read anew: not even their digests stay."""
    _of_known(
        "DELETE FROM expired_copy WHERE mailbox_id = ? AND digest = ?",
        (mailbox,),
        external_ids,
    )


def _of_known(sql: str, before: tuple[int, ...], external_ids: Iterable[str]) -> None:
    mailbox = before[-1]
    found = among(mailbox, external_ids)
    if found:
        key = digest_key()
        database.execute_many(
            sql, [(*before, _item_digest(key, item)) for item in found]
        )


def _item_digest(key: bytes, external_id: str) -> bytes:
    whole = blake2b(key=key, digest_size=16, person=b"item id")
    whole.update(external_id.encode("utf-8", "surrogatepass"))
    return whole.digest()
