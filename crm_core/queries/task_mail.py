"""Tasks made out of mails: which ones a mail has, and of which mail a task is.

Both ways only what the viewer may see: tasks of readable entries, mails of which at
least the subject is open. A constant number of queries, however many are asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.models import TaskStatus


@dataclass(frozen=True, slots=True)
class TaskOfMail:
    """A task as its mail names it. ``entry`` is the number of the task's entry."""

    id: int
    entry: int
    title: str
    employee_name: str
    status: TaskStatus


def of_mails(viewer: Viewer, mails: Iterable[int]) -> dict[int, list[TaskOfMail]]:
    """The tasks made out of each of these mails, oldest first; no cancelled ones."""
    found: dict[int, list[TaskOfMail]] = {}
    for mail, id_, entry, title, name, status in database.select_in(
        "SELECT t.message_id, t.id, e.number, t.title, p.name, t.status FROM task t "
        "JOIN entry e ON e.id = t.entry_id JOIN employee p ON p.id = t.employee_id "
        f"WHERE t.status <> 'cancelled' AND {viewer.entries('e')} "
        "AND t.message_id IN ({marks}) ORDER BY t.id",
        mails,
    ):
        task = TaskOfMail(int(id_), int(entry), title, name, TaskStatus(status))
        found.setdefault(int(mail), []).append(task)
    return found


def message_ids(viewer: Viewer, tasks: Iterable[int]) -> dict[int, str]:
    """The Message-ID of the mail that each of these tasks was made out of."""
    rows = database.select_in(
        "SELECT t.id, m.internet_id FROM task t JOIN message m ON m.id = t.message_id "
        f"WHERE m.internet_id IS NOT NULL AND {viewer.messages('m')} "
        "AND t.id IN ({marks})",
        tasks,
    )
    return {int(task): internet_id for task, internet_id in rows}
