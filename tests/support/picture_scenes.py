"""The pictures of the documentation, as acts of somebody who visits the demo.

``paint`` starts the demo with a fixed seed, goes from page to page and keeps what a
browser of 1280 px shows, with the words that can be read in each picture. Names with
``demo-`` are the picture story, the others belong to docs/*.de.md. Only the dates
differ from one day to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from daemon_process import until
from demo_visit import Demo, Visitor, colleague, demo, free_port, prove, visitor
from PIL import Image

SEED, SPEED = "7", "100"
WIDTH = 1280
LARGEST = 120_000  # bytes
COLOURS = 128  # a page has few; the file is a third
TALLEST = 1000
FIRST_CLICKS, ANSWERS = "5  Zweimal", "7  Beteiligte"  # what comes after them
MARGIN = 16  # above the part that begins a picture

CUSTOMER, QUESTION = "Hans Huber", "Fender und Leinen dazu?"
ON_ITS_WAY = "Der Inhalt wird geholt"
TASK, DAY = "Rumpffarbe bestätigen", "+5"
ADDRESSES = (
    "Kundennr.;Name;Strasse;PLZ;Ort;E-Mail;Typ\r\n"
    "20417;Seerettung Thun;Seestrasse 4;3600;Thun;einsatz@seerettung.example;Amt\r\n"
    "20418;Hans Huber;Ländteweg 12;3700;Spiez;hans.huber@blaupost.example;Kunde\r\n"
    "20419;Bootsverleih Egli;Quai 9;3800;Interlaken;egli(at)verleih.example;Kunde\r\n"
).encode()
WORDS_IN_VIEW = """height => {
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (all.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(all.currentNode);
    const box = range.getBoundingClientRect();
    if (box.width > 1 && box.top >= 0 && box.bottom <= height
        && all.currentNode.parentElement.checkVisibility()) {
      seen.push(all.currentNode.textContent.trim());
    }
  }
  return seen.join(" ").replace(/\\s+/g, " ");
}"""


@dataclass(slots=True)
class Painter:
    """Somebody with a browser who keeps what it shows. ``seen``: words by picture."""

    guest: Visitor
    folder: Path
    seen: dict[str, str] = field(default_factory=dict)
    entry: str = ""

    def keep(self, name: str, height: int = 800) -> None:
        """The window as it stands, from its top to this height."""
        page = self.guest.page
        page.mouse.move(0, 0)
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
        taken = page.screenshot(animations="disabled", clip=clip)
        picture = Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS)
        picture.save(self.folder / f"{name}.png", optimize=True)
        self.seen[name] = str(page.evaluate(WORDS_IN_VIEW, height))

    def top(self, place: str) -> None:
        """Scroll so that a part of the page begins at the top."""
        self.guest.page.evaluate(
            "([place, margin]) => scrollTo({behavior: 'instant', top: scrollY - margin"
            " + document.querySelector(place).getBoundingClientRect().top})",
            [place, MARGIN],
        )


def paint(folder: Path) -> dict[str, str]:
    """Draw all of them into a folder; by name, the words that can be read."""
    folder.mkdir(parents=True, exist_ok=True)
    port = str(free_port())
    options = ("--seed", SEED, "--speed", SPEED, "--port", port, "--no-browser")
    with demo(*options) as told, visitor(told, "GL") as guest:
        guest.page.set_viewport_size({"width": WIDTH, "height": TALLEST})
        painter = Painter(guest, folder)
        for heading, scenes in SCENES.items():
            come_so_far(told, heading)
            for scene in scenes:
                scene(painter)
    return painter.seen


def come_so_far(told: Demo, heading: str) -> None:
    """Until the demo has told its story up to a heading."""
    for _ in range(10):  # it takes a few minutes on a busy machine
        try:
            until(lambda: heading in told.text, lambda: told.text[-2000:])
        except AssertionError:
            continue
        return
    raise AssertionError(told.text)


# -- what does not depend on mail ------------------------------------------------------


def taxonomy(painter: Painter) -> None:
    """Three levels, with keywords and suggested tasks."""
    prove(painter.guest, "/verwaltung/gruppen-tags")
    painter.keep("gruppen-tags", 920)


def rights(painter: Painter) -> None:
    """The matrix: what a group may, which entries, which mail."""
    prove(painter.guest, "/verwaltung/benutzer/gruppen")
    painter.keep("gruppen-rechte", 900)


def preview(painter: Painter) -> None:
    """What an import would do, row by row: new, changed, refused."""
    guest, page = painter.guest, painter.guest.page
    guest.wait_for(f"/adressen?q={CUSTOMER}", CUSTOMER)
    guest.open("/verwaltung/import")
    file = {"name": "adressen.csv", "mimeType": "text/csv", "buffer": ADDRESSES}
    page.set_input_files("#f-file", file)
    guest.press("Vorschau ansehen")
    painter.keep("import", 760)


def privacy(painter: Painter) -> None:
    """What is read of the own mailbox, and who sees it."""
    painter.guest.open("/datenschutz")
    painter.keep("datenschutz")


# -- once tasks have been written, and clicked in Outlook ------------------------------


def whole_entry(painter: Painter) -> None:
    """An entry with everything that can stand on one."""
    guest = painter.guest
    guest.open("/eintraege?q=Gelcoatschaden")
    guest.press("Gelcoatschaden Seeschwalbe", role="link")
    painter.keep("eintrag", TALLEST)


def triage(painter: Painter) -> None:
    """The list with suggestions, each with its why."""
    painter.guest.open("/nicht-zugeordnet")
    painter.keep("nicht-zugeordnet")


def board(painter: Painter) -> None:
    """Overdue, today, this week, later; with what was changed in Outlook."""
    painter.guest.open("/aufgaben")
    painter.keep("aufgaben", 900)


def work(painter: Painter) -> None:
    """What a colleague sees first in the morning."""
    with colleague(painter.guest, "Administration") as other:
        other.page.set_viewport_size({"width": WIDTH, "height": TALLEST})
        other.open("/")
        Painter(other, painter.folder, painter.seen).keep("meine-arbeit", 900)


def outlook(painter: Painter) -> None:
    """The other side: what lies in a colleague's mailbox."""
    painter.guest.open(painter.guest.outlook("keller"))
    painter.keep("outlook")


