"""What Exchange makes of tasks and appointments after a client set properties.

Tasks: a due date before the start date becomes the start date; Completed and 100 %
belong together and set CompleteDate; both are taken back together.
Appointments: all-day ones run from midnight to midnight of their own zone (end
exclusive), across clock changes; an end before the start is refused.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/time-zones-and-ews-in-exchange
"""

import re
from datetime import UTC, date, datetime, time, timedelta

from exchange_sandbox.errors import EwsError
from exchange_sandbox.mailbox import Item
from exchange_sandbox.store import Store
from exchange_sandbox.timezones import zone

_LONGEST = timedelta(days=5 * 366)


def apply_rules(store: Store, item: Item, done: set[str], default_zone: str) -> None:
    """Bring an item into order after the properties `done` were set."""
    if item.tag == "Task":
        _task(store, item, done)
    elif item.tag == "CalendarItem":
        _appointment(store, item, default_zone)


def _task(store: Store, item: Item, done: set[str]) -> None:
    values = item.values
    if "task:Status" in done:
        _status_set(values)
    elif "task:PercentComplete" in done:
        _percent_set(values)
    if values.get("task:Status") == "Completed":
        values.setdefault("task:CompleteDate", store.clock.now().date())
    else:
        values.pop("task:CompleteDate", None)
    start: date | None = values.get("task:StartDate")
    due: date | None = values.get("task:DueDate")
    if start is not None and due is not None and due < start:
        values["task:DueDate"] = start


def _status_set(values: dict[str, object]) -> None:
    if values["task:Status"] == "Completed":
        values["task:PercentComplete"] = 100.0
    elif values.get("task:PercentComplete") == 100.0 or (
        values["task:Status"] == "NotStarted"
    ):
        values["task:PercentComplete"] = 0.0


def _percent_set(values: dict[str, object]) -> None:
    percent = values["task:PercentComplete"]
    if not isinstance(percent, float) or not 0 <= percent <= 100:
        raise EwsError("ErrorInvalidPercentCompleteValue")
    if percent == 100.0:
        values["task:Status"] = "Completed"
    elif percent == 0.0:
        values["task:Status"] = "NotStarted"
    elif values.get("task:Status", "NotStarted") in {"NotStarted", "Completed"}:
        values["task:Status"] = "InProgress"


def _appointment(store: Store, item: Item, default_zone: str) -> None:
    values = item.values
    start_zone = values.setdefault("calendar:StartTimeZone", default_zone)
    end_zone = values.setdefault("calendar:EndTimeZone", start_zone)
    values.setdefault(
        "calendar:UID",
        "040000008200E00074C5B7101A82E008" + item.search_key.hex().upper(),
    )
    start: datetime = values.setdefault("calendar:Start", _next_half_hour(store))
    end: datetime = values.setdefault("calendar:End", start + timedelta(minutes=30))
    if end < start:
        raise EwsError(
            "ErrorCalendarEndDateIsEarlierThanStartDate",
            "The end date is earlier than the start date.",
        )
    if end - start > _LONGEST:
        raise EwsError("ErrorCalendarDurationIsTooLong")
    if values.get("calendar:IsAllDayEvent"):
        values["calendar:Start"] = _midnight(start, start_zone, up=False)
        end = _midnight(end, end_zone, up=True)
        if end <= values["calendar:Start"]:
            day = values["calendar:Start"].astimezone(zone(end_zone)).date()
            end = _at_midnight(day + timedelta(days=1), end_zone)
        values["calendar:End"] = end


def _next_half_hour(store: Store) -> datetime:
    now = store.clock.now().replace(second=0, microsecond=0)
    return now + timedelta(minutes=30 - now.minute % 30)


def _at_midnight(day: date, zone_id: str) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone(zone_id)).astimezone(UTC)


def _midnight(instant: datetime, zone_id: str, *, up: bool) -> datetime:
    """Return the midnight of the zone at or before (`up`: at or after) an instant."""
    local = instant.astimezone(zone(zone_id))
    day = local.date()
    if up and local.time() != time(0):
        day += timedelta(days=1)
    return _at_midnight(day, zone_id)


def attendees(item: Item) -> tuple[str, ...]:
    """Return the addresses of those invited to an appointment."""
    written = "".join(
        item.values.get(f"calendar:{name}", "")
        for name in ("RequiredAttendees", "OptionalAttendees", "Resources")
    )
    return tuple(re.findall(r"EmailAddress>([^<]+)<", written))
