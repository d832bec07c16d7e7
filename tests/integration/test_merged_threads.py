"""Merging conversations inside a page, and what must not be drawn into it."""

import pytest
from eight_cases import HUBER, MEIER
from thread_world import WERKSTATT, deliver, found_company, letter, partition

from crm_core import database, verify
from crm_core.threads.conversations import Threader


def merge_then_begin() -> None:
    """A page that merges the youngest conversation and then starts a new one."""
    with database.transaction():
        deliver([letter("1", WERKSTATT, MEIER), letter("2", WERKSTATT, MEIER)])
    both = ["1@mail.example", "2@mail.example"]
    with database.transaction():
        deliver(
            [
                letter("3", WERKSTATT, MEIER, references=both),
                letter("4", WERKSTATT, HUBER),
            ]
        )


@pytest.fixture(autouse=True)
def company(db: str) -> None:
    found_company()


def test_a_conversation_begun_after_a_merge_of_its_page_is_its_own() -> None:
    merge_then_begin()
    assert partition() == {frozenset("123"), frozenset("4")}
    assert verify.verify() == []


def test_ids_handed_out_after_a_merge_would_join_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Red control: SQLite hands out the id of the row just deleted.

    PostgreSQL's sequence never does.
    """
    reserve = Threader._reserve
    merge = Threader._merge

    def too_late(self: Threader, target: int, source: int) -> None:
        monkeypatch.setattr(Threader, "_reserve", lambda _: None)
        merge(self, target, source)
        monkeypatch.setattr(Threader, "_reserve", reserve)

    monkeypatch.setattr(Threader, "_merge", too_late)
    merge_then_begin()
    apart = {frozenset("123"), frozenset("4")}
    assert partition() == (apart if database.is_postgres() else {frozenset("1234")})
