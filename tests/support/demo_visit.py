"""The demo as a process, and somebody who visits it with a browser.

``visit`` starts it as ``make demo ARGS="--port N --no-browser"`` does and reads what it
prints: the address, the log-ins, the folder. The visitor signs in with a printed line.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from daemon_process import until
from served import driven, launched

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60
DOMAIN = "seeblick.example"
_LOG_IN = re.compile(r"^(\w+) (\S+) (GL|Administration|Werkstatt)$", re.MULTILINE)
_PAGES = re.compile(r"^Seiten: (http://127\.0\.0\.1:\d+) ", re.MULTILINE)
_FOLDER = re.compile(r"^Konfiguration und Datenbank von mailsync: (\S+)", re.MULTILINE)


@dataclass(slots=True)
class Demo:
    """A running demo, and what it has printed."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Read on: a full pipe would stop it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def url(self) -> str:
        found = _PAGES.search(self.text)
        return found[1] if found else ""

    @property
    def folder(self) -> Path:
        found = _FOLDER.search(self.text)
        assert found is not None
        return Path(found[1])

    def log_ins(self) -> dict[str, tuple[str, str]]:
        """Log-in and password by group, as they were printed."""
        return {group: (who, word) for who, word, group in _LOG_IN.findall(self.text)}

    def command(self, *words: str, fails: bool = False) -> str:
        """A command of an administrator beside it; ``fails``: it may end with 1."""
        done = subprocess.run(
            [sys.executable, "run_service.py", "--config", str(self.folder), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        allowed = {0, 1} if fails else {0}
        assert done.returncode in allowed, (words, done.stdout, done.stderr)
        return done.stdout

    def json(self, *words: str, fails: bool = False) -> Any:
        return json.loads(self.command(*words, "--json", fails=fails))

    def lines_of(self, *words: str) -> list[Any]:
        """What a command prints as one JSON object a line."""
        return [json.loads(line) for line in self.command(*words).splitlines()]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def demo(*options: str) -> Iterator[Demo]:
    """A demo of its own process group; nothing of it is left at the end."""
    process = subprocess.Popen(
        [sys.executable, "run_service.py", "--lang", "de", "demo", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env={name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")
             if name in os.environ} | {"LANG": "C.UTF-8"},
    )  # fmt: skip
    running = Demo(process)
    ears = threading.Thread(target=running.listen, daemon=True)
    ears.start()
    try:
        until(
            lambda: len(running.log_ins()) == 3 or process.poll() is not None,
            lambda: running.text,
        )
        assert running.url, running.text
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            ears.join(5)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            if process.stdout is not None:
                process.stdout.close()


@dataclass(slots=True)
class Visitor:
    """Somebody before a browser, signed in."""

    demo: Demo
    page: Any

    def open(self, path: str) -> str:
        """A page; what can be read on it."""
        answer = self.page.goto(self.demo.url + path)
        assert answer.status == 200, (path, answer.status)
        return str(self.page.inner_text("main"))

    def status(self, path: str) -> int:
        return int(self.page.goto(self.demo.url + path).status)

    def press(self, name: str, *, role: str = "button", within: str = "main") -> None:
        """The first control of this name; the page that follows is there then."""
        with self.page.expect_navigation():
            scope = self.page.locator(within)
            scope.get_by_role(role, name=name, exact=True).first.click()
        # A redirect to «…#part» counts as one before its page has come.
        self.page.wait_for_load_state("networkidle")

    def wait_for(self, path: str, sign: str) -> str:
        """Open a page until it says something."""
        seen: list[str] = []

        def is_there() -> bool:
            seen.append(self.open(path))
            return sign in seen[-1]

        until(is_there, lambda: f"{path} never says «{sign}»: {seen[-1][:1500]}")
        return seen[-1]

    def address(self, name: str) -> int:
        """The number in the address of a customer's page."""
        self.wait_for(f"/adressen?q={quote(name)}", name)
        link = self.page.get_by_role("link", name=name, exact=True).first
        found = re.search(r"/adressen/(\d+)", str(link.get_attribute("href")))
        assert found is not None
        return int(found[1])

    def outlook(self, person: str) -> str:
        """The simulated Outlook of a person."""
        return f"/demo?postfach={person}@{DOMAIN}"

    def in_part(self, person: str, part: str, wanted: Callable[[str], bool]) -> str:
        """Part of a person's Outlook (tasks, calendar, inbox), once it is right."""
        seen: list[str] = []

        def is_right() -> bool:
            self.open(self.outlook(person))
            section = self.page.locator(f"section[aria-labelledby=ol-{part}]")
            seen.append(str(section.inner_text()))
            return wanted(seen[-1])

        until(is_right, lambda: f"{part} of {person}: {seen[-1]}")
        return seen[-1]


@contextmanager
def visitor(running: Demo, group: str) -> Iterator[Visitor]:
    """Somebody signed in with the printed line of a group."""
    with driven() as driver, launched(driver) as browser:
        yield signed_in(running, browser, group)


@contextmanager
def colleague(guest: Visitor, group: str) -> Iterator[Visitor]:
    """Somebody else at the same machine, with a session of their own."""
    other = signed_in(guest.demo, guest.page.context.browser, group)
    yield other
    other.page.context.close()


def signed_in(running: Demo, browser: Any, group: str) -> Visitor:
    login, password = running.log_ins()[group]
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = Visitor(running, context.new_page())
    found.open("/anmelden")
    found.page.fill("#f-login", login)
    found.page.fill("#f-password", password)
    found.press("Anmelden")
    return found


def prove(guest: Visitor, path: str, group: str = "GL") -> str:
    """Open a page of «Verwaltung» that asks for the password once more."""
    guest.page.goto(guest.demo.url + path)
    if "/bestaetigen" in guest.page.url:
        guest.page.fill("#f-password", guest.demo.log_ins()[group][1])
        with guest.page.expect_navigation():
            guest.page.locator("main button[type=submit]").first.click()
    return str(guest.page.inner_text("main"))
