"""The root of the command line: global options, lazy commands, errors become exits.

    ConfigError, wrong usage           2, with file:line:column and the sentence
    CrmError, MailSyncError, database  1, with a sentence
    anything else                      a bug: its traceback

Commands are imported when they are called, so that a small one starts in a moment.
"""

import copy
import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mailsync.commands.invocation import Invocation
from mailsync.commands.words import Language, in_language, say

DEFAULT_DIRECTORY = "/etc/mailsync"


class Root(click.Group):
    """The command ``mailsync``. ``places`` maps a name to ``module:attribute``."""

    def __init__(self, places: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """In the order of the table."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now, with its help in the caller's language."""
        place = self.places.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return spoken(command, _language_of(ctx))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """In the caller's language, like every other help."""
        click.Group.format_help(spoken(self, _language_of(ctx)), ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; expected errors become one sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except Exception as error:  # whatever is not expected is raised again
            code = _explain(error, ctx.obj)
            if code is None:
                raise
            ctx.exit(code)


def root(places: Mapping[str, str], *, default: str) -> Root:
    """The command line over these places; without a command, ``default`` runs."""

    def begin(ctx: click.Context, directory: Path, lang: Language | None) -> None:
        said = lang or _environment_language()
        ctx.obj = Invocation(directory, said or "de", language_given=said is not None)
        if ctx.invoked_subcommand is None:
            command = main.get_command(ctx, default)
            if command is not None:
                ctx.invoke(command)

    directory = click.Option(
        ["--config", "directory"],
        type=click.Path(path_type=Path, file_okay=False),
        envvar="MAILSYNC_CONFIG",
        default=DEFAULT_DIRECTORY,
        show_default=True,
        metavar="DIR",
        help="folder of service.yaml and mailboxes.yaml [env: MAILSYNC_CONFIG]",
    )
    lang = click.Option(
        ["--lang"], type=click.Choice(["de", "en"]), help="language of the output"
    )
    main = Root(
        places,
        name="mailsync",
        callback=click.pass_context(begin),
        params=[directory, lang],
        invoke_without_command=True,
        help="Ties Exchange mailboxes to CRM entries, and tasks back to Outlook.",
    )
    return main


def spoken(command: click.Command, language: Language) -> click.Command:
    """A copy of the command whose help texts are in the language."""
    if language == "en":
        return command
    found = copy.copy(command)
    found.help = in_language(command.help, language)
    found.short_help = in_language(command.short_help, language)
    found.params = [_spoken_parameter(one, language) for one in command.params]
    if isinstance(found, click.Group) and isinstance(command, click.Group):
        found.commands = {
            name: spoken(one, language) for name, one in command.commands.items()
        }
    return found


def _spoken_parameter(parameter: click.Parameter, language: Language) -> Any:
    if not isinstance(parameter, click.Option):
        return parameter
    found = copy.copy(parameter)
    found.help = in_language(parameter.help, language)
    return found


def _language_of(ctx: click.Context) -> Language:
    if isinstance(ctx.obj, Invocation):
        return ctx.obj.language
    given: Language | None = ctx.params.get("lang")
    return given or _environment_language() or "de"


def _environment_language() -> Language | None:
    """What the locale says, in the order of precedence of POSIX; C says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            language = value[:2].lower()
            return "de" if language == "de" else "en" if language == "en" else None
    return None


def _explain(error: Exception, invocation: Invocation | None) -> int | None:
    """Tell people what went wrong; the exit code, or None for a bug."""
    language: Language = invocation.language if invocation else "de"
    if isinstance(error, click.ClickException):
        return None
    from config import ConfigError, render

    if isinstance(error, ConfigError):
        click.echo(render(error.problems, language), err=True)
        return 2
    from crm_core.errors import CrmError
    from mailsync.errors import MailSyncError

    if isinstance(error, CrmError):
        click.echo(_sentence(error.template, language, error.values), err=True)
        return 1
    if isinstance(error, MailSyncError):
        click.echo(f"{error} ({error.code})", err=True)
        return 1
    return _explain_database(error, language)


def _explain_database(error: Exception, language: Language) -> int | None:
    import apsw
    from peewee import InterfaceError, OperationalError

    from crm_core.database import UnsafeSqlite

    known = (
        OperationalError, InterfaceError, UnsafeSqlite, apsw.BusyError,
        apsw.CantOpenError, apsw.ReadOnlyError, apsw.FullError, apsw.IOError,
        apsw.NotADBError, apsw.CorruptError, PermissionError,
    )  # fmt: skip
    wrong_sql = isinstance(error.__context__, apsw.SQLError)  # ours: a bug
    if wrong_sql or not isinstance(error, known):
        return None
    detail = " ".join(str(error).split())[:300]
    template = "the database cannot be used: {detail}"
    click.echo(_sentence(template, language, {"detail": detail}), err=True)
    return 1


def _sentence(template: str, language: Language, values: Mapping[str, object]) -> str:
    sentence = say(template, language, **values)
    return sentence[:1].upper() + sentence[1:]
