"""Browser → web process → database → daemon → EWS → mailbox, and all the way back.

Four real processes: a simulated Exchange, the daemon, the pages, Chromium. Nothing of
the product runs in this one; what lies in the mailbox is read from the Exchange's
control endpoint, what the CRM believes from the page. The whole way is gone in German
and English.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import apsw
import pytest
from both_languages import in_english
from daemon_process import until
from installation import Installation, install
from pages import PASSWORD
from sandbox_process import SandboxProcess, sandbox_process
from served import signed_in

SALES, KELLER = "verkauf@werft.example", "keller@werft.example"
ZONE = ZoneInfo("Europe/Zurich")
PERSON = "kind: person, informed: 2026-01-05, staff_groups: [Administration]"
MAILBOXES = (
    f"{{address: {SALES}, kind: shared}}",
    f"{{address: {KELLER}, name: M. Keller, {PERSON}, tasks: true, calendar: true}}",
)


@dataclass(slots=True)
class Company:
    """Its processes, and an entry to work with."""

    exchange: SandboxProcess
    daemon: "subprocess.Popen[str]"
    url: str
    entry: int
    file: Path

    def items(self, folder: str, title: str) -> list[dict[str, Any]]:
        """The properties of what Keller's folder holds under this title."""
        query = urlencode({"mailbox": KELLER, "folder": folder})
        found = self.exchange.ask("GET", f"/items?{query}")["items"]
        return [
            {**one["properties"], "id": one["id"]}
            for one in found
            if title in one["properties"]["Subject"]
        ]


@contextmanager
def running(made: Installation, *words: str) -> "Iterator[subprocess.Popen[str]]":
    """A process of the program; killed at the end."""
    process = made.start(*words, LANG="C.UTF-8")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("chain")
    with sandbox_process([SALES, KELLER]) as exchange:
        made = install(folder, exchange.url, MAILBOXES, service="poll: 2\n")
        made.run("migrate")
        entry = people_and_entry(made, folder)
        with (
            running(made, "run") as daemon,
            running(made, "web", "--listen", "127.0.0.1:0") as web,
        ):
            assert web.stdout is not None
            url = web.stdout.readline().split()[-1]
            yield Company(exchange, daemon, url, entry, folder / "mailsync.db")
        ledger = exchange.ledger()
        assert (ledger["crashes"], ledger["client_faults"]) == ([], [])
        assert (ledger["send_verbs"], ledger["invitations_sent"]) == (0, 0)


def people_and_entry(made: Installation, folder: Path) -> int:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    made.json("user", "add", "keller", "--group", "GL", "--password-file", str(secret))
    words = ("--name", "Hans Meier", "--kind", "customer")
    address = made.json("address", "add", *words)["id"]
    return int(
        made.json(
            "entry", "new", "--address", str(address), "--subtag", "offerte",
            "--title", "Motorboot",
        )["number"]
    )  # fmt: skip


@pytest.fixture
def language(request: pytest.FixtureRequest) -> str:
    """German, unless a test names its own."""
    return str(getattr(request, "param", "de"))


@pytest.fixture
def page(company: Company, chromium: Any, language: str) -> Iterator[Any]:
    """Keller's, in this language, chosen at the foot of the page as anybody does."""
    with signed_in(chromium, company.url, "keller") as found:
        found.goto(f"{company.url}/eintraege/{company.entry}")
        name = {"de": "Deutsch", "en": "English"}[language]
        with found.expect_navigation():
            found.get_by_role("button", name=name, exact=True).click()
        assert found.locator(f"html[lang^={language}]").count() == 1
        yield found


def hold_still(company: Company) -> None:
    """Stop the daemon between two of its transactions: in the midst of one it would
    keep the database from everybody.
    """
    own = apsw.Connection(str(company.file))
    own.set_busy_timeout(10_000)
    own.execute("BEGIN IMMEDIATE")  # after its transaction; the next one waits
    company.daemon.send_signal(signal.SIGSTOP)
    os.waitpid(company.daemon.pid, os.WUNTRACED)  # until all its threads stand
    own.execute("ROLLBACK")
    own.close()


def in_days(days: int) -> str:
    return f"{datetime.now(ZONE) + timedelta(days=days):%d.%m.%Y}"


