"""Getting removed bytes off the disk, and looking whether any are left.

Outside any transaction, after an erasure has committed. SQLite overwrites what it
removes (``secure_delete``); here the WAL is emptied, and if a needle is still found in
the file, the file is written anew; writers wait meanwhile. On
PostgreSQL the tables are written anew; what its WAL, backups and replicas hold is the
server's own matter, and nothing can be looked at.
"""

from collections.abc import Iterable
from pathlib import Path

from crm_core import database

_BLOCK = 1 << 20
_TOUCHED = (
    "message", "message_body", "message_address", "message_copy", "message_key",
    "attachment", "search_text", "address", "address_email", "address_domain",
    "entry", "note", "task", "task_mirror", "document", "audit_event", "suggestion",
    "review_case", "entry_mail", "webhook_delivery", "idempotency_key",
    "ignored_sender", "quarantined_change",
)  # fmt: skip


def scrub(needles: Iterable[str] = ()) -> bool:
    """Whether none of ``needles`` is left (on PostgreSQL always True: unknown)."""
    if database.is_postgres():
        for table in _TOUCHED:
            database.execute(f"VACUUM (FULL) {table}")
        return True
    database.checkpoint()
    wanted = [needle.encode() for needle in needles if needle]
    if _on_disk(wanted):
        database.execute("VACUUM")
        database.checkpoint()
    return not _on_disk(wanted)


def _on_disk(wanted: list[bytes]) -> bool:
    ((name,),) = database.execute(
        "SELECT file FROM pragma_database_list WHERE name = 'main'"
    )
    files = [Path(name), Path(f"{name}-wal")]
    return bool(wanted) and any(_holds(file, wanted) for file in files if file.exists())


def _holds(file: Path, wanted: list[bytes]) -> bool:
    longest = max(map(len, wanted))
    before = b""
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            window = before + block
            if any(needle in window for needle in wanted):
                return True
            before = window[-longest:]
    return False
