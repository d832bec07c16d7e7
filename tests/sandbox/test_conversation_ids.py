"""Conversation ids of the simulated Exchange follow Microsoft's published rules."""

import base64
import hashlib
import random
from datetime import UTC, datetime

import pytest

from exchange_sandbox.conversation_ids import (
    conversation_id,
    conversation_index,
    conversation_topic,
    is_tracked,
)
from exchange_sandbox.mime_items import parse_mail

GUID = "11111111-2222-3333-4444-555555555555"
OTHER_GUID = "99999999-2222-3333-4444-555555555555"
INDEX = bytes.fromhex("0101dc5c0b9a101112131415161718191a1b1c1d1e1f")
RECEIVED = datetime(2026, 11, 10, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("AW: Offerte", "Offerte"),
        ("RE:   Offerte", "Offerte"),
        ("WG:Offerte", "Offerte"),
        ("AW: WG: Offerte", "WG: Offerte"),
        ("AG: Offerte", "Offerte"),
        ("RE[2]: Offerte", "RE[2]: Offerte"),
        ("Antw: Offerte", "Antw: Offerte"),
        ("12: Offerte", "12: Offerte"),
        (": Offerte", ": Offerte"),
        ("Offerte", "Offerte"),
        ("", ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_the_topic_is_the_subject_without_one_short_prefix(
    subject: str, topic: str
) -> None:
    assert conversation_topic(subject) == topic


def _with_index(index: bytes) -> bytes:
    return b"Thread-Index: " + base64.b64encode(index) + b"\r\n\r\nx"


@pytest.mark.parametrize(
    ("index", "tracked"),
    [(INDEX, True), (INDEX + b"12345", True), (INDEX[:21], False),
     (b"\x02" + INDEX[1:], False)],
)  # fmt: skip
def test_only_a_usable_thread_index_is_tracked_and_kept(
    index: bytes, tracked: bool
) -> None:
    parsed = parse_mail(_with_index(index))
    assert is_tracked(parsed) is tracked
    kept = conversation_index(parsed, RECEIVED, random.Random(1))
    assert (kept == index) is tracked


def test_a_mail_without_index_gets_a_fresh_header_that_holds_the_time() -> None:
    parsed = parse_mail(b"Subject: x\r\n\r\nx")
    first = conversation_index(parsed, RECEIVED, random.Random(1))
    again = conversation_index(parsed, RECEIVED, random.Random(1))
    other = conversation_index(parsed, RECEIVED, random.Random(2))
    assert len(first) == 22
    assert first == again != other
    ticks = int.from_bytes(first[1:6] + bytes(3), "big")
    began = datetime(1601, 1, 1, tzinfo=UTC)
    assert 0 <= (RECEIVED - began).total_seconds() - ticks / 10_000_000 < 2
    assert first[0] == 1


def test_the_id_names_the_mailbox_and_ends_with_the_guid_of_the_index() -> None:
    text = conversation_id(GUID, INDEX, tracking=True, topic="Offerte")
    data = base64.b64decode(text)
    assert data[:4] == b"\x00\x04\x24\x00"
    assert data[4:40] == GUID.encode()
    assert data[40:42] == b"\x10\x00"
    assert data[42:] == INDEX[6:22]
    assert text.startswith("AAQkA")


def test_one_conversation_has_another_id_in_every_mailbox_but_one_tail() -> None:
    ids = [
        base64.b64decode(conversation_id(guid, INDEX, tracking=True, topic="x"))
        for guid in (GUID, OTHER_GUID)
    ]
    assert ids[0] != ids[1]
    assert ids[0][-16:] == ids[1][-16:]


@pytest.mark.parametrize(
    ("index", "tracking"),
    [(INDEX, False), (INDEX[:21], True), (b"\x02" + INDEX[1:], True), (None, True)],
)
def test_without_tracking_all_mails_of_one_topic_share_the_id(
    index: bytes | None, tracking: bool
) -> None:
    tails = {
        base64.b64decode(conversation_id(GUID, index, tracking=tracking, topic=topic))[
            -16:
        ]
        for topic in ("Grüsse", "GRÜSSE", "grüsse")
    }
    expected = hashlib.md5("GRÜSSE".encode("utf-16-le")).digest()
    assert tails == {expected}


def test_a_letter_without_single_upper_form_stays_in_the_topic_hash() -> None:
    tail = base64.b64decode(conversation_id(GUID, None, tracking=False, topic="Maß"))
    assert tail[-16:] == hashlib.md5("MAß".encode("utf-16-le")).digest()
