"""Whether the running jobs get on: progress counts, not duration.

A first sync may take hours, so a job is stuck only when it has passed no step (an
answered request, a committed page; see ``steps``) for too long. The watchdog asks here.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 600.0  # seconds without a step


class Progress:
    """Which job runs in which thread, and when it last got on. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[int, tuple[str, float]] = {}

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """The calling thread runs this job now."""
        thread = threading.get_ident()
        with self._lock:
            self._running[thread] = (name, self._clock())
        try:
            yield
        finally:
            with self._lock:
                del self._running[thread]

    def step(self, _name: str) -> None:
        """The calling thread's job has got on (a hook of ``steps``)."""
        thread = threading.get_ident()
        with self._lock:
            known = self._running.get(thread)
            if known is not None:
                self._running[thread] = (known[0], self._clock())

    def stuck(self, patience: float = PATIENCE) -> list[str]:
        """The jobs that have passed no step for ``patience`` seconds."""
        now = self._clock()
        with self._lock:
            return sorted(
                name for name, at in self._running.values() if now - at > patience
            )
