"""Where a run works, how sides take turns, what a measurement gives.

Sides that are compared take turns inside one run; a figure is the median of the rounds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.sizes import Sizes

MS = 1000.0

Once = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run works: the server's address, a folder on a real disk, how much."""

    server: str
    folder: Path
    sizes: Sizes

    def endpoint(self, flavour: str, upto: int, latency: int = 0) -> str:
        """An EWS address whose Inbox holds ``upto`` mails of this flavour."""
        return f"{self.server}/{flavour}/{upto}/{latency}/EWS/Exchange.asmx"


@dataclass(slots=True)
class Measured:
    """Figures by name, the details behind them, and what could not be measured."""

    figures: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Measured") -> None:
        """Take another measurement in."""
        self.figures |= other.figures
        self.details |= other.details
        self.skipped |= other.skipped


def in_turn(
    count: int, variants: Mapping[str, Once]
) -> dict[str, list[dict[str, Any]]]:
    """Each variant once per round, one after the other."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in variants}
    for _ in range(count):
        for name, once in variants.items():
            found[name].append(once())
    return found


def per_message(rounds: Sequence[dict[str, Any]], what: str = "cpu") -> float:
    """Median of milliseconds per message."""
    return float(median(one[what] / one["messages"] * MS for one in rounds))


def spread(rounds: Sequence[dict[str, Any]], what: str = "cpu") -> list[float]:
    """Least and most of the same."""
    each = [one[what] / one["messages"] * MS for one in rounds]
    return [min(each), max(each)]
