"""Answer bytes → tree, or an error: what is not well-formed to its last byte is refused.

Guarantees:

* one parse: the tree that is mapped is the tree that was checked, so a truncated or
  re-framed answer can never yield a sync token (exchange.md §9, no. 14);
* no recovery, no entities, no DTD, no network, at most 64 MB (no. 15);
* libxml2's own limits on depth and text size stay on, except for answers that carry
  one attachment or one MIME (``large=True``), which are legally larger;
* illegal character references (``&#x1;``), which Exchange does send in subjects and
  bodies, become U+FFFD. That pre-pass runs only after the strict parse has failed,
  and its result must pass the same strict parse: it cannot repair a truncation.
"""

import re

from lxml import etree

from mailsync.errors import Transient

MAX_ANSWER_BYTES = 64 * 1024 * 1024

_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_SURROGATES = re.compile(rb"&#([xX]?[0-9a-fA-F]{4,8});&#([xX]?[0-9a-fA-F]{4,8});")
_RAW_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


class Unparseable(Transient):
    """A whole answer that is not XML we accept; one item in it may be the culprit.

    ``fetch`` bisects on it. A cut answer raises plain ``Transient`` instead.
    """

    code = "E252"


def _parser(*, large: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        recover=False,
        remove_comments=True,  # one inside a text would hide the rest of it
        remove_pis=True,
        huge_tree=large,
    )


def parse_strict(content: bytes, *, large: bool = False) -> etree._Element:
    """The root of a well-formed answer.

    Raises Transient when the answer was cut, Unparseable when it is complete but is
    not acceptable XML.
    """
    if len(content) > MAX_ANSWER_BYTES:
        raise Unparseable(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    try:
        root = etree.fromstring(content, _parser(large=large))
    except (etree.XMLSyntaxError, ValueError) as first:
        root = _after_cleaning(content, first, large=large)
    if root.getroottree().docinfo.doctype:
        raise Unparseable("the answer carries a document type declaration")
    return root


def _after_cleaning(content: bytes, first: Exception, *, large: bool) -> etree._Element:
    cleaned = replace_illegal_characters(content)
    if cleaned != content:
        try:
            return etree.fromstring(cleaned, _parser(large=large))
        except (etree.XMLSyntaxError, ValueError) as second:
            first = second
    if content.rstrip().endswith(b"Envelope>"):
        raise Unparseable(f"the answer is not well-formed XML: {first}") from first
    raise Transient(f"the answer is cut or is not XML: {first}", code="E252") from first


def replace_illegal_characters(content: bytes) -> bytes:
    """References to characters outside XML 1.0 (§2.2) → U+FFFD; raw controls too.

    A pair of surrogate references is one character and becomes it.
    """
    content = _SURROGATES.sub(_pair, content)
    content = _REFERENCE.sub(_single, content)
    return _RAW_CONTROLS.sub(_REPLACEMENT, content)


def _number(digits: bytes) -> int:
    return int(digits[1:], 16) if digits[:1] in b"xX" else int(digits)


def _pair(match: re.Match[bytes]) -> bytes:
    try:
        high, low = _number(match[1]), _number(match[2])
    except ValueError:
        return match[0]
    if 0xD800 <= high <= 0xDBFF and 0xDC00 <= low <= 0xDFFF:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).encode()
    return match[0]


def _single(match: re.Match[bytes]) -> bytes:
    number = int(match[1], 16) if match[1] else int(match[2])
    legal = (
        number in (0x9, 0xA, 0xD)
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or 0x10000 <= number <= 0x10FFFF
    )
    return match[0] if legal else _REPLACEMENT
