"""The log as it is read: filters, pages and what is not told, on both databases."""

from datetime import timedelta

import pytest
from crm_world import START, World
from statements import counted

from crm_core import audit, clock, webhooks
from crm_core.access import accounts, calendar_feeds
from crm_core.database import transaction
from crm_core.events import Event
from crm_core.models import Account, TokenScope
from crm_core.queries import interfaces, log
from crm_core.queries.log import LogFilter, LogRow

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def world() -> World:
    return World()


def rows(world: World, key: str = "keller", **wanted: object) -> list[LogRow]:
    found: list[LogRow] = []
    before: str | None = None
    while True:
        page = log.page(
            world.viewer(key),
            LogFilter(**wanted),  # type: ignore[arg-type]
            before=before,
            limit=3,
        )
        found += page.rows
        before = page.before
        if before is None:
            return found


def test_lines_come_newest_first_each_once_and_are_counted(world: World) -> None:
    with clock.use(lambda: START), transaction():
        for number in range(10):  # all at one moment: the id decides
            audit.record("cli", "note_added", f"list:{number}")
    found = rows(world, actions=frozenset({"note_added"}))
    assert [row.thing.id for row in found] == [str(n) for n in reversed(range(10))]
    assert log.count(LogFilter(actions=frozenset({"note_added"}))) == 10
    assert log.count(LogFilter(actions=frozenset())) == 0


def test_who_is_filtered_people_mailboxes_and_programs(world: World) -> None:
    with transaction():
        for actor in ("user:frei", "mailbox:werkstatt", "mailsync", "cli:root"):
            audit.record(actor, "note_added", "list:x")
    only = frozenset({"note_added"})
    assert [r.who for r in rows(world, actor="user:frei", actions=only)] == ["A. Frei"]
    assert [r.who for r in rows(world, actor="mailbox:werkstatt", actions=only)] == [
        "Werkstatt"
    ]
    programs = rows(world, actor=log.PROGRAMS, actions=only)
    assert [row.actor for row in programs] == ["cli:root", "mailsync"]
    assert ("user:frei", "A. Frei") in log.filterable().people


def test_time_and_thing_are_filtered(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    entry = world.entry(meier)
    later = clock.now() + timedelta(days=2)
    with clock.use(lambda: later), transaction():
        audit.record("cli", "address_updated", f"address:{meier.id}")
    subject = f"address:{meier.id}"
    assert {r.action for r in rows(world, thing=subject)} == {
        "address_created",
        "address_updated",
    }
    since = later - timedelta(hours=1)
    assert [r.action for r in rows(world, since=since)] == ["address_updated"]
    assert rows(world, thing=subject, since=later + timedelta(hours=1)) == []
    of_entry = rows(world, thing=f"CRM-{entry.number}")
    assert {row.entry for row in of_entry} == {entry.number}
    for nothing in ("%", "x y", "CRM-99999", "entry:", "'"):
        assert rows(world, thing=nothing) == []


def test_what_the_reader_may_not_open_is_not_named(world: World) -> None:
    entry = world.entry(
        world.address("Meier", "meier@kunde.example"), "Geheim", management_only=True
    )
    world.link(entry, world.mail(subject="Lohn", box="leitung"))
    world.task(entry, "Kündigung")
    told = {"Geheim", "Lohn", "Kündigung"}
    assert told <= {row.thing.name for row in rows(world)}
    hidden = rows(world, key="frei")
    assert not told & {row.thing.name for row in hidden}
    (linked,) = [row for row in hidden if row.action == "mail_linked"]
    assert (linked.detail, linked.thing.visible) == ("", False)
    assert linked.entry == entry.number


def test_a_page_costs_the_same_however_many_lines(world: World) -> None:
    def more(count: int) -> None:
        for number in range(count):
            meier = world.address(f"A{number} {count}", f"{number}x{count}@y.example")
            entry = world.entry(meier)
            world.link(entry, world.mail())
            world.task(entry)

    def read() -> object:
        return log.page(viewer, LogFilter(), limit=500)

    viewer = world.viewer()
    more(2)
    few = counted(read)
    more(9)
    assert counted(read) == few


# --- «Schnittstellen» ---------------------------------------------------------------


def account(key: str) -> Account:
    with transaction():
        return accounts.create(key, actor="test")


def test_tokens_webhooks_and_feeds_are_listed_with_their_owners(world: World) -> None:
    keller = account("keller")
    with transaction():
        for name in ("alt", "neu"):
            accounts.create_token(name, TokenScope.READ, keller, actor="test")
        accounts.revoke_token(1, actor="test")
        hook = webhooks.add(
            "https://erp.example/", Event, account=keller.id, actor="test"
        )
        calendar_feeds.create(keller, busy_only=True, actor="test")
        delivery = webhooks.send_test(hook, actor="test")
    assert [(t.name, t.alive, t.owner) for t in interfaces.tokens()] == [
        ("neu", True, "M. Keller"),
        ("alt", False, "M. Keller"),
    ]
    (told,) = interfaces.webhooks()
    assert (told.owner, told.waiting, told.gone) == ("M. Keller", 1, False)
    with transaction():
        claimed = webhooks.claim(delivery)
        assert claimed is not None
        webhooks.record(claimed, status=410)
    (told,) = interfaces.webhooks()
    assert (told.active, told.waiting, told.gone) == (False, 0, True)
    (feed,) = interfaces.feeds()
    assert (feed.owner, feed.busy_only) == ("M. Keller", True)


def test_only_gl_lends_the_sight_of_others(world: World) -> None:
    keller, frei = account("keller"), account("frei")
    assert {one for one, _ in interfaces.may_act_as(world.viewer("keller"))} == {
        keller.id,
        frei.id,
    }
    assert [one for one, _ in interfaces.may_act_as(world.viewer("frei"))] == [frei.id]
    Account.update(active=False).execute()
    assert interfaces.may_act_as(world.viewer("frei")) == ()
