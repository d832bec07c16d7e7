"""Merging an entry into another one: «Zusammenführen».

Everything moves: links with their reasons, verdicts of people, notes, tasks, documents,
watches, open offers. Participants are added (an entry keeps its own). What either entry
showed, the merged one shows: where people decided differently, showing wins. Tasks stay
the same tasks, so that each copy in a mailbox stays the one item it is and is only
written again, with the new number.

The merged entry is closed for good and points to the other one. Nothing of it can be
undone as a whole; single links can be taken out again.
"""

from dataclasses import dataclass

from crm_core import audit, clock, database, events, search
from crm_core.access.staff import MANAGEMENT
from crm_core.access.viewer import Viewer
from crm_core.errors import Conflict, Invalid
from crm_core.fields import to_text
from crm_core.linking import holds
from crm_core.models import Entry, EntryStatus, Findable, MergedEntry, Note
from crm_core.queries import entry_mail
from crm_core.records import entries, tasks
from crm_core.records.entries import Stale


@dataclass(frozen=True, slots=True)
class Merging:
    """What a merging would move, and which groups could then read it who cannot now."""

    source: Entry
    target: Entry
    mails: int
    participants: int
    notes: int
    tasks: int
    documents: int
    new_readers: tuple[str, ...]


def preview(viewer: Viewer, number: int, into: int) -> Merging:
    """What ``merge`` would do; raises like it, changes nothing."""
    source, target = _both(viewer, number, into)
    return Merging(
        source=source,
        target=target,
        mails=len(_shown(source)),
        participants=len(_strangers(source, target)),
        notes=_count("note", source),
        tasks=_count("task", source),
        documents=_count("entry_document", source),
        new_readers=tuple(sorted(_readers(target) - _readers(source))),
    )


def merge(
    viewer: Viewer,
    number: int,
    into: int,
    *,
    version: int | None = None,
    into_version: int | None = None,
) -> Entry:
    """Merge the first entry into the second one, which is returned.

    Both must be the viewer's to change. Raises Invalid for an entry and itself, NotFound
    and Forbidden like ``Viewer.entry``, Conflict if one was merged already or if what is
    «only for GL» would become visible to others, Stale if either is no longer in the
    version that the person saw. Then nothing has changed.
    """
    database.require_transaction()
    source, target = _both(viewer, number, into)
    for entry, seen in ((source, version), (target, into_version)):
        if seen is not None and entry.version != seen:
            raise Stale(
                "entry {number} has been changed meanwhile", number=entry.number
            )
    shown = _shown(source) | _shown(target)
    touched = _conversations(source) | _conversations(target)
    _move_links(source, target)
    _move_verdicts(source, target, shown, viewer.actor)
    _move_offers(source, target, viewer.actor)
    _move_the_rest(source, target, viewer.actor)
    tasks.move(source, target)
    _close(source, target, viewer.actor)
    holds.settle(touched)
    search.refresh(Findable.ENTRY, [source.id, target.id])
    return target


def _both(viewer: Viewer, number: int, into: int) -> tuple[Entry, Entry]:
    source, target = (viewer.entry(one, write=True) for one in (number, into))
    if source.id == target.id:
        raise Invalid("into", "same", "an entry cannot be merged into itself")
    if source.management_only and not target.management_only:
        raise Conflict(
            "entry {number} is only for GL and entry {into} is not: "
            "mark that one «only for GL» first",
            number=source.number,
            into=target.number,
        )
    return source, target


# --- mail -------------------------------------------------------------------------


def _shown(entry: Entry) -> set[int]:
    rows = database.execute(entry_mail.shown_in("?"), (entry.id, entry.id))
    return {int(row[1]) for row in rows}


def _conversations(entry: Entry) -> set[int]:
    """Those whose holds depend on the entry, by a link or by a verdict."""
    rows = database.execute(
        "SELECT DISTINCT m.conversation_id FROM entry_mail_verdict v "
        "JOIN message m ON m.id = v.message_id WHERE v.entry_id = ?",
        (entry.id,),
    )
    return holds.conversations_of_entry(entry.id) | {int(row[0]) for row in rows}


def _move_links(source: Entry, target: Entry) -> None:
    """Anchor by anchor; of two links of one anchor the active one stays."""
    there = dict(
        database.execute(
            "SELECT anchor_id, removed_at FROM entry_mail WHERE entry_id = ?",
            (target.id,),
        )
    )
    here = database.execute(
        "SELECT id, anchor_id, removed_at FROM entry_mail WHERE entry_id = ?",
        (source.id,),
    )
    for link, anchor, removed_at in here:
        if anchor in there and (removed_at is not None or there[anchor] is None):
            database.execute("DELETE FROM entry_mail WHERE id = ?", (link,))
            continue
        if anchor in there:
            database.execute(
                "DELETE FROM entry_mail WHERE entry_id = ? AND anchor_id = ?",
                (target.id, anchor),
            )
        database.execute(
            "UPDATE entry_mail SET entry_id = ? WHERE id = ?", (target.id, link)
        )


