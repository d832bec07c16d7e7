"""The thread skeletons beside the checkout: reading them, their truth, the baseline.

The truth is computed here, from the skeletons, and nowhere else: the product never sees
it. What a line means stands in ``../shared/corpora/threads/README.md``.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

MONTH = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Skeleton:
    """One line: a mail without its words. Equal lines are one mail, delivered again."""

    company: str
    id: str | None
    answers: tuple[str, ...]
    references: tuple[str, ...]
    at: int | None
    person: str
    domain: str
    topic: str
    prefix: str | None
    index: tuple[str, int] | None
    recipients: int | None
    size: int
    html: bool
    attachments: int
    automatic: bool

    @property
    def cited(self) -> tuple[str, ...]:
        """Every id the mail names besides its own."""
        return (*self.answers, *self.references)


def read(folder: Path) -> dict[str, list[Skeleton]]:
    """The lines of each list, in order of arrival; a list is a company of its own."""
    found: dict[str, list[Skeleton]] = {}
    path = folder / "corpora" / "threads" / "skeletons.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            one = Skeleton(
                company=said["l"],
                id=said["id"],
                answers=tuple(said["irt"]),
                references=tuple(said["ref"]),
                at=said["ts"],
                person=said["who"],
                domain=said["dom"],
                topic=said["topic"],
                prefix=said["pf"],
                index=None if said["ti"] is None else tuple(said["ti"]),
                recipients=said["rc"],
                size=said["size"],
                html=bool(said["html"]),
                attachments=said["att"],
                automatic=bool(said["auto"]),
            )
            found.setdefault(one.company, []).append(one)
    return found


class Components:
    """Connected components by union-find."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def root(self, node: Hashable) -> Hashable:
        self._above.setdefault(node, node)
        while self._above[node] != node:
            self._above[node] = self._above[self._above[node]]
            node = self._above[node]
        return node

    def join(self, one: Hashable, other: Hashable) -> None:
        self._above[self.root(one)] = self.root(other)


def threads(lines: Sequence[Skeleton]) -> list[int]:
    """The thread of each line: numbers from 0 in order of first arrival."""
    graph = Components()
    nodes: list[Hashable] = []
    for place, line in enumerate(lines):
        node: Hashable = line.id or ("nameless", place)
        nodes.append(node)
        graph.root(node)
        for cited in line.cited:
            graph.join(node, cited)
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(graph.root(node), len(numbers)) for node in nodes]


@dataclass(frozen=True, slots=True)
class Baseline:
    """How far the conversation id alone, by [MS-OXOMSG] 2.2.1.2, misses the truth."""

    ids: int = 0
    spanning: int = 0  # ids that hold two threads or more
    mails: int = 0  # … and the mails in them
    split: int = 0  # threads that lie in two ids or more
    strangers: int = 0  # ids that certainly join strangers
    strange_mails: int = 0

    def __add__(self, other: "Baseline") -> "Baseline":
        return Baseline(
            self.ids + other.ids,
            self.spanning + other.spanning,
            self.mails + other.mails,
            self.split + other.split,
            self.strangers + other.strangers,
            self.strange_mails + other.strange_mails,
        )

    def __str__(self) -> str:
        return (
            f"{self.spanning} of {self.ids} ids span two threads or more "
            f"({self.mails} mails), {self.split} threads are split, {self.strangers} "
            f"ids certainly join strangers ({self.strange_mails} mails)"
        )


def baseline(lines: Sequence[Skeleton]) -> Baseline:
    """One list threaded by the Thread-Index GUID, else by topic, and nothing else."""
    held: dict[Hashable, dict[int, list[Skeleton]]] = defaultdict(dict)
    ids_of: dict[int, set[Hashable]] = defaultdict(set)
    for line, thread in zip(lines, threads(lines), strict=True):
        of_rule = ("topic", line.topic) if line.index is None else line.index[0]
        held[of_rule].setdefault(thread, []).append(line)
        ids_of[thread].add(of_rule)
    spanning = [groups for groups in held.values() if len(groups) > 1]
    strange = [groups for groups in spanning if _join_strangers(groups.values())]
    return Baseline(
        ids=len(held),
        spanning=len(spanning),
        mails=sum(map(_mails, spanning)),
        split=sum(len(ids) > 1 for ids in ids_of.values()),
        strangers=len(strange),
        strange_mails=sum(map(_mails, strange)),
    )


def _mails(groups: dict[int, list[Skeleton]]) -> int:
    return sum(map(len, groups.values()))


def _join_strangers(groups: Iterable[list[Skeleton]]) -> bool:
    """Two of the threads have no person in common and lie over a month apart."""
    seen = [
        (
            {line.person for line in group},
            [line.at for line in group if line.at is not None],
        )
        for group in groups
    ]
    return any(
        not people & others and _gap(times, other_times) > MONTH
        for (people, times), (others, other_times) in combinations(seen, 2)
        if times and other_times
    )


def _gap(some: list[int], others: list[int]) -> int:
    """Seconds between two spans of time; negative where they overlap."""
    return max(min(some) - max(others), min(others) - max(some))
