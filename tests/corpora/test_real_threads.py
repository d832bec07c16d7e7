"""The threads of real lists, played as companies: conversations equal the truth.

Every list of ``../shared/corpora/threads`` is a company of its own with a shared mailbox
and four colleagues. Its mail is synthetic (``skeleton_company``), its topology is real.
It arrives in random orders between the polls, over EWS, and what the database holds is
compared with the generator's truth and the sandbox's ledger.

The default run takes the lists with the compound joins and most repeated Message-IDs;
``--whole-corpus`` takes all of them.
"""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from company_run import (
    Joins,
    Seen,
    findings,
    fresh_database,
    joins,
    running,
    seen,
    shuffled,
    truth,
)
from skeleton_company import Company, Mail, company_of
from skeletons import Baseline, Skeleton, baseline, read, threads

from crm_core.email_addresses import Internal
from crm_core.mail import content, messages
from crm_core.mail.incoming import IncomingMail
from crm_core.threads.conversations import CID, MID, Keys, digest, keys_for
from mailsync import normalise
from mailsync.port import RemoteMessage

Figures = Callable[[str], None]

# list → mails, threads, threads of two mails or more (README of the corpus)
LISTS = {
    "samba-technical": (7117, 2088, 1151),
    "openwrt-devel": (7233, 2398, 1246),
    "cake": (1639, 351, 189),
    "ksummit": (3115, 144, 90),
    "mjpeg-users": (395, 68, 39),
    "batman": (3072, 854, 533),
}
DEFAULT = ("openwrt-devel", "cake", "mjpeg-users")
ORDERS = (1, 2, 3)
LEAST_MAILS = 5_000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each list in each order on SQLite; one order of a list also on PostgreSQL."""
    if {"name", "order", "kind"} <= set(metafunc.fixturenames):
        whole = metafunc.config.getoption("--whole-corpus")
        names = tuple(LISTS) if whole else DEFAULT
        cells = [(name, order, "sqlite") for name in names for order in ORDERS]
        also = [
            pytest.param(name, ORDERS[-1], "postgres", marks=pytest.mark.postgres)
            for name in (names if whole else ("cake", "mjpeg-users"))
        ]
        metafunc.parametrize(("name", "order", "kind"), [*cells, *also])


@cache
def _lists(shared: Path) -> dict[str, list[Skeleton]]:
    return read(shared)


@cache
def _company(shared: Path, name: str) -> Company:
    return company_of(_lists(shared)[name])


def test_the_reference_truth_is_the_published_one(
    shared: Path, figures: Figures
) -> None:
    """And so is the baseline: what the conversation id alone would make of it."""
    alone = Baseline()
    for name, lines in _lists(shared).items():
        sizes = [0] * (max(numbers := threads(lines)) + 1)
        for number in numbers:
            sizes[number] += 1
        several = sum(size > 1 for size in sizes)
        assert (len(lines), len(sizes), several) == LISTS[name]
        alone += baseline(lines)
    assert alone == Baseline(8602, 731, 3668, 1329, 92, 634)
    figures(f"baseline, conversation id alone on all 22,571 mails: {alone}")


def test_the_default_lists_have_mails_enough() -> None:
    assert sum(LISTS[name][0] for name in DEFAULT) >= LEAST_MAILS


def test_conversations_equal_the_truth(
    name: str, order: int, kind: str, shared: Path, figures: Figures
) -> None:
    company = _company(shared, name)
    with (
        fresh_database(kind) as folder,
        running(company, folder, shared / "ews-schema") as run,
    ):
        run.play(shuffled(company.mails, order), Random(order))
        found = seen()
        assert findings(run, company.mails, found) == []
        joined = joins(company.mails, found)
        assert found.partition == expected(company.mails)
        figures(_line(company, order, kind, found, joined))
        if order == ORDERS[0]:
            figures(f"  conversation id alone: {baseline(_lists(shared)[name])}")


def expected(mails: tuple[Mail, ...]) -> frozenset[frozenset[str]]:
    """The truth, with the threads joined that a GUID and an outside party connect.

    It knows nothing of an order: equal to it in every order is equal in all of them.
    """
    groups = {name: set(group) for group in truth(mails) for name in group}
    bearers: dict[tuple[str | None, str], str] = {}
    for mail in mails:
        for party in mail.outside if mail.guid is not None else ():
            first = bearers.setdefault((mail.guid, party), mail.internet_id)
            if groups[first] is not groups[mail.internet_id]:
                groups[first] |= groups[mail.internet_id]
                for name in groups[first]:
                    groups[name] = groups[first]
    return frozenset(map(frozenset, groups.values()))


def _line(company: Company, order: int, kind: str, found: Seen, joined: Joins) -> str:
    delivered = sum(found.copies.values())
    stored = sum(sum(names.values()) for names in found.conversations.values())
    placed = ", ".join(f"{n} {kind}" for kind, n in sorted(found.joined_by.items()))
    return (
        f"{company.name}, order {order}, {kind}: {stored} mails in {delivered} copies "
        f"(= deliveries), {len(truth(company.mails))} threads = "
        f"{len(found.by_strong_keys)} by strong keys, {joined.compound} joins by "
        f"compound keys ({len(joined.strange)} without a common outside party), "
        f"{sum(found.flagged.values())} flagged for a repeated Message-ID; placed by "
        f"{placed}; verify clean"
    )


# --- red controls ---------------------------------------------------------------


def _any_server_thread(remote: RemoteMessage, guids: object) -> bytes:
    """The sixteen bytes of the ConversationId, be they made of the topic or not."""
    return b64decode(remote.conversation_id or "")[-16:]


def _by_conversation_id(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    """What [MS-OXOMSG] 2.2.1.2 makes of a mail, and nothing else, joins."""
    keys = keys_for(mail, mailbox, internal)
    made = digest(CID, mail.server_thread or b"")
    return replace(keys, all=((keys.own, MID), (made, CID)))


def _by_subject_too(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    keys = keys_for(mail, mailbox, internal)
    topic = digest("topic", mail.subject.rpartition(": ")[2].encode())
    return replace(keys, all=(*keys.all, (topic, "topic")))


def _spoilt(shared: Path, lines: list[Skeleton]) -> str:
    """What the assertions above say about a product that was spoilt before."""
    company = company_of(lines)
    with (
        fresh_database("sqlite") as folder,
        running(company, folder, shared / "ews-schema") as run,
    ):
        run.play(shuffled(company.mails, 1), Random(1), polls=4)
        return "\n".join(findings(run, company.mails, seen()))


def test_the_conversation_id_alone_is_found_to_split_and_to_join_strangers(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(normalise, "_server_thread", _any_server_thread)
    monkeypatch.setattr(messages, "keys_for", _by_conversation_id)
    said = _spoilt(shared, _lists(shared)["batman"][:600])
    assert "is split" in said
    assert "without a common party" in said


def test_the_subject_beside_the_ids_is_found_to_join_strangers(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "keys_for", _by_subject_too)
    said = _spoilt(shared, _lists(shared)["batman"][:600])
    assert "without a common party" in said
    assert "is split" not in said


def test_a_repeated_message_id_taken_for_a_copy_is_found(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _lists(shared)["openwrt-devel"]
    numbers = threads(lines)
    ids = [line.id for line in lines]
    repeated = {n for n, id_ in zip(numbers, ids, strict=True) if ids.count(id_) > 1}
    some = [line for line, n in zip(lines, numbers, strict=True) if n in repeated]
    assert _spoilt(shared, some) == ""
    monkeypatch.setattr(content, "compare_copies", list)
    assert "not as many as written" in _spoilt(shared, some)


def test_a_mail_left_out_of_a_page_is_found_by_the_ledger(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = messages.store

    def all_but_one(
        place: messages.Place, mails: list[IncomingMail], at: object
    ) -> messages.Stored:
        return store(place, mails[:-1] if len(mails) > 20 else mails, at)

    monkeypatch.setattr(messages, "store", all_but_one)
    said = _spoilt(shared, _lists(shared)["mjpeg-users"])
    assert "copies differ" in said
    assert "in one of ledger and database" in said
