"""DeleteItem: hard, soft (recoverable), or to Deleted Items.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteitem-operation
What MoveToDeletedItems does to an item that lies there already is unverified: refused.
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_rules import attendees
from exchange_sandbox.mailbox import Item
from exchange_sandbox.soap import response
from exchange_sandbox.store import Store
from exchange_sandbox.xml_text import Element


def delete(store: Store, item: Item, how: str) -> None:
    """Delete one item; `how` is HardDelete, SoftDelete or MoveToDeletedItems."""
    places = item.folder.mailbox.distinguished
    if how == "HardDelete":
        store.remove(item)
    elif how == "SoftDelete":
        store.move(item, places["recoverableitemsdeletions"])
    elif item.folder is places["deleteditems"]:
        raise EwsError("ErrorMoveCopyFailed", "The item is in Deleted Items already.")
    else:
        store.move(item, places["deleteditems"])


def delete_item(call: Call) -> str:
    """Delete each item as asked; cancellations are counted, never delivered."""
    how = call.element.get("DeleteType", "HardDelete")
    cancellations = call.element.get("SendMeetingCancellations")
    occurrences = call.element.get("AffectedTaskOccurrences")

    def one(element: Element) -> str:
        item = call.item(element)
        if item.tag == "CalendarItem" and cancellations is None:
            raise EwsError("ErrorSendMeetingCancellationsRequired")
        if item.tag == "Task" and occurrences is None:
            raise EwsError("ErrorAffectedTaskOccurrencesRequired")
        call.note_touched(item)
        people = attendees(item)
        if people and cancellations not in {None, "SendToNone"}:
            call.ledger.submitted("invitation", item.folder.mailbox.address, people)
        delete(call.store, item, how)
        return ""

    return response("DeleteItem", call.each_of("ItemIds", one))
