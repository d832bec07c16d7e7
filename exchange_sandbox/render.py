"""Items as XML text, property by property, each rendered once and remembered.

Text is joined, not built as a tree: tests push tens of thousands of mails through.
A remembered fragment is dropped when its item changes (`Store.touch`).
"""

import base64
from collections.abc import Callable
from typing import Any

from exchange_sandbox.extended_values import extended_value
from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Attachment, Folder, Item
from exchange_sandbox.mime_items import Address
from exchange_sandbox.paths import Entries, ExtendedPath, Path
from exchange_sandbox.properties import TABLES
from exchange_sandbox.shapes import Shape
from exchange_sandbox.store import Store
from exchange_sandbox.xml_text import attribute, boolean, escape, timestamp

_BODIES = frozenset({"item:Body", "item:NormalizedBody", "item:UniqueBody"})
_MULTIPLE = "Array"


def item_id(item: Item) -> str:
    """Return the ItemId element of an item."""
    return f'<t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/>'


def folder_id(folder: Folder, element: str = "FolderId") -> str:
    """Return the FolderId (or ParentFolderId, …) element of a folder."""
    return f'<t:{element} Id="{folder.id}" ChangeKey="{folder.change_key}"/>'


def render_item(store: Store, item: Item, shape: Shape) -> str:
    """Return the item's element with what the shape asks for and the item has."""
    fragments = item.fragments
    parts = []
    if item.pending:
        value(store, item, "item:ItemClass")
    for path in shape.plan(item.tag):
        key: Any = path
        if path in _BODIES:
            kind = (
                shape.unique_body_type if path == "item:UniqueBody" else shape.body_type
            )
            key = (path, kind)
        fragment = fragments.get(key)
        if fragment is None:
            fragment = fragments[key] = _fragment(store, item, path, shape)
        parts.append(fragment)
    return f"<t:{item.tag}>{''.join(parts)}</t:{item.tag}>"


def short_item(item: Item) -> str:
    """Return the item with its id alone, as write operations answer."""
    return f"<t:{item.tag}>{item_id(item)}</t:{item.tag}>"


def _fragment(store: Store, item: Item, path: Path | Entries, shape: Shape) -> str:
    if isinstance(path, ExtendedPath):
        return _extended(store, item, path)
    if isinstance(path, Entries):
        return _entries(store, item, path)
    if not isinstance(path, str):
        return ""
    entry = TABLES[item.tag][path]
    if entry.kind == "id":
        return _identity(store, item, path)
    found = value(store, item, path)
    if path in _BODIES and found is not None:
        found = _as_asked(store, item, path, found, shape)
    if found is None:
        return ""
    return _RENDERERS[entry.kind](entry.element, found)


def _identity(store: Store, item: Item, path: Path) -> str:
    if path == "item:ItemId":
        return item_id(item)
    if path == "item:ParentFolderId":
        return folder_id(item.folder, "ParentFolderId")
    conversation = value(store, item, "item:ConversationId")
    return f'<t:ConversationId Id="{conversation}"/>'


def _as_asked(store: Store, item: Item, path: Path, body: Body, shape: Shape) -> Body:
    wanted = shape.unique_body_type if path == "item:UniqueBody" else shape.body_type
    if wanted == "Text" and body.type == "HTML":
        text: Body = value(store, item, "item:TextBody")
        return text
    if wanted == "HTML" and body.type == "Text":
        lines = escape(body.text).replace("&#xD;", "").replace("\n", "<br>\r\n")
        return Body("HTML", f"<html><body>{lines}</body></html>")
    return body


def extended_property(path: ExtendedPath, values: tuple[str, ...]) -> str:
    """Return an ExtendedProperty element; array types hold Values."""
    inner = "".join(f"<t:Value>{escape(text)}</t:Value>" for text in values)
    if path.type.endswith(_MULTIPLE):
        inner = f"<t:Values>{inner}</t:Values>"
    uri = f"<t:ExtendedFieldURI{path.written}/>"
    return f"<t:ExtendedProperty>{uri}{inner}</t:ExtendedProperty>"


def _extended(store: Store, item: Item, path: ExtendedPath) -> str:
    values = extended_value(store, item, path)
    return "" if values is None else extended_property(path, values)


def _entries(store: Store, item: Item, path: Entries) -> str:
    stored: dict[str, Any] = value(store, item, path.uri) or {}
    chosen: dict[str, Any] = {}
    for one in path.wanted:
        entry = stored.get(one.index)
        if isinstance(entry, dict):
            part = one.uri.rpartition(":")[2]
            if part in entry:
                chosen.setdefault(one.index, {})[part] = entry[part]
        elif entry:
            chosen[one.index] = entry
    return _dictionary(TABLES[item.tag][path.uri].element, chosen)


# -- one renderer per kind -------------------------------------------------------


