"""One MIME entity → its leaves, without recursion and in bounded time and memory.

Guarantees: never raises; nesting beyond ``MAX_DEPTH``, parts beyond ``MAX_PARTS`` and
scanning beyond ``SCAN_BUDGET`` times the mail's size are not resolved: what is left
stays one leaf of opaque bytes, so nothing is lost silently. Bodies are slices of the
mail, decoded on demand. An attached message is a leaf: it is not opened.

Source: RFC 2045, RFC 2046 §5.1 (delimiter lines, missing closing delimiter).
"""

import binascii
import re
from dataclasses import dataclass
from functools import cached_property

from exchange_sandbox.mime_headers import Fields, decode_base64, parameters, read_fields

MAX_DEPTH = 30
MAX_PARTS = 1_000
SCAN_BUDGET = 6
MAX_UUENCODED_LINES = 1_000_000

_LONGEST_PREAMBLE = 4_096
_CR = 13
_LINE = re.compile(rb"[^\r\n]++")


@dataclass(frozen=True)
class Part:
    """One entity: its header, its place in the mail and its place in the tree."""

    raw: bytes
    fields: Fields
    end: int
    parents: tuple["Part", ...] = ()
    default_kind: str = "text/plain"

    @cached_property
    def _content_type(self) -> tuple[str, dict[str, str]]:
        kind, values = parameters(self.fields.first("content-type") or "")
        return (kind if kind.count("/") == 1 else self.default_kind), values

    @property
    def kind(self) -> str:
        """Content type in lower case; a missing or broken one is ``text/plain``."""
        return self._content_type[0]

    @property
    def type_parameters(self) -> dict[str, str]:
        """Parameters of the Content-Type."""
        return self._content_type[1]

    @cached_property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """Content-Disposition and its parameters, empty if there is none."""
        return parameters(self.fields.first("content-disposition") or "")

    @property
    def filename(self) -> str:
        """The file name as the mail states it, or an empty string."""
        name = self.disposition[1].get("filename")
        return (name or self.type_parameters.get("name") or "").strip()

    @property
    def content_id(self) -> str | None:
        """Content-ID without its angle brackets."""
        value = (self.fields.first("content-id") or "").strip().strip("<>")
        return value or None

    def content(self) -> bytes:
        """The body with its transfer encoding removed as far as possible."""
        body = self.raw[self.fields.body_start : self.end]
        encoding = self.fields.first("content-transfer-encoding") or ""
        name = encoding.partition(";")[0].strip().lower()
        if name == "base64":
            return decode_base64(body)
        if name == "quoted-printable":
            return binascii.a2b_qp(body)
        if name in ("x-uuencode", "uuencode", "x-uue"):
            return _uudecode(body)
        return body


def _uudecode(body: bytes) -> bytes:
    out = bytearray()
    inside = False
    for count, found in enumerate(_LINE.finditer(body)):
        line = found[0]
        if count >= MAX_UUENCODED_LINES:
            break
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.startswith(b"end"):
            break
        else:
            try:
                out += binascii.a2b_uu(line)
            except binascii.Error:  # trailing garbage behind the counted bytes
                length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
                out += _uu_line(line[:length])
    return bytes(out)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def root_part(raw: bytes) -> Part:
    """The mail itself as an entity; blank lines in front of it are passed over."""
    head = raw[:_LONGEST_PREAMBLE]
    start = len(head) - len(head.lstrip())
    return Part(raw, read_fields(raw, start, len(raw)), len(raw))


def leaves(root: Part) -> list[Part]:
    """Every entity that is not resolved any further, in the order of the mail."""
    found: list[Part] = []
    waiting = [root]
    budget = SCAN_BUDGET * len(root.raw) + (1 << 20)
    made = 0
    while waiting:
        part = waiting.pop()
        size = part.end - part.fields.body_start
        opaque = len(part.parents) >= MAX_DEPTH or made >= MAX_PARTS or budget < size
        if opaque or not part.kind.startswith("multipart/"):
            found.append(part)
            continue
        budget -= size
        children = _children(part, MAX_PARTS - made)
        made += len(children)
        if children:
            waiting.extend(reversed(children))
        else:
            found.append(part)
    return found


def _children(part: Part, limit: int) -> list[Part]:
    boundary = part.type_parameters.get("boundary", "").rstrip()
    if not boundary:
        return []
    default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    parents = (*part.parents, part)
    return [
        Part(part.raw, read_fields(part.raw, start, end), end, parents, default)
        for start, end in _sections(part, boundary, limit)
    ]


def _sections(part: Part, boundary: str, limit: int) -> list[tuple[int, int]]:
    """Byte ranges between delimiter lines; the last one stretches if over ``limit``.

    The newline in front of a delimiter belongs to the delimiter.
    """
    start, end, raw = part.fields.body_start, part.end, part.raw
    line = b"--" + re.escape(boundary.encode("utf-8", "replace"))
    line += rb"(--)?[ \t]*+\r?(?:(?=\n)|\Z)"
    sections: list[tuple[int, int]] = []
    opened: int | None = None
    first = re.compile(line).match(raw, start, end)
    if first and not first[1]:
        opened = first.end() + 1
    for hit in re.compile(b"\n" + line).finditer(raw, start, end):
        at = hit.start()
        if opened is not None:
            before = at - 1 if at > opened and raw[at - 1] == _CR else at
            sections.append((opened, max(opened, before)))
        opened = None if hit[1] else hit.end() + 1
        if opened is None or len(sections) >= limit - 1:
            break
    if opened is not None:  # the closing delimiter is missing
        sections.append((min(opened, end), end))
    return sections
