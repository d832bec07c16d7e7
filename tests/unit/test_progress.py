"""A job is stuck when it passes no step, not when it takes long."""

from mailsync.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_job_that_passes_steps_is_never_stuck() -> None:
    clock = Clock()
    progress = Progress(clock)
    with progress.job("poll:verkauf"):
        for _ in range(100):
            clock.now += 599
            progress.step("page_committed")
            assert progress.stuck() == []


def test_a_job_without_a_step_for_ten_minutes_is_named() -> None:
    clock = Clock()
    progress = Progress(clock)
    with progress.job("poll:verkauf"):
        clock.now += 601
        assert progress.stuck() == ["poll:verkauf"]
    assert progress.stuck() == []


def test_steps_of_a_thread_without_a_job_count_for_nobody() -> None:
    progress = Progress(Clock())
    progress.step("page_committed")
    assert progress.stuck(-1) == []
