"""A task's date and the state of its copy in Outlook, in words (badges of the notes).

| badge                                   | meaning                        |
|-----------------------------------------|--------------------------------|
| wird übertragen (yellow)                | due to be written              |
| im Outlook / im Kalender (green)        | written and confirmed          |
| nicht übertragen (red)                  | failed or given up             |
| im Outlook erledigt, geändert … (blue)  | drift: adopt or write again    |
| ohne Outlook (grey)                     | no mailbox, or not switched on |
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from crm_core.mirroring.mirrors import MirrorState
from crm_core.models import Drift, TaskKind, TaskStatus
from crm_core.queries.task_board import TaskCard
from crm_web.i18n import gettext, local, show_date, show_time
from crm_web.i18n import lazy as _


@dataclass(frozen=True, slots=True)
class Badge:
    """``kind`` is the state's own word (class, tests); ``colour`` one of Bootstrap's.

    ``detail`` says more when the badge is opened; ``answers``: drift, to be adopted or
    written again; ``retry``: failed, may be tried again.
    """

    kind: str
    colour: str
    text: str
    detail: str
    answers: bool = False
    retry: bool = False


_DRIFTS = {
    Drift.COMPLETED: _("done in Outlook"),
    Drift.CHANGED: _("changed in Outlook"),
    Drift.DELETED: _("deleted in Outlook"),
    Drift.MOVED: _("moved in Outlook"),
}
_ADOPTING = {
    Drift.COMPLETED: _("Adopt: the task is done here too. Write again: it is open."),
    Drift.CHANGED: _("Adopt: as in Outlook. Write again: as it is here."),
    Drift.DELETED: _("Adopt: the task is cancelled. Write again: it comes back."),
    Drift.MOVED: _("Adopt: it may lie there. Write again: back to where it was."),
}
_FIELDS = {
    "subject": _("Subject"),
    "completed": _("Done"),
    "due_on": _("Due by"),
    "all_day": _("Whole day"),
    "first_day": _("First day"),
    "last_day": _("Last day"),
    "starts_at": _("Begins"),
    "ends_at": _("Ends"),
}
_DIFFERENCE = re.compile(r"^([a-z_]+): (.*) → (.*)$", re.DOTALL)


def task_when(task: TaskCard) -> str:
    """«bis 20.11.2026», «am 23.11.2026, 14:00»."""
    if task.kind is TaskKind.DUE_BY:
        return gettext("by %(day)s", day=show_date(task.due_on))
    if task.starts_at is None:
        return gettext("on %(day)s", day=show_date(task.day))
    return gettext("on %(day)s", day=show_time(task.starts_at))


def task_typed(task: TaskCard) -> str:
    """The date as it would be typed."""
    if task.starts_at is not None:
        return f"{local(task.starts_at):%d.%m.%Y %H:%M}"
    return f"{task.due_on or task.day:%d.%m.%Y}"


def urgency(task: TaskCard, today: date) -> str:
    """«late», «today» or «»; a done task is never late."""
    if task.status is not TaskStatus.OPEN:
        return ""
    return "late" if task.due < today else "today" if task.due == today else ""


def task_badge(task: TaskCard) -> Badge:
    """The state of the task's copy; opened drift comes first."""
    mirror = task.mirror
    if mirror.drift is not None:
        return Badge(
            "drift",
            "info",
            gettext(_DRIFTS[mirror.drift]),
            " ".join(
                [drift_text(mirror.drift_detail), gettext(_ADOPTING[mirror.drift])]
            ).strip(),
            answers=True,
        )
    where = mirror.mailbox or ""
    if mirror.state is MirrorState.WRITTEN:
        word = (
            gettext("in Outlook")
            if task.kind is TaskKind.DUE_BY
            else gettext("in the calendar")
        )
        detail = gettext("Written and confirmed in %(mailbox)s.", mailbox=where)
        return Badge("written", "success", word, detail)
    if mirror.state is MirrorState.PENDING:
        detail = gettext("Will be written to %(mailbox)s.", mailbox=where)
        return Badge("pending", "warning", gettext("being transferred"), detail)
    if mirror.state is MirrorState.NONE:
        detail = gettext(
            "%(name)s has no mailbox that takes it over, or it is not switched on.",
            name=task.employee_name,
        )
        return Badge("none", "secondary", gettext("without Outlook"), detail)
    again = (
        gettext("We no longer try by ourselves.")
        if mirror.state is MirrorState.PARKED
        else gettext("We try again by ourselves.")
    )
    cause = f"{mirror.failure or ''} ({mirror.failure_code})".strip()
    text = gettext("not transferred")
    return Badge("failed", "danger", text, f"{cause}. {again}", retry=True)


def drift_text(detail: str | None) -> str:
    """What differs, old → new: «Erledigen bis: 27.11.2026 → 01.12.2026.»."""
    if not detail:
        return ""
    parts = re.split(rf"; (?=(?:{'|'.join(_FIELDS)}): )", detail)
    return "; ".join(map(_difference, parts)) + "."


def _difference(text: str) -> str:
    found = _DIFFERENCE.match(text)
    if found is None or found[1] not in _FIELDS:
        return text
    before, after = (_value(value) for value in found.groups()[1:])
    return f"{gettext(_FIELDS[found[1]])}: {before} → {after}"


def _value(text: str) -> str:
    if text in {"True", "False"}:
        return gettext("yes") if text == "True" else gettext("no")
    try:
        if len(text) == 10:
            return show_date(date.fromisoformat(text))
        return show_time(datetime.fromisoformat(text))
    except ValueError:
        return text


GLOBALS: dict[str, Callable[..., object]] = {
    "task_when": task_when,
    "task_typed": task_typed,
    "task_badge": task_badge,
    "urgency": urgency,
}
