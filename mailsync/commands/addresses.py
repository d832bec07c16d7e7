"""``address`` and ``employee``: who we deal with, and who works here."""

from pathlib import Path

import click

from crm_core.access import staff
from crm_core.database import transaction
from crm_core.exports.export import bracketed
from crm_core.models import AddressRole
from crm_core.queries import addresses as address_query
from crm_core.queries.addresses import AddressView
from crm_core.records import address_file, address_import, addresses
from crm_core.records.address_import import Choices
from crm_core.sentences import say
from mailsync.commands.invocation import Invocation, json_option, print_json


@click.group()
def address() -> None:
    """Customers, suppliers, authorities: their e-mail addresses and mail."""


@address.command("add")
@click.option("--name", required=True, help="name of the company or person")
@click.option(
    "--kind",
    required=True,
    type=click.Choice([role.value for role in AddressRole]),
    help="what the address is to the company",
)
@click.option("--email", "emails", multiple=True, help="an e-mail address; repeatable")
@click.option("--email2", "more_emails", multiple=True, help="a further e-mail address")
@click.option("--domain", "domains", multiple=True, help="a whole domain; repeatable")
@json_option
@click.pass_obj
def add(
    invocation: Invocation,
    name: str,
    kind: str,
    emails: tuple[str, ...],
    more_emails: tuple[str, ...],
    domains: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add an address."""
    with invocation.session() as session, transaction():
        row = addresses.create(
            name, AddressRole(kind), (*emails, *more_emails), actor=session.actor
        )
        for domain in domains:
            addresses.add_domain(row, domain, actor=session.actor)
    invocation.answer({"id": row.id}, "Address {id} added.", as_json=as_json)


@address.command("show")
@click.argument("address_id", metavar="ID", type=int)
@json_option
@click.pass_obj
def show(invocation: Invocation, address_id: int, as_json: bool) -> None:
    """Show an address: its entries and all its mail, linked or not."""
    with invocation.session():
        view = address_query.show(address_id)
    if as_json:
        print_json(_as_json(view))
        return
    invocation.say("{id}  {name} ({kind})", id=view.id, name=view.name, kind=view.kind)
    for place in (*view.emails, *view.domains):
        click.echo(f"    {place}")
    for entry in view.entries:
        click.echo(f"CRM-{entry.number}  {entry.title}  [{entry.subtag}]")
    for mail in view.messages:
        numbers = ", ".join(f"CRM-{number}" for number in mail.entries) or "–"
        when = f"{mail.received_at:%d.%m.%Y %H:%M}"
        click.echo(f"{when}  {mail.sender or '–'}  {mail.subject}  ({numbers})")


@address.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--kind",
    default=AddressRole.CUSTOMER.value,
    type=click.Choice([role.value for role in AddressRole]),
    help="what the addresses are where a row says nothing",
)
@click.option("--keep", is_flag=True, help="leave addresses that exist as they are")
@click.option("--dry-run", is_flag=True, help="only say what would happen")
@json_option
@click.pass_obj
def import_file(
    invocation: Invocation,
    file: Path,
    kind: str,
    keep: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import addresses from a CSV file; its first row names the columns."""
    with invocation.session() as session:
        table = address_file.read(file.read_bytes())
        columns = address_file.guess(table.header)
        choices = Choices(columns, AddressRole(kind), update=not keep)
        if dry_run:
            rows = address_import.plan(table, choices)
        else:
            rows = address_import.apply(table, choices, actor=session.actor)
    counts = {fate.value: number for fate, number in address_import.count(rows).items()}
    invocation.answer(
        counts,
        "{new} new, {changed} changed, {same} unchanged, {skipped} left out, "
        "{failed} failed.",
        as_json=as_json,
    )
    for row in rows:
        if row.why is not None:
            why = say(row.why, invocation.language)
            click.echo(f"{file.name}:{row.row}: {why}", err=True)
    if counts["failed"]:
        raise click.exceptions.Exit(1)


@click.group()
def employee() -> None:
    """Employees without a mailbox of their own."""


@employee.command("add")
@click.option("--key", required=True, help="short name for commands and programs")
@click.option("--name", required=True, help="name of the employee")
@click.option("--group", "groups", multiple=True, help="a staff group; repeatable")
@json_option
@click.pass_obj
def add_employee(
    invocation: Invocation, key: str, name: str, groups: tuple[str, ...], as_json: bool
) -> None:
    """Add an employee."""
    with invocation.session() as session, transaction():
        row = staff.add_employee(key, name, groups, actor=session.actor)
    invocation.answer(
        {"employee": row.key}, "Employee «{employee}» added.", as_json=as_json
    )


def _as_json(view: AddressView) -> dict[str, object]:
    return {
        "entries": [
            {
                "number": entry.number,
                "title": entry.title,
                "subtag": entry.subtag,
                "status": entry.status.value,
            }
            for entry in view.entries
        ],
        "messages": [
            {
                "message_id": bracketed(mail.internet_id),
                "subject": mail.subject,
                "sender": mail.sender,
                "received_at": mail.received_at.isoformat(),
                "entries": list(mail.entries),
            }
            for mail in view.messages
        ],
    }
