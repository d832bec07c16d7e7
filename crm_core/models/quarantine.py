"""What could not be read or applied, visible and re-runnable."""

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import FlagField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.mail import Mailbox, MailFolder


class QuarantinedChange(Row):
    """One item that stays out until a person or a newer version lets it in."""

    mailbox = ForeignKeyField(Mailbox, on_delete="CASCADE")
    mailbox_id: int
    folder = ForeignKeyField(MailFolder, on_delete="CASCADE")
    folder_id: int
    external_id = TextField()
    change_key = TextField(default="")
    internet_id = TextField(null=True)
    reason = TextField()
    detail = TextField(default="")
    attempts = IntegerField(default=1)
    first_at = UtcDateTimeField()
    last_at = UtcDateTimeField()
    retry_wanted = FlagField(default=False)
    resolved_at = UtcDateTimeField(null=True)

    class Meta:
        """An item is quarantined once per reason."""

        indexes = ((("mailbox", "external_id", "reason"), True),)
