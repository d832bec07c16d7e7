"""MAPI properties: those clients stored, internet headers, and tags of known ones.

Header values are those of the first header of that name, as clients that trust the
topmost Authentication-Results need it (unverified for several of one name).
"""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Item
from exchange_sandbox.mime_items import Address
from exchange_sandbox.paths import INTERNET_HEADERS, ExtendedPath
from exchange_sandbox.store import Store
from exchange_sandbox.xml_text import boolean, timestamp

_READ_FLAG = 0x1
_UNSENT_FLAG = 0x8
_ATTACH_FLAG = 0x10


def _property(uri: str) -> Callable[[Store, Item], Any]:
    return lambda store, item: value(store, item, uri)


def _email(uri: str) -> Callable[[Store, Item], Any]:
    def found(store: Store, item: Item) -> str | None:
        party: Address | None = value(store, item, uri)
        return party.email if party else None

    return found


def _name(uri: str) -> Callable[[Store, Item], Any]:
    def found(store: Store, item: Item) -> str | None:
        party: Address | None = value(store, item, uri)
        return (party.name or party.email) if party else None

    return found


def _flags(store: Store, item: Item) -> int:
    attached = value(store, item, "item:HasAttachments")
    return (
        (_READ_FLAG if item.read else 0)
        | (_UNSENT_FLAG if item.draft else 0)
        | (_ATTACH_FLAG if attached else 0)
    )


def _transport_headers(store: Store, item: Item) -> str | None:
    headers = value(store, item, "item:InternetMessageHeaders")
    return "".join(f"{name}: {text}\r\n" for name, text in headers) if headers else None


def _conversation_tail(store: Store, item: Item) -> bytes:
    return base64.b64decode(value(store, item, "item:ConversationId"))[-16:]


def _html(store: Store, item: Item) -> bytes | None:
    body: Body | None = value(store, item, "item:Body")
    return body.text.encode() if body and body.type == "HTML" else None


def _text(store: Store, item: Item) -> str | None:
    body: Body | None = value(store, item, "item:TextBody")
    return body.text if body else None


# [MS-OXPROPS] property tags -> (type, value)
_TAGS: dict[int, tuple[str, Callable[[Store, Item], Any]]] = {
    0x001A: ("String", _property("item:ItemClass")),
    0x0037: ("String", _property("item:Subject")),
    0x0039: ("SystemTime", _property("item:DateTimeSent")),
    0x0042: ("String", _name("message:From")),
    0x0070: ("String", _property("message:ConversationTopic")),
    0x0071: ("Binary", _property("message:ConversationIndex")),
    0x007D: ("String", _transport_headers),
    0x0C1A: ("String", _name("message:Sender")),
    0x0C1F: ("String", _email("message:Sender")),
    0x0E03: ("String", _property("item:DisplayCc")),
    0x0E04: ("String", _property("item:DisplayTo")),
    0x0E06: ("SystemTime", _property("item:DateTimeReceived")),
    0x0E07: ("Integer", _flags),
    0x0E08: ("Integer", _property("item:Size")),
    0x0E1B: ("Boolean", _property("item:HasAttachments")),
    0x1000: ("String", _text),
    0x1013: ("Binary", _html),
    0x1035: ("String", _property("message:InternetMessageId")),
    0x1039: ("String", _property("message:References")),
    0x1042: ("String", _property("item:InReplyTo")),
    0x3007: ("SystemTime", _property("item:DateTimeCreated")),
    0x3008: ("SystemTime", _property("item:LastModifiedTime")),
    0x300B: ("Binary", lambda _store, item: item.search_key),
    0x3013: ("Binary", _conversation_tail),
    0x5D01: ("String", _email("message:Sender")),
    0x5D02: ("String", _email("message:From")),
}


def _written(found: Any) -> str:
    if isinstance(found, bytes):
        return base64.b64encode(found).decode()
    if isinstance(found, bool):
        return boolean(value=found)
    if isinstance(found, datetime):
        return timestamp(found)
    return str(found)


def extended_value(
    store: Store, item: Item, path: ExtendedPath
) -> tuple[str, ...] | None:
    """Return the value(s) of a MAPI property as text, or None if it is not set."""
    stored = item.extended.get(path)
    if stored is not None:
        return stored
    if path.property_set == INTERNET_HEADERS and path.name is not None:
        for name, text in value(store, item, "item:InternetMessageHeaders") or ():
            if name.lower() == path.name:
                return (text,)
        return None
    known = _TAGS.get(path.tag) if path.tag is not None else None
    if known is None or known[0] != path.type:
        return None
    found = known[1](store, item)
    return None if found is None else (_written(found),)
