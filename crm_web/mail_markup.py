"""The first wall: a mail's HTML, read once, as balanced markup of known tags.

Parsers of HTML5 build trees that may be deep (every tag then costs its depth) or far
larger than the text (formatting left open is opened again in every block), so nothing
parses a mail before this. Guarantees, in linear time: every element that begins also
ends, inside its parent; none lies deeper than ``DEEPEST``; only known tags and
attributes are left; what a parser makes of it is a small multiple of its size. A mail
that would need more is refused and shown as text.

This is no sanitiser: addresses and styles pass as they are (``mail_html`` cleans them).
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

LARGEST: Final = 1_000_000  # bytes, and characters: longer ones are stored cut off
DEEPEST: Final = 256
MOST_ATTRIBUTES: Final = 400  # of one tag
MOST_COPIED: Final = 8_000_000  # characters of tags that a parser may have to repeat

_SPACE = "\\t\\n\\f\\r "
_TOKEN = re.compile(rf"</?+([a-zA-Z][^{_SPACE}/>]*+)|<[!?/]")
_ATTRIBUTE = re.compile(
    rf"[{_SPACE}/]*+(?:(>)|([^{_SPACE}/>][^{_SPACE}/>=]*+)[{_SPACE}]*+"
    rf"(=[{_SPACE}]*+)?+)"
)
_UNQUOTED = re.compile(rf"[^{_SPACE}>]*+")
_COMMENT_END = re.compile("--!?>")


def words(text: str) -> frozenset[str]:
    """A set of names, written as one line."""
    return frozenset(text.split())


_FORMATTING = words("a b big code em font i nobr s small strike strong tt u")
_INLINE = _FORMATTING | words(
    "abbr acronym bdi bdo cite del dfn ins kbd mark q ruby samp span sub sup time var"
)
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))
_CELLS = words("td th tr tbody thead tfoot caption")
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_BLOCKS = words(
    "address article aside blockquote center div dl figcaption figure footer header hr "
    "main nav ol p pre section ul"
)
# Whose content is no part of a mail's text.
_SWALLOWED = words(
    "applet audio canvas iframe math noembed noframes object script select style svg "
    "template textarea title video"
)
_RAW = frozenset(("script", "style", "title", "textarea", "iframe"))
# What a start tag ends if it was opened last (HTML standard §13.2.6.4.7).
_ENDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_BLOCKS, frozenset({"p"})),
    **dict.fromkeys(_HEADINGS, frozenset({"p"}) | _HEADINGS),
    "li": frozenset({"p", "li"}),
    "dd": frozenset({"p", "dd", "dt"}),
    "dt": frozenset({"p", "dd", "dt"}),
    "td": frozenset({"p", "li", "td", "th"}),
    "th": frozenset({"p", "li", "td", "th"}),
    "tr": frozenset({"p", "li", "td", "th", "tr", "caption"}),
    **dict.fromkeys(("tbody", "thead", "tfoot"), frozenset({"p", "li"}) | _CELLS),
    "rt": frozenset({"rt", "rp"}),
    "rp": frozenset({"rt", "rp"}),
    "a": frozenset({"a"}),
}


class Refusal(StrEnum):
    """Why a mail's HTML is not shown as HTML."""

    SIZE = "size"
    SHAPE = "shape"


