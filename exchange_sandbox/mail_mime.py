"""MIME of items that were not made from MIME, and MIME of mail a client submits."""

from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from exchange_sandbox.mime_items import Address

if TYPE_CHECKING:
    from exchange_sandbox.mailbox import Item
    from exchange_sandbox.store import Store


def _party(address: Address) -> str:
    name = (address.name or "").replace('"', "").replace("\n", " ").replace("\r", " ")
    email = address.email or ""
    return f'"{name}" <{email}>' if name and name != email else email


def _set(message: EmailMessage, name: str, text: str | None) -> None:
    if text:
        message[name] = " ".join(text.split())


def mime_of(store: "Store", item: "Item") -> bytes:
    """Return the item as MIME: its original, else one rendered from its properties."""
    from exchange_sandbox.icalendar import calendar_of
    from exchange_sandbox.item_values import Body, value

    if item.mime is not None:
        return item.mime
    if item.tag == "CalendarItem":
        return calendar_of(store, item)
    message = EmailMessage()
    for name, uri in (("From", "message:From"), ("Sender", "message:Sender")):
        party: Address | None = value(store, item, uri)
        if party is not None and party.email:
            message[name] = _party(party)
    for name in ("To", "Cc", "Bcc"):
        parties: tuple[Address, ...] = (
            value(store, item, f"message:{name}Recipients") or ()
        )
        if parties:
            message[name] = ", ".join(_party(party) for party in parties)
    reply_to: tuple[Address, ...] = value(store, item, "message:ReplyTo") or ()
    if reply_to:
        message["Reply-To"] = ", ".join(_party(party) for party in reply_to)
    _set(message, "Subject", value(store, item, "item:Subject"))
    message["Date"] = format_datetime(
        value(store, item, "item:DateTimeSent") or item.created
    )
    _set(message, "Message-ID", value(store, item, "message:InternetMessageId"))
    _set(message, "In-Reply-To", value(store, item, "item:InReplyTo"))
    _set(message, "References", value(store, item, "message:References"))
    body: Body | None = value(store, item, "item:Body")
    text = body.text if body else ""
    message.set_content(
        text, subtype="html" if body and body.type == "HTML" else "plain"
    )
    for attachment in item.attachments:
        message.add_attachment(
            attachment.content,
            maintype="application",
            subtype="octet-stream",
            filename=attachment.name,
        )
    return message.as_bytes()
