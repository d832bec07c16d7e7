"""Gruppe › Tag › Subtag for administrators: the tree, and what a keyword would hit.

The tree says whether something is used, never how often or by whom: an administrator
need not be a reader of the entries. The preview is filtered like every list of mail.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import from_text
from crm_core.linking import keywords
from crm_core.models import Access, Colour
from crm_core.queries import search

MOST_COUNTED = 500
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SubtagNode:
    """A subtag with everything a line of the tree says."""

    id: int
    key: str
    name: str
    name_en: str
    active: bool
    required: tuple[str, ...]
    responsible: str | None
    keywords: tuple[str, ...]
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TagNode:
    """A tag and its subtags in order."""

    id: int
    key: str
    name: str
    name_en: str
    active: bool
    subtags: tuple[SubtagNode, ...]


@dataclass(frozen=True, slots=True)
class GroupNode:
    """A group, who may do what with its entries, and its tags in order."""

    id: int
    key: str
    name: str
    name_en: str
    active: bool
    colour: Colour
    required: tuple[str, ...]
    access: tuple[tuple[str, Access], ...]
    tags: tuple[TagNode, ...]


@dataclass(frozen=True, slots=True)
class PreviewMail:
    """A mail whose subject holds the keyword."""

    id: int
    subject: str
    sender: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a keyword would have hit, of the mail the viewer may see, newest first."""

    word: str
    count: int
    more: bool
    mails: tuple[PreviewMail, ...]
    owner: str | None  # the subtag that has the word already


def tree() -> tuple[GroupNode, ...]:
    """Everything, in order; six queries."""
    words = _grouped("SELECT subtag_id, keyword FROM subtag_keyword ORDER BY id")
    templates = _grouped(
        "SELECT subtag_id, title FROM task_template ORDER BY position, id"
    )
    subtags: dict[int, list[SubtagNode]] = defaultdict(list)
    for id_, tag, key, name, name_en, active, required, responsible in database.execute(
        "SELECT s.id, s.tag_id, s.key, s.name, s.name_en, s.active, s.required, e.name "
        "FROM subtag s LEFT JOIN employee e ON e.id = s.responsible_id "
        "ORDER BY s.position, s.id"
    ):
        subtags[int(tag)].append(
            SubtagNode(
                id=int(id_),
                key=key,
                name=name,
                name_en=name_en,
                active=bool(active),
                required=_names(required),
                responsible=responsible,
                keywords=tuple(words.get(int(id_), ())),
                templates=tuple(templates.get(int(id_), ())),
            )
        )
    tags: dict[int, list[TagNode]] = defaultdict(list)
    for id_, group, key, name, name_en, active in database.execute(
        "SELECT id, group_id, key, name, name_en, active FROM tag ORDER BY position, id"
    ):
        below = tuple(subtags[int(id_)])
        node = TagNode(int(id_), key, name, name_en, bool(active), below)
        tags[int(group)].append(node)
    return _groups(tags)


def _groups(tags: dict[int, list[TagNode]]) -> tuple[GroupNode, ...]:
    access: dict[int, list[tuple[str, Access]]] = defaultdict(list)
    for group, name, right in database.execute(
        "SELECT a.tag_group_id, g.name, a.access FROM tag_group_access a "
        "JOIN staff_group g ON g.id = a.staff_group_id ORDER BY g.id"
    ):
        access[int(group)].append((name, Access(right)))
    rows = database.execute(
        "SELECT id, key, name, name_en, active, colour, required FROM tag_group "
        "ORDER BY position, id"
    )
    return tuple(
        GroupNode(
            id=int(id_),
            key=key,
            name=name,
            name_en=name_en,
            active=bool(active),
            colour=Colour(colour),
            required=_names(required),
            access=tuple(access[int(id_)]),
            tags=tuple(tags[int(id_)]),
        )
        for id_, key, name, name_en, active, colour, required in rows
    )


def tags() -> list[tuple[int, str]]:
    """Every tag as («id», «Verkauf › Boot»), to move a subtag to."""
    rows = database.execute(
        "SELECT t.id, g.name, t.name FROM tag t JOIN tag_group g ON g.id = t.group_id "
        "ORDER BY g.position, g.id, t.position, t.id"
    )
    return [(int(row[0]), f"{row[1]} › {row[2]}") for row in rows]


def preview(viewer: Viewer, word: str) -> Preview:
    """The mails whose subject holds ``#word``, as the daemon reads subjects."""
    word = keywords.fold(word)
    candidates, values = search.heads(f"#{word}")
    rows = database.execute(
        "SELECT m.id, m.subject, m.from_address, m.sent_at FROM message m "
        f"WHERE m.id IN ({candidates}) AND {viewer.messages('m')} "
        "ORDER BY m.sent_at DESC, m.id DESC LIMIT ?",
        (*values, MOST_COUNTED + 1),
    )
    hits = [row for row in rows if word in keywords.parse(row[1]).keywords]
    owner = database.execute(
        "SELECT s.name FROM subtag_keyword k JOIN subtag s ON s.id = k.subtag_id "
        "WHERE k.keyword = ?",
        (word,),
    )
    return Preview(
        word=word,
        count=min(len(hits), MOST_COUNTED),
        more=len(rows) > MOST_COUNTED,
        mails=tuple(
            PreviewMail(int(id_), subject, sender or "", from_text(at))
            for id_, subject, sender, at in hits[:_SHOWN]
        ),
        owner=owner[0][0] if owner else None,
    )


def _grouped(sql: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for id_, text in database.execute(sql):
        found[int(id_)].append(text)
    return found


def _names(stored: str) -> tuple[str, ...]:
    return tuple(name for name in stored.split(",") if name)
