"""The boatyard's mail, as ``python -m exchange_sandbox.scenario`` prints it.

That program knows which mails belong together; no mail and no command of ours does. The
lines are read as they are needed: the last part has no end.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from mailsync.demo.children import ChildFailed, Children

_NAME = "scenario"


@dataclass(frozen=True, slots=True)
class CompanyMailbox:
    """A mailbox of the boatyard."""

    address: str
    name: str
    shared: bool

    @property
    def key(self) -> str:
        """What stands before the «@»."""
        return self.address.partition("@")[0]


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A customer, a supplier, an authority that the boatyard knows."""

    key: str
    name: str
    kind: str
    email: str


@dataclass(frozen=True, slots=True)
class StoryMail:
    """A mail to deliver. ``thread`` is the truth about who belongs together."""

    name: str
    part: str
    thread: str
    topic: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    received: str
    mailboxes: tuple[str, ...]
    submitted_by: str | None
    mime: bytes

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Self:
        """From the sandbox's line."""
        return cls(
            name=record["name"],
            part=record["part"],
            thread=record["thread"],
            topic=record["topic"],
            sender=record["sender"],
            recipients=tuple(record["recipients"]),
            subject=record["subject"],
            message_id=record["message_id"],
            received=record["received"],
            mailboxes=tuple(record["mailboxes"]),
            submitted_by=record["submitted_by"],
            mime=base64.b64decode(record["mime_base64"]),
        )

    @property
    def places(self) -> tuple[str, ...]:
        """The mailboxes in which a copy comes to lie, the sender's included."""
        sent = () if self.submitted_by is None else (self.submitted_by,)
        return (*sent, *self.mailboxes)


class Feed:
    """The lines, part by part."""

    def __init__(
        self, children: Children, *, seed: int, start: datetime, pace: float
    ) -> None:
        arguments = [
            "exchange_sandbox.scenario",
            f"--seed={seed}",
            f"--start={start.isoformat()}",
            f"--pace={pace}",
        ]
        self._children = children
        self._child = children.start(_NAME, arguments, speaks=True)
        self.mailboxes: list[CompanyMailbox] = []
        self.people: dict[str, KnownPerson] = {}
        self.past = self._until("past")
        self.story = {mail.name: mail for mail in self._until("story")}

    def daily(self) -> Iterator[StoryMail]:
        """Ordinary mail, without end."""
        while True:
            yield StoryMail.read(self._line()["mail"])

    def _until(self, end: str) -> list[StoryMail]:
        mails = []
        while (line := self._line()).get("end") != end:
            if "mailbox" in line:
                self.mailboxes.append(CompanyMailbox(**line["mailbox"]))
            elif "person" in line:
                person = KnownPerson(**line["person"])
                self.people[person.key] = person
            else:
                mails.append(StoryMail.read(line["mail"]))
        return mails

    def _line(self) -> dict[str, Any]:
        text = self._child.stdout.readline() if self._child.stdout else ""
        if not text:
            raise ChildFailed(f"{_NAME}: {self._children.last_words(_NAME)}")
        line: dict[str, Any] = json.loads(text)
        return line
