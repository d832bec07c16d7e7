"""Is anything missing? The database's side of the nightly count of a folder.

Every item of a watched folder is known in one of four ways: a stored mail's copy, a
private-marked item's id, an open row of the quarantine, the digest of an expired one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from crm_core import clock, database
from crm_core.fields import from_text, to_text
from crm_core.mail import expired_copies, quarantine


def unknown(mailbox: int, external_ids: Sequence[str]) -> list[str]:
    """Those of these items that are not recorded in any way, in their order."""
    rows = database.select_in(
        "SELECT external_id FROM message_copy WHERE mailbox_id = ? "
        "AND gone_at IS NULL AND external_id IN ({marks})",
        external_ids,
        (mailbox,),
    )
    stored = {row[0] for row in rows}
    left = [item for item in external_ids if item not in stored]
    known = quarantine.known(mailbox, left).keys() | expired_copies.among(mailbox, left)
    return [item for item in left if item not in known]


def not_among(mailbox: int, folder: int, seen: Collection[int]) -> list[str]:
    """Items that we hold as lying in the folder, and whose hash was not ``seen``."""
    rows = database.execute(
        "SELECT external_id FROM message_copy WHERE mailbox_id = ? AND folder_id = ? "
        "AND gone_at IS NULL",
        (mailbox, folder),
    )
    return [item for (item,) in rows if hash(item) not in seen]


def record(folder: int, there: int, here: int) -> None:
    """What a count found in the mailbox, and of that in the database."""
    database.require_transaction()
    database.execute(
        "UPDATE mail_folder SET counted_at = ?, items_there = ?, items_here = ? "
        "WHERE id = ?",
        (to_text(clock.now()), there, here, folder),
    )


def last_looks(folder: int) -> tuple[datetime | None, datetime | None]:
    """When the folder was first read to its end, and when it was last counted."""
    rows = database.execute(
        "SELECT caught_up_at, counted_at FROM mail_folder WHERE id = ?", (folder,)
    )
    caught_up, counted = rows[0]
    return (
        None if caught_up is None else from_text(caught_up),
        None if counted is None else from_text(counted),
    )
