"""An Exchange in memory behind the port: the double most tests use.

``MemoryExchange`` holds mailboxes; calling it opens one (``PortFactory``). What a test
may rely on, because the contract suite holds it against EWS too:

* a first sync comes newest first, in pages; a token is opaque, may be replayed, stays
  the same while nothing happens, and belongs to one folder of one mailbox;
* moving an item gives it a new id: a deletion here, an upsert there;
* every change gives a new change key; a stale one raises Conflict;
* deleting a task puts it into the trash, under a new id.

Every call of the port first calls ``assert_idle`` (a test's check that no database
transaction is open), then is written into ``ledger``, then meets the faults that
``fail_next`` has put there. Acts of people (deliver, move, complete …) are methods of
``MemoryExchange``; they are no port calls and meet no faults.

Not imitated: throttling, attachment limits, folder rights. Thread-safe by one lock.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from mailsync.errors import (
    AuthRejected,
    Conflict,
    ItemGone,
    MailboxGone,
    MailSyncError,
    TokenInvalid,
    Unprocessable,
)
from mailsync.port import (
    Change,
    ChangeKind,
    Detail,
    Fetched,
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    Page,
    RemoteItem,
    RemoteMessage,
    Unreadable,
    WantedItem,
)

STANDARD = {str(role): role for role in FolderRole if role is not FolderRole.OTHER}
USUAL = {FolderRole.TASKS, FolderRole.CALENDAR, FolderRole.TRASH}
HOME = {ItemKind.TASK: "tasks", ItemKind.APPOINTMENT: "calendar"}
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the ledger."""

    mailbox: str
    operation: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next matching call meets; see ``MemoryExchange.fail_next``."""

    operation: str
    error: MailSyncError
    after_act: bool
    mailbox: str | None


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


class MemoryExchange:
    """Several mailboxes, the acts of people on them, and faults to order."""

    def __init__(
        self, *, page: int = 100, assert_idle: Callable[[], None] | None = None
    ) -> None:
        self.page = page
        self.assert_idle = assert_idle or (lambda: None)
        self.boxes: dict[str, Box] = {}
        self.denied: set[str] = set()
        self.ledger: list[Request] = []
        self.lock = threading.RLock()
        self._faults: list[Fault] = []
        self._numbers = count(1)

    def __call__(self, address: str) -> "MemoryMailbox":
        """The port of one mailbox; makes no request, an unknown one fails later."""
        return MemoryMailbox(self, address)

    def add_mailbox(self, address: str, own_folders: Sequence[str] = ()) -> None:
        """A mailbox with the standard folders and these paths («inbox/Kunden»)."""
        self.boxes[address.lower()] = Box(list(own_folders))

    # -- faults -------------------------------------------------------------------

    def fail_next(
        self,
        operation: str,
        error: MailSyncError,
        *,
        after_act: bool = False,
        mailbox: str | None = None,
    ) -> None:
        """The next call of ``operation`` raises; ``after_act``: the act is done first.

        ``operation`` is a method name of the port. Orders queue up, first in first out.
        """
        self._faults.append(Fault(operation, error, after_act, mailbox))

    def take_fault(self, operation: str, mailbox: str) -> Fault | None:
        """Remove and return the first order that matches."""
        for fault in self._faults:
            if fault.operation == operation and fault.mailbox in (None, mailbox):
                self._faults.remove(fault)
                return fault
        return None

    def invalidate_tokens(self, address: str) -> None:
        """The server forgets every sync token of the mailbox."""
        self.box(address).tokens.clear()

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
            address, HOME[wanted.kind], _as_item(wanted), body=wanted.body
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
            _require_folder(self.box(address), folder)
            number = next(self._numbers)
            content = replace(content, ref=ItemRef(f"Item/{number}", f"key-{number}"))
            if isinstance(content, RemoteItem):
                content = replace(content, folder=_role(folder))
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


class MemoryMailbox:
    """The port of one mailbox in memory."""

    def __init__(self, exchange: MemoryExchange, address: str) -> None:
        self.exchange = exchange
        self.address = address.lower()

    @contextmanager
    def _request(self, operation: str) -> Iterator[Box]:
        """One port call: idle check, ledger, fault before, act, fault after."""
        self.exchange.assert_idle()
        with self.exchange.lock:
            self.exchange.ledger.append(Request(self.address, operation))
            fault = self.exchange.take_fault(operation, self.address)
            if fault is not None and not fault.after_act:
                raise fault.error
            yield self.exchange.box(self.address)
            if fault is not None:
                raise fault.error

    # -- MailSource -----------------------------------------------------------------

    def folders(self, names: Sequence[str], *, subfolders: bool) -> list[FolderRef]:
        """Resolve names; raises MailboxGone (E234) for a missing folder."""
        with self._request("folders") as box:
            found: dict[str, FolderRef] = {}
            for name in names:
                path = _require_folder(box, name)
                found.setdefault(path, _folder_ref(path))
                if subfolders and path != "sent":
                    for own in box.own_folders:
                        if own.startswith(f"{path}/"):
                            found.setdefault(own, _folder_ref(own))
            return list(found.values())

    def changes(self, folder: FolderRef, token: str | None) -> Page:
        """The net difference between what the token knows and now, in pages."""
        with self._request("changes") as box:
            path = _require_folder(box, folder.external_id or folder.name)
            known: dict[str, tuple[int, bool]] = {}
            if token is not None:
                place, known = box.tokens.get(token, ("", {}))
                if place != path:
                    raise TokenInvalid("the server does not know this token")
            return self._page(box, path, known, token)

    def _page(
        self,
        box: Box,
        path: str,
        known: dict[str, tuple[int, bool]],
        token: str | None,
    ) -> Page:
        now = {i: h for i, h in box.items.items() if h.folder == path}
        differing = [h for i, h in now.items() if known.get(i) != (h.version, h.read)]
        differing.sort(key=_newest_first, reverse=True)
        gone = [i for i in known if i not in now]
        if token is not None and not differing and not gone:
            return Page((), token, is_last=True)
        changes = [_change(held, known) for held in differing]
        changes += [Change(ChangeKind.DELETED, ItemRef(i)) for i in gone]
        part = changes[: self.exchange.page]
        after = dict(known)
        for change in part:
            identity = change.ref.external_id
            if change.kind is ChangeKind.DELETED:
                del after[identity]
            else:
                after[identity] = (now[identity].version, now[identity].read)
        new = self.exchange.new_token(self.address, path, after)
        return Page(tuple(part), new, is_last=len(part) == len(changes))

    def fetch(self, refs: Sequence[ItemRef], detail: Detail) -> Fetched:
        """Every ref is in exactly one of messages, gone, unreadable."""
        with self._request("fetch") as box:
            messages: list[RemoteMessage] = []
            gone: list[ItemRef] = []
            unreadable: list[Unreadable] = []
            for ref in refs:
                held = box.items.get(ref.external_id)
                if held is None:
                    gone.append(ref)
                elif held.unreadable is not None:
                    unreadable.append(Unreadable(ref, held.unreadable))
                elif isinstance(held.content, RemoteMessage):
                    messages.append(_at_detail(held.content, detail))
                else:
                    unreadable.append(Unreadable(ref, "not a mail"))
            return Fetched(tuple(messages), tuple(gone), tuple(unreadable))

    def raw_mime(self, ref: ItemRef) -> bytes:
        """The MIME given at delivery; raises ItemGone or Unprocessable."""
        with self._request("raw_mime"):
            held = self.exchange.held(self.address, ref)
            if held.mime is None or held.unreadable is not None:
                raise Unprocessable(held.unreadable or "the item has no MIME")
            return held.mime

    def close(self) -> None:
        """Nothing to give back."""

    # -- TaskSink -------------------------------------------------------------------

    def find_task(
        self, kind: ItemKind, crm_key: str, *, everywhere: bool = True
    ) -> list[RemoteItem]:
        """Every item of the kind with the key; elsewhere only if usually nowhere."""
        with self._request("find_task") as box:
            contents = [held.content for held in box.items.values()]
            found = [
                item
                for item in contents
                if isinstance(item, RemoteItem)
                and item.kind is kind
                and item.crm_key == crm_key
            ]
            usual = [item for item in found if item.folder in USUAL]
            return usual or (found if everywhere else [])

    def create_task(self, wanted: WantedItem) -> ItemRef:
        """A new item, every time: looking first is the caller's duty."""
        with self._request("create_task"):
            return self.exchange.put_task(self.address, wanted)

    def update_task(self, ref: ItemRef, wanted: WantedItem) -> ItemRef:
        """Write our fields; raises ItemGone or Conflict."""
        with self._request("update_task"):
            held = self.exchange.held(self.address, ref)
            if ref.change_key and ref.change_key != held.ref.change_key:
                raise Conflict("the item was changed in the mailbox")
            item = replace(_as_item(wanted), ref=held.ref, folder=_role(held.folder))
            return self.exchange.rewrite(
                self.address, replace(held, content=item, body=wanted.body)
            )

    def delete_task(self, kind: ItemKind, ref: ItemRef) -> None:
        """Into the trash; raises ItemGone."""
        del kind
        with self._request("delete_task"):
            self.exchange.delete(self.address, ref)


