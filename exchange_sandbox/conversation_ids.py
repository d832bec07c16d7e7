"""Conversation topic, index and id of an item, by Microsoft's rules. Pure.

Sources: [MS-OXCMAIL] 2.2.3.2.6.1 (normalised subject), [MS-OXOMSG] 2.2.1.2
(PidTagConversationId), 2.2.1.3 (PidTagConversationIndex), 2.2.1.4 (tracking).

When the index is tracked: decided here as "the mail brought a usable Thread-Index".
Mail from outside without one gets a fresh index on delivery but no tracking, so its
id is derived from its topic and every mail of that topic shares it. That is the worst
case the specification allows; a real Exchange also looks at In-Reply-To on delivery.
"""

import base64
import hashlib
import random
import re
from datetime import UTC, datetime

from exchange_sandbox.mime_items import ParsedMail

TOPIC_LENGTH = 255
HEADER_LENGTH = 22

_PREFIX = re.compile(r"[^:\s\d]{1,3}: *")
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def conversation_topic(subject: str) -> str:
    """Return the normalised subject: one prefix of 1–3 characters and a colon removed.

    Only one prefix goes: «AW: WG: Offerte» has the topic «WG: Offerte».
    """
    prefix = _PREFIX.match(subject)
    return subject[prefix.end() if prefix else 0 :][:TOPIC_LENGTH]


def is_tracked(parsed: ParsedMail) -> bool:
    """Tell whether the item's index, not its topic, names its conversation."""
    return _usable(parsed.thread_index)


def conversation_index(
    parsed: ParsedMail, received: datetime, rng: random.Random
) -> bytes:
    """Return the mail's Thread-Index if usable, else a fresh 22-byte header.

    ``received`` is an aware instant; its FILETIME's five high bytes follow 0x01, then
    a GUID drawn from ``rng``.
    """
    index = parsed.thread_index
    if index is not None and _usable(index):
        return index
    ticks = int((received - _FILETIME_EPOCH).total_seconds()) * 10_000_000
    return b"\x01" + ticks.to_bytes(8, "big")[:5] + rng.randbytes(16)


def _usable(index: bytes | None) -> bool:
    return index is not None and len(index) >= HEADER_LENGTH and index[0] == 1


def conversation_id(
    mailbox_guid: str, index: bytes | None, *, tracking: bool, topic: str
) -> str:
    """Return the EWS ConversationId: it names the mailbox, then sixteen bytes.

    ``mailbox_guid`` is the 36-character text form.
    """
    guid = mailbox_guid.encode("ascii")
    tail = index[6:22] if tracking and index and _usable(index) else _topic_hash(topic)
    head = b"\x00\x04" + len(guid).to_bytes(2, "little") + guid
    return base64.b64encode(head + b"\x10\x00" + tail).decode("ascii")


def _topic_hash(topic: str) -> bytes:
    """MD5 of the upper-cased topic; a character without a one-character upper form
    («ß») stays, as in Windows' case table.
    """
    first = topic.partition("\0")[0][:TOPIC_LENGTH]
    upper = "".join(c.upper() if len(c.upper()) == 1 else c for c in first)
    data = upper.encode("utf-16-le", "surrogatepass")
    return hashlib.md5(data, usedforsecurity=False).digest()
