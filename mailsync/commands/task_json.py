"""A task as ``--json`` prints it; times as ``--do-on`` takes them, in local time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crm_core.queries.tasks import TaskView
from crm_core.records import schedule


def task_json(view: TaskView) -> dict[str, object]:
    """The object of ``task show --json``."""
    return {
        "task": view.id,
        "entry": view.entry,
        "title": view.title,
        "description": view.description,
        "employee": view.employee,
        "kind": view.kind.value,
        "due_by": view.due_on.isoformat() if view.due_on else None,
        "do_on": do_on_text(view, schedule.company_zone()),
        "minutes": _minutes(view.starts_at, view.ends_at),
        "status": view.status.value,
        "drift_detail": view.mirror.drift_detail,
        "failure_code": view.mirror.failure_code,
        "failure": view.mirror.failure,
        "mirror": {
            "state": view.mirror.state.value,
            "drift": view.mirror.drift.value if view.mirror.drift else None,
            "mailbox": view.mirror.mailbox,
        },
    }


def do_on_text(view: TaskView, zone: ZoneInfo) -> str | None:
    """The day, or the local day and time, of «do on»."""
    if view.starts_at is not None:
        return f"{view.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}"
    return view.day.isoformat() if view.day else None


def _minutes(starts_at: datetime | None, ends_at: datetime | None) -> int | None:
    if starts_at is None or ends_at is None:
        return None
    return int((ends_at - starts_at).total_seconds() // 60)
