"""Our straight mapping says what the library's slow objects say, field by field.

The stock side is exchangelib unpatched, over the same HTTP, against the same sandbox.
200 generated mails; 1,000 and the whole collection of nasty mails with --whole-corpus.
"""

import random
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from exchangelib import Account, ExtendedProperty, Message
from exchangelib.attachments import FileAttachment
from exchangelib.items import (
    ID_ONLY,
    BaseItem,
    MeetingCancellation,
    MeetingMessage,
    MeetingRequest,
    MeetingResponse,
)
from exchangelib.properties import Mailbox
from exchangelib.services import SyncFolderItems

from exchange_sandbox.server import Sandbox
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer
from mailsync.ews.properties import HEADER_NAMES
from mailsync.port import Change, Detail, ItemRef, RemoteMessage, RemoteParty
from tests.contract.stock import stock_account, stock_library
from tests.contract.worlds import ADDRESS, INBOX, Reading

FIELDS = (
    "message_id",
    "in_reply_to",
    "references",
    "conversation_id",
    "conversation_index",
    "conversation_topic",
    "subject",
    "author",
    "sender",
    "reply_to",
    "to_recipients",
    "cc_recipients",
    "bcc_recipients",
    "datetime_received",
    "datetime_sent",
    "size",
    "item_class",
    "sensitivity",
    "categories",
    "has_attachments",
    "text_body",
    "body",
    "attachments",
)
HEADER_FIELDS = {name: f"h_{n}" for n, name in enumerate(HEADER_NAMES)}


# -- generated mails -------------------------------------------------------------------

NAMES = ("Müller, Hans", "Zoë", "李雷", "O'Hara", 'Peter "Pit" Meier', "", "a b  c")
WORDS = (
    "Offerte",
    "Boot",
    "für",
    "Grösse",
    "«Zitat»",
    "&",
    "<b>",
    "\U0001f6a4",
    "1042",
)


def some_words(dice: random.Random, most: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(dice.randrange(most)))


def party(dice: random.Random) -> str:
    name = dice.choice(NAMES).replace("\\", "").replace('"', "'")
    address = f"p{dice.randrange(50)}@{dice.choice(('kunde', 'werft'))}.example"
    return f'"{name}" <{address}>' if name else address


def generated(number: int, dice: random.Random) -> bytes:
    """One mail with a random choice of everything that is mapped."""
    mail = EmailMessage()
    mail["From"] = party(dice)
    if dice.random() < 0.3:
        mail["Sender"] = party(dice)
    for header, chance in (("To", 0.95), ("Cc", 0.4), ("Bcc", 0.1), ("Reply-To", 0.2)):
        if dice.random() < chance:
            mail[header] = ", ".join(party(dice) for _ in range(dice.randint(1, 4)))
    if dice.random() < 0.95:
        mail["Subject"] = dice.choice(("", "AW: ", "Re: ")) + some_words(dice, 8)
    if dice.random() < 0.95:
        mail["Message-ID"] = f"<m{number}.{dice.randrange(10**6)}@kunde.example>"
    if dice.random() < 0.6:
        ids = [
            f"<r{dice.randrange(99)}@kunde.example>" for _ in range(dice.randint(1, 9))
        ]
        mail["References"] = " ".join(ids)
        mail["In-Reply-To"] = ids[-1]
    if dice.random() < 0.9:
        mail["Date"] = f"Mon, 23 Nov 2026 {dice.randrange(24):02}:15:00 +0100"
    add_traits(mail, dice)
    mail.set_content(some_words(dice, 60) + "\n")
    if dice.random() < 0.5:
        mail.add_alternative(f"<p>{some_words(dice, 40)}</p>", subtype="html")
    for n in range(dice.choice((0, 0, 0, 1, 2))):
        mail.add_attachment(
            dice.randbytes(dice.randrange(3000)),
            "image",
            "png",
            filename=f"Bild {n}.png",
        )
    return mail.as_bytes()


