"""Every sentence of the command line has a German one with the same values."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mailsync import health
from mailsync.commands.german import GERMAN
from mailsync.commands.words import say
from run_service import cli

ROOT = Path(__file__).parents[2]
ERRORS = {
    "AlreadyRunning", "Conflict", "Stale", "CrmError", "Forbidden", "Invalid",
    "LastAdministrator", "NeedsMigration", "NotFound", "_refuse",
}  # fmt: skip
SPEAKING = {"say", "text", "answer", "wrong_usage", "_step", "_tell"}


def literal(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literal(node.body)
        yield from literal(node.orelse)


def name_of(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr
        if isinstance(function, ast.Attribute)
        else getattr(function, "id", "")
    )


def refusals(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node) in ERRORS:
            place = 2 if name_of(node) == "Invalid" else 0
            for argument in node.args[place : place + 1]:
                yield from literal(argument)


def answers(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node) in SPEAKING:
            for argument in node.args:
                yield from (text for text in literal(argument) if " " in text)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "template":
            yield from literal(node.value)


def helps(command: click.Command) -> Iterator[str]:
    yield command.help or ""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, (command.name, parameter.name)
            yield parameter.help
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from helps(one)


def sources(*folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            # The port's own Conflict and its kin speak by their code, not by a text.
            if "ews" not in path.parts and path.name != "memory.py":
                yield path.read_text()


def every_text(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("LANG", "en_GB")
    found = {text for source in sources("crm_core", "mailsync", "crm_web") for text in
             refusals(source)}  # fmt: skip
    commands = [*sources("mailsync/commands"),
                (ROOT / "crm_web" / "commands.py").read_text()]  # fmt: skip
    found |= {text for source in commands for text in answers(source)}
    found |= set(health.STATES.values())
    context = click.Context(cli)
    found |= set(helps(cli))
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        found |= set(helps(command))
    return found


def test_every_text_is_said_in_german_too(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = sorted(every_text(monkeypatch) - GERMAN.keys())
    assert missing == []


def test_no_german_text_is_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    used = every_text(monkeypatch) | {"the database cannot be used: {detail}"}
    assert sorted(GERMAN.keys() - used) == []


@pytest.mark.parametrize("english", sorted(GERMAN))
def test_both_languages_use_the_same_values(english: str) -> None:
    def values(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    assert values(english) == values(GERMAN[english])


def test_german_is_swiss_and_calm() -> None:
    assert not [text for text in GERMAN.values() if "ß" in text or "!" in text]
    assert not [text for text in GERMAN.values() if '"' in text or "„" in text]


def test_a_text_without_german_is_noticed() -> None:
    assert list(refusals('raise Conflict("nobody {knows} this", knows=1)'))
    assert set(answers('invocation.say("Nobody knows this.")')) - GERMAN.keys()
    assert say("nobody {knows}", "de", knows="this") == "nobody this"
