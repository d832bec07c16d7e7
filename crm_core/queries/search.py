"""The search page: grouped hits, marked words, numbers that jump to their record.

What the viewer may not see is not there: it is neither a hit nor counted nor quoted. A
mail of which the viewer sees the subject only is found by its head, never by its text.
Every word must occur; fewer than three characters find the beginnings of names and
numbers. The number of queries does not depend on the data.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.models import Findable, Visibility
from crm_core.queries import entry_mail, marking
from crm_core.queries.marking import Piece
from crm_core.search import fold

MOST_COUNTED = 100  # of one group; the page says «mehr als 100»
SHORTEST = 3  # characters of a word that the trigram index can find
_LONGEST = 200
_MOST_WORDS = 8
_MOST_WAITING = 5_000  # rows not yet indexed that one search reads

GROUPS = (
    Findable.ENTRY,
    Findable.ADDRESS,
    Findable.MESSAGE,
    Findable.TASK,
    Findable.DOCUMENT,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. ``number`` is what people call it: the entry's, the document's,
    the customer's; ``entries`` are the entries of a task, mail or document that the
    viewer may read; ``detail`` quotes where it was found, if not in the title.
    """

    kind: Findable
    id: int
    number: str
    title: tuple[Piece, ...]
    detail: tuple[Piece, ...]
    at: datetime | None
    entries: tuple[int, ...]
    sort: str = ""  # of a document its kind, of an entry or task its status


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind, best first; ``more``: there are more than ``count``."""

    kind: Findable
    hits: tuple[Hit, ...]
    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. ``jump``: the one record that has this very number.

    ``meant`` is another spelling under which there are hits, if there are none here.
    """

    text: str
    groups: tuple[Group, ...]
    jump: Hit | None = None
    meant: str | None = None

    @property
    def count(self) -> int:
        """How many hits in all, as far as they are counted."""
        return sum(group.count for group in self.groups)


@dataclass(frozen=True, slots=True)
class _Words:
    """A query taken apart; ``short`` finds beginnings only."""

    text: str
    words: tuple[str, ...]

    @property
    def short(self) -> bool:
        return len(self.text) < SHORTEST


def search(
    viewer: Viewer,
    text: str,
    limit: int = 10,
    kinds: Sequence[Findable] = GROUPS,
) -> Found:
    """Hits for ``text``, at most ``limit`` of each kind; an empty text finds nothing."""
    asked = _words(text)
    if not asked.words:
        return Found(text, ())
    ids = {kind: _ids(viewer, kind, asked) for kind in kinds}
    groups = tuple(
        _group(viewer, kind, found, asked, limit)
        for kind, found in ids.items()
        if found
    )
    jump = _jump(viewer, asked, kinds)
    meant = None
    if not groups and jump is None:
        meant = _meant(viewer, asked, kinds)
    return Found(text, groups, jump, meant)


def matching(text: str, column: str) -> tuple[str, list[object]]:
    """SQL, and its values, that is true where the folded ``column`` has every word."""
    words = _words(text).words
    return (
        " AND ".join(_has(column) for _ in words) or "1 = 1",
        list(words),
    )


def heads(text: str) -> tuple[str, list[object]]:
    """SQL, and its values, for the ids of mails whose head has every word.

    Subject and people only: it tells nobody of texts. Without a word long enough for
    the index every head is read.
    """
    words = _words(text).words
    long = [f"%{_pattern(word)}%" for word in words if len(word) >= SHORTEST]
    exact, values = matching(text, "s.folded")
    mine = f"s.kind = 'message' AND {exact}"
    if not long:
        return f"SELECT s.thing FROM search_text s WHERE {mine}", values
    source, _row = _source(Findable.MESSAGE, len(long), "")
    waiting = f"SELECT s.thing FROM search_text s WHERE s.indexed = 0 AND {mine}"
    return f"SELECT s.thing {source} AND {mine} UNION ALL {waiting}", [
        *long,
        *values,
        *values,
    ]


# --- which ------------------------------------------------------------------------


def _words(text: str) -> _Words:
    folded = fold(text[:_LONGEST]).strip("[]«»\"'")
    words = tuple(dict.fromkeys(folded.split()))[:_MOST_WORDS]
    return _Words(folded, words)


def _has(column: str) -> str:
    place = "strpos" if database.is_postgres() else "instr"
    return f"{place}({column}, ?) > 0"


