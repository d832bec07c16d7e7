"""CreateItem: messages, tasks, appointments, contacts; from properties or from MIME.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation
"""

from exchange_sandbox.attachment_fields import add_attachments
from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.from_mime import fill_from_mime
from exchange_sandbox.item_fields import set_from_elements
from exchange_sandbox.item_rules import apply_rules
from exchange_sandbox.mailbox import Folder, Item, Mailbox
from exchange_sandbox.properties import MAIL_TAGS, TABLES
from exchange_sandbox.render import short_item
from exchange_sandbox.soap import response
from exchange_sandbox.submission import invite, submit
from exchange_sandbox.xml_text import Element, M, T, local_name

_HOME = {"CalendarItem": "calendar", "Task": "tasks", "Contact": "contacts"}


def create_item(call: Call) -> str:
    """Create each item where it belongs; send what is asked to be sent."""
    disposition = call.element.get("MessageDisposition")
    invitations = call.element.get("SendMeetingInvitations")
    saved = call.element.find(f"{M}SavedItemFolderId")

    def one(element: Element) -> str:
        tag = local_name(element)
        if tag not in TABLES:
            raise EwsError("ErrorInvalidRequest", f"{tag} cannot be created.")
        if tag in MAIL_TAGS and disposition is None:
            raise EwsError("ErrorMessageDispositionRequired")
        if tag == "CalendarItem" and invitations is None:
            raise EwsError("ErrorSendMeetingInvitationsRequired")
        folder = (
            call.target_folder(saved)
            if saved is not None
            else _home(call.own_mailbox(), tag, disposition)
        )
        item = _made(call, element, tag, folder)
        if tag in MAIL_TAGS and disposition != "SaveOnly":
            submit(call, item, folder if disposition == "SendAndSaveCopy" else None)
            return "<m:Items/>"
        call.store.add(item)
        call.note_touched(item)
        if tag == "CalendarItem" and invitations != "SendToNone":
            invite(call, item)
        return f"<m:Items>{short_item(item)}</m:Items>"

    return response("CreateItem", call.each_of("Items", one, "<m:Items/>"))


def _home(mailbox: Mailbox, tag: str, disposition: str | None) -> Folder:
    if tag in MAIL_TAGS:
        name = "drafts" if disposition == "SaveOnly" else "sentitems"
        return mailbox.distinguished[name]
    return mailbox.distinguished[_HOME.get(tag, "inbox")]


def _made(call: Call, element: Element, tag: str, folder: Folder) -> Item:
    item = call.store.new_item(folder, tag, call.user)
    item.draft = tag in MAIL_TAGS
    mime = element.find(f"{T}MimeContent")
    done: set[str] = set()
    if mime is not None:
        done |= fill_from_mime(item, mime)
    done |= set_from_elements(item, element, call.zone)
    if "no_extended" in call.tricks:
        item.extended.clear()
    attachments = element.find(f"{T}Attachments")
    if attachments is not None:
        add_attachments(call.store, item, attachments)
    apply_rules(call.store, item, done, call.zone)
    return item
