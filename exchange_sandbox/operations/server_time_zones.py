"""GetServerTimeZones: the zones of `timezones.ZONES`, with their rules if asked.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/getservertimezones-operation
The rules are those of the current year (by the sandbox's clock), taken from zoneinfo.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from exchange_sandbox.call import Call
from exchange_sandbox.soap import response, success
from exchange_sandbox.timezones import ZONES
from exchange_sandbox.xml_text import M, attribute, children, text_of

_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def get_server_time_zones(call: Call) -> str:
    """Answer the zones asked for by id, or all."""
    wanted = [text_of(child) for child in children(call.element.find(f"{M}Ids"))]
    full = call.element.get("ReturnFullTimeZoneData") in {"true", "1"}
    year = call.store.clock.now().year
    definitions = []
    for identity, name in ZONES.items():
        if wanted and identity not in wanted:
            continue
        rules = _rules(ZoneInfo(name), year) if full else ""
        definitions.append(
            f'<t:TimeZoneDefinition Id="{attribute(identity)}" '
            f'Name="{attribute(identity)}">{rules}</t:TimeZoneDefinition>'
        )
    inner = f"<m:TimeZoneDefinitions>{''.join(definitions)}</m:TimeZoneDefinitions>"
    return response("GetServerTimeZones", [success("GetServerTimeZones", inner)])


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _changes(zone: ZoneInfo, year: int) -> list[tuple[datetime, timedelta]]:
    """Return the local wall times of the year's clock changes and the offset after."""
    found = []
    hour = datetime(year, 1, 1, tzinfo=UTC)
    before = _offset(zone, hour)
    while hour.year == year:
        after = _offset(zone, hour)
        if after != before:
            found.append(((hour + before).replace(tzinfo=None), after))
            before = after
        hour += timedelta(hours=1)
    return found


def _duration(offset: timedelta) -> str:
    """Return a bias (UTC minus local) as xs:duration."""
    minutes = -int(offset / timedelta(minutes=1))
    sign = "-" if minutes < 0 else ""
    return f"{sign}PT{abs(minutes)}M"


def _occurrence(day: datetime) -> int:
    """Return which such weekday of the month this is; -1 = the last."""
    return (
        -1 if (day + timedelta(days=7)).month != day.month else (day.day - 1) // 7 + 1
    )


def _rules(zone: ZoneInfo, year: int) -> str:
    changes = _changes(zone, year)
    standard = min(
        [offset for _, offset in changes]
        or [_offset(zone, datetime(year, 1, 1, tzinfo=UTC))]
    )
    periods = [f'<t:Period Bias="{_duration(standard)}" Name="Standard" Id="std"/>']
    steps = ['<t:Transition><t:To Kind="Period">std</t:To></t:Transition>']
    if len(changes) == 2:
        steps = []
        for wall, offset in changes:
            kind = "std" if offset == standard else "dlt"
            if kind == "dlt":
                periods.append(
                    f'<t:Period Bias="{_duration(offset)}" Name="Daylight" Id="dlt"/>'
                )
            steps.append(
                f'<t:RecurringDayTransition><t:To Kind="Period">{kind}</t:To>'
                f"<t:TimeOffset>PT{wall.hour * 60 + wall.minute}M</t:TimeOffset>"
                f"<t:Month>{wall.month}</t:Month>"
                f"<t:DayOfWeek>{_DAYS[wall.weekday()]}</t:DayOfWeek>"
                f"<t:Occurrence>{_occurrence(wall)}</t:Occurrence></t:RecurringDayTransition>"
            )
    return (
        f"<t:Periods>{''.join(periods)}</t:Periods>"
        '<t:TransitionsGroups><t:TransitionsGroup Id="0">'
        f"{''.join(steps)}</t:TransitionsGroup></t:TransitionsGroups>"
        '<t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition>'
        "</t:Transitions>"
    )
