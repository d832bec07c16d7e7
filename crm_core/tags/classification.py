"""Gruppe › Tag › Subtag: import of the commissioning file, and look-ups.

The file is imported while there is no taxonomy, and on demand; afterwards the database
is the truth. An import adds and updates by key and removes nothing: what entries use
stays. A subtag that the file names has exactly the keywords and task templates of the
file; a group exactly its rights. What a file does not say (English names, colours, who a
suggested task is for) stays as it was set by hand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm_core import audit
from crm_core.access import staff
from crm_core.database import require_transaction
from crm_core.errors import Invalid, NotFound
from crm_core.linking import keywords
from crm_core.models import (
    Access,
    Colour,
    Employee,
    Subtag,
    SubtagKeyword,
    Tag,
    TagGroup,
    TagGroupAccess,
    TaskTemplate,
)

ALWAYS_REQUIRED = ("title", "address", "subtag")
DEMANDABLE = ("description", "follow_up_on", "note")  # what a subtag can demand besides
REQUIRABLE = (*ALWAYS_REQUIRED, *DEMANDABLE)


@dataclass(frozen=True, slots=True)
class SubtagSpec:
    """A subtag as the commissioning file describes it.

    ``required`` names fields of ``REQUIRABLE``, some of which are mandatory anyway.
    """

    key: str
    name: str
    keywords: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class TagSpec:
    """A tag and its subtags."""

    key: str
    name: str
    subtags: tuple[SubtagSpec, ...] = ()
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class TagGroupSpec:
    """A group, the rights of the staff groups on it, and its tags."""

    key: str
    name: str
    access: tuple[tuple[str, Access], ...] = ()
    tags: tuple[TagSpec, ...] = ()
    name_en: str = ""
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class ImportCount:
    """How many of each level the import has seen."""

    groups: int
    tags: int
    subtags: int


def is_empty() -> bool:
    """Whether no taxonomy was imported yet."""
    return not TagGroup.select().exists()


def import_taxonomy(specs: Sequence[TagGroupSpec], *, actor: str) -> ImportCount:
    """Add and update the three levels by key.

    Raises Invalid where a key is empty or named twice, where two subtags claim the
    same keyword, or where a required field does not exist; before anything is written.
    """
    require_transaction()
    _refuse_doubles(specs)
    tags = [tag for spec in specs for tag in spec.tags]
    subtags = [subtag for tag in tags for subtag in tag.subtags]
    # Words that move between two subtags must be free before they are given again.
    SubtagKeyword.delete().where(
        SubtagKeyword.keyword.in_([keywords.fold(word) for word in _words(subtags)])
    ).execute()
    for position, spec in enumerate(specs):
        _import_group(spec, position)
    count = ImportCount(len(specs), len(tags), len(subtags))
    audit.record(
        actor,
        "taxonomy_imported",
        "taxonomy",
        detail=f"{count.groups} groups, {count.tags} tags, {count.subtags} subtags",
    )
    return count


def subtag_by_key(key: str) -> Subtag:
    """The subtag with this key; NotFound names the known ones."""
    subtag = Subtag.get_or_none(Subtag.key == key)
    if not isinstance(subtag, Subtag):
        known = [row.key for row in Subtag.select().order_by(Subtag.key)]
        raise NotFound(
            "there is no subtag «{key}» (known: {known})",
            key=key,
            known=", ".join(known) or "–",
        )
    return subtag


def subtag_by_keyword(word: str) -> Subtag | None:
    """The subtag that a subject's ``#word`` names, in any spelling of case."""
    row = SubtagKeyword.get_or_none(SubtagKeyword.keyword == keywords.fold(word))
    return row.subtag if isinstance(row, SubtagKeyword) else None


def is_active(subtag: Subtag) -> bool:
    """Whether new entries may be opened under it: it and what it stands below."""
    return bool(subtag.active and subtag.tag.active and subtag.tag.group.active)


