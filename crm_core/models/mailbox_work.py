"""How a mailbox is read, what people want done with it, and how its polls went."""

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField, PlainDateField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.mail import Mailbox


class MailboxReading(Row):
    """What the configuration says about reading a mailbox, for people to see.

    ``lines`` are the mailbox's lines for mailboxes.yaml, every default written out.
    No secret: the log-in's name, not its password.
    """

    mailbox = ForeignKeyField(Mailbox, primary_key=True, on_delete="CASCADE")
    mailbox_id: int
    poll = IntegerField()  # seconds between two polls
    since = PlainDateField(null=True)
    skip = TextField(default="")  # folders never read, one a line
    endpoint = TextField(default="")
    login = TextField(default="")
    access = TextField(default="")  # impersonation or delegate
    lines = TextField(default="")


class MailboxPoll(Row):
    """One poll of one mailbox: how long, how much, and what was wrong. Kept for days."""

    mailbox = ForeignKeyField(Mailbox, index=False, on_delete="CASCADE")
    mailbox_id: int
    at = UtcDateTimeField()  # when it ended
    took_ms = IntegerField()
    answer_ms = IntegerField(null=True)  # the server's, for one question about changes
    mails = IntegerField()
    code = TextField(null=True)  # null: read to its end

    class Meta:
        """The latest polls of a mailbox."""

        indexes = ((("mailbox", "at"), False),)


class WishKind(StrEnum):
    """What people can ask the daemon for."""

    TEST = "test"
    POLL_NOW = "poll_now"
    BACKFILL = "backfill"
    RELOAD = "reload"  # of the configuration's files; of no mailbox


class MailboxWish(Row):
    """Something a person wants done by the daemon, and what came of it.

    Open until ``finished_at``; at most one open wish of a kind per mailbox. What nobody
    has taken before ``expires_at`` is never done. A taken one may be taken again after
    ``leased_until``: everything here is idempotent.
    """

    mailbox = ForeignKeyField(Mailbox, null=True, on_delete="CASCADE")
    mailbox_id: int | None
    kind = EnumField(WishKind)
    since = PlainDateField(null=True)  # of a back-fill
    asked_by = TextField()
    asked_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    taken_at = UtcDateTimeField(null=True)
    leased_until = UtcDateTimeField(null=True)
    tries = IntegerField(default=0)
    finished_at = UtcDateTimeField(null=True)
    result = TextField(null=True)  # JSON, by kind


# Open ones: few, and looked for every second or two.
MailboxWish.add_index(
    MailboxWish.index(
        MailboxWish.mailbox,
        MailboxWish.kind,
        name="mailbox_wish_open",
        unique=True,
        where=MailboxWish.finished_at.is_null(),
    )
)
MailboxWish.add_index(
    MailboxWish.index(
        MailboxWish.kind,
        name="mailbox_wish_open_of_none",
        unique=True,
        where=MailboxWish.finished_at.is_null() & MailboxWish.mailbox.is_null(),
    )
)
