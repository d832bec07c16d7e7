"""Mailboxes, mails, their copies, threads and the evidence for them.

One ``Message`` per mail, one ``MessageCopy`` per place where it lies. What a mail said
about its thread is ``MessageKey`` (evidence, immutable); ``ConversationKey`` is the
index made of it and can be rebuilt. Only the daemon writes ``mail_folder``,
``message_copy`` and the state columns of ``mailbox``.
"""

from enum import StrEnum

from peewee import (
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from crm_core.fields import EnumField, FlagField, PlainDateField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.staff import Employee, StaffGroup


class MailboxKind(StrEnum):
    """A mailbox of the company, or of a person (who must be informed first)."""

    SHARED = "shared"
    PERSON = "person"


class Keep(StrEnum):
    """Which bodies are stored: none, those of linked mail, all."""

    HEADERS = "headers"
    LINKED = "linked"
    ALL = "all"


class InternalOnly(StrEnum):
    """What happens in an entry to mail among colleagues only."""

    SUGGEST = "suggest"
    LINK = "link"
    IGNORE = "ignore"


class Visibility(StrEnum):
    """What a staff group sees of a mailbox's mail."""

    FULL = "full"
    SUBJECT = "subject"
    NONE = "none"


class MailboxStatus(StrEnum):
    """Health of a mailbox, as shown to people."""

    NEW = "new"
    OK = "ok"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"  # log-in or right refused: a person must act
    GONE = "gone"
    NOT_INFORMED = "not_informed"
    REMOVED = "removed"  # no longer in the configuration


class Mailbox(Row):
    """A mailbox of the configuration, mirrored, and how its polling fares."""

    address = TextField(unique=True)
    slug = TextField(unique=True)
    name = TextField()
    server = TextField()
    kind = EnumField(MailboxKind)
    employee = ForeignKeyField(Employee, null=True, backref="mailboxes")
    employee_id: int | None
    keep = EnumField(Keep)
    internal_only = EnumField(InternalOnly, default=InternalOnly.SUGGEST)
    informed_on = PlainDateField(null=True)
    enabled = FlagField(default=True)  # listed, and its person is informed
    writes_tasks = FlagField(default=False)
    writes_calendar = FlagField(default=False)
    status = EnumField(MailboxStatus, default=MailboxStatus.NEW)
    status_code = TextField(null=True)
    status_detail = TextField(null=True)
    attempts = IntegerField(default=0)
    next_attempt_at = UtcDateTimeField(null=True)
    last_success_at = UtcDateTimeField(null=True)
    lease_owner = TextField(null=True)
    lease_until = UtcDateTimeField(null=True)


class MailboxAccess(Row):
    """What a staff group sees of a mailbox; no row = nothing."""

    mailbox = ForeignKeyField(Mailbox, backref="access", on_delete="CASCADE")
    mailbox_id: int
    staff_group = ForeignKeyField(StaffGroup, on_delete="CASCADE")
    staff_group_id: int
    visibility = EnumField(Visibility)

    class Meta:
        """Once per pair."""

        indexes = ((("mailbox", "staff_group"), True),)


class MailFolder(Row):
    """A polled folder. The sync state is read off two columns: no token = new,
    token without ``caught_up_at`` = catching up, both = following.

    ``sweep`` counts full re-reads: copies not seen in the present one are gone.
    """

    mailbox = ForeignKeyField(Mailbox, backref="folders", on_delete="CASCADE")
    mailbox_id: int
    role = TextField()
    external_id = TextField(default="")
    name = TextField()
    token = TextField(null=True)
    caught_up_at = UtcDateTimeField(null=True)
    sweep = IntegerField(default=0)

    class Meta:
        """A folder is polled once."""

        indexes = ((("mailbox", "role", "external_id"), True),)


class Conversation(Row):
    """A set of mails connected by shared keys."""

    started_at = UtcDateTimeField()


class Dmarc(StrEnum):
    """The verdict of our own server on the sender's domain."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"


class Message(Row):
    """One mail. ``internet_id`` is its Message-ID without angle brackets.

    ``fingerprint`` tells mails with the same id apart (sender, date, subject); a mail
    whose id another one had first is flagged ``id_conflict``. ``sender`` is the party
    that counts (Reply-To where given and different), ``from_address`` what From said.
    """

    internet_id = TextField(null=True, index=True)
    fingerprint = BlobField()
    conversation = ForeignKeyField(Conversation, backref="messages")
    conversation_id: int
    subject = TextField()
    from_name = TextField(default="")
    from_address = TextField(null=True)
    sender = TextField(null=True)
    sent_at = UtcDateTimeField()
    received_at = UtcDateTimeField(index=True)
    size = IntegerField(default=0)
    item_class = TextField(default="IPM.Note")
    has_attachments = FlagField(default=False)
    automatic = FlagField(default=False)
    confidential = FlagField(default=False)
    dmarc = EnumField(Dmarc, default=Dmarc.NONE)
    authenticated = FlagField(default=False)  # our Exchange vouches: internal
    id_conflict = FlagField(default=False)
    parent = BlobField(null=True)  # the key of the mail it answers
    joined_by = TextField(null=True)  # kind of the key that placed it in its thread
    body_at = UtcDateTimeField(null=True)  # when its text was stored
    content_at = UtcDateTimeField(null=True)  # when HTML and attachments were too
    body_wanted_until = UtcDateTimeField(null=True)  # a person asked to see it
    body_wanted_by = TextField(null=True)
    ignored_at = UtcDateTimeField(
        null=True
    )  # «Nicht zugeordnet»: a person waved it off
    ignored_by = TextField(null=True)
    body_missing = TextField(null=True)  # why it cannot be had


class KeywordWork(Row):
    """A mail whose subject or category asks for something not yet decided.

    Decided once its mailbox is read to the end, oldest first, so that the order of
    delivery does not matter.
    """

    message = ForeignKeyField(Message, primary_key=True, on_delete="CASCADE")
    message_id: int


class CompareWork(Row):
    """A mail with several copies whose texts have not been compared yet."""

    message = ForeignKeyField(Message, primary_key=True, on_delete="CASCADE")


class MessageBody(Row):
    """The text of a stored body, apart, so that lists stay small."""

    message = ForeignKeyField(Message, primary_key=True, on_delete="CASCADE")
    message_id: int
    text = TextField()
    html = TextField(null=True)
    new_text = TextField(null=True)  # without the quotation, where the server says so


class MessageCopy(Row):
    """Where a mail lies. ``message`` is null for private-marked items: ids only.

    ``content_digest`` is a keyed digest of the text, compared where copies share a
    Message-ID; it says nothing about the text to whoever lacks the key.
    """

    # No own index: the unique pair below begins with it.
    mailbox = ForeignKeyField(Mailbox, index=False, on_delete="CASCADE")
    mailbox_id: int
    folder = ForeignKeyField(MailFolder, index=False, on_delete="CASCADE")
    folder_id: int
    external_id = TextField()
    change_key = TextField(default="")
    message = ForeignKeyField(Message, null=True, backref="copies")
    message_id: int | None
    private = FlagField(default=False)
    sent = FlagField(default=False)  # lies in our Sent Items: staff wrote it
    content_digest = BlobField(null=True)
    digest_missing = FlagField(default=False)  # tried, cannot be had
    filed = FlagField(default=False)  # has the Outlook category «CRM»
    seen_sweep = IntegerField(default=0)
    gone_at = UtcDateTimeField(null=True)

    class Meta:
        """An item id is unique in its mailbox, and case-sensitive."""

        indexes = ((("mailbox", "external_id"), True),)


class PartyRole(StrEnum):
    """Where an address stood in a mail."""

    FROM = "from"
    REPLY_TO = "reply_to"
    TO = "to"
    CC = "cc"
    BCC = "bcc"


class MessageAddress(Row):
    """A party of a mail, normalised."""

    message = ForeignKeyField(
        Message, backref="parties", index=False, on_delete="CASCADE"
    )
    message_id: int
    role = EnumField(PartyRole)
    email = TextField(index=True)

    class Meta:
        """Once per role."""

        primary_key = CompositeKey("message", "role", "email")
        without_rowid = True


class MessageKey(Row):
    """What a mail said about its thread: 16-byte digest and its kind."""

    message = ForeignKeyField(Message, backref="keys", index=False, on_delete="CASCADE")
    message_id: int
    key = BlobField()
    kind = TextField()

    class Meta:
        """Evidence is a set."""

        primary_key = CompositeKey("message", "key")
        without_rowid = True


class ConversationKey(Row):
    """Which conversation a key belongs to now; ``voided`` keys join nothing."""

    key = BlobField(primary_key=True)
    conversation = ForeignKeyField(
        Conversation, null=True, index=False, on_delete="CASCADE"
    )
    conversation_id: int | None
    voided = FlagField(default=False)

    class Meta:
        """Looked up by key only."""

        without_rowid = True


class Attachment(Row):
    """A stored attachment; the content is a file named by its SHA-256."""

    message = ForeignKeyField(Message, backref="attachments", on_delete="CASCADE")
    message_id: int
    position = IntegerField()
    name = TextField()
    content_type = TextField()
    content_id = TextField(null=True)
    inline = FlagField(default=False)
    size = IntegerField()
    sha256 = TextField(null=True, index=True)  # null: refused or too large


class IgnoredSender(Row):
    """Mail from here never waits in «Nicht zugeordnet» again."""

    email = TextField(unique=True)
    by = TextField()
    at = UtcDateTimeField()


class ReviewCase(Row):
    """Something only a person may decide: two threads, or two tokens, in one mail."""

    message = ForeignKeyField(Message, backref="review_cases", on_delete="CASCADE")
    message_id: int
    reason = TextField()
    detail = TextField(default="")
    opened_at = UtcDateTimeField()
    closed_at = UtcDateTimeField(null=True)
    closed_by = TextField(null=True)


class ReviewCaseSide(Row):
    """One of the conversations that a review case is about."""

    case = ForeignKeyField(ReviewCase, backref="sides", on_delete="CASCADE")
    case_id: int
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    conversation_id: int

    class Meta:
        """Once per conversation."""

        indexes = ((("case", "conversation"), True),)
