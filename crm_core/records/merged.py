"""Where an entry has gone that was merged into another one (``merging`` does it).

Its number lives on: in subjects of mails, bookmarks and copies of tasks.
"""

from collections.abc import Iterable

from crm_core import database
from crm_core.errors import Conflict
from crm_core.models import Entry, EntryStatus, MergedEntry


def target_of(entry: Entry) -> Entry | None:
    """The entry it was merged into, if it was."""
    if entry.status is not EntryStatus.CLOSED:  # what is merged is closed for good
        return None
    row = MergedEntry.get_or_none(MergedEntry.entry == entry)
    found: Entry | None = None if row is None else row.into
    return found


def refuse(entry: Entry) -> None:
    """Raise Conflict if the entry was merged: it is not changed any more."""
    if target_of(entry) is not None:
        raise Conflict(
            "entry {number} has been merged into another one", number=entry.number
        )


def by_number(numbers: Iterable[int]) -> dict[int, Entry]:
    """The entries that these numbers lead to today; unknown numbers are left out."""
    rows = database.select_in(
        "SELECT e.number, coalesce(m.into_id, e.id) FROM entry e "
        "LEFT JOIN merged_entry m ON m.entry_id = e.id WHERE e.number IN ({marks})",
        numbers,
    )
    return {int(number): Entry.get_by_id(id_) for number, id_ in rows}


def numbers_of(into: int) -> list[int]:
    """The numbers of the entries that were merged into this one, by its id."""
    rows = database.execute(
        "SELECT e.number FROM merged_entry m JOIN entry e ON e.id = m.entry_id "
        "WHERE m.into_id = ? ORDER BY e.number",
        (into,),
    )
    return [int(row[0]) for row in rows]
