"""The eight cases of threading, each in every order, on both databases."""

import pytest
from eight_cases import (
    BRIDGE,
    FORWARD,
    GATEWAY,
    IMPORTEUR,
    MEIER,
    PHONE,
    SAME_SUBJECT,
    SENT_AGAIN,
    TWO_MAILBOXES,
    WEB_FORM,
)
from thread_world import (
    ACTOR,
    Letter,
    deliver,
    found_company,
    orders,
    partition,
    trial,
)

from crm_core import database, verify
from crm_core.linking import links
from crm_core.models import AddressRole, Entry, LinkReason, ReviewCase
from crm_core.queries import entries as entry_pages
from crm_core.records import addresses, entries


@pytest.fixture(autouse=True)
def company(db: str) -> None:
    found_company()


def conversations(letters: list[Letter]) -> set[str]:
    """What the letters come to, in whichever order: the groups as words."""
    found = {trial(order) for order in orders(letters)}
    assert len(found) == 1, found
    return {" ".join(sorted(group)) for group in found.pop()}


def test_1_a_phone_that_only_cites_references_stays_in_the_conversation() -> None:
    assert conversations(PHONE) == {"1a 1b 1c"}


def test_2_an_answer_to_a_rewritten_id_joins_by_its_thread_index() -> None:
    assert conversations(GATEWAY) == {"2a 2b"}


def test_3_two_customers_with_one_subject_are_two_conversations() -> None:
    assert conversations(SAME_SUBJECT) == {"3a", "3b"}


def test_4_a_web_form_with_one_thread_index_makes_two_conversations() -> None:
    assert conversations(WEB_FORM) == {"4a", "4b"}


def test_5_one_mail_in_two_mailboxes_joins_what_each_server_thread_holds() -> None:
    assert conversations(TWO_MAILBOXES) == {"5a 5b 5c"}


def test_6_a_forward_to_a_colleague_and_his_answer_are_held() -> None:
    assert conversations(FORWARD) == {"6a 6b 6c"}
    for order in orders(FORWARD):
        held = {}
        try:
            with database.transaction():
                deliver(order)
                entry = linked("6a", MEIER)
                view = entry_pages.show(entry.number).messages
                held = {m.subject: m.hold and m.hold.value for m in view}
                assert verify.verify() == []
                raise InterruptedError
        except InterruptedError:
            assert held == {"6a": None, "6b": "internal_only", "6c": "internal_only"}


@pytest.mark.parametrize("first", [0, 1])
def test_7_a_mail_that_cites_two_linked_threads_merges_nothing(first: int) -> None:
    customer, importer, both = BRIDGE
    with database.transaction():
        deliver([(customer, importer)[first], (customer, importer)[1 - first]])
        linked("7a", MEIER)
        linked("7b", IMPORTEUR)
        deliver([both])
        deliver([both])  # a second time changes nothing
    assert partition() == {frozenset({"7a"}), frozenset({"7b", "7c"})}
    assert ReviewCase.select().count() == 1
    assert verify.verify() == []


def test_8_an_old_mail_sent_again_to_somebody_else_starts_a_conversation() -> None:
    assert conversations(SENT_AGAIN) == {"8a 8c", "8b 8d"}


def linked(number: str, customer: str) -> Entry:
    """An entry of this customer with the letter as its anchor."""
    address = addresses.create(customer, AddressRole.CUSTOMER, [customer], actor=ACTOR)
    entry = entries.create(address.id, "offerte", number, actor=ACTOR)
    (message,) = links.find_message(f"{number}@mail.example")
    links.link_mail(entry, message, reason=LinkReason.MANUAL, actor=ACTOR)
    return entry
