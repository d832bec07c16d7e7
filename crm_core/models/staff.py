"""Employees and their groups (GL, Administration, Werkstatt and own ones)."""

from peewee import ForeignKeyField, TextField

from crm_core.fields import FlagField
from crm_core.models.base import Row


class Employee(Row):
    """Somebody a task can be given to; ``key`` is what the YAML calls the person."""

    key = TextField(unique=True)
    name = TextField()
    active = FlagField(default=True)


class StaffGroup(Row):
    """A group of employees that rights are given to."""

    name = TextField(unique=True)


class StaffMembership(Row):
    """One employee in one group; ``configured``: because mailboxes.yaml says so."""

    employee = ForeignKeyField(Employee, backref="memberships", on_delete="CASCADE")
    employee_id: int
    group = ForeignKeyField(StaffGroup, backref="memberships", on_delete="CASCADE")
    group_id: int
    configured = FlagField(default=False)

    class Meta:
        """Once per pair."""

        indexes = ((("employee", "group"), True),)
