"""Which mails are one conversation, given their keys. Pure.

Mails that share a key belong together, whatever the order they are looked at, with one
exception: conversations whose linked entries differ, or which a person wants apart, are
not merged by the machine. Then present conversations stay what they are, and the mail
by which they would have met is named, so that a person can be asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Threaded:
    """One mail: where it lies now, its keys, the entries linked by it as an anchor."""

    id: int
    conversation: int
    keys: tuple[bytes, ...]
    entries: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mail by which two mails' conversations would be one, but may not be."""

    message: int
    other: int  # a mail of the other conversation


@dataclass(frozen=True, slots=True)
class Partition:
    """The conversations as sets of mail ids, oldest first, and what may not merge."""

    groups: tuple[frozenset[int], ...]
    refused: tuple[Refusal, ...]


@dataclass(slots=True)
class _Piece:
    """Connected mails of one present conversation; later all that is merged with it."""

    members: set[int] = field(default_factory=set)
    conversations: set[int] = field(default_factory=set)
    entries: frozenset[int] = frozenset()
    into: "_Piece | None" = None

    def present(self) -> "_Piece":
        piece = self
        while piece.into is not None:
            piece = piece.into
        return piece


def divide(mails: Iterable[Threaded], apart: Sequence[frozenset[int]]) -> Partition:
    """Divide mails into conversations; ``apart`` are conversations kept apart."""
    mails = sorted(mails, key=lambda mail: mail.id)
    piece_of = _pieces(mails)
    refused: dict[int, Refusal] = {}
    holder: dict[bytes, int] = {}
    for mail in mails:
        for key in mail.keys:
            other = holder.setdefault(key, mail.id)
            one, two = piece_of[mail.id].present(), piece_of[other].present()
            if one is not two and not _merge(two, one, apart):
                refused.setdefault(mail.id, Refusal(mail.id, other))
    groups = {id(piece.present()): piece.present() for piece in piece_of.values()}
    return Partition(
        tuple(sorted((frozenset(g.members) for g in groups.values()), key=min)),
        tuple(refused.values()),
    )


def keep_ids(groups: Sequence[frozenset[int]], lies_in: Mapping[int, int]) -> list[int]:
    """The present conversation that each group goes on as; 0 for a new one.

    A conversation goes on in the group of its oldest mail; a group that could go on as
    several is the oldest of them.
    """
    group_of = {mail: at for at, group in enumerate(groups) for mail in group}
    kept = [0] * len(groups)
    seen: set[int] = set()
    for mail in sorted(lies_in):
        conversation = lies_in[mail]
        if conversation not in seen:
            seen.add(conversation)
            at = group_of[mail]
            kept[at] = min(kept[at], conversation) if kept[at] else conversation
    return kept


def _pieces(mails: Sequence[Threaded]) -> dict[int, _Piece]:
    """Connected mails of one conversation, by mail."""
    root = {mail.id: mail.id for mail in mails}

    def top(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    holder: dict[bytes, int] = {}
    for mail in mails:
        for key in mail.keys:
            root[top(mail.id)] = top(holder.setdefault(key, mail.id))
    pieces: dict[tuple[int, int], _Piece] = {}
    found: dict[int, _Piece] = {}
    for mail in mails:
        piece = pieces.setdefault((top(mail.id), mail.conversation), _Piece())
        piece.members.add(mail.id)
        piece.conversations.add(mail.conversation)
        piece.entries |= mail.entries
        found[mail.id] = piece
    return found


def _merge(target: _Piece, source: _Piece, apart: Sequence[frozenset[int]]) -> bool:
    """Merge two pieces unless they may not be one; whether they are now."""
    if target.entries and source.entries and target.entries != source.entries:
        return False
    conversations = target.conversations | source.conversations
    if any(len(conversations & sides) > 1 for sides in apart):
        return False
    target.members |= source.members
    target.conversations = conversations
    target.entries |= source.entries
    source.into = target
    return True
