"""Every route × every person × own, same group, foreign and deleted objects.

The table says what is expected, the route table what exists; each cell is requested.
The answer must have the expected status and hold nothing that is hidden from the person;
a refused request leaves the database as it was.
"""

import re
from collections.abc import Callable
from pathlib import Path

import permission_table
import pytest
from matrix_world import COMMON, PEOPLE, Bundle
from pages import account
from permission_matrix import Matrix, said
from permission_table import Cell, Row

from crm_core import database, events, webhooks
from crm_core.access import staff
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.events import Event, Happened
from crm_core.mirroring import task_text
from crm_core.models import (
    Access,
    Attachment,
    Entry,
    Message,
    Right,
    Task,
    Visibility,
    WebhookDelivery,
)
from crm_core.queries import entry_list, triage
from crm_core.records import tasks
from crm_web.app import create_app
from crm_web.rooms import needs, open_without_group
from crm_web.settings import WebSettings

ROWS = permission_table.rows_of(create_app(WebSettings(blobs=Path())))
CANARY = re.compile(rf"{COMMON}\d+x")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_cell_is_as_the_table_says(matrix: Matrix, row: Row) -> None:
    faults = [f for cell in permission_table.cells(row) for f in matrix.faults(cell)]
    assert not faults, "\n".join(faults)


def test_every_route_has_a_row_and_every_mark_says_the_same(matrix: Matrix) -> None:
    assert permission_table.differences(matrix.app, ROWS) == []


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.is_unsafe and row.status and "idle" not in row.demands],
    ids=lambda row: row.name,
)
def test_what_is_allowed_really_happens(matrix: Matrix, row: Row) -> None:
    """A form that is never accepted would prove nothing about who may send it."""
    allowed = (
        cell
        for cell in permission_table.cells(row)
        if not permission_table.is_refused(cell, matrix.world)
        and permission_table.expected(cell, matrix.world) == row.status
    )
    answer, changed = matrix.ask(next(allowed))
    assert changed, answer.status_code


def test_whoever_may_read_something_is_shown_it(matrix: Matrix) -> None:
    """The other half: else a page that shows nobody anything would be safe."""
    (tasks_,) = [row for row in ROWS if row.name == "GET /api/v1/tasks/<int:task>"]
    mails = [row.id for row in Message.select()]
    for person in PEOPLE:
        paths = [f"/eintraege/{row.number}" for row in Entry.select()]
        paths += [f"/email/{mail}" for mail in mails]
        paths += [f"/email/{mail}/inhalt?ansicht=text" for mail in mails]
        paths += [f"/anhang/{row.id}" for row in Attachment.select()]
        seen = "".join(matrix.read(person, path) for path in paths)
        seen += "".join(said(matrix.ask(Cell(tasks_, person, name))[0])
                        for name in matrix.world.bundles)  # fmt: skip
        world = matrix.world
        missing = world.open_to(person) - set(CANARY.findall(seen)) - world.in_outlook
        assert {word: matrix.world.canaries[word] for word in missing} == {}, person
        assert len(matrix.world.hidden_from(person)) > 20


def test_several_at_once_are_only_those_the_person_sees(matrix: Matrix) -> None:
    (row,) = [row for row in ROWS if row.rule == "/nicht-zugeordnet/auswahl"]
    for person, bundle, may in (
        ("keller", "werkstatt_gl", True),
        ("keller", "verkauf_gl", False),
        ("gl", "treuhand", False),
    ):
        answer, changed = matrix.ask(Cell(row, person, bundle))
        assert (answer.status_code, changed) == (303, may), (person, bundle)
    answer, changed = matrix.ask(Cell(row, "niemand", "verkauf_niemand"))
    assert (answer.status_code, changed) == (403, False)


# -- what leaves without a request ----------------------------------------------------


def test_webhooks_tell_nobody_of_what_the_account_may_not_see(matrix: Matrix) -> None:
    for person in PEOPLE:
        for bundle in matrix.world.bundles.values():
            told = _webhooks_told(matrix, person, bundle)
            may = not bundle.gone and bundle.access(person) is not Access.NONE
            assert bool(told) == may, (person, bundle.name)
            leaked = [w for w in matrix.world.hidden_from(person) if w in told]
            assert leaked == [], (person, bundle.name)


def _webhooks_told(matrix: Matrix, person: str, bundle: Bundle) -> str:
    """All that a receiver of this person hears of a bundle, content included."""
    with database.proxy.atomic() as undone:
        webhooks.add(
            "https://erp.example/hook", list(Event), actor="test",
            account=account(person).id, include_content=True,
        )  # fmt: skip
        events.tell(
            Happened(event, bundle.entry_id, bundle.mail, bundle.task)
            for event in Event
        )
        told = "\n".join(row.body for row in WebhookDelivery.select())
        undone.rollback()
    return told


