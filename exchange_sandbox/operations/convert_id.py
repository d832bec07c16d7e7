"""ConvertId: one identity in several spellings.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/convertid-operation
The bytes behind are the sandbox's own; only the spellings are imitated.
"""

import base64
import binascii

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.soap import response
from exchange_sandbox.xml_text import Element, attribute

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _decode(kind: str, text: str) -> bytes:
    try:
        if kind == "HexEntryId":
            return binascii.unhexlify(text)
        if kind == "OwaId":
            text = text.replace("-", "/").replace("_", "+")
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise EwsError("ErrorInvalidIdMalformed") from None


def _encode(kind: str, raw: bytes) -> str:
    if kind == "HexEntryId":
        return raw.hex().upper()
    text = base64.b64encode(raw).decode()
    return text.replace("/", "-").replace("+", "_") if kind == "OwaId" else text


def convert_id(call: Call) -> str:
    """Answer each id in the format asked for."""
    wanted = call.element.get("DestinationFormat", "EwsId")

    def one(element: Element) -> str:
        raw = _decode(element.get("Format", "EwsId"), element.get("Id", ""))
        mailbox = call.store.mailbox_of_id(base64.b64encode(raw).decode())
        if mailbox is None:
            raise EwsError("ErrorInvalidIdMalformed")
        call.check_access(mailbox)
        return (
            f'<m:AlternateId xmlns:xsi="{_XSI}" xsi:type="t:AlternateIdType" '
            f'Format="{wanted}" Id="{attribute(_encode(wanted, raw))}" '
            f'Mailbox="{attribute(mailbox.address)}"/>'
        )

    return response("ConvertId", call.each_of("SourceIds", one))