def assign(company: Company, page: Any, title: str, when: str, kind: str) -> None:
    """«Neue Aufgabe» to oneself, as somebody types and presses it."""
    page.goto(f"{company.url}/eintraege/{company.entry}")
    page.fill("#f-title", title)
    page.fill("#f-when", when)
    page.check(f"#kind-{kind}")
    with page.expect_navigation():
        page.click("#neue-aufgabe button[type=submit]")
    assert title in page.inner_text("main")


def task(page: Any, title: str) -> Any:
    """Its line on the entry's page."""
    return page.locator(".task", has_text=title).first


def badge(company: Company, page: Any, title: str) -> str:
    """The state of its copy, as the page says now."""
    page.goto(f"{company.url}/eintraege/{company.entry}")
    shown = task(page, title).locator("[data-state]")
    return str(shown.get_attribute("data-state")) if shown.count() else ""


def wait_for_badge(company: Company, page: Any, title: str, wanted: str) -> None:
    seen: list[str] = []

    def is_there() -> bool:
        seen.append(badge(company, page, title))
        return seen[-1] == wanted

    until(is_there, lambda: f"«{title}» stays {seen[-1]!r}, not {wanted!r}")


def wait_for_item(
    company: Company,
    folder: str,
    title: str,
    right: Callable[[dict[str, Any]], bool] = bool,
) -> dict[str, Any]:
    """The one item of this title, once it is right."""
    seen: list[list[dict[str, Any]]] = []

    def is_there() -> bool:
        seen.append(company.items(folder, title))
        return len(seen[-1]) == 1 and right(seen[-1][0])

    until(is_there, lambda: f"«{title}» in {folder}: {seen[-1]}")
    return seen[-1][0]


@pytest.mark.parametrize("language", ["de", "en"], indirect=True)
def test_a_task_arrives_is_completed_there_and_adopted_with_one_click(
    company: Company, page: Any, language: str
) -> None:
    say = in_english if language == "en" else str
    title = {"de": "Boot bestellen", "en": "Order the boat"}[language]
    assign(company, page, title, in_days(5), "bis")
    there = wait_for_item(company, "tasks", title)
    assert there["Status"] != "Completed"
    assert there["DueDate"][:10] == f"{datetime.now(ZONE) + timedelta(days=5):%Y-%m-%d}"
    wait_for_badge(company, page, title, "written")
    wanted = {"mailbox": KELLER, "act": "complete", "item_id": there["id"]}
    company.exchange.ask("POST", "/act", wanted)
    wait_for_badge(company, page, title, "drift")
    line = task(page, title)
    assert say("im Outlook erledigt") in line.inner_text()
    assert "done" not in str(line.get_attribute("class")).split()  # nothing adopted
    with page.expect_navigation():
        line.get_by_role("button", name=say(f"Übernehmen: {title}")).click()
    assert "done" in str(task(page, title).get_attribute("class")).split()
    wait_for_badge(company, page, title, "written")
    assert wait_for_item(company, "tasks", title)["Status"] == "Completed"


def test_a_day_and_time_become_an_appointment(company: Company, page: Any) -> None:
    title = "Probefahrt"
    assign(company, page, title, f"{in_days(6)} 14:00", "am")
    there = wait_for_item(company, "calendar", title)
    start = datetime.fromisoformat(there["Start"]).astimezone(ZONE)
    assert f"{start:%d.%m.%Y %H:%M}" == f"{in_days(6)} 14:00"
    assert company.items("tasks", title) == []
    wait_for_badge(company, page, title, "written")
    assert "im Kalender" in task(page, title).inner_text()


def test_done_in_the_crm_is_completed_in_outlook(company: Company, page: Any) -> None:
    title = "Beim Kunden nachfragen"
    assign(company, page, title, in_days(3), "bis")
    wait_for_item(company, "tasks", title, lambda one: one["Status"] != "Completed")
    wait_for_badge(company, page, title, "written")
    with page.expect_navigation():
        task(page, title).get_by_role("button", name=f"Erledigt: {title}").click()
    done = wait_for_item(
        company, "tasks", title, lambda one: one["Status"] == "Completed"
    )
    assert done["PercentComplete"] == 100


def test_without_the_daemon_nothing_arrives(company: Company, page: Any) -> None:
    """Red control: it is the daemon that carries it, and the page knows."""
    title = "Kran reservieren"
    hold_still(company)
    try:
        assign(company, page, title, in_days(4), "bis")
        assert badge(company, page, title) == "pending"
        assert company.items("tasks", title) == []
    finally:
        company.daemon.send_signal(signal.SIGCONT)
    wait_for_item(company, "tasks", title)
