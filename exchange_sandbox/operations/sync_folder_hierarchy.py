"""SyncFolderHierarchy: the folders of a mailbox and their changes since a state.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderhierarchy-operation
"""

import base64
import struct

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.folder_render import read_folder_shape, render_folder
from exchange_sandbox.mailbox import Folder, Mailbox
from exchange_sandbox.soap import failure, response, success
from exchange_sandbox.xml_text import M, text_of


def sync_folder_hierarchy(call: Call) -> str:
    """Answer all changes at once."""
    try:
        inner = _changes(call)
    except EwsError as error:
        message = failure("SyncFolderHierarchy", error, "<m:SyncState/>")
        return response("SyncFolderHierarchy", [message])
    return response("SyncFolderHierarchy", [success("SyncFolderHierarchy", inner)])


def _write(mailbox: Mailbox, position: int) -> str:
    return base64.b64encode(
        b"H" + mailbox.guid.bytes + struct.pack(">I", position)
    ).decode()


def _read(mailbox: Mailbox, state: str) -> int:
    if not state:
        return 0
    try:
        raw = base64.b64decode(state, validate=True)
    except ValueError:
        raise EwsError("ErrorInvalidSyncStateData") from None
    if len(raw) != 21 or raw[:17] != b"H" + mailbox.guid.bytes:
        raise EwsError("ErrorInvalidSyncStateData")
    position = int(struct.unpack(">I", raw[17:])[0])
    if position > len(mailbox.log):
        raise EwsError("ErrorInvalidSyncStateData")
    return position


def _changes(call: Call) -> str:
    element = call.element.find(f"{M}SyncFolderId")
    top: Folder = (
        call.own_mailbox().distinguished["msgfolderroot"]
        if element is None
        else call.target_folder(element)
    )
    mailbox = top.mailbox
    shape = read_folder_shape(call.element)
    start = _read(mailbox, text_of(call.element.find(f"{M}SyncState")).strip())
    below = {folder.id: folder for folder in call.store.descendants(top)}
    seen: dict[str, list[str]] = {}
    for kind, identity in mailbox.log[start:]:
        seen.setdefault(identity, []).append(kind)
    changes = []
    for identity, kinds in seen.items():
        if "delete" in kinds:
            if "create" not in kinds:
                changes.append(f'<t:Delete><t:FolderId Id="{identity}"/></t:Delete>')
        elif identity in below:
            name = "Create" if "create" in kinds else "Update"
            changes.append(
                f"<t:{name}>{render_folder(below[identity], shape)}</t:{name}>"
            )
    return (
        f"<m:SyncState>{_write(mailbox, len(mailbox.log))}</m:SyncState>"
        "<m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>"
        f"<m:Changes>{''.join(changes)}</m:Changes>"
    )
