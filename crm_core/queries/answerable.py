"""The newest mail from outside in each open entry: what somebody might answer."""

from dataclasses import dataclass

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.queries.entry_mail import shown_in

_ENTRIES = 12


@dataclass(frozen=True, slots=True)
class Answerable:
    """A mail that came in; ``mailbox`` is where its newest copy lies."""

    entry: int
    title: str
    internet_id: str
    subject: str
    sender: str
    sender_name: str
    mailbox: str


def newest(viewer: Viewer, *, limit: int = _ENTRIES) -> tuple[Answerable, ...]:
    """One mail an entry, the entries with the newest mail first. One query."""
    entries = (
        "SELECT e.id FROM entry e WHERE e.status <> 'closed' AND "
        f"{viewer.entries('e', write=True)}"
    )
    rows = database.execute(
        "SELECT e.number, e.title, m.internet_id, m.subject, m.from_address, "
        "m.from_name, b.address, m.received_at FROM "
        f"({shown_in(entries)}) s JOIN entry e ON e.id = s.entry_id "
        "JOIN message m ON m.id = s.message_id "
        "JOIN message_copy c ON c.message_id = m.id AND c.gone_at IS NULL "
        "JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE m.internet_id IS NOT NULL AND m.from_address IS NOT NULL "
        f"AND m.authenticated = 0 AND m.automatic = 0 AND {viewer.messages('m')} "
        "ORDER BY m.received_at DESC, m.id DESC, b.id",
    )
    found: dict[int, Answerable] = {}
    for row in rows:
        found.setdefault(int(row[0]), Answerable(int(row[0]), *row[1:7]))
    return tuple(found.values())[:limit]
