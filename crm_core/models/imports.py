"""Files that people bring in, kept only while they look at the preview."""

from peewee import BlobField, ForeignKeyField, TextField

from crm_core.fields import UtcDateTimeField
from crm_core.models.access import Account
from crm_core.models.base import Row


class AddressImport(Row):
    """The file of addresses an account is importing; after the import, its failed rows.

    ``choices``: what each column means; ``outcome``: what came of it, once it is over.
    """

    account = ForeignKeyField(Account, unique=True, on_delete="CASCADE")
    file_name = TextField()
    data = BlobField()
    choices = TextField()
    made_at = UtcDateTimeField(index=True)
    outcome = TextField(null=True)
