"""Goal G4's limit: one GetItem by ``requests`` and lxml, extraction by hand, no library.

It sends the bytes that mailsync sends and reads the same fields into plain tuples, with
none of mailsync's care: no strictness, no cap, no errors, no data classes.
"""

from base64 import b64decode
from datetime import datetime
from typing import Any

import requests
from lxml import etree

from bench.answers import MESSAGES, TYPES
from bench.usage import cpu_seconds

_T = f"{{{TYPES}}}"
_ITEMS = f"{{{MESSAGES}}}Items"
_DATES = {f"{_T}DateTimeReceived", f"{_T}DateTimeSent"}
_PARTIES = {f"{_T}{name}Recipients" for name in ("To", "Cc", "Bcc")} | {
    f"{_T}{name}" for name in ("From", "Sender", "ReplyTo")
}


def _people(element: Any) -> list[tuple[str | None, str | None]]:
    return [(box[0].text, box[1].text) for box in element if len(box) > 1]


def _value(element: Any) -> Any:
    tag, text = element.tag, element.text
    if tag in _DATES:
        return datetime.fromisoformat(text)
    if tag in _PARTIES:
        return _people(element)
    if tag == f"{_T}ItemId":
        return element.get("Id"), element.get("ChangeKey")
    if tag == f"{_T}ConversationId":
        return element.get("Id")
    if tag == f"{_T}ConversationIndex":
        return b64decode(text)
    if tag == f"{_T}Size":
        return int(text)
    if tag == f"{_T}HasAttachments":
        return text == "true"
    if tag == f"{_T}ExtendedProperty":
        return element[0].get("PropertyName"), element[1].text
    return text


def extracted(content: bytes) -> list[list[tuple[str, Any]]]:
    """Every field of every item of an answer."""
    root = etree.fromstring(content, etree.XMLParser(recover=True, huge_tree=True))
    return [
        [(str(child.tag), _value(child)) for child in holder[0]]
        for holder in root.iter(_ITEMS)
    ]


def parse(endpoint: str, request: bytes, expected: int, times: int) -> float:
    """CPU seconds of one such request, answer read and taken apart."""
    with requests.Session() as session:
        session.auth = ("svc", "geheim")
        session.headers["Content-Type"] = "text/xml; charset=utf-8"

        def once() -> None:
            answer = session.post(endpoint, data=request)
            found = len(extracted(answer.content))
            assert found == expected, found

        once()  # the connection is there
        before = cpu_seconds()
        for _ in range(times):
            once()
        return (cpu_seconds() - before) / times
