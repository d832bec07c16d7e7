"""«Gruppe › Tag › Subtag» to choose from: what the viewer may write, last used first.

What is no longer active, or stands below such a thing, is not offered.
"""

from dataclasses import dataclass

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.languages import name_of
from crm_core.search import fold

_RECENT = 5


@dataclass(frozen=True, slots=True)
class SubtagChoice:
    """One pick sets all three levels; ``keywords`` find it too."""

    id: int
    key: str
    tag_group: str
    tag: str
    name: str
    keywords: tuple[str, ...] = ()
    has_responsible: bool = False

    @property
    def path(self) -> str:
        """«Verkauf › Boot › Offerte»."""
        return f"{self.tag_group} › {self.tag} › {self.name}"


@dataclass(frozen=True, slots=True)
class SubtagChoices:
    """``recent`` are those the viewer used last, the latest first; they are in ``all``
    too.
    """

    all: tuple[SubtagChoice, ...]
    recent: tuple[SubtagChoice, ...]

    def matching(self, text: str) -> tuple[SubtagChoice, ...]:
        """Those that contain every word, last used first; all for no words."""
        ordered = dict.fromkeys((*self.recent, *self.all))
        words = fold(text).split()
        return tuple(
            choice
            for choice in ordered
            if all(
                word in fold(" ".join([choice.path, *choice.keywords]))
                for word in words
            )
        )


def choices(viewer: Viewer, keep: str = "") -> SubtagChoices:
    """Everything the viewer may open an entry under; three queries.

    ``keep`` is the key of a subtag that is offered even if it is not active any more.
    """
    words: dict[int, list[str]] = {}
    for subtag, keyword in database.execute(
        "SELECT subtag_id, keyword FROM subtag_keyword ORDER BY id"
    ):
        words.setdefault(int(subtag), []).append(keyword)
    rows = database.execute(
        f"SELECT s.id, s.key, {name_of('g')}, {name_of('t')}, {name_of('s')}, "
        "s.responsible_id IS NOT NULL FROM subtag s "
        "JOIN tag t ON t.id = s.tag_id JOIN tag_group g ON g.id = t.group_id "
        "WHERE (s.active = 1 AND t.active = 1 AND g.active = 1) OR s.key = ? "
        "ORDER BY g.position, g.id, t.position, t.id, s.position, s.id",
        (keep,),
    )
    known = {
        int(row[0]): SubtagChoice(
            int(row[0]),
            row[1],
            row[2],
            row[3],
            row[4],
            tuple(words.get(row[0], ())),
            bool(row[5]),
        )
        for row in rows
        if int(row[0]) in viewer.writable
    }
    used = database.execute(
        "SELECT subtag_id FROM entry WHERE created_by = ? "
        "GROUP BY subtag_id ORDER BY max(id) DESC LIMIT ?",
        (viewer.actor, _RECENT),
    )
    recent = (known[int(row[0])] for row in used if int(row[0]) in known)
    return SubtagChoices(tuple(known.values()), tuple(recent))


def readable_tags(viewer: Viewer) -> list[tuple[str, str]]:
    """Groups and tags of which the viewer reads any entry: («verkauf/boot», name)."""
    rows = database.execute(
        f"SELECT g.key, {name_of('g')}, t.key, {name_of('t')}, s.id FROM subtag s "
        "JOIN tag t ON t.id = s.tag_id JOIN tag_group g ON g.id = t.group_id "
        "ORDER BY g.position, g.id, t.position, t.id"
    )
    found: dict[str, str] = {}
    for group, group_name, tag, tag_name, subtag in rows:
        if int(subtag) in viewer.readable:
            found.setdefault(group, group_name)
            found.setdefault(f"{group}/{tag}", f"{group_name} › {tag_name}")
    return list(found.items())
