"""Raw MIME → what an Exchange item shows of it.

Guarantees of `parse_mail`: never raises; time and memory are linear in the size of the
mail, with the caps named in `mime_headers`, `mime_parts` and `html_text`; every string
holds only characters XML 1.0 allows; text has CRLF line ends.

Behaviour follows [MS-OXCMAIL] where it says something:

* From: the first mailbox of the first From field counts, the others are ignored
  (2.2.3.1, "From"), group members included. `headers` keeps every From line as it
  came, so a client can see the ambiguity; the single From of the item hides it.
* Body: the first text part (and its alternative) is the body, later text parts are
  attachments named ``ATT00001.txt`` and so on.
* Everything here is a simulation; what is unverified says so where it is decided.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from exchange_sandbox.charsets import decode
from exchange_sandbox.html_text import text_of_html
from exchange_sandbox.item_classes import item_class_of
from exchange_sandbox.mail_addresses import Address, read_addresses
from exchange_sandbox.mime_headers import Fields, decode_base64, one_line, read_date
from exchange_sandbox.mime_parts import Part, leaves, root_part
from exchange_sandbox.new_text import new_text

__all__ = ["Address", "ParsedAttachment", "ParsedMail", "parse_mail"]

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_SUFFIXES = {"text/plain": "txt", "text/html": "htm", "message/rfc822": "eml"}


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """One attachment; ``item`` is the raw MIME of an attached message."""

    name: str
    content_type: str
    content_id: str | None
    is_inline: bool
    content: bytes
    item: bytes | None


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail as its item shows it. Fields that the mail does not state are None."""

    message_id: str | None
    in_reply_to: str | None
    references: str | None
    subject: str
    from_: Address | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date_sent: datetime | None
    html: str | None
    text: str
    unique_text: str
    attachments: tuple[ParsedAttachment, ...]
    headers: tuple[tuple[str, str], ...]
    sensitivity: str
    importance: str
    categories: tuple[str, ...]
    item_class: str
    thread_index: bytes | None
    thread_topic: str | None
    size: int


@dataclass(slots=True)
class _Content:
    """What the leaves of a mail become."""

    plain: str | None = None
    html: str | None = None
    alternative: Part | None = None
    attachments: list[ParsedAttachment] = field(default_factory=list)


def parse_mail(raw: bytes) -> ParsedMail:
    """Read a mail as Exchange would show it. Never raises; see the module."""
    size = len(raw)
    if b"\n" not in raw and b"\r" in raw:  # an old Mac file: SMTP would carry CRLF
        raw = raw.replace(b"\r", b"\n")
    root = root_part(raw)
    fields, parts = root.fields, leaves(root)
    content = _sort(parts)
    plain = content.plain
    text = text_of_html(content.html or "") if plain is None else plain
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    senders = read_addresses(fields.first("from") or "")
    return ParsedMail(
        message_id=_text(fields, "message-id"),
        in_reply_to=_text(fields, "in-reply-to"),
        references=_text(fields, "references"),
        subject=one_line(fields.first("subject") or ""),
        from_=senders[0] if senders else None,
        sender=next(iter(read_addresses(fields.first("sender") or "")), None),
        to=_parties(fields, "to"),
        cc=_parties(fields, "cc"),
        bcc=_parties(fields, "bcc"),
        reply_to=_parties(fields, "reply-to"),
        date_sent=read_date(fields.first("date")),
        html=content.html,
        text=text,
        unique_text=new_text(text),
        attachments=tuple(content.attachments),
        headers=fields.items,
        sensitivity=_sensitivity(fields),
        importance=_importance(fields),
        categories=_categories(fields),
        item_class=item_class_of(root, parts),
        thread_index=read_thread_index(fields.first("thread-index")),
        thread_topic=_topic(fields),
        size=size,
    )


def _text(fields: Fields, name: str) -> str | None:
    return fields.first(name) or None


def _topic(fields: Fields) -> str | None:
    value = fields.first("thread-topic")
    return one_line(value) if value else None


def _parties(fields: Fields, name: str) -> tuple[Address, ...]:
    return tuple(a for value in fields.all(name) for a in read_addresses(value))


def read_thread_index(value: str | None) -> bytes | None:
    """Decode a Thread-Index field; None if it is missing or not base64."""
    compact = "".join((value or "").split())
    if not compact or not _BASE64.match(compact) or len(compact) % 4:
        return None
    return decode_base64(compact.encode("ascii"))


def _sensitivity(fields: Fields) -> str:
    value = (fields.first("sensitivity") or "").strip().lower()
    named = {"personal": "Personal", "private": "Private"}
    named["company-confidential"] = "Confidential"
    return named.get(value, "Normal")


def _importance(fields: Fields) -> str:
    """Importance, else X-Priority, else Priority ([MS-OXCMAIL] Importance)."""
    named = {"high": "High", "low": "Low", "1": "High", "2": "High"}
    named |= {"4": "Low", "5": "Low", "urgent": "High", "non-urgent": "Low"}
    for name in ("importance", "x-priority", "priority"):
        value = fields.first(name)
        if value is not None:
            return named.get(value.strip().lower().partition(" ")[0], "Normal")
    return "Normal"


def _categories(fields: Fields) -> tuple[str, ...]:
    """The Keywords field. A real server may be set to drop it (ClearCategories)."""
    words = (
        one_line(word)
        for v in fields.all("keywords")
        for word in v.split(",", 256)[:256]
    )
    return tuple(dict.fromkeys(word[:255] for word in words if word))


def _sort(parts: list[Part]) -> _Content:
    content = _Content()
    for part in parts:
        if not _is_body(part, content):
            content.attachments.append(_attachment(part, content))
            continue
        text = decode(part.content(), part.type_parameters.get("charset", ""))
        content.alternative = _alternative_of(part)
        if part.kind == "text/html":
            content.html = text
        else:
            content.plain = text
    return content


def _alternative_of(part: Part) -> Part | None:
    """The multipart/alternative a part lies in, if any."""
    for parent in reversed(part.parents):
        if parent.kind == "multipart/alternative":
            return parent
    return None


def _is_body(part: Part, content: _Content) -> bool:
    unresolved = part.kind.startswith("multipart/")  # no boundary: its text is shown
    if part.kind not in ("text/plain", "text/html", "text/enriched") and not unresolved:
        return False
    if part.disposition[0] == "attachment" or part.filename:
        return False
    if content.plain is None and content.html is None:
        return True
    same = content.alternative is not None
    same = same and _alternative_of(part) is content.alternative
    taken = content.html if part.kind == "text/html" else content.plain
    return same and taken is None


def _attachment(part: Part, content: _Content) -> ParsedAttachment:
    body = part.content()
    number = len(content.attachments) + 1
    item = body if part.kind == "message/rfc822" else None
    name = one_line(part.filename) or _default_name(part, number, item)
    related = any(p.kind == "multipart/related" for p in part.parents)
    inline = related or part.disposition[0] == "inline"
    return ParsedAttachment(
        name=name,
        content_type=one_line(part.kind)[:255],
        content_id=part.content_id,
        is_inline=inline and part.content_id is not None,
        content=body,
        item=item,
    )


def _default_name(part: Part, number: int, item: bytes | None) -> str:
    """Exchange names a message by its subject, any other part ATTnnnnn."""
    if item is not None:
        subject = one_line(root_part(item).fields.first("subject") or "")
        if subject:
            return subject[:255]
    return f"ATT{number:05d}.{_SUFFIXES.get(part.kind, 'dat')}"
