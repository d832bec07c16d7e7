"""Our copies of tasks in the words of the port, and back. Pure."""

from collections.abc import Iterable

from crm_core.mirroring.mirror_fields import OwnFields, Place, Seen
from crm_core.mirroring.pushes import Push
from crm_core.models import MirrorKind
from mailsync.port import FolderRole, ItemKind, ItemRef, RemoteItem, WantedItem

ITEM_KIND = {
    MirrorKind.TASK: ItemKind.TASK,
    MirrorKind.APPOINTMENT: ItemKind.APPOINTMENT,
}
HOME = {
    MirrorKind.TASK: FolderRole.TASKS,
    MirrorKind.APPOINTMENT: FolderRole.CALENDAR,
}


def wanted_item(push: Push) -> WantedItem:
    """What the mailbox shall hold."""
    fields = push.wanted
    return WantedItem(
        kind=ITEM_KIND[push.kind],
        crm_key=push.crm_key,
        subject=fields.subject,
        body=push.body,
        completed=fields.completed,
        time_zone=push.time_zone,
        due_on=fields.due_on,
        starts_at=fields.starts_at,
        ends_at=fields.ends_at,
        all_day=fields.all_day,
        first_day=fields.first_day,
        last_day=fields.last_day,
    )


def own_fields(item: RemoteItem) -> OwnFields:
    """What of an item we own; an appointment has no state «completed»."""
    return OwnFields(
        subject=item.subject,
        completed=item.completed and item.kind is ItemKind.TASK,
        due_on=item.due_on,
        all_day=item.all_day,
        first_day=item.first_day,
        last_day=item.last_day,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
    )


def seen(kind: MirrorKind, items: Iterable[RemoteItem]) -> list[Seen]:
    """Every item found for a key, with the place it lies in."""
    return [
        Seen(
            external_id=item.ref.external_id,
            change_key=item.ref.change_key,
            place=_place(kind, item.folder),
            fields=own_fields(item),
        )
        for item in items
    ]


def item_ref(item: Seen) -> ItemRef:
    """The item as the port names it."""
    return ItemRef(item.external_id, item.change_key)


def _place(kind: MirrorKind, folder: FolderRole) -> Place:
    if folder is HOME[kind]:
        return Place.OWN
    return Place.TRASH if folder is FolderRole.TRASH else Place.ELSEWHERE
