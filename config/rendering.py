"""Problems -> text for people, JSON for programs, annotations for GitHub."""

import json
from collections.abc import Sequence
from typing import Literal

from config.messages import Language
from config.problems import Problem

Format = Literal["text", "json", "github"]

_WIDEST = 100  # of a shown source line; longer ones are cut around the place


def render(
    problems: Sequence[Problem],
    language: Language = "de",
    format: Format = "text",  # noqa: A002 - its name outside
) -> str:
    """All problems in one of three forms.

    text: ``file:line:column: sentence``, the line and a caret, and a count at the end.
    json: one object ``{"ok", "problems": [...]}``. github: one workflow command a
    problem. No secret is in any of them.
    """
    if format == "json":
        return _json(problems, language)
    if format == "github":
        return "\n".join(_github(one, language) for one in problems)
    texts = [_text(one, language) for one in problems]
    return "\n".join([*texts, _count(problems, language)])


def _text(one: Problem, language: Language) -> str:
    where = f"{one.file}:{one.line}:{one.column}: " if one.line else ""
    said = f"{where}{one.sentence(language)}"
    if not one.line and one.file and one.file not in said:
        said = f"{one.file}: {said}"
    if not one.line or not one.source.strip():
        return said
    source, column = _cut(one.source, one.column)
    margin = f"{one.line:>5}"
    blank = " " * len(margin)
    return f"{said}\n{margin} | {source}\n{blank} | {' ' * (column - 1)}^"


def _cut(source: str, column: int) -> tuple[str, int]:
    """A piece of a long line around a column, and the column in it."""
    line = "".join(c if c.isprintable() else " " for c in source)
    if len(line) <= _WIDEST:
        return line, column
    start = max(min(column - _WIDEST // 2, len(line) - _WIDEST), 0)
    piece = line[start : start + _WIDEST]
    before = "…" if start else ""
    after = "…" if start + _WIDEST < len(line) else ""
    return f"{before}{piece}{after}", column - start + len(before)


def _count(problems: Sequence[Problem], language: Language) -> str:
    errors = sum(one.severity == "error" for one in problems)
    warnings = len(problems) - errors
    if language == "de":
        return f"{errors} Fehler, {warnings} Warnung{'' if warnings == 1 else 'en'}"
    plural = ["" if n == 1 else "s" for n in (errors, warnings)]
    return f"{errors} error{plural[0]}, {warnings} warning{plural[1]}"


def _json(problems: Sequence[Problem], language: Language) -> str:
    listed = [
        {
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "severity": one.severity,
            "code": one.code,
            "message": one.sentence(language),
        }
        for one in problems
    ]
    ok = not any(one.severity == "error" for one in problems)
    return json.dumps({"ok": ok, "problems": listed}, ensure_ascii=False)


def _github(one: Problem, language: Language) -> str:
    where = f",line={one.line},col={one.column}" if one.line else ""
    message = _escaped(one.sentence(language))
    name = _escaped(one.file).replace(":", "%3A").replace(",", "%2C")
    return f"::{one.severity} file={name}{where},title={one.code}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
