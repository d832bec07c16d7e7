"""Answer XML → the port's mails and changes, straight, without exchangelib's objects.

exchangelib's object building is its slowest part (performance.md §1); here each child
of an item is visited once. Guarantee: strict. What is there but cannot be read raises
``Unprocessable`` with the field's name; what is absent is None or empty.
tests/contract/test_ews_speed_paths_agree.py compares with the stock objects.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable
from typing import Any, Final

from lxml import etree

from mailsync.errors import Unprocessable
from mailsync.ews.properties import HEADER_NAMES, MNS, TNS
from mailsync.ews.wire_dates import read_instant
from mailsync.port import (
    Change,
    ChangeKind,
    ItemRef,
    RemoteAttachment,
    RemoteMessage,
    RemoteParty,
)

_T: Final = f"{{{TNS}}}"
_ITEM_ID: Final = f"{_T}ItemId"
_MAILBOX: Final = f"{_T}Mailbox"
_NAME: Final = f"{_T}Name"
_ADDRESS: Final = f"{_T}EmailAddress"
_TRUE: Final = frozenset(("true", "1"))
_HEADERS: Final = {name.lower(): name for name in HEADER_NAMES}

Element = etree._Element  # noqa: SLF001  # lxml's public type has no public name


def read_bool(text: str | None) -> bool:
    """xs:boolean, both spellings."""
    return text is not None and text.strip() in _TRUE


def item_ref(item: Element) -> ItemRef:
    """The item's id as the server names it now."""
    found = item.find(_ITEM_ID)
    if found is None or not found.get("Id"):
        raise Unprocessable("an item without ItemId")
    return ItemRef(found.get("Id", ""), found.get("ChangeKey", ""))


# -- one reader per element; each takes the element and gives the value ----------


def _text(element: Element) -> str | None:
    return element.text


def _instant(element: Element) -> Any:
    return read_instant(element.text or "")


def _number(element: Element) -> int:
    return int(element.text or "0")


def _bool(element: Element) -> bool:
    return read_bool(element.text)


def _strings(element: Element) -> tuple[str, ...]:
    return tuple(child.text for child in element if child.text)


def _id_attribute(element: Element) -> str | None:
    return element.get("Id")


def _bytes(element: Element) -> bytes:
    return b64decode(element.text or "", validate=False)


def _mailbox(mailbox: Element) -> RemoteParty:
    name = address = None
    for child in mailbox:
        if child.tag == _NAME:
            name = child.text
        elif child.tag == _ADDRESS:
            address = child.text
    return RemoteParty(name, address)


def _party(element: Element) -> RemoteParty | None:
    for child in element:
        if child.tag == _MAILBOX:
            return _mailbox(child)
    return None


def _parties(element: Element) -> tuple[RemoteParty, ...]:
    return tuple([_mailbox(child) for child in element])


def _html(element: Element) -> str | None:
    return (element.text or None) if element.get("BodyType") == "HTML" else None


def _new_text(element: Element) -> str | None:
    """UniqueBody; empty is an answer too (nothing new), HTML is not what we asked."""
    return (element.text or "") if element.get("BodyType") == "Text" else None


def _headers(element: Element) -> tuple[tuple[str, str], ...]:
    """The headers we name out of the whole block, in the order of the mail."""
    found = []
    for child in element:
        name = _HEADERS.get(child.get("HeaderName", "").lower())
        if name is not None:
            found.append((name, unfold(child.text or "")))
    return tuple(found)


def unfold(value: str) -> str:
    """A header value on one line (RFC 5322 §2.2.3)."""
    if "\n" not in value and "\r" not in value:
        return value
    return value.replace("\r\n", "").replace("\n", "").replace("\r", "")


_FIELDS: Final[dict[str, tuple[str, Callable[[Element], Any]]]] = {
    _T + tag: (name, read)
    for tag, name, read in (
        ("InternetMessageId", "message_id", _text),
        ("InReplyTo", "in_reply_to", _text),
        ("References", "references", _text),
        ("ConversationId", "conversation_id", _id_attribute),
        ("ConversationIndex", "conversation_index", _bytes),
        ("ConversationTopic", "conversation_topic", _text),
        ("Subject", "subject", _text),
        ("From", "from_", _party),
        ("Sender", "sender", _party),
        ("ReplyTo", "reply_to", _parties),
        ("ToRecipients", "to", _parties),
        ("CcRecipients", "cc", _parties),
        ("BccRecipients", "bcc", _parties),
        ("DateTimeReceived", "received_at", _instant),
        ("DateTimeSent", "sent_at", _instant),
        ("Size", "size", _number),
        ("ItemClass", "item_class", _text),
        ("Sensitivity", "sensitivity", _text),
        ("Categories", "categories", _strings),
        ("HasAttachments", "has_attachments", _bool),
        ("TextBody", "text", _text),
        ("Body", "html", _html),
        ("UniqueBody", "new_text", _new_text),
        ("InternetMessageHeaders", "headers", _headers),
    )
}
_EXTENDED: Final = f"{_T}ExtendedProperty"
_ATTACHMENTS: Final = f"{_T}Attachments"


