"""Microsoft's message schema as judge of every request and answer, where it is there."""

import threading
from functools import lru_cache
from pathlib import Path

from lxml import etree

from exchange_sandbox.xml_text import Element, S


@lru_cache(maxsize=4)
def _compiled(folder: Path) -> tuple[etree.XMLSchema, threading.Lock]:
    """Compile once per process; a schema validates one document at a time."""
    return etree.XMLSchema(etree.parse(str(folder / "messages.xsd"))), threading.Lock()


class SchemaJudge:
    """Validates SOAP bodies and headers; counts what it saw. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._schema, self._lock = _compiled(folder)
        self.requests = 0
        self.answers = 0

    def _first_error(self, element: Element) -> str | None:
        with self._lock:
            if self._schema.validate(element):
                return None
            return str(self._schema.error_log.last_error)

    def request_error(self, envelope: Element) -> str | None:
        """Return what is wrong with a request's body, or None."""
        self.requests += 1
        body = envelope.find(f"{S}Body")
        if body is None or not len(body):
            return "no SOAP body"
        return self._first_error(body[0])

    def answer_error(self, answer: bytes) -> str | None:
        """Return what is wrong with an answer, header elements included, or None."""
        self.answers += 1
        try:
            envelope = etree.fromstring(answer)
        except etree.XMLSyntaxError as error:
            return f"not well-formed: {error}"
        header, body = envelope.find(f"{S}Header"), envelope.find(f"{S}Body")
        if body is None or not len(body):
            return "no SOAP body"
        if body[0].tag == f"{S}Fault":
            return None
        parts = [body[0], *(header if header is not None else ())]
        errors = (self._first_error(part) for part in parts)
        return next((error for error in errors if error), None)
