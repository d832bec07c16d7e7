"""Folded text of everything that can be found, one row a thing.

The trigram index over ``folded`` is made by the migration (FTS5 or pg_trgm).
"""

from enum import StrEnum

from peewee import IntegerField, TextField

from crm_core.fields import EnumField
from crm_core.models.base import Row


class Findable(StrEnum):
    """What a hit is."""

    ENTRY = "entry"
    ADDRESS = "address"
    MESSAGE = "message"
    TASK = "task"
    DOCUMENT = "document"


class SearchText(Row):
    """The folded text of one thing."""

    kind = EnumField(Findable)
    thing = IntegerField()
    folded = TextField()

    class Meta:
        """One row a thing."""

        indexes = ((("kind", "thing"), True),)
