"""docs/cli.md names every command and option, and nothing that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from run_service import cli

DOC = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            for below, one in command.commands.items():
                yield f"mailsync {name} {below}", one
        else:
            yield f"mailsync {name}", command


def documented(path: str) -> str:
    """The first table cell that begins with this command."""
    found = re.search(rf"\| `{re.escape(path)}(?=[ `])[^`]*`", DOC)
    return found.group(0) if found else ""


def test_every_command_is_documented() -> None:
    assert [path for path, _ in commands() if not documented(path)] == []


def test_every_option_is_documented_with_its_command() -> None:
    missing = [
        (path, option)
        for path, command in commands()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if option not in documented(path)
    ]
    assert missing == []


def test_nothing_is_documented_that_does_not_exist() -> None:
    known = {path for path, _ in commands()}
    told = re.findall(r"\| `(mailsync [a-z-]+(?: [a-z]+)?)", DOC)
    groups = {path.rsplit(" ", 1)[0] for path in known if path.count(" ") == 2}
    wrong = [
        path
        for path in told
        if path not in known
        and not (path.rsplit(" ", 1)[0] in known and path.count(" ") == 2)
    ]
    assert wrong == []
    assert len(told) >= len(known)
    assert groups


def test_a_missing_command_would_be_noticed() -> None:
    assert documented("mailsync fly") == ""
