"""Work reports (Rapporte) and delivery notes (Lieferscheine), owned by the ERP."""

from enum import StrEnum

from peewee import ForeignKeyField, TextField

from crm_core.fields import EnumField, PlainDateField, UtcDateTimeField
from crm_core.models.addresses import Address
from crm_core.models.base import Row


class DocumentKind(StrEnum):
    """What kind of document it is in the ERP."""

    REPORT = "report"
    DELIVERY_NOTE = "delivery_note"


class Document(Row):
    """A document of the ERP, known here by kind and number."""

    kind = EnumField(DocumentKind)
    number = TextField()
    title = TextField()
    address = ForeignKeyField(Address, null=True, backref="documents")
    address_id: int | None
    dated_on = PlainDateField(null=True)
    status = TextField(default="")
    url = TextField(default="")
    updated_at = UtcDateTimeField()

    class Meta:
        """The ERP's number is unique per kind."""

        indexes = ((("kind", "number"), True),)
