"""A mail as ingest hands it to the CRM: normalised, capped, judged.

Made by ``mailsync.normalise`` (from EWS or Graph alike); everything in it is the
sender's claim, except ``authenticated``, ``dmarc`` and ``sent``, which our own server
vouches for.
"""

from dataclasses import dataclass, field
from datetime import datetime

from crm_core.models.mail import Dmarc


@dataclass(frozen=True, slots=True)
class IncomingAttachment:
    """An attachment already lying in the blob store (``sha256``), or refused."""

    name: str
    content_type: str
    content_id: str | None
    inline: bool
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class IncomingBody:
    """A body to store. ``text`` is what people read and search; ``new_text`` is what
    the sender wrote anew, where the server tells it.
    """

    text: str
    html: str | None = None
    attachments: tuple[IncomingAttachment, ...] = ()
    new_text: str | None = None


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail, normalised. Addresses are in compared form, ids without brackets.

    ``parties`` of a mail for threading are ``sender``, to, cc and (own sent mail) bcc.
    ``guids`` are the 16-byte conversation GUIDs of property and header;
    ``server_thread`` the 16-byte tail of the server's ConversationId, None where it
    is made of the topic. ``stated_at`` is the Date as given, None if unreadable.
    """

    external_id: str
    change_key: str
    internet_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    guids: tuple[bytes, ...]
    server_thread: bytes | None
    subject: str
    from_name: str
    from_address: str | None
    sender: str | None
    reply_to: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    stated_at: datetime | None
    received_at: datetime
    size: int
    item_class: str
    has_attachments: bool
    sent: bool
    authenticated: bool
    automatic: bool
    confidential: bool
    dmarc: Dmarc = Dmarc.NONE
    filed: bool = False
    body: IncomingBody | None = None
    content_digest: bytes | None = field(default=None, repr=False)
