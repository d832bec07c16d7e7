"""How often somebody pressed: trusted ``pointerdown`` events, over page changes.

``click`` would count a label and its field twice.
"""

from typing import Any

COUNTER = """
addEventListener("pointerdown", (event) => {
  if (!event.isTrusted) return;
  sessionStorage.presses = Number(sessionStorage.presses ?? 0) + 1;
}, true);
"""


def count_from_now(page: Any) -> None:
    """Needs ``COUNTER`` as an init script of the page."""
    page.evaluate("sessionStorage.presses = 0")


def presses(page: Any) -> int:
    """Since ``count_from_now``."""
    return int(page.evaluate("sessionStorage.presses ?? 0"))
