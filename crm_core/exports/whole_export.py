"""Everything as files: all tables as JSON Lines, the lists as CSV, entries with mails.

What is secret stays: digests of passwords and keys, sessions, secrets of webhooks, the
key of the content digests. What is made of the rest (the search index) stays too.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from crm_core import database
from crm_core.exports import spreadsheets
from crm_core.exports.entry_export import ExportFile, of_entry
from crm_core.mail.eml import ReadBlob
from crm_core.models import TABLES, Entry

ROWS_PER_FILE = 20_000

_SECRET = {"web_session", "api_token", "calendar_feed", "idempotency_key"}
_DERIVED = {"search_text"}
_SECRET_COLUMNS = {("account", "password_hash"), ("webhook", "secret")}
_SECRET_SETTINGS = {"content_digest_key"}

_LISTS = {
    "addresses": (
        "number name company street zip_code city phone kind remark",
        (
            "SELECT number, name, company, street, zip_code, city, phone, role, remark "
            "FROM address WHERE gone_at IS NULL ORDER BY id"
        ),
    ),
    "entries": (
        "number title subtag status responsible created_at closed_at",
        (
            "SELECT e.number, e.title, s.key, e.status, r.key, e.created_at, e.closed_at "
            "FROM entry e JOIN subtag s ON s.id = e.subtag_id "
            "LEFT JOIN employee r ON r.id = e.responsible_id ORDER BY e.number"
        ),
    ),
    "tasks": (
        "entry title employee kind due_on day starts_at status done_at",
        (
            "SELECT e.number, t.title, p.key, t.kind, t.due_on, t.day, t.starts_at, "
            "t.status, t.done_at FROM task t JOIN entry e ON e.id = t.entry_id "
            "JOIN employee p ON p.id = t.employee_id ORDER BY t.id"
        ),
    ),
    "documents": (
        "kind number title dated_on",
        "SELECT kind, number, title, dated_on FROM document ORDER BY id",
    ),
}


def of_everything(read_blob: ReadBlob) -> Iterator[ExportFile]:
    """Every file of the export, one by one."""
    for table in TABLES:
        name = table._meta.table_name  # noqa: SLF001 - peewee's way to ask for it
        if name not in _SECRET | _DERIVED:
            yield from _of_table(name)
    for name, (header, sql) in _LISTS.items():
        rows = database.execute(sql)
        yield ExportFile(f"{name}.csv", spreadsheets.table(header.split(), rows))
    for (id_,) in database.execute("SELECT id FROM entry ORDER BY number"):
        entry = Entry.get_by_id(id_)
        for file in of_entry(entry, read_blob):
            yield ExportFile(f"entries/{entry.number}/{file.name}", file.content)


def _of_table(table: str) -> Iterator[ExportFile]:
    """The table in files of at most ``ROWS_PER_FILE`` rows; at least one file."""
    columns = [column.name for column in database.proxy.get_columns(table)]
    shown = [name for name in columns if (table, name) not in _SECRET_COLUMNS]
    listed = ", ".join(f'"{name}"' for name in shown)
    order = ", ".join(str(place) for place in range(1, min(3, len(shown)) + 1))
    number = 0
    while True:
        rows = database.execute(
            f'SELECT {listed} FROM "{table}" ORDER BY {order} LIMIT ? OFFSET ?',
            (ROWS_PER_FILE, number * ROWS_PER_FILE),
        )
        if rows or not number:
            number += 1
            yield ExportFile(f"tables/{table}.{number}.jsonl", _lines(shown, rows))
        if len(rows) < ROWS_PER_FILE:
            return


def _lines(names: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    found = []
    for row in rows:
        record = {name: _value(one) for name, one in zip(names, row, strict=True)}
        if record.get("name") not in _SECRET_SETTINGS:
            found.append(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
    return "".join(found).encode("utf-8", "surrogatepass")


def _value(one: Any) -> object:
    if isinstance(one, bytes | memoryview):
        return base64.b64encode(bytes(one)).decode()
    return one
