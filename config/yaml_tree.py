"""Text of a YAML file -> a tree in which every key and value knows its place.

Guarantees: no value is interpreted here (``no``, ``12:30`` and ``0123`` stay text);
the parser is ruamel.yaml for YAML 1.2, of which only the event stream is used, so
nothing is constructed, no alias is expanded and the work is bounded by the text.
Refused with their place: tabs, anchors and aliases, merge keys, type tags, duplicate
keys, a second document, control characters, nesting beyond 20 levels. JSON is read too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

_DEEPEST = 20
_MOST_PROBLEMS = 100
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as written. ``broken``: something refused stood here; ask no more."""

    text: str
    start: int
    end: int
    plain: bool
    broken: bool = False

    @property
    def is_null(self) -> bool:
        """Nothing stands here, or YAML's word for nothing."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Settings:
    """A mapping; its keys are text and each is there once.

    ``refused`` are pairs that do not count (a key's second time, a merge key); they
    are kept because what stands there may be a secret that must not be shown.
    """

    pairs: "tuple[tuple[Scalar, Node], ...]"
    start: int
    end: int
    refused: "tuple[tuple[Scalar, Node], ...]" = ()

    def value(self, name: str) -> "Node | None":
        """What stands behind a key, None if the key is not there."""
        return next((node for key, node in self.pairs if key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, for its place."""
        return next((key for key, _ in self.pairs if key.text == name), None)


Node = Scalar | Items | Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """Something refused: its kind, its offset, and what its sentence needs."""

    kind: str
    offset: int
    values: tuple[tuple[str, str], ...] = ()


class Lines:
    """Offsets -> lines and columns, both from 1. Ends of line: LF, CR LF, CR."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._starts)

    def start(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line - 1]

    def source(self, line: int) -> str:
        """The line without its end."""
        after = self._starts[line] if line < len(self._starts) else len(self._text)
        return self._text[self._starts[line - 1] : after].rstrip("\r\n")


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been reached."""

    start: int
    is_map: bool
    items: list[Node] = field(default_factory=list)
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    refused: list[tuple[Scalar, Node]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    key: Scalar | None = None


class _Stop(Exception):
    """Enough is known about this file."""


class _Builder:
    """Events in, tree and findings out. Iterative: depth costs no stack."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.findings: list[Finding] = []
        self.root: Node | None = None
        self.documents = 0
        self.offset = 0
        self._open: list[_Open] = []

    def report(self, kind: str, offset: int, **values: object) -> None:
        pairs = tuple((name, str(value)) for name, value in values.items())
        if len(self.findings) >= _MOST_PROBLEMS:
            self.findings.append(Finding("too_many", offset))
            raise _Stop
        self.findings.append(Finding(kind, offset, pairs))

    def take(self, event: Any) -> None:
        """One event of ruamel's parser."""
        self.offset = event.start_mark.index
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, DocumentEndEvent):
            pass
        elif isinstance(event, NodeEvent):
            self._node(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._close(event.end_mark.index)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.report("several_documents", self.offset)
            raise _Stop
        if event.version or event.tags:
            self.report("directive", self.offset)

    def _node(self, event: Any) -> None:
        end = event.end_mark.index
        if isinstance(event, AliasEvent):
            self.report("anchor", self.offset)
            self._attach(Scalar("", self.offset, end, plain=True, broken=True))
            return
        if event.anchor is not None:
            self.report("anchor", self.offset)
        if event.ctag is not None:
            self.report("tag", self.offset)
        if isinstance(event, ScalarEvent):
            self._attach(self._scalar(event, end))
        else:
            self._start(is_map=isinstance(event, MappingStartEvent))

    def _scalar(self, event: Any, end: int) -> Scalar:
        text, broken = str(event.value), False
        if found := _UNWANTED.search(text):
            self.report("control_character", self.offset, character=_u(found[0]))
            text, broken = _UNWANTED.sub("?", text), True
        return Scalar(text, self.offset, end, plain=not event.style, broken=broken)

    def _start(self, *, is_map: bool) -> None:
        if len(self._open) >= _DEEPEST:
            self.report("too_deep", self.offset)
            raise _Stop
        self._open.append(_Open(self.offset, is_map))

    def _close(self, end: int) -> None:
        done = self._open.pop()
        if done.is_map:
            pairs, refused = tuple(done.pairs), tuple(done.refused)
            self._attach(Settings(pairs, done.start, end, refused))
        else:
            self._attach(Items(tuple(done.items), done.start, end))

    def _attach(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if not parent.is_map:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node)
        else:
            key, parent.key = parent.key, None
            self._pair(parent, key, node)

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar) and (node.broken or not node.is_null):
            return node
        self.report("key_not_text", node.start)
        return Scalar("", node.start, node.end, plain=True, broken=True)

    def _pair(self, parent: _Open, key: Scalar, node: Node) -> None:
        if key.plain and key.text == "<<":
            self.report("merge_key", key.start)
        elif key.text in parent.lines:
            first = parent.lines[key.text]
            self.report("duplicate_key", key.start, name=key.text, first=first)
        elif not key.broken:
            parent.lines[key.text] = self.lines.place(key.start)[0]
            parent.pairs.append((key, node))
            return
        parent.refused.append((key, node))


# What ruamel's reader refuses, what editors do not show, halves of pairs.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_HARD_SPACE = re.compile("^[ ]*(?P<at>\xa0)|[:\\-](?P<after>\xa0)")


def _u(character: str) -> str:
    return f"U+{ord(character):04X}"


def read(text: str, lines: Lines) -> tuple[Node | None, list[Finding], bool]:
    """The tree (None if there is none), what was refused, and whether it is whole.

    Not whole: the text is no YAML from some point on, so the tree says nothing.
    """
    builder = _Builder(lines)
    try:
        text, misindented = _without_invisible(text, builder)
        if misindented:  # whatever follows would be guesswork
            return None, builder.findings, False
        for event in _events(text):
            builder.take(event)
    except _Stop:
        return None, builder.findings, False
    except (YAMLError, ValueError, OverflowError, IndexError, AssertionError) as error:
        # ValueError and the like: ruamel on escapes such as "\UFFFFFFFF".
        builder.findings.append(_syntax(error, builder))
        return None, builder.findings, False
    return builder.root, builder.findings, True


def _events(text: str) -> Iterator[Any]:
    return iter(YAML(typ="safe", pure=True).parse(text))


def _without_invisible(text: str, builder: _Builder) -> tuple[str, bool]:
    """Report tabs, no-break spaces and control characters; replace each by one."""
    indented = False
    for line in range(1, builder.lines.count + 1):
        written = builder.lines.source(line)
        if "\t" not in written and "\xa0" not in written:
            continue
        start, said = builder.lines.start(line), _COMMENT.split(written, maxsplit=1)[0]
        if (tab := said.find("\t")) >= 0:
            builder.report("tab", start + tab)
            indented = indented or not said[:tab].strip()
        for hard in _HARD_SPACE.finditer(said):
            builder.report("hard_space", start + hard.end() - 1)
            indented = indented or hard["at"] is not None
    for found in _UNWANTED.finditer(text):
        builder.report("control_character", found.start(), character=_u(found[0]))
    return _UNWANTED.sub("?", text).replace("\t", " ").replace("\xa0", " "), indented


def _syntax(error: Exception, builder: _Builder) -> Finding:
    """The sentence for what ruamel says."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Finding("syntax", builder.offset)
    said, at = str(error.problem), error.problem_mark.index
    context = error.context_mark.index if error.context_mark else at
    kind = next((kind for text, kind in _SAID if text in said), "syntax")
    if kind in {"unclosed_quote", "missing_colon"}:
        return Finding(kind, context)
    if kind == "unclosed_bracket":
        first = str(builder.lines.place(context)[0])
        return Finding(kind, at, (("first", first),))
    if kind == "star_unquoted" and "directive" in str(error.context):
        return Finding("directive", at)
    if kind == "bad_start":
        # found character '@' that cannot start any token
        return Finding(kind, at, (("character", said.split("'")[1]),))
    return Finding(kind, at)


_SAID = (
    ("found unexpected end of stream", "unclosed_quote"),
    ("found unexpected document separator", "unclosed_quote"),
    ("expected ',' or", "unclosed_bracket"),
    ("could not find expected ':'", "missing_colon"),
    ("mapping values are not allowed", "stray_colon"),
    ("found unexpected ':'", "stray_colon"),
    ("sequence entries are not allowed", "bad_indent"),
    ("expected <block end>", "bad_indent"),
    ("expected '<document start>'", "bad_indent"),
    ("that cannot start any token", "bad_start"),
    ("expected alphabetic or numeric character", "star_unquoted"),
)
