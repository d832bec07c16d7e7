"""The pages, as a child process, and who may sign in to them.

What the pages know of the demonstration stands in one file that only we may read: the
sandbox's control endpoint, the mailboxes, the log-ins. Passwords are new at every start.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import choice, randbelow
from subprocess import Popen
from urllib.request import ProxyHandler, build_opener

from mailsync.demo.children import ChildFailed, Children
from mailsync.demo.company import GROUPS

_WORDS = (
    "anker", "barke", "boje", "bugwelle", "fender", "forelle", "gischt", "hafen",
    "kompass", "leine", "luv", "mole", "pinne", "poller", "reling", "ruder", "segel",
    "steg", "sturm", "ufer", "wanten", "winsch",
)  # fmt: skip
_NAME = "web"
_SERVED_AT = re.compile(r"https?://\S+")
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class LogIn:
    """Somebody of the boatyard who may sign in."""

    login: str
    password: str
    group: str

    @property
    def line(self) -> str:
        """As it is printed: log-in, password, group."""
        return f"{self.login} {self.password} {self.group}"


def new_log_ins() -> tuple[LogIn, ...]:
    """One of each group, with a password nobody knew before."""
    order = ("GL", "Administration", "Werkstatt")
    people = sorted(GROUPS.items(), key=lambda one: order.index(one[1]))
    return tuple(LogIn(who, _password(), group) for who, group in people)


def _password() -> str:
    return f"{choice(_WORDS)}-{choice(_WORDS)}-{randbelow(9000) + 1000}"


def private_file(path: Path, text: str) -> Path:
    """A file that nobody else may read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)
    return path


def write_demo_file(
    folder: Path, control: str, mailboxes: Iterable[str], log_ins: Sequence[LogIn]
) -> Path:
    """What ``web --demo`` reads."""
    content = {
        "control_url": control,
        "mailboxes": list(mailboxes),
        "accounts": [[one.login, one.password, one.group] for one in log_ins],
    }
    return private_file(folder / "demo.json", json.dumps(content))


def start_pages(
    children: Children, product: Sequence[str], demo: Path, port: int
) -> Popen[str]:
    """Start the web process."""
    listen = f"127.0.0.1:{port}"
    words = [*product, "web", "--listen", listen, "--demo", str(demo)]
    return children.start(_NAME, words, speaks=True)


def served_at(children: Children, child: Popen[str]) -> str:
    """The address of the pages, once the first one has been answered.

    Raises ChildFailed if the process cannot listen there.
    """
    line = child.stdout.readline() if child.stdout else ""
    found = _SERVED_AT.search(line)
    if found is None:
        raise ChildFailed(f"{_NAME}: {children.last_words(_NAME)}")
    _first_page(children, found[0])
    return found[0]


def _first_page(children: Children, url: str) -> None:
    opener = build_opener(ProxyHandler({}))
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with opener.open(f"{url}/anmelden", timeout=_PATIENCE):
                return
        except OSError:
            children.check()
            if time.monotonic() > end:
                raise ChildFailed(f"{_NAME}: {children.last_words(_NAME)}") from None
            time.sleep(0.05)
