"""Who is told of events, and what still has to be told (delivered by the daemon)."""

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import FlagField, UtcDateTimeField
from crm_core.models.base import Row


class Webhook(Row):
    """A receiver. ``secret`` signs (Standard Webhooks); ``events`` are space-separated."""

    url = TextField()
    events = TextField()
    secret = TextField()
    account = IntegerField()  # as whom it sees: events of hidden entries are not told
    include_content = FlagField(default=False)
    active = FlagField(default=True)
    created_at = UtcDateTimeField()


class WebhookDelivery(Row):
    """One event for one receiver, written in the event's own transaction."""

    webhook = ForeignKeyField(Webhook, backref="deliveries", on_delete="CASCADE")
    message_id = TextField(unique=True)
    event = TextField()
    body = TextField()
    made_at = UtcDateTimeField()
    attempts = IntegerField(default=0)
    next_attempt_at = UtcDateTimeField(null=True, index=True)  # null: nothing to do
    delivered_at = UtcDateTimeField(null=True)
    last_status = IntegerField(null=True)
    last_error = TextField(null=True)
