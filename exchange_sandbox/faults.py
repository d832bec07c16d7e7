"""Faults to order: which request goes wrong, and how.

A rule names an operation ("*" for all), optionally a mailbox, the n-th matching call
from now on (1 = the next), how many calls in a row, and a kind. Kinds and their
parameters are listed in README.md. Rules are tried in the order in which they came;
one that would strike together with an earlier one strikes at the next call.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from exchange_sandbox.errors import EwsError, SoapFault

STATUS_KINDS = frozenset(
    {"400", "401", "403", "404", "405", "410", "429", "500", "502", "503", "504"}
)
PAGE_KINDS = frozenset({"html", "redirect", "empty200"})
CUT_KINDS = frozenset({"cut_before", "cut_after", "truncate"})
SLOW_KINDS = frozenset({"slow", "slow_loris"})
TRICK_KINDS = frozenset(
    {
        "endless",
        "duplicate",
        "reorder",
        "empty_page",
        "new_id",
        "no_extended",
        "no_state_element",
    }
)
STATE_KINDS = frozenset({"invalid_state", "expire_state"})
ERROR_KINDS = frozenset({"busy", "soap_fault", "item_error"})
KINDS = (
    STATUS_KINDS
    | PAGE_KINDS
    | CUT_KINDS
    | SLOW_KINDS
    | TRICK_KINDS
    | STATE_KINDS
    | ERROR_KINDS
)
FRAMINGS = frozenset({"content_length", "chunked", "close", "gzip", "reframed"})


@dataclass(slots=True, eq=False)
class FaultRule:
    """One ordered fault; `count` 0 means for ever."""

    kind: str
    operation: str = "*"
    mailbox: str | None = None
    nth: int = 1
    count: int = 1
    code: str = ""
    index: int | None = None
    back_off: float | None = None
    retry_after: str | None = None
    framing: str = "content_length"
    keep: int | float | None = None
    before_change: int | None = None
    seconds: float = 1.0
    bytes_per_second: float = 1.0
    after_act: bool = False
    seen: int = field(default=0)
    hits: int = field(default=0)

    def __post_init__(self) -> None:
        """Refuse what could never happen, rather than silently never happening."""
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {self.kind!r}")
        if self.framing not in FRAMINGS:
            raise ValueError(f"unknown framing: {self.framing!r}")
        if self.nth < 1 or self.count < 0:
            raise ValueError("nth counts from 1, count from 0")
        if self.kind in {"item_error", "soap_fault"} and not self.code:
            raise ValueError(f"{self.kind} needs a code")
        if self.mailbox is not None:
            self.mailbox = self.mailbox.lower()

    def matches(self, operation: str, mailbox: str | None) -> bool:
        """Tell whether this call counts for the rule at all."""
        return self.operation in {"*", operation} and (
            self.mailbox is None or self.mailbox == mailbox
        )

    def error(self) -> EwsError:
        """Return the error of the kinds busy, soap_fault, item_error, invalid_state."""
        code = self.code or "ErrorServerBusy"
        if self.kind == "invalid_state":
            code = "ErrorInvalidSyncStateData"
        values = {}
        if self.back_off is not None:
            values["BackOffMilliseconds"] = str(int(self.back_off * 1000))
        whole = self.kind in {"busy", "soap_fault"}
        return (SoapFault if whole else EwsError)(code, None, values)


class Faults:
    """The rules in force. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []

    def add(self, rule: FaultRule) -> FaultRule:
        """Put a rule in force; it counts calls from now on."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self, kind: str | None = None) -> None:
        """Take all rules back, or those of one kind."""
        with self._lock:
            self._rules = [one for one in self._rules if kind not in {None, one.kind}]

    def due(self, operation: str, mailbox: str | None) -> FaultRule | None:
        """Count a call and return the fault that is its turn, if any."""
        chosen: FaultRule | None = None
        with self._lock:
            for rule in self._rules:
                if not rule.matches(operation, mailbox):
                    continue
                turn = rule.seen + 1 - rule.nth
                strikes = turn >= 0 and (rule.count == 0 or turn < rule.count)
                if strikes and chosen is not None:
                    continue  # one fault per call; this one waits for the next
                rule.seen += 1
                if strikes:
                    rule.hits += 1
                    chosen = rule
        return chosen

    def listed(self) -> list[dict[str, Any]]:
        """Return the rules with how often each was seen and hit."""
        with self._lock:
            return [
                {
                    "kind": r.kind,
                    "operation": r.operation,
                    "mailbox": r.mailbox,
                    "nth": r.nth,
                    "count": r.count,
                    "seen": r.seen,
                    "hits": r.hits,
                }
                for r in self._rules
            ]
