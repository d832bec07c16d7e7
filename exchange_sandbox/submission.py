"""Mail that is sent: by a client through EWS, or by a test for a hosted mailbox.

Copies in hosted mailboxes, and the one in Sent Items, carry
`X-MS-Exchange-Organization-AuthAs: Internal`, as authenticated submission does. The
copy of a recipient has no Bcc. Nothing ever leaves the sandbox; recipients elsewhere
are counted only.
"""

import hashlib
from datetime import datetime
from email.utils import format_datetime

from exchange_sandbox.call import Call
from exchange_sandbox.delivery import header, put_mail, without_fields
from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_rules import attendees
from exchange_sandbox.item_values import value
from exchange_sandbox.ledger import Ledger
from exchange_sandbox.mail_mime import mime_of
from exchange_sandbox.mailbox import Folder, Item
from exchange_sandbox.mime_items import Address
from exchange_sandbox.store import Store

_LISTS = ("message:ToRecipients", "message:CcRecipients", "message:BccRecipients")


def _complete(store: Store, item: Item) -> None:
    """Give a mail the sender, date and Message-ID that submission adds."""
    mailbox = item.folder.mailbox
    me = Address(mailbox.name, mailbox.address)
    for uri in ("message:From", "message:Sender"):
        if value(store, item, uri) is None:
            item.values[uri] = me
    item.values.setdefault(
        "item:DateTimeSent", store.clock.now().replace(microsecond=0)
    )
    if value(store, item, "message:InternetMessageId") is None:
        name = hashlib.blake2b(item.id.encode(), digest_size=16).hexdigest()
        item.values["message:InternetMessageId"] = f"<{name}@sandbox.invalid>"


def _completed(store: Store, item: Item, raw: bytes) -> bytes:
    """Add to raw MIME the header fields that submission added to the item."""
    lines = []
    for name, uri in (
        ("Message-ID", "message:InternetMessageId"),
        ("From", "message:From"),
    ):
        if header(raw, name) is None:
            found = value(store, item, uri)
            text = found.email if isinstance(found, Address) else found
            lines.append(f"{name}: {text}\r\n")
    if header(raw, "Date") is None:
        lines.append(
            f"Date: {format_datetime(value(store, item, 'item:DateTimeSent'))}\r\n"
        )
    return "".join(lines).encode() + raw


def submit(call: Call, item: Item, folder: Folder | None) -> None:
    """Send a mail: copies to hosted recipients, and one into `folder` if given."""
    store = call.store
    parties = [p for uri in _LISTS for p in value(store, item, uri) or ()]
    addresses = tuple((party.email or "").lower() for party in parties)
    if not addresses:
        raise EwsError("ErrorInvalidRecipients", "The mail has no recipients.")
    _complete(store, item)
    item.draft = False
    call.ledger.submitted("mail", item.folder.mailbox.address, addresses)
    raw = _completed(store, item, mime_of(store, item))
    send(
        store, call.ledger, raw, [a for a in addresses if a in store.mailboxes], folder
    )


def send(
    store: Store,
    ledger: Ledger,
    raw: bytes,
    recipients: list[str],
    folder: Folder | None,
    received: datetime | None = None,
) -> list[Item]:
    """Deliver submitted MIME to hosted mailboxes, and a copy into `folder`."""
    items = []
    if folder is not None:
        items.append(
            put_mail(
                store, ledger, folder, raw, received=received, stamped=True, read=True
            )
        )
    for address in dict.fromkeys(recipients):
        inbox = store.mailbox(address).distinguished["inbox"]
        copy = without_fields(raw, b"bcc:")
        items.append(
            put_mail(store, ledger, inbox, copy, received=received, stamped=True)
        )
    return items


def invite(call: Call, item: Item) -> None:
    """Count the invitations a client sent; they are not delivered."""
    people = attendees(item)
    if people:
        call.ledger.submitted("invitation", item.folder.mailbox.address, people)
