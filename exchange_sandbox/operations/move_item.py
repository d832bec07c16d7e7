"""MoveItem and CopyItem: the result has a new id.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/moveitem-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.render import short_item
from exchange_sandbox.soap import response
from exchange_sandbox.xml_text import Element, M, text_of


def _transfer(call: Call, *, copy: bool) -> str:
    quiet = text_of(call.element.find(f"{M}ReturnNewItemIds")) == "false"

    def one(element: Element) -> str:
        target = call.target_folder(call.element.find(f"{M}ToFolderId"))
        item = call.item(element)
        call.note_touched(item)
        source = item.folder.mailbox
        result = (call.store.copy if copy else call.store.move)(item, target)
        call.note_touched(result)
        same = target.mailbox is source and not quiet
        return f"<m:Items>{short_item(result)}</m:Items>" if same else "<m:Items/>"

    return response(call.operation, call.each_of("ItemIds", one, "<m:Items/>"))


def move_item(call: Call) -> str:
    """Move items into a folder."""
    return _transfer(call, copy=False)


def copy_item(call: Call) -> str:
    """Copy items into a folder."""
    return _transfer(call, copy=True)
