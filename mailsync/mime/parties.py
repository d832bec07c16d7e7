"""Address fields, read strictly: what is not surely one address is none.

Guarantees: one pass, no recursion; an address inside a display name or a comment is
never taken (CVE-2023-27043 and its kin); two addresses where one may stand give two
parties, so that a caller who wants exactly one has none. Source: RFC 5322 §3.4.
"""

import re
from dataclasses import dataclass

from mailsync.mime.headers import shown
from mailsync.mime.mail import MimeParty

_ATOM = re.compile(r"[^\s\"(<,;:]+")
_SPACE = re.compile(r"\s+")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)(?:\"|\\?\Z)", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PAREN = re.compile(r"\\.|[()]", re.DOTALL)
_ADDRESS = re.compile(
    r"(?:\"[^\"@<>\s]+\"|[^\s\"(),:;<>@\[\]\\]+)@[^\s\"(),:;<>@\[\]\\]+\Z"
)
_LONGEST = 320


@dataclass(frozen=True, slots=True)
class Parties:
    """The mailboxes of one field; ``group`` tells that group syntax was used."""

    found: tuple[MimeParty, ...]
    group: bool


@dataclass(slots=True)
class _Token:
    """A word of the field; ``quoted`` text is a name, whatever it looks like."""

    text: str
    quoted: bool
    end: int


class _Scanner:
    """Cuts one field into mailboxes."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.found: list[MimeParty] = []
        self.group = False
        self._forget()

    def _forget(self) -> None:
        self.tokens: list[_Token] = []
        self.angles: list[str] = []
        self.comments: list[str] = []

    def end_mailbox(self) -> None:
        addresses = self.angles
        words = [token.text for token in self.tokens]
        if not addresses:
            bare = [t.text for t in self.tokens if "@" in t.text and not t.quoted]
            addresses = bare
            words = [t.text for t in self.tokens if t.quoted or "@" not in t.text]
        name = shown(" ".join(words).strip() or " ".join(self.comments).strip())
        if not addresses and name:
            self.found.append(MimeParty(name, None))
        self.found.extend(MimeParty(name, _checked(a)) for a in addresses)
        self._forget()

    def step(self, position: int) -> int:
        """Take what begins at ``position``; returns where it ends."""
        mark = self.value[position]
        if mark == "(":
            return self._take_comment(position + 1)
        if mark == "<":
            close = self.value.find(">", position)
            close = len(self.value) if close < 0 else close
            self.angles.append(self.value[position + 1 : close])
            return close + 1
        for pattern in (_SPACE, _QUOTED, _ATOM):
            if hit := pattern.match(self.value, position):
                self._take_word(hit, position)
                return hit.end()
        if mark == ":":
            self.group = True
            self._forget()
        else:
            self.end_mailbox()
        return position + 1

    def _take_word(self, hit: re.Match[str], position: int) -> None:
        if hit.re is _SPACE:
            return
        quoted = hit.re is _QUOTED
        text = _QUOTED_PAIR.sub(r"\1", hit[1]) if quoted else hit[0]
        before = self.tokens[-1] if self.tokens else None
        if before and before.quoted and before.end == position and text[:1] == "@":
            # A quoted local part: "john doe"@kunde.example
            before.text, before.quoted = f'"{before.text}"{text}', False
            before.end = hit.end()
        else:
            self.tokens.append(_Token(text, quoted, hit.end()))

    def _take_comment(self, start: int) -> int:
        depth = 1
        for hit in _PAREN.finditer(self.value, start):
            depth += {"(": 1, ")": -1}.get(hit[0], 0)
            if depth == 0:
                self.comments.append(self.value[start : hit.start()])
                return hit.end()
        self.comments.append(self.value[start:])
        return len(self.value)


def _checked(address: str) -> str | None:
    address = address.strip()
    if address.startswith("@") and ":" in address:  # obsolete source route
        address = address.partition(":")[2]
    good = len(address) <= _LONGEST and _ADDRESS.match(address)
    return address if good else None


def read_parties(value: str, most: int) -> Parties:
    """Read one unfolded field; at most ``most`` mailboxes are kept."""
    scanner = _Scanner(value)
    position, end = 0, len(value)
    while position < end and len(scanner.found) < most:
        position = scanner.step(position)
    scanner.end_mailbox()
    return Parties(tuple(scanner.found[:most]), scanner.group)
