"""Which tasks' copies are not yet as wanted, whoever holds them up."""

from dataclasses import dataclass

from crm_core import database


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that wants writing; ``parked``: given up until somebody acts."""

    mirror: int
    mailbox: int
    parked: bool


def waiting() -> list[Waiting]:
    """Rows that differ from what is wanted in mailboxes that are written to.

    Open drift waits for a person and is not counted: nothing is due there.
    """
    rows = database.execute(
        "SELECT t.id, t.mailbox_id, t.parked FROM task_mirror t "
        "JOIN mailbox b ON b.id = t.mailbox_id WHERE t.drift IS NULL "
        "AND (t.pushed_version < t.wanted_version OR t.attempt_open = 1) "
        "AND b.enabled = 1 AND ((t.kind = 'task' AND b.writes_tasks = 1) "
        "OR (t.kind = 'appointment' AND b.writes_calendar = 1)) ORDER BY t.id"
    )
    return [Waiting(row[0], row[1], bool(row[2])) for row in rows]
