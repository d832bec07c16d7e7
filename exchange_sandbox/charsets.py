"""Bytes of unknown honesty → text that XML 1.0 can carry. Never raises, linear.

Guarantees: every result holds only characters XML 1.0 allows (NUL, other control
characters, lone surrogates and non-characters are replaced), and only codecs of a
closed list run: codecs such as ``punycode`` or ``unicode_escape`` are not text
charsets and some are slower than linear.

What a real Exchange guesses under a wrong charset label is unverified. Chosen here:
bytes labelled as Latin-1 or ASCII that are wholly valid UTF-8 are read as UTF-8, else
as Windows-1252 (which mail software means when it says ``iso-8859-1``); an unknown
label is read as UTF-8 with replacement characters.
"""

import re

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACE = dict.fromkeys(
    (*(set(range(32)) - {9, 10, 13}), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"
)
_LARGE = 1 << 20
_CODECS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be"),
        *("utf-7", "cp1252", "koi8-r", "koi8-u", "koi8-t", "kz1048", "ptcp154"),
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *(f"cp{n}" for n in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861)),
        *(f"cp{n}" for n in (862, 863, 864, 865, 866, 869, 874, 932, 949, 950)),
        *(f"cp{n}" for n in range(1250, 1259)),
        *("big5", "big5hkscs", "gb18030", "hz", "euc-jp", "euc-kr", "johab"),
        *("iso2022-jp", "iso2022-jp-1", "iso2022-jp-2", "iso2022-jp-3", "iso2022-kr"),
        *("shift-jis", "euc-jis-2004", "tis-620", "mac-roman", "mac-latin2"),
        *("mac-cyrillic", "mac-greek"),
    }
)
_LATIN = "latin"
_ALIASES = {
    **dict.fromkeys(("", "us-ascii", "ascii", "ansi-x3.4-1968", "iso646-us"), _LATIN),
    **dict.fromkeys(("iso8859-1", "latin1", "latin-1", "l1", "8bit", "7bit"), _LATIN),
    **dict.fromkeys(("windows-1252", "cp1252", "ansi", "iso-ir-100"), _LATIN),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "utf8mb4", "cp65001"), "utf-8"),
    **dict.fromkeys(("unicode-1-1-utf-7", "utf7"), "utf-7"),
    **dict.fromkeys(("utf16", "unicode", "ucs-2", "iso-10646-ucs-2"), "utf-16"),
    **dict.fromkeys(("utf-16-le",), "utf-16le"),
    **dict.fromkeys(("gb2312", "gbk", "gb-2312-80", "x-gbk", "cp936"), "gb18030"),
    **dict.fromkeys(("ks-c-5601-1987", "ks-c-5601", "ksc5601", "euckr"), "cp949"),
    **dict.fromkeys(("euc-kr",), "cp949"),
    **dict.fromkeys(("sjis", "x-sjis", "shiftjis", "ms-kanji"), "cp932"),
    **dict.fromkeys(("shift-jis",), "cp932"),
    **dict.fromkeys(("iso8859-8-i", "iso8859-8-e", "hebrew"), "iso8859-8"),
    **dict.fromkeys(("latin2", "latin-2"), "iso8859-2"),
    **dict.fromkeys(("latin9", "latin-9"), "iso8859-15"),
    **dict.fromkeys(("macintosh", "mac", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("iso2022-jp-ms", "cp50220", "cp50221"), "iso2022-jp"),
}


def xml_text(text: str) -> str:
    """Return ``text`` with every character XML 1.0 forbids made U+FFFD."""
    if (text.isascii() and text.isprintable()) or not _NOT_XML.search(text):
        return text
    return text.translate(_REPLACE)


def decode(data: bytes, charset: str = "") -> str:
    """Read ``data`` under a charset label that may be missing, wrong or hostile."""
    codec = _codec(charset)
    if data.isascii() and codec in (_LATIN, "utf-8", None):
        return xml_text(data.decode("ascii"))
    if codec == _LATIN:
        return xml_text(_latin_or_utf8(data))
    return xml_text(_lenient(data, codec or "utf-8").removeprefix("\ufeff"))


def _lenient(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):  # LookupError: a build without that codec
        pass
    if len(data) <= _LARGE:
        try:
            return data.decode(codec, "replace")
        except (UnicodeError, LookupError):
            pass
    # Most codecs call back per wrong byte; only this one replaces millions quickly.
    return data.decode("utf-8", "replace")


def _codec(charset: str) -> str | None:
    if len(charset) > 40:
        return None
    name = charset.strip().strip("\"'").lower().replace("_", "-")
    if name.startswith("iso-8859"):
        name = "iso8859" + name[8:]
    elif name.startswith("iso-2022"):
        name = "iso2022" + name[8:]
    name = _ALIASES.get(name, name)
    if name.startswith("windows-"):
        name = "cp" + name[8:]
    return name if name == _LATIN or name in _CODECS else None


def _latin_or_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Five bytes have no character in Windows-1252; Latin-1 gives them one.
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return data.decode("latin-1")
