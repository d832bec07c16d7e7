"""The conversations are a function of the set of mails, not of their order.

Every example is a delivery of its own through ``messages.store`` on SQLite, undone at
its end, and compared with a reference that shares no code with the product; the red
controls are products that thread wrongly.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from eight_cases import ALL, CONVERSATIONS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_letters import letters
from thread_world import Letter, found_company, reference_partition, trial

from crm_core import database, schema
from crm_core.email_addresses import Internal
from crm_core.mail import messages
from crm_core.mail.incoming import IncomingMail
from crm_core.threads import conversations
from crm_core.threads.conversations import GUID, Keys, Threader, digest, keys_for

ORDERS = 500
EXAMPLE = settings(
    max_examples=ORDERS,
    deadline=None,
    derandomize=True,
    database=None,
    # The company is empty before and after each example: trials are undone.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def company(tmp_path: Path) -> Iterator[None]:
    schema.upgrade(database.connect(f"sqlite:///{tmp_path}/mailsync.db"))
    found_company()
    yield
    database.close()


def test_the_reference_knows_the_eight_cases() -> None:
    assert reference_partition(ALL) == CONVERSATIONS
    assert sum(len(group) for group in CONVERSATIONS) == 22


@EXAMPLE
@given(st.permutations(ALL))
def test_the_eight_cases_together_make_one_partition(order: list[Letter]) -> None:
    assert trial(order) == CONVERSATIONS


# --- graphs that nobody thought of -----------------------------------------------


@EXAMPLE
@given(letters(), st.integers(0, 4))
def test_any_mails_in_any_order_come_to_what_the_rules_say(
    order: list[Letter], again: int
) -> None:
    """Pages may come again: the first ``again`` letters are delivered twice."""
    assert trial([*order, *order[:again]]) == reference_partition(order)


# --- red controls ---------------------------------------------------------------


def _replied_only(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    return keys_for(replace(mail, references=()), mailbox, internal)


def _guid_of_anybody(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    keys = keys_for(mail, mailbox, internal)
    more = tuple((digest(GUID, guid), GUID) for guid in mail.guids)
    return replace(keys, all=keys.all + more)


def _by_subject(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    keys = keys_for(mail, mailbox, internal)
    subject = digest("subject", mail.subject.encode())
    return replace(keys, all=(*keys.all, (subject, "subject")))


def _wrong_keys(
    wrong: Callable[[IncomingMail, str, Internal], Keys],
) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(messages, "keys_for", wrong)


def _first_copy_only(patch: pytest.MonkeyPatch) -> None:
    def nothing_added(
        self: Threader, keys: Keys, home: int, at: datetime
    ) -> conversations.Placement:
        del keys, at
        return conversations.Placement(self.present(home), None)

    patch.setattr(Threader, "extend", nothing_added)


def _never_merging(patch: pytest.MonkeyPatch) -> None:
    def first_known(
        self: Threader, known: dict[int, str], *_: object
    ) -> conversations.Placement:
        return conversations.Placement(min(known), None)

    patch.setattr(Threader, "_join", first_known)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_wrong_keys(_replied_only), id="In-Reply-To only"),
        pytest.param(_wrong_keys(_guid_of_anybody), id="GUID without an address"),
        pytest.param(_wrong_keys(_by_subject), id="by subject"),
        pytest.param(_first_copy_only, id="the first copy only"),
        pytest.param(_never_merging, id="never merging"),
    ],
)
def test_a_product_that_threads_wrongly_is_found(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch)
    random = Random(22)
    found = 0
    for _ in range(20):
        try:
            found += trial(random.sample(ALL, len(ALL))) != CONVERSATIONS
        except AssertionError:  # ``verify`` saw it
            found += 1
    assert found