def _move_verdicts(source: Entry, target: Entry, shown: set[int], actor: str) -> None:
    """Nothing that was shown is taken out by a verdict of the other entry."""
    there = _verdicts(target)
    now = to_text(clock.now())
    for message, (row, verdict) in _verdicts(source).items():
        hides = verdict == "exclude" and message in shown
        if message in there or hides:
            database.execute("DELETE FROM entry_mail_verdict WHERE id = ?", (row,))
        else:
            database.execute(
                "UPDATE entry_mail_verdict SET entry_id = ? WHERE id = ?",
                (target.id, row),
            )
    database.execute_many(
        "UPDATE entry_mail_verdict SET verdict = 'include', by = ?, at = ? "
        "WHERE id = ?",
        [
            (actor, now, row)
            for message, (row, verdict) in there.items()
            if verdict == "exclude" and message in shown
        ],
    )


def _verdicts(entry: Entry) -> dict[int, tuple[int, str]]:
    rows = database.execute(
        "SELECT message_id, id, verdict FROM entry_mail_verdict WHERE entry_id = ?",
        (entry.id,),
    )
    return {int(message): (int(row), verdict) for message, row, verdict in rows}


def _move_offers(source: Entry, target: Entry, actor: str) -> None:
    """Open offers of mail; one that the other entry has too is answered by it."""
    database.execute(
        "UPDATE suggestion SET closed_at = ?, closed_by = ? WHERE entry_id = ? "
        "AND closed_at IS NULL AND message_id IN (SELECT message_id FROM suggestion "
        "WHERE entry_id = ? AND closed_at IS NULL)",
        (to_text(clock.now()), actor, source.id, target.id),
    )
    database.execute(
        "UPDATE suggestion SET entry_id = ? WHERE entry_id = ? AND closed_at IS NULL",
        (target.id, source.id),
    )


# --- everything else --------------------------------------------------------------


def _strangers(source: Entry, target: Entry) -> list[int]:
    """Participants of the first entry who take no part in the second one."""
    known = set(entries.participant_ids(target))
    return [one for one in entries.participant_ids(source) if one not in known]


def _move_the_rest(source: Entry, target: Entry, actor: str) -> None:
    for address in _strangers(source, target):
        database.execute(
            "INSERT INTO participant (entry_id, address_id, added_at, added_by) "
            "SELECT ?, address_id, added_at, added_by FROM participant "
            "WHERE entry_id = ? AND address_id = ?",
            (target.id, source.id, address),
        )
    database.execute(
        "UPDATE note SET entry_id = ? WHERE entry_id = ?", (target.id, source.id)
    )
    if source.description:
        Note.create(
            entry=target,
            text=f"{source.title}\n\n{source.description}",
            written_at=clock.now(),
            written_by=actor,
        )
    for table, column in (("entry_document", "document_id"), ("watch", "employee_id")):
        database.execute(
            f"UPDATE {table} SET entry_id = ? WHERE entry_id = ? AND {column} NOT IN "
            f"(SELECT {column} FROM {table} WHERE entry_id = ?)",
            (target.id, source.id, target.id),
        )
        database.execute(f"DELETE FROM {table} WHERE entry_id = ?", (source.id,))


def _close(source: Entry, target: Entry, actor: str) -> None:
    now = clock.now()
    if source.status is not EntryStatus.CLOSED:
        source.status, source.closed_at = EntryStatus.CLOSED, now
        if target.status is EntryStatus.CLOSED:  # there is something to do after all
            target.status, target.closed_at = EntryStatus.OPEN, None
    for entry in (source, target):
        entry.version += 1
        entry.updated_at, entry.updated_by = now, actor
        entry.save()
    MergedEntry.update(into=target).where(MergedEntry.into == source).execute()
    MergedEntry.create(entry=source, into=target, merged_at=now, merged_by=actor)
    for entry, action, other in (
        (source, "entry_merged", target),
        (target, "entry_absorbed", source),
    ):
        said = f"entry:{other.number}"
        audit.record(actor, action, f"entry:{entry.number}", entry=entry, detail=said)
        events.follow(action, entry)


def _count(table: str, entry: Entry) -> int:
    ((count,),) = database.execute(
        f"SELECT count(*) FROM {table} WHERE entry_id = ?", (entry.id,)
    )
    return int(count)


def _readers(entry: Entry) -> set[str]:
    """Names of the staff groups that may read the entry."""
    rows = database.execute(
        "SELECT g.name FROM subtag s JOIN tag t ON t.id = s.tag_id "
        "JOIN tag_group_access a ON a.tag_group_id = t.group_id AND a.access <> 'none' "
        "JOIN staff_group g ON g.id = a.staff_group_id WHERE s.id = ?",
        (entry.subtag_id,),
    )
    names = {str(row[0]) for row in rows}
    return names & {MANAGEMENT} if entry.management_only else names
