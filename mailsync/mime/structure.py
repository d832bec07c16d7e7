"""Bytes → the tree of MIME parts, with the caps enforced while it grows.

The tree is built by the standard library's feed parser under ``compat32`` (the modern
policy is a denial of service, reliability.md §1.7); its hooks count parts and depth
and keep structural fields short. Attached messages and reports are not opened.

Raises Unprocessable with a reason that holds nothing of the mail's content.
"""

import re
from collections.abc import Iterable, Iterator
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, Policy
from typing import cast

from mailsync.errors import Unprocessable
from mailsync.mime import headers
from mailsync.mime.head_repair import repaired
from mailsync.mime.mail import Limits
from mailsync.mime.texts import unpacked

_END_OF_HEADER = re.compile(rb"\n\r?\n|\r\r")
_LONGEST_PARAMETERS = 4_096


class _Budget:
    """Counts what one mail's structure may have."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts = 0

    def take_part(self) -> None:
        self._parts += 1
        # The root, and one that the parser makes on trial, are none of the parts.
        if self._parts > self._limits.parts + 2:
            raise Unprocessable(f"more than {self._limits.parts} MIME parts")

    def check_depth(self, depth: int) -> None:
        if depth > self._limits.depth:
            raise Unprocessable(f"MIME parts nest deeper than {self._limits.depth}")


class Entity(Message):
    """A part that knows its depth and hides attached messages from the parser.

    The parser asks for the content type to decide whether to descend; a message or a
    delivery report is one attachment for us and stays in one piece.
    """

    budget: "_Budget"
    # The body as it came; `get_payload` would already decode it by its label.
    _payload: "list[Message] | str | None"

    def __init__(self, policy: "Policy[Entity] | None" = None) -> None:
        super().__init__(policy or _Policy())
        self.depth = 0
        self.parent: Entity | None = None
        self._stated: dict[str, tuple[str, dict[str, str]]] = {}
        self.budget.take_part()

    def attach(self, payload: "Entity") -> None:  # type: ignore[override]  # we make them all
        payload.parent, payload.depth = self, self.depth + 1
        self.budget.check_depth(payload.depth)
        super().attach(payload)

    @property
    def kind(self) -> str:
        """The content type in lower case; ``text/plain`` where none is stated."""
        main = self.stated("content-type")[0]
        return main if main.count("/") == 1 else super().get_default_type()

    def get_content_type(self) -> str:
        return (
            "application/x-message" if self.kind.startswith("message/") else self.kind
        )

    def get_content_maintype(self) -> str:
        return self.get_content_type().partition("/")[0]

    def stated(self, name: str) -> tuple[str, dict[str, str]]:
        """Main value and parameters of a field such as Content-Type."""
        if name not in self._stated:
            self._stated[name] = headers.parameters(self.first(name) or "")
        return self._stated[name]

    def set_raw(self, name: str, value: str) -> None:
        """Add a field; the parser's way of filling the header."""
        self._stated.clear()
        super().set_raw(name, value)

    def first(self, name: str) -> str | None:
        """The topmost field of that name (lower case), raw."""
        return next(self.every(name), None)

    def every(self, name: str) -> Iterator[str]:
        """All fields of that name, topmost first, raw."""
        return (str(value) for key, value in self.raw_items() if key.lower() == name)

    def file_name(self) -> str:
        """The file name as stated, or an empty string."""
        name = self.stated("content-disposition")[1].get("filename")
        return (name or self.stated("content-type")[1].get("name") or "").strip()

    def ancestor(self, kind: str) -> "Entity | None":
        """The nearest part of that kind this one lies in."""
        above = self.parent
        while above is not None and above.kind != kind:
            above = above.parent
        return above

    def body(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = headers.plain(self.first("content-transfer-encoding") or "")
        stated = self._payload if isinstance(self._payload, str) else ""
        data = stated.encode("ascii", "surrogateescape")
        return unpacked(data, encoding.partition(";")[0])


class _Policy(Compat32):
    """compat32 whose structural fields are short enough for the stdlib's parser."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower() in ("content-type", "content-disposition"):
            value = " ".join(value[:_LONGEST_PARAMETERS].splitlines())
        return name, value


def read_structure(chunks: Iterable[bytes], limits: Limits) -> Entity:
    """Build the tree of a mail that comes in pieces. Raises Unprocessable."""

    class Counted(Entity):
        budget = _Budget(limits)

    policy = cast("Policy[Entity]", _Policy())  # generic in the stubs only
    parser = BytesFeedParser(Counted, policy=policy)
    for chunk in _checked_header(chunks, limits):
        parser.feed(chunk)
    return parser.close()


def _checked_header(chunks: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    """Hold the mail back until its header has ended within the cap."""
    head = bytearray()
    ended = False
    for chunk in chunks:
        if ended:
            yield chunk
            continue
        head += chunk
        end = _END_OF_HEADER.search(head, max(0, len(head) - len(chunk) - 3))
        if (end.start() if end else len(head)) > limits.header_bytes:
            raise Unprocessable(f"the header is over {limits.header_bytes >> 10} KB")
        if end:
            ended = True
            yield repaired(bytes(head[: end.end()])) + head[end.end() :]
    if not ended:
        yield bytes(head)
