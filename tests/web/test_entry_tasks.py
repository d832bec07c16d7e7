"""Tasks below the addresses: assigned with typed dates, done, drift answered."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from page_world import PageWorld, shown
from pages import Browser

from crm_core.access import staff
from crm_core.database import transaction
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import (
    Drift,
    Mailbox,
    MirrorKind,
    Task,
    TaskKind,
    TaskMirror,
    TaskStatus,
)
from crm_core.queries.task_board import TaskCard
from crm_core.queries.tasks import MirrorView
from crm_core.records import entries, schedule, tasks
from crm_web.task_words import drift_text, task_badge

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def world(app: Flask) -> PageWorld:
    found = PageWorld()
    found.meier()
    return found


def task() -> Task:
    found: Task = Task.get()
    return found


def assign(browser: Browser, status: int = 303, **fields: str) -> str:
    answer = browser.post("/eintraege/1001/aufgaben", status, **fields)
    return answer.text if status != 303 else str(answer.headers["Location"])


# --- assigning --------------------------------------------------------------------


def test_to_me_by_friday_is_one_form_and_one_press(
    office: Browser, world: PageWorld
) -> None:
    assert assign(office, title="Anrufen", when="Fr") == "/eintraege/1001#aufgaben"
    found = task()
    assert (found.title, found.employee.key) == ("Anrufen", "frei")
    assert (found.kind, found.due_on) == (TaskKind.DUE_BY, date(2026, 11, 27))
    page = shown(office.get("/eintraege/1001"))
    assert "Anrufen frei · bis 27.11.2026" in page


def test_to_a_colleague_on_a_day_and_time_is_an_appointment(
    office: Browser, world: PageWorld
) -> None:
    assign(office, title="Termin", when="27.11. 14:00", employee="keller", kind="am")
    found = task()
    assert (found.employee.key, found.kind) == ("keller", TaskKind.DO_ON)
    assert found.starts_at == datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
    assert "am 27.11.2026, 14:00" in shown(office.get("/eintraege/1001"))


def test_a_day_without_time_is_a_whole_day(office: Browser, world: PageWorld) -> None:
    assign(office, title="Probefahrt", when="+2", kind="am")
    assert task().day == date(2026, 11, 26)


def test_everything_missing_is_named_and_the_inputs_stay(
    office: Browser, world: PageWorld
) -> None:
    page = assign(office, 422, title="", when="irgendwann", employee="niemand")
    assert "Bitte füllen Sie dieses Feld aus." in page
    assert "«irgendwann» ist kein Datum, das wir kennen." in page
    assert 'value="irgendwann"' in page
    assert Task.select().count() == 0


def test_a_deadline_has_no_time_of_day(office: Browser, world: PageWorld) -> None:
    page = assign(office, 422, title="x", when="Fr 14:00")
    assert "Mit Uhrzeit wählen Sie «Erledigen am»." in page


def test_a_time_the_clock_leaves_out_is_refused(
    office: Browser, world: PageWorld
) -> None:
    page = assign(office, 422, title="x", when="28.3.2027 02:30", kind="am")
    assert "gibt es nicht" in page


def test_a_time_that_comes_twice_is_asked_about(
    office: Browser, world: PageWorld
) -> None:
    fields = {"title": "x", "when": "31.10.2027 02:30", "kind": "am"}
    page = assign(office, 422, **fields)
    assert "Diese Uhrzeit gibt es in jener Nacht zweimal: welche?" in page
    assert "das zweite Mal (Winterzeit)" in page
    assign(office, **fields, second="1")
    assert task().starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_the_typed_date_is_echoed_in_full(office: Browser, world: PageWorld) -> None:
    assert "Freitag, 27. November 2026" in office.get("/datum?when=Fr")
    assert ", 14:00" in office.get("/datum?when=27.11.%2014h")
    assert "ist kein Datum" in office.get("/datum?when=bald")
    assert "KW 48 läuft schon" in office.get("/datum?when=KW 48")
    assert office.get("/datum?when=") == ""
    echoed = office.get("/datum?when=<script>alert(1)</script>")
    assert "<script>" not in echoed


def test_the_seeds_examples_are_offered_where_the_subtag_has_them(
    office: Browser, world: PageWorld
) -> None:
    from crm_core.models import Subtag, TaskTemplate

    subtag = Subtag.get(Subtag.key == "offerte")
    for position, title in enumerate(("Offerte erstellen", "Boot bestellen")):
        TaskTemplate.create(subtag=subtag, title=title, position=position)
    page = office.get("/eintraege/1001")
    assert '<option value="Offerte erstellen">' in page
    assert 'list="task-templates"' in page


def test_a_task_out_of_a_mail_has_its_subject(
    office: Browser, world: PageWorld
) -> None:
    page = office.get("/eintraege/1001?aufgabe=AW: Lieferung%20%3Cb%3E")
    assert 'value="AW: Lieferung &lt;b&gt;"' in page


def test_who_may_only_read_or_has_no_right_assigns_nothing(
    office: Browser, workshop: Browser, world: PageWorld
) -> None:
    from crm_core.models import GroupRight

    workshop.post("/eintraege/1001/aufgaben", 404, title="x", when="Fr")
    GroupRight.delete().execute()
    assert "neue-aufgabe" not in office.get("/eintraege/1001")
    office.post("/eintraege/1001/aufgaben", 403, title="x", when="Fr")


# --- done, changed ----------------------------------------------------------------


@pytest.fixture
def open_task(world: PageWorld) -> int:
    with transaction():
        made = tasks.assign(
            entries.by_number(1001),
            staff.by_key("frei"),
            "Anrufen",
            schedule.due_by(date(2026, 11, 27)),
            actor="user:gl",
        )
    return int(made.id)


def test_done_is_one_press_and_can_be_undone(office: Browser, open_task: int) -> None:
    page = office.get("/eintraege/1001")
    assert f'action="/aufgaben/{open_task}/erledigt"' in page
    assert 'aria-label="Erledigt: Anrufen"' in page
    where = office.location(f"/aufgaben/{open_task}/erledigt")
    assert where == f"/eintraege/1001#aufgabe-{open_task}"
    assert (task().status, task().done_by) == (TaskStatus.DONE, "user:frei")
    page = shown(office.get("/eintraege/1001"))
    assert "«Anrufen» ist erledigt." in page
    assert "Rückgängig" in page
    office.post(f"/aufgaben/{open_task}/offen")
    assert task().status is TaskStatus.OPEN


def test_done_and_next_leads_to_the_task_form(office: Browser, open_task: int) -> None:
    onward = "/eintraege/1001#neue-aufgabe"
    where = office.location(f"/aufgaben/{open_task}/erledigt", weiter=onward)
    assert where == onward


def test_acts_lead_to_no_other_site(office: Browser, open_task: int) -> None:
    where = office.location(f"/aufgaben/{open_task}/erledigt", weiter="//evil.example/")
    assert where == "/"


def test_a_task_can_be_changed_and_given_to_somebody_else(
    office: Browser, open_task: int
) -> None:
    office.post(
        f"/aufgaben/{open_task}/aendern", title="Zurückrufen", employee="keller",
        when="KW 49", when_before="27.11.2026", kind="bis", kind_before="bis",
    )  # fmt: skip
    found = task()
    assert (found.title, found.employee.key) == ("Zurückrufen", "keller")
    assert found.due_on == date(2026, 11, 30)


def test_an_unchanged_date_is_not_read_again(office: Browser, open_task: int) -> None:
    office.post(
        f"/aufgaben/{open_task}/aendern", title="Neu", employee="frei",
        when="27.11.2026", when_before="27.11.2026", kind="bis", kind_before="bis",
    )  # fmt: skip
    assert task().due_on == date(2026, 11, 27)
    assert task().version == 2


def test_a_wrong_change_changes_nothing(office: Browser, open_task: int) -> None:
    office.post(
        f"/aufgaben/{open_task}/aendern", title="Neu", when="bald",
        when_before="27.11.2026", kind="bis", kind_before="bis",
    )  # fmt: skip
    assert task().title == "Anrufen"
    assert "ist kein Datum, das wir kennen" in office.get("/eintraege/1001")


def test_a_cancelled_task_is_gone_from_the_page(
    office: Browser, open_task: int
) -> None:
    office.post(f"/aufgaben/{open_task}/abbrechen")
    assert task().status is TaskStatus.CANCELLED
    office.get("/eintraege/1001")
    assert "Anrufen" not in office.get("/eintraege/1001/aufgaben")


@pytest.mark.parametrize(
    "act",
    ["erledigt", "offen", "abbrechen", "uebernehmen", "ueberschreiben", "aendern"],
)
def test_a_task_of_a_hidden_entry_is_not_there(
    workshop: Browser, open_task: int, act: str
) -> None:
    workshop.post(f"/aufgaben/{open_task}/{act}", 404)
    workshop.post(f"/aufgaben/4711/{act}", 404)


def test_the_own_task_of_a_readable_entry_can_be_done_but_not_moved(
    office: Browser, world: PageWorld
) -> None:
    theirs = world.entry(world.address("Kunde"))  # the office reads it
    mine, other = world.task(theirs, "Meine", "frei"), world.task(theirs, "Andere")
    office.post(f"/aufgaben/{mine.id}/erledigt")
    office.post(f"/aufgaben/{other.id}/erledigt", 403)
    office.post(f"/aufgaben/{mine.id}/abbrechen", 403)


# --- the copy in Outlook ----------------------------------------------------------


def copy_of(task_id: int, **columns: object) -> None:
    """The task's copy in keller's own mailbox, in some state."""
    box = Mailbox.get(Mailbox.address == "verkauf@werft.example")
    Mailbox.update(writes_tasks=True, writes_calendar=True).execute()
    TaskMirror.create(
        task=task_id, mailbox=box, kind=MirrorKind.TASK, crm_key="k1",
        wanted_version=1, **columns,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "word", "colour"),
    [
        ({"pushed_version": 0}, "wird übertragen", "warning"),
        ({"pushed_version": 1}, "im Outlook", "success"),
        ({"failure_code": "E231", "failure": "Postfach voll"}, "nicht übertragen",
         "danger"),
        ({"failure_code": "E231", "failure": "Postfach voll", "parked": True},
         "nicht übertragen", "danger"),
        ({"drift": Drift.COMPLETED}, "im Outlook erledigt", "info"),
        ({"drift": Drift.CHANGED}, "im Outlook geändert", "info"),
        ({"drift": Drift.DELETED}, "im Outlook gelöscht", "info"),
        ({"drift": Drift.MOVED}, "im Outlook verschoben", "info"),
    ],
)  # fmt: skip
def test_every_state_has_its_badge_in_words(
    office: Browser,
    open_task: int,
    columns: dict[str, object],
    word: str,
    colour: str,
) -> None:
    copy_of(open_task, **columns)
    page = office.get("/eintraege/1001/aufgaben")
    assert f'<summary class="badge text-bg-{colour}"' in page
    assert f">{word}</summary>" in page


def test_without_a_mailbox_the_badge_says_so(office: Browser, open_task: int) -> None:
    page = shown(office.get("/eintraege/1001/aufgaben"))
    assert "ohne Outlook" in page
    assert "frei hat kein Postfach, das sie übernimmt" in page


def test_a_failure_says_why_and_offers_a_new_try(
    office: Browser, open_task: int
) -> None:
    copy_of(open_task, failure_code="E231", failure="Postfach voll", parked=True)
    page = office.get("/eintraege/1001/aufgaben")
    assert "Postfach voll (E231). Wir versuchen es nicht mehr von selbst." in page
    office.post(f"/aufgaben/{open_task}/ueberschreiben")
    row = TaskMirror.get()
    assert (row.parked, row.failure_code) == (False, None)


def test_drift_shows_old_and_new_and_two_answers(
    office: Browser, open_task: int
) -> None:
    detail = "due_on: 2026-11-27 → 2026-12-01; completed: False → True"
    copy_of(open_task, pushed_version=1, drift=Drift.CHANGED, drift_detail=detail)
    page = office.get("/eintraege/1001/aufgaben")
    assert "Erledigen bis: 27.11.2026 → 01.12.2026; Erledigt: nein → ja." in page
    assert f'action="/aufgaben/{open_task}/uebernehmen"' in page
    assert f'action="/aufgaben/{open_task}/ueberschreiben"' in page


def test_a_deleted_copy_is_adopted_as_cancelled_or_written_again(
    office: Browser, open_task: int
) -> None:
    copy_of(open_task, pushed_version=1, drift=Drift.DELETED)
    office.post(f"/aufgaben/{open_task}/ueberschreiben")
    assert TaskMirror.get().drift is None
    assert task().status is TaskStatus.OPEN
    TaskMirror.update(drift=Drift.DELETED).execute()
    office.post(f"/aufgaben/{open_task}/uebernehmen")
    assert task().status is TaskStatus.CANCELLED


def test_an_answer_that_comes_too_late_is_told(office: Browser, open_task: int) -> None:
    copy_of(open_task, pushed_version=1)
    office.post(f"/aufgaben/{open_task}/uebernehmen")
    assert "weicht nicht von Outlook ab" in office.get("/eintraege/1001")


def test_text_of_a_difference_survives_odd_subjects(app: Flask) -> None:
    detail = "subject: a; b → c → d; all_day: False → True"
    with app.test_request_context():
        said = drift_text(detail)
    assert said == "Betreff: a; b → c → d; Ganzer Tag: nein → ja."


def test_an_appointment_is_in_the_calendar(app: Flask, world: PageWorld) -> None:
    mirror = MirrorView(MirrorState.WRITTEN, mailbox="frei@werft.example")
    card = TaskCard(
        id=1, entry=1001, entry_title="", title="x", employee="frei",
        employee_name="Frei", kind=TaskKind.DO_ON, due=date(2026, 11, 27), due_on=None,
        day=date(2026, 11, 27), starts_at=None, ends_at=None, status=TaskStatus.OPEN,
        done_at=None, writable=True, mirror=mirror,
    )  # fmt: skip
    with app.test_request_context():
        assert task_badge(card).text == "im Kalender"
