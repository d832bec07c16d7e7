"""The web's commands: serve the pages, add accounts and tokens.

Mounted by ``run_service`` beside the daemon's; the object of the click context is the
invocation that opens configuration and database.
"""

from pathlib import Path
from typing import Any, Protocol

import click

from crm_core import database
from crm_core.access import accounts
from crm_core.errors import NotFound
from crm_core.models import Account, TokenScope


class Opened(Protocol):
    """What a call of the command line offers (``mailsync.commands.invocation``)."""

    def session(self) -> Any:
        """Configuration loaded, database connected and mirrored."""

    def answer(self, result: Any, template: str, *, as_json: bool) -> None:
        """Print JSON or a sentence."""

    def say(self, template: str, **values: object) -> None:
        """Print a sentence."""


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="where to listen")
@click.option("--demo", type=click.Path(path_type=Path, exists=True), hidden=True)
@click.pass_obj
def web(invocation: Opened, listen: str | None, demo: Path | None) -> None:
    """Serve the pages and the API."""
    from crm_web.server import serve, settings_of
    from crm_web.settings import DemoSettings

    with invocation.session() as opened:
        settings = settings_of(
            opened.config, None if demo is None else DemoSettings.read(demo)
        )
        address = listen or opened.config.service.web.listen
        with database.transaction():
            accounts.ensure_preset_rights()
    serve(
        settings,
        address,
        ready=lambda url: invocation.say("Pages at {url}", url=url),
    )


@click.group()
def user() -> None:
    """People who sign in to the pages."""


@user.command("add")
@click.argument("name")
@click.option("--group", "groups", multiple=True, metavar="G", help="staff group")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="file with the password; otherwise it is asked for",
)
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
@click.pass_obj
def add_user(
    invocation: Opened,
    name: str,
    groups: tuple[str, ...],
    password_file: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over by name
) -> None:
    """Add an account; the employee is made where missing."""
    if password_file is not None:
        password = password_file.read_text(encoding="utf-8").strip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with invocation.session() as opened, database.transaction():
        account = accounts.create(
            name, actor=opened.actor, password=password, groups=groups
        )
        result = {"id": account.id, "login": account.login}
    invocation.answer(result, "Account «{login}» added.", as_json=as_json)


@click.group()
def token() -> None:
    """Keys for programs that use the API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "write"]),
    required=True,
    help="what it may do",
)
@click.option("--user", "login", metavar="U", help="acts as this account")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
@click.pass_obj
def add_token(
    invocation: Opened,
    name: str,
    scope: str,
    login: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over by name
) -> None:
    """Add a token; it is shown once. It acts as U, by default the first GL account."""
    with invocation.session() as opened, database.transaction():
        account = (
            accounts.first_management_account() if login is None else _account(login)
        )
        value = accounts.create_token(
            name, TokenScope(scope), account, actor=opened.actor
        )
    invocation.answer({"token": value}, "{token}", as_json=as_json)


def _account(login: str) -> Account:
    account = Account.get_or_none(Account.login == login.strip().lower())
    if not isinstance(account, Account):
        raise NotFound("there is no account «{login}»", login=login)
    return account