_SEEN: dict[Findable, Callable[[Viewer], str]] = {
    Findable.ENTRY: lambda viewer: (
        f"JOIN entry e ON e.id = s.thing AND {viewer.entries('e')}"
    ),
    Findable.ADDRESS: lambda _viewer: (
        "JOIN address a ON a.id = s.thing AND a.gone_at IS NULL"
    ),
    Findable.TASK: lambda viewer: (
        "JOIN task t ON t.id = s.thing JOIN entry e ON e.id = t.entry_id "
        f"AND {viewer.entries('e')}"
    ),
    Findable.DOCUMENT: lambda _viewer: "JOIN document d ON d.id = s.thing",
    Findable.MESSAGE: lambda viewer: (
        f"JOIN message m ON m.id = s.thing AND {viewer.messages('m')}"
    ),
    Findable.BODY: lambda viewer: (
        "JOIN message m ON m.id = s.thing AND m.confidential = 0 "
        f"AND {viewer.messages('m', full=True)}"
    ),
}


def _ids(viewer: Viewer, kind: Findable, asked: _Words) -> list[int]:
    """Newest first, at most one more than is counted."""
    if asked.short:
        return _beginning(viewer, kind, asked)
    words = [word for word in asked.words if len(word) >= SHORTEST] or []
    if not words:
        return []
    things = [
        thing
        for of in _kinds(kind)
        for thing in (
            *_waiting(viewer, of, asked),
            *_indexed(viewer, of, asked, words),
        )
    ]
    return sorted(set(things), reverse=True)[: MOST_COUNTED + 1]


def _kinds(kind: Findable) -> tuple[Findable, ...]:
    """A mail is found by its head, or by its text."""
    if kind is Findable.MESSAGE:
        return (Findable.MESSAGE, Findable.BODY)
    return (kind,)


def _indexed(
    viewer: Viewer, kind: Findable, asked: _Words, words: Sequence[str]
) -> list[int]:
    if kind is Findable.BODY and Visibility.FULL not in viewer.mailboxes.values():
        return []
    exact = " AND ".join(_has("s.folded") for _ in asked.words)
    seen, most = _SEEN[kind](viewer), MOST_COUNTED + 1
    source, row = _source(kind, len(words), seen)
    values = [*(f"%{_pattern(word)}%" for word in words), *asked.words]
    found = (
        f"SELECT s.thing {source} AND s.kind = '{kind.value}' AND {exact}"
        f"{{older}} ORDER BY {row} DESC"
    )
    if database.is_postgres() and kind in {Findable.MESSAGE, Findable.BODY}:
        newest = _NEWEST.format(kind=kind.value)
        first = f"SELECT s.thing FROM ({newest}) s {seen} WHERE {exact}"
        older = f" AND s.thing < (SELECT min(n.thing) FROM ({newest}) n)"
        older_ones = f"{found.format(older=older)} LIMIT {most}"
        sql = f"SELECT u.thing FROM (({first}) UNION ALL ({older_ones})) u"
        values = [*asked.words, *values]
    else:
        sql = found.format(older="")
    rows = database.execute(f"{sql} LIMIT {most}", values)
    return [int(row[0]) for row in rows]


# A word that stands in every other mail is found in the newest ones: PostgreSQL would
# read all of them first. SQLite reads its index from the newest row on.
_NEWEST = (
    "SELECT id, kind, thing, folded FROM search_text WHERE kind = '{kind}' "
    "AND indexed = 1 ORDER BY thing DESC LIMIT 1000"
)


def _source(kind: Findable, words: int, seen: str) -> tuple[str, str]:
    """FROM and WHERE by which the index is read, newest rows first, and its row id."""
    if database.is_postgres():
        family = _FAMILY.get(kind, _DESK)
        like = " AND ".join(["s.folded LIKE ?"] * words)
        where = f"{like} AND s.indexed = 1 AND s.kind IN {family}"
        return f"FROM search_text s {seen} WHERE {where}", "s.thing"
    index = _INDEX.get(kind, "search_desk")
    like = " AND ".join(["f.folded LIKE ?"] * words)
    joined = f"FROM {index} f CROSS JOIN search_text s ON s.id = f.rowid {seen}"
    return f"{joined} WHERE {like}", "f.rowid"


_INDEX = {Findable.MESSAGE: "search_mail", Findable.BODY: "search_body"}
_FAMILY = {Findable.MESSAGE: "('message')", Findable.BODY: "('body')"}
_DESK = "('entry', 'address', 'task', 'document')"


def _pattern(word: str) -> str:
    """A LIKE pattern that loses nothing; the exact comparison stands beside it."""
    return word.replace("\\", "_").replace("%", "_")


def _waiting(viewer: Viewer, kind: Findable, asked: _Words) -> list[int]:
    """Rows that are not in the index yet, read one by one."""
    exact = " AND ".join(_has("s.folded") for _ in asked.words)
    rows = database.execute(
        "SELECT s.thing FROM (SELECT id, kind, thing, folded FROM search_text "
        f"WHERE indexed = 0 ORDER BY id DESC LIMIT {_MOST_WAITING}) s "
        f"{_SEEN[kind](viewer)} WHERE s.kind = '{kind.value}' AND {exact} "
        f"ORDER BY s.id DESC LIMIT {MOST_COUNTED + 1}",
        asked.words,
    )
    return [int(row[0]) for row in rows]


