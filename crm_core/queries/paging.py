"""Pages of a list, by keyset: what follows the last row shown, never an offset.

A page costs the same however deep it lies, and rows that arrive meanwhile shift
nothing. The cursor is readable text («?vor=2026-11-24T08:00:00.000Z~17») and holds
nothing secret: it is checked like any other input.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from crm_core.errors import Invalid

PAGE = 25
MOST = 500  # rows of one page, whoever asks

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in order; ``before`` is the cursor of the next page, None at the end."""

    rows: tuple[T, ...]
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row shown: the value it is sorted by, and its id."""

    value: str
    id: int

    def __str__(self) -> str:
        """The form that stands in an address."""
        return f"{self.value}~{self.id}"


def parse(text: str | None) -> Cursor | None:
    """Back from an address; None for no cursor, Invalid for anything else."""
    if not text:
        return None
    value, mark, last = text.rpartition("~")
    if not mark or not last.isdecimal() or len(text) > 1_000 or "\0" in text:
        raise Invalid("vor", "cursor", "this page does not exist")
    number = int(last)
    if number >= 2**31:
        raise Invalid("vor", "cursor", "this page does not exist")
    return Cursor(value, number)


def limited(limit: int) -> int:
    """How many rows to ask for: one more than wanted tells whether there are more."""
    return max(1, min(limit, MOST)) + 1


def cut(
    rows: Sequence[R], limit: int, cursor: Callable[[R], tuple[Any, int]]
) -> tuple[Sequence[R], str | None]:
    """The rows of the page, and the cursor of the next one if there is any."""
    kept = rows[: limited(limit) - 1]
    if len(rows) <= len(kept):
        return kept, None
    value, id_ = cursor(kept[-1])
    return kept, str(Cursor(str(value), id_))
