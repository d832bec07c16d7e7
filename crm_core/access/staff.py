"""Employees and the groups that rights are given to.

The three standard groups are rows like any other; only ``GL`` has a meaning of its own
(entries marked «management only», see ``permissions``). An employee who owns a mailbox
comes from the configuration (``mailboxes``); the others are added here. Membership may
come from the configuration too, and from the pages: both count.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from crm_core import audit
from crm_core.database import require_transaction
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Account,
    Employee,
    StaffGroup,
    StaffMembership,
    WebSession,
)

MANAGEMENT = "GL"
STANDARD_GROUPS = (MANAGEMENT, "Administration", "Werkstatt")


def ensure_groups(names: Sequence[str]) -> dict[str, StaffGroup]:
    """The standard groups and ``names`` as rows, made where missing; by name."""
    require_transaction()
    known = {group.name: group for group in StaffGroup.select()}
    for name in (*STANDARD_GROUPS, *names):
        if name not in known:
            known[name] = StaffGroup.create(name=name)
    return known


def group_names() -> list[str]:
    """All staff groups, the standard ones first."""
    return [group.name for group in StaffGroup.select().order_by(StaffGroup.id)]


def add_employee(
    key: str, name: str, groups: Sequence[str] = (), *, actor: str
) -> Employee:
    """An employee without a mailbox of the configuration.

    Raises Invalid for an empty key or name, Conflict for a key that is taken, NotFound
    for a group that does not exist (a misspelt group would silently give no right).
    """
    require_transaction()
    key, name = key.strip(), name.strip()
    if not key:
        raise Invalid("key", "required", "the employee needs a key")
    if not name:
        raise Invalid("name", "required", "the employee needs a name")
    if Employee.get_or_none(Employee.key == key) is not None:
        raise Conflict("the employee «{key}» exists already", key=key)
    rows = [_group(group) for group in dict.fromkeys(groups)]
    employee = Employee.create(key=key, name=name)
    for row in rows:
        StaffMembership.create(employee=employee, group=row)
    audit.record(
        actor, "employee_added", f"employee:{employee.id}", detail=", ".join(groups)
    )
    return employee


def by_key(key: str) -> Employee:
    """The employee with this key; NotFound names the known ones."""
    employee = Employee.get_or_none(Employee.key == key)
    if not isinstance(employee, Employee):
        known = [row.key for row in Employee.select().order_by(Employee.key)]
        raise NotFound(
            "there is no employee «{key}» (known: {known})",
            key=key,
            known=", ".join(known) or "–",
        )
    return employee


def active_employees() -> list[Employee]:
    """Whom a task or an entry can be given to, by name."""
    rows = Employee.select().where(Employee.active == 1)
    return list(rows.order_by(Employee.name, Employee.id))


def groups_of(employee: Employee) -> frozenset[str]:
    """The names of the groups this employee is in."""
    rows = (
        StaffGroup.select(StaffGroup.name)
        .join(StaffMembership)
        .where(StaffMembership.employee == employee)
    )
    return frozenset(row.name for row in rows)


def set_groups(employee: Employee, names: Sequence[str], *, actor: str) -> None:
    """Make the employee a member of exactly these groups (made where missing).

    Groups that mailboxes.yaml gives stay. Who is in other groups than before is signed
    out everywhere.
    """
    _set_groups(employee, {*names, *configured_groups(employee)}, actor)


def set_configured_groups(
    employee: Employee, names: Sequence[str], *, actor: str
) -> None:
    """What mailboxes.yaml says; the groups given on the pages stay besides."""
    configured, wanted = configured_groups(employee), set(names)
    if wanted == configured:
        return
    _set_groups(employee, (groups_of(employee) - configured) | wanted, actor)
    rows = ensure_groups(names)
    mine = StaffMembership.employee == employee
    ids = [rows[name].id for name in wanted]
    for given in (True, False):
        which = StaffMembership.group.in_(ids)
        StaffMembership.update(configured=given).where(
            mine, which if given else ~which
        ).execute()


def configured_groups(employee: Employee) -> frozenset[str]:
    """The groups that mailboxes.yaml gives: the pages cannot take them away."""
    rows = (
        StaffGroup.select(StaffGroup.name)
        .join(StaffMembership)
        .where(StaffMembership.employee == employee, StaffMembership.configured == 1)
    )
    return frozenset(row.name for row in rows)


def _set_groups(employee: Employee, wanted: AbstractSet[str], actor: str) -> None:
    require_transaction()
    present = groups_of(employee)
    if wanted == present:
        return
    rows = ensure_groups(sorted(wanted))
    gone = [rows[name].id for name in present - wanted]
    StaffMembership.delete().where(
        StaffMembership.employee == employee, StaffMembership.group.in_(gone)
    ).execute()
    for name in sorted(wanted - present):
        StaffMembership.create(employee=employee, group=rows[name])
    accounts = Account.select(Account.id).where(Account.employee == employee)
    WebSession.delete().where(WebSession.account.in_(accounts)).execute()
    audit.record(
        actor,
        "employee_groups_set",
        f"employee:{employee.id}",
        detail=", ".join(sorted(wanted)),
    )


def _group(name: str) -> StaffGroup:
    group = StaffGroup.get_or_none(StaffGroup.name == name)
    if not isinstance(group, StaffGroup):
        raise NotFound(
            "there is no staff group «{group}» (known: {known})",
            group=name,
            known=", ".join(group_names()),
        )
    return group