def _as_item(wanted: WantedItem) -> RemoteItem:
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


def _role(folder: str) -> FolderRole:
    return STANDARD.get(folder, FolderRole.OTHER)


def _folder_ref(path: str) -> FolderRef:
    role = _role(path)
    own = role is FolderRole.OTHER
    return FolderRef(role, path, path if own else None)


def _require_folder(box: Box, name: str) -> str:
    """The folder's path as the mailbox spells it; raises MailboxGone (E234)."""
    for path in (*STANDARD, *box.own_folders):
        if path.casefold() == name.casefold():
            return path
    raise MailboxGone(f"folder {name!r} is not in this mailbox", code="E234")


def _newest_first(held: Held) -> tuple[datetime, int]:
    received = (
        held.content.received_at if isinstance(held.content, RemoteMessage) else None
    )
    return (received or _BEGINNING, held.version)


def _change(held: Held, known: dict[str, tuple[int, bool]]) -> Change:
    content = held.content
    before = known.get(held.ref.external_id)
    if before is not None and before[0] == held.version:
        return Change(ChangeKind.READ_FLAG, content.ref)
    if isinstance(content, RemoteItem):
        return Change(
            ChangeKind.UPSERTED, content.ref, subject=content.subject, item=content
        )
    return Change(
        ChangeKind.UPSERTED,
        content.ref,
        content.received_at,
        content.sensitivity,
        content.subject,
        content.categories,
        content.item_class,
    )


def _at_detail(message: RemoteMessage, detail: Detail) -> RemoteMessage:
    """Only what was asked for, as a server answers."""
    if detail is Detail.CONTENT:
        return replace(message, attachments=message.attachments or ())
    text = message.text if detail is Detail.TEXT else None
    return replace(message, text=text, html=None, attachments=None)