def _beginning(viewer: Viewer, kind: Findable, asked: _Words) -> list[int]:
    """Names and numbers that begin with one or two characters."""
    if kind in {Findable.MESSAGE, Findable.TASK}:
        return []
    begins = _has("' ' || substr(s.folded, 1, 200)")
    rows = database.execute(
        f"SELECT s.id, s.thing FROM search_text s {_SEEN[kind](viewer)} "
        f"WHERE s.kind = ? AND {begins} "
        f"ORDER BY s.id DESC LIMIT {MOST_COUNTED + 1}",
        (kind.value, f" {asked.text}"),
    )
    return [int(row[1]) for row in rows]


# --- what of them -----------------------------------------------------------------


def _group(
    viewer: Viewer, kind: Findable, ids: list[int], asked: _Words, limit: int
) -> Group:
    best = _ranked(kind, ids[:MOST_COUNTED], asked)[:limit]
    hits = {hit.id: hit for hit in _DETAILS[kind](viewer, best, asked.words)}
    return Group(
        kind,
        tuple(hits[id_] for id_ in best),
        count=min(len(ids), MOST_COUNTED),
        more=len(ids) > MOST_COUNTED,
    )


_CALLED = {
    Findable.ENTRY: "number, title, number FROM entry",
    Findable.ADDRESS: "number, name, -id FROM address",
    Findable.MESSAGE: "'', subject, received_at FROM message",
    Findable.TASK: "'', title, id FROM task",
    Findable.DOCUMENT: "number, title, id FROM document",
}


def _ranked(kind: Findable, ids: list[int], asked: _Words) -> list[int]:
    """Its number, then a word that begins so, then the title, then anything else;
    among equals the newest first.
    """
    rows = database.select_in(
        f"SELECT id, {_CALLED[kind]} WHERE id IN ({{marks}})", ids
    )
    newest = sorted(rows, key=lambda row: (row[3], row[0]), reverse=True)
    best = sorted(newest, key=lambda row: _rank(str(row[1] or ""), row[2], asked))
    return [int(row[0]) for row in best]


def _rank(number: str, title: str, asked: _Words) -> int:
    said = fold(title)
    if asked.text in (fold(number), said):
        return 0
    if any(word.startswith(asked.words[0]) for word in said.split()):
        return 1
    return 2 if all(word in said for word in asked.words) else 3


def _entries(_viewer: Viewer, ids: list[int], words: Sequence[str]) -> list[Hit]:
    rows = database.select_in(
        "SELECT id, number, title, description, status, created_at FROM entry "
        "WHERE id IN ({marks}) ORDER BY number DESC",
        ids,
    )
    return [
        Hit(
            Findable.ENTRY, int(id_), str(number), marking.marked(title, words),
            marking.quoted(said, words), from_text(at), (int(number),), status,
        )
        for id_, number, title, said, status, at in rows
    ]  # fmt: skip


def _addresses(_viewer: Viewer, ids: list[int], words: Sequence[str]) -> list[Hit]:
    rows = database.select_in(
        "SELECT id, number, name, company, street, zip_code, city, phone, remark, role "
        "FROM address WHERE id IN ({marks}) ORDER BY name, id",
        ids,
    )
    emails: dict[int, list[str]] = {}
    for id_, email in database.select_in(
        "SELECT address_id, email FROM address_email WHERE address_id IN ({marks}) "
        "ORDER BY id",
        ids,
    ):
        emails.setdefault(int(id_), []).append(email)
    found = []
    for id_, number, name, *rest, remark, role in rows:
        said = " · ".join(text for text in [*rest, *emails.get(int(id_), ())] if text)
        quote = marking.quoted(said, words) or marking.quoted(remark, words)
        found.append(
            Hit(
                Findable.ADDRESS, int(id_), number or "", marking.marked(name, words),
                quote, None, (), role,
            )
        )  # fmt: skip
    return found


