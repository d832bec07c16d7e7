"""Accounts, groups, rights, and «Ansicht als …», on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from crm_world import World

from crm_core import database
from crm_core.access import accounts, people, staff, view_as
from crm_core.access.people import LastAdministrator
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.database import transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Access,
    Account,
    AuditEvent,
    Employee,
    Right,
    StaffGroup,
    StaffMembership,
    TagGroup,
    Visibility,
    WebSession,
)
from crm_core.queries import people as reading

PASSWORD = "see-und-segel"


@pytest.fixture
def world(db: str) -> World:
    made = World()
    with transaction():
        for key in ("keller", "frei"):
            people.give_account(
                made.employee(key), actor="test", language="de", password=PASSWORD
            )
    return made


def account(key: str) -> Account:
    found = Account.get(Account.login == key)
    assert isinstance(found, Account)
    return found


def group(name: str) -> StaffGroup:
    found = StaffGroup.get(StaffGroup.name == name)
    assert isinstance(found, StaffGroup)
    return found


def signed_in(key: str) -> WebSession:
    with transaction():
        return accounts.start_session(account(key), user_agent="").session


def sessions(key: str) -> int:
    found: int = WebSession.select().where(WebSession.account == account(key)).count()
    return found


# --- the last administrator -----------------------------------------------------------


def lock(world: World) -> None:
    people.set_locked(account("keller"), locked=True, actor="test")


def leave(world: World) -> None:
    people.set_active(world.employee("keller"), active=False, actor="test")


def move(world: World) -> None:
    people.set_groups(world.employee("keller"), ["Werkstatt"], actor="test")


def strip(world: World) -> None:
    before = people.rights()
    kept = {(g, r) for g, r in before.rights if r is not Right.ADMINISTRATION}
    wanted = replace(before, rights=frozenset(kept))
    people.set_rights(wanted, seen=people.fingerprint(before), actor="test")


ACTS: list[Callable[[World], None]] = [lock, leave, move, strip]


@pytest.mark.parametrize("act", ACTS)
def test_the_last_who_can_administer_stays(
    world: World, act: Callable[[World], None]
) -> None:
    log = AuditEvent.select().count()
    with pytest.raises(LastAdministrator), transaction():
        act(world)
    assert accounts.can_administer()
    assert AuditEvent.select().count() == log


@pytest.mark.parametrize("act", ACTS[:3])
def test_with_another_one_the_act_goes_through(
    world: World, act: Callable[[World], None]
) -> None:
    """The red control of the test above."""
    with transaction():
        people.set_groups(world.employee("frei"), ["GL"], actor="test")
        act(world)
    assert accounts.can_administer()


def test_two_administrators_who_lock_each_other_at_once_leave_one(world: World) -> None:
    with transaction():
        people.set_groups(world.employee("frei"), ["GL"], actor="test")
    start = Barrier(2)

    def lock_out(key: str) -> bool:
        try:
            start.wait()
            with transaction():
                people.set_locked(account(key), locked=True, actor="test")
        except LastAdministrator:
            return False
        finally:
            database.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lock_out, ("keller", "frei")))
    assert sorted(done) == [False, True]
    assert Account.select().where(Account.active == 1).count() == 1


# --- sign-ins -------------------------------------------------------------------------


def test_a_made_password_opens_once_it_was_handed_over(world: World) -> None:
    with transaction():
        made = people.give_account(world.employee("huber"), actor="test", language="en")
        assert accounts.check_password("huber", made) is not None
    assert len({people.new_password() for _ in range(100)}) == 100
    assert account("huber").language == "en"
    with transaction(), pytest.raises(Conflict):
        people.give_account(world.employee("huber"), actor="test", language="de")


def test_a_key_in_capitals_gets_its_own_account(world: World) -> None:
    with transaction():
        person = Employee.create(key="Wyss", name="W. Wyss")
        people.give_account(person, actor="test", language="de")
    assert account("wyss").employee == person


def test_sessions_end_with_password_groups_and_lock(world: World) -> None:
    for act in (
        lambda: people.reset_password(account("frei"), actor="test"),
        lambda: people.set_groups(
            world.employee("frei"), ["Administration", "Werkstatt"], actor="test"
        ),
        lambda: people.set_locked(account("frei"), locked=True, actor="test"),
        lambda: people.end_sessions(account("frei"), actor="test"),
        lambda: people.set_active(world.employee("frei"), active=False, actor="test"),
    ):
        signed_in("frei")
        assert sessions("frei") == 1
        with transaction():
            act()
            people.set_active(world.employee("frei"), active=True, actor="test")
            people.set_locked(account("frei"), locked=False, actor="test")
        assert sessions("frei") == 0


def test_what_changes_nothing_signs_nobody_out(world: World) -> None:
    signed_in("frei")
    with transaction():
        people.set_groups(world.employee("frei"), ["Administration"], actor="test")
        people.set_locked(account("frei"), locked=False, actor="test")
        people.rename(world.employee("frei"), "A. Frei", actor="test")
    assert sessions("frei") == 1


def test_signing_in_is_remembered_in_the_list(world: World) -> None:
    signed_in("frei")
    rows = {row.key: row for row in reading.rows()}
    assert rows["frei"].signed_in_at is not None
    assert rows["keller"].signed_in_at is None
    assert rows["huber"].login is None
    assert reading.row(rows["huber"].id).groups == ("Werkstatt",)
    with pytest.raises(NotFound):
        reading.row(999)


# --- groups and rights ----------------------------------------------------------------


def test_the_configuration_and_the_pages_both_give_groups(world: World) -> None:
    huber = world.employee("huber")
    with transaction():
        staff.set_configured_groups(huber, ["GL"], actor="daemon")
        people.set_groups(huber, ["Administration"], actor="test")
    assert staff.groups_of(huber) == {"GL", "Administration"}
    assert staff.configured_groups(huber) == {"GL"}
    with transaction():  # the same start of the daemon again changes nothing
        staff.set_configured_groups(huber, ["GL"], actor="daemon")
        staff.set_configured_groups(huber, ["Werkstatt"], actor="daemon")
    assert staff.groups_of(huber) == {"Werkstatt", "Administration"}
    assert staff.configured_groups(huber) == {"Werkstatt"}


def test_a_group_given_twice_is_one_membership(world: World) -> None:
    huber = world.employee("huber")
    with transaction():
        staff.set_configured_groups(huber, ["Werkstatt"], actor="daemon")
    (row,) = StaffMembership.select().where(StaffMembership.employee == huber)
    assert row.configured


def test_the_matrix_is_written_as_it_stands(world: World) -> None:
    werkstatt, tag_group = group("Werkstatt").id, TagGroup.get().id
    before = people.rights()
    wanted = people.Rights(
        before.rights | {(werkstatt, Right.EXPORT)},
        {**before.access, (werkstatt, tag_group): Access.FULL},
    )
    seen = people.fingerprint(before)
    with transaction():
        people.set_rights(wanted, seen=seen, actor="test")
    assert people.rights() == wanted
    assert reading.matrix().can(werkstatt, Right.EXPORT)
    assert reading.matrix().access(werkstatt, tag_group) is Access.FULL
    with transaction(), pytest.raises(Conflict, match="changed meanwhile"):
        people.set_rights(before, seen=seen, actor="test")


def test_group_names_are_unique_and_standard_ones_stay(world: World) -> None:
    with transaction():
        own = people.add_group("Lernende", actor="test")
        people.rename_group(own, "LERNENDE", actor="test")
    with transaction(), pytest.raises(Invalid):
        people.add_group("lernende", actor="test")
    with transaction(), pytest.raises(Conflict):
        people.rename_group(group("GL"), "Chefs", actor="test")
    with transaction():
        staff.set_configured_groups(world.employee("huber"), [own.name], actor="d")
    with transaction(), pytest.raises(Conflict):
        people.rename_group(own, "Azubis", actor="test")


# --- looking with other rights --------------------------------------------------------


def looks(viewer: Viewer, target: str) -> Viewer:
    return view_as.narrowed(viewer, view_as.worn_by(target))


def test_a_view_is_never_wider_than_either(world: World) -> None:
    viewers = [world.viewer(key) for key in ("keller", "frei", "huber")]
    targets = [
        *(f"staff_group:{row.id}" for row in StaffGroup.select()),
        *(f"employee:{row.id}" for row in Employee.select()),
    ]
    order = (Visibility.NONE, Visibility.SUBJECT, Visibility.FULL)
    for own in viewers:
        for target in targets:
            seen, worn = looks(own, target), view_as.worn_by(target)
            assert seen.rights == own.rights & worn.rights
            assert seen.readable == own.readable & worn.readable
            assert seen.writable == own.writable & worn.writable
            assert not seen.management or (
                own.management and staff.MANAGEMENT in worn.groups
            )
            for box, grade in seen.mailboxes.items():
                theirs = worn.mailboxes.get(box, Visibility.NONE)
                assert order.index(grade) == min(
                    order.index(own.mailboxes[box]), order.index(theirs)
                )
            assert (seen.employee, seen.actor) == (own.employee, own.actor)


def test_a_group_is_worn_as_its_member_would_see(world: World) -> None:
    gl = world.viewer("keller")
    member = viewer_of(world.employee("huber"))
    as_group = looks(gl, f"staff_group:{group('Werkstatt').id}")
    as_person = looks(gl, f"employee:{member.employee}")
    for seen in (as_group, as_person):
        assert seen.readable == member.readable
        assert seen.rights == member.rights
        assert dict(seen.mailboxes) == dict(member.mailboxes)
    assert gl.readable != member.readable  # the red control: there is a difference


def test_a_view_begins_and_ends_in_the_log(world: World) -> None:
    session = signed_in("keller")
    target = f"staff_group:{group('Werkstatt').id}"
    with transaction():
        view_as.start(session, target, actor="user:keller")
        view_as.end(session, actor="user:keller")
        view_as.end(session, actor="user:keller")
    said = [
        (row.action, row.subject)
        for row in AuditEvent.select().order_by(AuditEvent.id)
        if row.action.startswith("view_as")
    ]
    assert said == [("view_as_started", target), ("view_as_ended", target)]
    with transaction(), pytest.raises(NotFound):
        view_as.start(session, "staff_group:999", actor="user:keller")


# --- what is kept of a password -------------------------------------------------------


def test_a_password_is_kept_as_a_costly_argon2id_hash(world: World) -> None:
    """RFC 9106, the second recommended choice: 64 MiB, three passes."""
    with transaction():
        accounts.set_password(account("keller"), "see-und-segel", actor="test")
    kept = account("keller").password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert "segel" not in kept
