"""Threads made anew equal a fresh ingest: who is internal changed, or a key voided.

Every example delivers random mails, changes what the keys depend on, and compares with
the reference, which shares no code with the product; links, verdicts and decisions of
people must survive.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_letters import PEOPLE, letters
from thread_world import (
    ACTOR,
    DOMAIN,
    Letter,
    Partition,
    configure,
    deliver,
    evidence,
    found_company,
    partition,
    reference_partition,
)

from crm_core import database, schema, verify
from crm_core.linking import holds, links
from crm_core.models import AddressRole, LinkReason, Message
from crm_core.polling import mailboxes
from crm_core.records import addresses, entries
from crm_core.threads import evidence as said_by_copies
from crm_core.threads import partition as dividing
from crm_core.threads import rethreading, voiding
from crm_core.threads.conversations import CID, GUID, digest, mid

EXAMPLE = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    # The company is empty before and after each example: what it did is undone.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
UNSHRUNK = settings(EXAMPLE, phases=[Phase.generate])
domains = st.lists(
    st.sampled_from([DOMAIN, "kunde.example", "kunde2.example"]), unique=True
).map(tuple)


class Undone(Exception):
    """Raised at the end of an example, so that nothing of it stays."""


@pytest.fixture(autouse=True)
def company(tmp_path: Path) -> Iterator[None]:
    schema.upgrade(database.connect(f"sqlite:///{tmp_path}/mailsync.db"))
    found_company()
    yield
    database.close()


def in_a_trial(act: Callable[[], None]) -> None:
    try:
        with database.transaction():
            act()
            assert verify.verify() == []
            raise Undone
    except Undone:
        return


def reconfigure(now: tuple[str, ...]) -> None:
    """What the start of every program does with the configuration."""
    changed = configure(now)
    if changed.internal_before is not None:
        rethreading.rebuild(
            rethreading.touched_by(changed.internal_before, mailboxes.internal())
        )
        holds.settle(holds.linked_conversations())


def keys_by_number() -> set[tuple[str, bytes]]:
    return {
        (number, bytes(key))
        for number, key in database.execute(
            "SELECT m.from_name, k.key FROM message_key k "
            "JOIN message m ON m.id = k.message_id"
        )
    }


def reconfigured(
    order: list[Letter], before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    found: list[tuple[Partition, set[tuple[str, bytes]]]] = []

    def changed() -> None:
        configure(before)
        deliver(order)
        reconfigure(after)
        found.append((partition(), keys_by_number()))
        assert rethreading.rebuild() == rethreading.Rethreaded(0, 0)

    def fresh() -> None:
        configure(after)
        deliver(order)
        found.append((partition(), keys_by_number()))

    in_a_trial(changed)
    in_a_trial(fresh)
    assert found[0] == found[1]
    assert found[0][0] == reference_partition(order, after)


def linked(
    order: list[Letter],
    before: tuple[str, ...],
    after: tuple[str, ...],
    data: st.DataObject,
) -> None:
    def changed() -> None:
        configure(before)
        deliver(order)
        anchors = link_some(data)
        rows = decisions()
        homes = places()
        reconfigure(after)
        assert decisions() == rows
        for one, entry in anchors.items():
            for two, other in anchors.items():
                if entry != other and homes[one] != homes[two]:
                    assert places()[one] != places()[two]
        assert rethreading.rebuild().moved == 0

    in_a_trial(changed)


def link_some(data: st.DataObject) -> dict[int, int]:
    """Two entries, each shown by a mail or two; one mail taken out by hand."""
    owner = addresses.create("Meier", AddressRole.CUSTOMER, [PEOPLE[0]], actor=ACTOR)
    mails = list(Message.select().order_by(Message.id))
    anchors: dict[int, int] = {}
    for title in ("Mast", "Motor"):
        entry = entries.create(owner.id, "offerte", title, actor=ACTOR)
        for mail in data.draw(st.lists(st.sampled_from(mails), min_size=1, max_size=2)):
            links.link_mail(entry, mail, reason=LinkReason.MANUAL, actor=ACTOR)
            anchors[mail.id] = entry.id
    links.unlink_message(entry, mail, actor=ACTOR)
    return anchors


def decisions() -> list[list[tuple[object, ...]]]:
    return [
        database.execute("SELECT * FROM entry_mail ORDER BY id"),
        database.execute("SELECT * FROM entry_mail_verdict ORDER BY id"),
    ]


def places() -> dict[int, int]:
    return dict(database.execute("SELECT id, conversation_id FROM message"))


# --- voiding ----------------------------------------------------------------------


@st.composite
def voidable(draw: st.DrawFn) -> tuple[list[Letter], int, tuple[object, ...]]:
    """Letters, how many of them come first, and evidence of the first to void."""
    order = draw(letters())
    first = draw(st.integers(1, len(order)))
    said = {
        one
        for letter in order[:first]
        for one in evidence(letter)
        if one[0] in {"guid", "thread"} or (one[0] == "id" and "never" in str(one[1]))
    }
    return order, first, draw(st.sampled_from([*sorted(said, key=str), ()]))


def key_of(said: tuple[object, ...]) -> bytes:
    kind, *parts = said
    words = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    ours = [b"internal" if word == b"all of them ours" else word for word in words]
    if kind == "id":
        return mid(str(parts[0]))
    return digest(GUID if kind == "guid" else CID, *ours)


def voided(
    example: tuple[list[Letter], int, tuple[object, ...]],
) -> None:
    order, first, said = example
    nothing = {said[1]} if said[:1] == ("guid",) else {said}

    def some_voided() -> None:
        deliver(order[:first])
        if said:
            voiding.void_key(key_of(said), actor=ACTOR)
        assert partition() == reference_partition(order[:first], voided=nothing)
        deliver(order[first:])
        assert partition() == reference_partition(order, voided=nothing)

    in_a_trial(some_voided)


def examples_of(body: Callable[..., None], how: settings = EXAMPLE) -> None:
    how(given(*STRATEGIES[body])(body))()


STRATEGIES: dict[Callable[..., None], tuple[Any, ...]] = {
    reconfigured: (letters(), domains, domains),
    linked: (letters(), domains, domains, st.data()),
    voided: (voidable(),),
}


# --- what must hold ---------------------------------------------------------------


def test_after_a_change_of_the_internal_domains_all_is_as_freshly_delivered() -> None:
    examples_of(reconfigured)


def test_links_survive_and_differently_linked_conversations_stay_apart() -> None:
    examples_of(linked)


def test_a_voided_key_joins_nothing_now_and_later() -> None:
    examples_of(voided)


# --- red controls -----------------------------------------------------------------


def _keys_as_they_were(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(said_by_copies, "renew", lambda _: {})


def _parties_of_the_first_copy(patch: pytest.MonkeyPatch) -> None:
    """The copies' own parties forgotten."""
    within = database.select_in

    def without(sql: str, *more: Any) -> list[tuple[Any, ...]]:
        return within(sql.replace("c.parties", "NULL"), *more)

    patch.setattr(database, "select_in", without)


def _never_dividing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rethreading, "rethread", lambda _: 0)


def _merging_everything(patch: pytest.MonkeyPatch) -> None:
    merge = dividing._merge

    def carelessly(target: Any, source: Any, apart: Any) -> bool:
        target.entries = source.entries = frozenset()
        return merge(target, source, ())

    patch.setattr(dividing, "_merge", carelessly)


def _voiding_one_party(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(voiding, "GUID", "none")


@pytest.mark.parametrize(
    ("spoil", "example"),
    [
        (_keys_as_they_were, reconfigured),
        (_parties_of_the_first_copy, reconfigured),
        (_never_dividing, reconfigured),
        (_merging_everything, linked),
        (_voiding_one_party, voided),
    ],
)
def test_a_product_that_makes_threads_anew_wrongly_is_found(
    spoil: Callable[[pytest.MonkeyPatch], None],
    example: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        examples_of(example, UNSHRUNK)
