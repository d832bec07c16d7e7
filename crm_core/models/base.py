"""The root of all tables: bound to one database, STRICT on SQLite."""

from peewee import Model

from crm_core.database import proxy


class Row(Model):
    """A table of the CRM."""

    id: int

    class Meta:
        """Shared by all tables."""

        database = proxy
        legacy_table_names = False
        strict_tables = True
