"""«Aufgaben»: board, week, list; moved, changed, tried again where they stand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

from crm_core.models import (
    AuditEvent,
    Entry,
    GroupRight,
    Mailbox,
    Task,
    TaskMirror,
    TaskStatus,
)  # fmt: skip
from crm_core.records import schedule
from crm_core.records.schedule import due_by

pytestmark = pytest.mark.usefixtures("tuesday")

TODAY = date(2026, 11, 24)


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def entry(world: PageWorld) -> Entry:
    return world.meier()[1]


def on(days: int) -> schedule.Schedule:
    return due_by(TODAY + timedelta(days=days))


def test_the_board_has_four_columns_with_their_numbers(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    for title, days in (("Spät", -9), ("Jetzt", 0), ("Bald", 5), ("Fern", 6)):
        world.task(entry, title, "gl", on(days))
    text = shown(office.get("/aufgaben"))
    parts = (
        "Überfällig 1", "Spät", "Heute 1", "Jetzt", "Diese Woche 1", "Bald",
        "Später 1", "Fern",
    )  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "ohne Outlook" in text


@pytest.mark.parametrize("path", ["", "/woche", "/liste"])
def test_nothing_open_says_so_and_no_hits_offer_all(
    office: Browser, world: PageWorld, entry: Entry, path: str
) -> None:
    assert "Keine offenen Aufgaben." in office.get(f"/aufgaben{path}")
    world.task(entry, "Anrufen", "frei", on(0))
    nothing = office.get(f"/aufgaben{path}?wer=gl")
    assert "Keine Treffer." in nothing
    assert "Anrufen" in office.get(f"/aufgaben{path}?wer=frei")
    assert "Anrufen" in office.get(f"/aufgaben{path}?gruppe=Administration")
    assert "Keine Treffer." in office.get(f"/aufgaben{path}?gruppe=Werkstatt")


@pytest.mark.parametrize("path", ["", "/woche", "/liste", "/{id}"])
def test_tasks_of_hidden_entries_are_not_there(
    workshop: Browser, world: PageWorld, entry: Entry, path: str
) -> None:
    task = world.task(entry, "Geheim", "keller", on(0))
    address = f"/aufgaben{path}".format(id=task.id)
    status = 404 if "{" in path else 200
    assert "Geheim" not in workshop.get(address, status)
    workshop.post(f"/aufgaben/{task.id}/verschieben", 404, tag="morgen")


@pytest.mark.parametrize(
    ("due", "tag", "day"),
    [
        (-9, "heute", TODAY),
        (-9, "morgen", TODAY + timedelta(days=1)),
        (-9, "woche", TODAY + timedelta(days=7)),
        (3, "woche", TODAY + timedelta(days=10)),
    ],
)
def test_a_task_is_moved_by_a_press(
    office: Browser, world: PageWorld, entry: Entry, due: int, tag: str, day: date
) -> None:
    task = world.task(entry, "Anrufen", "gl", on(due))
    address = f"/aufgaben/{task.id}/verschieben"
    where = office.location(address, tag=tag, weiter="/aufgaben?wer=gl")
    assert where == "/aufgaben?wer=gl"
    assert Task.get().due_on == day
    assert f"auf {day:%d.%m.%Y} verschoben" in office.get("/aufgaben")


def test_an_appointment_keeps_its_time_and_length_over_the_clock_change(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    summer = schedule.at(datetime(2026, 10, 20, 14, 30), minutes=90)
    task = world.task(entry, "Probefahrt", "gl", summer)
    office.post(f"/aufgaben/{task.id}/verschieben", tag="heute")
    found = Task.get()
    assert found.starts_at == datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    assert found.ends_at - found.starts_at == timedelta(minutes=90)


def test_moving_elsewhere_is_refused(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    task = world.task(entry, "Anrufen", "gl", on(0))
    office.post(f"/aufgaben/{task.id}/verschieben", 404, tag="gestern")
    assert Task.get().due_on == TODAY


def test_a_task_is_changed_and_given_away_on_its_page(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    task = world.task(entry, "Anrufen", "gl", on(0))
    page = office.get(f"/aufgaben/{task.id}?weiter=/aufgaben/liste")
    assert 'value="/aufgaben/liste"' in page
    where = office.location(
        f"/aufgaben/{task.id}/aendern",
        title="Zurückrufen", employee="keller", when="Fr", when_before="24.11.2026",
        weiter="/aufgaben/liste",
    )  # fmt: skip
    assert where == "/aufgaben/liste"
    found = Task.get()
    assert (found.title, found.employee.key) == ("Zurückrufen", "keller")
    assert found.due_on == date(2026, 11, 27)
    assert 'value="/"' in office.get(f"/aufgaben/{task.id}?weiter=//evil.example")


def test_what_was_not_transferred_says_why_and_is_tried_again(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    Mailbox.update(employee=world.employee("frei"), writes_tasks=True).where(
        Mailbox.id == world.boxes["verkauf"].id
    ).execute()
    task = world.task(entry, "Anrufen", "frei", on(0))
    TaskMirror.update(
        failure_code="E231", failure="Das Postfach ist voll", parked=True
    ).execute()
    page = office.get("/aufgaben?fehler=1")
    assert "nicht übertragen" in page
    assert "Das Postfach ist voll (E231)" in page
    office.post(f"/aufgaben/{task.id}/ueberschreiben", weiter="/aufgaben")
    assert TaskMirror.get().parked is False


def test_the_week_has_a_row_a_person_and_a_column_a_day(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    at_two = schedule.at(datetime(2026, 11, 27, 14, 0))
    world.task(entry, "Probefahrt", "keller", at_two)
    world.task(entry, "Später", "gl", on(7))
    page = office.get("/aufgaben/woche")
    text = shown(page)
    assert "KW 48 23.11.2026 – 29.11.2026" in text
    assert "Fr. 27.11." in text
    assert "14:00 · CRM-1001" in text
    assert "Später" not in text
    (later,) = {u for u in links(page) if "woche=2026-11-30" in u}
    assert "Später" in office.get(later)
    office.get("/aufgaben/woche?woche=bald", 404)
    office.get("/aufgaben/woche?woche=0001-01-01", 404)
    office.get("/aufgaben/woche?woche=9999-12-31", 404)


def test_the_list_goes_on_page_by_page_without_holes(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    for number in range(30):
        world.task(entry, f"Nr{number:02}.", "gl", on(number // 4))
    first = office.get("/aufgaben/liste?wer=gl")
    (following,) = [u for u in links(first) if "vor=" in u]
    assert "wer=gl" in following
    second = office.get(following)
    for number in range(30):
        assert (f"Nr{number:02}." in first) + (f"Nr{number:02}." in second) == 1


def test_the_list_shows_done_tasks_when_asked(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    task = world.task(entry, "Anrufen", "gl", on(0))
    office.post(f"/aufgaben/{task.id}/erledigt")
    office.get("/aufgaben")
    assert "Anrufen" not in office.get("/aufgaben/liste")
    assert "Anrufen" in office.get("/aufgaben/liste?status=erledigt")
    assert "Anrufen" in office.get("/aufgaben/liste?status=alle")
    office.get("/aufgaben/liste?status=bald", 404)


def test_the_list_as_a_file_is_logged_and_needs_the_right(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    world.task(entry, "=1+1", "frei", on(0))
    text = office.get("/aufgaben.csv?wer=frei")
    assert "'=1+1;CRM-1001;Motorboot;frei;bis 24.11.2026;24.11.2026;Offen" in text
    assert AuditEvent.select().where(AuditEvent.subject == "list:aufgaben").exists()
    GroupRight.delete().execute()
    office.get("/aufgaben.csv", 403)
    assert "aufgaben.csv" not in office.get("/aufgaben/liste")


def test_who_may_only_read_the_entry_ticks_the_own_task_and_moves_none(
    office: Browser, world: PageWorld
) -> None:
    entry = world.entry(world.address("Huber"), "Motor", "stoerung")
    mine = world.task(entry, "Meine", "frei", on(0))
    other = world.task(entry, "Andere", "gl", on(0))
    page = office.get("/aufgaben")
    assert f'action="/aufgaben/{mine.id}/erledigt"' in page
    assert f'action="/aufgaben/{other.id}/erledigt"' not in page
    assert "/verschieben" not in page
    for task in (mine, other):
        office.post(f"/aufgaben/{task.id}/verschieben", 403, tag="morgen")
        office.get(f"/aufgaben/{task.id}", 403)
    office.post(f"/aufgaben/{mine.id}/erledigt", weiter="/aufgaben")
    assert Task.get_by_id(mine.id).status is TaskStatus.DONE


@pytest.mark.parametrize("path", ["", "/woche", "/liste"])
def test_each_view_costs_the_same_for_one_task_and_for_twenty(
    office: Browser, world: PageWorld, entry: Entry, path: str
) -> None:
    def fill() -> None:
        for days in (-1, 0, 1, 9):
            world.task(entry, "x", "frei", on(days))

    fill()
    few = counted(lambda: office.get(f"/aufgaben{path}"))
    for _ in range(5):
        fill()
    assert counted(lambda: office.get(f"/aufgaben{path}")) == few
