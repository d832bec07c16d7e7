"""«Meine Arbeit»: one's own tasks, mails, drift and watched entries; the two bars."""

from datetime import date, timedelta

import pytest
from flask import Flask
from page_world import PageWorld, links, shown
from pages import TUESDAY, Browser
from statements import counted

from crm_core.database import transaction
from crm_core.models import Drift, Entry, Mailbox, Message, Task, TaskMirror, TaskStatus
from crm_core.records import watches
from crm_core.records.schedule import due_by

pytestmark = pytest.mark.usefixtures("tuesday")

TODAY = date(2026, 11, 24)


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def entry(world: PageWorld) -> Entry:
    _, found = world.meier()
    world.responsible(found, "frei")
    return found


def drifted(world: PageWorld, entry: Entry, title: str, who: str) -> Task:
    """A task that its employee has completed in Outlook."""
    Mailbox.update(
        employee=world.employee(who), writes_tasks=True, writes_calendar=True
    ).where(Mailbox.id == world.boxes["verkauf"].id).execute()
    task = world.task(entry, title, who)
    with transaction():
        TaskMirror.update(
            drift=Drift.COMPLETED,
            drift_detail="completed: False → True",
            drift_at=TUESDAY,
            pushed_version=1,
        ).where(TaskMirror.task == task).execute()
    return task


def received(message: Message, days_ago: int) -> None:
    Message.update(received_at=TUESDAY - timedelta(days=days_ago)).where(
        Message.id == message.id
    ).execute()


def test_nothing_to_do_says_so_and_leads_to_all_tasks(office: Browser) -> None:
    page = office.get("/")
    text = shown(page)
    assert "Heute ist nichts fällig. Alle Aufgaben" in text
    assert "Nichts ist überfällig." in text
    assert "Kein neues E-Mail in den letzten 7 Tagen." in text
    assert "Sie beobachten keinen Eintrag." in text
    assert "/aufgaben" in links(page)


def test_own_tasks_stand_under_how_soon_they_are_due(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    for title, days in (("Spät", -1), ("Jetzt", 0), ("Bald", 2), ("Fern", 20)):
        world.task(entry, title, "frei", due_by(TODAY + timedelta(days=days)))
    world.task(entry, "Fremd", "gl", due_by(TODAY))
    text = shown(office.get("/"))
    parts = ("Überfällig 1", "Spät", "Heute 1", "Jetzt", "Diese Woche 1", "Bald")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "Fern" not in text
    assert "Fremd" not in text


def test_a_tick_is_one_press_and_is_taken_back_by_another(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    task = world.task(entry, "Anrufen", "frei")
    assert office.location(f"/aufgaben/{task.id}/erledigt", weiter="/") == "/"
    page = office.get("/")
    assert "«Anrufen» ist erledigt." in page
    assert f'action="/aufgaben/{task.id}/offen"' in page
    assert f'action="/aufgaben/{task.id}/offen"' not in office.get("/")
    office.post(f"/aufgaben/{task.id}/offen", weiter="/")
    assert Task.get().status is TaskStatus.OPEN


def test_what_changed_in_outlook_is_adopted_with_one_press(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    task = drifted(world, entry, "Segel", "frei")
    page = office.get("/")
    assert "Abweichungen 1" in shown(page)
    assert "im Outlook erledigt" in page
    assert f'action="/aufgaben/{task.id}/uebernehmen"' in page
    assert f'action="/aufgaben/{task.id}/ueberschreiben"' in page
    assert page.count(f'id="aufgabe-{task.id}"') == 1


def test_other_peoples_drift_is_not_mine(
    gl: Browser, world: PageWorld, entry: Entry
) -> None:
    drifted(world, entry, "Segel", "frei")
    assert "Segel" not in gl.get("/")


def test_new_mail_of_my_entries_leads_to_the_mail_in_the_entry(
    office: Browser, gl: Browser, world: PageWorld, entry: Entry
) -> None:
    mail = world.mail(subject="Neue Frage")
    received(mail, 1)
    world.link(entry, mail)
    page = office.get("/")
    where = f"/eintraege/1001?bei={mail.id}#mail-{mail.id}"
    assert where in links(page)
    assert "Neue Frage" in page
    assert "Neue Frage" not in gl.get("/")


def test_watched_entries_say_how_much_is_new(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    with transaction():
        watches.watch(entry, world.employee("frei").id, actor="user:frei")
    mail = world.mail()
    Message.update(received_at=TUESDAY + timedelta(minutes=1)).where(
        Message.id == mail.id
    ).execute()
    world.link(entry, mail)
    assert "CRM-1001 Motorboot Offen 1 neues E-Mail" in shown(office.get("/"))


def test_the_bars_count_what_came_and_what_was_linked(
    office: Browser, workshop: Browser, world: PageWorld, entry: Entry
) -> None:
    for days_ago in (0, 3, 3, 20):
        received(world.mail(), days_ago)
    placed = world.mail()
    received(placed, 3)
    world.link(entry, placed)
    page = office.get("/")
    assert "letzte 14 Tage: 4 neu, 1 zugeordnet" in page
    table = shown(page)
    assert "21.11.2026 3 0" in table
    assert "24.11.2026 1 1" in table
    assert "letzte 14 Tage: 0 neu, 0 zugeordnet" in workshop_without_mail(workshop)


def workshop_without_mail(workshop: Browser) -> str:
    from crm_core.models import MailboxAccess

    MailboxAccess.delete().execute()
    return workshop.get("/")


def test_an_entry_that_is_hidden_from_me_shows_nothing_here(
    workshop: Browser, world: PageWorld, entry: Entry
) -> None:
    world.task(entry, "Geheim", "keller", due_by(TODAY))
    assert "Geheim" not in workshop.get("/")


def test_the_page_costs_the_same_whatever_there_is(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    def fill() -> None:
        for days in (-1, 0, 1):
            world.task(entry, "x", "frei", due_by(TODAY + timedelta(days=days)))
        mail = world.mail()
        received(mail, 1)
        world.link(entry, mail)
        received(world.mail(), 2)

    fill()
    few = counted(lambda: office.get("/"))
    for _ in range(10):
        fill()
    assert counted(lambda: office.get("/")) == few


def test_a_page_that_asks_once_a_row_would_be_seen_red_control(
    office: Browser, world: PageWorld, entry: Entry
) -> None:
    few = counted(lambda: office.get("/"))
    assert counted(lambda: [office.get("/") for _ in range(2)]) > few
