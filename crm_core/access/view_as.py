"""«Ansicht als …»: an administrator looks with the rights of a group or a person.

It shows what both may see, never more: an administrator of the program is not a reader
of mail, and trying on GL does not make one. What is personal (one's own tasks, profile,
mailbox) stays the administrator's own. Nothing can be changed meanwhile; who looked as
whom stands in the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crm_core import audit, database
from crm_core.access import permissions, staff
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.errors import NotFound
from crm_core.models import (
    Access,
    Employee,
    GroupRight,
    Right,
    StaffGroup,
    Visibility,
    WebSession,
)


@dataclass(frozen=True, slots=True)
class Worn:
    """The rights of a group or a person, with the name that the banner shows."""

    name: str
    groups: frozenset[str]
    member: bool
    rights: frozenset[Right]
    readable: frozenset[int]
    writable: frozenset[int]
    mailboxes: Mapping[int, Visibility]


def start(session: WebSession, target: str, *, actor: str) -> None:
    """From the next page on; ``target`` is «staff_group:3» or «employee:5»."""
    database.require_transaction()
    worn_by(target)
    session.view_as = target
    session.save(only=["view_as"])
    audit.record(actor, "view_as_started", target)


def end(session: WebSession, *, actor: str) -> None:
    """Back to one's own rights; without a view nothing happens."""
    database.require_transaction()
    if session.view_as is None:
        return
    audit.record(actor, "view_as_ended", session.view_as)
    session.view_as = None
    session.save(only=["view_as"])


def worn_by(target: str) -> Worn:
    """Whose rights these are; NotFound for anything that is not there."""
    kind, _, number = target.partition(":")
    id_ = int(number) if number.isascii() and number.isdigit() else 0
    if kind == "staff_group":
        group = StaffGroup.get_or_none(StaffGroup.id == id_)
        if isinstance(group, StaffGroup):
            return _of_group(group)
    if kind == "employee":
        employee = Employee.get_or_none(Employee.id == id_)
        if isinstance(employee, Employee):
            return _of_person(employee)
    raise NotFound("there is no such staff group")


def of_session(target: str) -> Worn:
    """As ``worn_by``; nothing at all where the target is gone meanwhile."""
    try:
        return worn_by(target)
    except NotFound:
        none: frozenset[int] = frozenset()
        return Worn("–", frozenset(), False, frozenset(), none, none, {})


def narrowed(viewer: Viewer, worn: Worn) -> Viewer:
    """What both may: of every right and every mailbox the lesser one."""
    groups = worn.groups
    if not viewer.management:
        groups = groups - {staff.MANAGEMENT}
    return replace(
        viewer,
        groups=groups,
        member=viewer.member and worn.member,
        rights=viewer.rights & worn.rights,
        readable=viewer.readable & worn.readable,
        writable=viewer.writable & worn.writable,
        mailboxes={
            box: permissions.lesser(grade, worn.mailboxes.get(box, Visibility.NONE))
            for box, grade in viewer.mailboxes.items()
        },
    )


def _of_person(employee: Employee) -> Worn:
    them = viewer_of(employee)
    return Worn(
        employee.name,
        them.groups,
        them.member,
        them.rights,
        them.readable,
        them.writable,
        them.mailboxes,
    )


def _of_group(group: StaffGroup) -> Worn:
    subtags = {
        (int(subtag), Access(access))
        for subtag, access in database.execute(
            "SELECT s.id, a.access FROM subtag s JOIN tag t ON t.id = s.tag_id "
            "JOIN tag_group_access a ON a.tag_group_id = t.group_id "
            "WHERE a.staff_group_id = ?",
            (group.id,),
        )
    }
    mailboxes = database.execute(
        "SELECT mailbox_id, visibility FROM mailbox_access WHERE staff_group_id = ?",
        (group.id,),
    )
    rows = GroupRight.select().where(GroupRight.staff_group == group)
    return Worn(
        group.name,
        frozenset({group.name}),
        True,
        frozenset(row.right for row in rows),
        frozenset(s for s, a in subtags if a is not Access.NONE),
        frozenset(s for s, a in subtags if a is Access.FULL),
        {int(box): Visibility(grade) for box, grade in mailboxes},
    )