def extended_value(element: Element) -> tuple[str, str] | None:
    """(PropertyName, value) of an ExtendedProperty that has one value."""
    name = value = None
    for child in element:
        if child.tag == f"{_T}ExtendedFieldURI":
            name = child.get("PropertyName")
        elif child.tag == f"{_T}Value":
            value = child.text or ""
    return None if name is None or value is None else (name, value)


def read_message(item: Element) -> RemoteMessage:
    """A mail item (any class) → RemoteMessage; raises Unprocessable."""
    values: dict[str, Any] = {}
    named: list[tuple[str, str]] = []
    for child in item:
        reader = _FIELDS.get(child.tag)  # type: ignore[arg-type]  # str, or no key
        if reader is not None:
            try:
                values[reader[0]] = reader[1](child)
            except ValueError as error:
                raise Unprocessable(f"{reader[0]} cannot be read: {error}") from error
        elif child.tag == _EXTENDED:
            pair = extended_value(child)
            if pair is not None and pair[0].lower() in _HEADERS:
                named.append((_HEADERS[pair[0].lower()], unfold(pair[1])))
    return RemoteMessage(
        item_ref(item),
        values.get("message_id"),
        values.get("in_reply_to"),
        values.get("references"),
        values.get("conversation_id"),
        values.get("conversation_index"),
        values.get("conversation_topic"),
        values.get("subject") or "",
        values.get("from_"),
        values.get("sender"),
        values.get("reply_to", ()),
        values.get("to", ()),
        values.get("cc", ()),
        values.get("bcc", ()),
        values.get("received_at"),
        values.get("sent_at"),
        values.get("size", 0),
        values.get("item_class") or "IPM.Note",
        values.get("sensitivity") or "Normal",
        values.get("categories", ()),
        values.get("has_attachments", False),
        values.get("headers") or tuple(named),
        values.get("text"),
        values.get("html"),
        new_text=values.get("new_text"),
    )


# -- attachments ------------------------------------------------------------------


def attachment_stubs(item: Element) -> list[tuple[str, RemoteAttachment]]:
    """(attachment id, description without content) of an item's attachments."""
    holder = item.find(_ATTACHMENTS)
    return [] if holder is None else [_stub(child) for child in holder]


def _stub(element: Element) -> tuple[str, RemoteAttachment]:
    get = element.findtext
    identity = element.find(f"{_T}AttachmentId")
    attached_item = element.tag == f"{_T}ItemAttachment"
    default = "message/rfc822" if attached_item else "application/octet-stream"
    size = get(f"{_T}Size") or "0"
    return (
        "" if identity is None else identity.get("Id", ""),
        RemoteAttachment(
            name=get(_NAME) or "",
            content_type=get(f"{_T}ContentType") or default,
            size=int(size) if size.isdecimal() else 0,
            content_id=get(f"{_T}ContentId"),
            inline=read_bool(get(f"{_T}IsInline")),
            content=None,
        ),
    )


def attachment_content(element: Element) -> bytes | None:
    """The bytes of a file, or the MIME of an attached item; None where refused."""
    for path in (f"{_T}Content", f"*/{_T}MimeContent"):
        found = element.find(path)
        if found is not None:
            try:
                return b64decode(found.text or "")
            except ValueError:  # binascii.Error is one
                return None
    return None


# -- change pages -----------------------------------------------------------------

_KINDS: Final = {
    f"{_T}Create": ChangeKind.UPSERTED,
    f"{_T}Update": ChangeKind.UPSERTED,
    f"{_T}Delete": ChangeKind.DELETED,
    f"{_T}ReadFlagChange": ChangeKind.READ_FLAG,
}


def read_changes(
    message: Element, read_upserted: Callable[[Element], Change]
) -> tuple[Change, ...]:
    """The changes of a SyncFolderItems answer, in the server's order."""
    holder = message.find(f"{{{MNS}}}Changes")
    return tuple(_changes(() if holder is None else holder, read_upserted))


def _changes(
    elements: Iterable[Element], read_upserted: Callable[[Element], Change]
) -> Iterable[Change]:
    for element in elements:
        kind = _KINDS.get(str(element.tag))
        if kind is ChangeKind.UPSERTED:
            if not len(element):
                raise Unprocessable("a change without its item")
            yield read_upserted(element[0])
        elif kind is not None:
            yield Change(kind, item_ref(element))


def read_mail_change(item: Element) -> Change:
    """What the private rule needs of a new or changed mail.

    A received date that cannot be read is None here; ``fetch`` reports such an item
    as unreadable, so it is never taken for a mail without a date.
    """
    values: dict[str, Any] = {}
    for child in item:
        reader = _FIELDS.get(child.tag)  # type: ignore[arg-type]  # str, or no key
        if reader is not None:
            try:
                values[reader[0]] = reader[1](child)
            except ValueError:
                values[reader[0]] = None
    return Change(
        ChangeKind.UPSERTED,
        item_ref(item),
        values.get("received_at"),
        values.get("sensitivity") or "Normal",
        values.get("subject"),
        values.get("categories") or (),
        values.get("item_class"),
    )
