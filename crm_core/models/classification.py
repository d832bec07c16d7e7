"""Gruppe › Tag › Subtag: the three levels; an entry always has a subtag.

What is not ``active`` (or stands below such a thing) is no longer offered; entries keep
it. ``name_en`` is empty where the German name serves both languages.
"""

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField, FlagField
from crm_core.models.base import Row
from crm_core.models.staff import Employee, StaffGroup
from crm_core.models.task_kind import TaskKind


class Access(StrEnum):
    """What a staff group may do with the entries of a tag group."""

    FULL = "full"
    READ = "read"
    NONE = "none"


class Colour(StrEnum):
    """The closed set of a group's colours; the page knows a safe tone for each."""

    GREY = "grey"
    BLUE = "blue"
    TEAL = "teal"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    VIOLET = "violet"


class TagGroup(Row):
    """The first level («Gruppe»); ``required`` holds for all its subtags."""

    key = TextField(unique=True)
    name = TextField()
    name_en = TextField(default="")
    colour = EnumField(Colour, default=Colour.GREY)
    required = TextField(default="")
    position = IntegerField(default=0)
    active = FlagField(default=True)


class Tag(Row):
    """The second level."""

    group = ForeignKeyField(TagGroup, backref="tags", on_delete="CASCADE")
    group_id: int
    key = TextField()
    name = TextField()
    name_en = TextField(default="")
    position = IntegerField(default=0)
    active = FlagField(default=True)

    class Meta:
        """Keys are unique within their group."""

        indexes = ((("group", "key"), True),)


class Subtag(Row):
    """The third level; ``required`` names the entry's extra mandatory fields.

    ``responsible`` is whose an entry becomes where nobody else is named.
    """

    tag = ForeignKeyField(Tag, backref="subtags", on_delete="CASCADE")
    tag_id: int
    key = TextField(unique=True)
    name = TextField()
    name_en = TextField(default="")
    required = TextField(default="")
    responsible = ForeignKeyField(Employee, null=True)
    responsible_id: int | None
    position = IntegerField(default=0)
    active = FlagField(default=True)


class SubtagKeyword(Row):
    """A word that staff write as ``#word`` in a subject; folded, unique."""

    subtag = ForeignKeyField(Subtag, backref="keywords", on_delete="CASCADE")
    subtag_id: int
    keyword = TextField(unique=True)


class TaskTemplate(Row):
    """A task that is offered with entries of a subtag, due in ``days`` days.

    Without an ``employee`` it is for whoever gives it.
    """

    subtag = ForeignKeyField(Subtag, backref="task_templates", on_delete="CASCADE")
    subtag_id: int
    title = TextField()
    kind = EnumField(TaskKind, default=TaskKind.DUE_BY)
    days = IntegerField(default=0)
    employee = ForeignKeyField(Employee, null=True)
    employee_id: int | None
    position = IntegerField(default=0)


class TagGroupAccess(Row):
    """What a staff group may do with a tag group; no row = nothing."""

    tag_group = ForeignKeyField(TagGroup, backref="access", on_delete="CASCADE")
    tag_group_id: int
    staff_group = ForeignKeyField(StaffGroup, backref="access", on_delete="CASCADE")
    staff_group_id: int
    access = EnumField(Access)

    class Meta:
        """Once per pair."""

        indexes = ((("tag_group", "staff_group"), True),)
