"""What a person decides about threads, and that it stays decided; on both databases."""

import pytest
from eight_cases import BRIDGE, HUBER, IMPORTEUR, MEIER, sixteen
from thread_world import ACTOR, WERKSTATT, deliver, found_company, letter, partition

from crm_core import database, verify
from crm_core.errors import Conflict, NotFound
from crm_core.linking import holds, links
from crm_core.models import (
    AddressRole,
    AuditEvent,
    Entry,
    LinkReason,
    ReviewCase,
    ReviewOutcome,
)
from crm_core.queries import entries as entry_pages
from crm_core.records import addresses, entries
from crm_core.threads import review_cases, voiding
from crm_core.threads.conversations import GUID, digest, mid

CUSTOMER, IMPORTER, BOTH = BRIDGE
FORM = sixteen("a form")
AGAIN = letter(
    "7d",
    WERKSTATT,
    WERKSTATT,
    MEIER,
    IMPORTEUR,
    answers=["7c@mail.example"],
    references=["7a@mail.example", "7b@mail.example", "7c@mail.example"],
    at=3,
)


@pytest.fixture(autouse=True)
def company(db: str) -> None:
    found_company()


def linked(number: str, customer: str) -> Entry:
    """An entry of this customer with the letter as its anchor."""
    with database.transaction():
        owner = addresses.create(
            customer, AddressRole.CUSTOMER, [customer], actor=ACTOR
        )
        entry = entries.create(owner.id, "offerte", number, actor=ACTOR)
        (message,) = links.find_message(f"{number}@mail.example")
        links.link_mail(entry, message, reason=LinkReason.MANUAL, actor=ACTOR)
    return entry


def arrive(*letters: object) -> None:
    with database.transaction():
        deliver(letters)  # type: ignore[arg-type]


def bridged() -> tuple[Entry, Entry, int]:
    """Two linked threads, a mail that cites both, and the case it opens."""
    arrive(CUSTOMER, IMPORTER)
    one, two = linked("7a", MEIER), linked("7b", IMPORTEUR)
    arrive(BOTH)
    (case,) = review_cases.open_cases()
    return one, two, case.id


def shown(entry: Entry) -> set[str]:
    return {m.subject for m in entry_pages.show(entry.number).messages}


def outcome(case: int) -> ReviewOutcome | None:
    found: ReviewOutcome | None = ReviewCase.get_by_id(case).outcome
    return found


def clean() -> bool:
    with database.transaction():
        return verify.verify() == [] and not holds.settle(holds.linked_conversations())


def test_an_open_case_tells_the_sides_and_their_entries() -> None:
    one, two, _ = bridged()
    (case,) = review_cases.open_cases()
    assert case.reason == "bridge"
    assert {side.entries for side in case.sides} == {
        frozenset({one.id}),
        frozenset({two.id}),
    }
    assert case.conversation in {side.conversation for side in case.sides}


def test_merged_conversations_are_in_both_entries_and_nobody_is_asked_again() -> None:
    one, two, case = bridged()
    with database.transaction():
        review_cases.merge(case, actor="a.frei")
    assert shown(one) == shown(two) == {"7a", "7b", "7c"}
    arrive(BOTH, AGAIN)
    assert shown(one) == {"7a", "7b", "7c", "7d"}
    assert review_cases.open_cases() == []
    assert outcome(case) is ReviewOutcome.MERGED
    assert AuditEvent.select().where(
        AuditEvent.action == "conversations_merged", AuditEvent.actor == "a.frei"
    )
    assert clean()


def test_further_mails_that_join_the_same_conversations_ask_nothing_new() -> None:
    bridged()
    arrive(AGAIN)
    assert len(review_cases.open_cases()) == 1
    assert clean()


def test_conversations_kept_apart_stay_so_and_nobody_is_asked_again() -> None:
    one, two, case = bridged()
    with database.transaction():
        review_cases.keep_apart(case, actor=ACTOR)
    arrive(BOTH, AGAIN)
    assert review_cases.open_cases() == []
    assert ReviewCase.select().count() == 1
    assert shown(one) == {"7a"}
    assert shown(two) == {"7b", "7c", "7d"}
    assert clean()


def test_what_is_kept_apart_is_not_merged_even_when_one_link_is_gone() -> None:
    one, _, case = bridged()
    (message,) = links.find_message("7a@mail.example")
    with database.transaction():
        review_cases.keep_apart(case, actor=ACTOR)
        links.unlink_conversation(one, message, actor=ACTOR)
    arrive(AGAIN)
    assert partition() == {frozenset({"7a"}), frozenset({"7b", "7c", "7d"})}
    assert clean()


