"""The mailboxes of the in-memory Exchange, and what people do in them.

Kept apart from the port (``mailsync.memory``): here is the state and the acts of
people, which are no requests and meet no faults. One lock guards everything.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from mailsync.errors import AuthRejected, ItemGone, MailboxGone
from mailsync.port import (
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    RemoteItem,
    RemoteMessage,
    WantedItem,
)

STANDARD = {str(role): role for role in FolderRole if role is not FolderRole.OTHER}
HOME = {ItemKind.TASK: "tasks", ItemKind.APPOINTMENT: "calendar"}


@dataclass(frozen=True, slots=True)
class Held:
    """An item as it lies in a folder. ``content`` has its current ref."""

    folder: str
    content: RemoteMessage | RemoteItem
    version: int
    read: bool = False
    body: str = ""
    mime: bytes | None = None
    unreadable: str | None = None

    @property
    def ref(self) -> ItemRef:
        return self.content.ref


@dataclass(slots=True)
class Box:
    """One mailbox: its own folders by path, its items by id, the tokens it gave."""

    own_folders: list[str]
    items: dict[str, Held] = field(default_factory=dict)
    # token → (folder, what the client knows by it: item id → (version, read))
    tokens: dict[str, tuple[str, dict[str, tuple[int, bool]]]] = field(
        default_factory=dict
    )


class MemoryStore:
    """Mailboxes, their items, and the acts of people on them."""

    def __init__(self) -> None:
        self.boxes: dict[str, Box] = {}
        self.denied: set[str] = set()
        self.lock = threading.RLock()
        self._numbers = count(1)

    def add_mailbox(self, address: str, own_folders: Sequence[str] = ()) -> None:
        """A mailbox with the standard folders and these paths («inbox/Kunden»)."""
        self.boxes[address.lower()] = Box(list(own_folders))

    # -- what happens in a mailbox ------------------------------------------------

    def deliver(
        self,
        address: str,
        message: RemoteMessage,
        folder: str = "inbox",
        *,
        mime: bytes | None = None,
    ) -> ItemRef:
        """Put a mail into a folder; its ``ref`` is replaced by a new one."""
        return self._put(address, folder, message, mime=mime).ref

    def add_own_item(self, address: str, item: RemoteItem, body: str = "") -> ItemRef:
        """A task or appointment the employee made; it lies in its usual folder."""
        return self._put(address, HOME[item.kind], item, body=body).ref

    def move(self, address: str, ref: ItemRef, folder: str) -> ItemRef:
        """Move an item; it gets a new id."""
        with self.lock:
            require_folder(self.box(address), folder)
            held = self._take(address, ref)
            return self._put(address, folder, held.content, like=held).ref

    def delete(self, address: str, ref: ItemRef, *, hard: bool = False) -> None:
        """Into the trash, or away for ever."""
        if hard:
            self._take(address, ref)
        else:
            self.move(address, ref, "trash")

    def mark_read(self, address: str, ref: ItemRef, *, read: bool = True) -> None:
        """The employee reads it: a read flag change, nothing else."""
        with self.lock:
            held = self.held(address, ref)
            self._store(address, replace(held, read=read))

    def edit(self, address: str, ref: ItemRef, **changes: object) -> ItemRef:
        """Change fields of a mail, task or appointment; a new change key."""
        with self.lock:
            held = self.held(address, ref)
            content = replace(held.content, **changes)  # type: ignore[arg-type]  # a test names the fields
            return self.rewrite(address, replace(held, content=content))

    def complete(self, address: str, ref: ItemRef) -> ItemRef:
        """The employee ticks a task off."""
        return self.edit(address, ref, completed=True)

    def make_unreadable(self, address: str, ref: ItemRef, reason: str) -> None:
        """From now on ``fetch`` and ``raw_mime`` cannot read this item."""
        with self.lock:
            self._store(address, replace(self.held(address, ref), unreadable=reason))

    # -- looking --------------------------------------------------------------------

    def box(self, address: str) -> Box:
        """The mailbox; raises MailboxGone or AuthRejected as a server would."""
        if address.lower() in self.denied:
            raise AuthRejected(f"no right to open {address}", code="E211")
        try:
            return self.boxes[address.lower()]
        except KeyError:
            raise MailboxGone(f"no mailbox {address}") from None

    def held(self, address: str, ref: ItemRef) -> Held:
        """The item; raises ItemGone."""
        try:
            return self.box(address).items[ref.external_id]
        except KeyError:
            raise ItemGone(f"no item {ref.external_id}") from None

    def items(self, address: str, folder: str | None = None) -> list[Held]:
        """Everything that lies in the mailbox, or in one folder."""
        held = self.box(address).items.values()
        return [item for item in held if folder is None or item.folder == folder]

    def tasks(self, address: str) -> list[Held]:
        """The tasks and appointments of a mailbox, wherever they lie."""
        return [h for h in self.items(address) if isinstance(h.content, RemoteItem)]

    # -- storing (used by the mailbox below) ----------------------------------------

    def put_task(self, address: str, wanted: WantedItem) -> ItemRef:
        """A new item in the usual folder of its kind."""
        return self._put(
            address, HOME[wanted.kind], as_item(wanted), body=wanted.body
        ).ref

    def rewrite(self, address: str, held: Held) -> ItemRef:
        """Store a changed item under its id, with a new change key."""
        number = next(self._numbers)
        ref = ItemRef(held.ref.external_id, f"key-{number}")
        content = replace(held.content, ref=ref)
        self._store(address, replace(held, content=content, version=number))
        return ref

    def _put(
        self,
        address: str,
        folder: str,
        content: RemoteMessage | RemoteItem,
        *,
        body: str = "",
        mime: bytes | None = None,
        like: Held | None = None,
    ) -> Held:
        with self.lock:
            require_folder(self.box(address), folder)
            number = next(self._numbers)
            content = replace(content, ref=ItemRef(f"Item/{number}", f"key-{number}"))
            if isinstance(content, RemoteItem):
                content = replace(content, folder=role_of(folder))
            held = (
                Held(folder, content, number, body=body, mime=mime)
                if like is None
                else replace(like, folder=folder, content=content, version=number)
            )
            self._store(address, held)
            return held

    def _take(self, address: str, ref: ItemRef) -> Held:
        with self.lock:
            held = self.held(address, ref)
            del self.box(address).items[ref.external_id]
            return held

    def _store(self, address: str, held: Held) -> None:
        self.box(address).items[held.ref.external_id] = held

    def new_token(
        self, address: str, folder: str, known: dict[str, tuple[int, bool]]
    ) -> str:
        """A token for a client that knows this much."""
        token = f"state-{next(self._numbers)}"
        self.box(address).tokens[token] = (folder, known)
        return token


def as_item(wanted: WantedItem) -> RemoteItem:
    """What a server keeps of it: an appointment has no completed state."""
    task = wanted.kind is ItemKind.TASK
    timed = not task and not wanted.all_day
    return RemoteItem(
        ref=ItemRef(""),
        kind=wanted.kind,
        crm_key=wanted.crm_key,
        subject=wanted.subject,
        completed=task and wanted.completed,
        due_on=wanted.due_on if task else None,
        starts_at=wanted.starts_at if timed else None,
        ends_at=wanted.ends_at if timed else None,
        all_day=not task and wanted.all_day,
        first_day=None if task or timed else wanted.first_day,
        last_day=None if task or timed else wanted.last_day or wanted.first_day,
    )


def role_of(folder: str) -> FolderRole:
    """What the folder is to us."""
    return STANDARD.get(folder, FolderRole.OTHER)


def folder_ref(path: str) -> FolderRef:
    """The port's name of a folder; an own one's id is its path."""
    role = role_of(path)
    own = role is FolderRole.OTHER
    return FolderRef(role, path, path if own else None)


def require_folder(box: Box, name: str) -> str:
    """The folder's path as the mailbox spells it; raises MailboxGone (E234)."""
    for path in (*STANDARD, *box.own_folders):
        if path.casefold() == name.casefold():
            return path
    raise MailboxGone(f"folder {name!r} is not in this mailbox", code="E234")