def _plain(element: str, found: Any) -> str:
    return f"<t:{element}>{escape(str(found))}</t:{element}>"


def _mailbox(party: Address) -> str:
    name = party.name or party.email or ""
    inner = f"<t:Name>{escape(name)}</t:Name>"
    if party.email:
        inner += f"<t:EmailAddress>{escape(party.email)}</t:EmailAddress>"
    return (
        f"<t:Mailbox>{inner}<t:RoutingType>SMTP</t:RoutingType>"
        "<t:MailboxType>OneOff</t:MailboxType></t:Mailbox>"
    )


def _recipients(element: str, parties: tuple[Address, ...]) -> str:
    inner = "".join(map(_mailbox, parties))
    return f"<t:{element}>{inner}</t:{element}>" if inner else ""


_ADDRESS_PARTS = ("Street", "City", "State", "CountryOrRegion", "PostalCode")


def _dictionary(element: str, entries: dict[str, Any]) -> str:
    inner = []
    for key, entry in entries.items():
        text = (
            "".join(
                f"<t:{k}>{escape(entry[k])}</t:{k}>"
                for k in _ADDRESS_PARTS
                if k in entry
            )
            if isinstance(entry, dict)
            else escape(entry)
        )
        inner.append(f'<t:Entry Key="{attribute(key)}">{text}</t:Entry>')
    return f"<t:{element}>{''.join(inner)}</t:{element}>" if inner else ""


def _headers(element: str, headers: tuple[tuple[str, str], ...]) -> str:
    inner = "".join(
        f'<t:InternetMessageHeader HeaderName="{attribute(name)}">{escape(text)}'
        "</t:InternetMessageHeader>"
        for name, text in headers
    )
    return f"<t:{element}>{inner}</t:{element}>" if inner else ""


def attachment_head(attachment: Attachment, *, with_size: bool = True) -> str:
    """Return what stands before the content of an attachment."""
    parts = [
        f'<t:AttachmentId Id="{attachment.id}"/>',
        f"<t:Name>{escape(attachment.name)}</t:Name>",
    ]
    if attachment.content_type:
        parts.append(
            f"<t:ContentType>{escape(attachment.content_type)}</t:ContentType>"
        )
    if attachment.content_id:
        parts.append(f"<t:ContentId>{escape(attachment.content_id)}</t:ContentId>")
    if with_size:
        parts.append(f"<t:Size>{len(attachment.content)}</t:Size>")
        parts.append(
            f"<t:LastModifiedTime>{timestamp(attachment.modified)}</t:LastModifiedTime>"
        )
    parts.append(f"<t:IsInline>{boolean(value=attachment.is_inline)}</t:IsInline>")
    return "".join(parts)


def _attachments(element: str, attachments: tuple[Attachment, ...]) -> str:
    inner = []
    for attachment in attachments:
        if attachment.item is not None:
            inner.append(
                f"<t:ItemAttachment>{attachment_head(attachment)}</t:ItemAttachment>"
            )
        else:
            head = attachment_head(attachment)
            photo = "<t:IsContactPhoto>false</t:IsContactPhoto>"
            inner.append(f"<t:FileAttachment>{head}{photo}</t:FileAttachment>")
    return f"<t:{element}>{''.join(inner)}</t:{element}>"


_RENDERERS: dict[str, Callable[[str, Any], str]] = {
    "string": _plain,
    "int": _plain,
    "double": lambda element, found: f"<t:{element}>{found:g}</t:{element}>",
    "bool": lambda element, found: f"<t:{element}>{boolean(value=found)}</t:{element}>",
    "datetime": lambda element, found: f"<t:{element}>{timestamp(found)}</t:{element}>",
    "taskdate": lambda element, found: (
        f"<t:{element}>{found.isoformat()}T00:00:00Z</t:{element}>"
    ),
    "base64": lambda element, found: (
        f"<t:{element}>{base64.b64encode(found).decode()}</t:{element}>"
    ),
    "mime": lambda element, found: (
        f'<t:{element} CharacterSet="UTF-8">{base64.b64encode(found).decode()}</t:{element}>'
    ),
    "body": lambda element, found: (
        f'<t:{element} BodyType="{found.type}">{escape(found.text)}</t:{element}>'
    ),
    "recipient": lambda element, found: f"<t:{element}>{_mailbox(found)}</t:{element}>",
    "recipients": _recipients,
    "strings": lambda element, found: (
        f"<t:{element}>"
        + "".join(f"<t:String>{escape(text)}</t:String>" for text in found)
        + f"</t:{element}>"
    ),
    "zone": lambda element, found: (
        f'<t:{element} Id="{attribute(found)}" Name="{attribute(found)}"/>'
    ),
    "dictionary": _dictionary,
    "headers": _headers,
    "attachments": _attachments,
    "xml": lambda _element, found: str(found),
}
