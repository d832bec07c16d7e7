"""Who works here, who may sign in, and what each staff group may: an administrator's acts.

After every act at least one account can still administer (``LastAdministrator``). Who is
in other groups than before, or has another password, is signed out everywhere; so is
whoever comes to administer, whose sessions may not be long. One line of log each.

Names and groups of a person with a mailbox may come from mailboxes.yaml; what comes from
there is not changed here.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm_core import audit, database
from crm_core.access import accounts, staff
from crm_core.errors import Conflict, Invalid, NotFound
from crm_core.models import (
    Access,
    Account,
    Employee,
    GroupRight,
    MailboxAccess,
    Right,
    StaffGroup,
    StaffMembership,
    TagGroup,
    TagGroupAccess,
    WebSession,
)
from crm_core.tags import subtag_details

LONGEST_NAME = 80
_KEY = re.compile(r"\w[\w.-]*")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


class LastAdministrator(Conflict):
    """After this act nobody could administer any more."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The whole matrix: rights and access to entries, by staff group."""

    rights: frozenset[tuple[int, Right]]
    access: Mapping[tuple[int, int], Access]  # (staff group, tag group)


# --- people -----------------------------------------------------------------------


def employee(id_: int) -> Employee:
    """The employee; NotFound if there is none."""
    found = Employee.get_or_none(Employee.id == id_)
    if not isinstance(found, Employee):
        raise NotFound("there is no such employee")
    return found


def account_of(person: Employee) -> Account | None:
    """The person's sign-in, if there is one."""
    found = Account.get_or_none(Account.employee == person)
    return found if isinstance(found, Account) else None


def add(key: str, name: str, groups: Sequence[str], *, actor: str) -> Employee:
    """An employee without a mailbox and, so far, without a sign-in.

    Raises Invalid for a key that is no word, Conflict for one that is taken.
    """
    key = subtag_details.short("key", key, LONGEST_NAME).lower()
    if not _KEY.fullmatch(key):
        raise Invalid(
            "key", "shape", "«{key}» is no key: letters, digits, - _ .", key=key
        )
    name = subtag_details.short("name", name, LONGEST_NAME)
    return staff.add_employee(key, name, groups, actor=actor)


def rename(person: Employee, name: str, *, actor: str) -> None:
    """Another name; of a person with a mailbox mailboxes.yaml may change it back."""
    database.require_transaction()
    name = subtag_details.short("name", name, LONGEST_NAME)
    if name != person.name:
        person.name = name
        person.save(only=["name"])
        audit.record(actor, "employee_renamed", f"employee:{person.id}", detail=name)


def seen_of(person: Employee) -> str:
    """Of the name and the groups: differs as soon as one of them differs."""
    return accounts.digest(repr((person.name, sorted(staff.groups_of(person)))))[:32]


def change(
    person: Employee, name: str, groups: Sequence[str], *, seen: str, actor: str
) -> None:
    """Name and groups; Conflict if they are not as ``seen`` any more."""
    database.require_transaction()
    if seen != seen_of(person):
        raise Conflict(
            "«{name}» has been changed meanwhile: look at it again", name=person.name
        )
    rename(person, name, actor=actor)
    set_groups(person, groups, actor=actor)


def set_groups(person: Employee, names: Sequence[str], *, actor: str) -> None:
    """Exactly these groups, besides those of mailboxes.yaml; sessions end."""
    staff.set_groups(person, names, actor=actor)
    _keep_an_administrator()


def give_account(
    person: Employee, *, actor: str, language: str, password: str | None = None
) -> str:
    """A sign-in with this password or a made one, which is returned and kept nowhere."""
    password = password or new_password()
    account = accounts.create_for(person, person.key, actor=actor, password=password)
    account.language = language
    account.save(only=["language"])
    return password


def reset_password(account: Account, *, actor: str, password: str | None = None) -> str:
    """Another password, given or made; every session of the account ends."""
    password = password or new_password()
    accounts.set_password(account, password, actor=actor)
    return password


def remove_password(account: Account, *, actor: str) -> None:
    """The account waits for its person to sign in by OpenID Connect.

    Raises LastAdministrator, so that a way in stays that needs no other service.
    """
    accounts.remove_password(account, actor=actor)
    if not accounts.can_administer(with_password=True):
        raise LastAdministrator(
            "at least one account that administers must keep its password"
        )


def new_password() -> str:
    """Readable over the telephone, 79 bits."""
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4)
    )


def set_locked(account: Account, *, locked: bool, actor: str) -> None:
    """Locked: signing in and tokens stop, sessions end; the employee stays.

    Raises Conflict for opening the account of somebody who has left.
    """
    database.require_transaction()
    if account.active == (not locked):
        return
    if not locked and not account.employee.active:
        raise Conflict("{name} is not active any more", name=account.employee.name)
    account.active = not locked
    account.save(only=["active"])
    if locked:
        accounts.end_sessions(account)
    verb = "account_locked" if locked else "account_unlocked"
    audit.record(actor, verb, f"account:{account.id}")
    _keep_an_administrator()


def set_active(person: Employee, *, active: bool, actor: str) -> None:
    """Whether somebody still works here: if not, no tasks, no rights, no sign-in."""
    database.require_transaction()
    if person.active == active:
        return
    person.active = active
    person.save(only=["active"])
    account = account_of(person)
    if account is not None and not active:
        set_locked(account, locked=True, actor=actor)
    verb = "employee_activated" if active else "employee_deactivated"
    audit.record(actor, verb, f"employee:{person.id}")
    _keep_an_administrator()