def _messages(viewer: Viewer, ids: list[int], words: Sequence[str]) -> list[Hit]:
    rows = database.select_in(
        "SELECT m.id, m.subject, m.from_name, m.sender, m.received_at FROM message m "
        "WHERE m.id IN ({marks}) ORDER BY m.received_at DESC, m.id DESC",
        ids,
    )
    shown_texts = dict(
        database.select_in(
            "SELECT b.message_id, substr(b.text, 1, 2000) FROM message_body b "
            "JOIN message m ON m.id = b.message_id WHERE b.message_id IN ({marks}) "
            f"AND m.confidential = 0 AND {viewer.messages('m', full=True)}",
            ids,
        )
    )
    entries = _entries_of(viewer, ids)
    found = []
    for id_, subject, name, sender, at in rows:
        people = " ".join(text for text in (name, sender) if text)
        quote = marking.quoted(shown_texts.get(id_, ""), words)
        found.append(
            Hit(
                Findable.MESSAGE, int(id_), "", marking.marked(subject, words),
                quote or marking.marked(people, words), from_text(at),
                tuple(entries.get(int(id_), ())),
            )
        )  # fmt: skip
    return found


def _entries_of(viewer: Viewer, messages: Sequence[int]) -> dict[int, list[int]]:
    marks = ",".join("?" * len(messages))
    rows = database.execute(
        f"SELECT x.message_id, e.number FROM ({entry_mail.shown_of(marks)}) x "
        f"JOIN entry e ON e.id = x.entry_id AND {viewer.entries('e')} ORDER BY e.number",
        (*messages, *messages),
    )
    found: dict[int, list[int]] = {}
    for message, number in rows:
        found.setdefault(int(message), []).append(int(number))
    return found


def _tasks(_viewer: Viewer, ids: list[int], words: Sequence[str]) -> list[Hit]:
    rows = database.select_in(
        "SELECT t.id, t.title, t.description, t.status, e.number FROM task t "
        "JOIN entry e ON e.id = t.entry_id WHERE t.id IN ({marks}) ORDER BY t.id DESC",
        ids,
    )
    return [
        Hit(
            Findable.TASK, int(id_), "", marking.marked(title, words),
            marking.quoted(said, words), None, (int(number),), status,
        )
        for id_, title, said, status, number in rows
    ]  # fmt: skip


def _documents(viewer: Viewer, ids: list[int], words: Sequence[str]) -> list[Hit]:
    entries: dict[int, list[int]] = {}
    for document, number in database.select_in(
        "SELECT ed.document_id, e.number FROM entry_document ed JOIN entry e "
        f"ON e.id = ed.entry_id AND {viewer.entries('e')} "
        "WHERE ed.document_id IN ({marks}) ORDER BY e.number",
        ids,
    ):
        entries.setdefault(int(document), []).append(int(number))
    rows = database.select_in(
        "SELECT id, kind, number, title FROM document WHERE id IN ({marks}) "
        "ORDER BY id DESC",
        ids,
    )
    return [
        Hit(
            Findable.DOCUMENT, int(id_), number, marking.marked(title, words), (),
            None, tuple(entries.get(int(id_), ())), kind,
        )
        for id_, kind, number, title in rows
    ]  # fmt: skip


_DETAILS: dict[Findable, Callable[[Viewer, list[int], Sequence[str]], list[Hit]]] = {
    Findable.ENTRY: _entries,
    Findable.ADDRESS: _addresses,
    Findable.MESSAGE: _messages,
    Findable.TASK: _tasks,
    Findable.DOCUMENT: _documents,
}


# --- numbers and spellings --------------------------------------------------------


def _jump(viewer: Viewer, asked: _Words, kinds: Iterable[Findable]) -> Hit | None:
    """The one record with this number: «1042», «CRM-1042», «LS-2026-0815»."""
    if len(asked.words) != 1:
        return None
    word = asked.text
    plain = word.removeprefix("crm-")
    number = int(plain) if plain.isascii() and plain.isdigit() else 0
    things = [
        (Findable.ENTRY, int(row[0]))
        for row in database.execute(
            f"SELECT e.id FROM entry e WHERE e.number = ? AND {viewer.entries('e')}",
            (number if number < 2**31 else 0,),
        )
    ]
    for kind, table in ((Findable.DOCUMENT, "document"), (Findable.ADDRESS, "address")):
        gone = " AND gone_at IS NULL" if kind is Findable.ADDRESS else ""
        rows = database.execute(
            f"SELECT id FROM {table} WHERE lower(number) = ?{gone} LIMIT 2", (word,)
        )
        things += [(kind, int(row[0])) for row in rows]
    if len(things) != 1 or things[0][0] not in kinds:
        return None
    ((kind, id_),) = things
    return _DETAILS[kind](viewer, [id_], asked.words)[0]


def _meant(viewer: Viewer, asked: _Words, kinds: Sequence[Findable]) -> str | None:
    """«Meinten Sie mueller?»: one vowel written out, if that finds something."""
    if asked.short:
        return None
    places = [i for i, letter in enumerate(asked.text) if letter in "aou"]
    for place in places[:4]:
        other = f"{asked.text[: place + 1]}e{asked.text[place + 1 :]}"
        if any(_ids(viewer, kind, _words(other)) for kind in kinds):
            return other
    return None
