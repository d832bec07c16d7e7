"""The flag «names somebody we know» of mails: every way it could go stale."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from crm_world import ACTOR, World

from crm_core import database, verify
from crm_core.database import transaction
from crm_core.mail import content, known_parties, messages, retention
from crm_core.mail.incoming import IncomingMail
from crm_core.models import Address, AddressEmail, AddressRole, Message
from crm_core.personal_data import privacy
from crm_core.polling import mailboxes
from crm_core.queries import triage
from crm_core.records import addresses

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
CHECK = "triage: mail that names somebody we know is marked so"


@pytest.fixture
def world(db: str) -> World:
    return World()


def known() -> set[str]:
    """Subjects of known mails; what is stored is what is computed."""
    assert known_parties.differences() == []
    return {row.subject for row in Message.select().where(Message.known == 1)}


def arrives(
    world: World,
    subject: str,
    sender: str,
    to: str = "verkauf@werft.example",
    bcc: tuple[str, ...] = (),
) -> None:
    """As a page of a poll leaves it."""
    box, folder = world.boxes["verkauf"], world.folders["verkauf"]
    mail = IncomingMail(
        external_id=f"{subject} {bcc}", change_key="1", internet_id=subject,
        in_reply_to=(), references=(), guids=(), server_thread=None, subject=subject,
        from_name="", from_address=sender, sender=sender, reply_to=(), to=(to,), cc=(),
        bcc=bcc, stated_at=AT, received_at=AT, size=1, item_class="IPM.Note",
        has_attachments=False, sent=bool(bcc), authenticated=False, automatic=False,
        confidential=False,
    )  # fmt: skip
    place = messages.Place(box.id, box.address, folder.id, 1, mailboxes.internal())
    with transaction():
        messages.store(place, [mail], AT)


def test_mail_that_comes_in_is_known_by_any_of_its_parties(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    arrives(world, "von", "meier@kunde.example")
    arrives(world, "an", "fremd@irgendwo.example", "meier@kunde.example")
    arrives(world, "weder noch", "fremd@irgendwo.example")
    assert known() == {"von", "an"}


def test_a_blind_copy_that_a_second_copy_tells_of_makes_it_known(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    arrives(world, "x", "verkauf@werft.example", "fremd@irgendwo.example")
    assert known() == set()
    arrives(world, "x", "verkauf@werft.example", "fremd@irgendwo.example",
            bcc=("meier@kunde.example",))  # fmt: skip
    assert Message.select().count() == 1
    assert known() == {"x"}


def test_a_forged_twin_is_as_known_as_the_mail_it_was_taken_for(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    mail = world.mail("meier@kunde.example", "zweimal", box=("verkauf", "werkstatt"))
    copies = database.execute("SELECT id FROM message_copy ORDER BY id")
    with transaction():
        content.record_digests(
            [(int(row[0]), bytes([number]) * 16) for number, row in enumerate(copies)],
            (),
        )
        database.execute("INSERT INTO compare_work VALUES (?)", (mail.id,))
        assert len(content.compare_copies()) == 1
    assert known_parties.differences() == []
    assert Message.select().where(Message.known == 1).count() == 2


def _meier() -> Address:
    return addresses.create(
        "Meier", AddressRole.CUSTOMER, ["meier@kunde.example"], actor=ACTOR
    )


def _with_domain() -> None:
    addresses.add_domain(_other(), "kunde.example", actor=ACTOR)


def _other() -> Address:
    return addresses.create("Andere", AddressRole.CUSTOMER, actor=ACTOR)


GIVEN: dict[str, Callable[[], object]] = {
    "created with it": _meier,
    "one more": lambda: addresses.add_email(
        _other(), "meier@kunde.example", actor=ACTOR
    ),
    "exactly these": lambda: addresses.set_emails(
        _other(), ["meier@kunde.example"], actor=ACTOR
    ),
    "a domain": _with_domain,
    "exactly these domains": lambda: addresses.set_domains(
        _other(), ["kunde.example"], actor=ACTOR
    ),
}


@pytest.mark.parametrize("way", GIVEN)
def test_whoever_becomes_known_makes_earlier_mail_known(world: World, way: str) -> None:
    world.mail("meier@kunde.example", "frueher")
    world.mail("meier@fremdkunde.example", "fremd")
    with transaction():
        GIVEN[way]()
    assert known() == {"frueher"}
    waiting = triage.unassigned(world.viewer()).rows
    assert [item.subject for item in waiting] == ["frueher"]


def test_whoever_loses_an_email_makes_mail_unknown(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    world.mail("meier@kunde.example", "frueher")
    assert known() == {"frueher"}
    with transaction():
        addresses.set_emails(meier, ["neu@kunde.example"], actor=ACTOR)
    assert known() == set()


def test_a_domain_that_goes_leaves_what_an_email_makes_known(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    with transaction():
        addresses.add_domain(meier, "kunde.example", actor=ACTOR)
    world.mail("meier@kunde.example", "selbst")
    world.mail("kollege@kunde.example", "kollege")
    assert known() == {"selbst", "kollege"}
    with transaction():
        addresses.set_domains(meier, [], actor=ACTOR)
    assert known() == {"selbst"}


def test_erasing_a_person_makes_the_mail_of_their_domain_unknown(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    with transaction():
        addresses.add_domain(meier, "kunde.example", actor=ACTOR)
    world.mail("meier@kunde.example", "selbst")
    world.mail("kollege@kunde.example", "kollege")
    with transaction():
        privacy.erase(privacy.find("meier@kunde.example"), actor=ACTOR)
    assert known() == set()


def test_what_expires_takes_its_flag_along(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    world.mail("meier@kunde.example", "alt")
    with transaction():
        retention.expire(retention.expired(date(2030, 1, 1)))
    assert Message.select().count() == 0
    assert known() == set()


def test_marking_twice_changes_nothing(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    mail = world.mail("meier@kunde.example", "einmal")
    with transaction():
        known_parties.mark([mail.id, mail.id])
        known_parties.mark_named(["meier@kunde.example"], ["kunde.example"])
    assert known() == {"einmal"}


@pytest.mark.parametrize("stored", [0, 1])
def test_verify_names_a_mail_whose_flag_is_wrong(world: World, stored: int) -> None:
    if not stored:
        world.address("Meier", "meier@kunde.example")
    mail = world.mail("meier@kunde.example", "falsch")
    with transaction():
        Message.update(known=stored).execute()
    found = [one.detail for one in verify.verify() if one.check == CHECK]
    assert found == [f"message {mail.id}"]
    with transaction():
        known_parties.mark([mail.id])  # for the check after every test


def test_writing_past_the_service_is_found(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    world.mail("meier@kunde.example", "frueher")
    with transaction():
        AddressEmail.delete().where(AddressEmail.address == meier).execute()
    assert len(known_parties.differences()) == 1
    with transaction():
        known_parties.mark_named(["meier@kunde.example"])
    assert known() == set()


def test_the_index_of_what_waits_is_used_for_the_number_of_the_navigation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_postgres():
        pytest.skip("a planner that looks at sizes reads small tables whole")
    asked: list[str] = []
    real = database.execute
    monkeypatch.setattr(
        database, "execute",
        lambda sql, values=(): asked.append(sql) or real(sql, values),
    )  # fmt: skip
    triage.counts(world.viewer())
    monkeypatch.undo()
    (sql,) = [one for one in asked if "AS waiting" in one]
    plan = database.proxy.execute_sql(f"EXPLAIN QUERY PLAN {sql}", (100,)).fetchall()
    assert any("message_waiting" in row[3] for row in plan)
