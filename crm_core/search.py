"""Finding things: one fold function, and rows of folded text kept in step with the data.

``fold`` is the only place where texts are made comparable: both databases search the
same stored column, so they find the same. Writers call ``refresh`` (or, for a page of
mail, ``put``) in their own transaction; what is deleted goes by trigger. Rows of
mail enter the trigram index later (``index_waiting``), and are found before that too.

``texts`` says what the rows must be; ``rebuild`` makes them so and ``differences``, for
``verify``, tells where they are not.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from peewee import DatabaseError

from crm_core import database
from crm_core.models import Findable

LONGEST_TEXT = 2_000  # of a mail's text; the rest is not worth its trigrams
_LONGEST_PEOPLE = 2_000
_LONGEST_SUBJECT = 1_000
_LONGEST_NOTES = 4_000
_CHUNK = 500
_INDEXES = ("search_mail", "search_body", "search_desk")
_MERGED_PAGES = 200

# Letters that are written out, or have no decomposition.
_GERMAN = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))
_OTHERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


def fold(text: str) -> str:
    """The compared form: lower case, ä→ae ö→oe ü→ue ß→ss, other accents gone.

    Idempotent; white space is one blank. «Müller» and «mueller» are one, «muller» is
    not (docs/architecture.md «Search»).
    """
    text = text.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).lower()
        for letter, written_out in _GERMAN:
            text = text.replace(letter, written_out)
        if not text.isascii():
            parts = unicodedata.normalize("NFKD", text.translate(_OTHERS))
            text = "".join(c for c in parts if not unicodedata.combining(c))
    if "\0" in text:
        text = text.replace("\0", " ")
    return " ".join(text.split())


# --- rows -------------------------------------------------------------------------


Line = tuple[str, int, str, int]  # kind, thing, folded text, indexed


def mail_line(message: int, head_: str) -> Line:
    """The row of a mail's head, for ``put``."""
    return (Findable.MESSAGE.value, message, head_, 0)


def body_line(message: int, head_: str, text: str) -> Line:
    """The row of a mail's head and text, for ``put``."""
    return (Findable.BODY.value, message, _with_text(head_, text), 0)


def put(rows: Sequence[Line]) -> None:
    """Write rows in one batch; what is there already is replaced."""
    database.execute_many(
        "INSERT INTO search_text (kind, thing, folded, indexed) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kind, thing) DO UPDATE SET folded = excluded.folded, "
        "indexed = excluded.indexed",
        rows,
    )


def refresh(kind: Findable, things: Iterable[int]) -> None:
    """Make the rows of these things say what the data says now."""
    database.require_transaction()
    wanted = sorted(set(things))
    found = dict(texts(kind, wanted))
    later = kind in {Findable.MESSAGE, Findable.BODY}
    put([(kind.value, id_, text, int(not later)) for id_, text in found.items()])
    database.execute_many(
        "DELETE FROM search_text WHERE kind = ? AND thing = ?",
        [(kind.value, id_) for id_ in wanted if id_ not in found],
    )


def index_waiting(limit: int) -> int:
    """Take up to ``limit`` waiting rows into the trigram index; how many."""
    database.require_transaction()
    return database.execute_count(
        "UPDATE search_text SET indexed = 1 WHERE id IN (SELECT id FROM search_text "
        "WHERE indexed = 0 ORDER BY id LIMIT ?)",
        (limit,),
    )


def rebuild() -> int:
    """Write every row anew and make the index of them; how many rows.

    For maintenance, in one transaction: after it ``differences`` is empty.
    """
    database.require_transaction()
    database.execute("DELETE FROM search_text")
    if not database.is_postgres():
        for index in _INDEXES:
            database.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")
    count = 0
    for kind in Findable:
        for batch in _batches(texts(kind)):
            put([(kind.value, id_, text, 0) for id_, text in batch])
            count += len(batch)
    index_waiting(count)
    return count


def compact() -> None:
    """Merge the index into as few pieces as possible, so that none holds old ones."""
    database.require_transaction()
    if not database.is_postgres():
        for index in _INDEXES:
            database.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")


def merge_some(*, begin: bool) -> bool:
    """Do a little of what ``compact`` does, some 60 ms of it; whether more is left.

    ``begin``: with all pieces there are now; else go on with what was begun. Removing
    a text from an index in one piece costs a ninth of what it costs in many.
    """
    database.require_transaction()
    if database.is_postgres():
        return False
    before = database.total_changes()
    for index in _INDEXES:
        database.execute(
            f"INSERT INTO {index} ({index}, rank) VALUES ('merge', ?)",
            (-_MERGED_PAGES if begin else _MERGED_PAGES,),
        )
    # Each statement counts as a change by itself; SQLite's documentation has the rule.
    return database.total_changes() - before >= 2 * len(_INDEXES)


