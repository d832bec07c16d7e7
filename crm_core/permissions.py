"""Who may see and do what. Nothing is allowed that no row allows.

Rights on entries hang on the tag group of the entry's subtag (group × staff group →
full | read | none); rights on mail hang on the mailbox (full | subject | none). Several
groups: the widest right counts. An entry marked «management only» is for GL alone, and
GL too needs its right on the tag group. An inactive employee may nothing.
"""

from crm_core import staff
from crm_core.models import (
    Access,
    Employee,
    Entry,
    Mailbox,
    MailboxAccess,
    StaffMembership,
    Subtag,
    Tag,
    TagGroupAccess,
    Visibility,
)

_ACCESS = (Access.NONE, Access.READ, Access.FULL)
_VISIBILITY = (Visibility.NONE, Visibility.SUBJECT, Visibility.FULL)


def access_to_entry(employee: Employee, entry: Entry) -> Access:
    """What this employee may do with this entry."""
    if not employee.active:
        return Access.NONE
    if entry.management_only and staff.MANAGEMENT not in staff.groups_of(employee):
        return Access.NONE
    rows = (
        TagGroupAccess.select(TagGroupAccess.access)
        .join(
            StaffMembership,
            on=(StaffMembership.group == TagGroupAccess.staff_group),
        )
        .join(Tag, on=(Tag.group == TagGroupAccess.tag_group))
        .join(Subtag, on=(Subtag.tag == Tag.id))
        .where(StaffMembership.employee == employee, Subtag.id == entry.subtag_id)
    )
    return max((row.access for row in rows), key=_ACCESS.index, default=Access.NONE)


def may_read_entry(employee: Employee, entry: Entry) -> bool:
    """Whether the employee may see more of the entry than its number."""
    return access_to_entry(employee, entry) is not Access.NONE


def may_write_entry(employee: Employee, entry: Entry) -> bool:
    """Whether the employee may change the entry."""
    return access_to_entry(employee, entry) is Access.FULL


def lesser(one: Visibility, other: Visibility) -> Visibility:
    """The narrower of two grades."""
    return min(one, other, key=_VISIBILITY.index)


def visibility_of_mailbox(employee: Employee, mailbox: Mailbox) -> Visibility:
    """What the employee sees of this mailbox's mail; the own mailbox in full."""
    if not employee.active:
        return Visibility.NONE
    if mailbox.employee_id == employee.id:
        return Visibility.FULL
    rows = (
        MailboxAccess.select(MailboxAccess.visibility)
        .join(
            StaffMembership,
            on=(StaffMembership.group == MailboxAccess.staff_group),
        )
        .where(StaffMembership.employee == employee, MailboxAccess.mailbox == mailbox)
    )
    return max(
        (row.visibility for row in rows),
        key=_VISIBILITY.index,
        default=Visibility.NONE,
    )
