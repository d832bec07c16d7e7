"""One mail of the story, ready to deliver, and its line of JSON.

    {"mailbox": {"address", "name", "shared"}}            the company's, first
    {"person": {"key", "name", "kind", "email"}}          those it knows, then
    {"mail": {"name", "part", "thread", "topic", "sender", "recipients", "subject",
              "message_id", "received", "mailboxes", "submitted_by", "mime_base64"}}
    {"end": "past" | "story"}                             a part is over

`mailboxes`, `submitted_by`, `received` and `mime_base64` are what `POST /deliver`
takes. `part` is past, story or daily; `topic` what it is about, in one word. A subject
may contain `{{KEY}}`: whoever delivers puts a number of its own there.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from exchange_sandbox.scenario.people import Mailbox, Person

Part = Literal["past", "story", "daily"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to deliver, with the truth about it."""

    name: str
    part: Part
    thread: str
    topic: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    received: datetime
    mailboxes: tuple[str, ...]
    submitted_by: str | None
    mime: bytes

    def as_line(self) -> str:
        """Return the mail as one line of JSON."""
        record = {
            "name": self.name,
            "part": self.part,
            "thread": self.thread,
            "topic": self.topic,
            "sender": self.sender,
            "recipients": self.recipients,
            "subject": self.subject,
            "message_id": self.message_id,
            "received": self.received.isoformat(),
            "mailboxes": self.mailboxes,
            "submitted_by": self.submitted_by,
            "mime_base64": base64.b64encode(self.mime).decode(),
        }
        return json.dumps({"mail": record})


def mailbox_line(mailbox: Mailbox) -> str:
    """Return a mailbox of the company as one line of JSON."""
    record = {
        "address": mailbox.email,
        "name": mailbox.name,
        "shared": mailbox.shared,
    }
    return json.dumps({"mailbox": record})


def person_line(person: Person) -> str:
    """Return somebody outside as one line of JSON."""
    record = {
        "key": person.key,
        "name": person.name,
        "kind": person.kind,
        "email": person.email,
    }
    return json.dumps({"person": record})


def end_line(part: Part) -> str:
    """Return the line that ends a part."""
    return json.dumps({"end": part})
