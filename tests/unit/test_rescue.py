"""What a rescue makes of raw MIME, and when it gives up; on the in-memory port."""

from datetime import UTC, datetime

import pytest

from crm_core.email_addresses import Internal
from crm_core.mail.incoming import IncomingMail
from mailsync.errors import Transient
from mailsync.memory import MemoryExchange, MemoryMailbox
from mailsync.normalise import Rules, incoming_mail
from mailsync.port import (
    Detail,
    Fetched,
    FolderRef,
    FolderRole,
    ItemRef,
    RemoteMessage,
    Unreadable,
)
from mailsync.rescue import MOST, Rescuer, message_id_in

BOX = "verkauf@werft.example"
INBOX = FolderRef(FolderRole.INBOX, "inbox")
RULES = Rules(Internal.of(["werft.example"], [BOX]), "mx.werft.example")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HEAD = (
    b"From: Meier <meier@kunde.example>\r\nTo: verkauf@werft.example\r\n"
    b"Subject: Mast\r\nMessage-ID: <m1@kunde.example>\r\n"
)
EMPTY = RemoteMessage(
    ref=ItemRef(""), message_id=None, in_reply_to=None, references=None,
    conversation_id=None, conversation_index=None, conversation_topic=None, subject="",
    from_=None, sender=None, reply_to=(), to=(), cc=(), bcc=(), received_at=NOW,
    sent_at=None, size=0, item_class="IPM.Note", sensitivity="Normal", categories=(),
    has_attachments=False,
)  # fmt: skip


@pytest.fixture
def exchange() -> MemoryExchange:
    found = MemoryExchange()
    found.add_mailbox(BOX)
    return found


def unreadable(exchange: MemoryExchange, *raws: bytes) -> tuple[MemoryMailbox, Fetched]:
    """Items that exist with this MIME and that ``fetch`` could not give."""
    refs = [exchange.deliver(BOX, EMPTY, mime=raw) for raw in raws]
    return exchange(BOX), Fetched(
        (), unreadable=tuple(Unreadable(ref, "ErrorCorruptData") for ref in refs)
    )


def rescued(exchange: MemoryExchange, head: bytes) -> IncomingMail:
    port, fetched = unreadable(exchange, head + b"\r\nGuten Tag\r\n")
    page = port.changes(INBOX, None)
    tried = Rescuer().tried(port, fetched, Detail.TEXT, page.changes)
    assert tried.unreadable == ()
    (message,) = tried.messages
    return incoming_mail(message, RULES, sent=False, arrived_at=NOW)


def test_a_rescued_mail_says_what_its_mime_says(exchange: MemoryExchange) -> None:
    mail = rescued(
        exchange,
        HEAD
        + b"In-Reply-To: <a@x.example>\r\nReferences: <b@x.example> <a@x.example>\r\n",
    )
    assert (mail.internet_id, mail.subject) == ("m1@kunde.example", "Mast")
    assert (mail.from_address, mail.to) == ("meier@kunde.example", (BOX,))
    assert mail.in_reply_to == ("a@x.example",)
    assert mail.references == ("b@x.example", "a@x.example")
    assert mail.received_at == NOW
    assert mail.body is not None
    assert "Guten Tag" in mail.body.text


def test_no_mark_in_a_rescued_mail_vouches_for_its_sender(
    exchange: MemoryExchange,
) -> None:
    mark = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
    assert not rescued(exchange, HEAD + mark).authenticated


def test_a_verdict_against_the_sender_is_believed(exchange: MemoryExchange) -> None:
    said = b"Authentication-Results: mx.werft.example; dmarc=fail\r\n"
    assert rescued(exchange, said + HEAD).dmarc.value == "fail"


@pytest.mark.parametrize(
    "line",
    [b"From: Eve <eve@fremd.example>\r\n", b"From: a@x.example, b@x.example\r\n"],
)
def test_of_several_authors_none_is_the_sender(
    exchange: MemoryExchange, line: bytes
) -> None:
    head = HEAD + line if b"," not in line else line + HEAD.partition(b"\r\n")[2]
    assert rescued(exchange, head).from_address is None


@pytest.mark.parametrize(
    "line", [b"Auto-Submitted: auto-replied\r\n", b"Return-Path: <>\r\n"]
)
def test_automatic_mail_stays_automatic(exchange: MemoryExchange, line: bytes) -> None:
    assert rescued(exchange, HEAD + line).automatic


def test_keywords_of_the_sender_are_no_categories(exchange: MemoryExchange) -> None:
    """«CRM» in a header of a stranger must not file the mail."""
    assert not rescued(exchange, HEAD + b"Keywords: CRM\r\n").filed


def test_an_item_without_mime_stays_unreadable_with_both_reasons(
    exchange: MemoryExchange,
) -> None:
    port, fetched = unreadable(exchange, HEAD)
    (item,) = fetched.unreadable
    exchange.make_unreadable(BOX, item.ref, "corrupt")
    (left,) = Rescuer().tried(port, fetched, Detail.TEXT).unreadable
    assert "ErrorCorruptData" in left.reason
    assert "corrupt" in left.reason


def test_an_item_that_is_gone_meanwhile_is_gone(exchange: MemoryExchange) -> None:
    port, fetched = unreadable(exchange, HEAD)
    exchange.delete(BOX, fetched.unreadable[0].ref, hard=True)
    tried = Rescuer().tried(port, fetched, Detail.TEXT)
    assert list(tried.gone) == [fetched.unreadable[0].ref]
    assert tried.unreadable == ()


def test_a_broken_connection_stops_the_page_once_and_gives_the_item_up_then(
    exchange: MemoryExchange,
) -> None:
    port, fetched = unreadable(exchange, HEAD)
    rescuer = Rescuer()
    exchange.fail_next("raw_mime", Transient("cut"))
    with pytest.raises(Transient):
        rescuer.tried(port, fetched, Detail.TEXT)
    exchange.fail_next("raw_mime", Transient("cut"))
    assert len(rescuer.tried(port, fetched, Detail.TEXT).unreadable) == 1
    assert len(rescuer.tried(port, fetched, Detail.TEXT).messages) == 1


def test_a_pause_that_the_server_asks_for_is_never_the_items_fault(
    exchange: MemoryExchange,
) -> None:
    port, fetched = unreadable(exchange, HEAD)
    rescuer = Rescuer()
    for _ in range(3):
        exchange.fail_next("raw_mime", Transient("busy", retry_after=30))
        with pytest.raises(Transient):
            rescuer.tried(port, fetched, Detail.TEXT)


def test_where_everything_fails_nothing_is_rescued_so_that_it_is_noticed(
    exchange: MemoryExchange,
) -> None:
    port, fetched = unreadable(exchange, *([HEAD] * (MOST + 1)))
    assert Rescuer().tried(port, fetched, Detail.TEXT) == fetched
    assert not [r for r in exchange.ledger if r.operation == "raw_mime"]


def test_nothing_unreadable_costs_no_request(exchange: MemoryExchange) -> None:
    port = exchange(BOX)
    assert Rescuer().tried(port, Fetched(()), Detail.TEXT) == Fetched(())
    assert exchange.ledger == []


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (HEAD, "<m1@kunde.example>"),
        (b"MESSAGE-ID:\r\n <x@y>\r\n\r\n", "<x@y>"),
        (b"Subject: x\r\n\r\nMessage-ID: <body@y>\r\n", None),
        (b"", None),
        (b"Message-ID: " + b" " * 100_000 + b"<x@y>", None),
    ],
)
def test_the_message_id_is_read_from_the_head_only(
    raw: bytes, found: str | None
) -> None:
    assert message_id_in(raw) == found
