"""Addresses from a file: what each row would do, told before anything is written.

A row is an address that exists if it has its number, else one of its e-mail addresses;
a row with neither, if name, street and place are equal. An empty cell changes nothing,
e-mail addresses are added, never taken away. So the same file twice changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from crm_core import audit, database
from crm_core.errors import Conflict, CrmError
from crm_core.models import Address, AddressRole
from crm_core.records import address_file, addresses
from crm_core.records.address_file import Candidate, Column, Table
from crm_core.records.addresses import Details

BATCH = 100  # rows of one transaction: half a second
_PLACE = ("street", "zip_code", "city")


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"  # the address exists and says all of it already
    SKIPPED = "skipped"  # the address exists, and existing ones shall stay as they are
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the columns are, and what is done. ``role``: where a row says none."""

    columns: tuple[Column | None, ...]
    role: AddressRole = AddressRole.CUSTOMER
    update: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """One row and what becomes of it; ``changes``: the fields that would differ."""

    row: int
    cells: tuple[str, ...]
    fate: Fate
    candidate: Candidate | None = None
    address: int | None = None
    changes: tuple[str, ...] = ()
    why: CrmError | None = None


# --- the plan ---------------------------------------------------------------------


def plan(table: Table, choices: Choices) -> tuple[Planned, ...]:
    """What would become of every row; nothing is written. Constant queries a 900 rows.

    Raises Invalid if no address can be made of the chosen columns.
    """
    address_file.check(choices.columns)
    read = [
        (row, cells, address_file.candidate(row, cells, choices.columns))
        for row, cells in table.rows
    ]
    known = _Known([one for *_, one in read if isinstance(one, Candidate)])
    return tuple(_planned(*one, choices, known) for one in read)


def _planned(
    row: int,
    cells: tuple[str, ...],
    read: Candidate | CrmError,
    choices: Choices,
    known: "_Known",
) -> Planned:
    if isinstance(read, CrmError):
        return Planned(row, cells, Fate.FAILED, why=read)
    try:
        found = known.find(read)
        known.claim(read, found)
    except CrmError as error:
        return Planned(row, cells, Fate.FAILED, read, why=error)
    if found is None:
        return Planned(row, cells, Fate.NEW, read)
    if not choices.update:
        return Planned(row, cells, Fate.SKIPPED, read, found.id)
    changes = _changes(found, read, known.emails_of(found.id))
    fate = Fate.CHANGED if changes else Fate.SAME
    return Planned(row, cells, fate, read, found.id, changes)


def _changes(
    address: Address, read: Candidate, emails: frozenset[str]
) -> tuple[str, ...]:
    told = {"name": read.name, **asdict(read.details)}
    found = [
        field
        for field, text in told.items()
        if text and text != (getattr(address, field) or "")
    ]
    if read.role is not None and read.role is not address.role:
        found.append("role")
    if not emails.issuperset(read.emails):
        found.append("email")
    return tuple(found)


