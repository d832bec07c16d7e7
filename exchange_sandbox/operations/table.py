"""Which operation is answered by which function."""

from collections.abc import Callable

from exchange_sandbox.call import Call
from exchange_sandbox.operations import folders
from exchange_sandbox.operations.create_item import create_item
from exchange_sandbox.operations.delete_item import delete_item
from exchange_sandbox.operations.find_item import find_item
from exchange_sandbox.operations.get_item import get_item
from exchange_sandbox.operations.move_item import copy_item, move_item
from exchange_sandbox.operations.sync_folder_hierarchy import sync_folder_hierarchy
from exchange_sandbox.operations.sync_folder_items import sync_folder_items
from exchange_sandbox.operations.update_item import update_item

OPERATIONS: dict[str, Callable[[Call], str]] = {
    "CopyItem": copy_item,
    "CreateFolder": folders.create_folder,
    "CreateItem": create_item,
    "DeleteFolder": folders.delete_folder,
    "DeleteItem": delete_item,
    "EmptyFolder": folders.empty_folder,
    "FindFolder": folders.find_folder,
    "FindItem": find_item,
    "GetFolder": folders.get_folder,
    "GetItem": get_item,
    "MoveFolder": folders.move_folder,
    "MoveItem": move_item,
    "SyncFolderHierarchy": sync_folder_hierarchy,
    "SyncFolderItems": sync_folder_items,
    "UpdateFolder": folders.update_folder,
    "UpdateItem": update_item,
}