def test_without_a_decision_they_merge_when_one_link_is_gone_and_the_case_is_moot() -> (
    None
):
    """The control of the test above."""
    one, _, case = bridged()
    (message,) = links.find_message("7a@mail.example")
    with database.transaction():
        links.unlink_conversation(one, message, actor=ACTOR)
    arrive(AGAIN)
    assert len(partition()) == 1
    assert outcome(case) is ReviewOutcome.MOOT
    assert review_cases.open_cases() == []
    assert clean()


@pytest.mark.parametrize("act", [review_cases.merge, review_cases.keep_apart])
def test_a_decided_case_is_not_decided_again(act: object) -> None:
    _, _, case = bridged()
    with database.transaction():
        review_cases.keep_apart(case, actor=ACTOR)
    with database.transaction(), pytest.raises(Conflict):
        act(case, actor=ACTOR)  # type: ignore[operator]
    with database.transaction(), pytest.raises(NotFound):
        act(case + 1, actor=ACTOR)  # type: ignore[operator]


# --- voiding ----------------------------------------------------------------------


def form_case() -> tuple[Entry, Entry, int]:
    """Two linked matters of Meier; his third mail comes through a form that gave its
    fixed Thread-Index to the first, and answers the second.
    """
    arrive(
        letter("a", WERKSTATT, MEIER, WERKSTATT, guid=FORM),
        letter("b", WERKSTATT, MEIER, WERKSTATT, at=1),
        letter("h", WERKSTATT, HUBER, WERKSTATT, guid=FORM, at=2),
    )
    one, two = linked("a", MEIER), linked("b", "second@kunde.example")
    arrive(
        letter(
            "c", WERKSTATT, MEIER, WERKSTATT, guid=FORM, answers=["b@mail.example"],
            at=3,
        )
    )  # fmt: skip
    (case,) = review_cases.open_cases()
    return one, two, case.id


def test_a_voided_thread_index_joins_nobody_now_and_later() -> None:
    one, two, case = form_case()
    with database.transaction():
        voiding.void_joining_keys(case, actor=ACTOR)
    assert outcome(case) is ReviewOutcome.VOIDED
    arrive(
        letter("d", WERKSTATT, MEIER, WERKSTATT, guid=FORM, at=4),
        letter("i", WERKSTATT, HUBER, WERKSTATT, guid=FORM, at=5),
    )
    assert partition() == {
        frozenset({"a"}),
        frozenset({"b", "c"}),
        frozenset({"d"}),
        frozenset({"h"}),
        frozenset({"i"}),
    }
    assert (shown(one), shown(two)) == ({"a"}, {"b", "c"})
    assert review_cases.open_cases() == []
    assert clean()


def test_a_voided_key_divides_what_it_had_joined_and_the_anchor_keeps_its_entry() -> (
    None
):
    arrive(
        letter("a", WERKSTATT, MEIER, WERKSTATT, guid=FORM),
        letter("b", WERKSTATT, MEIER, WERKSTATT, guid=FORM, at=1),
    )
    entry = linked("b", MEIER)
    assert shown(entry) == {"a", "b"}
    with database.transaction():
        done = voiding.void_key(digest(GUID, FORM, MEIER.encode()), actor=ACTOR)
    assert (done.mails, done.moved) == (2, 1)
    assert shown(entry) == {"b"}
    assert clean()


def test_the_id_of_a_stored_mail_and_an_unknown_key_cannot_be_voided() -> None:
    arrive(CUSTOMER, IMPORTER, BOTH)
    with database.transaction():
        with pytest.raises(Conflict):
            voiding.void_key(mid("7a@mail.example"), actor=ACTOR)
        with pytest.raises(NotFound):
            voiding.void_key(b"\0" * 16, actor=ACTOR)


def test_a_case_of_mails_that_cite_one_another_cannot_be_voided() -> None:
    _, _, case = bridged()
    with database.transaction(), pytest.raises(Conflict):
        voiding.void_joining_keys(case, actor=ACTOR)
    assert [one.id for one in review_cases.open_cases()] == [case]


def test_an_id_that_nobody_has_may_be_voided() -> None:
    """A program that cites one made-up id in every mail it sends."""
    made_up = ["program@mail.example"]
    arrive(
        letter("a", WERKSTATT, MEIER, WERKSTATT, references=made_up),
        letter("b", WERKSTATT, HUBER, WERKSTATT, references=made_up, at=1),
    )
    assert len(partition()) == 1
    with database.transaction():
        voiding.void_key(mid(made_up[0]), actor=ACTOR)
    arrive(letter("c", WERKSTATT, HUBER, WERKSTATT, references=made_up, at=2))
    assert len(partition()) == 3
    assert clean()
