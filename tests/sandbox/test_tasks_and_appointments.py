"""What Exchange makes of tasks and appointments (simulated; exchange.md 8)."""

import pytest

KELLER = "keller@werft.example"
BERLIN = "W. Europe Standard Time"


def task(inner: str) -> str:
    return f"<t:Task><t:Subject>A</t:Subject>{inner}</t:Task>"


def event(start: str, end: str, extra: str = "", zone: str = BERLIN) -> str:
    zones = (
        f'<t:StartTimeZone Id="{zone}"/><t:EndTimeZone Id="{zone}"/>' if zone else ""
    )
    return (
        f"<t:CalendarItem><t:Subject>A</t:Subject><t:Start>{start}</t:Start>"
        f"<t:End>{end}</t:End>{extra}{zones}</t:CalendarItem>"
    )


def set_task(name: str, text: str) -> str:
    return (
        f'<t:SetItemField><t:FieldURI FieldURI="task:{name}"/><t:Task><t:{name}>{text}'
        f"</t:{name}></t:Task></t:SetItemField>"
    )


@pytest.fixture
def shown(sandbox):
    """The properties of the only item in a folder."""

    def look(folder: str) -> dict:
        (item,) = sandbox.items(KELLER, folder)
        return item["properties"]

    return look


def test_a_due_date_before_the_start_becomes_the_start(ask, shown):
    ask.create(
        task(
            "<t:DueDate>2026-11-20T00:00:00Z</t:DueDate><t:StartDate>2026-11-24T00:00:00Z</t:StartDate>"
        )
    )
    assert shown("tasks")["DueDate"] == "2026-11-24"


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-26T00:00:00Z",
        "2026-11-26T00:00:00+01:00",
        "2026-11-26T12:00:00",
    ],
)
def test_task_dates_are_days_answered_as_utc_midnights(ask, sandbox, written):
    identity = ask.create(task(f"<t:DueDate>{written}</t:DueDate>"))
    (item,) = ask.get(identity)
    assert item.findtext("{*}DueDate") == "2026-11-26T00:00:00Z"


def test_a_completed_task_is_complete_in_every_way(ask, sandbox, shown):
    identity = ask.create(task("<t:Status>NotStarted</t:Status>"))
    assert shown("tasks")["IsComplete"] is False
    assert ask.update(identity, set_task("Status", "Completed")) == ["NoError"]
    done = shown("tasks")
    assert done["IsComplete"] is True
    assert done["PercentComplete"] == 100
    assert done["CompleteDate"] == sandbox.clock.now().date().isoformat()
    (item,) = ask.get(identity)
    assert item.findtext("{*}PercentComplete") == "100"


def test_a_hundred_per_cent_completes_and_less_reopens(ask, shown):
    identity = ask.create(task(""))
    ask.update(identity, set_task("PercentComplete", "100"))
    assert shown("tasks")["Status"] == "Completed"
    ask.update(identity, set_task("PercentComplete", "50"))
    half = shown("tasks")
    assert (half["Status"], half["IsComplete"]) == ("InProgress", False)
    assert "CompleteDate" not in half
    ask.update(identity, set_task("Status", "Completed"))
    ask.update(identity, set_task("Status", "NotStarted"))
    assert shown("tasks")["PercentComplete"] == 0


def test_the_date_of_completion_stays_when_the_title_changes(ask, sandbox, shown):
    from datetime import UTC, datetime

    sandbox.clock.set(datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    identity = ask.create(task("<t:Status>Completed</t:Status>"))
    sandbox.clock.advance(3 * 86_400)
    sandbox.act(KELLER, "edit", item_id=identity, set={"Subject": "B"})
    assert shown("tasks")["CompleteDate"] == "2026-11-24"


# -- appointments ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (
            "2026-10-25T00:00:00+02:00",
            "2026-10-26T00:00:00+01:00",
            ("2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        ),
        (
            "2027-03-28T00:00:00+01:00",
            "2027-03-29T00:00:00+02:00",
            ("2027-03-27T23:00:00", "2027-03-28T22:00:00"),
        ),
        (
            "2026-11-26T09:00:00+01:00",
            "2026-11-26T10:00:00+01:00",
            ("2026-11-25T23:00:00", "2026-11-26T23:00:00"),
        ),
        (
            "2026-11-26T00:00:00+01:00",
            "2026-11-26T00:00:00+01:00",
            ("2026-11-25T23:00:00", "2026-11-26T23:00:00"),
        ),
        (
            "2026-11-26T00:00:00+01:00",
            "2026-11-28T00:00:00+01:00",
            ("2026-11-25T23:00:00", "2026-11-27T23:00:00"),
        ),
    ],
)
def test_all_day_is_from_midnight_to_midnight_of_its_zone(
    ask, shown, start, end, expected
):
    ask.create(event(start, end, "<t:IsAllDayEvent>1</t:IsAllDayEvent>"))
    found = shown("calendar")
    assert (found["Start"][:19], found["End"][:19]) == expected


def test_times_come_back_in_utc_with_their_zone(ask):
    identity = ask.create(
        event("2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00")
    )
    (item,) = ask.get(identity)
    assert item.findtext("{*}Start") == "2026-10-24T23:30:00Z"
    assert item.findtext("{*}End") == "2026-10-25T02:30:00Z"
    assert item.find("{*}StartTimeZone").get("Id") == BERLIN
    assert item.findtext("{*}Duration") == "PT3H"


def test_a_time_without_offset_is_meant_in_the_requests_zone(ask, shown):
    ask.create(
        event("2026-07-01T08:00:00", "2026-07-01T09:00:00", zone=""), zone=BERLIN
    )
    assert shown("calendar")["Start"] == "2026-07-01T06:00:00+00:00"
    assert shown("calendar")["StartTimeZone"] == BERLIN


def test_an_end_before_the_start_is_refused(ask):
    bad = event("2026-12-01T10:00:00Z", "2026-12-01T09:00:00Z")
    body = (
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>'
        f"{bad}</m:Items></m:CreateItem>"
    )
    assert ask.codes(body) == ["ErrorCalendarEndDateIsEarlierThanStartDate"]


def test_an_unknown_zone_is_refused(ask):
    body = (
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>'
        f"{event('2026-12-01T10:00:00Z', '2026-12-01T11:00:00Z', zone='Mars Standard Time')}"
        "</m:Items></m:CreateItem>"
    )
    assert ask.codes(body) == ["ErrorTimeZone"]


def test_an_appointment_has_what_exchange_adds(ask):
    identity = ask.create(event("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"))
    (item,) = ask.get(identity)
    assert item.findtext("{*}CalendarItemType") == "Single"
    assert item.findtext("{*}LegacyFreeBusyStatus") == "Busy"
    assert item.findtext("{*}UID").startswith("040000008200E00074C5B7101A82E008")
    assert item.findtext("{*}Organizer/{*}Mailbox/{*}EmailAddress") == KELLER
    assert item.findtext("{*}IsMeeting") == "false"
