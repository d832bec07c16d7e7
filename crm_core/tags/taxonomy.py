"""Gruppe › Tag › Subtag as an administrator changes it: new, renamed, moved, retired.

What entries use is never deleted, only deactivated: entries keep it, new ones are not
offered it. Every change demands what the person saw (``fingerprint``); if somebody was
faster nothing changes. Each writes one line into the log.

Reading is ``queries.taxonomy``; the commissioning file is ``classification``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, count
from typing import TypeVar

from crm_core import audit, database, search
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Access,
    Colour,
    Employee,
    Entry,
    StaffGroup,
    Subtag,
    Suggestion,
    Tag,
    TagGroup,
    TagGroupAccess,
)
from crm_core.tags import classification
from crm_core.tags.subtag_details import (
    TemplateDraft,
    short,
    templates_of,
    words_of,
    write_keywords,
    write_templates,
)

LONGEST_NAME = 80

Level = TagGroup | Tag | Subtag
_L = TypeVar("_L", TagGroup, Tag, Subtag)


@dataclass(frozen=True, slots=True)
class Names:
    """What a level is called; no English name means the German one serves both."""

    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group as a form has it; ``access`` by staff group, not named is none."""

    names: Names
    colour: Colour = Colour.GREY
    required: tuple[str, ...] = ()
    access: Mapping[int, Access] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubtagDraft:
    """A subtag as a form has it."""

    names: Names
    keywords: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    responsible: Employee | None = None
    templates: tuple[TemplateDraft, ...] = ()


# --- what was seen ----------------------------------------------------------------


def fingerprint(level: Level) -> str:
    """Of everything a form shows of it: differs as soon as anything differs."""
    said: list[object] = [sorted(level.__data__.items())]
    if isinstance(level, TagGroup):
        rows = TagGroupAccess.select().where(TagGroupAccess.tag_group == level)
        said.append(sorted((row.staff_group_id, row.access) for row in rows))
    elif isinstance(level, Subtag):
        said += [words_of(level), [row.__data__ for row in templates_of(level)]]
    return sha256(repr(said).encode()).hexdigest()[:32]


def group(id_: int) -> TagGroup:
    """The group; NotFound if there is none."""
    return _row(TagGroup, id_)


def tag(id_: int) -> Tag:
    """The tag; NotFound if there is none."""
    return _row(Tag, id_)


def subtag(id_: int) -> Subtag:
    """The subtag; NotFound if there is none."""
    return _row(Subtag, id_)


def _row(model: type[_L], id_: int) -> _L:
    found = model.get_or_none(model.id == id_)
    if not isinstance(found, model):
        raise NotFound("this group, tag or subtag does not exist any more")
    return found


def _unchanged(level: Level, seen: str) -> None:
    database.require_transaction()
    if seen != fingerprint(level):
        raise Conflict(
            "«{name}» has been changed meanwhile: look at it again", name=level.name
        )


# --- new and changed --------------------------------------------------------------


def add_group(draft: GroupDraft, *, actor: str) -> TagGroup:
    """A group at the end of the list; Invalid for an empty, long or double name."""
    database.require_transaction()
    made = TagGroup(key=_free_key(draft.names.name, _keys(TagGroup.select())))
    made.position = _last(TagGroup.select())
    _write_group(made, draft)
    _record(actor, "taxonomy_added", made)
    return made


def change_group(level: TagGroup, draft: GroupDraft, *, actor: str, seen: str) -> None:
    """Make the group say what the draft says; Conflict if it is not as ``seen``."""
    _unchanged(level, seen)
    _write_group(level, draft)
    _record(actor, "taxonomy_changed", level)


def _write_group(level: TagGroup, draft: GroupDraft) -> None:
    _name(level, draft.names, TagGroup.select())
    level.colour, level.required = draft.colour, _required(draft.required)
    level.save()
    set_access(level, draft.access)


def set_access(level: TagGroup, access: Mapping[int, Access]) -> None:
    """What each staff group may do with entries of the group; not named is nothing."""
    database.require_transaction()
    known = {row.id for row in StaffGroup.select()}
    TagGroupAccess.delete().where(TagGroupAccess.tag_group == level).execute()
    for staff_group, right in access.items():
        if staff_group in known and right is not Access.NONE:
            TagGroupAccess.create(
                tag_group=level, staff_group=staff_group, access=right
            )


def add_tag(above: TagGroup, names: Names, *, actor: str) -> Tag:
    """A tag at the end of its group."""
    database.require_transaction()
    siblings = Tag.select().where(Tag.group == above)
    made = Tag(group=above, key=_free_key(names.name, _keys(siblings)))
    made.position = _last(siblings)
    _name(made, names, siblings)
    made.save()
    _record(actor, "taxonomy_added", made)
    return made


