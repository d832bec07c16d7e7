"""Mailboxes, folders and items, and the append-only log of what happened to them.

Guarantees: ids are unique and never used again; an item that moves gets a new id
(the source folder's log says delete, the target's says create); every change gives
a new change key; a folder's log only grows. Nothing here knows XML or HTTP.
All methods are called with `Store.lock` held.
"""

import base64
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator

from exchange_sandbox.clock import Clock
from exchange_sandbox.errors import EwsError
from exchange_sandbox.mailbox import (
    DISTINGUISHED,
    Attachment,
    Event,
    Folder,
    Item,
    Mailbox,
)

Listener = Callable[[Event], None]


class Store:
    """All mailboxes of one sandbox."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.mailboxes: dict[str, Mailbox] = {}
        self.folders: dict[str, Folder] = {}
        self.items: dict[str, Item] = {}
        self.attachments: dict[str, tuple[Item, Attachment]] = {}
        self.attached: dict[str, Item] = {}
        self.listeners: list[Listener] = []
        self._seed = seed
        self._counter = 0
        self._change = 1

    # -- ids ---------------------------------------------------------------

    def _digest(self, *parts: object) -> bytes:
        text = "\0".join(str(part) for part in (self._seed, *parts))
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    def new_id(self, kind: bytes, mailbox: Mailbox) -> str:
        """Return a fresh opaque id: Exchange's prefix, mailbox, random-looking rest."""
        self._counter += 1
        rest = self._digest("id", self._counter)
        return base64.b64encode(b"\0\x01" + kind + mailbox.guid.bytes + rest).decode()

    def next_change(self) -> int:
        """Return a number higher than any before."""
        self._change += 1
        return self._change

    def unique(self, *parts: object) -> bytes:
        """Return 32 bytes that depend on the seed and the parts only."""
        return self._digest(*parts)

    def mailbox_of_id(self, identity: str) -> Mailbox | None:
        """Return the mailbox written in an id, if it is one of ours at all."""
        try:
            raw = base64.b64decode(identity, validate=True)
        except ValueError:
            return None
        if len(raw) < 51 or raw[:2] != b"\0\x01":
            return None
        guid = raw[3:19]
        return next((m for m in self.mailboxes.values() if m.guid.bytes == guid), None)

    # -- mailboxes and folders ---------------------------------------------

    def add_mailbox(self, address: str, name: str | None = None) -> Mailbox:
        """Create a mailbox with its distinguished folders, or return the one there."""
        key = address.lower()
        if key in self.mailboxes:
            return self.mailboxes[key]
        guid = uuid.UUID(bytes=self._digest("mailbox", key)[:16], version=4)
        mailbox = Mailbox(key, name or key.split("@")[0].title(), guid)
        self.mailboxes[key] = mailbox
        for wanted, (label, folder_class, parent) in DISTINGUISHED.items():
            above = mailbox.distinguished[parent] if parent else None
            self.add_folder(mailbox, above, label, folder_class, wanted)
        return mailbox

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox; raises ErrorNonExistentMailbox."""
        try:
            return self.mailboxes[address.lower()]
        except KeyError:
            raise EwsError("ErrorNonExistentMailbox") from None

    def add_folder(
        self,
        mailbox: Mailbox,
        parent: Folder | None,
        name: str,
        folder_class: str = "IPF.Note",
        distinguished: str | None = None,
    ) -> Folder:
        """Create a folder below `parent`; the caller has checked its name."""
        folder = Folder(
            self.new_id(b"\x02", mailbox),
            mailbox,
            parent,
            name,
            folder_class,
            distinguished,
        )
        folder.change = self.next_change()
        mailbox.folders[folder.id] = folder
        self.folders[folder.id] = folder
        if distinguished:
            mailbox.distinguished[distinguished] = folder
        mailbox.log.append(("create", folder.id))
        return folder

    def change_folder(self, folder: Folder) -> None:
        """Record that a folder's own properties changed."""
        folder.change = self.next_change()
        folder.mailbox.log.append(("update", folder.id))

    def folder_at(self, mailbox: Mailbox, path: str) -> Folder:
        """Return the folder at `inbox/Offerten`, creating own folders on the way."""
        first, _, rest = path.strip("/").partition("/")
        first = {"sent": "sentitems", "trash": "deleteditems"}.get(first, first)
        folder = mailbox.distinguished.get(first.lower())
        if folder is None:
            folder, rest = mailbox.distinguished["msgfolderroot"], path.strip("/")
        for name in filter(None, rest.split("/")):
            below = next((f for f in folder.children() if f.name == name), None)
            folder = below or self.add_folder(
                mailbox, folder, name, folder.folder_class or "IPF.Note"
            )
        return folder

    def remove_folder(self, folder: Folder) -> None:
        """Delete a folder with all that lies in and below it, for good."""
        for below in folder.children():
            self.remove_folder(below)
        for item in list(folder.items.values()):
            self.remove(item)
        folder.deleted = True
        del folder.mailbox.folders[folder.id]
        del self.folders[folder.id]
        folder.mailbox.log.append(("delete", folder.id))

    # -- items -------------------------------------------------------------

    def new_item(self, folder: Folder, tag: str, by: str = "") -> Item:
        """Make an item that `add` can put into `folder`."""
        now = self.clock.now()
        identity = self.new_id(b"\x07", folder.mailbox)
        item = Item(
            identity,
            tag,
            folder,
            0,
            self.next_change(),
            now,
            now,
            by or folder.mailbox.name,
        )
        item.search_key = self._digest("search", identity)[:16]
        return item

    def add(self, item: Item, event: str = "Created") -> None:
        """Put a new item into its folder and tell the subscribers."""
        folder = item.folder
        item.born = len(folder.log)
        folder.items[item.id] = item
        self.items[item.id] = item
        folder.log.append(("create", item.id))
        for attachment in item.attachments:
            self.attachments[attachment.id] = (item, attachment)
        self._tell(event, folder, item.id)
        if event == "NewMail":
            self._tell("Created", folder, item.id)

    def touch(self, item: Item, by: str = "", kind: str = "update") -> None:
        """Record a change of an item already made: new change key, log, event."""
        item.change = self.next_change()
        item.modified = self.clock.now()
        item.modified_by = by or item.modified_by
        item.fragments.clear()
        item.folder.log.append((kind, item.id))
        self._tell("Modified", item.folder, item.id)

    def remove(self, item: Item) -> None:
        """Delete an item for good."""
        self._drop(item)
        self._tell("Deleted", item.folder, item.id)

    def _drop(self, item: Item) -> None:
        del item.folder.items[item.id]
        del self.items[item.id]
        item.folder.log.append(("delete", item.id))
        for attachment in item.attachments:
            self.attachments.pop(attachment.id, None)

    def move(self, item: Item, target: Folder) -> Item:
        """Move an item; it gets a new id and keeps its search key."""
        old_id, old_folder = item.id, item.folder
        self._drop(item)
        self._place(item, target)
        self._tell("Moved", target, item.id, old_folder, old_id)
        return item

    def copy(self, item: Item, target: Folder) -> Item:
        """Copy an item; the copy has its own id and the same search key."""
        twin = Item(
            "",
            item.tag,
            target,
            0,
            0,
            item.created,
            item.modified,
            item.modified_by,
            item.received,
            item.read,
            item.draft,
            item.mime,
            item.pending,
            item.stamped,
            item.search_key,
            dict(item.values),
            dict(item.extended),
            [self._twin(attachment, target) for attachment in item.attachments],
        )
        self._place(twin, target)
        self._tell("Copied", target, twin.id, item.folder, item.id)
        return twin

    def rename(self, item: Item) -> None:
        """Give an item a new id in place (ids may change on an update)."""
        folder = item.folder
        self._drop(item)
        self._place(item, folder)

    def _twin(self, attachment: Attachment, target: Folder) -> Attachment:
        return Attachment(
            self.new_id(b"\x09", target.mailbox),
            attachment.name,
            attachment.content_type,
            attachment.content_id,
            attachment.is_inline,
            attachment.content,
            attachment.item,
            attachment.modified,
        )

    def _place(self, item: Item, target: Folder) -> None:
        item.id = self.new_id(b"\x07", target.mailbox)
        item.folder = target
        item.change = self.next_change()
        item.fragments.clear()
        item.born = len(target.log)
        target.items[item.id] = item
        self.items[item.id] = item
        target.log.append(("create", item.id))
        for attachment in item.attachments:
            self.attachments[attachment.id] = (item, attachment)

    def descendants(self, folder: Folder) -> Iterator[Folder]:
        """Yield all folders below `folder`, parents first."""
        for below in folder.children():
            yield below
            yield from self.descendants(below)

    def all_items(self) -> Iterable[Item]:
        """Return every item now present."""
        return self.items.values()

    def _tell(
        self,
        kind: str,
        folder: Folder,
        item_id: str,
        old_folder: Folder | None = None,
        old_item_id: str | None = None,
    ) -> None:
        if self.listeners:
            event = Event(
                kind, self.clock.now(), folder, item_id, old_folder, old_item_id
            )
            for listener in self.listeners:
                listener(event)
