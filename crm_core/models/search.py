"""Folded text of everything that can be found, one row a thing.

The trigram index over ``folded`` is made by the migration (FTS5 or pg_trgm) and takes
in the rows that are ``indexed``; the others are few and are searched one by one, so
that ingest need not wait for an index.
"""

from enum import StrEnum

from peewee import IntegerField, TextField

from crm_core.fields import EnumField, FlagField
from crm_core.models.base import Row


class Findable(StrEnum):
    """What a row is about. A stored mail has two: its head, and head with text."""

    ENTRY = "entry"
    ADDRESS = "address"
    MESSAGE = "message"
    BODY = "body"  # only whoever may read the mail in full may find it by this
    TASK = "task"
    DOCUMENT = "document"


class SearchText(Row):
    """The folded text of one thing; its first line is what people call it."""

    kind = EnumField(Findable)
    thing = IntegerField()
    folded = TextField()
    indexed = FlagField()

    class Meta:
        """One row a thing."""

        indexes = ((("kind", "thing"), True),)


SearchText.add_index(
    SearchText.index(
        SearchText.id, name="search_text_waiting", where=SearchText.indexed == 0
    )
)
