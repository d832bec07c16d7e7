"""Commands of the administrator: configuration, database, taxonomy."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailsync.commands.invocation import Invocation, json_option, print_json

if TYPE_CHECKING:
    from config import Config
    from mailsync.inventory import FolderCount


@click.command()
@click.pass_obj
def migrate(invocation: Invocation) -> None:
    """Bring the database up to this program's tables."""
    from crm_core import database
    from mailsync import startup

    config = invocation.load()
    try:
        done = startup.open_database(config, migrate=True)
        startup.mirror(config, actor=startup.system_actor())
    finally:
        database.close()
    for name in done.applied:
        click.echo(name)
    invocation.say("{count} migrations applied.", count=len(done.applied))
    if done.backup is not None:
        invocation.say("The database as it was before: {file}", file=done.backup)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(invocation: Invocation, file: Path) -> None:
    """Copy the database to FILE while it is in use, and verify the copy."""
    from crm_core import database
    from crm_core.exports import backup as backups

    with invocation.session() as opened:
        if database.is_postgres():
            raise invocation.wrong_usage(
                "PostgreSQL is backed up by its own means: pg_dump --format=custom "
                "--file={file} and the database's name",
                file=file,
            )
        made = backups.copy(file.absolute())
        with database.transaction():
            backups.record(actor=opened.actor, detail=made.name)
    invocation.say("Backup made and verified: {file}", file=made)


@click.command("check-config")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="form of the output",
)
@click.option("--strict", is_flag=True, help="warnings make it fail (exit 1)")
@click.pass_obj
def check_config(invocation: Invocation, form: str, strict: bool) -> None:
    """Check the configuration; nothing is asked but its files."""
    from config import ConfigError, render

    try:
        problems = invocation.load().warnings
        code = 1 if strict and problems else 0
    except ConfigError as error:
        problems, code = error.problems, 2
    text = render(problems, invocation.language, form)  # type: ignore[arg-type]  # click checked the word
    if text and (problems or form == "json"):
        click.echo(text, err=code == 2 and form == "text")
    if code == 0 and form == "text":
        invocation.say("The configuration is valid.")
    raise click.exceptions.Exit(code)


@click.command()
@click.option(
    "--counts", is_flag=True, help="also compare every mailbox with the database"
)
@json_option
@click.pass_obj
def verify(invocation: Invocation, counts: bool, as_json: bool) -> None:
    """Check all invariants over the whole database."""
    from crm_core import verify as checks

    with invocation.session() as session:
        findings = checks.verify()
        counted = _count(session.config) if counts else []
    ok = not findings and all(one.complete for one in counted)
    if as_json:
        listed = [{"check": one.check, "detail": one.detail} for one in findings]
        result: dict[str, object] = {"ok": ok, "findings": listed}
        print_json(result | ({"counts": _counts_json(counted)} if counts else {}))
    else:
        for one in findings:
            click.echo(f"{one.check}: {one.detail}")
        for folder in counted:
            click.echo(_count_line(invocation, folder))
        invocation.say("{count} findings.", count=len(findings))
    raise click.exceptions.Exit(0 if ok else 1)


def _count(config: "Config") -> "list[FolderCount]":
    from mailsync import inventory
    from mailsync.context import context

    jobs = context(config)
    try:
        return inventory.take(jobs.sync_settings())
    finally:
        jobs.close()


def _count_line(invocation: Invocation, one: "FolderCount") -> str:
    from mailsync.commands.service import equation

    sign = " " if one.complete else "!"
    where = f"{sign} {one.mailbox} {one.folder}".rstrip()
    if one.problem is not None:
        return f"{where}  {invocation.text(one.problem)}"
    gone = "" if not one.vanished else f" (-{one.vanished})"
    return f"{where}  {equation(one.there, one.here)}{gone}"


def _counts_json(counted: Iterable["FolderCount"]) -> list[dict[str, object]]:
    return [
        {
            "mailbox": one.mailbox,
            "folder": one.folder,
            "there": one.there,
            "here": one.here,
            "vanished": one.vanished,
            "problem": one.problem,
        }
        for one in counted
    ]


@click.group()
def taxonomy() -> None:
    """Group › tag › subtag."""


@taxonomy.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@click.pass_obj
def import_file(invocation: Invocation, file: Path, as_json: bool) -> None:
    """Add and update the taxonomy from a file; nothing is removed."""
    from mailsync import startup

    with invocation.session() as session:
        count = startup.import_taxonomy(session.config, file, actor=session.actor)
    invocation.answer(
        {"groups": count.groups, "tags": count.tags, "subtags": count.subtags},
        "{groups} groups, {tags} tags and {subtags} subtags imported.",
        as_json=as_json,
    )
