"""Properties in requests → values of items, with what Exchange refuses.

Read-only properties are refused (ErrorInvalidPropertySet / …Delete / …Append).
https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_values import Body
from exchange_sandbox.mailbox import Item
from exchange_sandbox.mime_items import Address
from exchange_sandbox.paths import ExtendedPath, read_path
from exchange_sandbox.properties import ELEMENT_URI, KIND, READ_ONLY
from exchange_sandbox.timezones import read_day, read_instant, zone
from exchange_sandbox.xml_text import (
    Element,
    T,
    children,
    local_name,
    text_of,
    truth,
    verbatim,
)


def address_of(element: Element) -> Address:
    """Return the party in a Mailbox element (or in an element around one)."""
    mailbox = (
        element if local_name(element) == "Mailbox" else element.find(f"{T}Mailbox")
    )
    if mailbox is None:
        return Address(None, None)
    name = text_of(mailbox.find(f"{T}Name")) or None
    email = text_of(mailbox.find(f"{T}EmailAddress")) or None
    return Address(name or email, email)


def _entries(element: Element) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for entry in children(element):
        inner = children(entry)
        text = (
            {local_name(part): text_of(part) for part in inner}
            if inner
            else text_of(entry)
        )
        entries[entry.get("Key", "")] = text
    return entries


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        raise EwsError("ErrorInvalidRequest", "Not base64.") from None


def _zone(element: Element) -> str:
    identity = element.get("Id", "")
    zone(identity)
    return identity


_READERS: dict[str, Callable[[Element, str], Any]] = {
    "string": lambda element, _zone: text_of(element),
    "bool": lambda element, _zone: truth(text_of(element)),
    "int": lambda element, _zone: int(text_of(element)),
    "double": lambda element, _zone: float(text_of(element)),
    "datetime": lambda element, default: read_instant(text_of(element), default),
    "taskdate": lambda element, _zone: read_day(text_of(element)),
    "base64": lambda element, _zone: _base64(text_of(element)),
    "body": lambda element, _zone: Body(
        element.get("BodyType", "Text"), text_of(element)
    ),
    "recipient": lambda element, _zone: address_of(element),
    "recipients": lambda element, _zone: tuple(map(address_of, children(element))),
    "strings": lambda element, _zone: tuple(map(text_of, children(element))),
    "zone": lambda element, _default: _zone(element),
    "dictionary": lambda element, _zone: _entries(element),
    "xml": lambda element, _zone: verbatim(element),
}


def read_value(uri: str, element: Element, default_zone: str) -> Any:
    """Return the value in a property's element; raises ErrorInvalidRequest."""
    reader = _READERS.get(KIND.get(uri, "string"))
    if reader is None:
        raise EwsError("ErrorInvalidPropertySet", f"{uri} cannot be set.")
    try:
        return reader(element, default_zone)
    except ValueError:
        raise EwsError("ErrorInvalidRequest", f"{uri} has no valid value.") from None


def set_plain(
    item: Item, uri: str, found: Any, code: str = "ErrorInvalidPropertySet"
) -> None:
    """Set one property of an item; raises `code` for read-only ones."""
    if uri in READ_ONLY:
        raise EwsError(code, "Set action is invalid for property.")
    if uri == "message:IsRead":
        item.read = bool(found)
    elif uri == "item:IsDraft":
        item.draft = bool(found)
    else:
        item.values[uri] = found


def read_extended(element: Element) -> tuple[ExtendedPath, tuple[str, ...]]:
    """Return path and value(s) of an ExtendedProperty element."""
    uri = element.find(f"{T}ExtendedFieldURI")
    path = read_path(uri) if uri is not None else None
    if not isinstance(path, ExtendedPath):
        raise EwsError("ErrorInvalidExtendedProperty")
    several = element.find(f"{T}Values")
    if several is not None:
        return path, tuple(map(text_of, children(several)))
    text = text_of(element.find(f"{T}Value"))
    if path.type == "Boolean":
        text = "true" if truth(text) else "false"
    return path, (text,)


def set_from_elements(item: Item, element: Element, default_zone: str) -> set[str]:
    """Set all properties in an item's element; returns the URIs that were set."""
    done: set[str] = set()
    names = ELEMENT_URI[item.tag]
    for child in children(element):
        name = local_name(child)
        if name == "ExtendedProperty":
            path, values = read_extended(child)
            item.extended[path] = values
            continue
        if name in {"MimeContent", "Attachments"}:
            continue
        uri = names.get(name)
        if uri is None:
            raise EwsError("ErrorInvalidPropertySet", f"{name} cannot be set.")
        set_plain(item, uri, read_value(uri, child, default_zone))
        done.add(uri)
    return done
