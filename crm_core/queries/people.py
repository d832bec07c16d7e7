"""People and what their groups may, for administrators. Nothing is counted per person."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crm_core import clock, database
from crm_core.access import people
from crm_core.access.people import Rights
from crm_core.fields import from_text
from crm_core.models import Access, MailboxStatus, Right, Visibility


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list; without a login the person cannot sign in.

    ``configured``: of the groups those that mailboxes.yaml gives.
    """

    id: int
    key: str
    name: str
    active: bool
    login: str | None
    account: int | None
    language: str
    locked: bool
    has_password: bool
    signed_in_at: datetime | None
    waits_until: datetime | None
    groups: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()
    mailbox: str | None = None
    writes_tasks: bool = False
    writes_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """Staff groups against rights, tag groups and mailboxes."""

    groups: tuple[tuple[int, str], ...]
    tag_groups: tuple[tuple[int, str], ...]
    mailboxes: tuple[tuple[int, str, str], ...]  # id, name, address
    rights: Rights
    visibility: Mapping[tuple[int, int], Visibility]  # (staff group, mailbox)
    seen: str

    def can(self, group: int, right: Right) -> bool:
        """Whether the group has the right."""
        return (group, right) in self.rights.rights

    def access(self, group: int, tag_group: int) -> Access:
        """What the group may do with entries of the tag group."""
        return self.rights.access.get((group, tag_group), Access.NONE)

    def sees(self, group: int, mailbox: int) -> Visibility:
        """What the group sees of the mailbox's mail."""
        return self.visibility.get((group, mailbox), Visibility.NONE)


def rows() -> tuple[PersonRow, ...]:
    """Everybody, those who left last, by name; three queries."""
    return _rows("1 = 1", ())


def row(employee: int) -> PersonRow:
    """One person; NotFound if there is none."""
    people.employee(employee)
    (found,) = _rows("e.id = ?", (employee,))
    return found


def _rows(condition: str, values: tuple[object, ...]) -> tuple[PersonRow, ...]:
    now = clock.now()
    groups = _groups()
    boxes = _mailboxes()
    found = []
    for (
        id_,
        key,
        name,
        active,
        login,
        account,
        language,
        open_,
        hash_,
        *when,
    ) in database.execute(
        "SELECT e.id, e.key, e.name, e.active, a.login, a.id, a.language, a.active, "
        "a.password_hash IS NOT NULL, a.signed_in_at, a.next_try_at "
        "FROM employee e LEFT JOIN account a ON a.employee_id = e.id "
        f"WHERE {condition} ORDER BY e.active DESC, lower(e.name), e.id",
        values,
    ):
        signed_in, waits = (from_text(at) if at else None for at in when)
        box = boxes.get(int(id_), (None, False, False))
        mine = groups[int(id_)]
        found.append(
            PersonRow(
                id=int(id_),
                key=key,
                name=name,
                active=bool(active),
                login=login,
                account=account,
                language=language or "",
                locked=login is not None and not open_,
                has_password=bool(hash_),
                signed_in_at=signed_in,
                waits_until=waits if waits and waits > now else None,
                groups=tuple(name for name, _given in mine),
                configured=tuple(name for name, given in mine if given),
                mailbox=box[0],
                writes_tasks=box[1],
                writes_calendar=box[2],
            )
        )
    return tuple(found)


def _groups() -> dict[int, list[tuple[str, bool]]]:
    found: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for employee, name, configured in database.execute(
        "SELECT m.employee_id, g.name, m.configured FROM staff_membership m "
        "JOIN staff_group g ON g.id = m.group_id ORDER BY g.id"
    ):
        found[int(employee)].append((name, bool(configured)))
    return found


def _mailboxes() -> dict[int, tuple[str, bool, bool]]:
    rows_ = database.execute(
        "SELECT employee_id, address, writes_tasks, writes_calendar FROM mailbox "
        "WHERE employee_id IS NOT NULL AND status <> ? ORDER BY id DESC",
        (MailboxStatus.REMOVED.value,),
    )
    return {int(row[0]): (row[1], bool(row[2]), bool(row[3])) for row in rows_}


def matrix() -> Matrix:
    """All of it; five queries."""
    rights = people.rights()
    visibility = database.execute(
        "SELECT staff_group_id, mailbox_id, visibility FROM mailbox_access"
    )
    return Matrix(
        groups=_named("SELECT id, name FROM staff_group ORDER BY id"),
        tag_groups=_named("SELECT id, name FROM tag_group ORDER BY position, id"),
        mailboxes=tuple(
            (int(id_), name, address)
            for id_, name, address in database.execute(
                "SELECT id, name, address FROM mailbox WHERE status <> ? "
                "ORDER BY kind DESC, name, id",
                (MailboxStatus.REMOVED.value,),
            )
        ),
        rights=rights,
        visibility={(int(g), int(m)): Visibility(v) for g, m, v in visibility},
        seen=people.fingerprint(rights),
    )


def _named(sql: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(id_), name) for id_, name in database.execute(sql))
