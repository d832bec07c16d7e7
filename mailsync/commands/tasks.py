"""``task``: giving employees something to do, and what became of it in Outlook."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import click

from crm_core.access import staff
from crm_core.database import transaction
from crm_core.errors import Invalid
from crm_core.mirroring import mirrors
from crm_core.models import Task
from crm_core.queries import tasks as task_query
from crm_core.queries.tasks import TaskView
from crm_core.records import entries, schedule, tasks
from crm_core.records.schedule import Schedule
from mailsync.commands.entry_number import ENTRY_NUMBER
from mailsync.commands.invocation import Invocation, json_option, print_json
from mailsync.commands.task_json import do_on_text, task_json


class DayOrTime(click.ParamType[date | datetime]):
    """``YYYY-MM-DD`` (the whole day) or ``YYYY-MM-DDTHH:MM`` (wall-clock time)."""

    name = "day or time"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> date | datetime:
        """A date, or a naive datetime."""
        text = str(value)
        for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M"):
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 - a wall clock
            except ValueError:
                continue
            if f"{found:{form}}" == text:  # strptime takes single digits, too
                return found if "T" in text else found.date()
        return self.fail(f"{text}: YYYY-MM-DD / YYYY-MM-DDTHH:MM", param, ctx)


task_argument = click.argument("task_id", metavar="ID", type=int)
due_by_option = click.option(
    "--due-by",
    metavar="YYYY-MM-DD",
    type=click.DateTime(["%Y-%m-%d"]),
    help="to be done by this day: an Outlook task",
)
do_on_option = click.option(
    "--do-on",
    metavar="YYYY-MM-DD[THH:MM]",
    type=DayOrTime(),
    help="to be done on this day or at this time: an appointment",
)
minutes_option = click.option(
    "--minutes",
    type=click.IntRange(min=1),
    help="length of an appointment with a time (60)",
)


@click.group()
def task() -> None:
    """Tasks of employees, and their copies in Outlook."""


@task.command("add")
@click.argument("number", metavar="NUMBER", type=ENTRY_NUMBER)
@click.option("--title", required=True, help="what is to be done")
@click.option("--employee", required=True, help="key of the employee")
@click.option("--description", default="", help="more about it")
@due_by_option
@do_on_option
@minutes_option
@json_option
@click.pass_obj
def add(
    invocation: Invocation,
    number: int,
    title: str,
    employee: str,
    description: str,
    due_by: datetime | None,
    do_on: date | datetime | None,
    minutes: int | None,
    as_json: bool,
) -> None:
    """Give an employee something to do for an entry."""
    _refuse_odd(invocation, due_by, do_on, minutes)
    if due_by is None and do_on is None:
        raise invocation.wrong_usage("either --due-by or --do-on is needed")
    with invocation.session() as session, transaction():
        row = tasks.assign(
            entries.by_number(number),
            staff.by_key(employee),
            title,
            _schedule(due_by, do_on, minutes or schedule.DEFAULT_MINUTES),
            description=description,
            actor=session.actor,
        )
    invocation.answer({"task": row.id}, "Task {task} added.", as_json=as_json)


@task.command("edit")
@task_argument
@click.option("--title", help="what is to be done")
@click.option("--description", help="more about it")
@due_by_option
@do_on_option
@minutes_option
@json_option
@click.pass_obj
def edit(
    invocation: Invocation,
    task_id: int,
    title: str | None,
    description: str | None,
    due_by: datetime | None,
    do_on: date | datetime | None,
    minutes: int | None,
    as_json: bool,
) -> None:
    """Change what is given."""
    if due_by is not None or do_on is not None:
        _refuse_odd(invocation, due_by, do_on, minutes)
    with invocation.session() as session:
        with transaction():
            tasks.edit(
                task_id,
                title=title,
                description=description,
                schedule=_changed_schedule(task_id, due_by, do_on, minutes),
                actor=session.actor,
            )
        result = task_json(task_query.show(task_id))
    invocation.answer(result, "Task {task} changed.", as_json=as_json)


@task.command("reassign")
@task_argument
@click.option("--employee", required=True, help="key of the employee")
@json_option
@click.pass_obj
def reassign(
    invocation: Invocation, task_id: int, employee: str, as_json: bool
) -> None:
    """Give a task to another employee."""
    with invocation.session() as session:
        with transaction():
            tasks.reassign(task_id, staff.by_key(employee), actor=session.actor)
        result = task_json(task_query.show(task_id))
    invocation.answer(result, "Task {task} is {employee}'s now.", as_json=as_json)


@task.command("show")
@task_argument
@json_option
@click.pass_obj
def show(invocation: Invocation, task_id: int, as_json: bool) -> None:
    """Show a task and how it stands in Outlook."""
    with invocation.session():
        view = task_query.show(task_id)
        result, zone = task_json(view), schedule.company_zone()
    if as_json:
        print_json(result)
        return
    when = result["due_by"] or do_on_text(view, zone)
    click.echo(f"{view.id}  {view.title}  {view.employee}  {when}  CRM-{view.entry}")
    click.echo(f"    {view.status.value}; Outlook: {_in_outlook(view)}")


def _step(
    name: str, act: Callable[..., Task], help_text: str, template: str
) -> click.Command:
    """A command that does one thing to a task."""

    def callback(invocation: Invocation, task_id: int, as_json: bool) -> None:
        with invocation.session() as session:
            with transaction():
                act(task_id, actor=session.actor)
            result = task_json(task_query.show(task_id))
        invocation.answer(result, template, as_json=as_json)

    decorated = task_argument(json_option(click.pass_obj(callback)))
    return click.command(name, help=help_text)(decorated)


for _command in (
    _step("done", tasks.complete, "Mark a task as done.", "Task {task} is done."),
    _step("reopen", tasks.reopen, "Open a task again.", "Task {task} is open again."),
    _step("cancel", tasks.cancel, "Cancel a task.", "Task {task} is cancelled."),
    _step(
        "adopt",
        mirrors.adopt,
        "Take over what the employee changed in Outlook.",
        "Task {task} is now as in Outlook.",
    ),
    _step(
        "overwrite",
        mirrors.write_again,
        "Write the task to Outlook again, as it stands here.",
        "Task {task} will be written to Outlook again.",
    ),
):
    task.add_command(_command)


def _refuse_odd(
    invocation: Invocation,
    due_by: datetime | None,
    do_on: date | datetime | None,
    minutes: int | None,
) -> None:
    if due_by is not None and do_on is not None:
        raise invocation.wrong_usage("either --due-by or --do-on, not both")
    if minutes is not None and not isinstance(do_on, datetime):
        raise invocation.wrong_usage("--minutes needs a time: --do-on YYYY-MM-DDTHH:MM")


def _schedule(
    due_by: datetime | None, do_on: date | datetime | None, minutes: int
) -> Schedule:
    if due_by is not None:
        return schedule.due_by(due_by.date())
    if isinstance(do_on, datetime):
        return schedule.at(do_on, minutes=minutes)
    if do_on is None:
        raise ValueError("a task needs a day")
    return schedule.all_day(do_on)


def _changed_schedule(
    task_id: int,
    due_by: datetime | None,
    do_on: date | datetime | None,
    minutes: int | None,
) -> Schedule | None:
    """The new schedule; an appointment keeps its length unless a new one is given."""
    present = tasks.get(task_id)
    length = _length(present)
    if due_by is not None or do_on is not None:
        return _schedule(due_by, do_on, minutes or length or schedule.DEFAULT_MINUTES)
    if minutes is None:
        return None
    if present.starts_at is None:
        raise Invalid(
            "minutes",
            "no_time",
            "task {task} has no time of day, so it has no length",
            task=task_id,
        )
    ends_at = present.starts_at + timedelta(minutes=minutes)
    return schedule.between(present.starts_at, ends_at)


def _length(row: Task) -> int | None:
    if row.starts_at is None or row.ends_at is None:
        return None
    return int((row.ends_at - row.starts_at).total_seconds() // 60)


def _in_outlook(view: TaskView) -> str:
    mirror = view.mirror
    parts = [mirror.state.value, mirror.mailbox or "–"]
    if mirror.drift is not None:
        parts.append(f"{mirror.drift.value}: {mirror.drift_detail or '–'}")
    if mirror.failure:
        parts.append(f"{mirror.failure} ({mirror.failure_code})")
    return ", ".join(parts)
