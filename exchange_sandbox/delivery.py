"""Raw mail into folders, as transport delivers it or as it lies in Sent Items.

Inbound delivery removes `X-MS-Exchange-Organization-*` (the header firewall); only
Sent Items and copies of mail submitted by a hosted mailbox are stamped AuthAs:
Internal. https://learn.microsoft.com/exchange/header-firewall-exchange-2013-help
"""

import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from exchange_sandbox.ledger import Ledger
from exchange_sandbox.mailbox import Folder, Item
from exchange_sandbox.store import Store

_HEAD_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_STAMP = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
_MAX_HEAD = 1 << 20


def _head(raw: bytes) -> bytes:
    end = _HEAD_END.search(raw, 0, _MAX_HEAD)
    return raw[: end.start()] if end else raw[:_MAX_HEAD]


def header(raw: bytes, name: str) -> str | None:
    """Return the first header of that name, unfolded; a quick look without parsing."""
    field = re.compile(
        rb"^" + name.encode() + rb"[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)",
        re.IGNORECASE | re.MULTILINE,
    )
    match = field.search(_head(raw))
    if match is None:
        return None
    return _FOLD.sub(b" ", match[1]).decode("latin-1").strip() or None


def without_fields(raw: bytes, name: bytes) -> bytes:
    """Return the mail without the header fields whose name begins so (lower case)."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    head = _head(raw)
    if name not in head.lower():
        return raw
    field = rb"^" + re.escape(name) + rb"[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)"
    kept = re.sub(field, b"", head, flags=re.IGNORECASE | re.MULTILINE)
    rest = raw[len(head) :]
    if rest and kept.endswith(b"\n"):
        kept = kept.removesuffix(b"\n").removesuffix(b"\r")
    return kept + rest


def date_of(raw: bytes) -> datetime | None:
    """Return when a mail arrived by its own account: topmost Received, else Date."""
    received = header(raw, "received")
    for text in ((received or "").rpartition(";")[2], header(raw, "date") or ""):
        try:
            moment = parsedate_to_datetime(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def put_mail(
    store: Store,
    ledger: Ledger,
    folder: Folder,
    raw: bytes,
    *,
    received: datetime | None = None,
    stamped: bool = False,
    read: bool | None = None,
) -> Item:
    """Put one copy into a folder, with its line in the ledger. Not parsed yet."""
    in_sent = folder.distinguished == "sentitems"
    item = store.new_item(folder, "Message", "")
    item.stamped = stamped or in_sent
    item.mime = without_fields(raw, b"x-ms-exchange-organization-")
    if item.stamped:
        item.mime = _STAMP + item.mime
    item.pending = True
    moment = (received or store.clock.now()).astimezone(UTC)
    item.received = moment.replace(microsecond=0)
    item.read = in_sent if read is None else read
    store.add(item, "Created" if in_sent else "NewMail")
    ledger.delivered(
        folder.mailbox.address,
        folder.path(),
        item.id,
        header(raw, "message-id"),
        hashlib.sha256(raw).hexdigest(),
    )
    return item
