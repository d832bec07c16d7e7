"""Tasks and which copies of them shall exist: the wishing half, on both databases."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from office import (
    ACTOR,
    ENTRY_TITLE,
    FRIDAY,
    PEOPLE,
    MemoryOutlook,
    Office,
    address_of,
    configure,
    disable,
    office,
    settings_of,
)

from crm_core import database
from crm_core.access import staff
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.mirroring import mirror_wishes, mirrors, task_text
from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import (
    AuditEvent,
    Employee,
    MirrorKind,
    Task,
    TaskMirror,
    TaskStatus,
)
from crm_core.records import entries, schedule, tasks
from crm_core.tags import classification

LONG = "x" * 201
FRIDAY_AT_NINE = datetime(2026, 11, 27, 9, 0)


@pytest.fixture
def here(db: str) -> Iterator[Office]:
    with office(MemoryOutlook()) as company:
        yield company


def copies(task: int) -> set[tuple[str, str, bool]]:
    """(mailbox, kind, wanted) of every copy."""
    rows = TaskMirror.select().where(TaskMirror.task == task)
    return {
        (row.mailbox.address, row.kind.value, bool(row.wanted_present)) for row in rows
    }


def lines(task: int) -> list[str]:
    rows = AuditEvent.select().where(AuditEvent.subject == f"task:{task}")
    return [row.action for row in rows.order_by(AuditEvent.id)]


def test_a_deadline_wants_a_task_in_the_employees_mailbox(here: Office) -> None:
    task = here.assign("keller", schedule.due_by(FRIDAY))
    assert copies(task) == {(address_of("keller"), "task", True)}
    assert here.mirror(task).state is MirrorState.PENDING
    assert lines(task) == ["task_assigned"]


def test_a_day_wants_an_appointment(here: Office) -> None:
    task = here.assign("keller", schedule.all_day(FRIDAY))
    assert copies(task) == {(address_of("keller"), "appointment", True)}


def test_an_employee_without_a_mailbox_has_no_copy(here: Office) -> None:
    with database.transaction():
        staff.add_employee("lehrling", "L. Ehrling", ("Werkstatt",), actor=ACTOR)
    task = here.assign("lehrling")
    assert copies(task) == set()
    assert here.mirror(task).state is MirrorState.NONE


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        (settings_of("keller", tasks=False), {"appointment"}),
        (settings_of("keller", calendar=False), {"task"}),
        (settings_of("keller", informed=False), set()),
    ],
    ids=["calendar only", "tasks only", "not informed"],
)
def test_only_what_the_mailbox_takes_has_a_copy(
    here: Office, settings: object, kinds: set[str]
) -> None:
    configure(settings)
    found = {
        kind
        for when in (schedule.due_by(FRIDAY), schedule.all_day(FRIDAY))
        for _box, kind, _wanted in copies(here.assign("keller", when))
    }
    assert found == kinds


def test_keys_are_long_random_and_never_alike(here: Office) -> None:
    for _ in range(50):
        here.assign()
    keys = {row.crm_key for row in TaskMirror.select()}
    assert len(keys) == 50
    assert all(key.startswith("crm-") and len(key) == 44 for key in keys)


def test_every_change_bumps_the_version_that_is_wanted(here: Office) -> None:
    task = here.assign()
    acts = (
        lambda: here.do(tasks.edit, task, title="Offerte nachfassen"),
        lambda: here.do(tasks.reschedule, task, schedule.due_by(date(2026, 12, 1))),
        lambda: here.do(tasks.complete, task),
        lambda: here.do(tasks.reopen, task),
    )
    for number, act in enumerate(acts, start=2):
        assert act().version == here.row(task).wanted_version == number
    assert lines(task) == [
        "task_assigned",
        "task_edited",
        "task_edited",
        "task_completed",
        "task_reopened",
    ]


def test_doing_what_is_done_changes_nothing(here: Office) -> None:
    task = here.assign()
    here.do(tasks.edit, task, title=" Offerte  erstellen ")
    here.do(tasks.reopen, task)
    here.do(tasks.reassign, task, here.employee("keller"))
    here.do(tasks.complete, task)
    before = here.do(tasks.complete, task).version
    here.do(tasks.cancel, task)
    here.do(tasks.cancel, task)
    assert before == 2
    assert lines(task) == ["task_assigned", "task_completed", "task_cancelled"]


def test_another_kind_is_one_copy_less_and_one_more(here: Office) -> None:
    task = here.assign()
    here.do(tasks.edit, task, schedule=schedule.all_day(FRIDAY))
    assert copies(task) == {
        (address_of("keller"), "task", False),
        (address_of("keller"), "appointment", True),
    }


def test_reassigning_is_the_same_in_two_mailboxes(here: Office) -> None:
    task = here.assign("keller")
    here.do(tasks.reassign, task, here.employee("frei"))
    assert copies(task) == {
        (address_of("keller"), "task", False),
        (address_of("frei"), "task", True),
    }


def test_a_cancelled_task_wants_no_copy_and_is_not_edited(here: Office) -> None:
    task = here.assign()
    here.do(tasks.cancel, task)
    assert copies(task) == {(address_of("keller"), "task", False)}
    with pytest.raises(Conflict, match="cancelled"):
        here.do(tasks.edit, task, title="doch")
    here.do(tasks.reopen, task)
    assert copies(task) == {(address_of("keller"), "task", True)}


def test_a_done_task_is_not_given_to_somebody_else(here: Office) -> None:
    task = here.assign()
    here.do(tasks.complete, task)
    with pytest.raises(Conflict, match="reopen"):
        here.do(tasks.reassign, task, here.employee("frei"))


def test_who_completed_and_when_is_kept_until_it_is_reopened(here: Office) -> None:
    task = here.assign()
    done = here.do(tasks.complete, task)
    assert (done.status, done.done_by, done.done_at) == (
        TaskStatus.DONE,
        ACTOR,
        here.now,
    )
    assert here.do(tasks.reopen, task).done_by is None


@pytest.mark.parametrize("title", ["", "  \n ", LONG], ids=["empty", "blank", "long"])
def test_a_title_that_says_nothing_or_too_much_is_refused(
    here: Office, title: str
) -> None:
    with pytest.raises(Invalid) as refused:
        here.assign(title=title)
    assert refused.value.field == "title"


def test_characters_that_no_server_takes_are_left_out(here: Office) -> None:
    task = here.assign(title="Mast\x00 \x0bstellen\ud800", description="a\x07b\r\nc")
    row = Task.get_by_id(task)
    assert (row.title, row.description) == ("Mast stellen", "ab\nc")


def test_somebody_who_left_gets_nothing(here: Office) -> None:
    with database.transaction():
        Employee.update(active=False).where(Employee.key == "frei").execute()
    with pytest.raises(Invalid, match="not active"):
        here.assign("frei")
    task = here.assign("keller")
    with pytest.raises(Invalid):
        here.do(tasks.reassign, task, here.employee("frei"))


def test_there_is_no_task_of_that_number(here: Office) -> None:
    for act in (tasks.complete, tasks.cancel, mirrors.adopt, mirrors.write_again):
        with pytest.raises(NotFound):
            here.do(act, 4711)


def test_every_writer_needs_a_transaction(here: Office) -> None:
    task = here.assign()
    for act in (tasks.complete, tasks.cancel, tasks.reopen, mirrors.write_again):
        with pytest.raises(RuntimeError, match="transaction"):
            act(task, actor=ACTOR)


def test_a_refused_change_leaves_nothing_behind(here: Office) -> None:
    task = here.assign()
    with pytest.raises(Invalid):
        here.do(tasks.edit, task, description="neu", title=LONG)
    assert (Task.get_by_id(task).description, here.row(task).wanted_version) == ("", 1)


# --- the words ----------------------------------------------------------------------


def test_subject_is_title_and_entry_number(here: Office) -> None:
    task = tasks.get(here.assign())
    text = f"Offerte erstellen · CRM-{here.entry.number}"
    assert task_text.subject(task, MirrorKind.TASK) == text


def test_only_a_done_appointment_is_ticked(here: Office) -> None:
    task = here.assign(when=schedule.all_day(FRIDAY))
    done = here.do(tasks.complete, task)
    assert task_text.subject(done, MirrorKind.APPOINTMENT).startswith("✓ Offerte")
    assert task_text.subject(done, MirrorKind.TASK).startswith("Offerte")


def test_the_text_says_as_much_as_the_employees_groups_may_read(here: Office) -> None:
    office_text, workshop_text = (
        task_text.body(tasks.get(here.assign(who, description="Eile mit Weile")))
        for who in ("keller", "wyss")
    )
    for word in (ENTRY_TITLE, "Meier Bootsbau", "Eile mit Weile"):
        assert word in office_text
        assert word not in workshop_text
    assert workshop_text == f"CRM-{here.entry.number}"


def test_management_only_is_for_management_only(here: Office) -> None:
    with database.transaction():
        entries.update(here.entry, actor=ACTOR, management_only=True)
        staff.set_groups(here.employee("frei"), ("GL",), actor=ACTOR)
    assert ENTRY_TITLE not in task_text.body(tasks.get(here.assign("keller")))
    assert ENTRY_TITLE in task_text.body(tasks.get(here.assign("frei")))


def test_without_any_right_nothing_is_told(here: Office) -> None:
    with database.transaction():
        staff.set_configured_groups(here.employee("keller"), (), actor=ACTOR)
    assert ENTRY_TITLE not in task_text.body(tasks.get(here.assign("keller")))
    assert not classification.is_empty()


@pytest.mark.parametrize(
    ("seen", "title"),
    [
        ("Segel holen · CRM-{n}", "Segel holen"),
        ("✓ Segel holen · CRM-{n}", "Segel holen"),
        ("Segel holen", "Segel holen"),
        ("Segel · holen", "Segel · holen"),
        ("CRM-{n} Segel", "CRM-{n} Segel"),
    ],
)
def test_the_title_is_found_in_an_edited_subject(
    here: Office, seen: str, title: str
) -> None:
    number = here.entry.number
    found = task_text.title_in(seen.format(n=number), here.entry)
    assert found == title.format(n=number)


def test_a_subject_without_a_title_cannot_be_taken_over(here: Office) -> None:
    with pytest.raises(Invalid):
        task_text.title_in(f"✓ · CRM-{here.entry.number}", here.entry)


# --- configuration ------------------------------------------------------------------


def test_a_mailbox_enabled_later_gets_copies_of_open_tasks_once(here: Office) -> None:
    disable("keller")
    open_task = here.assign()
    done = here.assign()
    here.do(tasks.complete, done)
    assert copies(open_task) == copies(done) == set()
    configure(*(settings_of(key) for key in PEOPLE))
    assert copies(open_task) == {(address_of("keller"), "task", True)}
    assert copies(done) == set()
    keys = {row.crm_key for row in TaskMirror.select()}
    with database.transaction():
        assert mirror_wishes.align() == 0
    assert {row.crm_key for row in TaskMirror.select()} == keys


def test_a_disabled_mailbox_keeps_what_it_has_and_shows_none(here: Office) -> None:
    task = here.assign()
    here.run()
    assert here.mirror(task).state is MirrorState.WRITTEN
    disable("keller")
    here.do(tasks.edit, task, title="Neuer Titel")
    before = here.outlook.requests()
    here.run()
    assert here.mirror(task).state is MirrorState.NONE
    assert here.outlook.requests("update_task") == 0
    assert before <= here.outlook.requests()
    (kept,) = here.ours()
    assert kept.subject.startswith("Offerte erstellen")


def test_a_mailbox_enabled_again_is_brought_up_to_date(here: Office) -> None:
    task = here.assign()
    here.run()
    disable("keller")
    here.do(tasks.edit, task, title="Neuer Titel")
    configure(*(settings_of(key) for key in PEOPLE))
    here.run()
    assert here.only().subject.startswith("Neuer Titel")


def test_a_time_of_day_is_kept_as_an_instant(here: Office) -> None:
    task = here.assign(when=schedule.at(FRIDAY_AT_NINE))
    assert f"{Task.get_by_id(task).starts_at:%H:%M %Z}" == "08:00 UTC"


def test_the_company_zone_is_remembered(here: Office) -> None:
    with database.transaction():
        schedule.remember_zone("Europe/Lisbon")
    assert schedule.company_zone().key == "Europe/Lisbon"
    when = schedule.at(FRIDAY_AT_NINE)
    assert f"{when.starts_at:%H:%M}" == "09:00"