def add_traits(mail: EmailMessage, dice: random.Random) -> None:
    traits = (
        ("Thread-Index", "AQHc1234567890123456789012345678901Q==", 0.3),
        ("Auto-Submitted", "auto-replied", 0.1),
        ("List-Id", "Liste <liste.kunde.example>", 0.1),
        ("Authentication-Results", "mx.werft.example; dmarc=pass", 0.3),
        ("Return-Path", "<hans@kunde.example>", 0.4),
        ("X-Autoreply", "yes", 0.05),
        ("Sensitivity", "Private", 0.1),
        ("Keywords", "Rot, Privat", 0.1),
        ("Importance", "high", 0.1),
    )
    for name, value, chance in traits:
        if dice.random() < chance:
            mail[name] = value


# -- the stock side --------------------------------------------------------------------


MAIL_CLASSES = (
    Message,
    MeetingRequest,
    MeetingResponse,
    MeetingCancellation,
    MeetingMessage,
)


@pytest.fixture
def stock_headers() -> Iterator[None]:
    """Our named headers as extended properties of the library's mail items."""
    registered = []
    for name, attribute in HEADER_FIELDS.items():
        names = {
            "distinguished_property_set_id": "InternetHeaders",
            "property_name": name,
            "property_type": "String",
        }
        prop = type(f"Header{attribute}", (ExtendedProperty,), names)
        for item_class in MAIL_CLASSES:  # some of them share one list of fields
            if attribute not in {field.name for field in item_class.FIELDS}:
                item_class.register(attribute, prop)
                registered.append((item_class, attribute))
    yield
    for item_class, attribute in registered:
        item_class.deregister(attribute)


def stock_fetch(account: Account, refs: Sequence[ItemRef]) -> list[BaseItem]:
    ids = [(ref.external_id, ref.change_key) for ref in refs]
    fields = [*FIELDS, *HEADER_FIELDS.values()]
    found: list[BaseItem] = []
    for start in range(0, len(ids), 50):
        found += account.fetch(ids[start : start + 50], only_fields=fields)
    return found


def stock_changes(account: Account) -> list[BaseItem]:
    names = ("datetime_received", "sensitivity", "subject", "categories", "item_class")
    fields = account.inbox.normalize_fields(names)
    state, found = None, []
    while True:
        service = SyncFolderItems(account=account)
        found += service.call(
            folder=account.inbox,
            shape=ID_ONLY,
            additional_fields={f for f in fields if not f.field.is_attribute},
            sync_state=state,
            ignore=None,
            max_changes_returned=500,
            sync_scope=None,
        )
        state = service.sync_state
        if service.includes_last_item_in_range:
            return [item for _, item in found]


# -- both sides as plain values ----------------------------------------------------------


def stock_party(box: Mailbox | None) -> RemoteParty | None:
    return None if box is None else RemoteParty(box.name, box.email_address)


def stock_parties(boxes: Sequence[Mailbox] | None) -> tuple[RemoteParty | None, ...]:
    return tuple(stock_party(box) for box in boxes or ())


def stock_values(item: Any) -> dict[str, Any]:
    """One of the library's items, in our words; None and "" are the same absence."""
    get = lambda name: getattr(item, name, None)  # noqa: E731  # reports lack fields
    body = get("body")
    return {
        "ref": ItemRef(item.id, item.changekey),
        "message_id": get("message_id"),
        "in_reply_to": get("in_reply_to"),
        "references": get("references"),
        "conversation_id": item.conversation_id.id if get("conversation_id") else None,
        "conversation_index": get("conversation_index"),
        "conversation_topic": get("conversation_topic"),
        "subject": get("subject") or "",
        "from_": stock_party(get("author")),
        "sender": stock_party(get("sender")),
        "reply_to": stock_parties(get("reply_to")),
        "to": stock_parties(get("to_recipients")),
        "cc": stock_parties(get("cc_recipients")),
        "bcc": stock_parties(get("bcc_recipients")),
        "received_at": get("datetime_received"),
        "sent_at": get("datetime_sent"),
        "size": get("size"),
        "item_class": get("item_class"),
        "sensitivity": get("sensitivity"),
        "categories": tuple(get("categories") or ()),
        "has_attachments": get("has_attachments"),
        "text": get("text_body"),
        "html": str(body) if body is not None and body.body_type == "HTML" else None,
        "headers": sorted(
            (name, " ".join(get(attribute).split()))
            for name, attribute in HEADER_FIELDS.items()
            if get(attribute) is not None
        ),
        "attachments": sorted(  # the library groups them by kind
            (stock_attachment(a) for a in get("attachments") or ()), key=repr
        ),
    }


