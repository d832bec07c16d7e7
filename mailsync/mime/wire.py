"""What goes through the pipes between reader and child: lengths, JSON, bytes.

The child says ``READY`` once it is limited. Request: eight bytes of length, the raw
mail. Answer: eight bytes of length, a JSON object, then the contents of the
attachments one after the other (the JSON holds their sizes). No pickle: whatever a
mail might make of the child, its answer can only be data. `decode_answer` raises
ValueError, KeyError or TypeError on anything else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from mailsync.mime.mail import MimeAttachment, MimeMail, MimeParty

LENGTH_BYTES = 8
READY = b"!"
LONGEST_JSON = 64 << 20

_PARTIES = ("from_addresses", "to", "cc", "bcc", "reply_to")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a mail cost the child: CPU seconds, and the peak of its memory."""

    cpu_seconds: float
    peak_kilobytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The child's answer: a mail, or the reason why there is none."""

    mail: MimeMail | None
    reason: str | None
    cost: Cost


def encode_answer(answer: Answer) -> list[bytes]:
    """The pieces to write, in order."""
    mail = answer.mail
    contents = [a.content for a in mail.attachments] if mail else []
    text = json.dumps(
        {
            "reason": answer.reason,
            "cpu_seconds": answer.cost.cpu_seconds,
            "peak_kilobytes": answer.cost.peak_kilobytes,
            "mail": None if mail is None else _mail_to_json(mail),
        }
    ).encode("ascii")
    return [len(text).to_bytes(LENGTH_BYTES, "big"), text, *contents]


def _mail_to_json(mail: MimeMail) -> dict[str, Any]:
    values: dict[str, Any] = {f.name: getattr(mail, f.name) for f in fields(mail)}
    for name in _PARTIES:
        values[name] = [_party_to_json(party) for party in values[name]]
    for name in ("sole_sender", "sender"):
        values[name] = values[name] and _party_to_json(values[name])
    values["date"] = mail.date and mail.date.isoformat()
    values["thread_index"] = mail.thread_index and mail.thread_index.hex()
    values["attachments"] = [
        {f.name: getattr(a, f.name) for f in fields(a) if f.name != "content"}
        for a in mail.attachments
    ]
    return values


def _party_to_json(party: MimeParty) -> list[str | None]:
    return [party.name, party.address]


def decode_answer(text: bytes, take: Callable[[int], bytes]) -> Answer:
    """Rebuild an answer; ``take(n)`` gives the next n bytes behind the JSON."""
    values = json.loads(text)
    cost = Cost(float(values["cpu_seconds"]), int(values["peak_kilobytes"]))
    mail = values["mail"]
    return Answer(
        mail=None if mail is None else _mail_from_json(mail, take),
        reason=values["reason"],
        cost=cost,
    )


def _mail_from_json(values: dict[str, Any], take: Callable[[int], bytes]) -> MimeMail:
    for name in _PARTIES:
        values[name] = tuple(MimeParty(*party) for party in values[name])
    for name in ("sole_sender", "sender"):
        values[name] = values[name] and MimeParty(*values[name])
    for name in ("in_reply_to", "references", "authentication_results"):
        values[name] = tuple(values[name])
    for name in ("keywords", "defects"):
        values[name] = tuple(values[name])
    date, index = values["date"], values["thread_index"]
    values["date"] = None if date is None else datetime.fromisoformat(date)
    values["thread_index"] = None if index is None else bytes.fromhex(index)
    values["attachments"] = tuple(
        MimeAttachment(**stated, content=take(stated["size"]))
        for stated in values["attachments"]
    )
    return MimeMail(**values)
