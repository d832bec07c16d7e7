"""The boundaries between two effects, by name, where a process may die.

``step`` does nothing in production. The crash tests put a hook there that raises at the
n-th boundary, so that «killed at every step» is counted, not claimed. A step is called
*after* the effect it names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _nothing(_name: str) -> None:
    """Production."""


_hook: Callable[[str], None] = _nothing


def step(name: str) -> None:
    """One effect is done, the next one is not begun."""
    _hook(name)


@contextmanager
def use(hook: Callable[[str], None]) -> Iterator[None]:
    """Run with a hook at every boundary (tests)."""
    global _hook  # noqa: PLW0603 - the one place where the hook is swapped
    before, _hook = _hook, hook
    try:
        yield
    finally:
        _hook = before
