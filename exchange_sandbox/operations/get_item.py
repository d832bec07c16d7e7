"""GetItem: properties of items by id, in the shape asked for.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getitem-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.render import render_item
from exchange_sandbox.soap import response
from exchange_sandbox.xml_text import Element


def get_item(call: Call) -> str:
    """Answer one response message per item asked for."""
    shape = call.shape(full=True)
    store = call.store

    def one(element: Element) -> str:
        return f"<m:Items>{render_item(store, call.item(element), shape)}</m:Items>"

    return response("GetItem", call.each_of("ItemIds", one, "<m:Items/>"))
