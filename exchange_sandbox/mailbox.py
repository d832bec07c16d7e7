"""Mailboxes, folders, items, attachments and events: what the store keeps."""

import base64
import struct
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# distinguished name -> (display name, folder class, parent's distinguished name)
DISTINGUISHED: dict[str, tuple[str, str, str | None]] = {
    "root": ("Root", "", None),
    "msgfolderroot": ("Top of Information Store", "", "root"),
    "inbox": ("Inbox", "IPF.Note", "msgfolderroot"),
    "drafts": ("Drafts", "IPF.Note", "msgfolderroot"),
    "sentitems": ("Sent Items", "IPF.Note", "msgfolderroot"),
    "deleteditems": ("Deleted Items", "IPF.Note", "msgfolderroot"),
    "outbox": ("Outbox", "IPF.Note", "msgfolderroot"),
    "junkemail": ("Junk Email", "IPF.Note", "msgfolderroot"),
    "calendar": ("Calendar", "IPF.Appointment", "msgfolderroot"),
    "contacts": ("Contacts", "IPF.Contact", "msgfolderroot"),
    "tasks": ("Tasks", "IPF.Task", "msgfolderroot"),
    "notes": ("Notes", "IPF.StickyNote", "msgfolderroot"),
    "journal": ("Journal", "IPF.Journal", "msgfolderroot"),
    "searchfolders": ("Finder", "", "root"),
    "recoverableitemsroot": ("Recoverable Items", "", "root"),
    "recoverableitemsdeletions": ("Deletions", "", "recoverableitemsroot"),
}
FOLDER_TAGS = {
    "IPF.Appointment": "CalendarFolder",
    "IPF.Contact": "ContactsFolder",
    "IPF.Task": "TasksFolder",
}


@dataclass(slots=True, eq=False)
class Attachment:
    """A file or an attached mail (`item` = its raw MIME)."""

    id: str
    name: str
    content_type: str | None
    content_id: str | None
    is_inline: bool
    content: bytes
    item: bytes | None
    modified: datetime


@dataclass(slots=True, eq=False)
class Item:
    """One item. `values` is keyed by field URI; mail is read from MIME when needed."""

    id: str
    tag: str
    folder: "Folder"
    born: int
    change: int
    created: datetime
    modified: datetime
    modified_by: str
    received: datetime | None = None
    read: bool = True
    draft: bool = False
    mime: bytes | None = None
    pending: bool = False
    stamped: bool = False
    search_key: bytes = b""
    values: dict[str, Any] = field(default_factory=dict)
    extended: dict[Any, tuple[str, ...]] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    fragments: dict[Any, str] = field(default_factory=dict)

    @property
    def change_key(self) -> str:
        """Return the opaque version of the item."""
        return base64.b64encode(
            b"\x09\0\0\0\x16\0\0\0" + struct.pack(">Q", self.change)
        ).decode()


@dataclass(slots=True, eq=False)
class Folder:
    """One folder with its present items and its log of (kind, item id)."""

    id: str
    mailbox: "Mailbox"
    parent: "Folder | None"
    name: str
    folder_class: str
    distinguished: str | None
    change: int = 1
    generation: int = 1
    deleted: bool = False
    items: dict[str, Item] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    extended: dict[Any, tuple[str, ...]] = field(default_factory=dict)
    window: tuple[int, int, list[tuple[str, str]]] = (-1, -1, [])

    @property
    def tag(self) -> str:
        """Return the name of the folder's XML element."""
        return FOLDER_TAGS.get(self.folder_class, "Folder")

    @property
    def change_key(self) -> str:
        """Return the opaque version of the folder."""
        return base64.b64encode(
            b"\x01\0\0\0\x16\0\0\0" + struct.pack(">Q", self.change)
        ).decode()

    def unread(self) -> int:
        """Count the unread items now in the folder."""
        return sum(not item.read for item in self.items.values())

    def children(self) -> list["Folder"]:
        """Return the folders directly below."""
        return [f for f in self.mailbox.folders.values() if f.parent is self]

    def path(self) -> str:
        """Return the names from below the top of the mailbox to here."""
        names: list[str] = []
        folder: Folder | None = self
        while folder is not None and folder.distinguished not in {
            "root",
            "msgfolderroot",
        }:
            names.append(folder.distinguished or folder.name)
            folder = folder.parent
        return "/".join(reversed(names))


@dataclass(slots=True, eq=False)
class Mailbox:
    """One mailbox and its folders by id."""

    address: str
    name: str
    guid: uuid.UUID
    folders: dict[str, Folder] = field(default_factory=dict)
    distinguished: dict[str, Folder] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """What subscribers hear; kind is Created, NewMail, Modified, Deleted, Moved, Copied."""

    kind: str
    at: datetime
    folder: Folder
    item_id: str | None
    old_folder: Folder | None = None
    old_item_id: str | None = None
    unread: int | None = None
