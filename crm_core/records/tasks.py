"""Tasks given to employees: assigning, changing, finishing.

Every function demands an open transaction, bumps the version where the copy in a
mailbox must change, says which copies shall exist (``mirror_wishes.wish``) and writes
one line into the log. Doing a thing that is done already changes nothing. The CRM is
the authority: what an employee does to the copy in Outlook is drift (``mirrors``).

    open ──complete──► done ──reopen──► open       cancel ends open and done;
      └────cancel────► cancelled ──reopen──► open  a cancelled task is not edited
"""

from crm_core import audit, clock, events, search
from crm_core.database import is_postgres, require_transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.mirroring import task_text
from crm_core.mirroring.mirror_wishes import wish
from crm_core.models import (
    Employee,
    Entry,
    Findable,
    Message,
    Task,
    TaskStatus,
)
from crm_core.records.schedule import Schedule


def assign(
    entry: Entry,
    employee: Employee,
    title: str,
    schedule: Schedule,
    *,
    actor: str,
    description: str = "",
    message: Message | None = None,
) -> Task:
    """Give an employee something to do for an entry, out of a mail or not.

    A copy in Outlook is wanted where the employee has an own, enabled mailbox for it.
    Raises Invalid for an empty or long title and for an employee who is not active.
    """
    require_transaction()
    _active(employee)
    task = Task.create(
        entry=entry,
        employee=employee,
        title=task_text.title(title),
        description=task_text.description(description),
        created_at=clock.now(),
        created_by=actor,
        message=message,
        **_dates(schedule),
    )
    wish(task)
    search.refresh(Findable.TASK, [task.id])
    _record(task, "task_assigned", actor, f"employee:{employee.id}")
    return task


def get(task_id: int) -> Task:
    """The task; NotFound if there is none."""
    found = Task.get_or_none(Task.id == task_id)
    if not isinstance(found, Task):
        raise NotFound("there is no task {task}", task=task_id)
    return found


def edit(
    task_id: int,
    *,
    actor: str,
    title: str | None = None,
    description: str | None = None,
    schedule: Schedule | None = None,
) -> Task:
    """Change what is given; equal values change nothing.

    A schedule of the other kind moves the copy from the task list to the calendar or
    back. Raises Invalid for a wrong value, Conflict for a cancelled task.
    """
    task = _to_change(task_id)
    wanted: dict[str, object] = {}
    if title is not None:
        wanted["title"] = task_text.title(title)
    if description is not None:
        wanted["description"] = task_text.description(description)
    if schedule is not None:
        wanted |= _dates(schedule)
    changed = [name for name, value in wanted.items() if getattr(task, name) != value]
    for name in changed:
        setattr(task, name, wanted[name])
    if changed:
        _bump(task, "task_edited", actor, ", ".join(changed))
        search.refresh(Findable.TASK, [task.id])
    return task


def reschedule(task_id: int, schedule: Schedule, *, actor: str) -> Task:
    """Another day or time; see ``edit``."""
    return edit(task_id, actor=actor, schedule=schedule)


def reassign(task_id: int, employee: Employee, *, actor: str) -> Task:
    """Give an open task to somebody else: their copy comes, the other one goes.

    Raises Conflict unless the task is open, Invalid for an inactive employee.
    """
    task = _to_change(task_id)
    if task.employee_id == employee.id:
        return task
    if task.status is not TaskStatus.OPEN:
        raise Conflict("task {task} is done: reopen it first", task=task_id)
    _active(employee)
    task.employee = employee
    _bump(task, "task_reassigned", actor, f"employee:{employee.id}")
    return task


def complete(task_id: int, *, actor: str) -> Task:
    """Done: the copy becomes completed; an appointment is ticked and stays.

    Raises Conflict for a cancelled task.
    """
    task = _to_change(task_id)
    if task.status is not TaskStatus.DONE:
        task.status, task.done_at, task.done_by = TaskStatus.DONE, clock.now(), actor
        _bump(task, "task_completed", actor)
    return task


def reopen(task_id: int, *, actor: str) -> Task:
    """To be done after all; a cancelled task gets a new copy."""
    task = _locked(task_id)
    if task.status is not TaskStatus.OPEN:
        task.status, task.done_at, task.done_by = TaskStatus.OPEN, None, None
        _bump(task, "task_reopened", actor)
    return task


def cancel(task_id: int, *, actor: str) -> Task:
    """Not to be done any more: the copy goes to Deleted Items."""
    task = _locked(task_id)
    if task.status is not TaskStatus.CANCELLED:
        task.status = TaskStatus.CANCELLED
        _bump(task, "task_cancelled", actor)
    return task


def move(source: Entry, target: Entry) -> int:
    """Every task of the first entry belongs to the second one; how many.

    The same tasks with the same copies: those are written again, with the new number.
    """
    require_transaction()
    rows = Task.select(Task.id).where(Task.entry == source).order_by(Task.id)
    moved = [_locked(row.id) for row in list(rows)]
    for task in moved:
        task.entry = target
        task.version += 1
        task.save()
        wish(task)
    search.refresh(Findable.TASK, [task.id for task in moved])
    return len(moved)


def _dates(schedule: Schedule) -> dict[str, object]:
    return {
        "kind": schedule.kind,
        "due_on": schedule.due_on,
        "day": schedule.day,
        "starts_at": schedule.starts_at,
        "ends_at": schedule.ends_at,
    }


def _active(employee: Employee) -> None:
    if not employee.active:
        raise Invalid(
            "employee",
            "inactive",
            "{name} is not active any more",
            name=employee.name,
        )


def _locked(task_id: int) -> Task:
    require_transaction()
    rows = Task.select().where(Task.id == task_id)
    found = list(rows.for_update() if is_postgres() else rows)
    if not found:
        raise NotFound("there is no task {task}", task=task_id)
    task: Task = found[0]
    return task


def _to_change(task_id: int) -> Task:
    task = _locked(task_id)
    if task.status is TaskStatus.CANCELLED:
        raise Conflict("task {task} is cancelled: reopen it first", task=task_id)
    return task


def _bump(task: Task, action: str, actor: str, detail: str = "") -> None:
    task.version += 1
    task.save()
    wish(task)
    _record(task, action, actor, detail)


def _record(task: Task, action: str, actor: str, detail: str = "") -> None:
    audit.record(actor, action, f"task:{task.id}", entry=task.entry, detail=detail)
    events.follow(action, task.entry, task=task.id)