def end_sessions(account: Account, *, actor: str) -> None:
    """Signed out on every device."""
    accounts.end_sessions(account)
    audit.record(actor, "sessions_ended", f"account:{account.id}")


# --- groups and their rights ------------------------------------------------------


def staff_group(id_: int) -> StaffGroup:
    """The group; NotFound if there is none."""
    found = StaffGroup.get_or_none(StaffGroup.id == id_)
    if not isinstance(found, StaffGroup):
        raise NotFound("there is no such staff group")
    return found


def add_group(name: str, *, actor: str) -> StaffGroup:
    """A group of the company's own; it may nothing until the matrix says so."""
    database.require_transaction()
    made: StaffGroup = StaffGroup.create(name=_free_name(name, None))
    audit.record(actor, "staff_group_added", f"staff_group:{made.id}", detail=made.name)
    return made


def rename_group(group: StaffGroup, name: str, *, actor: str) -> None:
    """Another name; Conflict for a group that the program or mailboxes.yaml names."""
    database.require_transaction()
    if is_named_elsewhere(group):
        raise Conflict("«{name}» is named in mailboxes.yaml", name=group.name)
    group.name = _free_name(name, group)
    group.save(only=["name"])
    audit.record(
        actor, "staff_group_renamed", f"staff_group:{group.id}", detail=group.name
    )


def is_named_elsewhere(group: StaffGroup) -> bool:
    """A standard group, or one that mailboxes.yaml names: it would come back."""
    return group.id not in {row.id for row in own_groups()}


def own_groups() -> list[StaffGroup]:
    """The groups that were made on the pages, and only there."""
    of_mail = MailboxAccess.select(MailboxAccess.staff_group)
    given = StaffMembership.select(StaffMembership.group).where(
        StaffMembership.configured == 1
    )
    rows = StaffGroup.select().where(
        StaffGroup.name.not_in(staff.STANDARD_GROUPS),
        StaffGroup.id.not_in(of_mail),  # type: ignore[attr-defined]  # a field
        StaffGroup.id.not_in(given),  # type: ignore[attr-defined]  # of the class
    )
    return list(rows.order_by(StaffGroup.id))


def _free_name(name: str, but: StaffGroup | None) -> str:
    name = subtag_details.short("name", name, LONGEST_NAME)
    for row in StaffGroup.select():
        if row.name.casefold() == name.casefold() and row != but:
            raise Invalid(
                "name", "double", "there is a «{name}» here already", name=name
            )
    return name


def rights() -> Rights:
    """What stands in the matrix now."""
    return Rights(
        frozenset((r.staff_group_id, r.right) for r in GroupRight.select()),
        {
            (row.staff_group_id, row.tag_group_id): row.access
            for row in TagGroupAccess.select()
            if row.access is not Access.NONE
        },
    )


def fingerprint(of: Rights) -> str:
    """Differs as soon as anything in the matrix differs."""
    said = repr((sorted(of.rights), sorted(of.access.items())))
    return accounts.digest(said)[:32]


def set_rights(wanted: Rights, *, seen: str, actor: str) -> None:
    """Make the matrix say exactly this; Conflict if it is not as ``seen`` any more."""
    database.require_transaction()
    before = rights()
    if fingerprint(before) != seen:
        raise Conflict("the rights have been changed meanwhile: look at them again")
    _write_rights(before, wanted)
    _write_access(wanted)
    changed = sorted(
        {group for group, _right in before.rights ^ wanted.rights}
        | {g for g, t in {*before.access, *wanted.access}
           if before.access.get((g, t)) != wanted.access.get((g, t))}
    )  # fmt: skip
    named = {row.id: row.name for row in StaffGroup.select()}
    for group in changed:
        audit.record(
            actor, "rights_changed", f"staff_group:{group}", detail=named[group]
        )
    _keep_an_administrator()


def _write_rights(before: Rights, wanted: Rights) -> None:
    for group, right in before.rights - wanted.rights:
        GroupRight.delete().where(
            GroupRight.staff_group == group, GroupRight.right == right
        ).execute()
    gained = wanted.rights - before.rights
    for group, right in gained:
        GroupRight.create(staff_group=group, right=right)
    _end_sessions_of([g for g, right in gained if right is Right.ADMINISTRATION])


def _end_sessions_of(groups: Sequence[int]) -> None:
    """Who comes to administer signs in anew: such sessions are never remembered."""
    members = (
        Account.select(Account.id)
        .join(Employee)
        .join(StaffMembership)
        .where(StaffMembership.group.in_(list(groups)))
    )
    WebSession.delete().where(
        WebSession.account.in_(members), WebSession.remembered == 1
    ).execute()


def _write_access(wanted: Rights) -> None:
    groups = {row.id for row in TagGroup.select()}
    TagGroupAccess.delete().execute()
    for (staff_group_, tag_group), access in wanted.access.items():
        if access is not Access.NONE and tag_group in groups:
            TagGroupAccess.create(
                staff_group=staff_group_, tag_group=tag_group, access=access
            )


def _keep_an_administrator() -> None:
    """Transactions that write run one after the other: nobody else is between."""
    if not accounts.can_administer():
        raise LastAdministrator("at least one account must keep the administration")
