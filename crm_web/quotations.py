"""The new part of a mail's text, and what it quotes: folded, never thrown away.

Exchange says what is new (``UniqueBody``); where it did not, the heads of Outlook,
Apple and Gmail in German, English and French, a forward's line and «>» lines are
looked for. Linear; a text that is all quotation (a bare forward) counts as new.
"""

import re
from dataclasses import dataclass
from typing import Final

_SEARCHED: Final = 200_000  # characters; nobody writes that much above a quotation
_WINDOW: Final = 800  # a head and the lines that prove it fit into this

_LINE = re.compile(r"^[^\n]*+", re.MULTILINE)
_RULE = re.compile(
    r"[ \t]*(?:_{10,}+\s{0,9}\*?(?:von|from|de)[ \t\xa0]?:"
    r"|-{2,}[ \t]*(?:ursprüngliche nachricht|original-?nachricht|original message"
    r"|original appointment|message d'origine|weitergeleitete nachricht"
    r"|forwarded message|message transféré)\b"
    r"|(?:anfang der weitergeleiteten nachricht|begin forwarded message"
    r"|début du message transféré|début du message réexpédié)[ \t]*:)",
    re.IGNORECASE,
)
_FROM = re.compile(r"[ \t]*\*?(?:von|from|de)[ \t\xa0]?:", re.IGNORECASE)
_FROM_PROOF = re.compile(
    r"^[ \t]*\*?(?:gesendet|datum|sent|date|envoyé|an|to|à|betreff|subject|objet)"
    r"[ \t\xa0]?:",
    re.IGNORECASE | re.MULTILINE,
)
_WROTE_BEGIN = re.compile(r"[ \t]*(?:am|on|le|den)[ \t]", re.IGNORECASE)
_WROTE_END = re.compile(
    r"(?:schrieb|wrote|a écrit|écrit|hat geschrieben)\b[^\n:]{0,200}:[ \t]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the sender wrote, and the rest (empty where there is none)."""

    new: str
    quoted: str = ""


def parts(text: str, server_new: str | None = None) -> Parts:
    """Split a mail's text; ``server_new`` is what the server says is new, if it does."""
    text = text.replace("\r\n", "\n").strip()
    if server_new is not None:
        new = server_new.replace("\r\n", "\n").strip()
        if not new or _bare(new) == _bare(text):
            return Parts(text)
        return Parts(new, _rest(text, new))
    place = _first_head(text)
    new = text if place is None else text[:place].rstrip()
    return Parts(new, text[len(new) :].lstrip("\n")) if new.strip() else Parts(text)


def _bare(text: str) -> str:
    return " ".join(text.split())


def _rest(text: str, new: str) -> str:
    """What follows the new part; all of the text where it is spread over it."""
    return text[len(new) :].lstrip("\n") if text.startswith(new) else text


def _first_head(text: str) -> int | None:
    """Where the quotation begins: at its head, or at «>» lines that end the text."""
    head = next(
        (
            line.start()
            for line in _LINE.finditer(text, 0, _SEARCHED)
            if _is_head(text[line.start() : line.start() + _WINDOW])
        ),
        None,
    )
    tail = _quoted_tail(text if head is None else text[:head])
    return head if tail is None else tail


def _quoted_tail(text: str) -> int | None:
    """Where the «>» lines begin with which the text ends."""
    place, begin = len(text), None
    for line in reversed(text.splitlines(keepends=True)):
        place -= len(line)
        if line.startswith(">"):
            begin = place
        elif line.strip():
            break
    return begin


def _is_head(window: str) -> bool:
    if _RULE.match(window):
        return True
    if _FROM.match(window):
        following = "\n".join(window.split("\n")[1:4])
        return _FROM_PROOF.search(following) is not None
    if _WROTE_BEGIN.match(window):
        lines = window.split("\n", 3)
        heads = (lines[0], " ".join(lines[:2]), " ".join(lines[:3]))
        return any(_WROTE_END.search(head.rstrip()) for head in heads)
    return False
