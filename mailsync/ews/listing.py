"""What lies in a folder by another way than the sync: FindItem ids, GetItem heads.

For the nightly count (exchange.md §5: FindItem is the audit, SyncFolderItems the only
source of truth). Guarantees: nothing but ids is asked for by ``item_ids``; ``heads``
gives what a change page would say, and leaves out what is gone or cannot be read.
Oldest first, so that mail that arrives meanwhile comes at the end; a deletion meanwhile
may shift one id out of sight: whoever misses an id must ask for it (``heads``).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from mailsync.errors import Transient
from mailsync.ews.calls import Caller
from mailsync.ews.errors import of_message
from mailsync.ews.folders import folder_id
from mailsync.ews.mapping import read_mail_change
from mailsync.ews.properties import MNS, SYNC_MAIL, TNS, field
from mailsync.ews.xml_text import escape
from mailsync.port import Change, FolderRef, ItemRef

# The default find limits of Exchange: 1000 a page, 250 with a restriction.
_PAGE: Final = 1000
_PAGE_RESTRICTED: Final = 250
_HEADS: Final = 50
_RECEIVED: Final = field("item:DateTimeReceived")
_SHAPE: Final = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"


def item_ids(
    caller: Caller, folder: FolderRef, since: datetime | None
) -> Iterator[tuple[str, ...]]:
    """The ids of all items of a folder, page by page; ``since``: not older ones."""
    where = folder_id(caller, folder)
    offset = 0
    while True:
        message = caller.ask_one("FindItem", _question(where, offset, since))
        root = message.find(f"{{{MNS}}}RootFolder")
        if root is None:
            raise Transient("FindItem without RootFolder", code="E252")
        page = tuple(
            identity.get("Id", "")
            for identity in root.iterfind(f"{{{TNS}}}Items/*/{{{TNS}}}ItemId")
        )
        yield page
        if root.get("IncludesLastItemInRange", "true") in ("true", "1"):
            return
        if not page:
            raise Transient("an endless list of items", code="E252")
        offset += len(page)


def item_count(caller: Caller, folder: FolderRef, since: datetime | None) -> int:
    """How many items a folder holds; ``since``: not older ones. One id is fetched."""
    where = folder_id(caller, folder)
    message = caller.ask_one("FindItem", _question(where, 0, since, size=1))
    root = message.find(f"{{{MNS}}}RootFolder")
    said = "" if root is None else root.get("TotalItemsInView", "")
    if not said.isascii() or not said.isdigit():
        raise Transient("FindItem without TotalItemsInView", code="E252")
    return int(said)


def _question(
    where: str, offset: int, since: datetime | None, *, size: int | None = None
) -> str:
    if size is None:
        size = _PAGE if since is None else _PAGE_RESTRICTED
    return (
        f' Traversal="Shallow">{_SHAPE}</m:ItemShape>'
        f'<m:IndexedPageItemView MaxEntriesReturned="{size}" Offset="{offset}" '
        f'BasePoint="Beginning"/>{_not_older(since)}'
        f'<m:SortOrder><t:FieldOrder Order="Ascending">{_RECEIVED}</t:FieldOrder>'
        f"</m:SortOrder><m:ParentFolderIds>{where}</m:ParentFolderIds>"
    )


def _not_older(since: datetime | None) -> str:
    if since is None:
        return ""
    instant = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<m:Restriction><t:IsGreaterThanOrEqualTo>{_RECEIVED}<t:FieldURIOrConstant>"
        f'<t:Constant Value="{instant}"/></t:FieldURIOrConstant>'
        "</t:IsGreaterThanOrEqualTo></m:Restriction>"
    )


def heads(caller: Caller, refs: Sequence[ItemRef]) -> tuple[Change, ...]:
    """What a change page would say about these items now.

    Raises what concerns the mailbox or the network; an item's own error leaves it out.
    """
    found: list[Change] = []
    for start in range(0, len(refs), _HEADS):
        part = refs[start : start + _HEADS]
        ids = "".join(f'<t:ItemId Id="{escape(ref.external_id)}"/>' for ref in part)
        answers = caller.ask(
            "GetItem",
            f">{_SHAPE}<t:AdditionalProperties>{SYNC_MAIL}</t:AdditionalProperties>"
            f"</m:ItemShape><m:ItemIds>{ids}</m:ItemIds>",
        )
        for answer in answers:
            error = of_message(answer)
            if isinstance(error, Transient):
                raise error
            items = answer.find(f"{{{MNS}}}Items")
            if error is None and items is not None and len(items):
                found.append(read_mail_change(items[0]))
    return tuple(found)
