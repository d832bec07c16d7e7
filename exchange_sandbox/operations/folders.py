"""GetFolder, FindFolder, CreateFolder, UpdateFolder, MoveFolder, DeleteFolder, EmptyFolder.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.folder_render import (
    folder_values,
    read_folder_shape,
    render_folder,
)
from exchange_sandbox.item_fields import read_extended
from exchange_sandbox.mailbox import Folder
from exchange_sandbox.render import folder_id
from exchange_sandbox.restrictions import Filter
from exchange_sandbox.soap import response
from exchange_sandbox.xml_text import Element, M, T, children, local_name, text_of

_EMPTY = "<m:Folders/>"
_CLASSES = {
    "CalendarFolder": "IPF.Appointment",
    "ContactsFolder": "IPF.Contact",
    "TasksFolder": "IPF.Task",
}


def get_folder(call: Call) -> str:
    """Answer one response message per folder asked for."""
    shape = read_folder_shape(call.element)

    def one(element: Element) -> str:
        return f"<m:Folders>{render_folder(call.folder(element), shape)}</m:Folders>"

    return response("GetFolder", call.each_of("FolderIds", one, _EMPTY))


def find_folder(call: Call) -> str:
    """Answer the folders below each parent, shallow or deep, in pages."""
    shape = read_folder_shape(call.element)
    deep = call.element.get("Traversal") == "Deep"
    view = call.element.find(f"{M}IndexedPageFolderView")
    offset = int(view.get("Offset", "0")) if view is not None else 0
    limit = int(view.get("MaxEntriesReturned", "1000")) if view is not None else 1000

    def one(element: Element) -> str:
        parent = call.folder(element)
        below = list(call.store.descendants(parent)) if deep else parent.children()
        test = Filter(folder_values, call.zone).read(
            call.element.find(f"{M}Restriction")
        )
        below = [folder for folder in below if test is None or test(folder)]
        page = below[offset : offset + limit]
        inner = "".join(render_folder(folder, shape) for folder in page)
        end = offset + len(page)
        last = "true" if end >= len(below) else "false"
        return (
            f'<m:RootFolder IndexedPagingOffset="{end}" TotalItemsInView="{len(below)}" '
            f'IncludesLastItemInRange="{last}"><t:Folders>{inner}</t:Folders></m:RootFolder>'
        )

    return response("FindFolder", call.each_of("ParentFolderIds", one))


def _ids(folder: Folder) -> str:
    return (
        f"<m:Folders><t:{folder.tag}>{folder_id(folder)}</t:{folder.tag}></m:Folders>"
    )


def create_folder(call: Call) -> str:
    """Create folders below one parent; a name is there only once."""

    def one(element: Element) -> str:
        parent = call.target_folder(call.element.find(f"{M}ParentFolderId"))
        name = text_of(element.find(f"{T}DisplayName")).strip()
        if not name:
            raise EwsError("ErrorFolderSave", "The folder has no name.")
        if any(folder.name.lower() == name.lower() for folder in parent.children()):
            raise EwsError("ErrorFolderExists", "A folder with that name exists.")
        folder_class = _CLASSES.get(local_name(element)) or text_of(
            element.find(f"{T}FolderClass")
        )
        folder = call.store.add_folder(
            parent.mailbox, parent, name, folder_class or "IPF.Note"
        )
        for extended in element.iterfind(f"{T}ExtendedProperty"):
            path, values = read_extended(extended)
            folder.extended[path] = values
        return _ids(folder)

    return response("CreateFolder", call.each_of("Folders", one, _EMPTY))


def update_folder(call: Call) -> str:
    """Change the name or MAPI properties of folders."""

    def one(element: Element) -> str:
        change = children(element)
        folder = call.folder(change[0])
        for update in children(change[1]):
            _update(folder, update)
        call.store.change_folder(folder)
        return _ids(folder)

    return response("UpdateFolder", call.each_of("FolderChanges", one, _EMPTY))


def _update(folder: Folder, update: Element) -> None:
    if local_name(update) == "DeleteFolderField":
        raise EwsError("ErrorInvalidPropertyDelete")
    for element in children(children(update)[-1]):
        if local_name(element) == "DisplayName":
            if folder.distinguished:
                raise EwsError("ErrorDeleteDistinguishedFolder", "Not to be renamed.")
            folder.name = text_of(element)
        elif local_name(element) == "ExtendedProperty":
            path, values = read_extended(element)
            folder.extended[path] = values
        else:
            raise EwsError("ErrorInvalidPropertySet")


def _own(call: Call, element: Element) -> Folder:
    folder = call.folder(element)
    if folder.distinguished:
        raise EwsError("ErrorDeleteDistinguishedFolder")
    return folder


def move_folder(call: Call) -> str:
    """Hang folders below another one; their ids stay."""

    def one(element: Element) -> str:
        target = call.target_folder(call.element.find(f"{M}ToFolderId"))
        folder = _own(call, element)
        if folder is target or folder in _ancestors(target):
            raise EwsError("ErrorMoveCopyFailed")
        folder.parent = target
        call.store.change_folder(folder)
        return _ids(folder)

    return response("MoveFolder", call.each_of("FolderIds", one, _EMPTY))


def _ancestors(folder: Folder) -> list[Folder]:
    found = []
    above = folder.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


def delete_folder(call: Call) -> str:
    """Delete own folders with their content, or move them to Deleted Items."""
    how = call.element.get("DeleteType")

    def one(element: Element) -> str:
        folder = _own(call, element)
        if how == "MoveToDeletedItems":
            folder.parent = folder.mailbox.distinguished["deleteditems"]
            call.store.change_folder(folder)
        else:
            call.store.remove_folder(folder)
        return ""

    return response("DeleteFolder", call.each_of("FolderIds", one))


def empty_folder(call: Call) -> str:
    """Delete all items of folders, and their subfolders if asked."""
    how = call.element.get("DeleteType")
    below = call.element.get("DeleteSubFolders") == "true"

    def one(element: Element) -> str:
        folder = call.folder(element)
        trash = folder.mailbox.distinguished["deleteditems"]
        for item in list(folder.items.values()):
            call.note_touched(item)
            if how == "MoveToDeletedItems" and folder is not trash:
                call.store.move(item, trash)
            else:
                call.store.remove(item)
        if below:
            for inner in folder.children():
                call.store.remove_folder(inner)
        return ""

    return response("EmptyFolder", call.each_of("FolderIds", one))
