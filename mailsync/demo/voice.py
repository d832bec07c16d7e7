"""What is told, in German or English; both stand side by side where they are said."""

import sys
from dataclasses import dataclass

import click

from mailsync.commands.words import Language

_INDENT = "       "


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in both languages."""

    de: str
    en: str


@dataclass(frozen=True, slots=True)
class Voice:
    """Prints to people, at once (a demo is watched while it runs)."""

    language: Language

    def choose(self, said: Said) -> str:
        """The sentence in the language that is spoken."""
        return said.de if self.language == "de" else said.en

    def title(self, de: str, en: str) -> None:
        """A heading."""
        self._print("")
        self._print(self.choose(Said(de, en)), bold=True)

    def line(self, de: str, en: str) -> None:
        """Something that happens."""
        self._print(self.choose(Said(de, en)))

    def aside(self, de: str, en: str) -> None:
        """What is special about it."""
        self._print(f"{_INDENT}{self.choose(Said(de, en))}", dim=True)

    def fact(self, de: str, en: str) -> None:
        """What was read back."""
        self._print(f"{_INDENT}→ {self.choose(Said(de, en))}")

    def typed(self, command: str) -> None:
        """A command that somebody could type."""
        self._print(f"{_INDENT}$ mailsync {command}", dim=True)

    def trouble(self, name: str, said: Said) -> None:
        """What is not as it must be; to stderr, with the name of the scene."""
        word = "FEHLT" if self.language == "de" else "MISSING"
        sys.stdout.flush()
        click.echo(f"{word}: {name}: {self.choose(said)}", err=True)

    def _print(self, text: str, *, bold: bool = False, dim: bool = False) -> None:
        click.echo(click.style(text, bold=bold, dim=dim) if bold or dim else text)
        sys.stdout.flush()


def plural(count: int, one: str, many: str) -> str:
    """«1 E-Mail», «3 E-Mails»."""
    return f"{count} {one if count == 1 else many}"
