"""An entry as files: JSON for programs, .eml for mail programs.

Files come one by one, so that nothing is held in memory as a whole. With a viewer they
hold what the viewer may see: mails seen by their subject only come without content,
hidden ones not at all, and their number is told. Without a viewer they hold everything.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crm_core import audit, database
from crm_core.access.viewer import Viewer
from crm_core.linking import reasons
from crm_core.mail import eml
from crm_core.mail.eml import ReadBlob
from crm_core.models import Entry, Message, Visibility
from crm_core.queries import entry_mail


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export; ``name`` is a relative path with «/»."""

    name: str
    content: bytes


def as_json(value: object) -> bytes:
    """Readable JSON, the same for the same data."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)
    return (text + "\n").encode("utf-8", "surrogatepass")


def note(
    actor: str, what: str, *, entry: Entry | None = None, detail: str = ""
) -> None:
    """Write down that somebody took data out; first, so that it cannot be forgotten."""
    subject = what if entry is None else f"entry:{entry.number}"
    audit.record(actor, "data_exported", subject, entry=entry, detail=detail)


def of_entry(
    entry: Entry, read_blob: ReadBlob, viewer: Viewer | None = None
) -> Iterator[ExportFile]:
    """One ``mails/*.eml`` per mail the entry shows, and ``entry.json``, last."""
    mails = [
        int(row[0])
        for row in database.execute(
            f"SELECT x.message_id FROM ({entry_mail.shown_in('?')}) x "
            "JOIN message m ON m.id = x.message_id ORDER BY m.received_at, m.id",
            (entry.id, entry.id),
        )
    ]
    grades = _grades(mails, viewer)
    why = reasons.of_entry(entry.id)
    listed = []
    for message_id in (one for one in mails if grades[one] is not Visibility.NONE):
        full = grades[message_id] is Visibility.FULL
        file, missing = _mail_file(message_id, read_blob, with_content=full)
        listed.append(_mail_record(message_id, file.name, missing, why))
        yield file
    record = _entry_record(entry, viewer) | {
        "mails": listed,
        "mails_hidden": len(mails) - len(listed),
    }
    yield ExportFile("entry.json", as_json(record))


def of_mails(
    messages: Iterable[int], read_blob: ReadBlob
) -> Iterator[tuple[int, ExportFile, tuple[str, ...]]]:
    """(mail, its .eml file, what is missing in it) for each of these mails."""
    for message_id in messages:
        file, missing = _mail_file(message_id, read_blob, with_content=True)
        yield message_id, file, missing


def _grades(mails: Sequence[int], viewer: Viewer | None) -> dict[int, Visibility]:
    if viewer is not None:
        return viewer.grades(mails)
    return dict.fromkeys(mails, Visibility.FULL)


def _mail_file(
    message_id: int, read_blob: ReadBlob, *, with_content: bool
) -> tuple[ExportFile, tuple[str, ...]]:
    message: Message = Message.get_by_id(message_id)
    file = eml.rebuilt(message, read_blob, with_content=with_content)
    name = f"mails/{message.received_at:%Y%m%d-%H%M%S}-{message.id}.eml"
    return ExportFile(name, file.content), file.missing


def _mail_record(
    message_id: int,
    file: str,
    missing: Sequence[str],
    why: Mapping[int, reasons.Reason],
) -> dict[str, object]:
    message: Message = Message.get_by_id(message_id)
    reason = why.get(message_id)
    return {
        "file": file,
        "message_id": message.internet_id and f"<{message.internet_id}>",
        "subject": message.subject,
        "sender": message.sender,
        "received_at": message.received_at,
        "reason": reason and reason.code.value,
        "linked_by": reason and reason.by,
        "missing": list(missing),
    }


def _entry_record(entry: Entry, viewer: Viewer | None) -> dict[str, object]:
    own = {
        "number": entry.number,
        "title": entry.title,
        "description": entry.description,
        "subtag": entry.subtag.key,
        "status": entry.status.value,
        "management_only": bool(entry.management_only),
        "responsible": entry.responsible and entry.responsible.key,
        "follow_up_on": entry.follow_up_on,
        "created_at": entry.created_at,
        "created_by": entry.created_by,
        "closed_at": entry.closed_at,
    }
    parts = {
        name: _records(sql, (entry.id,), names) for name, (names, sql) in _PARTS.items()
    }
    return {**own, **parts, "log": _visible(parts["log"], viewer)}


def _visible(
    log: list[dict[str, object]], viewer: Viewer | None
) -> list[dict[str, object]]:
    """The lines of the log without those about mails that the viewer does not see."""
    if viewer is None:
        return log
    subjects = {str(line["subject"]) for line in log}
    mails = [int(name.partition(":")[2]) for name in subjects if _MAIL.fullmatch(name)]
    seen = {
        f"message:{mail}"
        for mail, grade in viewer.grades(mails).items()
        if grade is not Visibility.NONE
    }
    return [
        line
        for line in log
        if str(line["subject"]) in seen or not _MAIL.fullmatch(str(line["subject"]))
    ]


_MAIL = re.compile(r"message:[0-9]+")
_PARTS = {
    "participants": (
        "id number name company kind",
        (
            "SELECT a.id, a.number, a.name, a.company, a.role FROM participant p "
            "JOIN address a ON a.id = p.address_id WHERE p.entry_id = ? ORDER BY p.id"
        ),
    ),
    "notes": (
        "text by at",
        "SELECT text, written_by, written_at FROM note WHERE entry_id = ? ORDER BY id",
    ),
    "tasks": (
        (
            "id title description employee kind due_on day starts_at ends_at status "
            "done_at done_by"
        ),
        (
            "SELECT t.id, t.title, t.description, p.key, t.kind, t.due_on, t.day, "
            "t.starts_at, t.ends_at, t.status, t.done_at, t.done_by FROM task t "
            "JOIN employee p ON p.id = t.employee_id WHERE t.entry_id = ? ORDER BY t.id"
        ),
    ),
    "documents": (
        "kind number title dated_on linked_at linked_by",
        (
            "SELECT d.kind, d.number, d.title, d.dated_on, ed.linked_at, ed.linked_by "
            "FROM entry_document ed JOIN document d ON d.id = ed.document_id "
            "WHERE ed.entry_id = ? ORDER BY ed.id"
        ),
    ),
    "log": (
        "at by action subject detail",
        (
            "SELECT at, actor, action, subject, detail FROM audit_event "
            "WHERE entry_id = ? ORDER BY id"
        ),
    ),
}


def _records(sql: str, values: Sequence[object], names: str) -> list[dict[str, object]]:
    keys = names.split()
    return [dict(zip(keys, row, strict=True)) for row in database.execute(sql, values)]
