"""Bytes → text: transfer encodings, charsets, HTML.

Guarantees: never raises (MemoryError aside); the text has no control characters but
tab and newline, no lone surrogates, and plain newlines as line ends. Only charsets of
a closed list run.
"""

import binascii
import re
from collections.abc import Iterator
from html import unescape

from lxml import etree


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SINGLE = [*range(1250, 1259), 437, 720, 737, 775, 850, 852, 855, 858, 862, 866, 874]
_KNOWN = (
    {f"{label}{n}": f"cp{n}" for n in _SINGLE for label in ("cp", "windows", "ibm")}
    | {f"iso8859{n}": f"iso8859-{n}" for n in range(2, 17) if n != 12}
    | {"iso88598i": "iso8859-8", "iso88598e": "iso8859-8", "latin2": "iso8859-2"}
    | {"latin9": "iso8859-15", "koi8r": "koi8-r", "koi8u": "koi8-u"}
    | {"utf8": "utf-8", "utf8mb4": "utf-8", "unicode11utf8": "utf-8"}
    | {"utf7": "utf-7", "unicode11utf7": "utf-7", "utf16": "utf-16"}
    | {"utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf32": "utf-32"}
    | {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "hzgb2312": "hz"}
    | {"big5": "big5hkscs", "big5hkscs": "big5hkscs", "euckr": "cp949"}
    | {"ksc56011987": "cp949", "ksc5601": "cp949", "cp949": "cp949", "johab": "johab"}
    | {"shiftjis": "cp932", "xsjis": "cp932", "sjis": "cp932", "cp932": "cp932"}
    | {"eucjp": "euc-jp", "iso2022jp": "iso2022-jp", "iso2022kr": "iso2022-kr"}
    | {"macintosh": "mac-roman", "xmacroman": "mac-roman", "tis620": "cp874"}
)
_LATIN = frozenset(
    {"", "usascii", "ascii", "ansix341968", "iso88591", "latin1", "cp1252", "ansi"}
    | {"windows1252", "ibm819", "8bit", "7bit", "iso646us"}
)
_CONTROLS = {
    **dict.fromkeys((*range(9), 11, *range(14, 32), 127), "\ufffd"),
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"),
    12: "\n",
}
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_NOT_NESTING = _words(
    "area base br col embed hr img input link meta param source track wbr p li dt "
    "dd option tr td th tbody thead tfoot colgroup html head body"
)
_SILENT = _words("script style title head noscript template")
_LINES = _words(
    "div p tr li ul ol table blockquote pre hr form h1 h2 h3 h4 h5 h6 dl dt dd "
    "center section article header footer address body fieldset"
)
_APART = _words("p ul ol table blockquote pre h1 h2 h3")


def unpacked(body: bytes, encoding: str) -> bytes:
    """Remove a Content-Transfer-Encoding as far as that is possible."""
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return from_base64(body)
    if encoding == "quoted-printable":
        if b"\n" not in body:  # old Mac line ends, unknown to soft line breaks
            body = body.replace(b"\r", b"\n")
        return binascii.a2b_qp(body)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return b"".join(_uu_lines(body))
    return body


def from_base64(data: bytes) -> bytes:
    """Decode leniently: foreign characters are skipped, a broken tail is dropped."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    keep = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    clean = data.translate(None, bytes(set(range(256)) - set(keep)))
    spare = len(clean) % 4
    return binascii.a2b_base64(
        clean[:-1] if spare == 1 else clean + b"=" * (-spare % 4)
    )


def _uu_lines(body: bytes) -> Iterator[bytes]:
    _, _, coded = body.partition(b"begin ")
    for line in re.finditer(rb"[^\r\n]+", coded.partition(b"\n")[2]):
        if line[0].startswith(b"end"):
            return
        try:
            yield binascii.a2b_uu(line[0])
        except binascii.Error:
            continue


def text_of(data: bytes, charset: str = "") -> str:
    """Decode text under a label that may be wrong.

    Latin-1 and ASCII labels mean UTF-8 where the bytes are wholly valid UTF-8, else
    Windows-1252. UTF-8 that holds no valid multi-byte character is Windows-1252 too.
    An unknown label is UTF-8 with replacement characters.
    """
    label = re.sub("[^a-z0-9]", "", charset[:40].lower())
    if label in _LATIN:
        return clean(_utf8_or_latin(data))
    codec = _KNOWN.get(label, "utf-8")
    try:
        text = data.decode(codec)
    except (UnicodeError, LookupError):
        text = _damaged(data, codec, label)
    return clean(text.removeprefix("\ufeff"))


def _utf8_or_latin(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _damaged(data: bytes, codec: str, label: str) -> str:
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, LookupError):
        text = data.decode("utf-8", "replace")
    if label == "utf8" and not re.search("[\x80-\ufffc]", text):
        return data.decode("cp1252", "replace")
    return text


def clean(text: str) -> str:
    """Make all line ends plain newlines and other control characters visible."""
    if _UNCLEAN.search(text) is None:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS) if _UNCLEAN.search(text) else text


def html_depth(html: str) -> int:
    """How deep the tags nest, elements whose end tag may be left out not counted."""
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _NOT_NESTING or tag[0].endswith("/>"):
            continue
        depth = max(0, depth + (-1 if tag[1] else 1))
        deepest = max(deepest, depth)
    return deepest


def text_of_html(html: str) -> str:
    """The words of an HTML page: blocks on lines, links with their address."""
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    if root is None:  # lxml's answer to a page without any element
        return ""
    out: list[str] = []
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = str(element.tag)
        if name in _SILENT:
            silent += 1 if event == "start" else -1
        if event == "start" and not silent:
            _open(out, element, name)
        if event == "end":
            if not silent and name not in _SILENT:
                _close(out, element, name)
            if not silent and element.tail:
                out.append(_flowing(element.tail))
    return _tidied("".join(out))


def words_of_html(html: str) -> str:
    """The words of a page too large or too deep to be parsed: tags just go."""
    text = re.sub(r"<[^<>]*>", " ", html)
    text = re.sub(
        r"&(?:#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6})|[a-zA-Z0-9]{1,31});", _char, text
    )
    return " ".join(clean(text).split())


def _char(reference: re.Match[str]) -> str:
    return unescape(reference[0])


def _flowing(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def _open(out: list[str], element: etree._Element, name: str) -> None:
    if name in _LINES:
        out.append("\n\n" if name in _APART else "\n")
    if name == "li":
        out.append("* ")
    elif name == "br":
        out.append("\n")
    elif name in ("td", "th"):
        out.append(" ")
    elif name == "img":
        out.append(_flowing(element.get("alt") or ""))
    out.append(_flowing(element.text or ""))


def _close(out: list[str], element: etree._Element, name: str) -> None:
    if name in _LINES:
        out.append("\n\n" if name in _APART else "\n")
    elif name == "a":
        target = (element.get("href") or "").strip()
        if target.lower().startswith(("http:", "https:", "mailto:")):
            out.append(f" <{target[:2048]}>")


def _tidied(text: str) -> str:
    lines = (line.strip() for line in clean(text).replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
