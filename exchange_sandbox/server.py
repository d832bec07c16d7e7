"""The sandbox as an object: start it, fill it, act in it, break it, ask what it saw.

Threads only; everything stays in memory; `stop` leaves nothing behind. The methods are
those of the control endpoint (README.md) and may be called from any thread.
"""

import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange_sandbox import delivery
from exchange_sandbox.acts import Act, perform
from exchange_sandbox.clock import Clock
from exchange_sandbox.control import Control
from exchange_sandbox.endpoint import Endpoint
from exchange_sandbox.faults import FaultRule, Faults
from exchange_sandbox.http_wire import HttpRequest, HttpServer, Reply
from exchange_sandbox.item_listing import list_items
from exchange_sandbox.ledger import Ledger
from exchange_sandbox.loading import load_mails
from exchange_sandbox.mail_addresses import read_addresses
from exchange_sandbox.mailbox import Item
from exchange_sandbox.settings import Settings
from exchange_sandbox.store import Store
from exchange_sandbox.submission import send
from exchange_sandbox.subscriptions import Subscriptions
from exchange_sandbox.throttling import Throttle
from exchange_sandbox.validation import SchemaJudge


class Sandbox:
    """A simulated Exchange. Use it as a context manager or call start and stop."""

    def __init__(
        self,
        mailboxes: Iterable[str] = (),
        users: Mapping[str, str] | None = None,
        *,
        schema: Path | None = None,
        seed: int = 0,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.settings.users.update(users or {})
        self.settings.seed = seed or self.settings.seed
        self.settings.schema = schema or self.settings.schema
        self.clock = Clock()
        self.ledger = Ledger(self.clock)
        self.faults = Faults()
        self.throttle = Throttle(self.settings, self.clock, self.ledger)
        folder = self.settings.schema
        self.judge = SchemaJudge(folder) if folder is not None else None
        self._servers: list[HttpServer] = []
        self._addresses = list(mailboxes)
        self._fill()

    def _fill(self) -> None:
        self.store = Store(self.clock, self.settings.seed)
        self.subscriptions = Subscriptions(
            lambda mailbox: self.store.new_id(b"\x0b", mailbox)
        )
        self.store.listeners.append(self.subscriptions.hear)
        for address in self._addresses:
            self.store.add_mailbox(address)

    # -- life --------------------------------------------------------------

    def start(
        self,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        control: tuple[str, int] | None = None,
    ) -> Self:
        """Serve EWS at `listen`, and the control endpoint at `control` if given."""
        tls = self._tls()
        server = HttpServer(listen, self._answer, tls)
        self._servers = [server]
        self._endpoint = Endpoint(
            self.store,
            self.settings,
            self.ledger,
            self.faults,
            self.throttle,
            self.subscriptions,
            self.judge,
            server.stopping.wait,
        )
        if control is not None:
            self._servers.append(HttpServer(control, Control(self)))
        for one in self._servers:
            one.start()
        return self

    def _answer(self, request: HttpRequest) -> Reply:
        return self._endpoint(request)

    def _tls(self) -> ssl.SSLContext | None:
        if self.settings.tls_cert is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.settings.tls_cert, self.settings.tls_key)
        return context

    def stop(self) -> None:
        """Close all connections and end all threads."""
        self.subscriptions.close()
        for server in self._servers:
            server.stop()
        self._servers = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the address of the EWS endpoint."""
        scheme = "https" if self.settings.tls_cert is not None else "http"
        return f"{scheme}://127.0.0.1:{self._servers[0].port}/EWS/Exchange.asmx"

    @property
    def control_url(self) -> str | None:
        """Return the address of the control endpoint, if it is served."""
        if len(self._servers) < 2:
            return None
        return f"http://127.0.0.1:{self._servers[1].port}"

    # -- mail --------------------------------------------------------------

    def add_mailbox(self, address: str) -> None:
        """Add an empty mailbox."""
        with self.store.lock:
            self._addresses.append(address)
            self.store.add_mailbox(address)

    def deliver(
        self,
        raw: bytes,
        *mailboxes: str,
        folder: str = "inbox",
        received: datetime | None = None,
        read: bool | None = None,
        submitted_by: str | None = None,
    ) -> tuple[str, ...]:
        """Put one copy into the folder of each mailbox; returns the item ids.

        With `submitted_by` (a hosted mailbox) the mail is one that this mailbox sent:
        a copy comes first, in its Sent Items, and all are stamped AuthAs: Internal.
        """
        with self.store.lock:
            if submitted_by is not None:
                sent = self.store.mailbox(submitted_by).distinguished["sentitems"]
                items = send(
                    self.store, self.ledger, raw, list(mailboxes), sent, received
                )
                return tuple(item.id for item in items)
            return tuple(
                delivery.put_mail(
                    self.store,
                    self.ledger,
                    self.store.folder_at(self.store.mailbox(address), folder),
                    raw,
                    received=received,
                    read=read,
                ).id
                for address in mailboxes
            )

    def load(self, address: str, path: Path, folder: str | None = None) -> int:
        """Fill a mailbox from an mbox file or a folder of .eml; returns the count.

        Without a folder, mail from this mailbox goes to Sent Items and all else to the
        Inbox. The time of receipt is that of the mail's own headers.
        """
        mailbox = self.store.mailbox(address)
        count = 0
        for raw in load_mails(path):
            with self.store.lock:
                place = folder or _place(mailbox.address, raw)
                delivery.put_mail(
                    self.store,
                    self.ledger,
                    self.store.folder_at(mailbox, place),
                    raw,
                    received=delivery.date_of(raw),
                )
            count += 1
        return count

    # -- acts, faults, questions -------------------------------------------

    def act(self, mailbox: str, what: str, **details: Any) -> str | None:
        """Let the mailbox's owner do something in Outlook; returns the item's new id.

        See `acts.Act` for what and with which details.
        """
        with self.store.lock:
            return perform(
                self.store, Act.read({"mailbox": mailbox, "act": what, **details})
            )

    def fault(self, kind: str, operation: str = "*", **parameters: Any) -> FaultRule:
        """Order a fault; the rule counts how often it struck (`hits`)."""
        return self.faults.add(FaultRule(kind, operation, **parameters))

    def items(
        self, mailbox: str, folder: str | None = None, *, newest: int | None = None
    ) -> list[dict[str, Any]]:
        """Return what lies in a folder (or in the whole mailbox) now, as plain values.

        `newest`: only so many of each folder, those that came last.
        """
        with self.store.lock:
            return list_items(self.store, self.store.mailbox(mailbox), folder, newest)

    def item(self, item_id: str) -> Item | None:
        """Return an item by its id, for a look at what the sandbox really holds."""
        return self.store.items.get(item_id)

    def reset(self) -> None:
        """Empty all mailboxes, take back all faults, forget the ledger."""
        with self.store.lock:
            self.subscriptions.close()
            self.faults.clear()
            self.ledger.clear()
            self._fill()
            if self._servers:
                self._endpoint.store = self.store
                self._endpoint.subscriptions = self.subscriptions
            self.throttle.forget()


def _place(address: str, raw: bytes) -> str:
    senders = read_addresses(delivery.header(raw, "from") or "")
    mine = any((sender.email or "").lower() == address for sender in senders[:1])
    return "sentitems" if mine else "inbox"
