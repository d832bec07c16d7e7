"""CreateAttachment, GetAttachment, DeleteAttachment.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getattachment-operation
"""

import base64

from exchange_sandbox.attachment_fields import add_attachments
from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_values import value
from exchange_sandbox.mailbox import Attachment, Item
from exchange_sandbox.render import attachment_head, render_item
from exchange_sandbox.shapes import Shape
from exchange_sandbox.soap import failure, response, success
from exchange_sandbox.store import Store
from exchange_sandbox.xml_text import Element, M

_EMPTY = "<m:Attachments/>"


def _found(call: Call, element: Element) -> tuple[Item, Attachment]:
    identity = element.get("Id", "")
    found = call.store.attachments.get(identity)
    if found is None:
        if call.store.mailbox_of_id(identity) is None:
            raise EwsError("ErrorInvalidIdMalformed")
        raise EwsError("ErrorItemNotFound")
    call.check_access(found[0].folder.mailbox)
    return found


def attached_item(store: Store, root: Item, attachment: Attachment) -> Item:
    """Return an attached mail as an item; its own attachments can be fetched too."""
    known = store.attached.get(attachment.id)
    if known is None:
        known = store.new_item(root.folder, "Message")
        known.mime, known.pending = attachment.item, True
        known.stamped = False
        store.attached[attachment.id] = known
        value(store, known, "item:Subject")
        for inner in known.attachments:
            store.attachments[inner.id] = (root, inner)
    return known


def get_attachment(call: Call) -> str:
    """Answer the content of files, and attached mails as items."""
    shape = call.shape("AttachmentShape", full=True)
    shape = Shape(
        "AllProperties",
        shape.body_type,
        shape.unique_body_type,
        shape.paths,
        left_out=frozenset({"item:ItemId", "item:ParentFolderId"}),
    )

    def one(element: Element) -> str:
        root, attachment = _found(call, element)
        head = attachment_head(attachment)
        if attachment.item is not None:
            item = render_item(
                call.store, attached_item(call.store, root, attachment), shape
            )
            written = f"<t:ItemAttachment>{head}{item}</t:ItemAttachment>"
        else:
            content = base64.b64encode(attachment.content).decode()
            written = (
                f"<t:FileAttachment>{head}<t:IsContactPhoto>false</t:IsContactPhoto>"
                f"<t:Content>{content}</t:Content></t:FileAttachment>"
            )
        return f"<m:Attachments>{written}</m:Attachments>"

    return response("GetAttachment", call.each_of("AttachmentIds", one, _EMPTY))


def create_attachment(call: Call) -> str:
    """Attach files or items; the parent gets a new change key."""
    parent = call.element.find(f"{M}ParentItemId")
    container = call.element.find(f"{M}Attachments")
    try:
        if parent is None or container is None:
            raise EwsError("ErrorInvalidRequest")
        item = call.item(parent)
        value(call.store, item, "item:Subject")
        added = add_attachments(call.store, item, container)
    except EwsError as error:
        return response(
            "CreateAttachment", [failure("CreateAttachment", error, _EMPTY)]
        )
    call.note_touched(item)
    call.store.touch(item, call.user)
    messages = []
    for attachment in added:
        kind = "FileAttachment" if attachment.item is None else "ItemAttachment"
        written = (
            f'<t:{kind}><t:AttachmentId Id="{attachment.id}" RootItemId="{item.id}" '
            f'RootItemChangeKey="{item.change_key}"/></t:{kind}>'
        )
        inner = f"<m:Attachments>{written}</m:Attachments>"
        messages.append(success("CreateAttachment", inner))
    return response("CreateAttachment", messages)


def delete_attachment(call: Call) -> str:
    """Remove attachments; answers the parent's new change key."""

    def one(element: Element) -> str:
        item, attachment = _found(call, element)
        if attachment not in item.attachments:
            raise EwsError("ErrorCannotDeleteObject", "It lies in an attached item.")
        item.attachments.remove(attachment)
        del call.store.attachments[attachment.id]
        call.note_touched(item)
        call.store.touch(item, call.user)
        return f'<m:RootItemId RootItemId="{item.id}" RootItemChangeKey="{item.change_key}"/>'

    return response("DeleteAttachment", call.each_of("AttachmentIds", one))
