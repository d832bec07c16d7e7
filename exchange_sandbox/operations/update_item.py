"""UpdateItem: set, append to and delete properties, with conflict resolution.

NeverOverwrite and AutoResolve need a change key; a stale one is an
ErrorIrresolvableConflict with NeverOverwrite. AutoResolve merges (the sandbox: the
last writer wins), AlwaysOverwrite does not look.
https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateitem-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_fields import (
    read_extended,
    read_value,
    set_plain,
)
from exchange_sandbox.item_rules import apply_rules
from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Item
from exchange_sandbox.paths import ExtendedPath, IndexedPath, Path, read_path
from exchange_sandbox.properties import ELEMENT_URI, MAIL_TAGS, READ_ONLY, TABLES
from exchange_sandbox.render import short_item
from exchange_sandbox.shapes import whole_uri
from exchange_sandbox.soap import response
from exchange_sandbox.submission import invite, submit
from exchange_sandbox.xml_text import Element, T, children, local_name

_READ_FLAG_ONLY = {"message:IsRead"}


def update_item(call: Call) -> str:
    """Change each item; all changes of one item happen or none."""

    def one(element: Element) -> str:
        return _change(call, element)

    return response("UpdateItem", call.each_of("ItemChanges", one, "<m:Items/>"))


def _change(call: Call, element: Element) -> str:
    identity = children(element)[0]
    item = call.item(identity)
    _check_modes(call, item)
    _check_change_key(call, item, identity)
    before = (dict(item.values), dict(item.extended), item.read, item.draft)
    try:
        done = _apply(call, item, children(element.find(f"{T}Updates")))
        apply_rules(call.store, item, done, call.zone)
    except EwsError:
        item.values, item.extended, item.read, item.draft = before
        raise
    item.fragments.clear()
    call.note_touched(item)
    if "new_id" in call.tricks:
        call.store.rename(item)
    else:
        kind = "read" if done == _READ_FLAG_ONLY else "update"
        call.store.touch(item, call.user, kind)
    _send(call, item)
    return (
        f"<m:Items>{short_item(item)}</m:Items>"
        "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"
    )


def _check_modes(call: Call, item: Item) -> None:
    if item.tag in MAIL_TAGS and call.element.get("MessageDisposition") is None:
        raise EwsError("ErrorMessageDispositionRequired")
    if (
        item.tag == "CalendarItem"
        and call.element.get("SendMeetingInvitationsOrCancellations") is None
    ):
        raise EwsError("ErrorSendMeetingInvitationsOrCancellationsRequired")


def _check_change_key(call: Call, item: Item, identity: Element) -> None:
    mode = call.element.get("ConflictResolution")
    given = identity.get("ChangeKey")
    if mode == "AlwaysOverwrite":
        return
    if not given:
        raise EwsError("ErrorChangeKeyRequiredForWriteOperations")
    if mode == "NeverOverwrite" and given != item.change_key:
        raise EwsError("ErrorIrresolvableConflict")


def _send(call: Call, item: Item) -> None:
    disposition = call.element.get("MessageDisposition", "SaveOnly")
    if item.tag in MAIL_TAGS and disposition != "SaveOnly":
        call.store.remove(item)
        saved = item.folder.mailbox.distinguished["sentitems"]
        submit(call, item, saved if disposition == "SendAndSaveCopy" else None)
    meeting = call.element.get("SendMeetingInvitationsOrCancellations", "SendToNone")
    if item.tag == "CalendarItem" and meeting != "SendToNone":
        invite(call, item)


def _apply(call: Call, item: Item, updates: list[Element]) -> set[str]:
    done: set[str] = set()
    for update in updates:
        inner = children(update)
        path = read_path(inner[0])
        kind = local_name(update)
        if kind == "DeleteItemField":
            _delete(item, path)
        else:
            _set(call, item, path, inner[1], append=kind == "AppendToItemField")
        if isinstance(path, str):
            done.add(path)
        else:
            done.add("(extended)")
    return done


def _delete(item: Item, path: Path) -> None:
    if isinstance(path, ExtendedPath):
        item.extended.pop(path, None)
    elif isinstance(path, IndexedPath):
        _set_entry(item, path, None)
    elif path in READ_ONLY:
        raise EwsError(
            "ErrorInvalidPropertyDelete", "Delete action is invalid for property."
        )
    elif path not in TABLES[item.tag]:
        raise EwsError("ErrorInvalidPropertyDelete")
    else:
        item.values.pop(path, None)
        if path == "item:Body":
            item.values.pop("item:TextBody", None)
            item.values.pop("item:UniqueBody", None)


def _set_entry(item: Item, path: IndexedPath, entry: object) -> None:
    whole = whole_uri(path)
    entries = dict(item.values.get(whole) or {})
    part = path.uri.rpartition(":")[2]
    if whole == "contacts:PhysicalAddresses":
        parts = dict(entries.get(path.index) or {})
        if isinstance(entry, dict):
            parts.update(entry)
        else:
            parts.pop(part, None)
        entry = parts or None
    if entry is None:
        entries.pop(path.index, None)
    else:
        entries[path.index] = entry
    item.values[whole] = entries


def _set(call: Call, item: Item, path: Path, element: Element, *, append: bool) -> None:
    inner = children(element)
    if len(inner) != 1:
        raise EwsError("ErrorIncorrectUpdatePropertyCount")
    if isinstance(path, ExtendedPath):
        written, values = read_extended(inner[0])
        if written != path:
            raise EwsError("ErrorUpdatePropertyMismatch")
        item.extended[path] = values
        return
    uri = ELEMENT_URI[item.tag].get(local_name(inner[0]))
    if isinstance(path, IndexedPath):
        entries = read_value(whole_uri(path), inner[0], call.zone)
        _set_entry(item, path, entries.get(path.index))
        return
    if uri != path:
        raise EwsError("ErrorUpdatePropertyMismatch")
    found = read_value(path, inner[0], call.zone)
    if append:
        found = _appended(call, item, path, found)
    set_plain(item, path, found)
    if path == "item:Body":
        item.values.pop("item:TextBody", None)
        item.values.pop("item:UniqueBody", None)


def _appended(call: Call, item: Item, path: str, found: object) -> object:
    before = value(call.store, item, path)
    if isinstance(found, Body):
        return Body(found.type, (before.text if before else "") + found.text)
    if isinstance(found, tuple):
        return (*(before or ()), *found)
    raise EwsError(
        "ErrorInvalidPropertyAppend", "Append action is invalid for property."
    )
