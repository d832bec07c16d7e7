"""The taxonomy as a commissioning file: what ``mailsync taxonomy import`` reads again.

The file knows less than the database: English names, colours, defaults and for whom a
suggested task is stay behind, and what is not active is left out. What a group demands
stands with each of its subtags.
"""

import json
from collections.abc import Iterable, Iterator

from crm_core.queries.taxonomy import GroupNode, SubtagNode, TagNode
from crm_core.tags.classification import DEMANDABLE

_HEAD = """\
# yaml-language-server: $schema=./taxonomy.schema.json
# mailsync: Gruppe › Tag › Subtag. Eigene Gruppen der Mitarbeitenden, die hier unter
# «access» stehen, müssen in mailboxes.yaml unter «staff_groups» genannt sein.
"""


def text_of(groups: Iterable[GroupNode]) -> str:
    """The whole file; what is not active is not in it."""
    lines = [line for group in groups if group.active for line in _group(group)]
    return "\n".join([f"{_HEAD}groups:", *lines, "...", ""])


def _group(group: GroupNode) -> Iterator[str]:
    access = ", ".join(f"{_text(name)}: {right}" for name, right in group.access)
    yield f"  - key: {_text(group.key)}"
    yield f"    name: {_text(group.name)}"
    yield f"    access: {{{access}}}"
    yield from _below("    tags:", (_tag(t, group) for t in group.tags if t.active))


def _tag(tag: TagNode, group: GroupNode) -> Iterator[str]:
    yield f"      - key: {_text(tag.key)}"
    yield f"        name: {_text(tag.name)}"
    active = (_subtag(s, group) for s in tag.subtags if s.active)
    yield from _below("        subtags:", active)


def _subtag(subtag: SubtagNode, group: GroupNode) -> Iterator[str]:
    demanded = {*group.required, *subtag.required}
    yield f"          - key: {_text(subtag.key)}"
    yield f"            name: {_text(subtag.name)}"
    for name, values in (
        ("keywords", subtag.keywords),
        ("required", [field for field in DEMANDABLE if field in demanded]),
        ("task_templates", subtag.templates),
    ):
        if values:
            yield f"            {name}: [{', '.join(map(_text, values))}]"


def _below(head: str, parts: Iterable[Iterator[str]]) -> Iterator[str]:
    lines = [line for part in parts for line in part]
    yield from [head, *lines] if lines else [f"{head} []"]


def _text(value: str) -> str:
    """A quoted scalar: JSON's strings are YAML's."""
    return json.dumps(value, ensure_ascii=not value.isprintable())