class _Known:
    """The addresses that rows of a file may mean, and which row has taken what."""

    def __init__(self, read: Sequence[Candidate]) -> None:
        self._numbers = dict(
            database.select_in(
                "SELECT number, id FROM address WHERE number IN ({marks})",
                {one.details.number for one in read if one.details.number},
            )
        )
        self._emails = dict(
            database.select_in(
                "SELECT email, address_id FROM address_email WHERE email IN ({marks})",
                {email for one in read for email in one.emails},
            )
        )
        self._places: dict[tuple[str, ...], int] = {
            tuple(row[1:]): row[0]
            for row in database.select_in(
                f"SELECT id, name, {', '.join(_PLACE)} FROM address "
                "WHERE gone_at IS NULL AND name IN ({marks}) ORDER BY id DESC",
                {one.name for one in read if _is_nameless(one)},
            )
        }
        ids = {*self._numbers.values(), *self._emails.values(), *self._places.values()}
        self._rows = {row.id: row for row in _select(ids)}
        self._emails_of: dict[int, set[str]] = {}
        for email, owner in database.select_in(
            "SELECT email, address_id FROM address_email WHERE address_id IN ({marks})",
            ids,
        ):
            self._emails_of.setdefault(int(owner), set()).add(email)
        self._claimed: dict[object, int] = {}

    def emails_of(self, address: int) -> frozenset[str]:
        return frozenset(self._emails_of.get(address, ()))

    def find(self, read: Candidate) -> Address | None:
        """The address a row means, None for a new one; Conflict if it means several."""
        number = read.details.number
        by_number = self._numbers.get(number) if number else None
        owners = {self._emails[e]: e for e in read.emails if e in self._emails}
        for owner, email in owners.items():
            other = by_number if by_number is not None else next(iter(owners))
            if owner != other:
                raise _belongs(email, self._rows[owner])
        found = by_number or next(iter(owners), None)
        if found is None and _is_nameless(read):
            found = self._places.get(_place(read))
        address = self._rows.get(found) if found is not None else None
        if address is None:
            return None
        if number and address.number and address.number != number:
            raise _belongs(next(iter(owners.values())), address)
        if address.gone_at is not None:
            raise Conflict("the address «{name}» was deleted", name=address.name)
        return address

    def claim(self, read: Candidate, found: Address | None) -> None:
        """Remember that this row has these values; Conflict if one before it has."""
        values: list[object] = [*read.emails]
        if read.details.number:
            values.append(("number", read.details.number))
        if _is_nameless(read):
            values.append(_place(read))
        if found is not None:
            values.append(("address", found.id))
        for value in values:
            if value in self._claimed:
                raise Conflict(
                    "row {row} describes this address already",
                    row=self._claimed[value],
                )
        self._claimed |= dict.fromkeys(values, read.row)


def _is_nameless(read: Candidate) -> bool:
    """Neither number nor e-mail address: told apart by name and place alone."""
    return not read.details.number and not read.emails


def _place(read: Candidate) -> tuple[str, ...]:
    return (read.name, *(getattr(read.details, field) for field in _PLACE))


def _belongs(email: str, owner: Address) -> Conflict:
    return Conflict(
        "the e-mail address {email} belongs to «{name}» already",
        email=email,
        name=owner.name,
    )


def _select(ids: Iterable[int]) -> Iterable[Address]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        mine = Address.id.in_(some)  # type: ignore[attr-defined]  # a field of the class
        yield from Address.select().where(mine)


# --- writing ----------------------------------------------------------------------


def apply(table: Table, choices: Choices, *, actor: str) -> tuple[Planned, ...]:
    """Do what the plan says; what is refused then, row by row, has failed.

    Opens a transaction for every ``BATCH`` rows, so that others get to write meanwhile;
    cut short, the same file may simply be applied again.
    """
    rows = plan(table, choices)
    done: list[Planned] = []
    for start in range(0, len(rows), BATCH):
        with database.transaction():
            batch = rows[start : start + BATCH]
            done += [_applied(one, choices, actor) for one in batch]
    with database.transaction():
        said = ", ".join(f"{number} {fate}" for fate, number in count(done).items())
        audit.record(actor, "addresses_imported", "addresses", detail=said)
    return tuple(done)


def _applied(planned: Planned, choices: Choices, actor: str) -> Planned:
    read = planned.candidate
    if read is None or planned.fate not in {Fate.NEW, Fate.CHANGED}:
        return planned
    try:
        with database.savepoint():
            if planned.address is None:
                addresses.create(
                    read.name,
                    read.role or choices.role,
                    read.emails,
                    actor=actor,
                    details=read.details,
                )
            else:
                _update(addresses.get(planned.address), read, actor)
    except CrmError as error:
        return replace(planned, fate=Fate.FAILED, why=error)
    return planned


def _update(address: Address, read: Candidate, actor: str) -> None:
    stored = {name: getattr(address, name) or "" for name in asdict(Details())}
    told = {name: text for name, text in asdict(read.details).items() if text}
    addresses.update(
        address,
        actor=actor,
        name=read.name,
        role=read.role,
        details=Details(**{**stored, **told}),
    )
    for email in read.emails:
        addresses.add_email(address, email, actor=actor)


def count(rows: Iterable[Planned]) -> dict[Fate, int]:
    """How many rows of each fate."""
    fates = [one.fate for one in rows]
    return {fate: fates.count(fate) for fate in Fate}
