"""SyncFolderItems: the changes of a folder since a state, in pages of at most 512.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderitems-operation
"""

from exchange_sandbox import sync_state
from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.mailbox import Folder
from exchange_sandbox.render import render_item
from exchange_sandbox.shapes import Shape
from exchange_sandbox.soap import failure, response, success
from exchange_sandbox.xml_text import M, boolean, children, escape, text_of

_EMPTY_STATE = "<m:SyncState/>"


def sync_folder_items(call: Call) -> str:
    """Answer one page of changes and the state after it."""
    empty = "" if "no_state_element" in call.tricks else _EMPTY_STATE
    try:
        planned = call.item_faults.get(None) or call.item_faults.get(0)
        if planned is not None:
            raise planned
        inner = _page(call)
    except EwsError as error:
        return response("SyncFolderItems", [failure("SyncFolderItems", error, empty)])
    return response("SyncFolderItems", [success("SyncFolderItems", inner)])


def _folder(call: Call) -> Folder:
    try:
        return call.target_folder(call.element.find(f"{M}SyncFolderId"))
    except EwsError as error:
        if error.code == "ErrorFolderNotFound":
            raise EwsError("ErrorSyncFolderNotFound") from None
        raise


def _page(call: Call) -> str:
    folder = _folder(call)
    state = text_of(call.element.find(f"{M}SyncState")).strip()
    memory = call.settings.sync_memory
    position = sync_state.read(call.store, folder, state, memory) if state else None
    limit = int(text_of(call.element.find(f"{M}MaxChangesReturned")) or 0)
    if not 1 <= limit <= sync_state.MAX_CHANGES:
        raise EwsError("ErrorInvalidMaxChanges", "MaxChangesReturned is not in 1..512.")
    if "endless" in call.tricks:
        return _written(state, [], is_last=False)
    page = sync_state.page(call.store, folder, position, limit)
    ignored = {child.get("Id") for child in children(call.element.find(f"{M}Ignore"))}
    shape = call.shape(full=False)
    changes = [
        _change(call, change, shape)
        for change in page.changes
        if change.item_id not in ignored
    ]
    if "duplicate" in call.tricks:
        changes = [text for text in changes for _ in range(2)]
    if "reorder" in call.tricks:
        changes.reverse()
    if "empty_page" in call.tricks:
        # Nothing this time, but more: the client must come again with this state.
        return _written(state, [], is_last=False)
    return _written(page.state, changes, is_last=page.is_last)


def _written(state: str, changes: list[str], *, is_last: bool) -> str:
    return (
        f"<m:SyncState>{escape(state)}</m:SyncState>"
        f"<m:IncludesLastItemInRange>{boolean(value=is_last)}</m:IncludesLastItemInRange>"
        f"<m:Changes>{''.join(changes)}</m:Changes>"
    )


def _change(call: Call, change: sync_state.Change, shape: Shape) -> str:
    if change.item is None:
        return f'<t:Delete><t:ItemId Id="{change.item_id}"/></t:Delete>'
    if change.kind == "read":
        return (
            f'<t:ReadFlagChange><t:ItemId Id="{change.item_id}" '
            f'ChangeKey="{change.item.change_key}"/>'
            f"<t:IsRead>{boolean(value=change.item.read)}</t:IsRead></t:ReadFlagChange>"
        )
    name = "Create" if change.kind == "create" else "Update"
    return f"<t:{name}>{render_item(call.store, change.item, shape)}</t:{name}>"
