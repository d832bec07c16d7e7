"""Entries that were merged into another one."""

from peewee import ForeignKeyField, TextField

from crm_core.fields import UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.entries import Entry


class MergedEntry(Row):
    """``entry`` is closed for good; what hung on it hangs on ``into`` now.

    ``into`` is never merged itself: whoever merges it moves the pointers on.
    """

    entry = ForeignKeyField(Entry, primary_key=True, backref="merged")
    entry_id: int
    into = ForeignKeyField(Entry, backref="absorbed")
    into_id: int
    merged_at = UtcDateTimeField()
    merged_by = TextField()
