"""The two kinds of task: the taxonomy's templates know them, and the tasks."""

from enum import StrEnum


class TaskKind(StrEnum):
    """«Erledigen bis» (a deadline) or «Erledigen am» (a day or time)."""

    DUE_BY = "due_by"
    DO_ON = "do_on"