def change_tag(
    level: Tag, above: TagGroup, names: Names, *, actor: str, seen: str
) -> None:
    """Rename the tag, or move it to another group with all that stands below it."""
    _unchanged(level, seen)
    siblings = Tag.select().where(Tag.group == above)
    if level.group_id != above.id:
        level.key = _free_key(level.key, _keys(siblings))
        level.position, level.group = _last(siblings), above
    _name(level, names, siblings)
    level.save()
    _record(actor, "taxonomy_changed", level)


def add_subtag(above: Tag, draft: SubtagDraft, *, actor: str) -> Subtag:
    """A subtag at the end of its tag; Invalid for a keyword of another subtag."""
    database.require_transaction()
    made = Subtag(tag=above, key=_free_key(draft.names.name, _keys(Subtag.select())))
    made.position = _last(Subtag.select().where(Subtag.tag == above))
    _write_subtag(made, draft)
    _record(actor, "taxonomy_added", made)
    return made


def change_subtag(
    level: Subtag, above: Tag, draft: SubtagDraft, *, actor: str, seen: str
) -> None:
    """Make the subtag say what the draft says, below ``above``."""
    _unchanged(level, seen)
    if level.tag_id != above.id:
        level.position = _last(Subtag.select().where(Subtag.tag == above))
        level.tag = above
    _write_subtag(level, draft)
    _record(actor, "taxonomy_changed", level)


def _write_subtag(level: Subtag, draft: SubtagDraft) -> None:
    _name(level, draft.names, Subtag.select().where(Subtag.tag == level.tag))
    level.required, level.responsible = _required(draft.required), draft.responsible
    level.save()
    write_keywords(level, draft.keywords)
    write_templates(level, draft.templates)


# --- order, retiring, deleting ----------------------------------------------------


def shift(level: Level, *, up: bool, actor: str) -> None:
    """One place up or down among its siblings; at the end it stays where it is."""
    database.require_transaction()
    rows = list(_siblings(level))
    here = next(i for i, row in enumerate(rows) if row.id == level.id)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    for position, row in enumerate(rows):
        row.position = position
        row.save(only=["position"])
    _record(actor, "taxonomy_ordered", level)


def set_active(level: Level, *, active: bool, actor: str) -> None:
    """Whether new entries are offered it; the same again changes nothing."""
    database.require_transaction()
    if level.active == active:
        return
    level.active = active
    level.save(only=["active"])
    verb = "taxonomy_activated" if active else "taxonomy_deactivated"
    _record(actor, verb, level)


def delete(level: Level, *, actor: str) -> None:
    """Only what nothing uses: no entry, no suggestion, nothing below; else Conflict."""
    database.require_transaction()
    if is_used(level):
        raise Conflict("«{name}» is in use: deactivate it instead", name=level.name)
    _record(actor, "taxonomy_deleted", level)
    level.delete_instance()


def is_used(level: Level) -> bool:
    """Whether anything hangs on it, so that it can only be deactivated."""
    if isinstance(level, TagGroup):
        return bool(Tag.select().where(Tag.group == level).exists())
    if isinstance(level, Tag):
        return bool(Subtag.select().where(Subtag.tag == level).exists())
    return any(
        model.select().where(model.subtag == level).exists()
        for model in (Entry, Suggestion)
    )


# --- shared -----------------------------------------------------------------------


def _siblings(level: Level) -> Iterable[Level]:
    model = type(level)
    rows = model.select()
    if isinstance(level, Tag):
        rows = rows.where(Tag.group == level.group_id)
    elif isinstance(level, Subtag):
        rows = rows.where(Subtag.tag == level.tag_id)
    return rows.order_by(model.position, model.id)


def _name(level: Level, names: Names, siblings: Iterable[Level]) -> None:
    name = short("name", names.name, LONGEST_NAME)
    others = (row.name for row in siblings if row.id != level.id)
    if search.fold(name) in map(search.fold, others):
        raise Invalid("name", "double", "there is a «{name}» here already", name=name)
    level.name = name
    english = names.name_en.strip()
    level.name_en = short("name_en", english, LONGEST_NAME) if english else ""


def _required(names: Iterable[str]) -> str:
    wanted = set(names)
    return ",".join(n for n in classification.DEMANDABLE if n in wanted)


def _keys(rows: Iterable[Level]) -> set[str]:
    return {row.key for row in rows}


def _free_key(name: str, taken: set[str]) -> str:
    """A key for programs, made of the name; it stays when the name changes."""
    stem = re.sub(r"[^a-z0-9]+", "-", search.fold(name)).strip("-")[:40] or "neu"
    further = (f"{stem}-{number}" for number in count(2))
    return next(key for key in chain([stem], further) if key not in taken)


def _last(siblings: Iterable[Level]) -> int:
    return max((row.position for row in siblings), default=-1) + 1


def _record(actor: str, verb: str, level: Level) -> None:
    kind = {TagGroup: "tag_group", Tag: "tag", Subtag: "subtag"}[type(level)]
    audit.record(actor, verb, f"{kind}:{level.id}", detail=level.name)