class RefusedError(Exception):
    """The markup is too large, too deep or would grow too much."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def balanced(html: str, tags: Collection[str], attributes: Collection[str]) -> str:
    """The same mail in balanced markup of these tags; raises RefusedError."""
    if len(html) >= LARGEST or len(html.encode("utf-8", "replace")) > LARGEST:
        raise RefusedError(Refusal.SIZE)
    return _Reading(html, tags, attributes).all()


class _Reading:
    """One pass over a text; writes as it goes."""

    def __init__(
        self, html: str, tags: Collection[str], attributes: Collection[str]
    ) -> None:
        self._html = html
        self._tags = tags
        self._attributes = attributes
        self._written: list[str] = []
        self._open: list[tuple[str, int]] = []  # name, what a copy of it costs
        self._formatting = 0
        self._copied = 0
        self._swallowing = ""
        self._swallowed = 0

    def all(self) -> str:
        place: int | None = 0
        while place is not None:
            place = self._next(place)
        self._end_down_to(0)
        return "".join(self._written)

    def _next(self, place: int) -> int | None:
        """Read text and one token from here; where it ends, None at the end of all."""
        token = _TOKEN.search(self._html, place)
        if token is None:
            self._text(place, len(self._html))
            return None
        self._text(place, token.start())
        if token.group(1) is None:
            return self._past_comment(token.start())
        name = token.group(1).lower()
        kept: list[str] = []
        end = self._past_attributes(token.end(), kept)
        if end is None:
            return None  # a tag that never ends is none
        begins = self._html[token.start() + 1] != "/"
        if self._swallowing:
            self._still_swallowing(name, begins=begins)
        elif not begins:
            self._close(name)
        elif name in _SWALLOWED:
            return self._swallow(name, end)
        elif name in self._tags:
            self._start(name, kept)
        return end

    # -- tokens -------------------------------------------------------------------

    def _text(self, start: int, end: int) -> None:
        if start < end and not self._swallowing:
            self._written.append(self._html[start:end].replace("<", "&lt;"))

    def _past_comment(self, start: int) -> int | None:
        html = self._html
        if not html.startswith("<!--", start):
            end = html.find(">", start + 2)
            return None if end < 0 else end + 1
        for short in (">", "->"):
            if html.startswith(short, start + 4):
                return start + 4 + len(short)
        found = _COMMENT_END.search(html, start + 4)
        return None if found is None else found.end()

    def _past_attributes(self, place: int, kept: list[str]) -> int | None:
        for _ in range(MOST_ATTRIBUTES):
            part = _ATTRIBUTE.match(self._html, place)
            if part is None:
                return None
            place = part.end()
            if part.group(1):
                return place
            value = ""
            if part.group(3):
                start, end, place = self._value(place)
                if end < 0:
                    return None
                value = self._html[start:end].replace('"', "&quot;")
            name = part.group(2).lower()
            if name in self._attributes:
                kept.append(f' {name}="{value}"')
        raise RefusedError(Refusal.SHAPE)

    def _value(self, place: int) -> tuple[int, int, int]:
        """Where an attribute's value begins and ends, and where reading goes on."""
        quote = self._html[place : place + 1]
        if quote in ('"', "'"):
            end = self._html.find(quote, place + 1)
            return place + 1, end, end + 1
        found = _UNQUOTED.match(self._html, place)
        end = place if found is None else found.end()
        return place, end, end

    # -- content that is none -----------------------------------------------------

    def _swallow(self, name: str, place: int) -> int | None:
        if name in _RAW:
            pattern = rf"</{name}(?=[{_SPACE}/>])[^>]*+>?"
            end = re.compile(pattern, re.IGNORECASE).search(self._html, place)
            return None if end is None else end.end()
        self._swallowing, self._swallowed = name, 1
        return place

    def _still_swallowing(self, name: str, *, begins: bool) -> None:
        if name == self._swallowing:
            self._swallowed += 1 if begins else -1
            if self._swallowed == 0:
                self._swallowing = ""

    # -- elements -----------------------------------------------------------------

    def _start(self, name: str, attributes: list[str]) -> None:
        ended = _ENDS.get(name, frozenset())
        while self._open and self._open[-1][0] in ended:
            self._end_down_to(len(self._open) - 1)
        self._count_copies(name)
        tag = f"<{name}{''.join(attributes)}>"
        self._written.append(tag)
        if name in _VOID:
            return
        cost = len(tag) + 20 if name in _FORMATTING else 0
        self._open.append((name, cost))
        self._formatting += cost
        if len(self._open) > DEEPEST:
            raise RefusedError(Refusal.SHAPE)

    def _close(self, name: str) -> None:
        """End the nearest such element, if nothing lies between that would be torn."""
        self._count_copies(name)
        for place in range(len(self._open) - 1, -1, -1):
            other = self._open[place][0]
            if other == name:
                self._end_down_to(place)
                return
            if not _may_end_with(other, name):
                return

    def _end_down_to(self, place: int) -> None:
        while len(self._open) > place:
            name, cost = self._open.pop()
            self._formatting -= cost
            self._written.append(f"</{name}>")

    def _count_copies(self, name: str) -> None:
        """Formatting may be repeated once behind every border of a block."""
        if name not in _INLINE:
            self._copied += self._formatting
            if self._copied > MOST_COPIED:
                raise RefusedError(Refusal.SHAPE)


def _may_end_with(inner: str, outer: str) -> bool:
    """Whether the end tag of ``outer`` also ends an ``inner`` that was left open."""
    if outer in _INLINE:
        return inner in _INLINE
    if outer == "table":
        return inner != "table"
    if outer in _CELLS:
        return inner != "table"
    return inner not in _CELLS and inner != "table"
