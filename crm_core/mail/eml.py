"""A stored mail as a file other programs open: rebuilt from what is kept, and saying so.

The original message is not kept, so this is not it: its transport headers and its
structure are gone. What is missing beyond that stands in ``X-Mailsync-Missing``. Header
values come from mails and are made harmless: no line break gets into a header.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.encoders import encode_base64
from email.header import Header
from email.message import Message as Mime
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

from crm_core import database
from crm_core.models import Attachment, Message, MessageBody, PartyRole

ReadBlob = Callable[[str], bytes | None]

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
_MOST_PARTIES = 500
_LONGEST_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Eml:
    """The file, and what of the mail is not in it (``body``, ``html``, names)."""

    content: bytes
    missing: tuple[str, ...]


def rebuilt(message: Message, read_blob: ReadBlob, *, with_content: bool = True) -> Eml:
    """The mail; ``with_content=False``: its head only, as somebody may see it."""
    body, attachments = None, list[Attachment]()
    if with_content:
        body = MessageBody.get_or_none(MessageBody.message == message)
        rows = Attachment.select().where(Attachment.message == message)
        attachments = list(rows.order_by(Attachment.position))
    parts, missing = _parts(message, body, attachments, read_blob)
    whole = _joined(parts)
    _set_head(whole, message)
    whole["X-Mailsync-Rebuilt"] = "from stored parts; the original is not kept"
    if missing:
        whole["X-Mailsync-Missing"] = _value(", ".join(missing))
    return Eml(whole.as_bytes(), tuple(missing))


def _parts(
    message: Message,
    body: MessageBody | None,
    attachments: Iterable[Attachment],
    read_blob: ReadBlob,
) -> tuple[list[Mime], list[str]]:
    missing: list[str] = []
    if body is None:
        missing.append("body")
        parts: list[Mime] = [
            _text(f"[{message.body_missing or 'not stored'}]", "plain")
        ]
    elif body.html is None:
        parts = [_text(body.text, "plain")]
    else:
        both = MIMEMultipart("alternative")
        both.attach(_text(body.text, "plain"))
        both.attach(_text(body.html, "html"))
        parts = [both]
    if body is not None and message.content_at is None:
        missing.append("html and attachments")
    for row in attachments:
        content = read_blob(row.sha256) if row.sha256 is not None else None
        if content is None:
            missing.append(f"attachment {row.name}")
        else:
            parts.append(_file(row, content))
    return parts, missing


def _joined(parts: list[Mime]) -> Mime:
    if len(parts) == 1:
        return parts[0]
    whole = MIMEMultipart("mixed")
    for part in parts:
        whole.attach(part)
    return whole


def _text(text: str, subtype: str) -> MIMEText:
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return MIMEText(sound, subtype, "utf-8")


def _file(row: Attachment, content: bytes) -> MIMEBase:
    kind = row.content_type.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    part = MIMEBase(*kind.split("/"))
    part.set_payload(content)
    encode_base64(part)
    where = "inline" if row.inline else "attachment"
    name = _plain(row.name) or f"attachment-{row.position}"
    part.add_header("Content-Disposition", where, filename=("utf-8", "", name))
    if row.content_id:
        part["Content-ID"] = f"<{_plain(row.content_id)}>"
    return part


def _set_head(whole: Mime, message: Message) -> None:
    named: dict[str, list[str]] = {}
    for role, email in database.execute(
        "SELECT role, email FROM message_address WHERE message_id = ? "
        "ORDER BY role, email LIMIT ?",
        (message.id, _MOST_PARTIES),
    ):
        named.setdefault(role, []).append(_plain(email))
    whole["Date"] = format_datetime(message.sent_at)
    whole["From"] = formataddr(
        (_plain(message.from_name), _plain(message.from_address or "")), "utf-8"
    )
    for header, role in (
        ("Reply-To", PartyRole.REPLY_TO),
        ("To", PartyRole.TO),
        ("Cc", PartyRole.CC),
        ("Bcc", PartyRole.BCC),
    ):
        if named.get(role.value):
            whole[header] = ", ".join(named[role.value])
    whole["Subject"] = _value(message.subject)
    if message.internet_id is not None:
        whole["Message-ID"] = f"<{_plain(message.internet_id)}>"


def _value(text: str) -> str:
    """A header's value, encoded where it is not plain ASCII."""
    plain = _plain(text)[:_LONGEST_VALUE]
    return plain if plain.isascii() else Header(plain, "utf-8").encode()


def _plain(text: str) -> str:
    """One line of printable text."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in sound).split())
