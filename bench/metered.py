"""A port that notes what its calls cost, around the real one.

It tells the stages of a poll apart without touching the product: what is spent inside
``changes`` and ``fetch`` is the adapter's, the rest is the CRM's. The clock is read a
few times a page.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.usage import cpu_seconds
from mailsync.port import Detail, Fetched, FolderRef, ItemRef, Page, PortFactory


@dataclass(slots=True)
class Meter:
    """CPU seconds by stage; ``content_from`` = when linked content was first asked."""

    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)
    content_from: float | None = None


class MeteredPort:
    """``MailboxPort`` by delegation."""

    def __init__(self, port: Any, meter: Meter) -> None:
        self._port = port
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def changes(self, folder: FolderRef, token: str | None) -> Page:
        before = cpu_seconds()
        page: Page = self._port.changes(folder, token)
        self._note("sync", before)
        return page

    def fetch(self, refs: Sequence[ItemRef], detail: Detail) -> Fetched:
        before = cpu_seconds()
        if detail is Detail.CONTENT and self._meter.content_from is None:
            self._meter.content_from = before
        fetched: Fetched = self._port.fetch(refs, detail)
        self._note("content" if detail is Detail.CONTENT else "fetch", before)
        return fetched

    def _note(self, stage: str, before: float) -> None:
        self._meter.spent[stage] += cpu_seconds() - before
        self._meter.calls[stage] += 1


def metered(port: PortFactory, meter: Meter) -> PortFactory:
    """A factory whose ports write into ``meter``."""

    def opened(address: str) -> Any:
        return MeteredPort(port(address), meter)

    return opened
