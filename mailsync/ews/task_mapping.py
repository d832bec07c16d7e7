"""Tasks and appointments: answer XML → RemoteItem, WantedItem → request XML.

Guarantees: only the fields we own are written (subject, body, dates, status, our
key); no attendees, ever; dates follow exchange.md §8: start and end in the person's
zone, the wire's end of an all-day event exclusive, ours inclusive.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchangelib.winzone import (
    IANA_TO_MS_TIMEZONE_MAP,
    MS_TIMEZONE_TO_IANA_MAP,
)

from mailsync.errors import Unprocessable
from mailsync.ews.mapping import Element, extended_value, item_ref, read_bool
from mailsync.ews.properties import CRM_FIELD, CRM_PROPERTY_NAME, TNS, field
from mailsync.ews.wire_dates import (
    read_days,
    read_instant,
    read_task_date,
    write_instant,
    write_midnight,
    write_task_date,
)
from mailsync.ews.xml_text import escape
from mailsync.port import (
    Change,
    ChangeKind,
    FolderRole,
    ItemKind,
    RemoteItem,
    WantedItem,
)

_T: Final = f"{{{TNS}}}"
_TASK: Final = f"{_T}Task"
_APPOINTMENT: Final = f"{_T}CalendarItem"


def read_item(item: Element, folder: FolderRole, zone: ZoneInfo) -> RemoteItem | None:
    """A task or appointment; None for items of another kind (contacts, mails)."""
    try:
        if item.tag == _TASK:
            return _read_task(item, folder, zone)
        if item.tag == _APPOINTMENT:
            return _read_appointment(item, folder, zone)
    except ValueError as error:
        raise Unprocessable(f"a date cannot be read: {error}") from error
    return None


def item_change(folder: FolderRole, zone: ZoneInfo) -> Callable[[Element], Change]:
    """The reader of changed items of a task or calendar folder."""

    def read(item: Element) -> Change:
        try:
            remote = read_item(item, folder, zone)
        except Unprocessable:
            remote = None  # somebody's own odd item must not stop the page
        return Change(
            ChangeKind.UPSERTED,
            item_ref(item),
            subject=remote.subject if remote else None,
            item=remote,
        )

    return read


def _crm_key(item: Element) -> str | None:
    for element in item.iterfind(f"{_T}ExtendedProperty"):
        pair = extended_value(element)
        if pair is not None and pair[0] == CRM_PROPERTY_NAME:
            return pair[1]
    return None


def _read_task(item: Element, folder: FolderRole, zone: ZoneInfo) -> RemoteItem:
    due = item.findtext(f"{_T}DueDate")
    completed = item.findtext(f"{_T}Status") == "Completed" or read_bool(
        item.findtext(f"{_T}IsComplete")
    )
    return RemoteItem(
        ref=item_ref(item),
        kind=ItemKind.TASK,
        crm_key=_crm_key(item),
        subject=item.findtext(f"{_T}Subject") or "",
        completed=completed,
        due_on=read_task_date(due, zone) if due else None,
        folder=folder,
    )


def _read_appointment(item: Element, folder: FolderRole, zone: ZoneInfo) -> RemoteItem:
    start, end = item.findtext(f"{_T}Start"), item.findtext(f"{_T}End")
    starts_at = read_instant(start) if start else None
    ends_at = read_instant(end) if end else None
    first_day = last_day = None
    all_day = read_bool(item.findtext(f"{_T}IsAllDayEvent"))
    if all_day and starts_at and ends_at:
        own_zone = item.find(f"{_T}StartTimeZone")
        there = zone if own_zone is None else _zone_of(own_zone.get("Id"), zone)
        first_day, last_day = read_days(starts_at, ends_at, there)
        starts_at = ends_at = None
    return RemoteItem(
        ref=item_ref(item),
        kind=ItemKind.APPOINTMENT,
        crm_key=_crm_key(item),
        subject=item.findtext(f"{_T}Subject") or "",
        completed=False,  # an appointment has no such state
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=all_day,
        first_day=first_day,
        last_day=last_day,
        folder=folder,
    )


def _zone_of(windows_id: str | None, default: ZoneInfo) -> ZoneInfo:
    name = MS_TIMEZONE_TO_IANA_MAP.get(windows_id or "")
    return ZoneInfo(name) if name else default


# -- writing ----------------------------------------------------------------------


def windows_zone(iana: str) -> str:
    """Windows' name of an IANA zone; raises Unprocessable (E232) if it has none."""
    try:
        return str(IANA_TO_MS_TIMEZONE_MAP[iana][0])
    except KeyError as error:
        raise Unprocessable(f"unknown time zone {iana!r}", code="E232") from error


