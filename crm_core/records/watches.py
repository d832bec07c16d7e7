"""Who wants to see what happens in an entry («Beobachten»)."""

from crm_core import audit, clock
from crm_core.database import require_transaction
from crm_core.models import Entry, Watch


def watch(entry: Entry, employee_id: int, *, actor: str) -> None:
    """Tell this employee of news from now on; twice changes nothing."""
    require_transaction()
    if is_watching(entry, employee_id):
        return
    Watch.create(entry=entry, employee=employee_id, seen_at=clock.now())
    audit.record(actor, "entry_watched", f"entry:{entry.number}", entry=entry)


def unwatch(entry: Entry, employee_id: int, *, actor: str) -> None:
    """No longer; who does not watch changes nothing."""
    require_transaction()
    rows = Watch.delete().where(Watch.entry == entry, Watch.employee == employee_id)
    if rows.execute():
        audit.record(actor, "entry_unwatched", f"entry:{entry.number}", entry=entry)


def mark_seen(entry: Entry, employee_id: int) -> None:
    """Whatever happened so far is no news any more; no matter for the log."""
    require_transaction()
    Watch.update(seen_at=clock.now()).where(
        Watch.entry == entry, Watch.employee == employee_id
    ).execute()


def is_watching(entry: Entry, employee_id: int) -> bool:
    """Whether the employee watches the entry."""
    found = Watch.get_or_none(Watch.entry == entry, Watch.employee == employee_id)
    return found is not None