def stock_attachment(attachment: Any) -> tuple[Any, ...]:
    content = attachment.content if isinstance(attachment, FileAttachment) else None
    return (attachment.name, attachment.content_id, bool(attachment.is_inline), content)


def our_values(message: RemoteMessage) -> dict[str, Any]:
    values = {name: getattr(message, name) for name in message.__slots__}
    values["headers"] = sorted((n, " ".join(v.split())) for n, v in message.headers)
    for name in ("message_id", "in_reply_to", "references", "conversation_topic"):
        values[name] = values[name] or None
    values["text"] = values["text"] or None
    del values["new_text"]  # the library cannot ask for it as text; test_port_contract
    attachments = [
        (
            a.name,
            a.content_id,
            a.inline,
            None if a.content_type == "message/rfc822" else a.content,
        )
        for a in message.attachments or ()
    ]
    values["attachments"] = sorted(attachments, key=repr)
    return values


def assert_changes_agree(ours: Sequence[Change], theirs: Sequence[Any]) -> None:
    assert len(ours) == len(theirs)
    for change, item in zip(ours, theirs, strict=True):
        assert change.ref == ItemRef(item.id, item.changekey)
        assert change.received_at == item.datetime_received
        assert change.sensitivity == item.sensitivity
        assert (change.subject or None) == (item.subject or None)
        assert change.categories == tuple(item.categories or ())
        assert change.item_class == item.item_class


def compare(sandbox: Sandbox) -> int:
    """Read the Inbox both ways; returns how many mails were compared."""
    server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim"))
    ours = server(ADDRESS)
    changes = Reading.of(ours, INBOX).changes
    fetched = ours.fetch([c.ref for c in changes], Detail.CONTENT)
    server.close()
    assert fetched.gone == ()
    assert fetched.unreadable == ()
    with stock_library():
        account = stock_account(sandbox.url)
        assert_changes_agree(changes, stock_changes(account))
        items = stock_fetch(account, [m.ref for m in fetched.messages])
        for message, item in zip(fetched.messages, items, strict=True):
            assert our_values(message) == stock_values(item)
    return len(items)


@pytest.mark.usefixtures("stock_headers")
def test_both_paths_read_the_same_of_generated_mails(
    sandbox: Sandbox, whole_corpus: bool
) -> None:
    dice = random.Random(20261123)
    count = 1000 if whole_corpus else 200
    for number in range(count):
        sandbox.deliver(generated(number, dice), ADDRESS)
    assert compare(sandbox) == count
    print(f"{count} generated mails: both paths equal")


@pytest.mark.usefixtures("stock_headers")
def test_both_paths_read_the_same_of_nasty_mails(
    sandbox: Sandbox, shared: Path, whole_corpus: bool
) -> None:
    paths = sorted((shared / "corpora" / "nasty").rglob("*.eml"))
    if not whole_corpus:
        paths = paths[::20]
    for path in paths:
        sandbox.deliver(path.read_bytes(), ADDRESS)
    assert compare(sandbox) == len(paths) > 0
    print(f"{len(paths)} nasty mails: both paths equal")


@pytest.mark.usefixtures("stock_headers")
def test_a_difference_between_the_paths_would_be_seen(sandbox: Sandbox) -> None:
    dice = random.Random(1)
    sandbox.deliver(generated(0, dice), ADDRESS)
    server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim"))
    ours = server(ADDRESS)
    refs = [c.ref for c in ours.changes(INBOX, None).changes]
    message = ours.fetch(refs, Detail.CONTENT).messages[0]
    server.close()
    with stock_library():
        (item,) = stock_fetch(stock_account(sandbox.url), refs)
        item.subject = f"{item.subject}!"
        assert our_values(message) != stock_values(item)
