"""Where the words of a search stand in a text: pieces for pages to mark.

Words are found in the folded text and marked in the one people wrote: «mueller» marks
«Müller».
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.search import fold

_AROUND = 60  # characters shown on either side of the first word
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``hit``: it is what was searched for."""

    text: str
    hit: bool = False


def marked(text: str, words: Sequence[str]) -> tuple[Piece, ...]:
    """The whole text (up to a length), its hits marked."""
    text = text[:_LONGEST]
    pieces: list[Piece] = []
    end = 0
    for first, last in _hits(text, words):
        pieces += [Piece(text[end:first])] if first > end else []
        pieces.append(Piece(text[first:last], hit=True))
        end = last
    return (*pieces, Piece(text[end:])) if end < len(text) else tuple(pieces)


def quoted(text: str, words: Sequence[str]) -> tuple[Piece, ...]:
    """A stretch around the first hit, marked; () if there is none."""
    text = " ".join(text[:_LONGEST].split())
    hits = _hits(text, words)
    if not hits:
        return ()
    first, last = hits[0]
    begin, end = max(0, first - _AROUND), min(len(text), last + 2 * _AROUND)
    cut = marked(text[begin:end], words)
    before = (Piece("…"),) if begin else ()
    after = (Piece("…"),) if end < len(text) else ()
    return (*before, *cut, *after)


def _hits(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the words in ``text``, in order, overlaps joined."""
    whole, places = _unfolded(text)
    found: list[tuple[int, int]] = []
    for word in words:
        start = whole.find(word)
        while start >= 0 and word:
            found.append((places[start], places[start + len(word) - 1] + 1))
            start = whole.find(word, start + len(word))
    return _joined(found)


def _unfolded(text: str) -> tuple[str, Sequence[int]]:
    """The folded text with its white space, and where each letter of it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    folded: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        written = fold(letter) or (" " if letter.isspace() else "")
        folded.append(written)
        places += [place] * len(written)
    return "".join(folded), places


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