def _zone(wanted: WantedItem) -> ZoneInfo:
    try:
        return ZoneInfo(wanted.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Unprocessable(
            f"unknown time zone {wanted.time_zone!r}", code="E232"
        ) from error


def own_fields(wanted: WantedItem) -> list[tuple[str, str | None]]:
    """(path element, value element) of every field we own, in the schema's order.

    A value of None means: remove the property.
    """
    fields: list[tuple[str, str | None]] = [
        (field("item:Subject"), f"<t:Subject>{escape(wanted.subject)}</t:Subject>"),
        (
            field("item:Body"),
            f'<t:Body BodyType="Text">{escape(wanted.body)}</t:Body>',
        ),
        (
            CRM_FIELD,
            (
                f"<t:ExtendedProperty>{CRM_FIELD}<t:Value>{escape(wanted.crm_key)}"
                "</t:Value></t:ExtendedProperty>"
            ),
        ),
    ]
    if wanted.kind is ItemKind.TASK:
        return fields + _task_fields(wanted)
    return fields + _appointment_fields(wanted)


def _task_fields(wanted: WantedItem) -> list[tuple[str, str | None]]:
    due = wanted.due_on
    percent, status = (100, "Completed") if wanted.completed else (0, "NotStarted")
    return [
        (
            field("task:DueDate"),
            f"<t:DueDate>{write_task_date(due)}</t:DueDate>" if due else None,
        ),
        (
            field("task:PercentComplete"),
            f"<t:PercentComplete>{percent}</t:PercentComplete>",
        ),
        (field("task:Status"), f"<t:Status>{status}</t:Status>"),
    ]


def _appointment_fields(wanted: WantedItem) -> list[tuple[str, str | None]]:
    zone, windows = _zone(wanted), escape(windows_zone(wanted.time_zone))
    start, end = _bounds(wanted, zone)
    all_day = "true" if wanted.all_day else "false"
    return [
        (field("calendar:Start"), f"<t:Start>{start}</t:Start>"),
        (field("calendar:End"), f"<t:End>{end}</t:End>"),
        (
            field("calendar:IsAllDayEvent"),
            f"<t:IsAllDayEvent>{all_day}</t:IsAllDayEvent>",
        ),
        (field("calendar:StartTimeZone"), f'<t:StartTimeZone Id="{windows}"/>'),
        (field("calendar:EndTimeZone"), f'<t:EndTimeZone Id="{windows}"/>'),
    ]


def _bounds(wanted: WantedItem, zone: ZoneInfo) -> tuple[str, str]:
    """Start and end on the wire; an all-day end is the midnight *after* it."""
    if wanted.all_day:
        if wanted.first_day is None:
            raise Unprocessable("an all-day appointment without a day", code="E232")
        after = (wanted.last_day or wanted.first_day) + timedelta(days=1)
        return write_midnight(wanted.first_day, zone), write_midnight(after, zone)
    if wanted.starts_at is None or wanted.ends_at is None:
        raise Unprocessable("an appointment without start or end", code="E232")
    return write_instant(wanted.starts_at, zone), write_instant(wanted.ends_at, zone)


def element_name(kind: ItemKind) -> str:
    """The item's element on the wire."""
    return "Task" if kind is ItemKind.TASK else "CalendarItem"


def create_xml(wanted: WantedItem) -> str:
    """The item of a CreateItem request."""
    name = element_name(wanted.kind)
    values = "".join(value for _, value in own_fields(wanted) if value is not None)
    return f"<t:{name}>{values}</t:{name}>"


def update_xml(wanted: WantedItem) -> str:
    """The updates of an UpdateItem request: one Set or Delete per own field."""
    name = element_name(wanted.kind)
    return "".join(
        f"<t:DeleteItemField>{path}</t:DeleteItemField>"
        if value is None
        else f"<t:SetItemField>{path}<t:{name}>{value}</t:{name}></t:SetItemField>"
        for path, value in own_fields(wanted)
    )
