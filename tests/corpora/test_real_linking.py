"""Real threads, their first mail linked: every reply follows into the entry.

500 threads of several lists; only the persons who started them are registered as
customers. Each list's whole mail arrives, so that every other thread is there to be
mixed up with. Why a reply is held is foretold mail by mail from the written rules
(``linked_threads.expected_holds``), not only counted.

Customers are apart by default: nobody who writes in one of the threads is the customer
of another, as with a boatyard's customers. On a mailing list they are not; what the
rule «another customer's known address» then holds back is printed as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from company_run import fresh_database, running, shuffled
from linked_threads import Shown, choose, link_first_mails, rest_of, shown
from skeleton_company import Company, company_of
from skeletons import Skeleton, read

from crm_core import verify
from crm_core.email_addresses import Internal
from crm_core.linking import holds
from crm_core.mail import messages
from crm_core.mail.incoming import IncomingMail
from crm_core.threads.conversations import Keys, digest, keys_for

Figures = Callable[[str], None]
Spoil = Callable[[pytest.MonkeyPatch], None]

DEFAULT = {"openwrt-devel": 405, "cake": 80, "mjpeg-users": 20}
WHOLE = DEFAULT | {"samba-technical": 400, "batman": 300, "ksummit": 34}
LEAST_THREADS = 500
LEAST_SHOWN = 0.995
DOCUMENTED = {"mass_mail", "other_customer", "internal_only"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"name", "most", "kind"} <= set(metafunc.fixturenames):
        whole = metafunc.config.getoption("--whole-corpus")
        chosen = WHOLE if whole else DEFAULT
        cells = [(name, most, "sqlite") for name, most in chosen.items()]
        postgres = pytest.param(
            "mjpeg-users", 20, "postgres", marks=pytest.mark.postgres
        )
        metafunc.parametrize(("name", "most", "kind"), [*cells, postgres])


@cache
def _lists(shared: Path) -> dict[str, list[Skeleton]]:
    return read(shared)


def _play(
    shared: Path,
    company: Company,
    most: int,
    kind: str,
    *,
    apart: bool = True,
    spoilt: bool = False,
) -> tuple[int, Shown]:
    """How many threads were linked, and what their entries show in the end."""
    choice = choose(company, most, Random(most), apart=apart)
    with (
        fresh_database(kind) as folder,
        running(company, folder, shared / "ews-schema") as run,
    ):
        linked = link_first_mails(run, choice)
        run.play(shuffled(rest_of(choice), 1), Random(1))
        assert spoilt or verify.verify() == []
        return len(linked), shown(choice, linked)


def test_the_default_run_links_threads_enough() -> None:
    assert sum(DEFAULT.values()) >= LEAST_THREADS


def test_every_reply_follows_into_the_entry(
    name: str, most: int, kind: str, shared: Path, figures: Figures
) -> None:
    linked, found = _play(shared, company_of(_lists(shared)[name]), most, kind)
    figures(f"{name}, {kind}, {linked} threads linked: {found}")
    assert linked == most
    assert found.missing == 0
    assert found.strange == 0
    assert found.unexpected == ()
    assert found.share >= LEAST_SHOWN
    assert set(found.holds) <= DOCUMENTED


def test_where_customers_answer_each_other_the_rest_is_held_as_documented(
    shared: Path, figures: Figures
) -> None:
    """Any threads at all: no goal is set for their share, it is printed."""
    company = company_of(_lists(shared)["cake"])
    linked, found = _play(shared, company, 100, "sqlite", apart=False)
    figures(f"cake, {linked} threads whose customers are not apart: {found}")
    assert found.missing == 0
    assert found.strange == 0
    assert found.unexpected == ()
    assert set(found.holds) <= DOCUMENTED


# --- red controls ---------------------------------------------------------------


def _by_subject_too(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    keys = keys_for(mail, mailbox, internal)
    topic = digest("topic", mail.subject.rpartition(": ")[2].encode())
    return replace(keys, all=(*keys.all, (topic, "topic")))


def _by_own_id_only(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    keys = keys_for(mail, mailbox, internal)
    return replace(keys, all=keys.all[:1])


def _subject(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(messages, "keys_for", _by_subject_too)


def _no_references(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(messages, "keys_for", _by_own_id_only)


def _everybody_a_customer(patch: pytest.MonkeyPatch) -> None:
    def everybody(members: Mapping[int, list[holds.Member]]) -> frozenset[str]:
        return frozenset(
            email
            for group in members.values()
            for one in group
            for email in one.claimed
        )

    patch.setattr(holds, "known_senders", everybody)


def _nobody_held(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holds, "_mass_mails", lambda *_: frozenset())


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        pytest.param(_subject, lambda f: f.strange > 0, id="threads by subject"),
        pytest.param(_no_references, lambda f: f.missing > 0, id="no references"),
        pytest.param(
            _everybody_a_customer, lambda f: f.share < LEAST_SHOWN, id="holds too many"
        ),
        pytest.param(_nobody_held, lambda f: f.unexpected, id="holds too few"),
    ],
)
def test_a_product_that_links_wrongly_is_found(
    spoil: Spoil,
    wrong: Callable[[Shown], object],
    shared: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch)
    company = company_of(_lists(shared)["batman"][:900])
    _, found = _play(shared, company, 60, "sqlite", spoilt=True)
    assert wrong(found)
