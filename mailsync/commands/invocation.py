"""One call of the command line: its configuration, database, language and printing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailsync.commands.words import Language, say

if TYPE_CHECKING:
    from config import Config


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded configuration over a connected, mirrored database."""

    config: "Config"
    actor: str


@dataclass(slots=True)
class Invocation:
    """What the global options said; the object that every command gets.

    ``language`` is known from the start (``--lang``, else the environment) unless
    neither says anything: then it is the configuration's, once that is read.
    """

    directory: Path
    language: Language = "de"
    language_given: bool = False
    config: "Config | None" = field(default=None, repr=False)

    def load(self) -> "Config":
        """The configuration; raises ConfigError with everything wrong in it."""
        import config

        self.config = config.load(self.directory)
        if not self.language_given:
            self.language = self.config.service.locale
        return self.config

    @contextmanager
    def session(self, *, migrate: bool = False) -> Iterator[Session]:
        """Configuration loaded, database connected and mirrored; closed at the end."""
        from crm_core import database
        from mailsync import startup

        config = self.load()
        actor = startup.system_actor()
        try:
            startup.open_database(config, migrate=migrate)
            startup.mirror(config, actor=actor)
            yield Session(config, actor)
        finally:
            database.close()

    def text(self, template: str, **values: object) -> str:
        """A sentence in the caller's language."""
        return say(template, self.language, **values)

    def say(self, template: str, **values: object) -> None:
        """Print a sentence to people."""
        click.echo(self.text(template, **values))

    def wrong_usage(self, template: str, **values: object) -> click.UsageError:
        """The error for options that do not fit together (exit 2)."""
        return click.UsageError(self.text(template, **values))

    def answer(
        self, result: Mapping[str, object], template: str, *, as_json: bool
    ) -> None:
        """Print one JSON object, or the sentence made of the same values."""
        if as_json:
            print_json(result)
        else:
            self.say(template, **result)


def print_json(result: Mapping[str, object]) -> None:
    """Exactly one JSON object on stdout, plain ASCII whatever the terminal is."""
    click.echo(json.dumps(result, ensure_ascii=True, default=str))


json_option = click.option(
    "--json", "as_json", is_flag=True, help="print one JSON object"
)
