"""What the raw-MIME reader gives back, and the caps it works under."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of reliability.md §5 and the child's own limits.

    Over a cap means `Unprocessable`, except where a mail stays readable without what
    is too much: `thread_header_bytes` and `ids` (first and newest kept), `parties`,
    `text_characters` (the rest is cut) and the two HTML caps (the HTML is dropped,
    its text kept where it can be had); each of these leaves a line in ``defects``.
    """

    mail_bytes: int = 40 << 20  # an attachment of 25 MB is 34 MB in base64
    header_bytes: int = 1 << 20
    thread_header_bytes: int = 64 << 10
    ids: int = 998
    parties: int = 2_000
    depth: int = 30
    parts: int = 500
    html_bytes: int = 1 << 20
    html_depth: int = 256
    text_characters: int = 1 << 20
    attachment_bytes: int = 25 << 20
    cpu_seconds: float = 2.0
    wall_seconds: float = 5.0
    memory_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class MimeParty:
    """A mailbox of an address field; ``address`` is None where it is no address."""

    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class MimeAttachment:
    """A part that is not the body; ``name`` is safe to store and to show.

    An attached message is one attachment of type ``message/rfc822`` whose content is
    raw MIME again.
    """

    name: str
    content_type: str
    content_id: str | None
    inline: bool
    size: int
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MimeMail:
    """One mail as its bytes state it; everything in it is the sender's claim.

    Ids are without angle brackets, case kept, oldest first. ``date`` is an aware UTC
    instant, None if missing or unreadable. ``authentication_results`` are the raw
    unfolded fields, topmost first. ``sole_sender`` is the From address if it is
    exactly one mailbox of one From field and no group; rules that trust a sender use
    only this one. ``defects`` names what was odd, without content.
    """

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    from_addresses: tuple[MimeParty, ...]
    sole_sender: MimeParty | None
    sender: MimeParty | None
    to: tuple[MimeParty, ...]
    cc: tuple[MimeParty, ...]
    bcc: tuple[MimeParty, ...]
    reply_to: tuple[MimeParty, ...]
    date: datetime | None
    text: str
    html: str | None
    attachments: tuple[MimeAttachment, ...]
    thread_index: bytes | None
    thread_topic: str | None
    authentication_results: tuple[str, ...]
    authenticated_as: str | None  # X-MS-Exchange-Organization-AuthAs
    auto_submitted: str | None
    return_path: str | None  # "<>" where it is the null path
    x_autoreply: str | None
    list_id: str | None
    sensitivity: str  # Normal, Personal, Private, Confidential
    keywords: tuple[str, ...]
    report_type: str | None  # of multipart/report: delivery-status, …
    defects: tuple[str, ...]
