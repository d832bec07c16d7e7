"""The port: what mailsync wants from a mail server, and nothing else.

Two adapters fit it: EWS (``mailsync.ews``) and, next, Microsoft Graph; a third,
``mailsync.memory``, is the double that tests use. Nothing foreign crosses it: only
these frozen dataclasses go through, and only ``mailsync.errors`` come out.

All datetimes are aware and in UTC; dates are plain dates. Ids and tokens are opaque,
case-sensitive text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class FolderRole(StrEnum):
    """What a folder is to us; ``OTHER`` is an own folder of the mailbox."""

    INBOX = "inbox"
    SENT = "sent"
    TASKS = "tasks"
    CALENDAR = "calendar"
    TRASH = "trash"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A folder of one mailbox: by role (distinguished) or by its stable id."""

    role: FolderRole
    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemRef:
    """One item as the server names it now; both change (move, update)."""

    external_id: str
    change_key: str = ""


class ChangeKind(StrEnum):
    """What happened to an item since the last page."""

    UPSERTED = "upserted"
    DELETED = "deleted"
    READ_FLAG = "read_flag"


class ItemKind(StrEnum):
    """What a CRM task becomes in a mailbox."""

    TASK = "task"
    APPOINTMENT = "appointment"


@dataclass(frozen=True, slots=True)
class RemoteItem:
    """A task or appointment as it stands in a mailbox now.

    ``due_on`` is the task's due date. ``starts_at``/``ends_at`` are UTC instants;
    where ``all_day`` is set, ``first_day``/``last_day`` (inclusive) count instead.
    ``folder`` says where it lies; ``OTHER`` means: moved to a folder we do not watch.
    """

    ref: ItemRef
    kind: ItemKind
    crm_key: str | None
    subject: str
    completed: bool
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: bool = False
    first_day: date | None = None
    last_day: date | None = None
    folder: FolderRole = FolderRole.OTHER


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a change page. Only ``ref.external_id`` is sure on a deletion.

    For mail folders the page carries what the private rule needs (``subject``,
    ``sensitivity``, ``categories``), never a body. For the task and calendar folders
    ``item`` is set.
    """

    kind: ChangeKind
    ref: ItemRef
    received_at: datetime | None = None
    sensitivity: str = "Normal"
    subject: str | None = None
    categories: tuple[str, ...] = ()
    item_class: str | None = None
    item: RemoteItem | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of changes; ``token`` may be stored only together with its rows."""

    changes: tuple[Change, ...]
    token: str
    is_last: bool


class Detail(StrEnum):
    """How much of a mail to fetch."""

    METADATA = "metadata"
    TEXT = "text"  # metadata and the text body
    CONTENT = "content"  # text, HTML and attachments


@dataclass(frozen=True, slots=True)
class RemoteParty:
    """A sender or recipient as the server parsed it; ``address`` may be odd."""

    name: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class RemoteAttachment:
    """``content`` is None where the server refused or it was over the limit."""

    name: str
    content_type: str
    size: int
    content_id: str | None
    inline: bool
    content: bytes | None


