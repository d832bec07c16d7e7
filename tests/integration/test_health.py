"""When somebody must act, and what status says then."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crm_core import clock
from crm_core.database import transaction
from crm_core.models import (
    DaemonBeat,
    Keep,
    Mailbox,
    MailboxKind,
    MailboxStatus,
    MailFolder,
)
from crm_core.polling import mailboxes
from crm_core.polling.mailboxes import MailboxSettings
from mailsync.health import Health, MailboxHealth, health

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ADDRESS = "verkauf@werft.example"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(lambda: NOW):
        yield


@pytest.fixture
def box() -> Mailbox:
    settings = MailboxSettings(ADDRESS, "main", MailboxKind.SHARED, Keep.LINKED)
    with transaction():
        mailboxes.mirror([settings], ["werft.example"], today=NOW.date(), actor="test")
    row = Mailbox.get_or_none(Mailbox.address == ADDRESS)
    assert isinstance(row, Mailbox)
    return row


def change(box: Mailbox, **values: object) -> None:
    Mailbox.update(**values).where(Mailbox.id == box.id).execute()


def look(poll: int = 60) -> Health:
    return health({ADDRESS: poll})


def only(found: Health) -> MailboxHealth:
    (one,) = found.mailboxes
    return one


def beat(age: timedelta, config_error: str | None = None) -> None:
    DaemonBeat.create(
        instance=f"host:1:{age}",
        version="1",
        started_at=NOW - timedelta(days=1),
        beat_at=NOW - age,
        config_error=config_error,
    )


def test_a_mailbox_read_lately_is_in_order(box: Mailbox) -> None:
    change(box, status=MailboxStatus.OK, last_success_at=NOW - timedelta(minutes=14))
    assert look().healthy
    assert only(look()).state == "ok"


def test_a_mailbox_silent_for_a_quarter_of_an_hour_needs_somebody(box: Mailbox) -> None:
    change(box, status=MailboxStatus.OK, last_success_at=NOW - timedelta(minutes=16))
    assert not look().healthy
    assert only(look()).state == "silent"


def test_a_mailbox_polled_every_half_hour_may_be_silent_longer(box: Mailbox) -> None:
    change(box, status=MailboxStatus.OK, last_success_at=NOW - timedelta(minutes=50))
    assert look(poll=1800).healthy


def test_a_first_sync_that_goes_on_is_healthy(box: Mailbox) -> None:
    MailFolder.create(mailbox=box, role="inbox", name="inbox", token="x")
    assert not look().healthy
    beat(timedelta(seconds=10))
    assert look().healthy
    assert only(look()).state == "catching_up"


def test_a_short_back_off_needs_nobody_a_long_one_does(box: Mailbox) -> None:
    change(
        box,
        status=MailboxStatus.BACKING_OFF,
        status_code="E221",
        last_success_at=NOW - timedelta(minutes=5),
    )
    assert look().healthy
    assert only(look()).state == "E221"
    change(box, last_success_at=NOW - timedelta(hours=2))
    assert not look().healthy


def test_a_stopped_mailbox_always_needs_somebody(box: Mailbox) -> None:
    change(
        box,
        status=MailboxStatus.STOPPED,
        status_code="E201",
        last_success_at=NOW - timedelta(minutes=1),
    )
    assert not look().healthy
    assert only(look()).state == "E201"


def test_a_person_who_is_not_informed_makes_nothing_unhealthy(box: Mailbox) -> None:
    change(box, status=MailboxStatus.NOT_INFORMED, enabled=False)
    assert look().healthy


def test_a_removed_mailbox_is_not_shown(box: Mailbox) -> None:
    change(box, status=MailboxStatus.REMOVED)
    assert look().mailboxes == ()


def test_a_daemon_without_a_sign_of_life_needs_somebody(box: Mailbox) -> None:
    change(box, status=MailboxStatus.OK, last_success_at=NOW)
    beat(timedelta(seconds=89))
    assert look().healthy
    beat(timedelta(seconds=91))
    assert not look().healthy


def test_a_refused_configuration_needs_somebody(box: Mailbox) -> None:
    change(box, status=MailboxStatus.OK, last_success_at=NOW)
    beat(timedelta(seconds=1), "mailboxes.yaml:5:44: …")
    assert not look().healthy


def test_an_unknown_code_is_shown_as_an_unexpected_answer(box: Mailbox) -> None:
    change(box, status=MailboxStatus.STOPPED, status_code="E999")
    assert only(look()).state == "E252"
