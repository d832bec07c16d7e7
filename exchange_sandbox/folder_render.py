"""Folders as XML."""

from dataclasses import dataclass

from exchange_sandbox.mailbox import Folder
from exchange_sandbox.paths import ExtendedPath, Path, read_path
from exchange_sandbox.render import extended_property, folder_id
from exchange_sandbox.xml_text import Element, M, T, children, escape, text_of

_DEFAULT = {"DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"}
_ALL = _DEFAULT | {
    "ParentFolderId",
    "FolderClass",
    "EffectiveRights",
    "DistinguishedFolderId",
}
_RIGHTS = (
    "<t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated>"
    "<t:CreateContents>true</t:CreateContents><t:CreateHierarchy>true"
    "</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true</t:Modify>"
    "<t:Read>true</t:Read><t:ViewPrivateItems>true</t:ViewPrivateItems>"
    "</t:EffectiveRights>"
)
_WITHOUT_UNREAD = frozenset({"CalendarFolder", "ContactsFolder"})


@dataclass(frozen=True, slots=True)
class FolderShape:
    """Which of a folder's properties are asked for."""

    names: frozenset[str]
    extended: tuple[ExtendedPath, ...]


def read_folder_shape(element: Element) -> FolderShape:
    """Return the FolderShape of a request."""
    shape = element.find(f"{M}FolderShape")
    if shape is None:
        return FolderShape(frozenset(), ())
    base = text_of(shape.find(f"{T}BaseShape"))
    names = {"Default": _DEFAULT, "AllProperties": _ALL}.get(base, set()).copy()
    paths: list[Path] = [
        read_path(path) for path in children(shape.find(f"{T}AdditionalProperties"))
    ]
    names |= {path.removeprefix("folder:") for path in paths if isinstance(path, str)}
    extended = tuple(path for path in paths if isinstance(path, ExtendedPath))
    return FolderShape(frozenset(names), extended)


def _text(name: str, text: object) -> str:
    return f"<t:{name}>{escape(str(text))}</t:{name}>"


def render_folder(folder: Folder, shape: FolderShape) -> str:
    """Return the folder's element with what is asked for, counts as of now."""
    parts = [folder_id(folder)]
    names = shape.names
    if "ParentFolderId" in names and folder.parent is not None:
        parts.append(folder_id(folder.parent, "ParentFolderId"))
    if "FolderClass" in names and folder.folder_class:
        parts.append(_text("FolderClass", folder.folder_class))
    if "DisplayName" in names:
        parts.append(_text("DisplayName", folder.name))
    if "TotalCount" in names:
        parts.append(_text("TotalCount", len(folder.items)))
    if "ChildFolderCount" in names:
        parts.append(_text("ChildFolderCount", len(folder.children())))
    for path in shape.extended:
        values = folder.extended.get(path)
        if values is not None:
            parts.append(extended_property(path, values))
    if "EffectiveRights" in names:
        parts.append(_RIGHTS)
    if "DistinguishedFolderId" in names and folder.distinguished:
        parts.append(_text("DistinguishedFolderId", folder.distinguished))
    if "UnreadCount" in names and folder.tag not in _WITHOUT_UNREAD:
        parts.append(_text("UnreadCount", folder.unread()))
    return f"<t:{folder.tag}>{''.join(parts)}</t:{folder.tag}>"


def folder_values(folder: Folder, path: Path) -> tuple[object, ...]:
    """Return the comparable values of a folder's property, for restrictions."""
    if isinstance(path, ExtendedPath):
        return folder.extended.get(path, ())
    found = {
        "folder:DisplayName": folder.name,
        "folder:FolderClass": folder.folder_class,
        "folder:TotalCount": str(len(folder.items)),
        "folder:UnreadCount": str(folder.unread()),
        "folder:ChildFolderCount": str(len(folder.children())),
    }.get(path if isinstance(path, str) else "")
    return () if found is None else (found,)