def demanded(subtag: Subtag) -> tuple[str, ...]:
    """Fields that the subtag or its group demands beyond those of every entry."""
    said = {*subtag.required.split(","), *subtag.tag.group.required.split(",")}
    return tuple(name for name in DEMANDABLE if name in said)


def responsible_for(subtag: Subtag) -> Employee | None:
    """Whose an entry becomes where nobody else is named; nobody who is not active."""
    found: Employee | None = subtag.responsible
    return found if found is not None and found.active else None


def _words(subtags: Iterable[SubtagSpec]) -> list[str]:
    return [word for subtag in subtags for word in subtag.keywords]


def _refuse_doubles(specs: Sequence[TagGroupSpec]) -> None:
    subtags = [subtag for spec in specs for tag in spec.tags for subtag in tag.subtags]
    _refuse_double("group", [spec.key for spec in specs])
    for spec in specs:
        _refuse_double("tag", [tag.key for tag in spec.tags])
    _refuse_double("subtag", [subtag.key for subtag in subtags])
    _refuse_double("keyword", [keywords.fold(word) for word in _words(subtags)])
    _refuse_unknown_fields(subtags)


def _refuse_unknown_fields(subtags: Iterable[SubtagSpec]) -> None:
    for subtag in subtags:
        for name in set(subtag.required) - set(REQUIRABLE):
            raise Invalid(
                "required",
                "unknown",
                "«{name}» of subtag «{subtag}» is no field of an entry "
                "(known: {known})",
                name=name,
                subtag=subtag.key,
                known=", ".join(REQUIRABLE),
            )


def _refuse_double(field: str, keys: Sequence[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if not key.strip():
            raise Invalid(field, "required", "a {level} has no key", level=field)
        if key in seen:
            raise Invalid(
                field,
                "double",
                "the {level} «{key}» is named twice",
                level=field,
                key=key,
            )
        seen.add(key)


def _import_group(spec: TagGroupSpec, position: int) -> None:
    group = TagGroup.get_or_none(TagGroup.key == spec.key) or TagGroup(key=spec.key)
    group.name, group.position = spec.name, position
    group.name_en = spec.name_en or group.name_en
    group.colour = spec.colour or group.colour
    group.save()
    TagGroupAccess.delete().where(TagGroupAccess.tag_group == group).execute()
    staff_groups = staff.ensure_groups([name for name, _access in spec.access])
    for name, access in spec.access:
        TagGroupAccess.create(
            tag_group=group, staff_group=staff_groups[name], access=access
        )
    for number, tag in enumerate(spec.tags):
        _import_tag(group, tag, number)


def _import_tag(group: TagGroup, spec: TagSpec, position: int) -> None:
    tag = Tag.get_or_none(Tag.group == group, Tag.key == spec.key)
    tag = tag or Tag(group=group, key=spec.key)
    tag.name, tag.position = spec.name, position
    tag.name_en = spec.name_en or tag.name_en
    tag.save()
    for number, subtag in enumerate(spec.subtags):
        _import_subtag(tag, subtag, number)


def _import_subtag(tag: Tag, spec: SubtagSpec, position: int) -> None:
    subtag = Subtag.get_or_none(Subtag.key == spec.key) or Subtag(key=spec.key)
    subtag.tag, subtag.name, subtag.position = tag, spec.name, position
    subtag.name_en = spec.name_en or subtag.name_en
    subtag.required = ",".join(spec.required)
    subtag.save()
    SubtagKeyword.delete().where(SubtagKeyword.subtag == subtag).execute()
    for word in spec.keywords:
        SubtagKeyword.create(subtag=subtag, keyword=keywords.fold(word))
    _import_templates(subtag, spec.tasks)


def _import_templates(subtag: Subtag, titles: Sequence[str]) -> None:
    rows = TaskTemplate.select().where(TaskTemplate.subtag == subtag)
    known = {row.title: row for row in rows}
    for title, row in known.items():
        if title not in titles:
            row.delete_instance()
    for position, title in enumerate(dict.fromkeys(titles)):
        row = known.get(title) or TaskTemplate(subtag=subtag, title=title)
        row.position = position
        row.save()
