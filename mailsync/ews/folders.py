"""Configured folder names → folders, without walking the mailbox.

Standard folders are addressed by role (DistinguishedFolderId) and cost no request.
Own folders are paths of display names from the top of the mailbox («Kunden/Meier»),
or below a standard one («inbox/Kunden»); each level is one FindFolder Shallow. A tree
walk from the root reads thousands of folders (exchange.md §4) and is never made.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mailsync.errors import MailboxGone, Transient
from mailsync.ews.calls import Caller, folder_ids
from mailsync.ews.mapping import Element
from mailsync.ews.properties import MNS, TNS, field
from mailsync.ews.xml_text import escape
from mailsync.port import FolderRef, FolderRole

# role → Microsoft's name (DistinguishedFolderIdNameType)
DISTINGUISHED: Final = {
    FolderRole.INBOX: "inbox",
    FolderRole.SENT: "sentitems",
    FolderRole.TASKS: "tasks",
    FolderRole.CALENDAR: "calendar",
    FolderRole.TRASH: "deleteditems",
}
_TOP: Final = "msgfolderroot"
_SHAPE: Final = (
    "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
    + field("folder:DisplayName")
    + field("folder:ChildFolderCount")
    + field("folder:FolderClass")
    + "</t:AdditionalProperties></m:FolderShape>"
)
_PAGE: Final = 500
_PAGES: Final = 100
_MAIL_CLASS: Final = "IPF.Note"


def folder_id(caller: Caller, folder: FolderRef) -> str:
    """The element naming a folder in a request.

    Raises MailboxGone (E234) for an own folder that was never resolved.
    """
    if folder.role in DISTINGUISHED:
        return folder_ids(caller.account, (DISTINGUISHED[folder.role],))
    if not folder.external_id:
        raise MailboxGone(f"folder {folder.name!r} was never resolved", code="E234")
    return f'<t:FolderId Id="{escape(folder.external_id)}"/>'


def resolve(
    caller: Caller, names: Sequence[str], *, subfolders: bool
) -> list[FolderRef]:
    """The folders of the configured names, each followed by its mail subfolders.

    Raises MailboxGone (E234) naming a folder that is not there.
    """
    found: dict[tuple[FolderRole, str | None], FolderRef] = {}
    for name in names:
        folder = _resolve_one(caller, name)
        found.setdefault((folder.role, folder.external_id), folder)
        if subfolders and folder.role in (FolderRole.INBOX, FolderRole.OTHER):
            for below in _mail_folders_below(caller, folder):
                found.setdefault((below.role, below.external_id), below)
    return list(found.values())


def _resolve_one(caller: Caller, name: str) -> FolderRef:
    first, *rest = [part for part in name.split("/") if part.strip()] or [name]
    standard = {str(role): role for role in DISTINGUISHED}
    if first.lower() in standard:
        place = FolderRef(standard[first.lower()], first.lower())
    else:
        place, rest = FolderRef(FolderRole.OTHER, ""), [first, *rest]
    for part in rest:
        place = _child(caller, place, part.strip(), name)
    return place


def _child(caller: Caller, parent: FolderRef, wanted: str, asked: str) -> FolderRef:
    where = folder_id(caller, parent) if parent.name else _top(caller)
    for element in _listing(caller, where, "Shallow"):
        display = element.findtext(f"{{{TNS}}}DisplayName") or ""
        if display.casefold() == wanted.casefold():
            path = f"{parent.name}/{display}" if parent.name else display
            return FolderRef(FolderRole.OTHER, path, _identity(element))
    raise MailboxGone(f"folder {asked!r} is not in this mailbox", code="E234")


def _mail_folders_below(caller: Caller, parent: FolderRef) -> Iterator[FolderRef]:
    """Mail folders at any depth, named by their path; asked level by level."""
    for element in _listing(caller, folder_id(caller, parent), "Shallow"):
        if element.tag != f"{{{TNS}}}Folder":
            continue  # search folders, calendars, contacts
        folder_class = element.findtext(f"{{{TNS}}}FolderClass") or _MAIL_CLASS
        if not folder_class.startswith(_MAIL_CLASS):
            continue
        display = element.findtext(f"{{{TNS}}}DisplayName") or ""
        below = FolderRef(
            FolderRole.OTHER, f"{parent.name}/{display}", _identity(element)
        )
        yield below
        if element.findtext(f"{{{TNS}}}ChildFolderCount") != "0":
            yield from _mail_folders_below(caller, below)


def all_folders(caller: Caller, first: str) -> list[str]:
    """Ids of all folders, those whose class begins with ``first`` before the others.

    One deep look, for searches only. Search folders are left out: they hold nothing.
    """
    found = [
        (element.findtext(f"{{{TNS}}}FolderClass") or "", _identity(element))
        for element in _listing(caller, _top(caller), "Deep")
        if element.tag != f"{{{TNS}}}SearchFolder"
    ]
    found.sort(key=lambda folder: not folder[0].startswith(first))
    return [identity for _class, identity in found]


def _top(caller: Caller) -> str:
    return folder_ids(caller.account, (_TOP,))


def _identity(element: Element) -> str:
    found = element.find(f"{{{TNS}}}FolderId")
    if found is None:
        raise Transient("a folder without FolderId", code="E252")
    return found.get("Id", "")


def _listing(caller: Caller, where: str, traversal: str) -> Iterator[Element]:
    """Every folder of a FindFolder, page by page."""
    offset = 0
    for _ in range(_PAGES):
        message = caller.ask_one(
            "FindFolder",
            f' Traversal="{traversal}">{_SHAPE}<m:IndexedPageFolderView '
            f'MaxEntriesReturned="{_PAGE}" Offset="{offset}" BasePoint="Beginning"/>'
            f"<m:ParentFolderIds>{where}</m:ParentFolderIds>",
        )
        root = message.find(f"{{{MNS}}}RootFolder")
        holder = None if root is None else root.find(f"{{{TNS}}}Folders")
        if root is None:
            raise Transient("FindFolder without RootFolder", code="E252")
        entries = [] if holder is None else list(holder)
        yield from entries
        last = root.get("IncludesLastItemInRange", "true") in ("true", "1")
        if last or not entries:
            return
        offset += len(entries)
    raise Transient("an endless list of folders", code="E252")
