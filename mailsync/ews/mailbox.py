"""``EwsMailbox``: the port over EWS; ``EwsServer`` opens them.

Sync rules (exchange.md §5), per folder:

    success with a new state            → page; the counters start again
    success, old state again, "more"    → page with is_last, so that the loop stops;
                                          the third in a row raises Transient
    success without a state             → Transient; the third in a row: TokenInvalid
    ErrorInvalidSyncStateData           → TokenInvalid
    cut or not well-formed              → Transient, never a token

The counters live in ``EwsServer``: they survive a mailbox object that is dropped after
an error. A mailbox object belongs to one thread.
"""

import logging
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailsync.errors import (
    MailSyncError,
    TokenInvalid,
    Transient,
    Unprocessable,
)
from mailsync.ews import folders, listing, tasks
from mailsync.ews.account import Role, ServerSettings, close_protocols, open_account
from mailsync.ews.attachments import with_attachments
from mailsync.ews.calls import Caller
from mailsync.ews.fetching import Fetcher
from mailsync.ews.mapping import (
    Element,
    read_bool,
    read_changes,
    read_mail_change,
)
from mailsync.ews.properties import CALENDAR_FIELDS, MNS, SYNC_MAIL, TASK_FIELDS, TNS
from mailsync.ews.task_mapping import item_change
from mailsync.ews.xml_text import escape
from mailsync.port import (
    Change,
    Detail,
    Fetched,
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    Page,
    RemoteItem,
    WantedItem,
)

PAGE: Final = 256  # changes a page; the schema allows 512
_PATIENCE: Final = 3
_FIELDS: Final = {FolderRole.TASKS: TASK_FIELDS, FolderRole.CALENDAR: CALENDAR_FIELDS}

_log = logging.getLogger(__name__)


class EwsServer:
    """A server and a log-in; calling it opens a mailbox (``PortFactory``)."""

    def __init__(self, settings: ServerSettings, *, page: int = PAGE) -> None:
        self.settings = settings
        self._page = page
        self._trouble: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, address: str) -> "EwsMailbox":
        """The mailbox, for the calling thread. No request is made.

        Raises AuthRejected (E261) for Exchange Online.
        """
        return EwsMailbox(self.settings, address, self._trouble, page=self._page)

    def close(self) -> None:
        """Close every socket of this log-in."""
        close_protocols(self.settings)


