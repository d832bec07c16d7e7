"""What could not be read or applied: kept as a visible row, never dropped.

A row stays open until a newer version of the item is read, or a retry asked for by a
person succeeds. The item itself stays in its mailbox; nothing of it is stored here but
its ids and the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_core import audit, clock, database
from crm_core.errors import NotFound
from crm_core.fields import from_text, to_text

KEYWORD_BUDGET = "keyword_budget"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that ingest could not take, and why."""

    external_id: str
    change_key: str
    reason: str
    detail: str = ""
    internet_id: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedItem:
    """An open row, as shown to an administrator."""

    id: int
    mailbox: str
    folder: str
    external_id: str
    internet_id: str | None
    reason: str
    detail: str
    attempts: int
    first_at: datetime
    last_at: datetime
    retry_wanted: bool


def by_mailbox() -> dict[int, int]:
    """How many rows are open, by mailbox; one that has none is not in it."""
    rows = database.execute(
        "SELECT mailbox_id, count(*) FROM quarantined_change "
        "WHERE resolved_at IS NULL GROUP BY mailbox_id"
    )
    return {int(mailbox): int(count) for mailbox, count in rows}


def put(mailbox: int, folder: int, items: Iterable[Rejected]) -> None:
    """Record rejected items; a repeat counts as one more attempt."""
    at = to_text(clock.now())
    database.execute_many(
        "INSERT INTO quarantined_change (mailbox_id, folder_id, external_id, "
        "change_key, internet_id, reason, detail, attempts, first_at, last_at, "
        "retry_wanted) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0) "
        "ON CONFLICT (mailbox_id, external_id, reason) DO UPDATE SET "
        "folder_id = excluded.folder_id, change_key = excluded.change_key, "
        "internet_id = coalesce(excluded.internet_id, quarantined_change.internet_id), "
        "detail = excluded.detail, attempts = quarantined_change.attempts + 1, "
        "last_at = excluded.last_at, retry_wanted = 0, resolved_at = NULL",
        [
            (
                mailbox, folder, item.external_id, item.change_key, item.internet_id,
                item.reason, item.detail[:500], at, at,
            )
            for item in items
        ],
    )  # fmt: skip


def known(mailbox: int, external_ids: Iterable[str]) -> dict[str, str]:
    """Open items of a mailbox among these ids: item id → change key rejected."""
    rows = database.select_in(
        "SELECT external_id, change_key FROM quarantined_change WHERE mailbox_id = ? "
        "AND resolved_at IS NULL AND reason <> 'keyword_budget' "
        "AND external_id IN ({marks})",
        external_ids,
        (mailbox,),
    )
    return dict(rows)


def resolve(mailbox: int, external_ids: Iterable[str]) -> None:
    """These items were read after all, or are gone."""
    at = to_text(clock.now())
    database.execute_many(
        "UPDATE quarantined_change SET resolved_at = ?, retry_wanted = 0 WHERE "
        "mailbox_id = ? AND external_id = ? AND resolved_at IS NULL "
        "AND reason <> 'keyword_budget'",
        [(at, mailbox, item) for item in external_ids],
    )


def open_items() -> list[QuarantinedItem]:
    """Everything that waits, oldest first."""
    return _select("q.resolved_at IS NULL", ())


def get(item: int) -> QuarantinedItem:
    """One open row; NotFound if there is none."""
    found = _select("q.resolved_at IS NULL AND q.id = ?", (item,))
    if not found:
        raise NotFound("there is no quarantined item {number}", number=item)
    return found[0]


def request_retry(item: int, *, actor: str) -> None:
    """Try this item again at the next poll of its mailbox; NotFound if unknown.

    An item over the keyword budget is decided at the next poll instead.
    """
    database.require_transaction()
    row = get(item)
    audit.record(actor, "quarantine_retry", f"quarantine:{item}")
    if row.reason == KEYWORD_BUDGET:
        database.execute(
            "INSERT INTO keyword_work (message_id) SELECT c.message_id FROM "
            "message_copy c JOIN quarantined_change q ON q.mailbox_id = c.mailbox_id "
            "AND q.external_id = c.external_id WHERE q.id = ? "
            "AND c.message_id IS NOT NULL ON CONFLICT DO NOTHING",
            (item,),
        )
        database.execute(
            "UPDATE quarantined_change SET resolved_at = ? WHERE id = ?",
            (to_text(clock.now()), item),
        )
        return
    database.execute(
        "UPDATE quarantined_change SET retry_wanted = 1 WHERE id = ?", (item,)
    )


def retries(mailbox: int, folder: int) -> list[tuple[str, str]]:
    """Items of a folder that a person wants tried again: (item id, change key)."""
    rows = database.execute(
        "SELECT external_id, change_key FROM quarantined_change WHERE mailbox_id = ? "
        "AND folder_id = ? AND retry_wanted = 1 AND resolved_at IS NULL",
        (mailbox, folder),
    )
    return [(row[0], row[1]) for row in rows]


def _select(where: str, parameters: tuple[object, ...]) -> list[QuarantinedItem]:
    rows = database.execute(
        "SELECT q.id, b.address, f.name, q.external_id, q.internet_id, q.reason, "
        "q.detail, q.attempts, q.first_at, q.last_at, q.retry_wanted "
        "FROM quarantined_change q JOIN mailbox b ON b.id = q.mailbox_id "
        f"JOIN mail_folder f ON f.id = q.folder_id WHERE {where} ORDER BY q.id",
        parameters,
    )
    return [
        QuarantinedItem(
            id=row[0],
            mailbox=row[1],
            folder=row[2],
            external_id=row[3],
            internet_id=row[4],
            reason=row[5],
            detail=row[6],
            attempts=row[7],
            first_at=from_text(row[8]),
            last_at=from_text(row[9]),
            retry_wanted=bool(row[10]),
        )
        for row in rows
    ]
