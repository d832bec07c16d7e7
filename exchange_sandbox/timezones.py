"""Windows time zone ids, as EWS uses them, and dates and times in requests.

The names are those of Unicode's CLDR windowsZones (territory 001), for the zones the
sandbox is likely to meet; others are refused with ErrorTimeZone.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from exchange_sandbox.errors import EwsError

ZONES = {
    "UTC": "Etc/UTC",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw",
    "E. Europe Standard Time": "Europe/Chisinau",
    "FLE Standard Time": "Europe/Kyiv",
    "GTB Standard Time": "Europe/Bucharest",
    "Turkey Standard Time": "Europe/Istanbul",
    "Russian Standard Time": "Europe/Moscow",
    "Israel Standard Time": "Asia/Jerusalem",
    "India Standard Time": "Asia/Kolkata",
    "China Standard Time": "Asia/Shanghai",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Eastern Standard Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "Pacific Standard Time": "America/Los_Angeles",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "E. South America Standard Time": "America/Sao_Paulo",
}
_STAMP = re.compile(
    r"\s*(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?\s*"
)


def zone(identity: str) -> ZoneInfo:
    """Return the zone of a Windows id; raises ErrorTimeZone for an unknown one."""
    try:
        return ZoneInfo(ZONES[identity])
    except KeyError:
        raise EwsError("ErrorTimeZone", f"Unknown time zone '{identity}'.") from None


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))


def read_instant(text: str, default_zone: str) -> datetime:
    """Return the UTC instant of an xs:dateTime; without offset in `default_zone`.

    Raises ErrorInvalidRequest for what is not a date and time.
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        raise EwsError("ErrorInvalidRequest", f"'{text}' is not a date and time.")
    numbers = [int(part or 0) for part in match.groups()[:6]]
    try:
        local = datetime(*numbers)  # type: ignore[arg-type]  # six ints  # noqa: DTZ001
    except ValueError:
        raise EwsError(
            "ErrorInvalidRequest", f"'{text}' is not a date and time."
        ) from None
    if match[7] is None:
        return local.replace(tzinfo=zone(default_zone)).astimezone(UTC)
    return (local - _offset(match[7])).replace(tzinfo=UTC)


def read_day(text: str) -> date:
    """Return the calendar day written in an xs:dateTime, whatever its offset."""
    match = _STAMP.fullmatch(text)
    if match is None:
        raise EwsError("ErrorInvalidRequest", f"'{text}' is not a date.")
    return date(int(match[1]), int(match[2]), int(match[3]))
