"""``entry``: opening entries, who takes part, which mail belongs to them."""

import click

from crm_core.database import transaction
from crm_core.errors import Conflict, NotFound
from crm_core.exports.export import bracketed
from crm_core.linking import links
from crm_core.models import Entry, LinkReason, Message
from crm_core.queries import entries as entry_query
from crm_core.queries.entries import EntryView
from crm_core.records import entries
from mailsync.commands.entry_number import ENTRY_NUMBER
from mailsync.commands.invocation import Invocation, json_option, print_json
from mailsync.commands.task_json import task_json

number_argument = click.argument("number", metavar="NUMBER", type=ENTRY_NUMBER)
message_option = click.option(
    "--message-id", required=True, help="Message-ID, with or without angle brackets"
)


@click.group()
def entry() -> None:
    """CRM entries."""


@entry.command("new")
@click.option("--address", "address_id", required=True, type=int, help="address id")
@click.option("--subtag", required=True, help="key of the subtag")
@click.option("--title", required=True, help="title of the entry")
@click.option("--note", default="", help="a first note")
@click.option("--management-only", is_flag=True, help="for the group GL only")
@json_option
@click.pass_obj
def new(
    invocation: Invocation,
    address_id: int,
    subtag: str,
    title: str,
    note: str,
    management_only: bool,
    as_json: bool,
) -> None:
    """Open an entry."""
    with invocation.session() as session, transaction():
        row = entries.create(
            address_id,
            subtag,
            title,
            note=note,
            management_only=management_only,
            actor=session.actor,
        )
    invocation.answer({"number": row.number}, "Entry {number} opened.", as_json=as_json)


@entry.command("participant")
@number_argument
@click.option("--address", "address_id", required=True, type=int, help="address id")
@click.option("--remove", is_flag=True, help="takes part no longer")
@json_option
@click.pass_obj
def participant(
    invocation: Invocation, number: int, address_id: int, remove: bool, as_json: bool
) -> None:
    """Add an address that takes part in an entry."""
    with invocation.session() as session, transaction():
        row = entries.by_number(number)
        if remove:
            entries.remove_participant(row, address_id, actor=session.actor)
        else:
            entries.add_participant(row, address_id, actor=session.actor)
    template = (
        "Address {address} takes no part in entry {number} any more."
        if remove
        else "Address {address} takes part in entry {number}."
    )
    invocation.answer(
        {"number": number, "address": address_id}, template, as_json=as_json
    )


@entry.command("link")
@number_argument
@message_option
@json_option
@click.pass_obj
def link(invocation: Invocation, number: int, message_id: str, as_json: bool) -> None:
    """Link a mail, and with it its whole conversation."""
    with invocation.session() as session, transaction():
        row = entries.by_number(number)
        mail = _one_conversation(message_id)
        links.link_mail(row, mail, reason=LinkReason.MANUAL, actor=session.actor)
    _tell(invocation, "The mail is linked to entry {number}.", number, mail, as_json)


@entry.command("unlink")
@number_argument
@message_option
@click.option("--conversation", is_flag=True, help="the whole conversation")
@json_option
@click.pass_obj
def unlink(
    invocation: Invocation,
    number: int,
    message_id: str,
    conversation: bool,
    as_json: bool,
) -> None:
    """Take a mail, or its whole conversation, out of an entry for good."""
    with invocation.session() as session, transaction():
        row = entries.by_number(number)
        if conversation:
            mail = _one_conversation(message_id)
            links.unlink_conversation(row, mail, actor=session.actor)
        else:
            mail = _one_of_entry(row, message_id)
            links.unlink_message(row, mail, actor=session.actor)
    template = (
        "The conversation is not in entry {number} any more."
        if conversation
        else "The mail is not in entry {number} any more."
    )
    _tell(invocation, template, number, mail, as_json)


@entry.command("show")
@number_argument
@json_option
@click.pass_obj
def show(invocation: Invocation, number: int, as_json: bool) -> None:
    """Show an entry: who takes part, its mail, its tasks."""
    with invocation.session():
        view = entry_query.show(number)
        result = _as_json(view)
    if as_json:
        print_json(result)
        return
    click.echo(f"CRM-{view.number}  {view.title}  [{view.subtag}]")
    for one in view.addresses:
        click.echo(f"    {one.id}  {one.name} ({one.kind})")
    for mail in view.messages:
        when = f"{mail.received_at:%d.%m.%Y %H:%M}"
        why = mail.hold.value if mail.hold else mail.reason.value
        sign = "?" if mail.hold else "+" if mail.new_sender else " "
        click.echo(f"  {sign} {when}  {mail.sender or '–'}  {mail.subject}  ({why})")
    for task in view.tasks:
        click.echo(f"  # {task.id}  {task.title}  {task.employee}  {task.status.value}")


def _one_conversation(message_id: str) -> Message:
    """The mail; where its id was repeated, the first one, if all are one thread."""
    found = _found(message_id)
    if len({mail.conversation_id for mail in found}) > 1:
        raise _ambiguous(message_id, found)
    return next((mail for mail in found if not mail.id_conflict), found[0])


def _one_of_entry(row: Entry, message_id: str) -> Message:
    """The mail; where its id was repeated, the only one that the entry has."""
    found = _found(message_id)
    if len(found) > 1:
        there = {mail.id for mail in entry_query.messages_of(row)}
        found = [mail for mail in found if mail.id in there] or found[:1]
    if len(found) > 1:
        raise _ambiguous(message_id, found)
    return found[0]


def _found(message_id: str) -> list[Message]:
    found = links.find_message(message_id)
    if not found:
        raise NotFound(
            "there is no mail with the Message-ID {message_id}", message_id=message_id
        )
    return found


def _ambiguous(message_id: str, found: list[Message]) -> Conflict:
    return Conflict(
        "{count} different mails carry the Message-ID {message_id}; "
        "choose one in the CRM",
        count=len(found),
        message_id=message_id,
    )


def _tell(
    invocation: Invocation, template: str, number: int, mail: Message, as_json: bool
) -> None:
    result = {"number": number, "message_id": bracketed(mail.internet_id)}
    invocation.answer(result, template, as_json=as_json)


def _as_json(view: EntryView) -> dict[str, object]:
    return {
        "number": view.number,
        "title": view.title,
        "subtag": view.subtag,
        "addresses": [
            {"id": one.id, "name": one.name, "kind": one.kind} for one in view.addresses
        ],
        "messages": [
            {
                "message_id": bracketed(mail.internet_id),
                "reason": mail.reason.value,
                "held": mail.hold.value if mail.hold else None,
                "new_sender": mail.new_sender,
            }
            for mail in view.messages
        ],
        "tasks": [task_json(task) for task in view.tasks],
    }
