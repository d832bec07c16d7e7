"""Addresses: customers, suppliers, authorities and everybody else we deal with."""

from enum import StrEnum

from peewee import ForeignKeyField, TextField

from crm_core.fields import EnumField, UtcDateTimeField
from crm_core.models.base import Row


class AddressRole(StrEnum):
    """What an address is to the company."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    AUTHORITY = "authority"
    OTHER = "other"


class Address(Row):
    """A company or a person."""

    name = TextField()
    role = EnumField(AddressRole)
    number = TextField(null=True, unique=True)  # the customer number of the ERP
    company = TextField(default="")
    street = TextField(default="")
    zip_code = TextField(default="")
    city = TextField(default="")
    phone = TextField(default="")
    remark = TextField(default="")
    created_at = UtcDateTimeField()
    updated_at = UtcDateTimeField(null=True)
    gone_at = UtcDateTimeField(null=True)  # deleted by a person; links stay


class AddressEmail(Row):
    """An e-mail address, normalised; it belongs to exactly one address."""

    address = ForeignKeyField(Address, backref="emails", on_delete="CASCADE")
    address_id: int
    email = TextField(unique=True)


class AddressDomain(Row):
    """A whole domain of a customer's company; it belongs to exactly one address."""

    address = ForeignKeyField(Address, backref="domains", on_delete="CASCADE")
    address_id: int
    domain = TextField(unique=True)
