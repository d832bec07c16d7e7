"""When jobs run. The only file that knows APScheduler.

Its defaults would skip what is late by a second and run what is late several times
over; here a late job runs once, never beside itself, and polls are spread by jitter.
There is no job store: the configuration says what runs.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

_JITTER = 0.1  # of the interval
_STAGGER = 0.25  # seconds between the first runs of new jobs


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often. ``body`` never raises and ends when told to."""

    name: str
    every: float
    body: Callable[[], None]


class Scheduler:
    """Runs jobs in threads until it is stopped."""

    def __init__(self, workers: int) -> None:
        # «maximum number of running instances reached» is what we want, not a warning.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(workers)},
            job_defaults={
                "max_instances": 1,
                "coalesce": True,
                "misfire_grace_time": None,
            },
            timezone=UTC,
        )
        self._every: dict[str, float] = {}

    def start(self) -> None:
        """Begin; jobs given before and later run from now on."""
        self._scheduler.start()

    def apply(self, jobs: Iterable[Job]) -> None:
        """Make these the jobs. What stays keeps its next run; what is new runs now."""
        wanted = {job.name: job for job in jobs}
        for name in self._every.keys() - wanted.keys():
            self._scheduler.remove_job(name)
            del self._every[name]
        now = datetime.now(UTC)  # a timer of the scheduler, not the time of the CRM
        fresh = [name for name in wanted if name not in self._every]
        for place, name in enumerate(fresh):
            first = now + timedelta(seconds=place * _STAGGER)
            self._add(wanted[name], first)
        for name in self._every.keys() - set(fresh):
            self._change(wanted[name])
        self._every = {name: job.every for name, job in wanted.items()}

    def hurry(self, name: str) -> None:
        """Let this job run now, if there is one; from any thread."""
        with suppress(JobLookupError):
            now = datetime.now(UTC)  # a timer of the scheduler
            self._scheduler.modify_job(name, next_run_time=now)

    def stop(self) -> None:
        """No new run; return when the running ones have ended."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _add(self, job: Job, first: datetime) -> None:
        self._scheduler.add_job(
            job.body, _trigger(job), id=job.name, next_run_time=first
        )

    def _change(self, job: Job) -> None:
        self._scheduler.modify_job(job.name, func=job.body)
        if self._every[job.name] != job.every:
            self._scheduler.reschedule_job(job.name, trigger=_trigger(job))


def _trigger(job: Job) -> IntervalTrigger:
    jitter = job.every * _JITTER if job.every >= 1 / _JITTER else None
    return IntervalTrigger(seconds=job.every, jitter=jitter, timezone=UTC)
