"""What the sandbox saw and did: the oracle of every test that claims "nothing lost".

Append-only until `clear`; thread-safe; holds no secrets (no passwords, no bodies).
"""

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from exchange_sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Delivery:
    """One copy of a mail put into one folder. `sha256` is of the MIME as given."""

    number: int
    at: datetime
    mailbox: str
    folder: str
    item_id: str
    message_id: str | None
    sha256: str


@dataclass(slots=True)
class Request:
    """One HTTP request to the EWS endpoint. `mailbox` is the one asked for."""

    number: int
    at: datetime
    user: str | None
    mailbox: str | None
    operation: str
    items: int = 0
    status: int | None = None
    fault: str | None = None
    errors: tuple[str, ...] = ()
    asks_to_send: bool = False


@dataclass(frozen=True, slots=True)
class ClientFault:
    """Something a well-behaved client does not do."""

    at: datetime
    kind: str
    operation: str
    mailbox: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A mail or invitation that a client sent: what the product must never do."""

    at: datetime
    kind: str
    mailbox: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """A write to one item by a client."""

    at: datetime
    operation: str
    mailbox: str
    item_id: str


@dataclass(slots=True)
class Ledger:
    """The record. Lists may be read at any time; only the sandbox appends."""

    clock: Clock
    deliveries: list[Delivery] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    client_faults: list[ClientFault] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open_request(self, user: str | None, operation: str) -> Request:
        """Append a request; its other fields are filled in as they become known."""
        with self._lock:
            request = Request(
                len(self.requests) + 1, self.clock.now(), user, None, operation
            )
            self.requests.append(request)
            return request

    def delivered(
        self,
        mailbox: str,
        folder: str,
        item_id: str,
        message_id: str | None,
        sha256: str,
    ) -> None:
        """Append a delivery."""
        with self._lock:
            number = len(self.deliveries) + 1
            now = self.clock.now()
            self.deliveries.append(
                Delivery(number, now, mailbox, folder, item_id, message_id, sha256)
            )

    def client_fault(self, kind: str, operation: str, mailbox: str | None) -> None:
        """Append something a client should not have done."""
        self.client_faults.append(
            ClientFault(self.clock.now(), kind, operation, mailbox)
        )

    def submitted(self, kind: str, mailbox: str, recipients: tuple[str, ...]) -> None:
        """Append a mail (`mail`) or an invitation (`invitation`) sent by a client."""
        self.submissions.append(Submission(self.clock.now(), kind, mailbox, recipients))

    def touched(self, operation: str, mailbox: str, item_id: str) -> None:
        """Append a client's write to one item."""
        self.touches.append(Touch(self.clock.now(), operation, mailbox, item_id))

    def violation(self, text: str) -> None:
        """Append a message that Microsoft's schema refuses."""
        self.violations.append(text)

    def crashed(self, operation: str, trace: str) -> None:
        """Append a fault of the sandbox itself; every test that sees one is void."""
        self.crashes.append(f"{operation}: {trace}")

    def verbs(self) -> dict[str, int]:
        """Count the requests by operation."""
        return dict(Counter(request.operation for request in self.requests))

    def mailboxes_asked(self) -> set[str]:
        """Return the mailboxes that any request named."""
        return {request.mailbox for request in self.requests if request.mailbox}

    def send_verbs(self) -> int:
        """Count the requests that asked to send mail or invitations, done or refused."""
        return sum(request.asks_to_send for request in self.requests)

    def count(self, kind: str) -> int:
        """Count the submissions of one kind: `mail` or `invitation`."""
        return sum(submission.kind == kind for submission in self.submissions)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for record in (
                self.deliveries,
                self.requests,
                self.client_faults,
                self.submissions,
                self.touches,
                self.violations,
                self.crashes,
            ):
                record.clear()

    def as_json(self) -> dict[str, Any]:
        """Return the whole record as plain values; instants as ISO 8601."""
        return {
            "delivered": [_plain(entry) for entry in self.deliveries],
            "requests": [_plain(entry) for entry in list(self.requests)],
            "verbs": self.verbs(),
            "mailboxes_asked": sorted(self.mailboxes_asked()),
            "send_verbs": self.send_verbs(),
            "mails_sent": self.count("mail"),
            "invitations_sent": self.count("invitation"),
            "submissions": [_plain(entry) for entry in self.submissions],
            "touched": [_plain(entry) for entry in self.touches],
            "client_faults": [_plain(entry) for entry in self.client_faults],
            "schema_violations": list(self.violations),
            "crashes": list(self.crashes),
        }


def _plain(entry: Any) -> dict[str, Any]:
    plain = asdict(entry)
    plain["at"] = plain["at"].isoformat()
    return plain
