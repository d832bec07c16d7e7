"""What one person may ask for (revDSG Art. 25, 32): to see everything, to be erased.

    persons       who is meant
    access_report everything that is stored about the person, as files
    erasure       erase(), erase_mailbox()
    scrubbing     scrub(): the bytes on the disk

The report is one ``person.json`` and one ``.eml`` per mail. It names what is stored
about the person, not what other people's mails say about somebody of the same name.
"""

from collections.abc import Iterator, Sequence

from crm_core import database
from crm_core.exports.entry_export import ExportFile, as_json, of_mails
from crm_core.mail.eml import ReadBlob
from crm_core.personal_data.erasure import (
    Erased,
    erase,
    erase_mailbox,
    preview,
    preview_mailbox,
    words_of,
)
from crm_core.personal_data.persons import Person, find, messages_of, unseen_by
from crm_core.personal_data.scrubbing import scrub

Record = dict[str, object]


def access_report(person: Person, read_blob: ReadBlob) -> Iterator[ExportFile]:
    """Every file of the report, one by one; ``person.json`` last."""
    mails = messages_of(person)
    files: dict[int, tuple[str, tuple[str, ...]]] = {}
    for message, file, missing in of_mails(mails, read_blob):
        files[message] = (file.name, missing)
        yield file
    record = {
        "email_addresses": list(person.emails),
        "address": _address(person),
        "entries": _entries(person),
        "documents": _documents(person),
        "mails": _mails(mails, files),
        "suggestions": _in(_SUGGESTIONS, mails, "mail entry reason detail at"),
        "review_cases": _in(_REVIEWS, mails, "mail reason detail at"),
        "log": _log(person, mails),
        "ignored_sender": _in(_IGNORED, person.emails, "email by at"),
        "told_to_programs": _deliveries(person),
        "employee": _employee(person),
    }
    yield ExportFile("person.json", as_json(record))


_SUGGESTIONS = (
    "SELECT s.message_id, e.number, s.reason, s.detail, s.made_at FROM suggestion s "
    "LEFT JOIN entry e ON e.id = s.entry_id WHERE s.message_id IN ({marks})"
)
_REVIEWS = (
    "SELECT message_id, reason, detail, opened_at FROM review_case "
    "WHERE message_id IN ({marks})"
)
_IGNORED = "SELECT email, by, at FROM ignored_sender WHERE email IN ({marks})"


def _deliveries(person: Person) -> list[Record]:
    """What was sent to other programs and names an e-mail address of the person."""
    place = "strpos" if database.is_postgres() else "instr"
    return [
        record
        for email in person.emails
        for record in _records(
            "SELECT event, made_at, body FROM webhook_delivery "
            f"WHERE {place}(body, ?) > 0 ORDER BY id",
            (email,),
            "event at body",
        )
    ]


def _address(person: Person) -> Record | None:
    if person.address is None:
        return None
    (row,) = _records(
        "SELECT id, number, name, role, company, street, zip_code, city, phone, "
        "remark, created_at, updated_at, gone_at FROM address WHERE id = ?",
        (person.address,),
        "id number name kind company street zip_code city phone remark created_at "
        "updated_at gone_at",
    )
    domains = database.execute(
        "SELECT domain FROM address_domain WHERE address_id = ?", (person.address,)
    )
    return row | {"domains": [one[0] for one in domains]}


def _entries(person: Person) -> list[Record]:
    """Entries in which the person takes part, with what stands there."""
    if person.address is None:
        return []
    found = _records(
        "SELECT e.id, e.number, e.title, e.description, e.status, e.created_at, "
        "e.closed_at, p.added_at, p.added_by FROM participant p "
        "JOIN entry e ON e.id = p.entry_id WHERE p.address_id = ? ORDER BY e.number",
        (person.address,),
        "id number title description status created_at closed_at since added_by",
    )
    for entry in found:
        own = (entry.pop("id"),)
        for name, (names, sql) in _PARTS.items():
            entry[name] = _records(sql, own, names)
    return found


def _documents(person: Person) -> list[Record]:
    """Documents of the address, linked with an entry or not."""
    return _records(
        "SELECT kind, number, title, dated_on, status FROM document "
        "WHERE address_id = ? ORDER BY id",
        (person.address,),
        "kind number title dated_on status",
    )


_PARTS = {
    "notes": (
        "text by at",
        "SELECT text, written_by, written_at FROM note WHERE entry_id = ? ORDER BY id",
    ),
    "tasks": (
        "title description employee due status",
        (
            "SELECT t.title, t.description, p.name, coalesce(t.due_on, t.day, "
            "t.starts_at), t.status FROM task t JOIN employee p "
            "ON p.id = t.employee_id WHERE t.entry_id = ? ORDER BY t.id"
        ),
    ),
    "documents": (
        "kind number title dated_on",
        (
            "SELECT d.kind, d.number, d.title, d.dated_on FROM entry_document ed "
            "JOIN document d ON d.id = ed.document_id WHERE ed.entry_id = ? "
            "ORDER BY ed.id"
        ),
    ),
}


