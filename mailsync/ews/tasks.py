"""Writing tasks and appointments: one item per request, exchange.md §2 and §8.

Guarantees: nobody is ever invited (SendToNone is explicit on every verb, no attendee
is ever written); only the fields we own are set; an update carries the change key we
know and loses against a newer one (Conflict); a delete goes to Deleted Items.
"""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from mailsync.errors import MailboxGone, Transient
from mailsync.ews.calls import Caller, folder_ids
from mailsync.ews.errors import of_message
from mailsync.ews.folders import DISTINGUISHED, all_folders
from mailsync.ews.mapping import Element, item_ref
from mailsync.ews.properties import ANY_TASK_FIELDS, CRM_FIELD, MNS
from mailsync.ews.task_mapping import create_xml, read_item, update_xml
from mailsync.ews.xml_text import escape
from mailsync.port import FolderRole, ItemKind, ItemRef, RemoteItem, WantedItem

HOME: Final = {
    ItemKind.TASK: FolderRole.TASKS,
    ItemKind.APPOINTMENT: FolderRole.CALENDAR,
}
_CLASS: Final = {ItemKind.TASK: "IPF.Task", ItemKind.APPOINTMENT: "IPF.Appointment"}
_USUAL: Final = (FolderRole.TASKS, FolderRole.CALENDAR, FolderRole.TRASH)
_FOLDERS_AT_ONCE: Final = 20


def find(
    caller: Caller,
    kind: ItemKind,
    crm_key: str,
    zone: ZoneInfo,
    *,
    everywhere: bool = True,
) -> list[RemoteItem]:
    """Every item with the key: tasks, calendar, trash; if none, ``everywhere`` else.

    The second look lists the folders once (FindFolder Deep) and searches those of the
    kind's class before all others: EWS knows no deep search for items, and Outlook lets
    a task be moved into any folder. It is for items known to have existed.
    """
    where = folder_ids(caller.account, tuple(DISTINGUISHED[r] for r in _USUAL))
    found = _search(caller, where, _USUAL, crm_key, zone)
    others = all_folders(caller, _CLASS[kind]) if everywhere and not found else []
    for start in range(0, len(others), _FOLDERS_AT_ONCE):
        some = others[start : start + _FOLDERS_AT_ONCE]
        ids = "".join(f'<t:FolderId Id="{escape(i)}"/>' for i in some)
        found = _search(caller, ids, [FolderRole.OTHER] * len(some), crm_key, zone)
        if found:
            break
    return [item for item in found if item.kind is kind]


def _search(
    caller: Caller,
    where: str,
    roles: Iterable[FolderRole],
    crm_key: str,
    zone: ZoneInfo,
) -> list[RemoteItem]:
    """One FindItem; its answer has one message per folder, in their order."""
    answers = caller.ask(
        "FindItem",
        ' Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>'
        f"<t:AdditionalProperties>{ANY_TASK_FIELDS}</t:AdditionalProperties>"
        "</m:ItemShape>"
        '<m:IndexedPageItemView MaxEntriesReturned="100" Offset="0" '
        'BasePoint="Beginning"/>'
        f"<m:Restriction><t:IsEqualTo>{CRM_FIELD}<t:FieldURIOrConstant>"
        f'<t:Constant Value="{escape(crm_key)}"/></t:FieldURIOrConstant>'
        "</t:IsEqualTo></m:Restriction>"
        f"<m:ParentFolderIds>{where}</m:ParentFolderIds>",
    )
    roles = list(roles)
    if len(answers) != len(roles):
        raise Transient(f"searched {len(roles)} folders, got {len(answers)} answers")
    found: dict[str, RemoteItem] = {}
    for role, answer in zip(roles, answers, strict=True):
        error = of_message(answer)
        if isinstance(error, MailboxGone) and role is FolderRole.OTHER:
            continue  # deleted since it was listed
        if error is not None:
            raise error
        for element in answer.iterfind(f"{{{MNS}}}RootFolder/*/*"):
            item = read_item(element, role, zone)
            if item is not None and item.crm_key == crm_key:
                found.setdefault(item.ref.external_id, item)
    return list(found.values())


def create(caller: Caller, wanted: WantedItem) -> ItemRef:
    """CreateItem, once. Transient leaves the outcome open: look before a repeat."""
    home = folder_ids(caller.account, (DISTINGUISHED[HOME[wanted.kind]],))
    answer = caller.ask_one(
        "CreateItem",
        ' MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone">'
        f"<m:SavedItemFolderId>{home}</m:SavedItemFolderId>"
        f"<m:Items>{create_xml(wanted)}</m:Items>",
    )
    return _written(answer)


def update(caller: Caller, ref: ItemRef, wanted: WantedItem) -> ItemRef:
    """UpdateItem of our own fields, never over somebody else's newer version."""
    answer = caller.ask_one(
        "UpdateItem",
        ' ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly"'
        ' SendMeetingInvitationsOrCancellations="SendToNone"'
        ' SuppressReadReceipts="true">'
        f"<m:ItemChanges><t:ItemChange>{_id(ref)}"
        f"<t:Updates>{update_xml(wanted)}</t:Updates>"
        "</t:ItemChange></m:ItemChanges>",
    )
    return _written(answer)


def delete(caller: Caller, ref: ItemRef) -> None:
    """DeleteItem to Deleted Items; raises ItemGone where there is none."""
    caller.ask_one(
        "DeleteItem",
        ' DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone"'
        ' AffectedTaskOccurrences="AllOccurrences" SuppressReadReceipts="true">'
        f'<m:ItemIds><t:ItemId Id="{escape(ref.external_id)}"/></m:ItemIds>',
    )


def _id(ref: ItemRef) -> str:
    key = f' ChangeKey="{escape(ref.change_key)}"' if ref.change_key else ""
    return f'<t:ItemId Id="{escape(ref.external_id)}"{key}/>'


def _written(answer: Element) -> ItemRef:
    for item in answer.iterfind(f"{{{MNS}}}Items/*"):
        return item_ref(item)
    raise Transient("written, but the answer has no item: look for it", code="E252")
