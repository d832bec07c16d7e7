"""What came into «Nicht zugeordnet» and what was placed, by day, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from crm_world import World

from crm_core import clock, database
from crm_core.database import transaction
from crm_core.linking import triage
from crm_core.models import Entry, LinkReason, Message
from crm_core.queries import inflow
from crm_core.queries.inflow import Day

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def world(db: str) -> World:
    return World()


@pytest.fixture
def entry(world: World) -> Entry:
    meier = world.address("Meier", "meier@kunde.example")
    return world.entry(meier, "Boot", "offerte")


def came(world: World, days_ago: int, **more: object) -> Message:
    mail = world.mail(**more)  # type: ignore[arg-type]
    at = NOW - timedelta(days=days_ago)
    Message.update(received_at=at).where(Message.id == mail.id).execute()
    return mail


def place(world: World, entry: Entry, mail: Message, days_ago: int, why: str) -> None:
    with clock.use(lambda: NOW - timedelta(days=days_ago)):
        world.link(entry, mail, LinkReason(why))


def counted(world: World, who: str = "keller") -> dict[int, tuple[int, int]]:
    """(new, placed) by how many days ago; only days with something."""
    days = inflow.last_days(world.viewer(who), TODAY)
    assert len(days) == inflow.DAYS
    return {
        (TODAY - day.day).days: (day.new, day.placed)
        for day in days
        if day.new or day.placed
    }


def test_the_days_end_today_and_are_empty_without_mail(world: World) -> None:
    days = inflow.last_days(world.viewer(), TODAY)
    assert days[-1] == Day(TODAY, 0, 0)
    assert days[0].day == date(2026, 11, 11)


def test_waiting_mail_counts_on_the_day_it_came(world: World, entry: Entry) -> None:
    for days_ago in (0, 2, 2, 13, 14):
        came(world, days_ago)
    assert counted(world) == {0: (1, 0), 2: (2, 0), 13: (1, 0)}


def test_a_conversation_counts_once_on_its_first_day(
    world: World, entry: Entry
) -> None:
    first = came(world, 5)
    came(world, 1, answers=first)
    assert counted(world) == {5: (1, 0)}


@pytest.mark.parametrize("why", ["manual", "suggestion", "category"])
def test_what_a_person_placed_counts_on_both_days(
    world: World, entry: Entry, why: str
) -> None:
    place(world, entry, came(world, 4), 1, why)
    assert counted(world) == {4: (1, 0), 1: (0, 1)}


@pytest.mark.parametrize("why", ["token", "keyword"])
def test_what_links_itself_never_waited(world: World, entry: Entry, why: str) -> None:
    place(world, entry, came(world, 4), 4, why)
    assert counted(world) == {}


def test_a_further_entry_is_no_further_placing(world: World, entry: Entry) -> None:
    mail = came(world, 4)
    place(world, entry, mail, 3, "manual")
    place(world, world.entry(world.address("Amt"), "Amt"), mail, 1, "manual")
    assert counted(world) == {4: (1, 0), 3: (0, 1)}


def test_what_was_waved_off_or_unlinked_counts_as_nothing_done(
    world: World, entry: Entry
) -> None:
    waved, back = came(world, 4), came(world, 3)
    with transaction():
        triage.ignore(world.viewer(), waved.id)
    place(world, entry, back, 1, "manual")
    from crm_core.linking import links

    with transaction():
        links.unlink_conversation(entry, back, actor="user:keller")
    assert counted(world) == {3: (1, 0)}


def test_mail_and_entries_that_are_hidden_are_not_counted(
    world: World, entry: Entry
) -> None:
    came(world, 1, box="leitung")
    place(world, entry, came(world, 2, box="werkstatt"), 2, "manual")
    assert counted(world, "keller") == {1: (1, 0), 2: (1, 1)}
    assert counted(world, "frei") == {2: (1, 1)}
    assert counted(world, "huber") == {}  # sees the mail, not the entry


def test_a_day_is_the_companys_day(world: World, entry: Entry) -> None:
    late = world.mail()
    at = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # half past midnight in Zurich
    Message.update(received_at=at).where(Message.id == late.id).execute()
    assert counted(world) == {0: (1, 0)}


def test_the_number_of_queries_does_not_grow(world: World, entry: Entry) -> None:
    from statements import counted as statements

    viewer = world.viewer()
    few = statements(lambda: inflow.last_days(viewer, TODAY))
    for days_ago in range(10):
        place(world, entry, came(world, days_ago), 0, "manual")
        came(world, days_ago)
    assert statements(lambda: inflow.last_days(viewer, TODAY)) == few
    assert statements(lambda: database.execute("SELECT 1")) == 1
