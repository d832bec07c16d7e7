"""``export`` and ``erase``: handing out what is stored, and removing it for good.

Files are written into a folder of their own, readable by its owner alone. What was
handed out or erased stands in the log; of an erased person only that and how much.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailsync.commands.entry_number import ENTRY_NUMBER
from mailsync.commands.invocation import Invocation, Session, json_option

if TYPE_CHECKING:
    from crm_core.exports.entry_export import ExportFile
    from mailsync.blobs import BlobStore

out_option = click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="folder to write into; made where missing, must be empty",
)


@click.group()
def export() -> None:
    """Hand out what is stored."""


@export.command("messages")
@click.option(
    "--format",
    type=click.Choice(["jsonl"]),
    default="jsonl",
    expose_value=False,
    help="form of the output",
)
@click.pass_obj
def messages(invocation: Invocation) -> None:
    """One line of JSON per mail: where it lies, its thread, its entries."""
    from crm_core.exports.export import message_lines

    with invocation.session():
        for line in message_lines():
            entries = [
                {"number": one.number, "reason": one.reason, "held": one.held}
                for one in line.entries
            ]
            record = {
                "message_id": line.message_id,
                "mailboxes": list(line.mailboxes),
                "conversation": line.conversation,
                "entries": entries,
                "quarantined": line.quarantined,
                "private": line.private,
                "id_conflict": line.id_conflict,
                "joined_by": line.joined_by,
            }
            click.echo(json.dumps(record, ensure_ascii=True))


@export.command("entry")
@click.argument("number", type=ENTRY_NUMBER)
@out_option
@json_option
@click.pass_obj
def entry(invocation: Invocation, number: int, folder: Path, as_json: bool) -> None:
    """Write an entry with its mails: entry.json and one .eml per mail."""
    from crm_core import database
    from crm_core.exports import entry_export
    from crm_core.records import entries

    with invocation.session() as session:
        row = entries.by_number(number)
        _empty_folder(invocation, folder)
        with database.transaction():
            entry_export.note(session.actor, "entry", entry=row)
        count = _write(folder, entry_export.of_entry(row, _blobs(session).read))
    _tell(invocation, folder, count, as_json=as_json)


@export.command("person")
@click.argument("person", metavar="ADDR")
@out_option
@json_option
@click.pass_obj
def person_files(
    invocation: Invocation, person: str, folder: Path, as_json: bool
) -> None:
    """Write all that is stored about a person: person.json, one .eml per mail."""
    from crm_core import database
    from crm_core.exports import entry_export
    from crm_core.personal_data import privacy

    with invocation.session() as session:
        found = privacy.find(person)
        _empty_folder(invocation, folder)
        with database.transaction():
            entry_export.note(session.actor, found.subject)
        count = _write(folder, privacy.access_report(found, _blobs(session).read))
    _tell(invocation, folder, count, as_json=as_json)


@export.command("all")
@out_option
@json_option
@click.pass_obj
def everything(invocation: Invocation, folder: Path, as_json: bool) -> None:
    """Write everything: all tables, the lists as CSV, every entry with its mails."""
    from crm_core import database
    from crm_core.exports import entry_export, whole_export

    with invocation.session() as session:
        _empty_folder(invocation, folder)
        with database.transaction():
            entry_export.note(session.actor, "all")
        count = _write(folder, whole_export.of_everything(_blobs(session).read))
    _tell(invocation, folder, count, as_json=as_json)


@click.group()
def erase() -> None:
    """Remove for good what is stored."""


@erase.command("person")
@click.argument("person", metavar="ADDR")
@click.option("--yes", is_flag=True, help="do not ask")
@json_option
@click.pass_obj
def person(invocation: Invocation, person: str, yes: bool, as_json: bool) -> None:
    """Erase a person: mails, address, and the name in all texts, for good."""
    from crm_core import database
    from crm_core.personal_data import privacy

    with invocation.session() as session:
        found = privacy.find(person)
        would = privacy.preview(found)
        if not yes:
            click.echo(
                invocation.text(
                    "{mails} mails go ({shared} of them name others too, {linked} are "
                    "in entries), and the name in all texts.",
                    mails=would.mails,
                    shared=would.shared,
                    linked=would.linked,
                ),
                err=True,
            )
            click.confirm(invocation.text("Erase for good?"), abort=True, err=True)
        with database.transaction():
            erased = privacy.erase(found, actor=session.actor)
        _blobs(session).discard(erased.blobs)
        clean = privacy.scrub(found.emails)
    result = {"mails": erased.mails, "texts": erased.texts, "clean": clean}
    invocation.answer(
        result, "{mails} mails erased, {texts} texts changed.", as_json=as_json
    )
    if not clean:
        invocation.say(
            "Traces are left in the database file: stop the programs and run it again."
        )
        raise click.exceptions.Exit(1)


def _blobs(session: Session) -> "BlobStore":
    from mailsync.blobs import BlobStore

    return BlobStore(session.config.service.state_directory / "blobs")


def _empty_folder(invocation: Invocation, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise invocation.wrong_usage("the folder {folder} is not empty", folder=folder)
    folder.chmod(0o700)


def _write(folder: Path, files: "Iterable[ExportFile]") -> int:
    """Write the files; how many."""
    count = 0
    for file in files:
        place = folder.joinpath(*file.name.split("/"))
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.touch(mode=0o600, exist_ok=False)
        place.write_bytes(file.content)
        count += 1
    return count


def _tell(invocation: Invocation, folder: Path, count: int, *, as_json: bool) -> None:
    result = {"files": count, "folder": str(folder)}
    invocation.answer(result, "{files} files written to {folder}.", as_json=as_json)
