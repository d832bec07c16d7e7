"""The ERP reports its Rapporte and Lieferscheine through the API, as a program does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from mailsync.demo.stage import NotPossible, Stage
from mailsync.demo.voice import Said

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the ERP, and the entry of the plot that it belongs to."""

    kind: str
    number: str
    title: str
    date: str
    person: str
    entry: str


@dataclass(frozen=True, slots=True)
class Erp:
    """A program with a key of its own. Raises OSError if it is refused."""

    url: str
    token: str

    def report(self, paper: Paper, address: int) -> None:
        """Tell of a document; telling again changes nothing."""
        wanted = {"title": paper.title, "date": paper.date, "address_id": address}
        self._ask("PUT", self._path(paper), wanted)

    def link(self, paper: Paper, entry: int) -> None:
        """Put it into an entry."""
        wanted = {"kind": paper.kind, "number": paper.number}
        self._ask("POST", f"/entries/{entry}/documents", wanted)

    def entries_of(self, paper: Paper) -> list[int]:
        """What the ERP shows beside its document."""
        found = self._ask("GET", f"{self._path(paper)}/entries")["items"]
        return [int(one["number"]) for one in found]

    def _path(self, paper: Paper) -> str:
        return f"/documents/{paper.kind}/{quote(paper.number, safe='')}"

    def _ask(
        self, method: str, path: str, content: Mapping[str, object] | None = None
    ) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        body = None if content is None else json.dumps(content).encode()
        address = f"{self.url}/api/v1{path}"
        request = Request(address, body, headers, method=method)  # noqa: S310 - loopback
        opener = build_opener(ProxyHandler({}))
        with opener.open(request, timeout=_TIMEOUT) as answer:
            return json.loads(answer.read() or b"null")


@dataclass(slots=True)
class PapersScene:
    """Documents come, and are put into their entries."""

    papers: tuple[Paper, ...]
    name: str = "papers"
    erp: Erp | None = None

    def intro(self, stage: Stage) -> None:
        """How many."""
        count = len(self.papers)
        stage.voice.line(
            f"Das ERP meldet {count} Rapporte und Lieferscheine über die REST-API.",
            f"The ERP reports {count} work reports and delivery notes to the REST API.",
        )

    def act(self, stage: Stage) -> None:
        """A key for the ERP; two requests each."""
        made = stage.typed("token", "add", "ERP", "--scope", "write")
        self.erp = Erp(stage.pages, str(made["token"]))
        for paper in self.papers:
            self.erp.report(paper, stage.addresses[paper.person])
            self.erp.link(paper, stage.number(paper.entry))

    def missing(self, stage: Stage) -> list[Said]:
        """Each document shows its entry."""
        return [
            Said(f"{one.number} zeigt den Eintrag nicht", f"{one.number}: no entry")
            for one in self.papers
            if self._erp().entries_of(one) != [stage.number(one.entry)]
        ]

    def tell(self, stage: Stage) -> None:
        """What the ERP shows beside the first one."""
        if not self.papers:
            return
        first = self.papers[0]
        listed = ", ".join(f"CRM-{one}" for one in self._erp().entries_of(first))
        stage.voice.fact(
            f"auf {first.number} ({first.title}) zeigt das ERP: {listed}",
            f"on {first.number} ({first.title}) the ERP shows: {listed}",
        )

    def _erp(self) -> Erp:
        if self.erp is None:
            raise NotPossible("the ERP has no key")
        return self.erp
