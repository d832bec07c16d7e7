"""A letter → the bytes of a mail. The same letter gives the same bytes.

Headers are in the order of a program, long words encoded (RFC 2047), text and HTML as
alternatives, enclosures as attachments.
"""

import base64
import hashlib
import html
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

Party = tuple[str, str]  # display name, address


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that comes with the mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is MIME. `headers` are further ones, as they stand."""

    message_id: str
    date: datetime
    sender: Party
    to: tuple[Party, ...]
    subject: str
    text: str
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    reply_to: Party | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    thread_index: bytes | None = None
    with_html: bool = False
    enclosures: tuple[Enclosure, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def to_mime(letter: Letter) -> bytes:
    """Return the mail as it travels."""
    mail = EmailMessage(policy=SMTP)
    for name, value in letter.headers:
        mail[name] = value
    mail["From"] = formataddr(letter.sender)
    for name, parties in (("To", letter.to), ("Cc", letter.cc), ("Bcc", letter.bcc)):
        if parties:
            mail[name] = ", ".join(formataddr(party) for party in parties)
    if letter.reply_to is not None:
        mail["Reply-To"] = formataddr(letter.reply_to)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(letter.date)
    mail["Message-ID"] = letter.message_id
    if letter.in_reply_to is not None:
        mail["In-Reply-To"] = letter.in_reply_to
    if letter.references:
        mail["References"] = " ".join(letter.references)
    if letter.thread_index is not None:
        mail["Thread-Index"] = base64.b64encode(letter.thread_index).decode()
    _fill(mail, letter)
    return mail.as_bytes()


def _fill(mail: EmailMessage, letter: Letter) -> None:
    mail.set_content(letter.text, cte="quoted-printable")
    if letter.with_html:
        mail.add_alternative(_page(letter.text), subtype="html", cte="base64")
    for enclosure in letter.enclosures:
        main, _, sub = enclosure.content_type.partition("/")
        mail.add_attachment(
            enclosure.content, maintype=main, subtype=sub, filename=enclosure.name
        )
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():  # by itself it would be drawn at random
            part.set_boundary(_boundary(letter.message_id, number))


def _page(text: str) -> str:
    parts = [html.escape(part).replace("\n", "<br>\n") for part in text.split("\n\n")]
    shown = "".join(f"<p>{part}</p>\n" for part in parts)
    style = 'style="font-family:Calibri,sans-serif;font-size:11pt"'
    return f"<html><body {style}>\n{shown}</body></html>\n"


def _boundary(message_id: str, number: int) -> str:
    name = hashlib.blake2b(f"{message_id}/{number}".encode(), digest_size=9)
    return f"=_{name.hexdigest()}"
