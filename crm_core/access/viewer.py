"""Who looks, and the one filter that every list, count, search and export goes through.

A ``Viewer`` is read once per request. Entries are filtered by ``entries``, a piece of
SQL over an alias; mail is graded by the mailboxes it lies in (full, subject, none).
Nothing is visible that no row allows; the rules are those of ``permissions``. Whoever is
in no staff group sees nothing at all, not even what is open to all staff.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crm_core import database
from crm_core.access import permissions, staff
from crm_core.errors import Forbidden, NotFound
from crm_core.models import (
    Access,
    Employee,
    Entry,
    GroupRight,
    Right,
    StaffMembership,
    Visibility,
)
from crm_core.records import merged

_GRADES = (Visibility.NONE, Visibility.SUBJECT, Visibility.FULL)


@dataclass(frozen=True, slots=True)
class Viewer:
    """An employee at work, with everything that decides what may be seen and done."""

    employee: int
    key: str
    name: str
    groups: frozenset[str]
    member: bool  # of any staff group at all
    rights: frozenset[Right]
    readable: frozenset[int]  # subtag ids
    writable: frozenset[int]
    mailboxes: Mapping[int, Visibility] = field(default_factory=dict)

    @property
    def management(self) -> bool:
        """Whether entries marked «Nur für GL» are open to this viewer."""
        return staff.MANAGEMENT in self.groups

    @property
    def actor(self) -> str:
        """How the log names this person."""
        return f"user:{self.key}"

    def can(self, right: Right) -> bool:
        """Whether the viewer has this right."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Forbidden without this right."""
        if not self.can(right):
            raise Forbidden("you have no right to do this")

    def require_member(self) -> None:
        """Forbidden for a person in no staff group."""
        if not self.member:
            raise Forbidden("you are not in a group yet: please ask the administration")

    def entries(self, alias: str = "e", *, write: bool = False) -> str:
        """SQL that is true for entries the viewer may read (or write).

        Without parameters: it is made of integers of our own tables. It filters what
        was found by other means and never finds: most people see most subtags.
        """
        subtags = self.writable if write else self.readable
        listed = ",".join(map(str, sorted(subtags))) or "NULL"
        mine = f"+{alias}.subtag_id IN ({listed})"
        return mine if self.management else f"({mine} AND {alias}.management_only = 0)"

    def messages(self, alias: str = "m", *, full: bool = False) -> str:
        """SQL that is true for mails the viewer may see at all (or read in full)."""
        wanted = _GRADES[2:] if full else _GRADES[1:]
        boxes = [box for box, grade in self.mailboxes.items() if grade in wanted]
        listed = ",".join(map(str, sorted(boxes))) or "NULL"
        open_to_all = "" if self.management else f" AND {alias}.confidential = 0"
        return (
            f"(EXISTS (SELECT 1 FROM message_copy seen WHERE seen.message_id = "
            f"{alias}.id AND +seen.mailbox_id IN ({listed}) {database.ONE})"
            f"{open_to_all})"
        )

    def grades(self, messages: Iterable[int]) -> dict[int, Visibility]:
        """What the viewer sees of each of these mails; NONE where nothing."""
        wanted = set(messages)
        found = dict.fromkeys(wanted, Visibility.NONE)
        rows = database.select_in(
            "SELECT c.message_id, c.mailbox_id, m.confidential FROM message_copy c "
            "JOIN message m ON m.id = c.message_id WHERE c.message_id IN ({marks})",
            wanted,
        )
        for message, mailbox, confidential in rows:
            grade = self.mailboxes.get(mailbox, Visibility.NONE)
            if confidential:  # its subject for GL, nothing for anybody else
                grade = Visibility.SUBJECT if self.management else Visibility.NONE
            found[message] = max(found[message], grade, key=_GRADES.index)
        return found

    def entry(self, number: int, *, write: bool = False) -> Entry:
        """The entry with this number; NotFound if it is hidden (never Forbidden:
        that it exists is already something), Forbidden if it may only be read,
        Conflict if it is to be changed and was merged into another one.
        """
        found = Entry.get_or_none(Entry.number == number)
        if not isinstance(found, Entry) or not self.sees(found):
            raise NotFound("there is no entry {number}", number=number)
        if write and found.subtag_id not in self.writable:
            raise Forbidden("you may read this entry, not change it")
        if write:
            merged.refuse(found)
        return found

    def sees(self, entry: Entry) -> bool:
        """Whether the viewer may read the entry."""
        hidden = entry.management_only and not self.management
        return entry.subtag_id in self.readable and not hidden


def viewer_of(employee: Employee) -> Viewer:
    """Read everything that decides; four queries, whatever the size of the data."""
    groups = staff.groups_of(employee)
    subtags = _subtags(employee)
    return Viewer(
        employee=employee.id,
        key=employee.key,
        name=employee.name,
        groups=groups,
        member=bool(groups) and employee.active,
        rights=_rights(employee) if employee.active else frozenset(),
        readable=frozenset(s for s, a in subtags if a is not Access.NONE),
        writable=frozenset(s for s, a in subtags if a is Access.FULL),
        mailboxes=permissions.visibility_of_mailboxes(employee),
    )


def _subtags(employee: Employee) -> set[tuple[int, Access]]:
    if not employee.active:
        return set()
    rows = database.execute(
        "SELECT s.id, a.access FROM subtag s JOIN tag t ON t.id = s.tag_id "
        "JOIN tag_group_access a ON a.tag_group_id = t.group_id "
        "JOIN staff_membership m ON m.group_id = a.staff_group_id "
        "WHERE m.employee_id = ?",
        (employee.id,),
    )
    return {(int(subtag), Access(access)) for subtag, access in rows}


def _rights(employee: Employee) -> frozenset[Right]:
    rows = (
        GroupRight.select(GroupRight.right)
        .join(StaffMembership, on=(StaffMembership.group == GroupRight.staff_group))
        .where(StaffMembership.employee == employee)
    )
    return frozenset(row.right for row in rows)