class EwsMailbox:
    """One mailbox behind ``MailSource`` and ``TaskSink``."""

    def __init__(
        self,
        settings: ServerSettings,
        address: str,
        trouble: Counter[tuple[str, str, str]] | None = None,
        *,
        page: int = PAGE,
    ) -> None:
        self.address = address
        self._reader = Caller(open_account(settings, address, Role.READ))
        self._writer = Caller(open_account(settings, address, Role.WRITE))
        self._fetcher = Fetcher(
            self._reader, settings.fetch_size, all_headers=settings.all_headers
        )
        self._largest = settings.attachment_bytes
        self._zone = ZoneInfo(settings.time_zone)
        self._trouble = Counter() if trouble is None else trouble
        self._page = page

    # -- MailSource ---------------------------------------------------------------

    def folders(self, names: Sequence[str], *, subfolders: bool) -> list[FolderRef]:
        """Resolve configured names; raises MailboxGone (E234) for a missing one."""
        return folders.resolve(self._reader, names, subfolders=subfolders)

    def changes(self, folder: FolderRef, token: str | None) -> Page:
        """One page of SyncFolderItems; see the rules above."""
        state = f"<m:SyncState>{escape(token)}</m:SyncState>" if token else ""
        answer = self._reader.ask_one(
            "SyncFolderItems",
            "><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
            f"{_FIELDS.get(folder.role, SYNC_MAIL)}</t:AdditionalProperties>"
            "</m:ItemShape><m:SyncFolderId>"
            f"{folders.folder_id(self._reader, folder)}</m:SyncFolderId>{state}"
            f"<m:MaxChangesReturned>{self._page}</m:MaxChangesReturned>",
        )
        return self._page_of(answer, folder, token)

    def _page_of(self, answer: Element, folder: FolderRef, token: str | None) -> Page:
        new = answer.findtext(f"{{{MNS}}}SyncState")
        last = answer.findtext(f"{{{MNS}}}IncludesLastItemInRange")
        if not new or last is None:
            raise self._without_state(folder)
        is_last = read_bool(last)
        if new == token and not is_last:
            self._note_endless(folder)
            is_last = True
        else:
            self._trouble.pop(self._key(folder, "endless"), None)
        self._trouble.pop(self._key(folder, "no state"), None)
        read = (
            item_change(folder.role, self._zone)
            if folder.role in _FIELDS
            else read_mail_change
        )
        try:
            return Page(read_changes(answer, read), new, is_last)
        except Unprocessable as error:
            raise Transient(f"a change that is none: {error}", code="E252") from error

    def _key(self, folder: FolderRef, what: str) -> tuple[str, str, str]:
        return (self.address, folder.external_id or folder.role, what)

    def _without_state(self, folder: FolderRef) -> MailSyncError:
        key = self._key(folder, "no state")
        self._trouble[key] += 1
        if self._trouble[key] < _PATIENCE:
            return Transient("a sync answer without SyncState", code="E252")
        del self._trouble[key]
        return TokenInvalid("three sync answers in a row had no SyncState")

    def _note_endless(self, folder: FolderRef) -> None:
        key = self._key(folder, "endless")
        self._trouble[key] += 1
        _log.warning("sync_state_did_not_move")
        if self._trouble[key] >= _PATIENCE:
            raise Transient(
                "the server says there is more but its state does not move: "
                "endless sync, stopped",
                code="E252",
            )

    def fetch(self, refs: Sequence[ItemRef], detail: Detail) -> Fetched:
        """The mails behind ``refs``; with CONTENT their attachments too."""
        outcome = self._fetcher.fetch(refs, detail)
        messages = outcome.messages
        if detail is Detail.CONTENT:
            messages = [
                with_attachments(
                    self._reader,
                    m,
                    outcome.stubs.get(m.ref.external_id, ()),
                    self._largest,
                )
                for m in messages
            ]
        return Fetched(tuple(messages), tuple(outcome.gone), tuple(outcome.unreadable))

    def raw_mime(self, ref: ItemRef) -> bytes:
        """The MIME of one item; raises ItemGone or Unprocessable."""
        answer = self._reader.ask_one(
            "GetItem",
            "><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
            "<t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>"
            f'<m:ItemIds><t:ItemId Id="{escape(ref.external_id)}"/></m:ItemIds>',
            large=True,
        )
        mime = answer.findtext(f"{{{MNS}}}Items/*/{{{TNS}}}MimeContent")
        if mime is None:
            raise Unprocessable("the item has no MIME")
        try:
            return b64decode(mime)
        except ValueError as error:
            raise Unprocessable("the MIME is not base64") from error

    def item_ids(
        self, folder: FolderRef, since: datetime | None
    ) -> Iterator[tuple[str, ...]]:
        """The ids of what lies in the folder by FindItem, page by page."""
        return listing.item_ids(self._reader, folder, since)

    def item_count(self, folder: FolderRef, since: datetime | None) -> int:
        """How many items lie in the folder; one request, one id."""
        return listing.item_count(self._reader, folder, since)

    def heads(self, refs: Sequence[ItemRef]) -> tuple[Change, ...]:
        """What a change page would say about these items; the gone are left out."""
        return listing.heads(self._reader, refs)

    def close(self) -> None:
        """Nothing of its own to close: the sockets are the log-in's (EwsServer)."""

    # -- TaskSink -----------------------------------------------------------------

    def find_task(
        self, kind: ItemKind, crm_key: str, *, everywhere: bool = True
    ) -> list[RemoteItem]:
        """Every item with the key; elsewhere only if it is not in the usual folders."""
        return tasks.find(
            self._writer, kind, crm_key, self._zone, everywhere=everywhere
        )

    def create_task(self, wanted: WantedItem) -> ItemRef:
        """Create it once; on Transient the outcome is unknown."""
        return tasks.create(self._writer, wanted)

    def update_task(self, ref: ItemRef, wanted: WantedItem) -> ItemRef:
        """Write our fields; raises Conflict or ItemGone."""
        return tasks.update(self._writer, ref, wanted)

    def delete_task(self, kind: ItemKind, ref: ItemRef) -> None:
        """Move it to Deleted Items; raises ItemGone."""
        del kind  # EWS needs no kind to delete
        tasks.delete(self._writer, ref)