def _mails(
    mails: Sequence[int], files: dict[int, tuple[str, tuple[str, ...]]]
) -> list[Record]:
    lists = {name: _grouped(sql, mails) for name, sql in _OF_MAIL.items()}
    found = _in(_HEADS, mails, "id message_id subject from_name sent_at")
    for mail in found:
        id_ = int(str(mail["id"]))
        file, missing = files[id_]
        mail |= {"file": file, "missing": list(missing)}
        mail |= {name: list(of.get(id_, ())) for name, of in lists.items()}
    return found


_HEADS = (
    "SELECT id, internet_id, subject, from_name, sent_at FROM message "
    "WHERE id IN ({marks}) ORDER BY id"
)
_OF_MAIL = {
    "parties": (
        "SELECT message_id, role || ': ' || email FROM message_address "
        "WHERE message_id IN ({marks}) ORDER BY role, email"
    ),
    "mailboxes": (
        "SELECT c.message_id, b.address FROM message_copy c JOIN mailbox b "
        "ON b.id = c.mailbox_id WHERE c.message_id IN ({marks}) ORDER BY c.id"
    ),
    "attachments": (
        "SELECT message_id, name FROM attachment WHERE message_id IN ({marks}) "
        "ORDER BY position"
    ),
    "entries": (
        "SELECT DISTINCT m.id, e.number FROM message m JOIN message a "
        "ON a.conversation_id = m.conversation_id JOIN entry_mail em "
        "ON em.anchor_id = a.id AND em.removed_at IS NULL JOIN entry e "
        "ON e.id = em.entry_id WHERE m.id IN ({marks}) ORDER BY e.number"
    ),
}


def _log(person: Person, mails: Sequence[int]) -> list[Record]:
    """Who did what with the person's address, mails and entries."""
    names = "id at by action subject detail"
    subjects = [f"message:{mail}" for mail in mails]
    if person.address is not None:
        subjects.append(f"address:{person.address}")
    found = _in(
        "SELECT id, at, actor, action, subject, detail FROM audit_event "
        "WHERE subject IN ({marks})",
        subjects,
        names,
    )
    if person.address is not None:
        found += _records(
            "SELECT id, at, actor, action, subject, detail FROM audit_event "
            "WHERE entry_id IN (SELECT entry_id FROM participant WHERE address_id = ?) "
            "OR detail = ?",
            (person.address, f"address:{person.address}"),
            names,
        )
    unique = {int(str(one.pop("id"))): one for one in found}
    return [unique[id_] for id_ in sorted(unique)]


def _employee(person: Person) -> list[Record]:
    """Of one of our own people: account, groups, tasks and what the log knows."""
    found = _in(
        "SELECT p.id, p.key, p.name, b.address, b.informed_on FROM mailbox b "
        "JOIN employee p ON p.id = b.employee_id WHERE b.address IN ({marks})",
        person.emails,
        "id key name mailbox informed_on",
    )
    for one in found:
        one.update(of_employee(int(str(one.pop("id"))), str(one["key"])))
    return found


def of_employee(employee: int, key: str) -> Record:
    """Account, groups and tasks of one of our own people, and what they did here."""
    found: Record = {
        name: _records(sql, (employee,), names)
        for name, (names, sql) in _OF_EMPLOYEE.items()
    }
    found["log"] = _records(
        "SELECT at, action, subject, detail FROM audit_event WHERE actor = ? "
        "ORDER BY id",
        (f"user:{key}",),
        "at action subject detail",
    )
    return found


_OF_EMPLOYEE = {
    "groups": (
        "name",
        (
            "SELECT g.name FROM staff_membership m JOIN staff_group g "
            "ON g.id = m.group_id WHERE m.employee_id = ?"
        ),
    ),
    "accounts": (
        "login language active created_at",
        (
            "SELECT login, language, active, created_at FROM account "
            "WHERE employee_id = ?"
        ),
    ),
    "tasks": (
        "title status entry",
        (
            "SELECT t.title, t.status, e.number FROM task t JOIN entry e "
            "ON e.id = t.entry_id WHERE t.employee_id = ? ORDER BY t.id"
        ),
    ),
}


def _in(sql: str, values: Sequence[object], names: str) -> list[Record]:
    keys = names.split()
    rows = database.select_in(sql, values)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _records(sql: str, values: Sequence[object], names: str) -> list[Record]:
    keys = names.split()
    return [dict(zip(keys, row, strict=True)) for row in database.execute(sql, values)]


def _grouped(sql: str, mails: Sequence[int]) -> dict[int, list[object]]:
    found: dict[int, list[object]] = {}
    for id_, text in database.select_in(sql, mails):
        found.setdefault(int(id_), []).append(text)
    return found


__all__ = [
    "Erased",
    "Person",
    "access_report",
    "erase",
    "erase_mailbox",
    "find",
    "of_employee",
    "preview",
    "preview_mailbox",
    "scrub",
    "unseen_by",
    "words_of",
]