def test_a_task_in_outlook_says_no_more_than_its_employee_may_read(
    matrix: Matrix,
) -> None:
    for person in PEOPLE:
        for bundle in matrix.world.bundles.values():
            if bundle.gone:
                continue
            with database.proxy.atomic() as undone:
                task = Task.get_by_id(bundle.task)
                tasks.reassign(task.id, staff.by_key(person), actor="test")
                written = task_text.body(Task.get_by_id(bundle.task))
                undone.rollback()
            leaked = [w for w in matrix.world.hidden_from(person) if w in written]
            assert leaked == [], (person, bundle.name)
            told = matrix.world.in_outlook & set(CANARY.findall(written))
            assert bool(told) == (bundle.access(person) is not Access.NONE)


# -- counts ----------------------------------------------------------------------------


def test_counts_count_only_what_the_person_sees(matrix: Matrix) -> None:
    """Of the loose mails each waits alone in its conversation, one a bundle."""
    for person in PEOPLE:
        mine = [b for b in matrix.world.bundles.values()
                if b.sight(person) is not Visibility.NONE]  # fmt: skip
        who = viewer_of(account(person).employee)
        assert triage.counts(who).unassigned == len(mine), person
        entries = [b for b in matrix.world.bundles.values()
                   if b.access(person) is not Access.NONE]  # fmt: skip
        wanted = entry_list.EntryFilter()
        assert entry_list.count(who, wanted) == 2 * len(entries), person


# -- red controls ----------------------------------------------------------------------


def test_a_new_route_without_a_row_is_found_red_control(matrix: Matrix) -> None:
    app = create_app(WebSettings(blobs=matrix.world.blobs))
    app.add_url_rule("/neu-und-offen/<int:number>", "open", str)
    app.add_url_rule("/verwaltung/neu", "guarded", needs(Right.ADMINISTRATION)(str))
    found = permission_table.differences(app, permission_table.rows_of(app))
    assert "no row: GET /neu-und-offen/<int:number>" in found
    assert "no row: GET /verwaltung/neu" not in found


def test_a_route_opened_to_people_without_a_group_is_found_red_control(
    matrix: Matrix,
) -> None:
    app = create_app(WebSettings(blobs=matrix.world.blobs))

    def everybody() -> str:
        return ""

    app.view_functions["addresses.listing"] = open_without_group(everybody)
    found = permission_table.differences(app, ROWS)
    assert found == ["open without a group or not: GET /adressen"]


def test_a_right_that_is_no_longer_asked_is_found_red_control(matrix: Matrix) -> None:
    (row,) = [row for row in ROWS if row.route == ("GET", "/eintraege.csv")]
    weaker = Row(row.method, row.rule, ("signed",), row.status)
    rows = [weaker if one is row else one for one in ROWS]
    found = f"another right: {row.name} (marked export)"
    assert found in permission_table.differences(matrix.app, rows)
    cell = Cell(weaker, "keller", "")
    assert matrix.faults(cell) == [f"{cell.name}: 403 instead of 200"]


def test_a_list_without_the_filter_is_found_red_control(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = "(1 = 1)"
    monkeypatch.setattr(Viewer, "entries", lambda *_, **__: everything)
    monkeypatch.setattr(Viewer, "messages", lambda *_, **__: everything)
    for rule in ("/eintraege", "/suche?q=geheimnis", "/api/v1/entries"):
        (row,) = [r for r in ROWS if r.name == f"GET {rule}"]
        (fault,) = matrix.faults(Cell(row, "keller", ""))
        assert "hidden, yet shown" in fault, rule


def test_a_write_of_somebody_refused_is_found_red_control(matrix: Matrix) -> None:
    (row,) = [r for r in ROWS if r.rule.endswith("/beobachten")]
    stricter = Row(row.method, row.rule, ("entry:write",), row.status)
    faults = matrix.faults(Cell(stricter, "frei", "read"))
    assert [fault.rpartition(": ")[2] for fault in faults] == [
        "303 instead of 403", "refused, yet something was written",
    ]  # fmt: skip


def test_how_many_cells_were_asked(figures: Callable[[str], None]) -> None:
    count = sum(1 for row in ROWS for _ in permission_table.cells(row))
    people = len(PEOPLE) + 1
    figures(
        f"permission matrix: {len(ROWS)} rows of {len({r.route for r in ROWS})} "
        f"routes x {people} people x own/same/foreign/deleted = {count} cells asked"
    )
    assert count > 1_500
