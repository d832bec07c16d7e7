"""One EWS request and its answer: exchangelib's session and SOAP errors, our parse.

Guarantees: exactly one HTTP request per ``ask``; the answer passed the strict parse;
what comes out is response-message elements, or an error of ``mailsync.errors``. Error
*elements* of a batch are left to the caller: one bad item must not stop the others.
"""

from typing import Any, Final

from exchangelib import Account
from exchangelib.errors import EWSError
from exchangelib.services.common import EWSAccountService
from exchangelib.util import create_element

from mailsync.ews.errors import of_message, translated
from mailsync.ews.mapping import Element
from mailsync.ews.properties import MNS, SOAP
from mailsync.ews.strict_xml import Unparseable, parse_strict
from mailsync.ews.xml_text import escape

_PLACEHOLDER: Final = "m:Payload"


class _Call(EWSAccountService):  # type: ignore[misc]  # exchangelib is untyped
    """exchangelib's service with a payload that is text already."""

    returns_elements = False

    def __init__(self, account: Account, operation: str) -> None:
        super().__init__(account=account)
        self.SERVICE_NAME = operation
        self._frame: tuple[bytes, bytes] | None = None

    def wrap(self, content: bytes, api_version: str | None = None) -> bytes:
        """The library's envelope (version, impersonation, zone) around our text."""
        if self._frame is None:
            whole = super().wrap(create_element(_PLACEHOLDER), api_version)
            before, _, after = whole.partition(b"<m:Payload/>")
            self._frame = (before, after)
        return self._frame[0] + content + self._frame[1]

    def ask(self, content: bytes, *, large: bool) -> list[Element]:
        response = self._get_response(content, self.account.version.api_version)
        root = parse_strict(response.content, large=large)
        body = root.find(f"{{{SOAP}}}Body")
        if body is None:
            raise Unparseable("XML, but no SOAP: is this the address of EWS?")
        answer = body.find(f"{{{MNS}}}{self.SERVICE_NAME}Response")
        if answer is None:
            fault = body.find(f"{{{SOAP}}}Fault")
            if fault is not None:
                self._raise_fault(fault)
            raise Unparseable(f"no {self.SERVICE_NAME}Response in the answer")
        messages = answer.find(f"{{{MNS}}}ResponseMessages")
        if messages is None or not len(messages):
            raise Unparseable(f"no response message for {self.SERVICE_NAME}")
        return list(messages)

    def _raise_fault(self, fault: Element) -> None:
        """The library's reading of a fault; what it stumbles over is no fault."""
        try:
            self._raise_soap_errors(fault=fault)
        except EWSError:
            raise
        except Exception as error:
            raise Unparseable("a SOAP fault that cannot be read") from error


class Caller:
    """Asks one mailbox; keeps one prepared envelope per operation.

    Belongs to one thread, like the account it is made of.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self._calls: dict[str, _Call] = {}

    def ask(
        self, operation: str, payload: str, *, large: bool = False
    ) -> list[Element]:
        """The response messages of one request; raises only ``mailsync.errors``.

        ``payload`` is what stands inside the operation's element, its attributes
        included: ``' Traversal="Shallow">…'``.
        """
        call = self._calls.get(operation)
        if call is None:
            with translated():
                call = self._calls[operation] = _Call(self.account, operation)
        content = f"<m:{operation}{payload}</m:{operation}>".encode()
        with translated():
            return call.ask(content, large=large)

    def ask_one(self, operation: str, payload: str, *, large: bool = False) -> Element:
        """The only response message; raises its error if it carries one."""
        message = self.ask(operation, payload, large=large)[0]
        error = of_message(message)
        if error is not None:
            raise error
        return message


def folder_ids(account: Any, names: tuple[str, ...]) -> str:
    """DistinguishedFolderId elements; delegates must name the mailbox (§4)."""
    mailbox = _mailbox_of(account)
    return "".join(
        f'<t:DistinguishedFolderId Id="{name}">{mailbox}</t:DistinguishedFolderId>'
        for name in names
    )


def _mailbox_of(account: Any) -> str:
    address = escape(account.primary_smtp_address)
    return f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
