"""Header values → ids, instants, shown text, parameters. Linear, never raises.

Sources: RFC 5322 §3.6.4 (ids), RFC 2047 (encoded words), RFC 2231 (parameters).
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from mailsync.mime.texts import clean, from_base64, text_of

_ID = re.compile(r"<\s*([^<>\s]{1,990})\s*>")
_LONE_ID = re.compile(r"[^\s<>\"]{1,990}@[^\s<>\"]{1,990}\Z")
_ZONE = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(\S*)")
_ZONES = frozenset(
    ("UT", "UTC", "GMT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT")
)
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"
)
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_LONGEST_ID = 2_000
_PIECE = re.compile(r"\"((?:[^\"\\]|\\.)*)(?:\"|\\?\Z)|;|[^\";]+", re.DOTALL)
_PAIR = re.compile(r"\\([\"\\])")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_SOFT_SPACE = re.compile(r"[\r\n\t]+")


def plain(raw: str) -> str:
    """Unfold a raw field and decode its eight-bit bytes; encoded words stay."""
    text = _FOLD.sub("", raw)
    if not text.isascii():
        text = text_of(text.encode("ascii", "surrogateescape"))
    return _SOFT_SPACE.sub(" ", clean(text)).strip()


def shown(text: str) -> str:
    """Decode RFC 2047 encoded words; an incomplete one stays as it stands.

    Neighbouring words of one charset are joined before decoding, because senders cut
    characters in two.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    data, charset, end = b"", "", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        label = word[1].lower()
        if between.strip() or label != charset:
            out.append(text_of(data, charset))
            data = b""
        if between.strip() or not end:
            out.append(between)
        data, charset, end = data + _payload(word), label, word.end()
    out.append(text_of(data, charset) + text[end:])
    return _SOFT_SPACE.sub(" ", "".join(out)).replace("\n", " ").strip()


def _payload(word: re.Match[str]) -> bytes:
    data = word[3].encode("utf-8", "replace")
    return (
        from_base64(data) if word[2] in "bB" else unquote_to_bytes(_q_as_percent(data))
    )


def _q_as_percent(data: bytes) -> bytes:
    data = data.replace(b"%", b"%25").replace(b"_", b" ")
    return re.sub(rb"=(?=[0-9A-Fa-f]{2})", b"%", data)


def own_id(raw: str) -> str | None:
    """The Message-ID without brackets, whole or not at all; None if unusable."""
    text = " ".join(plain(raw).split())
    if "<" in text:
        text = text.partition("<")[2].partition(">")[0].strip()
    return text if 0 < len(text) <= _LONGEST_ID else None


def thread_ids(raw: str, window: int) -> list[str]:
    """Ids of In-Reply-To or References, oldest first.

    Of a field over ``window`` characters the two ends are read, so that the first
    and the newest ids count.
    """
    if len(raw) > window:
        half = window // 2
        # The seam closes what the cut left open: no id grows out of two halves.
        raw = f"{raw[:half]} <> {raw[-half:]}"
    text = plain(raw)
    if "<" not in text:
        return [text] if _LONE_ID.match(text) else []
    return _ID.findall(text)


def capped(ids: list[str], most: int) -> tuple[str, ...]:
    """Unique ids, at most ``most``: the first one and the newest ones."""
    unique = list(dict.fromkeys(ids))
    if len(unique) > most:
        unique = unique[:1] + unique[1 - most :]
    return tuple(unique)


def instant(raw: str) -> datetime | None:
    """The Date as an aware UTC instant; None if it or its zone is unreadable."""
    text = plain(raw[:200])
    zone = _ZONE.search(text)
    if zone is None:
        return None
    name = zone[1].upper()
    if not re.match(r"[+-]\d{4}\b", name) and name not in _ZONES:
        return None
    try:
        fields = parsedate_tz(text)
        if fields is None:
            return None
        offset = timezone(timedelta(seconds=fields[9] or 0))
        return datetime(*fields[:6], tzinfo=offset).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def base64_field(raw: str) -> bytes | None:
    """The bytes of a strictly base64 field such as Thread-Index, else None."""
    text = "".join(raw.split())
    if not text or len(text) > 4_096 or not _BASE64.match(text):
        return None
    return from_base64(text.encode("ascii")) or None


def parameters(raw: str) -> tuple[str, dict[str, str]]:
    """Main value (lower case) and parameters; a pass over at most 4,096 characters."""
    text = plain(raw[:4_096])
    main, _, rest = text.partition(";")
    stated: dict[str, str] = {}
    for piece in _pieces(rest):
        name, equals, value = piece.partition("=")
        if equals:
            stated.setdefault(name.strip().lower(), value.strip())
    joined = {n: shown(v) for n, v in stated.items() if "*" not in n}
    joined |= _continued({n: v for n, v in stated.items() if "*" in n})
    return main.strip().lower(), joined


def _pieces(text: str) -> list[str]:
    """Split at semicolons outside quotes; quotes and quoted pairs are resolved."""
    pieces = [""]
    for token in _PIECE.finditer(text):
        if token[0] == ";":
            pieces.append("")
        else:
            quoted = token[1]
            # Windows paths come unescaped: only a quote and a backslash are pairs.
            pieces[-1] += token[0] if quoted is None else _PAIR.sub(r"\1", quoted)
    return pieces


def _continued(stated: dict[str, str]) -> dict[str, str]:
    parts: dict[str, list[tuple[int, bytes]]] = {}
    charsets: dict[str, str] = {}
    for key, value in stated.items():
        name, _, number = key.partition("*")
        encoded = number.endswith("*") or number == ""
        number = number.rstrip("*")
        if len(number) > 4 or (number and not number.isdecimal()):
            continue
        text = value
        if encoded and int(number or 0) == 0 and value.count("'") >= 2:
            charsets[name], _, text = value.split("'", 2)
        data = text.encode("utf-8", "replace")
        data = unquote_to_bytes(data) if encoded else data
        parts.setdefault(name, []).append((int(number or 0), data))
    return {
        name: text_of(
            b"".join(d for _, d in sorted(found)), charsets.get(name, "utf-8")
        )
        for name, found in parts.items()
    }
