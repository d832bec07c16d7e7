"""``run``, ``sync-once`` and ``status``: the daemon, once by hand, and how it fares."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from mailsync.commands.invocation import Invocation, json_option, print_json

if TYPE_CHECKING:
    from mailsync.health import Health, MailboxHealth
    from mailsync.once import SyncReport


@click.command()
@click.option("--strict", is_flag=True, help="refuse to start on a broken file")
@click.pass_obj
def run(invocation: Invocation, *, strict: bool = False) -> None:
    """Run the daemon (what happens without a command, too)."""
    from mailsync import daemon

    raise click.exceptions.Exit(daemon.run(invocation.directory, strict=strict))


@click.command("sync-once")
@json_option
@click.pass_obj
def sync_once(invocation: Invocation, as_json: bool) -> None:
    """Poll every mailbox to its end, write what is due, compare, and end."""
    from mailsync import logs, once
    from mailsync.context import context
    from mailsync.one_daemon import only_daemon

    with invocation.session() as session, only_daemon(session.config):
        logs.configure("warning", session.config.service.logging.format)
        jobs = context(session.config)
        try:
            report = once.sync_once(jobs.sync_settings())
        finally:
            jobs.close()
    if as_json:
        print_json(_report_json(report))
    else:
        _say_report(invocation, report)
    raise click.exceptions.Exit(0 if report.complete else 1)


def _say_report(invocation: Invocation, report: "SyncReport") -> None:
    for box in report.mailboxes:
        if box.problem is not None:
            text = invocation.text(
                "{mailbox}: {problem} ({code})",
                mailbox=box.slug,
                problem=box.problem,
                code=box.code or "–",
            )
            click.echo(text, err=True)
    if report.tasks_left:
        template = "{count} tasks could not be written."
        click.echo(invocation.text(template, count=report.tasks_left), err=True)
    invocation.say(
        "{mailboxes} mailboxes, {copies} new mails and copies, {pushed} tasks written.",
        mailboxes=len(report.mailboxes),
        copies=sum(box.outcome.new + box.outcome.copies for box in report.mailboxes),
        pushed=report.outbox.pushed,
    )


def _report_json(report: "SyncReport") -> dict[str, object]:
    return {
        "ok": report.complete,
        "mailboxes": [
            {
                "mailbox": box.slug,
                "problem": box.problem,
                "code": box.code,
                "new": box.outcome.new,
                "copies": box.outcome.copies,
                "private": box.outcome.private,
                "quarantined": box.outcome.quarantined,
                "acts": box.acts,
                "bodies": box.bodies,
            }
            for box in report.mailboxes
        ],
        "tasks_written": report.outbox.pushed,
        "tasks_left": report.tasks_left,
    }


@click.command()
@json_option
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> None:
    """Tell how the mailboxes and the daemon fare; exit 1 if somebody must act."""
    from mailsync.health import STATES, health

    with invocation.session() as session:
        boxes = session.config.mailboxes
        found = health({box.address: box.poll for box in boxes})
    if as_json:
        print_json(_as_json(found))
    else:
        for box in found.mailboxes:
            click.echo(_line(invocation, box, STATES[box.state]))
        _say_rest(invocation, found)
    raise click.exceptions.Exit(0 if found.healthy else 1)


def _line(invocation: Invocation, box: "MailboxHealth", state: str) -> str:
    sign = " " if box.healthy else "!"
    code = f" ({box.state})" if box.state.startswith("E") else ""
    words = invocation.text(state)
    if box.paused_at is not None:
        who, when = box.paused_by or "?", _when(box.paused_at)
        words = invocation.text("paused by {who} since {when}", who=who, when=when)
    count = f"  {equation(box.counted.there, box.counted.here)}" if box.counted else ""
    when = _when(box.last_success_at)
    return f"{sign} {box.address:<40} {when}  {words}{code}{count}"


def equation(there: int, here: int) -> str:
    """A count as people read it: «4 312 = 4 312»."""
    sign = "=" if there == here else "≠"
    return f"{there:,} {sign} {here:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _say_rest(invocation: Invocation, found: "Health") -> None:
    quarantined = sum(box.quarantined for box in found.mailboxes)
    if quarantined:
        invocation.say("In quarantine: {count}.", count=quarantined)
    tasks = found.tasks
    invocation.say(
        "Tasks: {pending} pending, {failed} failed, {parked} given up, "
        "{drifted} drifted.",
        pending=tasks.pending,
        failed=tasks.failed,
        parked=tasks.parked,
        drifted=tasks.drifted,
    )
    if not found.daemons:
        invocation.say("The daemon does not run.")
    for daemon in found.daemons:
        template = (
            "The daemon runs (since {since})."
            if daemon.running
            else "The daemon gives no sign of life (last one {since})."
        )
        invocation.say(template, since=_when(daemon.beat_at))
        if daemon.config_error:
            invocation.say(
                "The last good configuration is in force: {error}",
                error=daemon.config_error,
            )


def _when(at: datetime | None) -> str:
    return f"{at.astimezone():%d.%m.%Y %H:%M}" if at else "–" + " " * 15


def _as_json(found: "Health") -> dict[str, object]:
    return {
        "healthy": found.healthy,
        "mailboxes": [
            {
                "address": box.address,
                "healthy": box.healthy,
                "state": box.state,
                "detail": box.detail,
                "last_success_at": _iso(box.last_success_at),
                "next_attempt_at": _iso(box.next_attempt_at),
                "quarantined": box.quarantined,
                "paused_at": _iso(box.paused_at),
                "counted": None
                if box.counted is None
                else {
                    "at": _iso(box.counted.at),
                    "there": box.counted.there,
                    "here": box.counted.here,
                },
            }
            for box in found.mailboxes
        ],
        "daemons": [
            {
                "instance": daemon.instance,
                "version": daemon.version,
                "running": daemon.running,
                "beat_at": _iso(daemon.beat_at),
                "config_error": daemon.config_error,
            }
            for daemon in found.daemons
        ],
        "tasks": {
            "pending": found.tasks.pending,
            "failed": found.tasks.failed,
            "parked": found.tasks.parked,
            "drifted": found.tasks.drifted,
        },
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
