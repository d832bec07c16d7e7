"""Taking a person's name, e-mail addresses and numbers out of texts of others.

Whole words only, whatever their case, and nothing so short that it could be anybody's.
Only plain texts of people and of the log; mails are erased as a whole.
"""

import re
from collections.abc import Iterable
from typing import Any

from crm_core import database, search
from crm_core.mirroring.mirror_wishes import wish
from crm_core.models import Findable, Task

MARK = "(gelöscht)"
SHORTEST = 5  # characters; «Max» would be found in half of all texts

# (table, key, columns, kind of thing that is found by it)
_TEXTS: tuple[tuple[str, str, tuple[str, ...], Findable | None], ...] = (
    ("entry", "id", ("title", "description"), Findable.ENTRY),
    ("note", "id", ("text",), None),
    ("task", "id", ("title", "description"), Findable.TASK),
    ("document", "id", ("title", "url"), Findable.DOCUMENT),
    ("address", "id", ("remark", "company"), Findable.ADDRESS),
    ("message", "id", ("subject", "from_name"), Findable.MESSAGE),
    ("suggestion", "id", ("detail",), None),
    ("review_case", "id", ("detail",), None),
    ("entry_mail", "id", ("evidence",), None),
    ("audit_event", "id", ("detail",), None),
    ("task_mirror", "id", ("drift_detail", "failure"), None),
    ("quarantined_change", "id", ("detail", "internet_id"), None),
    ("attachment", "id", ("name",), None),
)


def redact(words: Iterable[str]) -> int:
    """Replace these words by ``MARK`` wherever they stand; how many rows changed.

    Bodies of mails that hold one are dropped, not changed: half a mail is no mail.
    """
    database.require_transaction()
    wanted = _long_enough(words)
    if not wanted:
        return 0
    pattern = _pattern(wanted)
    changed = 0
    for table, key, columns, kind in _TEXTS:
        ids = _redact(table, key, columns, pattern, wanted)
        changed += len(ids)
        _keep_in_step(table, kind, ids)
    _forget_settled_copies(wanted)
    return changed + _drop_bodies(wanted)


def affected(words: Iterable[str]) -> int:
    """How many rows ``redact`` would change, mails' bodies aside; nothing changes."""
    wanted = _long_enough(words)
    if not wanted:
        return 0
    pattern = _pattern(wanted)
    return sum(
        any(one is not None and pattern.search(one) for one in row[1:])
        for table, key, columns, _kind in _TEXTS
        for row in _holding(table, key, columns, wanted)
    )


def _long_enough(words: Iterable[str]) -> list[str]:
    return sorted({w for w in words if len(w) >= SHORTEST}, key=len, reverse=True)


def _pattern(wanted: list[str]) -> re.Pattern[str]:
    return re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, wanted)) + r")(?!\w)", re.IGNORECASE
    )


def write_again(tasks: Iterable[int]) -> None:
    """The copies of these tasks in mailboxes must say what is left of them."""
    for task_id in tasks:
        task = Task.get_by_id(task_id)
        task.version += 1
        task.save()
        wish(task)


def _redact(
    table: str,
    key: str,
    columns: tuple[str, ...],
    pattern: re.Pattern[str],
    wanted: list[str],
) -> list[int]:
    found = []
    for row in _holding(table, key, columns, wanted):
        texts = [None if one is None else pattern.sub(MARK, one) for one in row[1:]]
        if texts != list(row[1:]):
            found.append((*texts, row[0]))
    settings = ", ".join(f"{column} = ?" for column in columns)
    database.execute_many(f"UPDATE {table} SET {settings} WHERE {key} = ?", found)
    return [int(one[-1]) for one in found]


def _holding(
    table: str, key: str, columns: tuple[str, ...], wanted: list[str]
) -> list[tuple[Any, ...]]:
    """Rows in which a word may stand; SQL knows no words, so the pattern decides."""
    place = "strpos" if database.is_postgres() else "instr"
    rows: dict[object, tuple[Any, ...]] = {}
    for word in wanted:
        for form in {word, word.lower()}:
            test = " OR ".join(f"{place}(lower({one}), ?) > 0" for one in columns)
            if not form.isascii():  # SQLite lowers ASCII only
                test = " OR ".join(f"{place}({one}, ?) > 0" for one in columns)
            sql = f"SELECT {key}, {', '.join(columns)} FROM {table} WHERE {test}"
            needle = form.lower() if form.isascii() else form
            for row in database.execute(sql, (needle,) * len(columns)):
                rows[row[0]] = row
    return list(rows.values())


def _keep_in_step(table: str, kind: Findable | None, ids: list[int]) -> None:
    if kind is not None:
        search.refresh(kind, ids)
    if kind is Findable.MESSAGE:
        search.refresh(Findable.BODY, ids)
    if table == "note":
        rows = database.select_in(
            "SELECT DISTINCT entry_id FROM note WHERE id IN ({marks})", ids
        )
        search.refresh(Findable.ENTRY, (int(row[0]) for row in rows))
    if table == "task":
        write_again(ids)


def _forget_settled_copies(wanted: list[str]) -> None:
    """What was last written of a copy that is gone for good is of no use any more.

    Of the others it is needed to tell our own writing from drift, and is overwritten by
    the next one.
    """
    held = _holding("task_mirror", "id", ("written",), wanted)
    database.execute_many(
        "UPDATE task_mirror SET written = NULL WHERE id = ? AND wanted_present = 0 "
        "AND pushed_version >= wanted_version AND attempt_open = 0",
        [(row[0],) for row in held],
    )


def _drop_bodies(wanted: list[str]) -> int:
    columns = ("text", "html", "new_text")
    gone = [
        (row[0],) for row in _holding("message_body", "message_id", columns, wanted)
    ]
    for table in ("message_body", "attachment"):
        database.execute_many(f"DELETE FROM {table} WHERE message_id = ?", gone)
    database.execute_many(
        "UPDATE message SET body_at = NULL, content_at = NULL, "
        "body_wanted_until = NULL, body_missing = 'erased' WHERE id = ?",
        gone,
    )
    return len(gone)
