"""Address fields → (name, e-mail) pairs, in one linear pass without recursion.

Guarantees: never raises; nested comments, unclosed quotes and 100,000 addresses cost
linear time. Group members are listed like ordinary addresses (RFC 5322 §3.4); the
group's name is dropped. An address inside a display name is never the address.
"""

import re
from dataclasses import dataclass

from exchange_sandbox.mime_headers import one_line

MAX_ADDRESSES = 100_000
MAX_TOKENS = 1_000_000
MAX_LENGTH = 1_024  # of a name, of an address

_REST = r"<([^<>]*+)>|([(),;:<\"])|(\s++)|([^\s(),;:<\"]++)"
_TOKEN = re.compile(r"\"((?:[^\"\\]++|\\.)*+)\"|" + _REST, re.DOTALL)
_TOKEN_WITHOUT_QUOTES = re.compile(r"(?!)()|" + _REST)
_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One party of a mail, as Exchange shows it: either half may be missing."""

    name: str | None
    email: str | None


class _Reader:
    """Collects the words of one address until a separator ends it."""

    def __init__(self) -> None:
        self.found: list[Address] = []
        self.forget()

    def forget(self) -> None:
        self.words: list[str] = []
        self.angle: str | None = None
        self.comment = ""

    def end(self) -> None:
        words, email = self.words, self.angle
        if email is None:
            words, email = _bare_address(words)
        name = one_line("".join(words).strip() or self.comment)[:MAX_LENGTH]
        email = one_line(email)[:MAX_LENGTH]
        if name or email:
            self.found.append(Address(name or None, email or None))
        self.forget()


def _bare_address(words: list[str]) -> tuple[list[str], str]:
    """Split words without angle brackets into name and the last word with an @."""
    end = len(words)
    for index in range(len(words) - 1, -2, -1):
        if index >= 0 and words[index] != " ":
            continue
        run = "".join(words[index + 1 : end])
        if "@" in run:
            return words[: index + 1] + words[end:], run
        end = index
    return words, ""


def read_addresses(value: str) -> tuple[Address, ...]:
    """Read one address field; what has neither name nor address is left out."""
    reader = _Reader()
    position, pattern = 0, _TOKEN
    for _ in range(MAX_TOKENS):
        token = pattern.match(value, position)
        if token is None or len(reader.found) >= MAX_ADDRESSES:
            break
        position = token.end()
        if token[3] == "(":
            reader.comment, position = _comment(value, position)
        elif token[3] == '"':  # never closed: looking again at each would be quadratic
            pattern = _TOKEN_WITHOUT_QUOTES
        else:
            _take(reader, token)
    reader.end()
    return tuple(reader.found[:MAX_ADDRESSES])


def _take(reader: _Reader, token: re.Match[str]) -> None:
    quoted, angle, mark, space, word = token.groups()
    if quoted is not None:
        reader.words.append(
            _QUOTED_PAIR.sub(r"\1", quoted) if "\\" in quoted else quoted
        )
    elif angle is not None:
        if reader.angle is None:
            # An obsolete source route «@a,@b:» stands before the address proper.
            route = angle.startswith("@")
            reader.angle = "".join(angle.rpartition(":")[2 if route else 0 :]).strip()
    elif mark in (",", ";"):
        reader.end()
    elif mark == ":":
        reader.forget()
    elif space is not None:
        reader.words.append(" ")
    elif word is not None:
        reader.words.append(word)


def _comment(value: str, position: int) -> tuple[str, int]:
    """Skip a comment that opened before ``position``; an unclosed one ends the field."""
    depth, start = 1, position
    for hit in _COMMENT.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(hit[0], 0)
        if depth == 0:
            return value[start : hit.start()].strip(), hit.end()
    return value[start:].strip(), len(value)
