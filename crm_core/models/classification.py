"""Gruppe › Tag › Subtag: the three levels; an entry always has a subtag."""

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField
from crm_core.models.base import Row
from crm_core.models.staff import StaffGroup


class Access(StrEnum):
    """What a staff group may do with the entries of a tag group."""

    FULL = "full"
    READ = "read"
    NONE = "none"


class TagGroup(Row):
    """The first level («Gruppe»)."""

    key = TextField(unique=True)
    name = TextField()
    position = IntegerField(default=0)


class Tag(Row):
    """The second level."""

    group = ForeignKeyField(TagGroup, backref="tags", on_delete="CASCADE")
    group_id: int
    key = TextField()
    name = TextField()
    position = IntegerField(default=0)

    class Meta:
        """Keys are unique within their group."""

        indexes = ((("group", "key"), True),)


class Subtag(Row):
    """The third level; ``required`` names the entry's extra mandatory fields."""

    tag = ForeignKeyField(Tag, backref="subtags", on_delete="CASCADE")
    tag_id: int
    key = TextField(unique=True)
    name = TextField()
    required = TextField(default="")
    position = IntegerField(default=0)


class SubtagKeyword(Row):
    """A word that staff write as ``#word`` in a subject; folded, unique."""

    subtag = ForeignKeyField(Subtag, backref="keywords", on_delete="CASCADE")
    subtag_id: int
    keyword = TextField(unique=True)


class TaskTemplate(Row):
    """A task that is offered with entries of a subtag."""

    subtag = ForeignKeyField(Subtag, backref="task_templates", on_delete="CASCADE")
    subtag_id: int
    title = TextField()
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
