"""Header fields of a MIME entity: split, unfold, decode. Never raises, linear.

Guarantees: every function takes hostile input, is linear in it, and cuts at the caps
named here. A real Exchange refuses headers over its receive connector's MaxHeaderSize
(256 KB by default); this reader is more generous, so that a client meets worse mail
than it would in the field.

Sources: RFC 5322 (fields, dates), RFC 2047 (encoded words), RFC 2231 (parameters).
"""

import binascii
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from exchange_sandbox.charsets import decode, xml_text

MAX_HEADER_BYTES = 4 << 20
MAX_FIELDS = 5_000
MAX_PARAMETERS_BYTES = 8_192
MAX_PARAMETERS = 256

# A line of blanks ends the header unless another field follows.
_END_OF_HEADER = re.compile(rb"\r?\n(?:\r?\n|[ \t]++\r?\n(?![!-9;-~]{1,200}[ \t]*:))")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*(?:\r?\n[ \t].*)*+)")
_BEGINNING = re.compile(rb">?From |[!-9;-~]{1,200}[ \t]*:")
_FOLD = re.compile(r"\r?\n(?=[ \t])|[\r\n]+")
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_SPACE = re.compile(r"\s*\Z")
_PARAMETER = re.compile(
    r";\s*+([^\s=;\"]{1,80})\s*+=\s*+(?:\"((?:[^\"\\]++|\\.)*+)\"?|([^;]*+))", re.DOTALL
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?\Z")
_DATE = re.compile(
    r"\s*(?:[^\W\d]{2,9}\.?,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s-]+(\d{2,4})"
    r"\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*([+-]\d{4}|[A-Za-z]{1,5})?"
)
_BASE64 = (string.ascii_letters + string.digits + "+/").encode("ascii")
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_MONTHS = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_ZONES = {
    **dict.fromkeys(("", "ut", "utc", "gmt", "z"), 0),
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
}


@dataclass(frozen=True, slots=True)
class Fields:
    """The header of one entity: (name, unfolded text) in order, and where it ends."""

    items: tuple[tuple[str, str], ...]
    body_start: int

    def first(self, name: str) -> str | None:
        """Return the first field of that name (lower case) or None."""
        for key, value in self.items:
            if key.lower() == name:
                return value
        return None

    def all(self, name: str) -> Iterator[str]:
        """Every field of that name (lower case), topmost first."""
        return (value for key, value in self.items if key.lower() == name)


def read_fields(raw: bytes, start: int, end: int) -> Fields:
    """Read the header that begins at ``start``; lines that are no field are skipped.


    An entity that begins with neither a field nor an mbox line has no header at all.
    Raw eight-bit bytes are read as UTF-8, else as Windows-1252. Encoded words stay.
    """
    if raw.startswith((b"\r\n", b"\n"), start):
        return Fields((), min(end, start + (2 if raw[start] == 13 else 1)))
    if not _BEGINNING.match(raw, start, end):
        return Fields((), start)
    hit = _END_OF_HEADER.search(raw, start, end)
    header_end, body_start = (hit.start(), hit.end()) if hit else (end, end)
    header_end = min(header_end, start + MAX_HEADER_BYTES)
    items: list[tuple[str, str]] = []
    position = start
    while position < header_end and len(items) < MAX_FIELDS:
        field = _FIELD.match(raw, position, header_end)
        if field:
            value = _FOLD.sub("", decode(field[2])).strip()
            items.append((field[1].decode("ascii"), value))
            position = field.end()
        elif raw.startswith(b"--", position):  # a delimiter: the empty line is missing
            return Fields(tuple(items), position)
        line_end = raw.find(b"\n", position, header_end)
        position = header_end if line_end < 0 else line_end + 1
    return Fields(tuple(items), body_start)


def decode_words(text: str) -> str:
    """Decode RFC 2047 encoded words; what is no complete word stays as it stands.

    Neighbouring words of one charset are joined as bytes before decoding, because
    mailers split a character between two words.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    pending, charset, position = bytearray(), "", 0
    for word in _WORD.finditer(text):
        between = text[position : word.start()]
        joined = bool(pending) and _SPACE.match(between) is not None
        if not joined or word[1].lower() != charset:
            out.append(decode(bytes(pending), charset))
            pending.clear()
        if not joined:
            out.append(between)
        charset, position = word[1].lower(), word.end()
        pending += _word_bytes(word[2], word[3])
    out.extend((decode(bytes(pending), charset), text[position:]))
    return _FOLD.sub(" ", "".join(out))


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(data)
    return binascii.a2b_qp(data.replace(b"_", b" "))


def decode_base64(data: bytes) -> bytes:
    """Decode what is decodable; characters outside the alphabet are skipped."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        clean = data.translate(None, _NOT_BASE64)
        return binascii.a2b_base64(clean[: len(clean) // 4 * 4] + _tail(clean))


def _tail(clean: bytes) -> bytes:
    rest = clean[len(clean) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split ``type; name=value…`` into the lower-case type and its parameters.

    RFC 2231 continuations and percent-encoding are resolved, encoded words inside a
    quoted value are decoded too (against RFC 2047, as common clients write them).
    """
    value = value[:MAX_PARAMETERS_BYTES]
    kind = value.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, hit in enumerate(_PARAMETER.finditer(value)):
        if count >= MAX_PARAMETERS:
            break
        quoted = hit[2]
        text = (hit[3] or "").strip() if quoted is None else quoted
        if quoted is not None and "\\" in quoted:
            text = _QUOTED_PAIR.sub(r"\1", quoted)
        section = _SECTION.match(hit[1].lower())
        if section is None or (section[2] is None and section[3] is None):
            plain.setdefault(hit[1].lower(), decode_words(text))
            continue
        number = int(section[2] or 0)
        pieces.setdefault(section[1], {}).setdefault(number, (text, bool(section[3])))
    for name, parts in pieces.items():
        plain[name] = _join_sections(parts)
    return kind, plain


def _join_sections(parts: dict[int, tuple[str, bool]]) -> str:
    charset, data = "", bytearray()
    for number in sorted(parts):
        text, encoded = parts[number]
        if encoded and number == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "replace")
        data += _PERCENT.sub(_unpercent, raw) if encoded else raw
    return decode(bytes(data), charset or "utf-8")


def _unpercent(hit: re.Match[bytes]) -> bytes:
    return bytes([int(hit[1], 16)])


def read_date(text: str | None) -> datetime | None:
    """Read an RFC 5322 date as an aware UTC instant, or None if it is unreadable.

    A zone name outside RFC 5322 (``MEZ``) makes the date unreadable, a missing zone
    counts as UTC. What a real Exchange does with either is unverified.
    """
    hit = _DATE.match((text or "")[:128])
    if hit is None or hit[2].lower() not in _MONTHS:
        return None
    year = int(hit[3])
    if year < 1000:
        year += 2000 if year < 50 else 1900
    try:
        local = datetime(
            *(year, _MONTHS.index(hit[2].lower()) + 1, int(hit[1])),
            *(int(hit[4]), int(hit[5]), min(int(hit[6] or 0), 59)),
            tzinfo=_zone(hit[7] or ""),
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> timezone:
    if name[:1] in ("+", "-"):
        offset = timedelta(hours=int(name[1:3]), minutes=int(name[3:5]))
        return timezone(-offset if name[0] == "-" else offset)
    if name.lower() not in _ZONES:
        raise ValueError(name)
    return timezone(timedelta(hours=_ZONES[name.lower()]))


def one_line(text: str) -> str:
    """Decode a field for showing: encoded words read, no line breaks, XML-safe."""
    return xml_text(decode_words(text)).strip()
