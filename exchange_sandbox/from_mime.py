"""Items a client creates from MIME or iCalendar alone."""

import base64
from datetime import date, datetime
from typing import Any

from exchange_sandbox.errors import EwsError
from exchange_sandbox.icalendar import as_instant, read_component
from exchange_sandbox.item_values import Body
from exchange_sandbox.mailbox import Item
from exchange_sandbox.properties import MAIL_TAGS
from exchange_sandbox.xml_text import Element, text_of


def fill_from_mime(item: Item, element: Element) -> set[str]:
    """Fill an item from its MimeContent element; returns the URIs that were set.

    Raises ErrorMimeContentInvalidBase64String, ErrorMimeContentInvalid.
    """
    try:
        raw = base64.b64decode(text_of(element), validate=False)
    except ValueError:
        raise EwsError("ErrorMimeContentInvalidBase64String") from None
    if item.tag in MAIL_TAGS:
        item.mime, item.pending = raw, True
        return set()
    found = read_component(raw)
    if not found:
        raise EwsError("ErrorMimeContentInvalid")
    return _fill(item, found)


def _fill(item: Item, found: dict[str, Any]) -> set[str]:
    before = set(item.values)
    values = item.values
    for name, uri in (("SUMMARY", "item:Subject"), ("LOCATION", "calendar:Location")):
        if found.get(name):
            values[uri] = found[name]
    if found.get("DESCRIPTION"):
        values["item:Body"] = Body("Text", found["DESCRIPTION"])
    if item.tag == "CalendarItem":
        _fill_appointment(values, found)
    elif item.tag == "Task":
        for name, uri in (("DTSTART", "task:StartDate"), ("DUE", "task:DueDate")):
            moment = found.get(name)
            if moment is not None:
                values[uri] = moment.date() if isinstance(moment, datetime) else moment
        if found.get("STATUS") == "COMPLETED":
            values["task:Status"] = "Completed"
    return set(values) - before


def _fill_appointment(values: dict[str, Any], found: dict[str, Any]) -> None:
    start, end = found.get("DTSTART"), found.get("DTEND")
    if start is None:
        raise EwsError("ErrorMimeContentInvalid", "The appointment has no start.")
    whole_day = isinstance(start, date) and not isinstance(start, datetime)
    values["calendar:Start"] = as_instant(start)
    values["calendar:End"] = (
        as_instant(end) if end is not None else as_instant(start, end_of_day=whole_day)
    )
    if whole_day:
        values["calendar:IsAllDayEvent"] = True
        values["calendar:StartTimeZone"] = values["calendar:EndTimeZone"] = "UTC"
    if found.get("UID"):
        values["calendar:UID"] = found["UID"]
