"""SendItem: a draft is sent; the product under test must never do that.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/senditem-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.soap import response
from exchange_sandbox.submission import submit
from exchange_sandbox.xml_text import Element, M


def send_item(call: Call) -> str:
    """Send each draft, keeping a copy if asked; needs the current change key."""
    keep = call.element.get("SaveItemToFolder") in {"true", "1"}
    saved = call.element.find(f"{M}SavedItemFolderId")

    def one(element: Element) -> str:
        item = call.item(element)
        given = element.get("ChangeKey")
        if not given:
            raise EwsError("ErrorChangeKeyRequired")
        if given != item.change_key:
            raise EwsError("ErrorStaleObject")
        folder = item.folder.mailbox.distinguished["sentitems"]
        if saved is not None:
            folder = call.target_folder(saved)
        call.note_touched(item)
        submit(call, item, folder if keep else None)
        call.store.remove(item)
        return ""

    return response("SendItem", call.each_of("ItemIds", one))
