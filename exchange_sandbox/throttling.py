"""Budgets per mailbox and connections per user, as EWS throttling keeps them.

With impersonation the budget is the target mailbox's. Beyond the budget requests are
answered ErrorServerBusy with BackOffMilliseconds until the back-off has passed; asking
again before that is a client fault in the ledger.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
"""

import threading
from collections import Counter, deque
from datetime import datetime, timedelta

from exchange_sandbox.clock import Clock
from exchange_sandbox.errors import SoapFault
from exchange_sandbox.ledger import Ledger
from exchange_sandbox.settings import Settings


class Throttle:
    """Counts requests; raises the documented faults beyond the limits."""

    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._lock = threading.Lock()
        self._recent: dict[str, deque[datetime]] = {}
        self._until: dict[str, datetime] = {}
        self._open: Counter[tuple[str, str]] = Counter()

    def enter(self, user: str, mailbox: str, operation: str) -> None:
        """Count a request in; raises ErrorExceededConnectionCount, ErrorServerBusy.

        Each `enter` that returns is followed by one `leave`.
        """
        with self._lock:
            if self._open[user, mailbox] >= self._settings.connections:
                self._ledger.client_fault("too_many_connections", operation, mailbox)
                raise SoapFault("ErrorExceededConnectionCount")
            self._check_budget(mailbox, operation)
            self._open[user, mailbox] += 1

    def leave(self, user: str, mailbox: str) -> None:
        """Count a request out."""
        with self._lock:
            self._open[user, mailbox] -= 1

    def hold_off(self, mailbox: str, seconds: float) -> None:
        """Remember that somebody told the client to stay away for a while."""
        with self._lock:
            self._until[mailbox] = self._clock.now() + timedelta(seconds=seconds)

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._recent.clear()
            self._until.clear()

    def _check_budget(self, mailbox: str, operation: str) -> None:
        now = self._clock.now()
        until = self._until.get(mailbox)
        if until is not None:
            if now < until:
                self._ledger.client_fault("during_back_off", operation, mailbox)
                if self._settings.budget:
                    raise _busy(until - now)
            else:
                del self._until[mailbox]
        if not self._settings.budget:
            return
        recent = self._recent.setdefault(mailbox, deque())
        while recent and now - recent[0] > timedelta(
            seconds=self._settings.budget_window
        ):
            recent.popleft()
        if len(recent) >= self._settings.budget:
            self._ledger.client_fault("over_budget", operation, mailbox)
            pause = timedelta(seconds=self._settings.back_off)
            self._until[mailbox] = now + pause
            raise _busy(pause)
        recent.append(now)


def _busy(pause: timedelta) -> SoapFault:
    milliseconds = max(1, int(pause / timedelta(milliseconds=1)))
    return SoapFault(
        "ErrorServerBusy", None, {"BackOffMilliseconds": str(milliseconds)}
    )
