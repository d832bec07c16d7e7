"""The configuration's mailboxes as rows, on both databases."""

from dataclasses import replace
from datetime import date

import pytest

from crm_core.access import permissions, staff
from crm_core.database import transaction
from crm_core.errors import Invalid
from crm_core.models import (
    AuditEvent,
    Employee,
    Keep,
    Mailbox,
    MailboxKind,
    MailboxStatus,
    Visibility,
)
from crm_core.polling import mailboxes
from crm_core.polling.mailboxes import MailboxSettings, Mirrored

pytestmark = pytest.mark.usefixtures("db")

TODAY = date(2026, 11, 24)
SALES = MailboxSettings(
    address="Verkauf@werft.example",
    server="main",
    kind=MailboxKind.SHARED,
    keep=Keep.LINKED,
    visibility=(("Administration", Visibility.SUBJECT),),
)
KELLER = MailboxSettings(
    address="keller@werft.example",
    server="main",
    kind=MailboxKind.PERSON,
    keep=Keep.LINKED,
    informed_on=date(2026, 1, 5),
    staff_groups=("Administration",),
    tasks=True,
)


def mirror(*settings: MailboxSettings, today: date = TODAY) -> Mirrored:
    with transaction():
        return mailboxes.mirror(settings, ["werft.example"], today=today, actor="test")


def row_of(address: str) -> Mailbox:
    row = Mailbox.get_or_none(Mailbox.address == address)
    assert isinstance(row, Mailbox)
    return row


def test_mirroring_twice_changes_nothing_and_logs_nothing() -> None:
    assert mirror(SALES, KELLER).added == (
        "verkauf@werft.example",
        "keller@werft.example",
    )
    events = AuditEvent.select().count()
    assert not mirror(SALES, KELLER)
    assert AuditEvent.select().count() == events


def test_a_person_becomes_an_employee_in_the_named_groups() -> None:
    mirror(SALES, KELLER)
    keller = staff.by_key("keller")
    assert row_of("keller@werft.example").employee == keller
    assert staff.groups_of(keller) == {"Administration"}
    mirror(SALES, replace(KELLER, staff_groups=("GL",)))
    assert staff.groups_of(keller) == {"GL"}


def test_a_right_taken_out_of_the_file_is_gone() -> None:
    mirror(SALES, KELLER)
    mirror(SALES, replace(KELLER, staff_groups=()))
    assert staff.groups_of(staff.by_key("keller")) == frozenset()


def test_the_employee_key_of_the_file_wins_over_the_local_part() -> None:
    mirror(replace(KELLER, employee_key="mk", name="M. Keller"))
    assert [(row.key, row.name) for row in Employee.select()] == [("mk", "M. Keller")]


@pytest.mark.parametrize("informed", [None, date(2026, 11, 25)])
def test_a_person_who_is_not_informed_is_not_enabled(informed: date | None) -> None:
    mirror(SALES, replace(KELLER, informed_on=informed))
    row = row_of("keller@werft.example")
    assert not row.enabled
    assert row.status is MailboxStatus.NOT_INFORMED
    assert [box.address for box in mailboxes.enabled()] == ["verkauf@werft.example"]


def test_the_day_a_person_is_informed_the_mailbox_is_enabled() -> None:
    later = replace(KELLER, informed_on=date(2026, 11, 25))
    mirror(SALES, later)
    mirror(SALES, later, today=date(2026, 11, 25))
    row = row_of("keller@werft.example")
    assert row.enabled
    assert row.status is MailboxStatus.NEW


def test_a_removed_mailbox_stays_as_a_row_and_may_come_back() -> None:
    mirror(SALES, KELLER)
    assert mirror(SALES).removed == ("keller@werft.example",)
    assert not mirror(SALES)
    row = row_of("keller@werft.example")
    assert (row.enabled, row.status) == (False, MailboxStatus.REMOVED)
    mirror(SALES, KELLER)
    row = row_of("keller@werft.example")
    assert (row.enabled, row.status) == (True, MailboxStatus.NEW)


def test_mirroring_leaves_the_state_of_polling_alone() -> None:
    mirror(SALES)
    row = row_of("verkauf@werft.example")
    row.status, row.attempts = MailboxStatus.BACKING_OFF, 3
    row.save()
    mirror(replace(SALES, keep=Keep.ALL))
    row = row_of("verkauf@werft.example")
    assert (row.keep, row.status) == (Keep.ALL, MailboxStatus.BACKING_OFF)
    assert row.attempts == 3


def test_an_empty_list_is_never_acted_on() -> None:
    mirror(SALES)
    with pytest.raises(Invalid):
        mirror()
    assert row_of("verkauf@werft.example").enabled


def test_two_mailboxes_with_one_local_part_get_two_slugs() -> None:
    mirror(
        SALES,
        replace(SALES, address="verkauf@hafen.example"),
        replace(SALES, address="v.erk+auf@werft.example"),
    )
    slugs = [row.slug for row in Mailbox.select().order_by(Mailbox.id)]
    assert slugs == ["verkauf", "verkauf-hafen-example", "v-erk-auf"]


def test_changed_internal_domains_are_reported_once() -> None:
    mirror(SALES)
    with transaction():
        first = mailboxes.mirror(
            [SALES], ["werft.example", "hafen.example"], today=TODAY, actor="test"
        )
        second = mailboxes.mirror(
            [SALES], ["hafen.example", "werft.example"], today=TODAY, actor="test"
        )
    assert first.internal_changed
    assert not second
    assert "anybody@hafen.example" in mailboxes.internal()


def test_a_mailbox_outside_the_domains_changes_who_is_internal() -> None:
    mirror(SALES)
    assert not mirror(SALES, KELLER).internal_changed
    outside = replace(SALES, address="werft@provider.example")
    assert mirror(SALES, KELLER, outside).internal_changed


def test_a_colleague_sees_of_a_mailbox_what_the_file_says() -> None:
    mirror(SALES, KELLER)
    keller = staff.by_key("keller")
    sales, own = row_of("verkauf@werft.example"), row_of("keller@werft.example")
    see = permissions.visibility_of_mailboxes
    assert see(keller) == {sales.id: Visibility.SUBJECT, own.id: Visibility.FULL}
    with transaction():
        other = staff.add_employee("w", "W", ["Werkstatt"], actor="test")
    assert set(see(other).values()) == {Visibility.NONE}


def test_a_stopped_mailbox_is_released_on_demand_only() -> None:
    mirror(SALES)
    row = row_of("verkauf@werft.example")
    row.status = MailboxStatus.STOPPED
    row.save()
    mirror(SALES)
    assert row_of("verkauf@werft.example").status is MailboxStatus.STOPPED
    with transaction():
        assert mailboxes.release_stopped(actor="test") == 1
    assert row_of("verkauf@werft.example").status is MailboxStatus.NEW
