"""What one employee may see and do of the own mailbox: «Datenschutz».

``remove`` takes one mail out of the own mailbox's share of the CRM: the copy becomes a
keyed digest, so that no later page brings it back from there. Where another mailbox of
the company has the mail too, it stays with that copy; else mail, text, attachments and
links go. Who removed it stands in the log, and in the log of every entry that had it:
company mail does not disappear silently.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crm_core import audit, database
from crm_core.access.viewer import Viewer
from crm_core.errors import NotFound
from crm_core.exports.entry_export import ExportFile, as_json, of_mails
from crm_core.fields import from_text
from crm_core.linking import holds
from crm_core.mail import expired_copies, tombstones
from crm_core.mail.eml import ReadBlob
from crm_core.models import Entry, Visibility
from crm_core.personal_data import erasure, privacy
from crm_core.queries import entry_mail
from crm_core.queries.paging import PAGE
from crm_core.threads import rethreading


@dataclass(frozen=True, slots=True)
class OwnMail:
    """A mail of the own mailbox; ``subject`` is None where the viewer sees none."""

    id: int
    subject: str | None
    sender: str | None
    received_at: datetime
    has_content: bool
    elsewhere: bool  # another mailbox of the company has it too


@dataclass(frozen=True, slots=True)
class Removal:
    """What ``remove`` would do. ``entries``: numbers of those that the viewer reads."""

    mail: OwnMail
    entries: tuple[int, ...]
    hidden_entries: int


_MAILS = (
    "SELECT m.id, m.subject, m.sender, m.received_at, m.body_at IS NOT NULL, "
    "EXISTS (SELECT 1 FROM message_copy o JOIN mailbox b ON b.id = o.mailbox_id "
    "WHERE o.message_id = m.id AND coalesce(b.employee_id, 0) <> {employee}) "
    "FROM message m WHERE EXISTS (SELECT 1 FROM message_copy c JOIN mailbox b "
    "ON b.id = c.mailbox_id WHERE c.message_id = m.id AND b.employee_id = {employee})"
)


def mails(
    viewer: Viewer, *, before: int | None = None, limit: int = PAGE
) -> tuple[OwnMail, ...]:
    """Mails of the own mailbox whose content is stored, the last stored ones first."""
    rows = database.execute(
        f"{_of(viewer)} AND m.body_at IS NOT NULL AND m.id < ? "
        "ORDER BY m.id DESC LIMIT ?",
        (2**62 if before is None else before, limit),
    )
    return _mails(viewer, rows)


def removal(viewer: Viewer, message_id: int) -> Removal:
    """What removing it means; NotFound unless it lies in the viewer's own mailbox."""
    rows = database.execute(f"{_of(viewer)} AND m.id = ?", (message_id,))
    if not rows:
        raise NotFound("there is no mail {number}", number=message_id)
    (mail,) = _mails(viewer, rows)
    linked = _entries(message_id)
    seen = tuple(entry.number for entry in linked if viewer.sees(entry))
    return Removal(mail, seen, len(linked) - len(seen))


def remove(viewer: Viewer, message_id: int) -> bool:
    """Remove it; whether the whole mail is gone (no other mailbox had it).

    Raises NotFound unless it lies in the viewer's own mailbox.
    """
    database.require_transaction()
    told, entries = removal(viewer, message_id), _entries(message_id)
    boxes = database.execute(
        "SELECT DISTINCT c.mailbox_id FROM message_copy c JOIN mailbox b "
        "ON b.id = c.mailbox_id WHERE c.message_id = ? AND b.employee_id = ?",
        (message_id, viewer.employee),
    )
    for (box,) in boxes:
        tombstones.put([message_id], mailbox=int(box))
    if told.mail.elsewhere:
        for (box,) in boxes:
            expired_copies.put([message_id], mailbox=int(box))
        rethreading.rebuild([message_id])
        holds.settle(_conversation(message_id))
    else:
        erasure.remove([message_id])
    kept = "another mailbox keeps it" if told.mail.elsewhere else "nothing is left"
    for entry in (None, *entries):
        audit.record(
            viewer.actor,
            "mail_removed_by_owner",
            f"message:{message_id}",
            entry=entry,
            detail=kept,
        )
    return not told.mail.elsewhere


def own_data(viewer: Viewer, read_blob: ReadBlob) -> Iterator[ExportFile]:
    """Everything about the employee: account, acts, tasks, and the own mailbox's mails.

    A mail comes with its text, a task with its title only where the viewer sees them;
    ``own-data.json`` is last.
    """
    rows = database.execute(f"{_of(viewer)} ORDER BY m.id")
    listed, files = _mails(viewer, rows), dict[int, str]()
    grades = viewer.grades(mail.id for mail in listed)
    full = [m.id for m in listed if grades[m.id] is Visibility.FULL and m.has_content]
    for message, file, _missing in of_mails(full, read_blob):
        files[message] = file.name
        yield file
    boxes = database.execute(
        "SELECT address, informed_on FROM mailbox WHERE employee_id = ? ORDER BY id",
        (viewer.employee,),
    )
    record = {
        "key": viewer.key,
        "name": viewer.name,
        "mailboxes": [{"address": row[0], "informed_on": row[1]} for row in boxes],
        **_record(viewer),
        "mails": [
            {
                "subject": mail.subject,
                "sender": mail.sender,
                "received_at": mail.received_at,
                "file": files.get(mail.id),
            }
            for mail in listed
        ],
    }
    yield ExportFile("own-data.json", as_json(record))


def _record(viewer: Viewer) -> dict[str, object]:
    found = privacy.of_employee(viewer.employee, viewer.key)
    rows = database.execute(
        "SELECT CASE WHEN "
        + viewer.entries("e")
        + " THEN t.title END, t.status, e.number FROM task t JOIN entry e "
        "ON e.id = t.entry_id WHERE t.employee_id = ? ORDER BY t.id",
        (viewer.employee,),
    )
    tasks = [dict(zip(("title", "status", "entry"), row, strict=True)) for row in rows]
    return {**found, "tasks": tasks}


def _of(viewer: Viewer) -> str:
    return _MAILS.format(employee=int(viewer.employee))


def _mails(viewer: Viewer, rows: list[tuple[object, ...]]) -> tuple[OwnMail, ...]:
    grades = viewer.grades(int(str(row[0])) for row in rows)
    return tuple(
        OwnMail(
            id=int(str(id_)),
            subject=None if grades[int(str(id_))] is Visibility.NONE else str(subject),
            sender=None if sender is None else str(sender),
            received_at=from_text(str(at)),
            has_content=bool(content),
            elsewhere=bool(elsewhere),
        )
        for id_, subject, sender, at, content, elsewhere in rows
    )


def _entries(message_id: int) -> list[Entry]:
    """Every entry that shows the mail."""
    rows = database.execute(entry_mail.shown_of("?"), (message_id, message_id))
    return [Entry.get_by_id(row[0]) for row in sorted(rows)]


def _conversation(message_id: int) -> list[int]:
    rows = database.execute(
        "SELECT conversation_id FROM message WHERE id = ?", (message_id,)
    )
    return [int(row[0]) for row in rows]