@dataclass(frozen=True, slots=True)
class RemoteMessage:
    """One mail, as asked for. ``headers`` holds the few internet headers we name
    (exchange.md §5): Thread-Index, Auto-Submitted, List-Id, Authentication-Results,
    X-MS-Exchange-Organization-AuthAs, Return-Path, X-Autoreply, From; raw, unfolded,
    in the order of the mail, repeats included where the server gives them.

    ``in_reply_to`` and ``references`` are raw header text; ``conversation_id`` is the
    server's string; ``conversation_index`` its decoded bytes. ``new_text`` is the part
    of ``text`` that no earlier mail of the conversation holds, where the server tells
    it and content was asked for; None where it does not.
    """

    ref: ItemRef
    message_id: str | None
    in_reply_to: str | None
    references: str | None
    conversation_id: str | None
    conversation_index: bytes | None
    conversation_topic: str | None
    subject: str
    from_: RemoteParty | None
    sender: RemoteParty | None
    reply_to: tuple[RemoteParty, ...]
    to: tuple[RemoteParty, ...]
    cc: tuple[RemoteParty, ...]
    bcc: tuple[RemoteParty, ...]
    received_at: datetime | None
    sent_at: datetime | None
    size: int
    item_class: str
    sensitivity: str
    categories: tuple[str, ...]
    has_attachments: bool
    headers: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    html: str | None = None
    attachments: tuple[RemoteAttachment, ...] | None = None
    new_text: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item the server or the mapping could not give us, and why.

    ``message_id`` is its Message-ID where that much could be read.
    """

    ref: ItemRef
    reason: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Answer of ``fetch``: every asked ref is in exactly one of the three."""

    messages: tuple[RemoteMessage, ...]
    gone: tuple[ItemRef, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedItem:
    """What a CRM task shall look like in its employee's mailbox.

    ``crm_key`` travels as a named property and finds the item again. Dates without a
    time are dates (``all_day`` with ``first_day``..``last_day`` inclusive). Instants
    are UTC; ``time_zone`` (IANA) is the zone in which Outlook shall show them.
    """

    kind: ItemKind
    crm_key: str
    subject: str
    body: str
    completed: bool
    time_zone: str
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: bool = False
    first_day: date | None = None
    last_day: date | None = None


class MailSource(Protocol):
    """Reads one mailbox. Never marks read, moves, deletes or sends anything."""

    def folders(self, names: Sequence[str], *, subfolders: bool) -> list[FolderRef]:
        """Resolve configured folder names (``inbox``, ``sent``, own names)."""
        ...

    def changes(self, folder: FolderRef, token: str | None) -> Page:
        """The next page after ``token`` (None: from the beginning).

        Raises TokenInvalid when the server does not know the token, Transient when
        the answer is not well-formed to its last byte.
        """
        ...

    def fetch(self, refs: Sequence[ItemRef], detail: Detail) -> Fetched:
        """The mails behind ``refs``, batched; one bad item never stops the others."""
        ...

    def raw_mime(self, ref: ItemRef) -> bytes:
        """The MIME of one item (a re-rendering where it did not come as MIME)."""
        ...

    def item_ids(
        self, folder: FolderRef, since: datetime | None
    ) -> Iterator[tuple[str, ...]]:
        """The ids of what lies in the folder, in pages, by another way than
        ``changes``; ``since``: received then or later. Each page is a request.
        """
        ...

    def item_count(self, folder: FolderRef, since: datetime | None) -> int:
        """How many items lie in the folder; one small request."""
        ...

    def heads(self, refs: Sequence[ItemRef]) -> tuple[Change, ...]:
        """What a change page would say about these items; the gone are left out."""
        ...

    def close(self) -> None:
        """Give sockets back; the object is not used afterwards."""
        ...


class TaskSink(Protocol):
    """Writes tasks and appointments, one item per request, never an invitation."""

    def find_task(
        self, kind: ItemKind, crm_key: str, *, everywhere: bool = True
    ) -> list[RemoteItem]:
        """Every item carrying the key in the task folder, calendar and trash.

        If there is none and ``everywhere`` says so: in all other folders as well,
        which costs the server a lot and is for items that are known to have existed.
        """
        ...

    def create_task(self, wanted: WantedItem) -> ItemRef:
        """Create it once. On Transient the outcome is unknown: look before repeat."""
        ...

    def update_task(self, ref: ItemRef, wanted: WantedItem) -> ItemRef:
        """Write the fields we own; raises Conflict if the change key is stale."""
        ...

    def delete_task(self, kind: ItemKind, ref: ItemRef) -> None:
        """Remove it (to Deleted Items); raises ItemGone if it is not there."""
        ...


class MailboxPort(MailSource, TaskSink, Protocol):
    """One mailbox behind one adapter."""


class PortFactory(Protocol):
    """Opens the port of a mailbox; one object per (thread, mailbox)."""

    def __call__(self, address: str) -> MailboxPort: ...