def mailboxes(painter: Painter) -> None:
    """Which are read, since when not, and why."""
    prove(painter.guest, "/verwaltung/postfaecher")
    painter.keep("postfaecher", 860)


# -- the picture story -----------------------------------------------------------------


def entry(painter: Painter) -> None:
    """Answers have linked themselves, each with its reason."""
    guest = painter.guest
    guest.open("/eintraege?q=Seeschwalbe")
    guest.press("Neue Seeschwalbe", role="link")
    painter.entry = guest.page.url.removeprefix(guest.demo.url).partition("#")[0]
    until(lambda: ON_ITS_WAY not in guest.open(painter.entry), lambda: ON_ITS_WAY)
    painter.keep("demo-1-eintrag")
    painter.top("#verlauf")
    painter.keep("demo-2-grund")


def unassigned(painter: Painter) -> None:
    """What nobody has placed waits, with a suggestion where there is one."""
    guest, page = painter.guest, painter.guest.page
    guest.open(guest.outlook("verkauf"))
    page.select_option("#f-writer", label=CUSTOMER)
    page.fill("#f-subject", QUESTION)
    guest.press("An Werft Seeblick Verkauf senden")
    guest.wait_for("/nicht-zugeordnet", QUESTION)
    painter.keep("demo-3-nicht-zugeordnet")


def task(painter: Painter) -> None:
    """A task is assigned, and lies in the colleague's Outlook."""
    guest, page = painter.guest, painter.guest.page
    guest.open(painter.entry)
    page.fill("#f-title", TASK)
    page.fill("#f-when", DAY)
    page.select_option("#f-employee", "keller")
    guest.press("Hinzufügen", within="#neue-aufgabe")
    guest.in_part("keller", "tasks", lambda text: TASK in text)
    painter.keep("demo-4-outlook")


def drift(painter: Painter) -> None:
    """Done there: shown here, and adopted with one press."""
    guest, page = painter.guest, painter.guest.page
    with page.expect_navigation():
        item = page.locator(".outlook-item", has_text=TASK)
        item.get_by_role("button", name="Erledigen").click()
    guest.wait_for(painter.entry, "im Outlook erledigt")
    painter.top("#beteiligte")
    painter.keep("demo-5-abweichung")


Scene = Callable[[Painter], None]
SCENES: dict[str, tuple[Scene, ...]] = {  # what the demo has told by then -> scenes
    "": (taxonomy, rights, preview, privacy),
    FIRST_CLICKS: (mailboxes, whole_entry, triage, board, work, outlook),
    ANSWERS: (entry, unassigned, task, drift),
}
