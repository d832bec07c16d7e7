"""Text and numbers as Exchange writes them into XML.

Illegal characters become character references, as Exchange really answers (a
strict parser refuses them); `without_illegal` takes them out again, which is the
sandbox's default so that answers can be validated.
"""

import re
from datetime import UTC, datetime

from lxml import etree

TYPE_NS = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGE_NS = "http://schemas.microsoft.com/exchange/services/2006/messages"
SOAP_NS = "http://schemas.xmlsoap.org/soap/envelope/"
T = f"{{{TYPE_NS}}}"
M = f"{{{MESSAGE_NS}}}"
S = f"{{{SOAP_NS}}}"

Element = etree._Element  # noqa: SLF001  # lxml has no public name for it

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_REFERENCE = re.compile(
    "&#x(?:[0-8BCEF]|1[0-9A-F]|D[89A-F][0-9A-F]{2}|FFF[EF]);"
)


def _reference(match: re.Match[str]) -> str:
    return f"&#x{ord(match.group()):X};"


def escape(text: str) -> str:
    """Return `text` for an element's content; CR as reference, as .NET writes it."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if "\r" in text:
        text = text.replace("\r", "&#xD;")
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub(_reference, text)
    return text


def attribute(text: str) -> str:
    """Return `text` for an attribute's value in double quotes."""
    return (
        escape(text)
        .replace('"', "&quot;")
        .replace("\n", "&#xA;")
        .replace("\t", "&#x9;")
    )


def without_illegal(xml: str) -> str:
    """Return an answer without references to characters that XML 1.0 forbids."""
    return _ILLEGAL_REFERENCE.sub("", xml)


def boolean(*, value: bool) -> str:
    """Return the one spelling of booleans that Exchange uses."""
    return "true" if value else "false"


def timestamp(instant: datetime) -> str:
    """Return whole seconds in UTC with Z, the only form Exchange answers."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat()[:19] + "Z"


def verbatim(element: Element) -> str:
    """Return the element as it came, without what follows it."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def local_name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname


def children(element: Element | None) -> list[Element]:
    """Return the child elements, without comments and instructions."""
    if element is None:
        return []
    return [child for child in element if isinstance(child.tag, str)]


def text_of(element: Element | None) -> str:
    """Return the element's text, empty where there is none."""
    return (element.text or "") if element is not None else ""


def truth(text: str) -> bool:
    """Read a boolean; clients send 1/0 as well as true/false."""
    return text.strip().lower() in {"1", "true"}
