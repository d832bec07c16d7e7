"""``quarantine``: what could not be read, and trying it again."""

import click

from crm_core.database import transaction
from crm_core.exports.export import bracketed
from crm_core.mail import quarantine as quarantined
from crm_core.mail.quarantine import QuarantinedItem
from mailsync.commands.invocation import Invocation, json_option, print_json


@click.group()
def quarantine() -> None:
    """Items that could not be read or applied."""


@quarantine.command("list")
@json_option
@click.pass_obj
def list_items(invocation: Invocation, as_json: bool) -> None:
    """List what waits."""
    with invocation.session():
        items = quarantined.open_items()
    if as_json:
        print_json({"items": [_as_json(item) for item in items]})
        return
    for item in items:
        click.echo(f"{item.id:>6}  {item.mailbox}/{item.folder}  {item.reason}")
    invocation.say("{count} items are in quarantine.", count=len(items))


@quarantine.command("show")
@click.argument("item_id", metavar="ID", type=int)
@json_option
@click.pass_obj
def show(invocation: Invocation, item_id: int, as_json: bool) -> None:
    """Show why an item waits."""
    with invocation.session():
        item = quarantined.get(item_id)
    if as_json:
        print_json(_as_json(item))
        return
    for name, value in _as_json(item).items():
        click.echo(f"{name:>13}: {'–' if value is None else value}")


@quarantine.command("retry")
@click.argument("item_ids", metavar="ID...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="everything that waits")
@json_option
@click.pass_obj
def retry(
    invocation: Invocation, item_ids: tuple[int, ...], everything: bool, as_json: bool
) -> None:
    """Try items again at the next poll of their mailbox."""
    if bool(item_ids) is everything:
        raise invocation.wrong_usage("name the items, or give --all")
    with invocation.session() as session, transaction():
        if everything:
            item_ids = tuple(item.id for item in quarantined.open_items())
        for item_id in item_ids:
            quarantined.request_retry(item_id, actor=session.actor)
    invocation.answer(
        {"count": len(item_ids)},
        "{count} items will be tried again at the next poll.",
        as_json=as_json,
    )


def _as_json(item: QuarantinedItem) -> dict[str, object]:
    return {
        "id": item.id,
        "mailbox": item.mailbox,
        "folder": item.folder,
        "external_id": item.external_id,
        "message_id": bracketed(item.internet_id),
        "reason": item.reason,
        "detail": item.detail,
        "attempts": item.attempts,
        "first_at": item.first_at.isoformat(),
        "last_at": item.last_at.isoformat(),
        "retry_wanted": item.retry_wanted,
    }
