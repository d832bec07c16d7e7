"""Synchronisation states and what a page of changes contains.

A state is a position in a folder's log, bound to mailbox, folder and generation and
sealed, so that a state of another folder, of an earlier generation, older than the
memory, or damaged is refused. Equal position gives an equal state; a state may be
used again with the same result; the state of an unfinished page is usable.

The first synchronisation goes through the folder newest first; from then on a
window of the log is condensed: create + delete is nothing, create + update is one
create, changes of the read flag alone are ReadFlagChange.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/mailbox-synchronization-and-ews-in-exchange
"""

import base64
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_sandbox.errors import EwsError
from exchange_sandbox.mailbox import Folder, Item
from exchange_sandbox.store import Store

MAX_CHANGES = 512  # https://learn.microsoft.com/exchange/client-developer/web-service-reference/maxchangesreturned

_BODY = struct.Struct(">B16s8sIBIII")
_FIRST, _LATER = 1, 2


@dataclass(frozen=True, slots=True)
class Position:
    """Where a client stands: first pass or not, window (start, end], next index."""

    first: bool
    start: int
    end: int
    index: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a page: kind is create, update, delete or read."""

    kind: str
    item_id: str
    item: Item | None


@dataclass(frozen=True, slots=True)
class Page:
    """Changes, the state after them, and whether they are all there were."""

    changes: tuple[Change, ...]
    state: str
    is_last: bool


def _seal(store: Store, folder: Folder, body: bytes) -> bytes:
    return hashlib.blake2b(
        body + folder.id.encode(), digest_size=8, key=store.unique("seal")
    ).digest()


def _owner(folder: Folder) -> bytes:
    return hashlib.blake2b(folder.id.encode(), digest_size=8).digest()


def write(store: Store, folder: Folder, position: Position) -> str:
    """Return the opaque state for a position in this folder."""
    mode = _FIRST if position.first else _LATER
    body = _BODY.pack(
        1,
        folder.mailbox.guid.bytes,
        _owner(folder),
        folder.generation,
        mode,
        position.start,
        position.end,
        position.index,
    )
    filler = store.unique("filler", position.end)[: 3 * (position.end % 5)]
    return base64.b64encode(body + _seal(store, folder, body) + filler).decode()


def read(store: Store, folder: Folder, state: str, memory: int) -> Position:
    """Return the position in a state; raises ErrorInvalidSyncStateData."""
    try:
        fields = _BODY.unpack_from(base64.b64decode(state, validate=True))
    except (struct.error, ValueError):
        raise EwsError("ErrorInvalidSyncStateData") from None
    mode, start, end, index = fields[4:]
    position = Position(mode == _FIRST, start, end, index)
    # Only what this folder would write today, to the last byte, is its state.
    if state != write(store, folder, position):
        raise EwsError("ErrorInvalidSyncStateData")
    if (end if position.first else start) < len(folder.log) - memory:
        raise EwsError("ErrorInvalidSyncStateData")
    return position


def _first_pass(folder: Folder, position: Position) -> Iterator[tuple[Change, int]]:
    """Yield the items present, newest first, with the index to go on from."""
    for index in range(position.index - 1, -1, -1):
        kind, item_id = folder.log[index]
        if kind == "create":
            item = folder.items.get(item_id)
            if item is not None:
                yield Change("create", item_id, item), index


def _condensed(folder: Folder, start: int, end: int) -> list[tuple[str, str]]:
    """Return the net (kind, item id) of a window of the log, in order of first mention.

    The last window is remembered, since a big one is asked for page by page.
    """
    if folder.window[:2] == (start, end):
        return folder.window[2]
    kinds: dict[str, set[str]] = {}
    for kind, item_id in folder.log[start:end]:
        kinds.setdefault(item_id, set()).add(kind)
    net = [(_net(seen), item_id) for item_id, seen in kinds.items()]
    changes = [(kind, item_id) for kind, item_id in net if kind]
    folder.window = (start, end, changes)
    return changes


def _net(seen: set[str]) -> str:
    if "delete" in seen:
        return "" if "create" in seen else "delete"
    if "create" in seen:
        return "create"
    return "read" if seen == {"read"} else "update"


def page(store: Store, folder: Folder, position: Position | None, limit: int) -> Page:
    """Return at most `limit` changes after `position` (None: from the beginning)."""
    now = len(folder.log)
    if position is None:
        position = Position(first=True, start=0, end=now, index=now)
    changes: list[Change] = []
    if position.first:
        for change, index in _first_pass(folder, position):
            if len(changes) == limit:
                state = write(store, folder, position)
                return Page(tuple(changes), state, is_last=False)
            changes.append(change)
            position = Position(first=True, start=0, end=position.end, index=index)
        position = Position(first=False, start=position.end, end=position.end, index=0)
    return _later_page(store, folder, position, changes, limit)


def _later_page(
    store: Store, folder: Folder, position: Position, changes: list[Change], limit: int
) -> Page:
    while True:
        if position.index == 0:
            position = Position(
                first=False, start=position.start, end=len(folder.log), index=0
            )
        window = _condensed(folder, position.start, position.end)
        for place in range(position.index, len(window)):
            if len(changes) == limit:
                unfinished = Position(
                    first=False, start=position.start, end=position.end, index=place
                )
                # An index of 0 would mean a fresh window: same start, same result.
                return Page(
                    tuple(changes), write(store, folder, unfinished), is_last=False
                )
            kind, item_id = window[place]
            item = folder.items.get(item_id)
            if kind == "delete" or item is not None:
                changes.append(Change(kind, item_id, item))
        end = position.end
        position = Position(first=False, start=end, end=end, index=0)
        if end == len(folder.log):
            return Page(tuple(changes), write(store, folder, position), is_last=True)
