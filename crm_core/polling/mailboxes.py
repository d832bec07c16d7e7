"""The configuration's mailboxes as rows: who is polled, whose they are, who may see.

``mirror`` makes the rows say what the configuration says; it is idempotent, writes only
differences and erases nothing. A mailbox that is no longer listed is *removed*: its
polling ends, its mail stays. A person's mailbox is *enabled* only once the person was
informed (S20); until then no request may name it.

    listed, shared or informed ≤ today ──► enabled      (new → ok ⇄ backing off …)
    listed, not informed yet ────────────► not_informed
    not listed ──────────────────────────► removed
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from crm_core import audit, clock
from crm_core.access import staff
from crm_core.database import execute, require_transaction, stand_in_line
from crm_core.email_addresses import Internal, normalise
from crm_core.errors import Invalid, NotFound
from crm_core.models import (
    Employee,
    InternalOnly,
    Keep,
    Mailbox,
    MailboxAccess,
    MailboxKind,
    MailboxStatus,
    Setting,
    Triage,
    Visibility,
)
from crm_core.polling.mailbox_reading import Reading, remember

QUEUE = 0x43524D32  # of ``database.stand_in_line``: whoever mirrors, and pages

_DOMAINS = "internal_domains"
_DORMANT = {MailboxStatus.REMOVED, MailboxStatus.NOT_INFORMED}


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """One mailbox as the configuration describes it.

    ``employee_key`` is whose it is (persons only); ``staff_groups`` are that employee's
    groups, ``visibility`` is what each staff group sees of the mail.
    """

    address: str
    server: str
    kind: MailboxKind
    keep: Keep
    name: str = ""
    internal_only: InternalOnly = InternalOnly.SUGGEST
    triage: Triage = Triage.KNOWN
    informed_on: date | None = None
    employee_key: str | None = None
    staff_groups: tuple[str, ...] = ()
    visibility: tuple[tuple[str, Visibility], ...] = ()
    tasks: bool = False
    calendar: bool = False
    reading: Reading | None = None

    def may_be_polled(self, today: date) -> bool:
        """Shared, or its person has been informed by now."""
        if self.kind is MailboxKind.SHARED:
            return True
        return self.informed_on is not None and self.informed_on <= today


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a mirroring changed, as addresses; for logs only as counts.

    ``internal_before`` is who was internal, where that has changed.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    internal_before: Internal | None = None

    @property
    def internal_changed(self) -> bool:
        """Whether who is internal has changed: threads must be made anew."""
        return self.internal_before is not None

    def __bool__(self) -> bool:
        """Whether anything changed at all."""
        rows = self.added or self.changed or self.removed
        return bool(rows) or self.internal_changed


def mirror(
    settings: Sequence[MailboxSettings],
    internal_domains: Iterable[str],
    *,
    today: date,
    actor: str,
) -> Mirrored:
    """Make the rows say what the configuration says; idempotent.

    Raises Invalid for an empty list (never «stop everything») and for an address that
    cannot be read or stands there twice. Where who counts as internal differs from last
    time (``internal_changed``), the caller makes threads anew (``rethreading``). Callers
    stand in line (``QUEUE``) before their transaction locks any row.
    """
    require_transaction()
    by_address = _by_address(settings)
    before = internal()
    known = {row.address: row for row in Mailbox.select()}
    added, changed = [], []
    slugs = {row.slug for row in known.values()}
    for address, wanted in by_address.items():
        if address not in known:
            slug = _slug(address, slugs)
            slugs.add(slug)
            _add(address, slug, wanted, today, actor)
            added.append(address)
        elif _update(known[address], wanted, today, actor):
            changed.append(address)
    _set_groups_of_persons(by_address.values(), actor)
    removed = [
        row.address
        for row in known.values()
        if row.address not in by_address and _remove(row, actor)
    ]
    _remember_domains(internal_domains)
    differs = bool(known) and _effective(before) != _effective(internal())
    return Mirrored(
        tuple(added), tuple(changed), tuple(removed), before if differs else None
    )


def hold_still() -> None:
    """Until this transaction ends, who is internal stays what it is.

    Keys are made of it: a page that was under way while it changed would keep old ones.
    """
    stand_in_line(QUEUE, shared=True)


def internal() -> Internal:
    """Who belongs to the company: the domains last configured and every mailbox ever.

    A removed mailbox stays internal, so that its old threads stay what they were.
    """
    said = execute("SELECT value FROM setting WHERE name = ?", (_DOMAINS,))
    boxes = execute("SELECT address FROM mailbox ORDER BY id")
    return _internal(said[0][0] if said else "", tuple(box[0] for box in boxes))


@lru_cache(maxsize=4)  # asked for every page and every keyword, hardly ever another
def _internal(domains: str, addresses: tuple[str, ...]) -> Internal:
    return Internal.of(domains.split(), addresses)


def enabled() -> list[Mailbox]:
    """The mailboxes that may be asked for anything, by address."""
    rows = Mailbox.select().where(Mailbox.enabled == 1).order_by(Mailbox.address)
    return list(rows)


def release_stopped(*, actor: str) -> int:
    """Let stopped mailboxes be tried again: after a reload somebody may have helped."""
    require_transaction()
    rows = list(
        Mailbox.select().where(
            Mailbox.enabled == 1,
            Mailbox.status.in_([MailboxStatus.STOPPED, MailboxStatus.GONE]),
        )
    )
    for row in rows:
        row.status, row.attempts, row.next_attempt_at = MailboxStatus.NEW, 0, None
        row.save(only=["status", "attempts", "next_attempt_at"])
        audit.record(actor, "mailbox_released", f"mailbox:{row.id}")
    return len(rows)


def pause(mailbox: Mailbox, *, actor: str) -> None:
    """Halt it: nothing is read from it or written to it until ``resume``; idempotent.

    A page under way is still committed. Where it stood is kept.
    """
    require_transaction()
    touched = (
        Mailbox.update(paused_at=clock.now(), paused_by=actor)
        .where(Mailbox.id == mailbox.id, Mailbox.paused_at.is_null())
        .execute()
    )
    if touched:
        audit.record(actor, "mailbox_paused", f"mailbox:{mailbox.id}")


def resume(mailbox: Mailbox, *, actor: str) -> None:
    """Let it go on from where it stood; idempotent."""
    require_transaction()
    touched = (
        Mailbox.update(paused_at=None, paused_by=None)
        .where(Mailbox.id == mailbox.id, Mailbox.paused_at.is_null(is_null=False))
        .execute()
    )
    if touched:
        audit.record(actor, "mailbox_resumed", f"mailbox:{mailbox.id}")


def is_paused(mailbox: int) -> bool:
    """Whether somebody halted it; asked between two pages."""
    rows = execute("SELECT paused_at FROM mailbox WHERE id = ?", (mailbox,))
    return bool(rows) and rows[0][0] is not None


def by_slug(slug: str) -> Mailbox:
    """The mailbox of this name; NotFound if there is none, or it was removed."""
    row = Mailbox.get_or_none(
        Mailbox.slug == slug, Mailbox.status != MailboxStatus.REMOVED
    )
    if not isinstance(row, Mailbox):
        raise NotFound("there is no mailbox «{mailbox}»", mailbox=slug)
    return row


def by_slug_or_removed(slug: str) -> Mailbox:
    """Likewise, also one that is no longer listed: its mail is still here."""
    row = Mailbox.get_or_none(Mailbox.slug == slug)
    if not isinstance(row, Mailbox):
        raise NotFound("there is no mailbox «{mailbox}»", mailbox=slug)
    return row


def _effective(who: Internal) -> Internal:
    """Without the addresses that their domain covers: they change nothing."""
    outside = (a for a in who.addresses if a.rpartition("@")[2] not in who.domains)
    return Internal(who.domains, frozenset(outside))


def _by_address(settings: Sequence[MailboxSettings]) -> dict[str, MailboxSettings]:
    if not settings:
        raise Invalid("mailboxes", "required", "no mailbox is configured")
    found: dict[str, MailboxSettings] = {}
    for one in settings:
        address = normalise(one.address)
        if address is None or address in found:
            raise Invalid(
                "address",
                "email" if address is None else "double",
                "the mailbox «{address}» cannot be read or stands there twice",
                address=one.address,
            )
        found[address] = one
    return found


def _add(
    address: str, slug: str, wanted: MailboxSettings, today: date, actor: str
) -> None:
    columns = _columns(address, wanted, today)
    status = _status(MailboxStatus.NEW, wanted, today)
    row = Mailbox.create(address=address, slug=slug, status=status, **columns)
    _set_visibility(row, wanted)
    if wanted.reading is not None:
        remember(row.id, wanted.reading)
    audit.record(actor, "mailbox_added", f"mailbox:{row.id}")


def _update(row: Mailbox, wanted: MailboxSettings, today: date, actor: str) -> bool:
    columns = _columns(row.address, wanted, today)
    columns["status"] = _status(row.status, wanted, today)
    changed = [
        name
        for name, value in columns.items()
        if value != getattr(row, "employee_id" if name == "employee" else name)
    ]
    for name in changed:
        setattr(row, name, columns[name])
    if changed:  # only these columns: the daemon writes the others at the same time
        row.save(only=changed)
    seen_by = _set_visibility(row, wanted)
    read = wanted.reading is not None and remember(row.id, wanted.reading)
    what = [
        *changed,
        *(["visibility"] if seen_by else []),
        *(["reading"] if read else []),
    ]
    if what:
        audit.record(
            actor, "mailbox_configured", f"mailbox:{row.id}", detail=", ".join(what)
        )
    return bool(what)


def _remove(row: Mailbox, actor: str) -> bool:
    if row.status is MailboxStatus.REMOVED and not row.enabled:
        return False
    row.status, row.enabled = MailboxStatus.REMOVED, False
    row.save(only=["status", "enabled"])
    audit.record(actor, "mailbox_removed", f"mailbox:{row.id}")
    return True


def _columns(address: str, wanted: MailboxSettings, today: date) -> dict[str, object]:
    return {
        "name": wanted.name or address,
        "server": wanted.server,
        "kind": wanted.kind,
        "employee": _employee(address, wanted),
        "keep": wanted.keep,
        "internal_only": wanted.internal_only,
        "triage": wanted.triage,
        "informed_on": wanted.informed_on,
        "enabled": wanted.may_be_polled(today),
        "writes_tasks": wanted.tasks,
        "writes_calendar": wanted.calendar,
    }


def _status(
    present: MailboxStatus, wanted: MailboxSettings, today: date
) -> MailboxStatus:
    if not wanted.may_be_polled(today):
        return MailboxStatus.NOT_INFORMED
    return MailboxStatus.NEW if present in _DORMANT else present


def _employee(address: str, wanted: MailboxSettings) -> int | None:
    if wanted.kind is not MailboxKind.PERSON:
        return None
    key = wanted.employee_key or address.partition("@")[0]
    row = Employee.get_or_none(Employee.key == key)
    if not isinstance(row, Employee):
        return int(Employee.create(key=key, name=wanted.name or key).id)
    if wanted.name and wanted.name != row.name:
        row.name = wanted.name
        row.save(only=["name"])
    return row.id


def _set_groups_of_persons(settings: Iterable[MailboxSettings], actor: str) -> None:
    staff.ensure_groups(())
    groups: dict[int, set[str]] = {}
    for wanted in settings:
        address = normalise(wanted.address) or wanted.address
        employee = _employee(address, wanted)
        if employee is not None:
            groups.setdefault(employee, set()).update(wanted.staff_groups)
    for employee, names in groups.items():
        row = Employee.get_by_id(employee)
        staff.set_configured_groups(row, sorted(names), actor=actor)


def _set_visibility(row: Mailbox, wanted: MailboxSettings) -> bool:
    present = {
        (access.staff_group.name, access.visibility)
        for access in MailboxAccess.select().where(MailboxAccess.mailbox == row)
    }
    if present == set(wanted.visibility):
        return False
    groups = staff.ensure_groups([name for name, _visibility in wanted.visibility])
    MailboxAccess.delete().where(MailboxAccess.mailbox == row).execute()
    for name, visibility in wanted.visibility:
        MailboxAccess.create(
            mailbox=row, staff_group=groups[name], visibility=visibility
        )
    return True


def _remember_domains(internal_domains: Iterable[str]) -> None:
    value = " ".join(sorted({domain.strip().lower() for domain in internal_domains}))
    row = Setting.get_or_none(Setting.name == _DOMAINS)
    if not isinstance(row, Setting):
        Setting.create(name=_DOMAINS, value=value)
    elif row.value != value:
        row.value = value
        row.save()


def _slug(address: str, taken: set[str]) -> str:
    """A name for logs and metrics: the local part, longer only where it is taken."""
    local, _, domain = address.partition("@")
    candidates = [local, f"{local}-{domain}"]
    candidates += [f"{local}-{number}" for number in range(2, len(taken) + 3)]
    slugs = [re.sub(r"[^a-z0-9]+", "-", text).strip("-") for text in candidates]
    return next(slug for slug in slugs if slug and slug not in taken)
