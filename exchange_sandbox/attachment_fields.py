"""Attachments in requests → attachments of items."""

import base64

from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_fields import set_from_elements
from exchange_sandbox.mail_mime import mime_of
from exchange_sandbox.mailbox import Attachment, Item
from exchange_sandbox.properties import TABLES
from exchange_sandbox.store import Store
from exchange_sandbox.xml_text import Element, T, children, local_name, text_of, truth


def add_attachments(store: Store, item: Item, container: Element) -> list[Attachment]:
    """Add the attachments of an Attachments element to an item; returns the new ones.

    An item not yet in the store is registered with its attachments by `Store.add`.
    """
    added = [_read(store, item, element) for element in children(container)]
    item.attachments.extend(added)
    if item.id in store.items:
        for attachment in added:
            store.attachments[attachment.id] = (item, attachment)
    return added


def _read(store: Store, item: Item, element: Element) -> Attachment:
    raw: bytes | None = None
    if local_name(element) == "FileAttachment":
        content = base64.b64decode(text_of(element.find(f"{T}Content")))
    elif local_name(element) == "ItemAttachment":
        raw = content = _item_mime(store, item, element)
    else:
        raise EwsError("ErrorInvalidRequest", "Not an attachment the sandbox knows.")
    return Attachment(
        store.new_id(b"\x09", item.folder.mailbox),
        text_of(element.find(f"{T}Name")),
        text_of(element.find(f"{T}ContentType")) or None,
        text_of(element.find(f"{T}ContentId")) or None,
        truth(text_of(element.find(f"{T}IsInline"))),
        content,
        raw,
        store.clock.now(),
    )


def _item_mime(store: Store, item: Item, element: Element) -> bytes:
    for child in children(element):
        tag = local_name(child)
        if tag in TABLES:
            mime = child.find(f"{T}MimeContent")
            if mime is not None:
                return base64.b64decode(text_of(mime))
            inner = store.new_item(item.folder, tag)
            set_from_elements(inner, child, "UTC")
            return mime_of(store, inner)
    raise EwsError("ErrorInvalidRequest", "The attached item is missing.")
