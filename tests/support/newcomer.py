"""What a newcomer does in the demo, as acts that several sentences need."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from demo_visit import Visitor


@dataclass(slots=True)
class Story:
    """The visitor, and the numbers that came up on the way."""

    guest: Visitor
    entry: int = 0
    customer: int = 0

    @property
    def path(self) -> str:
        return f"/eintraege/{self.entry}"

    def mail_from(self, name: str, subject: str) -> None:
        """The demo's button «E-Mail vom Kunden senden»."""
        page = self.guest.page
        self.guest.open(self.guest.outlook("verkauf"))
        page.select_option("#f-writer", label=name)
        page.fill("#f-subject", subject)
        self.guest.press("An Werft Seeblick Verkauf senden")

    def link(self, what: str, sign: str, box: str) -> None:
        """A link dialog of the entry as a page: wait for the row, tick it, press."""
        self.guest.wait_for(f"{self.path}/{what}", sign)
        self.guest.page.locator(".pick li", has_text=sign).get_by_role(box).check()
        people = what.startswith("beteiligte")
        self.guest.press("Hinzufügen" if people else "Verlinken")

    def assign(self, title: str, who: str, day: str, kind: str = "bis") -> None:
        page = self.guest.page
        self.guest.open(self.path)
        page.fill("#f-title", title)
        page.fill("#f-when", day)
        page.select_option("#f-employee", who)
        page.check(f"#kind-{kind}")
        self.guest.press("Hinzufügen", within="#neue-aufgabe")

    def state(self, title: str) -> str:
        """What the badge of a task says now."""
        self.guest.open(self.path)
        line = self.guest.page.locator(".task", has_text=title).first
        return str(line.locator("[data-state]").inner_text())


def choose_subtag(guest: Visitor, key: str) -> None:
    """Type three letters and pick; without the script it is a plain choice."""
    typed = guest.page.locator("input[role=combobox]")
    if typed.count():
        typed.first.press_sequentially(key[:4])
        guest.page.locator("[role=option]", has_text=key.capitalize()).first.click()
    else:
        guest.page.select_option("#f-subtag", key)


def in_days(days: int) -> str:
    return f"{datetime.now().astimezone() + timedelta(days=days):%d.%m.%Y}"
