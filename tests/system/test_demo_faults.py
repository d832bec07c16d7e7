"""The demo's switches: each shows on the page of the mailboxes, and ends again."""

from collections.abc import Iterator
from typing import Any

import pytest
from daemon_process import until
from demo_visit import DOMAIN, Demo, Visitor, demo, free_port, visitor

KELLER = f"keller@{DOMAIN}"
WAITS = 120.0  # what was off for long is tried again only after a while
# What the state of the mailbox becomes; the button, and the one that ends it.
LASTING = {
    "E221": ("Exchange drosseln", "Nicht mehr drosseln"),
    "E211": ("Recht entziehen", "Recht zurückgeben"),
    "E223": ("Exchange ausschalten", "Exchange einschalten"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    with demo("--port", str(free_port()), "--no-browser") as found:
        yield found


@pytest.fixture
def guest(running: Demo) -> Iterator[Visitor]:
    with visitor(running, "GL") as found:
        yield found


def keller(running: Demo) -> dict[str, Any]:
    """How the mailbox fares; «status» ends with 1 while something is wrong."""
    boxes = running.json("status", fails=True)["mailboxes"]
    return next(dict(one) for one in boxes if one["address"] == KELLER)


def wait_for_state(running: Demo, wanted: str) -> None:
    seen: list[str] = []

    def is_there() -> bool:
        seen.append(str(keller(running)["state"]))
        return seen[-1] == wanted

    until(is_there, lambda: f"{KELLER} stays {seen[-1]!r}, not {wanted!r}", WAITS)


@pytest.mark.parametrize("code", sorted(LASTING))
def test_a_fault_is_seen_in_the_product_and_ends_with_its_button(
    running: Demo, guest: Visitor, code: str
) -> None:
    strike, heal = LASTING[code]
    wait_for_state(running, "ok")
    guest.open(guest.outlook("keller"))
    guest.press(strike)
    wait_for_state(running, code)
    guest.open(guest.outlook("keller"))
    guest.press(heal)
    wait_for_state(running, "ok")


def test_an_invalid_sync_state_reads_anew_and_doubles_nothing(
    running: Demo, guest: Visitor
) -> None:
    wait_for_state(running, "ok")
    before = known_mails(running)
    guest.open(guest.outlook("keller"))
    guest.press("Sync-Stand ungültig machen")
    wait_for_state(running, "ok")
    after = known_mails(running)
    assert before
    assert before <= after
    assert len({one for one, _ in after}) == len(after)


def known_mails(running: Demo) -> set[tuple[str, int]]:
    """Message-ID and number of copies in Keller's mailbox."""
    lines = running.lines_of("export", "messages")
    return {
        (one["message_id"], one["mailboxes"].count(KELLER))
        for one in lines
        if KELLER in one["mailboxes"]
    }
