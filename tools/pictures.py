"""The picture story of the demo, drawn anew: docs/bilder/demo-*.png.

Starts the demo with a fixed seed, does what the captions say, and keeps what a browser
of 1280 px shows. Only the dates differ from one day to the next. Run by
``make pictures``, with the tests' own means of visiting a demo.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from daemon_process import until
from demo_visit import Demo, Visitor, demo, free_port, visitor
from PIL import Image

FOLDER = Path(__file__).parents[1] / "docs" / "bilder"
SEED = "7"
LARGEST = 150_000  # bytes
COLOURS = 128  # a page has few; the file is a third
HEIGHT = 800
AFTER_THE_ANSWERS = "7  Beteiligte"
CUSTOMER, QUESTION = "Hans Huber", "Fender und Leinen dazu?"
TASK, DAY = "Rumpffarbe bestätigen", "+5"


@dataclass(slots=True)
class Painter:
    """Somebody with a browser who keeps what it shows."""

    guest: Visitor
    entry: str = ""

    def keep(self, name: str) -> None:
        """The window as it stands, no more than may be."""
        file = FOLDER / f"demo-{name}.png"
        seen = Image.open(BytesIO(self.guest.page.screenshot(animations="disabled")))
        seen.convert("RGB").quantize(COLOURS).save(file, optimize=True)
        size = file.stat().st_size
        print(f"{file.name}: {size // 1000} kB")
        if size > LARGEST:
            raise SystemExit(f"{file.name} is too large: {size} bytes")

    def top(self, place: str) -> None:
        """Scroll so that a part of the page begins at the top."""
        self.guest.page.evaluate(
            "place => document.querySelector(place).scrollIntoView("
            "{behavior: 'instant'})",
            place,
        )


def entry(painter: Painter) -> None:
    """Answers have linked themselves, each with its reason."""
    guest = painter.guest
    guest.open("/eintraege?q=Seeschwalbe")
    guest.press("Neue Seeschwalbe", role="link")
    painter.entry = guest.page.url.removeprefix(guest.demo.url).partition("#")[0]
    painter.keep("1-eintrag")
    painter.top("#verlauf")
    painter.keep("2-grund")


def unassigned(painter: Painter) -> None:
    """What nobody has placed waits, with a suggestion where there is one."""
    guest, page = painter.guest, painter.guest.page
    guest.open(guest.outlook("verkauf"))
    page.select_option("#f-writer", label=CUSTOMER)
    page.fill("#f-subject", QUESTION)
    guest.press("An Werft Seeblick Verkauf senden")
    guest.wait_for("/nicht-zugeordnet", QUESTION)
    painter.keep("3-nicht-zugeordnet")


def task(painter: Painter) -> None:
    """A task is assigned, and lies in the colleague's Outlook."""
    guest, page = painter.guest, painter.guest.page
    guest.open(painter.entry)
    page.fill("#f-title", TASK)
    page.fill("#f-when", DAY)
    page.select_option("#f-employee", "keller")
    guest.press("Hinzufügen", within="#neue-aufgabe")
    guest.in_part("keller", "tasks", lambda text: TASK in text)
    painter.keep("4-outlook")


def drift(painter: Painter) -> None:
    """Done there: shown here, and adopted with one press."""
    guest, page = painter.guest, painter.guest.page
    with page.expect_navigation():
        item = page.locator(".outlook-item", has_text=TASK)
        item.get_by_role("button", name="Erledigen").click()
    guest.wait_for(painter.entry, "im Outlook erledigt")
    painter.top("#beteiligte")
    painter.keep("5-abweichung")


STORY: tuple[Callable[[Painter], None], ...] = (entry, unassigned, task, drift)


def main() -> int:
    """Draw all of them; 0 unless one is missing or too large."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = str(free_port())
    with demo("--seed", SEED, "--speed", "20", "--port", port, "--no-browser") as told:
        wait_for(told, AFTER_THE_ANSWERS)
        with visitor(told, "GL") as guest:
            guest.page.set_viewport_size({"width": 1280, "height": HEIGHT})
            painter = Painter(guest)
            for scene in STORY:
                scene(painter)
    return 0


def wait_for(told: Demo, heading: str) -> None:
    """Until the story has come so far."""
    for _ in range(10):  # it takes a few minutes on a slow machine
        try:
            until(lambda: heading in told.text, lambda: told.text[-2000:])
        except AssertionError:
            continue
        return
    raise SystemExit(told.text)


if __name__ == "__main__":
    sys.exit(main())