def differences() -> list[str]:
    """Where rows, data and index are not in step; [] if they are. Reads everything."""
    found = _index_faults()
    for kind in Findable:
        stored = dict(
            database.execute(
                "SELECT thing, folded FROM search_text WHERE kind = ?", (kind.value,)
            )
        )
        for id_, text in texts(kind):
            if stored.pop(id_, None) != text:
                found.append(f"{kind.value} {id_} is not found by what it says")
        found += [f"{kind.value} {id_} is found but is not there" for id_ in stored]
    return found


def _index_faults() -> list[str]:
    """What SQLite finds when it compares its index with the rows it was made of."""
    found = []
    for index in () if database.is_postgres() else _INDEXES:
        try:
            database.execute(
                f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"
            )
        except DatabaseError:
            found.append(f"the index {index} is damaged")
    return found


def _batches(
    rows: Iterator[tuple[int, str]],
) -> Iterator[list[tuple[int, str]]]:
    while batch := list(itertools.islice(rows, _CHUNK)):
        yield batch


# --- what the rows must be --------------------------------------------------------


def texts(
    kind: Findable, things: Sequence[int] | None = None
) -> Iterator[tuple[int, str]]:
    """(thing, folded text) of these things, or of all of this kind."""
    make = {
        Findable.ENTRY: _entries,
        Findable.ADDRESS: _addresses,
        Findable.MESSAGE: _messages,
        Findable.BODY: _bodies,
        Findable.TASK: _tasks,
        Findable.DOCUMENT: _documents,
    }[kind]
    if things is None:
        table = "message_body" if kind is Findable.BODY else kind.value
        column = "message_id" if kind is Findable.BODY else "id"
        rows = database.execute(f"SELECT {column} FROM {table} ORDER BY {column}")
        things = [int(row[0]) for row in rows]
    for start in range(0, len(things), _CHUNK):
        yield from make(things[start : start + _CHUNK])


def _lines(*lines: str) -> str:
    """One folded line each, so that no hit spans two of them."""
    return "\n".join(fold(line) for line in lines)


def head(subject: str, from_name: str, emails: Iterable[str]) -> str:
    """The folded head of a mail: its subject, and everybody named in it."""
    people = " ".join(sorted(set(emails)))[:_LONGEST_PEOPLE]
    return _lines(subject[:_LONGEST_SUBJECT], f"{from_name} {people}")


def _messages(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    emails = _grouped(
        "SELECT message_id, email FROM message_address WHERE message_id IN ({marks})",
        ids,
    )
    for id_, subject, name in database.select_in(
        "SELECT id, subject, from_name FROM message WHERE id IN ({marks})", ids
    ):
        yield int(id_), head(subject, name, emails.get(int(id_), ()))


def _with_text(head_: str, text: str) -> str:
    return f"{head_}\n{fold(text[:LONGEST_TEXT])}"


def _bodies(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    heads = dict(_messages(ids))
    for id_, text in database.select_in(
        f"SELECT message_id, substr(text, 1, {LONGEST_TEXT}) FROM message_body "
        "WHERE message_id IN ({marks})",
        ids,
    ):
        yield int(id_), _with_text(heads[int(id_)], text)


def _entries(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    notes = _grouped(
        "SELECT entry_id, text FROM note WHERE entry_id IN ({marks}) ORDER BY id", ids
    )
    for id_, number, title, description in database.select_in(
        "SELECT id, number, title, description FROM entry WHERE id IN ({marks})", ids
    ):
        said = "\n".join([description, *notes.get(int(id_), ())])
        yield int(id_), _lines(f"{number} {title}", said[:_LONGEST_NOTES])


def _addresses(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    emails = _grouped(
        "SELECT address_id, email FROM address_email WHERE address_id IN ({marks}) "
        "ORDER BY id",
        ids,
    )
    domains = _grouped(
        "SELECT address_id, domain FROM address_domain WHERE address_id IN ({marks}) "
        "ORDER BY id",
        ids,
    )
    for id_, number, name, company, *rest, phone, remark in database.select_in(
        "SELECT id, number, name, company, street, zip_code, city, phone, remark "
        "FROM address WHERE id IN ({marks})",
        ids,
    ):
        mail = [*emails.get(int(id_), ()), *domains.get(int(id_), ())]
        digits = "".join(c for c in phone if c.isdigit())
        yield (
            int(id_),
            _lines(
                f"{name} {company} {number or ''}",
                " ".join(mail),
                " ".join(rest),
                f"{phone} {digits}",
                remark,
            ),
        )


def _tasks(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    for id_, title, description in database.select_in(
        "SELECT id, title, description FROM task WHERE id IN ({marks})", ids
    ):
        yield int(id_), _lines(title, description[:_LONGEST_NOTES])


def _documents(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    for id_, number, title in database.select_in(
        "SELECT id, number, title FROM document WHERE id IN ({marks})", ids
    ):
        yield int(id_), _lines(f"{number} {title}")


def _grouped(sql: str, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for id_, text in database.select_in(sql, ids):
        found.setdefault(int(id_), []).append(text)
    return found
