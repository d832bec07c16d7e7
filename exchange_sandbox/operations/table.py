"""Which operation is answered by which function."""

from collections.abc import Callable

from exchange_sandbox.call import Call
from exchange_sandbox.operations import attachments, folders, notifications
from exchange_sandbox.operations.convert_id import convert_id
from exchange_sandbox.operations.create_item import create_item
from exchange_sandbox.operations.delete_item import delete_item
from exchange_sandbox.operations.find_item import find_item
from exchange_sandbox.operations.get_item import get_item
from exchange_sandbox.operations.move_item import copy_item, move_item
from exchange_sandbox.operations.resolve_names import resolve_names
from exchange_sandbox.operations.send_item import send_item
from exchange_sandbox.operations.server_time_zones import get_server_time_zones
from exchange_sandbox.operations.sync_folder_hierarchy import sync_folder_hierarchy
from exchange_sandbox.operations.sync_folder_items import sync_folder_items
from exchange_sandbox.operations.update_item import update_item
from exchange_sandbox.operations.user_configuration import get_user_configuration

OPERATIONS: dict[str, Callable[[Call], str]] = {
    "ConvertId": convert_id,
    "CopyItem": copy_item,
    "CreateAttachment": attachments.create_attachment,
    "CreateFolder": folders.create_folder,
    "CreateItem": create_item,
    "DeleteAttachment": attachments.delete_attachment,
    "DeleteFolder": folders.delete_folder,
    "DeleteItem": delete_item,
    "EmptyFolder": folders.empty_folder,
    "FindFolder": folders.find_folder,
    "FindItem": find_item,
    "GetAttachment": attachments.get_attachment,
    "GetEvents": notifications.get_events,
    "GetFolder": folders.get_folder,
    "GetItem": get_item,
    "GetServerTimeZones": get_server_time_zones,
    "GetStreamingEvents": notifications.get_streaming_events,
    "GetUserConfiguration": get_user_configuration,
    "MoveFolder": folders.move_folder,
    "MoveItem": move_item,
    "ResolveNames": resolve_names,
    "SendItem": send_item,
    "Subscribe": notifications.subscribe,
    "SyncFolderHierarchy": sync_folder_hierarchy,
    "SyncFolderItems": sync_folder_items,
    "Unsubscribe": notifications.unsubscribe,
    "UpdateFolder": folders.update_folder,
    "UpdateItem": update_item,
}
