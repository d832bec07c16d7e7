"""What was erased for good: recognised if it comes again, and nothing else."""

from peewee import BlobField

from crm_core.fields import UtcDateTimeField
from crm_core.models.base import Row


class ErasedMail(Row):
    """A keyed digest of an erased mail's identity: it is not stored a second time."""

    digest = BlobField(primary_key=True)
    erased_at = UtcDateTimeField()

    class Meta:
        """Looked up by digest only."""

        without_rowid = True
