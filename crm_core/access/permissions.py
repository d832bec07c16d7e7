"""Who may see and do what. Nothing is allowed that no row allows.

Rights on entries hang on the tag group of the entry's subtag (group × staff group →
full | read | none); rights on mail hang on the mailbox (full | subject | none). Several
groups: the widest right counts. An entry marked «management only» is for GL alone, and
GL too needs its right on the tag group. An inactive employee may nothing; who is in no
staff group sees the own mailbox alone, on the pages about privacy.
"""

from crm_core import database
from crm_core.access import staff
from crm_core.models import (
    Access,
    Employee,
    Entry,
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


def visibility_of_mailboxes(employee: Employee) -> dict[int, Visibility]:
    """What the employee sees of each mailbox's mail; the own mailbox in full.

    One query, however many mailboxes and groups; what is not in it is not seen.
    """
    if not employee.active:
        return {}
    rows = database.execute(
        "SELECT b.id, b.employee_id, a.visibility FROM mailbox b "
        "LEFT JOIN staff_membership m ON m.employee_id = ? "
        "LEFT JOIN mailbox_access a ON a.mailbox_id = b.id "
        "AND a.staff_group_id = m.group_id",
        (employee.id,),
    )
    found: dict[int, Visibility] = {}
    for mailbox, owner, granted in rows:
        own = owner == employee.id
        grade = Visibility.FULL if own else Visibility(granted or Visibility.NONE)
        best = found.get(mailbox, Visibility.NONE)
        found[mailbox] = max(best, grade, key=_VISIBILITY.index)
    return found
