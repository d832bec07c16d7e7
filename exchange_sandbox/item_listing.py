"""Items as plain values for tests and the control endpoint."""

import base64
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Attachment, Item, Mailbox
from exchange_sandbox.mime_items import Address
from exchange_sandbox.paths import ExtendedPath
from exchange_sandbox.properties import TABLES
from exchange_sandbox.store import Store

_LEFT_OUT = frozenset(
    [
        "item:MimeContent",
        "item:EffectiveRights",
        "item:Flag",
        "item:InternetMessageHeaders",
        "item:ExtendedProperty",
        "item:NormalizedBody",
        "item:Preview",
        "item:InstanceKey",
        "item:ItemId",
        "item:ParentFolderId",
    ]
)


def list_items(
    store: Store, mailbox: Mailbox, folder: str | None, newest: int | None = None
) -> list[dict[str, Any]]:
    """Return the items of one folder, or of all folders, oldest first."""
    begin = 0 if newest is None else -max(newest, 1)
    wanted = (
        mailbox.folders.values()
        if folder is None
        else [store.folder_at(mailbox, folder)]
    )
    return [
        as_plain(store, item)
        for place in wanted
        for item in list(place.items.values())[begin:]
    ]


def as_plain(store: Store, item: Item) -> dict[str, Any]:
    """Return one item: id, place, properties by element name, MAPI properties."""
    value(store, item, "item:Subject")
    plain: dict[str, Any] = {
        "id": item.id,
        "change_key": item.change_key,
        "kind": item.tag,
        "folder": item.folder.path(),
        "properties": {},
        "extended": {_name(path): list(texts) for path, texts in item.extended.items()},
    }
    for uri, entry in TABLES[item.tag].items():
        found = None if uri in _LEFT_OUT else value(store, item, uri)
        if found is not None:
            plain["properties"][entry.element] = _plain(found)
    return plain


def _name(path: ExtendedPath) -> str:
    if path.tag is not None:
        return f"0x{path.tag:04X}"
    return path.name if path.name is not None else f"{path.property_set}/{path.number}"


_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda found: found.isoformat(),
    date: lambda found: found.isoformat(),
    bytes: lambda found: base64.b64encode(found).decode(),
    Body: lambda found: found.text,
    Address: lambda found: {"name": found.name, "email": found.email},
    Attachment: lambda found: {"name": found.name, "size": len(found.content)},
    tuple: lambda found: [_plain(part) for part in found],
}


def _plain(found: Any) -> Any:
    writer = _PLAIN.get(type(found))
    return found if writer is None else writer(found)
