"""The simulated Exchange of the demo, over its control endpoint.

What «Outlook-Ansicht» shows is read here and nowhere else: it is what lies in the
mailboxes, whatever our database believes. Raises OSError where nobody answers.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

_TIMEOUT = 20.0
_ENTRY = re.compile(r"\b[A-Z]{2,8}-(\d{1,9})\b")
_LASTING = 0  # a count of 0: until it is taken back


@dataclass(frozen=True, slots=True)
class OutlookItem:
    """A mail, a task or an appointment as it lies in a mailbox."""

    id: str
    subject: str
    text: str
    sender: str
    received: datetime | None
    read: bool
    done: bool
    due: date | None
    starts: datetime | None
    ends: datetime | None
    all_day: bool
    categories: tuple[str, ...]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """From the endpoint's line; properties by their EWS names."""
        has: Mapping[str, Any] = record["properties"]
        sender = has.get("From") or {}
        due = _instant(has.get("DueDate"))
        return cls(
            id=record["id"],
            subject=has.get("Subject", ""),
            text=has.get("TextBody") or has.get("Body", ""),
            sender=sender.get("name") or sender.get("email") or "",
            received=_instant(has.get("DateTimeReceived")),
            read=bool(has.get("IsRead", True)),
            done=has.get("Status") == "Completed",
            due=due.date() if due else None,
            starts=_instant(has.get("Start")),
            ends=_instant(has.get("End")),
            all_day=bool(has.get("IsAllDayEvent")),
            categories=tuple(has.get("Categories") or ()),
        )

    @property
    def entry(self) -> int | None:
        """The number of the entry that its subject names."""
        found = _ENTRY.search(self.subject)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that lasts until it is taken back."""

    kind: str
    mailbox: str | None


@dataclass(frozen=True, slots=True)
class SimulatedExchange:
    """The control endpoint at ``url``."""

    url: str

    def items(
        self, mailbox: str, folder: str, *, newest: int = 200
    ) -> list[OutlookItem]:
        """The newest items of a folder, the oldest of them first."""
        query = urlencode({"mailbox": mailbox, "folder": folder, "newest": newest})
        found = self._ask("GET", f"/items?{query}")["items"]
        return [OutlookItem.of(one) for one in found]

    def deliver(
        self, raw: bytes, *mailboxes: str, submitted_by: str | None = None
    ) -> None:
        """Let a mail arrive; ``submitted_by``: a colleague sends it."""
        self._ask(
            "POST",
            "/deliver",
            {
                "mime_base64": base64.b64encode(raw).decode(),
                "mailbox": mailboxes,
                "submitted_by": submitted_by,
            },
        )

    def act(self, mailbox: str, what: str, item_id: str, **details: object) -> None:
        """What the owner of a mailbox does to an item."""
        wanted = {"mailbox": mailbox, "act": what, "item_id": item_id, **details}
        self._ask("POST", "/act", wanted)

    def strike(self, kind: str, **parameters: object) -> None:
        """Let something go wrong."""
        self._ask("POST", "/fault", {"kind": kind, **parameters})

    def heal(self, kind: str) -> None:
        """Take the faults of a kind back."""
        self._ask("DELETE", f"/fault?{urlencode({'kind': kind})}")

    def faults(self) -> frozenset[Fault]:
        """What goes wrong now, until it is taken back."""
        listed = self._ask("GET", "/fault")["faults"]
        return frozenset(
            Fault(one["kind"], one["mailbox"])
            for one in listed
            if one["count"] == _LASTING
        )

    def _ask(self, method: str, path: str, content: object = None) -> Any:
        body = None if content is None else json.dumps(content).encode()
        request = Request(self.url + path, body, method=method)  # noqa: S310 - loopback
        # No proxy: it is on this machine, whatever the environment says.
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                reason = error.read().decode("utf-8", "replace")
            raise ValueError(reason) from None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
