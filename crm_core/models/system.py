"""The log of who did what, the daemon's sign of life, and installation values."""

from peewee import ForeignKeyField, TextField

from crm_core.fields import UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.entries import Entry


class AuditEvent(Row):
    """One write: when, who, what, on which thing, why. Append-only."""

    at = UtcDateTimeField(index=True)
    actor = TextField()
    action = TextField()
    subject = TextField()
    entry = ForeignKeyField(Entry, null=True, backref="events", on_delete="SET NULL")
    entry_id: int | None
    detail = TextField(default="")


class DaemonBeat(Row):
    """Is the daemon alive, and which configuration does it follow."""

    instance = TextField(unique=True)
    version = TextField()
    started_at = UtcDateTimeField()
    beat_at = UtcDateTimeField()
    config_hash = TextField(default="")
    config_error = TextField(null=True)
    config_since = UtcDateTimeField(null=True)  # when what is in force was taken over
    refused_at = UtcDateTimeField(null=True)  # when other files were refused
    problems = TextField(default="[]")  # errors and warnings of the files, as JSON


class Setting(Row):
    """A value of this installation (digest key, internal domains last used)."""

    name = TextField(unique=True)
    value = TextField()
