"""Waiting times: pure arithmetic of attempts and the server's wish."""

import math
from random import Random

import pytest

from mailsync import backoff
from mailsync.errors import AuthRejected, MailboxGone, Transient, Unprocessable


class Still(Random):
    """Jitter that always draws the same."""

    def __init__(self, drawn: float) -> None:
        super().__init__(0)
        self.drawn = drawn

    def random(self) -> float:
        return self.drawn


NONE, MOST = Still(0.0), Still(0.999)
BUSY = Transient("busy")


def wait(attempts: int, wish: float | None = None, random: Random = NONE) -> float:
    return backoff.delay(attempts, Transient("busy", retry_after=wish), random)


def test_the_wait_doubles_from_attempt_to_attempt() -> None:
    assert [wait(n) for n in (1, 2, 3, 4)] == [2, 4, 8, 16]


def test_the_wait_never_passes_an_hour() -> None:
    assert wait(10_000) == backoff.CAP == 3600


def test_jitter_only_shortens_our_own_wait_and_never_below_a_second() -> None:
    assert 1 <= wait(1, random=MOST) < 2
    assert wait(4, random=MOST) == pytest.approx(16 * 0.75, abs=0.1)


def test_the_servers_wish_is_obeyed_and_jitter_only_adds_to_it() -> None:
    assert wait(1, 30) == 30
    assert 30 < wait(1, 30, MOST) < 38


@pytest.mark.parametrize("wish", [0.0, 0.001])
def test_a_wish_below_a_second_is_a_second(wish: float) -> None:
    assert wait(5, wish) == backoff.FLOOR == 1


def test_a_wish_of_hours_is_an_hour() -> None:
    assert wait(1, 3 * 3600) == 3600


@pytest.mark.parametrize("wish", [None, -1.0, math.nan, math.inf, 3 * 86400.0])
def test_an_absent_or_absurd_wish_leaves_our_own_wait(wish: float | None) -> None:
    assert wait(3, wish) == 8
    assert backoff.server_wish(Transient("x", retry_after=wish)) is None


@pytest.mark.parametrize("error", [AuthRejected("401"), MailboxGone("none")])
def test_what_only_a_person_can_cure_waits_an_hour(error: Exception) -> None:
    assert backoff.stops(error)
    assert backoff.delay(1, error, NONE) == 3600  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [BUSY, Unprocessable("no")])
def test_other_failures_do_not_stop_the_mailbox(error: Exception) -> None:
    assert not backoff.stops(error)
