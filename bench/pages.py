"""How long pages take with 100,000 mails, while the daemon ingests new ones.

The product's own processes on one database: ``mailsync web`` over loopback HTTP,
``mailsync run`` with a mailbox into which mail keeps coming. **Server time** is what the
client waits, from the request to the last byte, on one connection kept alive: waitress,
the session, the queries, the template. One request at a time; every screen once a round,
for GL and for Werkstatt, in a drawn order.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any
from urllib.parse import quote, urlsplit

from bench import office, report, web
from bench.company import PostgresDatabases, SqliteFiles, Store
from bench.idle import daemon, ledger
from bench.landmarks import Landmarks
from bench.rounds import MS, Measured, Site
from bench.screens import ENTRY, LIST, SEARCH, TRIAGE, Screen, screens
from bench.usage import on_processor_ms
from bench.worker import worker

NEW_PER_SECOND = 20
_FIRST_MAILS = 200  # of the mailbox that mail comes into
_WARM = 2
_PATIENCE = 60.0
_KINDS = (LIST, ENTRY, TRIAGE, SEARCH)


class NothingIngested(RuntimeError):
    """The daemon did not work while the pages were measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``spent``: server time in ms; ``cpu``: what of it the web process computed."""

    spent: float
    cpu: float
    status: int
    size: int


class Client:
    """One person at the pages: a connection kept alive, signed in; a token besides."""

    def __init__(self, url: str, process: int, login: str, token: str) -> None:
        self._process = process  # the server's process
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._line = HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.login = login
        self._cookie = self._signed_in(login)
        self._token = token

    def _signed_in(self, login: str) -> str:
        form = f"login={quote(login)}&password={quote(office.PASSWORD)}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        self._line.request("POST", "/anmelden", form, headers)
        answer = self._line.getresponse()
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"{login} cannot sign in: {answer.status}")
        return str(answer.headers["Set-Cookie"]).partition(";")[0]

    def get(self, screen: Screen) -> "Answer":
        """Ask, and wait for the last byte."""
        headers = (
            {"Authorization": f"Bearer {self._token}"}
            if screen.api
            else {"Cookie": self._cookie}
        )
        cpu, begin = on_processor_ms(self._process), time.perf_counter()
        self._line.request("GET", screen.path, headers=headers)
        answer = self._line.getresponse()
        size = len(answer.read())
        spent = (time.perf_counter() - begin) * MS
        return Answer(spent, on_processor_ms(self._process) - cpu, answer.status, size)

    def close(self) -> None:
        """End the connection."""
        self._line.close()


def measure(site: Site, server: str) -> Measured:
    """Both databases, one after the other; without PostgreSQL its half is skipped."""
    found = _measure(site, "sqlite", SqliteFiles(site.folder))
    try:
        store = PostgresDatabases(server)
        store.template()
        store.close()
    except Exception as error:  # the other half is worth having
        why = f"no PostgreSQL: {type(error).__name__}"
        found.skipped |= {f"pages_postgres_{kind}_p95_ms": why for kind in _KINDS}
        return found
    found.add(_measure(site, "postgres", PostgresDatabases(server)))
    return found


def _measure(site: Site, name: str, store: Store) -> Measured:
    folder = site.folder / f"office-{name}"
    folder.mkdir()
    sizes = site.sizes
    growing = f"{_FIRST_MAILS}+{NEW_PER_SECOND}"
    endpoint = f"{site.server}/mix/{growing}/0/{name}/EWS/Exchange.asmx"
    try:
        office.write_configuration(folder, store.template(), endpoint)
        with worker("bench.office") as builder:
            begin = time.perf_counter()
            built = builder.ask("build", folder=str(folder), **sizes.office)
            built["seconds"] = round(time.perf_counter() - begin)
            found = measured(folder, built, site.server, sizes.page_rounds)
        return judged(name, found)
    finally:
        store.close()


def measured(
    folder: Path, built: Mapping[str, Any], server: str, rounds: int
) -> dict[str, Any]:
    """Ask for every screen while the daemon ingests into the same database."""
    wanted = screens(Landmarks(**built["landmarks"]))
    with ExitStack() as stack:
        stack.enter_context(daemon(folder))
        url, process = stack.enter_context(web.served(folder))
        clients = [
            Client(url, process, login, web.token(folder, login))
            for login in office.SIGNED_IN
        ]
        _wait_for_mail(server)
        before, load = _fetched(server), report.load()
        begin = time.perf_counter()
        asked = _ask(clients, wanted, rounds)
        seconds = time.perf_counter() - begin
        fetches = _fetched(server) - before
        for client in clients:
            client.close()
    if fetches == 0:
        raise NothingIngested("the daemon fetched nothing while pages were measured")
    return {
        "office": dict(built),
        "rounds": rounds,
        "seconds": round(seconds),
        "fetches_per_second": fetches / seconds,
        "load": [load, report.load()],
        **asked,
    }


def _ask(clients: list[Client], wanted: tuple[Screen, ...], rounds: int) -> Any:
    """Times of each screen and person; what is not there is named instead."""
    dice = Random(office.SEED)
    cells = [(client, screen) for client in clients for screen in wanted]
    missing: dict[str, str] = {}
    for client, screen in list(cells):
        for _ in range(_WARM):
            status = client.get(screen).status
        if status != HTTPStatus.OK:
            missing[_called(client, screen)] = f"answers {status}"
            cells.remove((client, screen))
    answers: dict[str, list[Answer]] = {_called(*cell): [] for cell in cells}
    for _ in range(rounds):
        dice.shuffle(cells)
        for client, screen in cells:
            answer, name = client.get(screen), _called(client, screen)
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"{name} answers {answer.status}")
            answers[name].append(answer)
    in_order = [(client, screen) for client in clients for screen in wanted]
    pages = {
        _called(client, screen): _line(client, screen, answers[_called(client, screen)])
        for client, screen in in_order
        if _called(client, screen) in answers
    }
    return {"missing": missing, "pages": pages}


def _called(client: Client, screen: Screen) -> str:
    return f"{client.login} {screen.path}"


def _line(client: Client, screen: Screen, answers: list[Answer]) -> dict[str, Any]:
    spent = _percentiles([one.spent for one in answers])
    return {
        "kind": screen.kind,
        "name": screen.name,
        "login": client.login,
        "requests": len(answers),
        "p50": spent[50],
        "p95": spent[95],
        "most": spent[100],
        "cpu_p95": _percentiles([one.cpu for one in answers])[95],
        "kilobytes": answers[-1].size / 1000,
    }


def _percentiles(values: list[float]) -> list[float]:
    """0 to 100."""
    return [min(values), *quantiles(values, n=100, method="inclusive"), max(values)]


def judged(name: str, found: Mapping[str, Any]) -> Measured:
    """Of each kind the slowest screen counts, for whichever person it is slowest."""
    figures = {}
    for kind in _KINDS:
        lines = [line for line in found["pages"].values() if line["kind"] == kind]
        for what in ("p50", "p95"):
            figures[f"pages_{name}_{kind}_{what}_ms"] = max(one[what] for one in lines)
    figures[f"pages_{name}_screens"] = len(found["pages"])
    figures[f"pages_{name}_mails"] = found["office"]["counts"]["message"]
    return Measured(figures, {f"pages_{name}": dict(found)})


def table(details: Mapping[str, Any]) -> str:
    """Every screen with its p50 and p95, by database and person."""
    text: list[str] = []
    for name in ("sqlite", "postgres"):
        found = details.get(f"pages_{name}")
        if found is None:
            continue
        counts = ", ".join(f"{n:,} {what}".replace(",", "'")
                           for what, n in found["office"]["counts"].items())  # fmt: skip
        text.append(f"\npages, {name}: {counts}")
        text.append(f"{'':34}{'p50':>12}{'p95':>8}{'most':>8}{'cpu p95':>9}  ms")
        text += [
            f"{line['login']:8}{line['name']:26}{line['p50']:12.1f}{line['p95']:8.1f}"
            f"{line['most']:8.1f}{line['cpu_p95']:9.1f}"
            for line in found["pages"].values()
        ]
        text += [f"not measured: {one}: {why}" for one, why in found["missing"].items()]
    return "\n".join(text)


# --- the daemon's work ------------------------------------------------------------


def _fetched(server: str) -> int:
    return int(ledger(server)["asked"].get("GetItem", 0))


def _wait_for_mail(server: str) -> None:
    """Until the daemon has read the first mails and fetches new ones."""
    begin, deadline = _fetched(server), time.monotonic() + _PATIENCE
    while _fetched(server) < begin + 2:
        if time.monotonic() > deadline:
            raise NothingIngested("the daemon fetched no mail")
        time.sleep(0.2)
