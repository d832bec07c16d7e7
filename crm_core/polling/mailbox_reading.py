"""What the configuration says about reading a mailbox, mirrored for the pages.

The daemon reads by its configuration, never by these rows. No secret is among them.
"""

from dataclasses import astuple, dataclass
from datetime import date

from crm_core import database


@dataclass(frozen=True, slots=True)
class Reading:
    """How one mailbox is read. ``lines`` are its lines for mailboxes.yaml."""

    poll: int
    since: date | None = None
    skip: tuple[str, ...] = ()
    endpoint: str = ""
    login: str = ""
    access: str = ""
    lines: str = ""


def remember(mailbox: int, reading: Reading) -> bool:
    """Make the mailbox's row say this; whether it said something else before."""
    database.require_transaction()
    poll, since, skip, *texts = astuple(reading)
    wanted = (poll, since and since.isoformat(), "\n".join(skip), *texts)
    rows = database.execute(
        "SELECT poll, since, skip, endpoint, login, access, lines FROM mailbox_reading "
        "WHERE mailbox_id = ?",
        (mailbox,),
    )
    if rows == [wanted]:
        return False
    database.execute(
        "INSERT INTO mailbox_reading (mailbox_id, poll, since, skip, endpoint, login, "
        "access, lines) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mailbox_id) "
        "DO UPDATE SET poll = excluded.poll, since = excluded.since, "
        "skip = excluded.skip, endpoint = excluded.endpoint, login = excluded.login, "
        "access = excluded.access, lines = excluded.lines",
        (mailbox, *wanted),
    )
    return True
