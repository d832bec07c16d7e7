"""CRM entries and what hangs on them.

A link to mail is an *anchor message*: shown is every mail of the anchor's
conversation, so that a later reply is linked the moment it is threaded. Verdicts of
people are pinned: nothing automatic changes them.
"""

from enum import StrEnum

from peewee import (
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from crm_core.fields import EnumField, FlagField, PlainDateField, UtcDateTimeField
from crm_core.models.addresses import Address
from crm_core.models.base import Row
from crm_core.models.classification import Subtag
from crm_core.models.documents import Document
from crm_core.models.mail import Message
from crm_core.models.staff import Employee


class EntryStatus(StrEnum):
    """Open, waiting for somebody, or closed by a person."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class Entry(Row):
    """One matter with a customer; ``number`` is what people say (CRM-1042)."""

    number = IntegerField(unique=True)
    title = TextField()
    subtag = ForeignKeyField(Subtag, backref="entries")
    subtag_id: int
    status = EnumField(EntryStatus, default=EntryStatus.OPEN)
    management_only = FlagField(default=False)
    description = TextField(default="")
    responsible = ForeignKeyField(Employee, null=True, backref="entries")
    follow_up_on = PlainDateField(null=True)
    version = IntegerField(default=1)  # two people, one entry: the second is told
    created_at = UtcDateTimeField()
    created_by = TextField()
    updated_at = UtcDateTimeField(null=True)
    updated_by = TextField(null=True)
    closed_at = UtcDateTimeField(null=True)


class Participant(Row):
    """An address that takes part; the first one is the entry's own."""

    entry = ForeignKeyField(Entry, backref="participants", on_delete="CASCADE")
    entry_id: int
    address = ForeignKeyField(Address, backref="participations")
    address_id: int
    added_at = UtcDateTimeField()
    added_by = TextField()

    class Meta:
        """Once per address."""

        indexes = ((("entry", "address"), True),)


class Watch(Row):
    """Somebody wants to see what happens in an entry."""

    entry = ForeignKeyField(Entry, backref="watches", on_delete="CASCADE")
    employee = ForeignKeyField(Employee, on_delete="CASCADE")
    seen_at = UtcDateTimeField()

    class Meta:
        """Once per employee."""

        indexes = ((("entry", "employee"), True),)


class Note(Row):
    """A free text of a colleague."""

    entry = ForeignKeyField(Entry, backref="notes", on_delete="CASCADE")
    entry_id: int
    text = TextField()
    written_at = UtcDateTimeField()
    written_by = TextField()


class LinkReason(StrEnum):
    """Why a mail is in an entry; shown with every link."""

    MANUAL = "manual"
    TOKEN = "token"  # the subject token [CRM-1042]
    KEYWORD = "keyword"
    CATEGORY = "category"
    SUGGESTION = "suggestion"
    REPLY = "reply"  # never stored on a link: a member of the anchor's conversation


class EntryMail(Row):
    """A link: this conversation, named by one of its mails, belongs to this entry.

    A removed row stays, with who and when: it is a person's pinned decision.
    """

    entry = ForeignKeyField(Entry, backref="mail", on_delete="CASCADE")
    entry_id: int
    anchor = ForeignKeyField(Message, backref="anchored")
    anchor_id: int
    reason = EnumField(LinkReason)
    evidence = TextField(default="")
    linked_at = UtcDateTimeField()
    linked_by = TextField()
    removed_at = UtcDateTimeField(null=True)
    removed_by = TextField(null=True)

    class Meta:
        """One link per anchor."""

        indexes = ((("entry", "anchor"), True),)


class Verdict(StrEnum):
    """What a person said about one mail in one entry."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class EntryMailVerdict(Row):
    """A person's pinned decision on one mail."""

    entry = ForeignKeyField(Entry, on_delete="CASCADE")
    entry_id: int
    message = ForeignKeyField(Message, backref="verdicts")
    message_id: int
    verdict = EnumField(Verdict)
    by = TextField()
    at = UtcDateTimeField()

    class Meta:
        """One verdict per mail and entry."""

        indexes = ((("entry", "message"), True),)


class Hold(StrEnum):
    """Why a mail of a linked conversation is offered instead of shown."""

    EXCLUDED = "excluded"  # a person took it out: not offered again
    UNCONFIRMED_SENDER = "unconfirmed_sender"
    INTERNAL_ONLY = "internal_only"
    OTHER_CUSTOMER = "other_customer"
    MASS_MAIL = "mass_mail"
    AMBIGUOUS_SENDER = "ambiguous_sender"


class EntryMailState(Row):
    """What ``links.settle`` decided; only deviations from «shown» have a row."""

    entry = ForeignKeyField(Entry, index=False, on_delete="CASCADE")
    entry_id: int
    message = ForeignKeyField(Message, on_delete="CASCADE", index=True)
    message_id: int
    hold = EnumField(Hold, null=True)
    new_sender = FlagField(default=False)

    class Meta:
        """One state per mail and entry."""

        primary_key = CompositeKey("entry", "message")


class SuggestionReason(StrEnum):
    """Why a link is offered, never made, by the machine."""

    OUTSIDE_TOKEN = "outside_token"
    BARE_TOKEN = "bare_token"
    QUOTED_TOKEN = "quoted_token"
    OUTSIDE_KEYWORD = "outside_keyword"
    AMBIGUOUS_COUNTERPART = "ambiguous_counterpart"
    REMOVED_BEFORE = "removed_before"
    CATEGORY = "category"


class Suggestion(Row):
    """An offered link of a mail to an entry, or (no entry) to a new one of a subtag."""

    message = ForeignKeyField(Message, backref="suggestions", on_delete="CASCADE")
    message_id: int
    entry = ForeignKeyField(Entry, null=True, on_delete="CASCADE")
    entry_id: int | None
    subtag = ForeignKeyField(Subtag, null=True, on_delete="CASCADE")
    subtag_id: int | None
    reason = EnumField(SuggestionReason)
    detail = TextField(default="")
    made_at = UtcDateTimeField()
    closed_at = UtcDateTimeField(null=True)
    closed_by = TextField(null=True)


class EntryDocument(Row):
    """A document that belongs to an entry; the reverse view needs no second row."""

    entry = ForeignKeyField(Entry, backref="documents", on_delete="CASCADE")
    entry_id: int
    document = ForeignKeyField(Document, backref="entries", on_delete="CASCADE")
    document_id: int
    linked_at = UtcDateTimeField()
    linked_by = TextField()

    class Meta:
        """Once per document."""

        indexes = ((("entry", "document"), True),)
