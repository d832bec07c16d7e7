"""The words of a task in its employee's mailbox.

Title and entry number always; everything else (the entry's title, who takes part, the
description) only as far as *that employee's* groups may read the entry. The employee's
mailbox is read by whoever the employee lets in, so in doubt nothing is written there.
Plain text without links of ours.
"""

import re
import unicodedata

from crm_core.access.permissions import may_read_entry
from crm_core.errors import Invalid
from crm_core.mirroring.mirror_fields import OwnFields
from crm_core.models import (
    Address,
    Employee,
    Entry,
    MirrorKind,
    Participant,
    Task,
    TaskStatus,
)
from crm_core.records import merged

DONE_MARK = "✓ "
LONGEST_TITLE = 200  # with mark and number it stays below the 255 of a subject
LONGEST_DESCRIPTION = 10_000
# XML 1.0 §2.2 Char: what no server accepts in a text
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def title(text: str) -> str:
    """A title as it is stored: one line; Invalid if empty or too long."""
    line = " ".join(_ILLEGAL.sub("", unicodedata.normalize("NFC", text)).split())
    if not line:
        raise Invalid("title", "required", "the task needs a title")
    if len(line) > LONGEST_TITLE:
        raise Invalid(
            "title",
            "length",
            "the title has {length} characters; {most} is the most",
            length=len(line),
            most=LONGEST_TITLE,
        )
    return line


def description(text: str) -> str:
    """A description as it is stored; Invalid if too long."""
    kept = _ILLEGAL.sub("", text.replace("\r\n", "\n")).strip()
    if len(kept) > LONGEST_DESCRIPTION:
        raise Invalid(
            "description",
            "length",
            "the description has {length} characters; {most} is the most",
            length=len(kept),
            most=LONGEST_DESCRIPTION,
        )
    return kept


def number(entry: Entry) -> str:
    """The entry's number as people write it."""
    return _name(entry.number)


def subject(task: Task, kind: MirrorKind) -> str:
    """Title and entry number; a done appointment is ticked and stays."""
    ticked = kind is MirrorKind.APPOINTMENT and task.status is TaskStatus.DONE
    return f"{DONE_MARK if ticked else ''}{task.title} · {number(task.entry)}"


def title_in(subject_seen: str, entry: Entry) -> str:
    """The title in a subject that the employee has edited, our additions removed.

    Raises Invalid if nothing is left of it.
    """
    text = subject_seen.strip().removeprefix(DONE_MARK.strip()).strip()
    for known in (number(entry), *map(_name, merged.numbers_of(entry.id))):
        text = text.removesuffix(known).rstrip(" ·")
    return title(text)


def body(task: Task) -> str:
    """The text below; only the number where the employee may not read the entry."""
    entry, employee = task.entry, task.employee
    lines = [number(entry)]
    if isinstance(employee, Employee) and may_read_entry(employee, entry):
        lines = [f"{number(entry)} · {entry.title}"]
        lines += [f"Beteiligt: {name}" for name in _participants(entry)]
        if task.description:
            lines += ["", task.description]
    return _ILLEGAL.sub("", "\n".join(lines))


def own_fields(task: Task, kind: MirrorKind) -> OwnFields:
    """What the copy shall say now."""
    text = subject(task, kind)
    if kind is MirrorKind.TASK:
        done = task.status is TaskStatus.DONE
        return OwnFields(text, completed=done, due_on=task.due_on)
    if task.day is not None:
        return OwnFields(text, all_day=True, first_day=task.day, last_day=task.day)
    return OwnFields(text, starts_at=task.starts_at, ends_at=task.ends_at)


def _name(number: int) -> str:
    return f"CRM-{number}"


def _participants(entry: Entry) -> list[str]:
    rows = (
        Address.select(Address.name)
        .join(Participant, on=(Participant.address == Address.id))
        .where(Participant.entry == entry)
        .order_by(Participant.id)
    )
    return [str(row.name) for row in rows]
