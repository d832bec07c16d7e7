"""The log is only ever added to: the database refuses anything else by itself."""

import peewee
import pytest
from crm_world import World

from crm_core import audit, database
from crm_core.database import transaction
from crm_core.models import AuditEvent
from crm_core.personal_data import privacy

FORBIDDEN = {
    "removed": "DELETE FROM audit_event",
    "redated": "UPDATE audit_event SET at = '2020-01-01T00:00:00.000000Z'",
    "blamed on somebody else": "UPDATE audit_event SET actor = 'user:huber'",
    "renamed": "UPDATE audit_event SET action = 'nothing'",
    "pointed elsewhere": "UPDATE audit_event SET subject = 'entry:1'",
    "reworded": "UPDATE audit_event SET detail = 'something else'",
}


@pytest.fixture
def world(db: str) -> World:
    return World()


def lines() -> list[tuple[object, ...]]:
    return database.execute(
        "SELECT id, at, actor, action, subject, detail FROM audit_event ORDER BY id"
    )


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_line_of_the_log_can_be(world: World, what: str) -> None:
    with transaction():
        audit.record("user:keller", "data_exported", "entry:1001", detail="3 files")
    before = lines()
    with pytest.raises(peewee.DatabaseError), transaction():
        database.execute(FORBIDDEN[what])
    assert lines() == before


def test_a_line_is_moved_to_no_other_entry(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    other = world.entry(world.address("Huber", "huber@kunde.example"))
    with pytest.raises(peewee.DatabaseError), transaction():
        database.execute(
            "UPDATE audit_event SET entry_id = ? WHERE entry_id = ?",
            (other.id, entry.id),
        )


def test_an_erased_persons_name_goes_from_it_all_the_same(world: World) -> None:
    world.address("Hans Muster", "muster@kunde.example")
    with transaction():
        audit.record("test", "told", "address:1", detail="Hans Muster rief an")
    with transaction():
        privacy.erase(privacy.find("muster@kunde.example"), actor="test")
    assert AuditEvent.get(AuditEvent.action == "told").detail == "(gelöscht) rief an"


def test_without_its_guards_the_log_can_be_changed(world: World) -> None:
    """Red control: it is the triggers that refuse."""
    with transaction():
        audit.record("user:keller", "data_exported", "entry:1001")
        on = " ON audit_event" if database.is_postgres() else ""
        database.execute(f"DROP TRIGGER audit_event_stays{on}")
        database.execute("DELETE FROM audit_event")
        assert lines() == []
        if database.is_postgres():  # the next test has the same database
            database.execute(
                "CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event "
                "FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()"
            )
