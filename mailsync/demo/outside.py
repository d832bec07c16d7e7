"""The sandbox from outside: its control endpoint, as JSON over HTTP.

Delivers mail, lets employees do something in Outlook, and reads what the sandbox saw
(its ledger) and holds (its mailboxes). Raises OSError or ValueError if it cannot.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from mailsync.demo.feed import StoryMail

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One copy that the ledger says was put into a folder."""

    mailbox: str
    folder: str
    item_id: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the sandbox saw. ``requests`` counts by the mailbox asked for."""

    deliveries: tuple[Delivery, ...]
    requests: Mapping[str, int]
    send_verbs: int  # requests that asked to send, carried out or refused
    client_faults: tuple[str, ...]  # what a well-behaved client does not do
    mails_sent: int
    invitations_sent: int
    touched: tuple[str, ...]
    crashes: tuple[str, ...]

    def delivered(self, message_id: str) -> list[Delivery]:
        """The copies of one mail."""
        return [one for one in self.deliveries if one.message_id == message_id]


@dataclass(frozen=True, slots=True)
class OutlookItem:
    """An item as it lies in a mailbox; properties by their EWS names."""

    id: str
    kind: str
    folder: str
    properties: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.properties.get("Subject", ""))

    @property
    def body(self) -> str:
        """Its text."""
        return str(self.properties.get("Body", ""))

    @property
    def done(self) -> bool:
        """Whether Outlook shows it as completed."""
        return self.properties.get("Status") == "Completed"


@dataclass(frozen=True, slots=True)
class Outside:
    """The control endpoint at ``url``."""

    url: str

    def deliver(self, mail: StoryMail, mime: bytes) -> None:
        """Put the copies of a mail where transport puts them."""
        self._post(
            "/deliver",
            {
                "mime_base64": base64.b64encode(mime).decode(),
                "mailbox": list(mail.mailboxes),
                "received": mail.received,
                "submitted_by": mail.submitted_by,
            },
        )

    def act(self, mailbox: str, what: str, item: OutlookItem, **details: Any) -> None:
        """An employee does something to an item in Outlook."""
        wanted = {"mailbox": mailbox, "act": what, "item_id": item.id, **details}
        self._post("/act", wanted)

    def strike(self, kind: str, **parameters: Any) -> None:
        """Let requests go wrong."""
        self._post("/fault", {"kind": kind, **parameters})

    def ledger(self) -> Ledger:
        """What the sandbox saw up to now."""
        record = self._get("/ledger")
        asked = Counter(one["mailbox"] for one in record["requests"] if one["mailbox"])
        return Ledger(
            deliveries=tuple(
                Delivery(
                    one["mailbox"], one["folder"], one["item_id"], one["message_id"]
                )
                for one in record["delivered"]
            ),
            requests=asked,
            send_verbs=record["send_verbs"],
            client_faults=tuple(one["kind"] for one in record["client_faults"]),
            mails_sent=record["mails_sent"],
            invitations_sent=record["invitations_sent"],
            touched=tuple(one["item_id"] for one in record["touched"]),
            crashes=tuple(record["crashes"]),
        )

    def items(self, mailbox: str, folder: str) -> list[OutlookItem]:
        """What lies in a folder of a mailbox now."""
        query = urlencode({"mailbox": mailbox, "folder": folder})
        return [
            OutlookItem(one["id"], one["kind"], one["folder"], one["properties"])
            for one in self._get(f"/items?{query}")["items"]
        ]

    def _post(self, path: str, content: Mapping[str, Any]) -> Any:
        return self._ask(path, json.dumps(content).encode())

    def _get(self, path: str) -> Any:
        return self._ask(path)

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        request = Request(self.url + path, body)  # noqa: S310 - our own child's http
        # No proxy: the sandbox is on this machine, whatever the environment says.
        opener = build_opener(ProxyHandler({}))
        with opener.open(request, timeout=_TIMEOUT) as answer:
            return json.load(answer)
