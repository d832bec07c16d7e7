"""Mailboxes, mails and their copies. Threads and their evidence: ``models.threads``.

One ``Message`` per mail, one ``MessageCopy`` per place where it lies. Only the daemon
writes ``mail_folder``, ``message_copy``, ``expired_copy`` and the state columns of
``mailbox``.
"""

from datetime import date
from enum import StrEnum

from peewee import (
    SQL,
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from crm_core import clock
from crm_core.fields import EnumField, FlagField, PlainDateField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.staff import Employee, StaffGroup


def _today() -> date:
    return clock.now().date()


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


class Triage(StrEnum):
    """Which unlinked mail of a mailbox waits in «Nicht zugeordnet»."""

    KNOWN = "known"  # a party is a known address
    REPLIES = "replies"  # or a colleague wrote in the conversation
    ALL = "all"


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
    triage = EnumField(Triage, default=Triage.KNOWN)
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
    paused_at = UtcDateTimeField(
        null=True
    )  # a person halted it; nothing is asked of it
    paused_by = TextField(null=True)
    read_from = UtcDateTimeField(
        null=True
    )  # a back-fill reaches further than ``since``
    quiet_before = UtcDateTimeField(null=True)  # older mail, newly read, starts nothing


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
    ``items_read`` of ``items_expected`` is how far the present full read has come.
    ``items_there`` and ``items_here`` are what the last nightly count found in the
    mailbox and in the database, after it had read what was missing.
    """

    mailbox = ForeignKeyField(Mailbox, backref="folders", on_delete="CASCADE")
    mailbox_id: int
    role = TextField()
    external_id = TextField(default="")
    name = TextField()
    token = TextField(null=True)
    caught_up_at = UtcDateTimeField(null=True)
    sweep = IntegerField(default=0)
    items_expected = IntegerField(null=True)
    items_read = IntegerField(default=0)
    counted_at = UtcDateTimeField(null=True)
    items_there = IntegerField(null=True)
    items_here = IntegerField(null=True)

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
    ``parties`` is a digest of the parties that its rows name, for telling whether a
    further copy names the same; null where the rows do not name them all.
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
    parties = BlobField(null=True)
    stored_on = PlainDateField(default=_today)  # from here its time to expire counts
    joined_by = TextField(null=True)  # kind of the key that placed it in its thread
    body_at = UtcDateTimeField(null=True)  # when its text was stored
    content_at = UtcDateTimeField(null=True)  # when HTML and attachments were too
    body_wanted_until = UtcDateTimeField(null=True)  # a person asked to see it
    body_wanted_by = TextField(null=True)
    # «Nicht zugeordnet» (crm_core.linking.unassigned), and that a person waved it off
    unassigned = FlagField(default=True, constraints=[SQL("DEFAULT 1")])
    # somebody it names is an address we know (crm_core.mail.known_parties)
    known = FlagField(default=False, constraints=[SQL("DEFAULT 0")])
    ignored_at = UtcDateTimeField(null=True)
    ignored_by = TextField(null=True)
    body_missing = TextField(null=True)  # why it cannot be had


# Short lists out of many mails: what waits for an entry, what somebody asked to see.
Message.add_index(
    Message.index(
        Message.received_at, name="message_unassigned", where=Message.unassigned == 1
    )
)
Message.add_index(
    Message.index(
        Message.received_at,
        name="message_waiting",
        where=(Message.unassigned == 1) & (Message.known == 1),
    )
)
Message.add_index(
    Message.index(
        Message.body_wanted_until,
        name="message_body_wanted_until",
        where=Message.body_wanted_until.is_null(False),
    )
)


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

    ``guids``, ``server_thread`` and ``parties`` are what this copy says about its
    thread: the conversation GUIDs (16 bytes each), the server's conversation, and the
    parties they are bound to, where these are not simply sender, To and Cc of the mail
    (null). The mail's compound keys can be made anew of them.
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
    guids = BlobField(null=True)
    server_thread = BlobField(null=True)
    parties = TextField(null=True)
    seen_sweep = IntegerField(default=0)
    gone_at = UtcDateTimeField(null=True)

    class Meta:
        """An item id is unique in its mailbox, and case-sensitive."""

        indexes = ((("mailbox", "external_id"), True),)


class ExpiredCopy(Row):
    """An item whose mail has expired: a keyed digest of its id, nothing else.

    It tells a later page that the item is known, so that it is not read again.
    """

    mailbox = ForeignKeyField(Mailbox, index=False, on_delete="CASCADE")
    mailbox_id: int
    digest = BlobField()
    folder = ForeignKeyField(MailFolder, index=False, on_delete="CASCADE")
    folder_id: int
    seen_sweep = IntegerField(default=0)

    class Meta:
        """Once per mailbox."""

        primary_key = CompositeKey("mailbox", "digest")
        without_rowid = True


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
