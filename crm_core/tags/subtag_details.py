"""What hangs on a subtag: the words that staff write in subjects, and suggested tasks."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peewee import JOIN

from crm_core import database
from crm_core.errors import Invalid
from crm_core.linking import keywords
from crm_core.models import Employee, Subtag, SubtagKeyword, TaskKind, TaskTemplate

LONGEST_TEMPLATE = 200
MOST_DAYS = 365
MOST_TEMPLATES = 20
_KEYWORD = re.compile(r"\w[\w-]{0,63}")


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A task that is suggested; without an employee it is for whoever gives it."""

    title: str
    kind: TaskKind = TaskKind.DUE_BY
    days: int = 0
    employee: Employee | None = None


def words_of(subtag: Subtag) -> list[str]:
    """Its keywords, in the order they were written."""
    rows = SubtagKeyword.select().where(SubtagKeyword.subtag == subtag)
    return [row.keyword for row in rows.order_by(SubtagKeyword.id)]


def templates_of(subtag: Subtag) -> list[TaskTemplate]:
    """Its task templates in order."""
    rows = (
        TaskTemplate.select(TaskTemplate, Employee)
        .join(Employee, JOIN.LEFT_OUTER, on=(TaskTemplate.employee == Employee.id))
        .where(TaskTemplate.subtag == subtag)
    )
    return list(rows.order_by(TaskTemplate.position, TaskTemplate.id))


def write_keywords(level: Subtag, words: Iterable[str]) -> None:
    """The subtag has these and no others; Invalid for one of another subtag."""
    database.require_transaction()
    wanted = list(dict.fromkeys(keyword(word) for word in words))
    taken = (
        SubtagKeyword.select(SubtagKeyword, Subtag)
        .join(Subtag)
        .where(SubtagKeyword.keyword.in_(wanted or [""]), Subtag.id != level.id)
    )
    for row in taken:
        raise Invalid(
            "keywords",
            "taken",
            "the keyword «{word}» belongs to subtag «{subtag}» already",
            word=row.keyword,
            subtag=row.subtag.name,
        )
    if wanted == words_of(level):
        return
    SubtagKeyword.delete().where(SubtagKeyword.subtag == level).execute()
    for word in wanted:
        SubtagKeyword.create(subtag=level, keyword=word)


def keyword(text: str) -> str:
    """A keyword as it is compared; Invalid if a subject could not hold it."""
    word = unicodedata.normalize("NFC", text.strip()).removeprefix("#")
    if not _KEYWORD.fullmatch(word) or not re.search(r"[^\W\d_]", word):
        raise Invalid(
            "keywords",
            "shape",
            "«{word}» is no keyword: one word of letters, digits and hyphens",
            word=text.strip()[:LONGEST_TEMPLATE],
        )
    return keywords.fold(word)


def write_templates(level: Subtag, drafts: Sequence[TemplateDraft]) -> None:
    """The subtag suggests these and no others; Invalid for an empty or long text."""
    database.require_transaction()
    for draft in drafts:
        if not 0 <= draft.days <= MOST_DAYS:
            raise Invalid(
                "templates", "days", "a task is due within {most} days", most=MOST_DAYS
            )
    TaskTemplate.delete().where(TaskTemplate.subtag == level).execute()
    for position, draft in enumerate(drafts[:MOST_TEMPLATES]):
        TaskTemplate.create(
            subtag=level,
            title=short("templates", draft.title, LONGEST_TEMPLATE),
            kind=draft.kind,
            days=draft.days,
            employee=draft.employee,
            position=position,
        )


def short(field_: str, text: str, most: int) -> str:
    """A line of text without needless blanks; Invalid if empty or too long."""
    text = " ".join(text.replace("\0", "").split())
    if not text:
        raise Invalid(field_, "required", "a name is needed")
    if len(text) > most:
        raise Invalid(
            field_,
            "length",
            "here are {length} characters; {most} is the most",
            length=len(text),
            most=most,
        )
    return text
