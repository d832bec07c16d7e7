"""A problem of the configuration, and the one error that carries all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from config import messages
from config.messages import Language

Severity = Literal["error", "warning"]

# Files in the order in which people are told about them.
FILES = ("service.yaml", "mailboxes.yaml", "taxonomy.yaml")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change, with its place.

    ``line`` and ``column`` count from 1; both are 0 where the file as a whole is meant.
    ``source`` is the line as it stands in the file, secrets masked. The sentence is
    made when it is asked for, so one problem can be told in both languages.
    """

    file: str
    line: int
    column: int
    kind: str
    values: tuple[tuple[str, str], ...] = ()
    severity: Severity = "error"
    source: str = field(default="", repr=False)

    @property
    def code(self) -> str:
        """The stable code, E1xx."""
        return messages.code(self.kind)

    @property
    def message(self) -> str:
        """The sentence in German, the product's first language."""
        return self.sentence("de")

    def sentence(self, language: Language) -> str:
        """The sentence in one of the two languages."""
        return messages.sentence(self.kind, language, dict(self.values))


def problem(
    file: str, kind: str, values: Mapping[str, object], severity: Severity = "error"
) -> Problem:
    """A problem of a file as a whole (missing, unreadable)."""
    pairs = tuple((name, str(value)) for name, value in values.items())
    return Problem(file, 0, 0, kind, pairs, severity)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted by file, line and column, each once."""
    return tuple(sorted(dict.fromkeys(problems), key=_rank))


def _rank(one: Problem) -> tuple[int, str, int, int]:
    known = FILES.index(one.file) if one.file in FILES else -1
    return (known, one.file, one.line, one.column)


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` has every error and warning.

    Never caused by a bug of the program, so commands print it without a traceback.
    Its text is German; ``config.render`` makes the other forms.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        from config.rendering import render

        return render(self.problems, "de")
