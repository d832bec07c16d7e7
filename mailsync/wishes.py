"""The daemon's half of ``crm_core.polling.mailbox_wishes``: what people asked for is done.

    test       by the job ``wishes``: five ticks; a mailbox that was stopped and passes
               them is released
    poll_now   the poll's job is told to hurry; its next poll fulfils the wish
    backfill   likewise: that poll begins by forgetting how far the folders were read
               (one transaction with taking the wish), and goes on until they are read
               to their end; no poll of the mailbox is another one
    reload     by the daemon's own loop

All of it may be interrupted anywhere and done again.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import structlog

from crm_core import database
from crm_core.models import Mailbox, MailboxStatus, MailFolder, WishKind
from crm_core.polling import mailbox_wishes, mailboxes
from crm_core.polling.mailbox_wishes import PollWish
from mailsync import engine, mailbox_test
from mailsync.mailbox_test import EndpointOf
from mailsync.steps import step
from mailsync.sync import MailboxReport, SyncSettings

ACTOR = "mailsync"

log = structlog.get_logger("mailsync.wishes")


def tend(
    settings: SyncSettings,
    endpoint_of: EndpointOf,
    hurry: Callable[[str], None],
    should_stop: Callable[[], bool],
) -> None:
    """Do the tests that are wanted; hurry the polls that are; close what is too old."""
    if not mailbox_wishes.anything_open():
        return
    with database.transaction():
        mailbox_wishes.expire()
    for wish in mailbox_wishes.to_take(WishKind.TEST):
        if should_stop():
            return
        with database.transaction():
            taken = mailbox_wishes.take(wish.id)
        if taken and wish.mailbox is not None:
            _test(settings, endpoint_of, wish.id, Mailbox.get_by_id(wish.mailbox))
    slugs = {row.id: row.slug for row in mailboxes.enabled() if row.paused_at is None}
    for wanted in mailbox_wishes.of_polls():
        if not wanted.begun and wanted.mailbox in slugs:
            hurry(slugs[wanted.mailbox])


def _test(
    settings: SyncSettings, endpoint_of: EndpointOf, wish: int, mailbox: Mailbox
) -> None:
    rules = settings.rules.get(mailbox.address)
    if rules is None or not mailbox.enabled or mailbox.paused_at is not None:
        with database.transaction():
            mailbox_wishes.finish(wish, {"outcome": "unreadable"})
        return
    endpoint = endpoint_of(mailbox.address)
    ticks = mailbox_test.run(mailbox, endpoint, settings.open_port, rules)
    step("mailbox_tested")
    code = next((tick.code for tick in ticks if tick.state == "failed"), None)
    result = {"ticks": [asdict(tick) for tick in ticks], "code": code}
    with database.transaction():
        mailbox_wishes.finish(wish, result)
        if code is None:
            release(mailbox.id)
    log.info("mailbox_tested", mailbox=mailbox.slug, code=code)


def release(mailbox: int) -> None:
    """A mailbox that was stopped may be asked again; a server's own pause is kept."""
    database.require_transaction()
    Mailbox.update(status=MailboxStatus.NEW, attempts=0, next_attempt_at=None).where(
        Mailbox.id == mailbox,
        Mailbox.status.in_([MailboxStatus.STOPPED, MailboxStatus.GONE]),
    ).execute()


def before_poll(mailbox: int, zone: ZoneInfo) -> None:
    """Begin what the poll of this mailbox shall fulfil."""
    wanted = [wish for wish in mailbox_wishes.of_polls(mailbox) if not wish.begun]
    if not wanted or mailboxes.is_paused(mailbox):
        return
    with database.transaction():
        for wish in wanted:
            if not mailbox_wishes.begin(wish.id):
                continue
            release(mailbox)
            if wish.kind is WishKind.BACKFILL:
                _begin_backfill(wish, zone)
    step("wishes_begun")


def _begin_backfill(wish: PollWish, zone: ZoneInfo) -> None:
    row = Mailbox.get_by_id(wish.mailbox)
    midnight = None
    if wish.since is not None:
        midnight = datetime.combine(wish.since, time.min, zone).astimezone(UTC)
    reaches = [at for at in (midnight, row.read_from) if at is not None]
    # What arrived since the last poll is news, whenever it is read.
    known = min(row.last_success_at or wish.asked_at, wish.asked_at)
    quiet = [at for at in (known, row.quiet_before) if at is not None]
    Mailbox.update(read_from=min(reaches, default=None), quiet_before=max(quiet)).where(
        Mailbox.id == row.id
    ).execute()
    engine.read_anew(row.id)


def after_poll(report: MailboxReport) -> None:
    """Close what the poll has fulfilled, or could not."""
    if not report.asked:
        return
    for wish in mailbox_wishes.of_polls(report.mailbox):
        if not wish.begun:
            continue
        result = _result(wish, report)
        if result is not None:
            with database.transaction():
                mailbox_wishes.finish(wish.id, result)


def _result(wish: PollWish, report: MailboxReport) -> dict[str, object] | None:
    """What came of it; None while it goes on."""
    if wish.kind is WishKind.POLL_NOW:
        mails = report.outcome.new + report.outcome.copies
        return {"mails": mails, "code": report.code}
    if report.problem is not None or _is_read_on(report.mailbox):
        return None
    read = sum(row.items_read for row in _folders(report.mailbox))
    return {"outcome": "done", "items": read}


def _is_read_on(mailbox: int) -> bool:
    return any(row.caught_up_at is None for row in _folders(mailbox))


def _folders(mailbox: int) -> list[MailFolder]:
    return list(
        MailFolder.select().where(
            MailFolder.mailbox == mailbox,
            MailFolder.role.not_in(["tasks", "calendar"]),
        )
    )
