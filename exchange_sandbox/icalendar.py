"""Just enough iCalendar (RFC 5545): one VEVENT or VTODO, in and out."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange_sandbox.timezones import ZONES

if TYPE_CHECKING:
    from exchange_sandbox.mailbox import Item
    from exchange_sandbox.store import Store

_LINE = re.compile(
    r"(?P<name>[A-Za-z-]+)(?P<parameters>(?:;[^:\"]*(?:\"[^\"]*\")?)*):(?P<text>.*)"
)


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text.replace("\r", "")


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], text)


def calendar_of(store: "Store", item: "Item") -> bytes:
    """Return a calendar item as bare iCalendar, as Exchange's MimeContent is."""
    from exchange_sandbox.item_values import value

    start: datetime = value(store, item, "calendar:Start")
    end: datetime = value(store, item, "calendar:End")
    lines = [
        "BEGIN:VCALENDAR",
        "METHOD:PUBLISH",
        "PRODID:exchange_sandbox",
        "VERSION:2.0",
    ]
    lines += [
        "BEGIN:VEVENT",
        f"SUMMARY:{_escape(value(store, item, 'item:Subject') or '')}",
    ]
    lines += [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}"]
    for name, uri in (("UID", "calendar:UID"), ("LOCATION", "calendar:Location")):
        text = value(store, item, uri)
        if text:
            lines.append(f"{name}:{_escape(text)}")
    lines += ["END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def read_component(raw: bytes) -> dict[str, Any]:
    """Return the properties of the first VEVENT or VTODO; times as UTC or dates.

    Unknown or damaged lines are left out; an empty result means there was none.
    """
    text = re.sub(r"\r?\n[ \t]", "", raw.decode("utf-8", "replace"))
    found: dict[str, Any] = {}
    inside = ""
    for line in text.splitlines():
        if line.upper() in {"BEGIN:VEVENT", "BEGIN:VTODO"} and not found:
            inside = line[6:].upper()
            found["KIND"] = inside
        elif inside and line.upper() == f"END:{inside}":
            break
        elif inside:
            _read_line(line, found)
    return found


def _read_line(line: str, found: dict[str, Any]) -> None:
    match = _LINE.fullmatch(line)
    if match is None:
        return
    name = match["name"].upper()
    if name in {"DTSTART", "DTEND", "DUE", "COMPLETED"}:
        moment = _moment(match["text"], match["parameters"])
        if moment is not None:
            found.setdefault(name, moment)
    else:
        found.setdefault(name, _unescape(match["text"]))


def _moment(text: str, parameters: str) -> datetime | date | None:
    try:
        if "T" not in text:
            return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}")
        moment = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        named = re.search(r"TZID=\"?([^;\":]+)", parameters)
        if named is None:
            return moment.replace(tzinfo=UTC)
        zone = ZoneInfo(ZONES.get(named[1], named[1]))
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        return None


def as_instant(moment: datetime | date, *, end_of_day: bool = False) -> datetime:
    """Return a moment as a UTC instant; a date alone is its midnight."""
    if isinstance(moment, datetime):
        return moment
    day = moment + timedelta(days=1) if end_of_day else moment
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
