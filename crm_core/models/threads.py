"""Threads: what mails said about them, the index made of it, and what people decided.

``MessageKey`` is evidence: a pure function of one mail, its copies and of who is
internal. ``ConversationKey`` is the index made of it; ``crm_core.threads.rethreading`` makes
both anew where who is internal has changed or a person has voided a key.
"""

from enum import StrEnum

from peewee import BlobField, CompositeKey, ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField, FlagField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.mail import Conversation, Message


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
    """Which conversation a key belongs to now; ``voided`` keys join nothing.

    ``conversation_id`` is no foreign key on purpose: looked up by key only, it has no
    index, and each conversation that a merge removes would cost a look at every key.
    """

    key = BlobField(primary_key=True)
    conversation_id = IntegerField(null=True)
    voided = FlagField(default=False)

    class Meta:
        """Looked up by key only."""

        without_rowid = True


class VoidedThreadIndex(Row):
    """A conversation GUID that joins nothing: it belongs to a form, not to a thread."""

    guid = BlobField(primary_key=True)
    voided_at = UtcDateTimeField()
    voided_by = TextField()

    class Meta:
        """Looked up by GUID only."""

        without_rowid = True


class ReviewOutcome(StrEnum):
    """How a review case ended."""

    MERGED = "merged"
    APART = "apart"  # pinned: the machine never merges these, nor asks again
    VOIDED = "voided"  # the key that joined them was voided
    MOOT = "moot"  # by now there is nothing left to decide


class ReviewCase(Row):
    """Something only a person may decide: two threads, or two tokens, in one mail."""

    message = ForeignKeyField(Message, backref="review_cases", on_delete="CASCADE")
    message_id: int
    reason = TextField()
    detail = TextField(default="")
    opened_at = UtcDateTimeField()
    outcome = EnumField(ReviewOutcome, null=True)
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
