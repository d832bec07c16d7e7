"""One file of the configuration: its tree, its places, its problems, its secrets.

Guarantees: every problem carries the file's name, line and column, and the line as it
stands with whatever may be a secret masked. Where the tree is not whole (broken YAML),
lines near a secret are not shown at all.
"""

import re
from collections.abc import Iterator, Sequence

from config.messages import names_in
from config.problems import Problem, Severity
from config.yaml_tree import Items, Lines, Node, Scalar, Settings, read

_SECRET = re.compile(r"pass|secret|geheim|kennwort|token|pwd|credential", re.IGNORECASE)
# These name where a secret is, or are public words of the format.
_NO_SECRET = frozenset({"file", "credential", "env", "token_prefix"})
_IN_URL = re.compile(r"(?<=://)[^/\s'\"]*(?=@)|(?<=password=)[^&\s'\"]+", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(?:pass|secret|geheim|kennwort|pwd)[\w-]*[\"']?\s*[:=]\s*(?!\{)(?P<it>\S.*)",
    re.IGNORECASE,
)
_LINES_NEAR = 3


class Document:
    """What was written in one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._lines = Lines(text)
        self.root, findings, self.whole = read(text, self._lines)
        self._hidden = list(_secret_spans(self.root)) if self.root else []
        self.findings = [
            self.problem(one.kind, one.offset, "error", **dict(one.values))
            for one in findings
        ]

    def problem(
        self,
        kind: str,
        at: Node | int,
        severity: Severity = "error",
        **values: object,
    ) -> Problem:
        """A problem at a node (or an offset) of this file."""
        offset = at if isinstance(at, int) else at.start
        line, column = self._lines.place(offset)
        # No more than the sentence needs: what is kept may come to light.
        needed = names_in(kind)
        pairs = tuple((k, shown(v)) for k, v in values.items() if k in needed)
        source = self._masked(line)
        return Problem(self.file, line, column, kind, pairs, severity, source)

    def line(self, node: Node) -> int:
        """The line in which a node begins."""
        return self._lines.place(node.start)[0]

    def find(self, path: Sequence[object]) -> tuple[Node | None, Scalar | None]:
        """The node at a path of keys and indices, and its key; None where it ends."""
        node, key = self.root, None
        for step in path:
            if isinstance(node, Settings):
                key = node.key(str(step))
                node = node.value(str(step))
            elif isinstance(node, Items) and isinstance(step, int):
                node = node.items[step] if step < len(node.items) else None
            else:
                return None, key
        return node, key

    def _masked(self, line: int) -> str:
        text, start = self._lines.source(line), self._lines.start(line)
        if not self.whole and self._near_secret(line):
            return ""
        for first, last in self._hidden:
            low, high = max(first - start, 0), min(last - start, len(text))
            if low < high:
                text = text[:low] + "*" * (high - low) + text[high:]
        if spoken := _SPOKEN.search(text):  # also in a comment
            text = text[: spoken.start("it")] + "*" * len(spoken["it"])
        return _IN_URL.sub(lambda found: "*" * len(found[0]), text)

    def _near_secret(self, line: int) -> bool:
        near = range(max(line - _LINES_NEAR, 1), line + 1)
        return any(_SECRET.search(self._lines.source(one)) for one in near)


def shown(value: object) -> str:
    """A value as it may stand in a sentence: one line, short, nothing invisible."""
    text = "".join(c if c.isprintable() else "?" for c in str(value))
    return text if len(text) <= 300 else text[:299] + "…"


def _secret_spans(node: Node) -> Iterator[tuple[int, int]]:
    """Where secrets may stand: values behind a key that sounds like one."""
    if isinstance(node, Settings):
        for key, value in node.pairs + node.refused:
            if _SECRET.search(key.text) and key.text not in _NO_SECRET:
                yield from _unnamed(value)
            else:
                yield from _secret_spans(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from _secret_spans(item)


def _unnamed(node: Node) -> Iterator[tuple[int, int]]:
    """All of a secret's value but the names of where it comes from."""
    if isinstance(node, Settings):
        for key, value in node.pairs + node.refused:
            if key.text not in _NO_SECRET:
                yield key.start, key.end
                yield from _unnamed(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from _unnamed(item)
    else:
        yield node.start, node.end
