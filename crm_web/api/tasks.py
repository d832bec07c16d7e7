"""``/tasks``: giving employees something to do, and what became of it.

The CRM is the authority; ``mirror`` says how the copy in Outlook stands. An employee's
own token may finish the own tasks of an entry that is only to be read, as on the pages.
"""

import re
from collections.abc import Callable
from datetime import date, datetime

from flask import url_for
from pydantic import BaseModel, Field

from crm_core.access import staff
from crm_core.errors import Forbidden, Invalid
from crm_core.models import Right, Task, TaskStatus
from crm_core.queries import task_board
from crm_core.queries import tasks as task_facts
from crm_core.queries.task_board import TaskFilter
from crm_core.records import schedule, tasks
from crm_core.records.schedule import Schedule
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import (
    Body,
    Day,
    EntryPath,
    Line,
    Named,
    PageOf,
    PageQuery,
    QueryNumber,
    RowId,
    Text,
)
from crm_web.api.views import TaskOut, task_out, tasks_out
from crm_web.rooms import viewer

resource = Resource("tasks", "What employees have to do")

_DO_ON = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$"


class When(Body):
    """Either a deadline, or a day or wall-clock time of the company."""

    due_by: Day | None = None
    do_on: str | None = Field(
        None,
        pattern=_DO_ON,
        description="YYYY-MM-DD: the whole day; YYYY-MM-DDTHH:MM: an appointment",
    )
    minutes: int | None = Field(None, ge=1, le=7 * 24 * 60)


class TaskIn(When):
    """A new task; exactly one of `due_by` and `do_on`."""

    title: Named
    employee: Named = Field(description="key")
    description: Text = ""


class TaskChange(When):
    """What is to be changed."""

    title: Named | None = None
    employee: Named | None = None
    description: Text | None = None


class TaskPath(BaseModel):
    """A task."""

    task: RowId


class TaskQuery(PageQuery):
    """Which tasks."""

    employee: Line | None = None
    status: TaskStatus | None = None
    entry: QueryNumber | None = Field(None, description="number")


@resource.read("/tasks", PageOf[TaskOut])
def listing(query: TaskQuery) -> PageOf[TaskOut]:
    """Tasks, the soonest due first."""
    wanted = TaskFilter(employee=query.employee, status=query.status, entry=query.entry)
    page = task_board.page(viewer(), wanted, before=query.cursor, limit=query.limit)
    return PageOf[TaskOut](items=tasks_out(viewer(), page.rows), next=page.before)


@resource.read("/tasks/<int:task>", TaskOut)
def show(path: TaskPath) -> TaskOut:
    """One task."""
    return task_out(viewer(), task_board.card(viewer(), path.task))


@resource.write("post", "/entries/<int:number>/tasks", TaskOut, 201)
def create(path: EntryPath, body: TaskIn) -> Reply:
    """Give an employee something to do for the entry."""
    viewer().require(Right.ASSIGN_TASKS)
    entry = viewer().entry(path.number, write=True)
    wanted = _schedule(body)
    if wanted is None:
        raise Invalid("due_by", "required", "either due_by or do_on is needed")
    task = tasks.assign(
        entry,
        staff.by_key(body.employee),
        body.title,
        wanted,
        actor=viewer().actor,
        description=body.description,
    )
    where = url_for("api_tasks.show", task=task.id)
    return Reply(task_out(viewer(), task_facts.show(task.id)), 201, {"Location": where})


@resource.write("patch", "/tasks/<int:task>", TaskOut)
def change(path: TaskPath, body: TaskChange) -> TaskOut:
    """Change what is given; another employee needs the right to assign tasks."""
    _allowed(path.task)
    actor = viewer().actor
    tasks.edit(
        path.task,
        actor=actor,
        title=body.title,
        description=body.description,
        schedule=_schedule(body),
    )
    if body.employee is not None:
        viewer().require(Right.ASSIGN_TASKS)
        tasks.reassign(path.task, staff.by_key(body.employee), actor=actor)
    return task_out(viewer(), task_facts.show(path.task))


@resource.write("post", "/tasks/<int:task>/done", TaskOut)
def done(path: TaskPath) -> TaskOut:
    """Done; the copy in Outlook follows."""
    return _act(path.task, tasks.complete, own=True)


@resource.write("post", "/tasks/<int:task>/reopen", TaskOut)
def reopen(path: TaskPath) -> TaskOut:
    """To be done after all."""
    return _act(path.task, tasks.reopen, own=True)


@resource.write("post", "/tasks/<int:task>/cancel", TaskOut)
def cancel(path: TaskPath) -> TaskOut:
    """Not to be done any more."""
    return _act(path.task, tasks.cancel)


def _act(task: int, act: Callable[..., Task], *, own: bool = False) -> TaskOut:
    _allowed(task, own=own)
    act(task, actor=viewer().actor)
    return task_out(viewer(), task_facts.show(task))


def _allowed(task: int, *, own: bool = False) -> None:
    card = task_board.card(viewer(), task)
    if not (card.writable or (own and card.employee == viewer().key)):
        raise Forbidden("you may read this entry, not change it")


def _schedule(body: When) -> Schedule | None:
    if body.due_by is not None and body.do_on is not None:
        raise Invalid("due_by", "either", "due_by or do_on, not both")
    timed = body.do_on is not None and "T" in body.do_on
    if body.minutes is not None and not timed:
        raise Invalid("minutes", "untimed", "minutes need a time of day in do_on")
    if body.due_by is not None:
        return schedule.due_by(body.due_by)
    if body.do_on is None:
        return None
    return _on(body.do_on, body.minutes or schedule.DEFAULT_MINUTES)


def _on(text: str, minutes: int) -> Schedule:
    """A day, or a wall-clock time; the pattern has been checked."""
    try:
        if re.fullmatch(r"[0-9-]{10}", text):
            return schedule.all_day(date.fromisoformat(text))
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("do_on", "date", "this day or time does not exist") from None
    return schedule.at(local, minutes=minutes)
