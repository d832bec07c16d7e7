"""Jobs come, change and go; none ever runs beside itself."""

import threading
from collections.abc import Iterator

import pytest

from mailsync.scheduler import Job, Scheduler

PATIENCE = 10.0
LONG = 3600.0


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    running = Scheduler(workers=3)
    running.start()
    yield running
    running.stop()


def test_a_new_job_runs_at_once(scheduler: Scheduler) -> None:
    ran = threading.Event()
    scheduler.apply([Job("poll:a", LONG, ran.set)])
    assert ran.wait(PATIENCE)


def test_a_job_comes_again_with_its_newest_body(scheduler: Scheduler) -> None:
    old, new = threading.Event(), threading.Event()
    scheduler.apply([Job("outbox", LONG, old.set)])
    assert old.wait(PATIENCE)
    scheduler.apply([Job("outbox", 0.05, new.set)])
    assert new.wait(PATIENCE)


def test_a_removed_job_never_runs_again(scheduler: Scheduler) -> None:
    gone, stays = threading.Event(), threading.Event()
    rounds = threading.Semaphore(0)
    scheduler.apply([Job("a", 0.05, gone.set), Job("b", 0.05, stays.set)])
    assert gone.wait(PATIENCE)
    scheduler.apply([Job("b", 0.05, rounds.release)])
    rounds.acquire(timeout=PATIENCE)  # whatever was under way has ended by now
    gone.clear()
    for _ in range(5):
        assert rounds.acquire(timeout=PATIENCE)
    assert not gone.is_set()


def test_a_long_job_is_not_started_beside_itself(scheduler: Scheduler) -> None:
    entered, leave, other = (
        threading.Semaphore(0), threading.Event(), threading.Semaphore(0),
    )  # fmt: skip

    def long() -> None:
        entered.release()
        leave.wait(PATIENCE)

    scheduler.apply([Job("long", 0.05, long), Job("tick", 0.05, other.release)])
    assert entered.acquire(timeout=PATIENCE)
    for _ in range(5):
        assert other.acquire(timeout=PATIENCE)
    assert not entered.acquire(blocking=False)
    leave.set()
    assert entered.acquire(timeout=PATIENCE)


def test_stopping_waits_for_the_running_job() -> None:
    scheduler = Scheduler(workers=1)
    scheduler.start()
    entered, ended = threading.Event(), threading.Event()
    leave = threading.Timer(0.2, ended.set)

    def body() -> None:
        entered.set()
        ended.wait(PATIENCE)

    scheduler.apply([Job("poll", LONG, body)])
    assert entered.wait(PATIENCE)
    leave.start()
    scheduler.stop()
    assert ended.is_set()
    leave.join()
