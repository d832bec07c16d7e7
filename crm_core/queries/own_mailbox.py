"""A mailbox as its person is told about it: what is read, what is kept, who sees it.

Counts are for the person alone; nobody else gets them (no statistics per employee).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from crm_core import database
from crm_core.models import Keep, MailboxKind, MailboxStatus, Visibility


@dataclass(frozen=True, slots=True)
class Seen:
    """What a staff group sees of the mailbox's mail."""

    group: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the mails met in the mailbox: known, with stored content, private."""

    read: int
    stored: int
    private: int


@dataclass(frozen=True, slots=True)
class ReadMailbox:
    """What the configuration and the daemon say about one mailbox."""

    id: int
    slug: str
    address: str
    name: str
    person: bool
    status: MailboxStatus
    enabled: bool
    informed_on: date | None
    keep: Keep
    since: date | None
    skip: tuple[str, ...]
    folders: tuple[tuple[str, str], ...]  # role, name
    seen_by: tuple[Seen, ...]


_MAILBOX = (
    "SELECT b.id, b.slug, b.address, b.name, b.kind, b.status, b.enabled, "
    "b.informed_on, b.keep, r.since, r.skip FROM mailbox b "
    "LEFT JOIN mailbox_reading r ON r.mailbox_id = b.id WHERE {where} ORDER BY b.address"
)


def of_employee(employee: int) -> tuple[ReadMailbox, ...]:
    """The employee's own mailboxes that are configured."""
    where = "b.employee_id = ? AND b.status <> 'removed'"
    return _mailboxes(where, employee)


def by_slug(slug: str) -> ReadMailbox | None:
    """The mailbox of this name, if there is one."""
    found = _mailboxes("b.slug = ?", slug)
    return found[0] if found else None


def counts(mailbox: int) -> Counts:
    """How many mails; three numbers, for the mailbox's own person."""
    ((read, stored, private),) = database.execute(
        "SELECT count(c.message_id) + (SELECT count(*) FROM expired_copy x "
        "WHERE x.mailbox_id = ?), count(m.body_at), "
        "count(CASE WHEN c.private = 1 THEN 1 END) FROM message_copy c "
        "LEFT JOIN message m ON m.id = c.message_id "
        "WHERE c.mailbox_id = ? AND c.gone_at IS NULL",
        (mailbox, mailbox),
    )
    return Counts(int(read), int(stored), int(private))


def _mailboxes(where: str, value: object) -> tuple[ReadMailbox, ...]:
    rows = database.execute(_MAILBOX.format(where=where), (value,))
    ids = [row[0] for row in rows]
    folders = _grouped(
        "SELECT mailbox_id, role, name FROM mail_folder WHERE mailbox_id IN ({marks}) "
        "AND role NOT IN ('tasks', 'calendar', 'trash') ORDER BY id",
        ids,
    )
    seen_by = _grouped(
        "SELECT a.mailbox_id, g.name, a.visibility FROM mailbox_access a "
        "JOIN staff_group g ON g.id = a.staff_group_id "
        "WHERE a.mailbox_id IN ({marks}) AND a.visibility <> 'none' ORDER BY g.id",
        ids,
    )
    return tuple(
        ReadMailbox(
            id=int(id_), slug=slug, address=address, name=name,
            person=kind == MailboxKind.PERSON.value, status=MailboxStatus(status),
            enabled=bool(enabled),
            informed_on=informed_on and date.fromisoformat(informed_on),
            keep=Keep(keep), since=since and date.fromisoformat(since),
            skip=tuple(filter(None, (skip or "").split("\n"))),
            folders=folders.get(id_, ()),
            seen_by=tuple(Seen(g, Visibility(v)) for g, v in seen_by.get(id_, ())),
        )
        for id_, slug, address, name, kind, status, enabled, informed_on, keep, since,
        skip in rows
    )  # fmt: skip


def _grouped(sql: str, ids: Iterable[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for mailbox, one, other in database.select_in(sql, ids):
        found[mailbox] = (*found.get(mailbox, ()), (one, other))
    return found
