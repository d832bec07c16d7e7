"""«Nicht zugeordnet»: what waits, for whom, with which offers."""

from datetime import date

import pytest
from crm_world import World

from crm_core import database
from crm_core.models import Keep, Mailbox, MailboxKind, Triage
from crm_core.polling import mailboxes
from crm_core.queries import triage

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def world() -> World:
    return World()


def test_a_mail_of_a_known_address_waits(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    mail = world.mail()
    page = triage.unassigned(world.viewer())
    assert [item.message for item in page.rows] == [mail.id]


def _subjects(world: World) -> list[str]:
    counted = triage.counts(world.viewer()).unassigned
    rows = triage.unassigned(world.viewer()).rows
    assert counted == len(rows)
    return sorted(item.subject for item in rows)


def _rule(slug: str, rule: Triage) -> None:
    with database.transaction():
        Mailbox.update(triage=rule).where(Mailbox.slug == slug).execute()


def test_what_waits_is_the_rule_of_the_mailbox_it_lies_in(world: World) -> None:
    world.mail("a@fremd.example", "erstes", box="verkauf")
    world.mail("b@fremd.example", "zweites", box="werkstatt")
    assert _subjects(world) == []  # known senders only, unless said otherwise
    _rule("verkauf", Triage.ALL)
    assert _subjects(world) == ["erstes"]
    assert triage.widest_rule() is Triage.ALL


def test_where_answers_wait_a_colleague_must_have_written(world: World) -> None:
    world.mail("werbung@fremd.example", "Werbung")
    first = world.mail("neu@fremd.example", "Anfrage")
    _rule("verkauf", Triage.REPLIES)
    assert _subjects(world) == []
    world.mail("verkauf@werft.example", "Antwort", to=("neu@fremd.example",),
               answers=first, sent=True)  # fmt: skip
    assert _subjects(world) == ["Antwort"]


def test_the_rule_comes_from_the_configuration_mirrored_into_the_row(
    world: World,
) -> None:
    wanted = mailboxes.MailboxSettings(
        address="verkauf@werft.example",
        server="main",
        kind=MailboxKind.SHARED,
        keep=Keep.LINKED,
        triage=Triage.REPLIES,
    )
    with database.transaction():
        mailboxes.mirror(
            [wanted], ["werft.example"], today=date(2026, 11, 24), actor="test"
        )
    assert triage.widest_rule() is Triage.REPLIES
