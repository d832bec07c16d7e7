"""What the daemon does over and over, for one configuration.

    poll:<mailbox>   mail, task and calendar folders, keyword acts, wanted content
    wishes           what people asked for on the pages: tests, polls, back-fills
    outbox           tasks that differ from their copies
    webhooks         events that other programs are told of
    search           mails that ingest left out of the search index
    tidy             content nobody can give any more, blobs without a row, told events,
                     files of addresses that nobody imported
    night            what has expired, once a night

Each job binds its name for the logs, marks its progress, never raises, and gives its
database connection back.
"""

from collections.abc import Callable
from functools import partial

import structlog

from crm_core import database
from crm_core.polling import mailboxes
from crm_core.records import import_files
from mailsync import nightly, outbox, sync, webhooks, wishes
from mailsync.blobs import SPARED
from mailsync.context import Context
from mailsync.progress import Progress
from mailsync.scheduler import Job
from mailsync.sync import SyncSettings

OUTBOX_EVERY = 3.0
WEBHOOKS_EVERY = 2.0
SEARCH_EVERY = 5.0
TIDY_EVERY = 600.0
WISHES_EVERY = 2.0

ShouldStop = Callable[[], bool]
Hurry = Callable[[str], None]  # run the job of this name now

log = structlog.get_logger("mailsync.jobs")


def jobs_of(
    context: Context, progress: Progress, should_stop: ShouldStop, hurry: Hurry
) -> list[Job]:
    """The jobs of a configuration whose mailboxes are mirrored."""
    settings = context.sync_settings()
    jobs = []
    for row in mailboxes.enabled():
        box = context.config.mailbox(row.address)
        if box is not None:
            body = partial(_poll, settings, row.id, row.slug, should_stop)
            jobs.append(_job(f"poll:{row.slug}", box.poll, body, progress, should_stop))
    tend = partial(_tend, context, settings, hurry, should_stop)
    jobs.append(_job("wishes", WISHES_EVERY, tend, progress, should_stop))
    push = partial(_push, settings, should_stop)
    jobs.append(_job("outbox", OUTBOX_EVERY, push, progress, should_stop))
    tell = partial(_tell, context, should_stop)
    jobs.append(_job("webhooks", WEBHOOKS_EVERY, tell, progress, should_stop))
    index = partial(_index, should_stop)
    jobs.append(_job("search", SEARCH_EVERY, index, progress, should_stop))
    jobs.append(
        _job("tidy", TIDY_EVERY, partial(_tidy, settings), progress, should_stop)
    )
    night = partial(_expire, settings, should_stop)
    jobs.append(_job("night", TIDY_EVERY, night, progress, should_stop))
    return jobs


def _job(
    name: str,
    every: float,
    body: Callable[[], None],
    progress: Progress,
    should_stop: ShouldStop,
) -> Job:
    def guarded() -> None:
        if should_stop():  # it waited for a free thread until the end had begun
            return
        with structlog.contextvars.bound_contextvars(job=name), progress.job(name):
            try:
                body()
            except Exception:  # a bug ends this run, not the daemon
                log.exception("job_failed")
            finally:
                database.close()

    return Job(name, every, guarded)


def _poll(
    settings: SyncSettings, mailbox: int, slug: str, should_stop: ShouldStop
) -> None:
    wishes.before_poll(mailbox, settings.keeping.zone)
    report = sync.poll_mailbox(settings, mailbox, should_stop)
    wishes.after_poll(report)
    if report.problem is None:
        done = {"acts": report.acts, "bodies": report.bodies}
        log.debug("mailbox_polled", mailbox=slug, **done)


def _tend(
    context: Context, settings: SyncSettings, hurry: Hurry, should_stop: ShouldStop
) -> None:
    wishes.tend(
        settings,
        context.endpoint_of,
        lambda slug: hurry(f"poll:{slug}"),
        should_stop,
    )


def _push(settings: SyncSettings, should_stop: ShouldStop) -> None:
    result = outbox.push_due(
        settings.open_port, should_stop=should_stop, random=settings.random
    )
    if result.pushed or result.removed or result.failed:
        log.info(
            "outbox_emptied",
            pushed=result.pushed,
            removed=result.removed,
            failed=result.failed,
            drifted=result.drifted,
        )


def _tell(context: Context, should_stop: ShouldStop) -> None:
    allowed = webhooks.Allowed.of(context.config.service.web.webhooks_allow)
    webhooks.deliver_due(allowed, should_stop)


def _index(should_stop: ShouldStop) -> None:
    sync.index_search(should_stop)


def _tidy(settings: SyncSettings) -> None:
    sync.finish_contents()
    webhooks.forget_old()
    import_files.forget_old()
    swept = settings.blobs.sweep(spare=SPARED)
    if swept:
        log.info("blobs_swept", count=swept)


def _expire(settings: SyncSettings, should_stop: ShouldStop) -> None:
    nightly.expire_if_due(settings.keeping, should_stop)
