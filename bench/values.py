"""One mail's field values in plain words, from either side, and their comparison.

Both sides are read into the same dictionary, so that «the same fields» is checked and
not claimed. None and "" are the same absence, as in the contract tests.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Values = dict[str, Any]


class Differ(AssertionError):
    """The two sides do not return the same; nothing is measured then."""


def agreed(ours: Sequence[Values], theirs: Sequence[Values]) -> tuple[int, int]:
    """Compare mail by mail, field by field; (mails, values compared).

    Raises Differ naming the first field that differs, or if nothing was compared.
    """
    if len(ours) != len(theirs) or not ours:
        raise Differ(f"{len(ours)} mails of ours, {len(theirs)} of the library's")
    count = 0
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if one.keys() != other.keys():
            raise Differ(f"mail {number}: other fields: {one.keys() ^ other.keys()}")
        for name in one:
            if one[name] != other[name]:
                raise Differ(f"mail {number}, {name}: {one[name]!r} ≠ {other[name]!r}")
            count += one[name] not in (None, [], "")
    return len(ours), count


def of_ours(change: Any, message: Any) -> Values:
    """A change line and a fetched mail of the port."""
    return {
        "sync": [
            change.ref.external_id,
            change.ref.change_key,
            _instant(change.received_at),
            change.sensitivity,
            change.subject or None,
            list(change.categories),
            change.item_class,
        ],
        "ref": [message.ref.external_id, message.ref.change_key],
        "message_id": message.message_id or None,
        "in_reply_to": message.in_reply_to or None,
        "references": message.references or None,
        "conversation_id": message.conversation_id,
        "conversation_index": _hex(message.conversation_index),
        "conversation_topic": message.conversation_topic or None,
        "subject": message.subject or None,
        "from": _party(message.from_),
        "sender": _party(message.sender),
        "reply_to": [_party(one) for one in message.reply_to],
        "to": [_party(one) for one in message.to],
        "cc": [_party(one) for one in message.cc],
        "bcc": [_party(one) for one in message.bcc],
        "received_at": _instant(message.received_at),
        "sent_at": _instant(message.sent_at),
        "size": message.size,
        "item_class": message.item_class,
        "sensitivity": message.sensitivity,
        "categories": list(message.categories),
        "has_attachments": message.has_attachments,
        "text": message.text or None,
        "headers": sorted([name, value] for name, value in message.headers),
    }


def of_stock(synced: Any, item: Any, headers: Mapping[str, str]) -> Values:
    """A synced and a fetched item of exchangelib; ``headers``: name → attribute."""
    return {
        "sync": [
            synced.id,
            synced.changekey,
            _instant(synced.datetime_received),
            synced.sensitivity,
            synced.subject or None,
            list(synced.categories or ()),
            synced.item_class,
        ],
        "ref": [item.id, item.changekey],
        "message_id": item.message_id or None,
        "in_reply_to": item.in_reply_to or None,
        "references": item.references or None,
        "conversation_id": item.conversation_id and item.conversation_id.id,
        "conversation_index": _hex(item.conversation_index),
        "conversation_topic": item.conversation_topic or None,
        "subject": item.subject or None,
        "from": _box(item.author),
        "sender": _box(item.sender),
        "reply_to": [_box(one) for one in item.reply_to or ()],
        "to": [_box(one) for one in item.to_recipients or ()],
        "cc": [_box(one) for one in item.cc_recipients or ()],
        "bcc": [_box(one) for one in item.bcc_recipients or ()],
        "received_at": _instant(item.datetime_received),
        "sent_at": _instant(item.datetime_sent),
        "size": item.size,
        "item_class": item.item_class,
        "sensitivity": item.sensitivity,
        "categories": list(item.categories or ()),
        "has_attachments": item.has_attachments,
        "text": item.text_body or None,
        "headers": sorted(
            [name, getattr(item, attribute)]
            for name, attribute in headers.items()
            if getattr(item, attribute) is not None
        ),
    }


def _instant(at: Any) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S%z")


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


def _party(party: Any) -> list[str | None] | None:
    return None if party is None else [party.name, party.address]


def _box(box: Any) -> list[str | None] | None:
    return None if box is None else [box.name, box.email_address]
