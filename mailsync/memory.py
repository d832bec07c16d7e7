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
``MemoryStore``, its base; they are no port calls and meet no faults.

Not imitated: throttling, attachment limits, folder rights. Thread-safe by one lock.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailsync.errors import (
    Conflict,
    MailSyncError,
    TokenInvalid,
    Unprocessable,
)
from mailsync.memory_store import (
    Box,
    Held,
    MemoryStore,
    as_item,
    folder_ref,
    require_folder,
    role_of,
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

USUAL = {FolderRole.TASKS, FolderRole.CALENDAR, FolderRole.TRASH}
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


class MemoryExchange(MemoryStore):
    """The mailboxes as a server: pages, a ledger of port calls, faults to order."""

    def __init__(
        self, *, page: int = 100, assert_idle: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self.page = page
        self.assert_idle = assert_idle or (lambda: None)
        self.ledger: list[Request] = []
        self._faults: list[Fault] = []

    def __call__(self, address: str) -> "MemoryMailbox":
        """The port of one mailbox; makes no request, an unknown one fails later."""
        return MemoryMailbox(self, address)

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
                path = require_folder(box, name)
                found.setdefault(path, folder_ref(path))
                if subfolders and path != "sent":
                    for own in box.own_folders:
                        if own.startswith(f"{path}/"):
                            found.setdefault(own, folder_ref(own))
            return list(found.values())

    def changes(self, folder: FolderRef, token: str | None) -> Page:
        """The net difference between what the token knows and now, in pages."""
        with self._request("changes") as box:
            path = require_folder(box, folder.external_id or folder.name)
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

    def item_ids(
        self, folder: FolderRef, since: datetime | None
    ) -> Iterator[tuple[str, ...]]:
        """The ids of what lies in the folder, oldest first, page by page."""
        with self._request("item_ids") as box:
            path = require_folder(box, folder.external_id or folder.name)
            held = [h for h in box.items.values() if h.folder == path]
            held.sort(key=_newest_first)
            ids = [h.ref.external_id for h in held if since is None or _at(h) >= since]
        for start in range(0, max(len(ids), 1), self.exchange.page):
            yield tuple(ids[start : start + self.exchange.page])

    def item_count(self, folder: FolderRef, since: datetime | None) -> int:
        """How many items lie in the folder."""
        with self._request("item_count") as box:
            path = require_folder(box, folder.external_id or folder.name)
            held = [h for h in box.items.values() if h.folder == path]
            return sum(since is None or _at(h) >= since for h in held)

    def heads(self, refs: Sequence[ItemRef]) -> tuple[Change, ...]:
        """What a change page would say about these items; the gone are left out."""
        with self._request("heads") as box:
            held = [box.items.get(ref.external_id) for ref in refs]
        return tuple(_change(one, {}) for one in held if one is not None)

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
            item = replace(as_item(wanted), ref=held.ref, folder=role_of(held.folder))
            return self.exchange.rewrite(
                self.address, replace(held, content=item, body=wanted.body)
            )

    def delete_task(self, kind: ItemKind, ref: ItemRef) -> None:
        """Into the trash; raises ItemGone."""
        del kind
        with self._request("delete_task"):
            self.exchange.delete(self.address, ref)


def _newest_first(held: Held) -> tuple[datetime, int]:
    return (_at(held), held.version)


def _at(held: Held) -> datetime:
    received = (
        held.content.received_at if isinstance(held.content, RemoteMessage) else None
    )
    return received or _BEGINNING


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
    return replace(message, text=text, html=None, attachments=None, new_text=None)
