"""The file of addresses somebody is importing, from its upload to its end.

    upload ──► keep ──► choose columns ──► preview ──► finish ──► outcome
               one an account, for ``KEPT_FOR``         only the failed rows stay

It lies in the database, not in a folder: no name that somebody chose becomes a path,
and a backup or an erasure finds it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import blake2b
from pathlib import PurePath

from crm_core import clock, database
from crm_core.errors import Conflict, CrmError, NotFound
from crm_core.exports import spreadsheets
from crm_core.fields import to_text
from crm_core.models import AddressImport, AddressRole
from crm_core.records import address_file, address_import
from crm_core.records.address_file import Column, Table
from crm_core.records.address_import import Choices, Fate, Planned

KEPT_FOR = timedelta(hours=2)
_UNDER_WAY = "under way"


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was not taken, and why."""

    row: int
    why: CrmError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: how many rows of each fate, and the failed ones."""

    counts: Mapping[Fate, int]
    failed: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The file an account is importing. ``outcome``: once it is over."""

    file_name: str
    table: Table | None
    choices: Choices
    stamp: str  # of the file and the choices: what was looked at is what is applied
    outcome: Outcome | None


def keep(account: int, file_name: str, data: bytes) -> None:
    """Keep a file for this account, in place of the one before; Invalid if unreadable."""
    database.require_transaction()
    table = address_file.read(data)
    discard(account)
    AddressImport.create(
        account=account,
        file_name=PurePath(file_name.replace("\\", "/")).name[:100],
        data=data,
        choices=_to_json(Choices(address_file.guess(table.header))),
        made_at=clock.now(),
    )


def kept(account: int) -> Kept:
    """What this account is importing; NotFound if there is nothing, or not any more."""
    row = _row(account)
    data = bytes(row.data)
    return Kept(
        row.file_name,
        address_file.read(data) if data else None,
        _of_json(row.choices),
        blake2b(data + row.choices.encode(), digest_size=12).hexdigest(),
        _outcome(row.outcome) if row.outcome not in {None, _UNDER_WAY} else None,
    )


def choose(account: int, choices: Choices) -> None:
    """Other columns, another kind; Invalid if no address can be made of them."""
    database.require_transaction()
    row = _row(account)
    address_file.check(choices.columns)
    row.choices = _to_json(choices)
    row.save()


def finish(account: int, stamp: str, *, actor: str) -> Outcome:
    """Apply what was looked at; of the file only the failed rows stay.

    Opens its own transactions. Raises Conflict if file or choices are others than those
    of ``stamp``, or if it is finished already.
    """
    found = kept(account)
    if found.stamp != stamp or found.outcome is not None or found.table is None:
        raise Conflict("the preview has changed meanwhile: please look at it again")
    _begin(account)
    try:
        done = address_import.apply(found.table, found.choices, actor=actor)
        return _end(account, found.table, done)
    except BaseException:
        with database.transaction():
            AddressImport.update(outcome=None).where(
                AddressImport.account == account
            ).execute()
        raise


def _begin(account: int) -> None:
    """Mark that it is under way: a second press must not do it once more."""
    with database.transaction():
        begun = database.execute_count(
            "UPDATE address_import SET outcome = ? WHERE account_id = ? "
            "AND outcome IS NULL",
            (_UNDER_WAY, account),
        )
    if begun != 1:
        raise Conflict("this file is being imported already: wait, or upload it again")


def _end(account: int, table: Table, done: Sequence[Planned]) -> Outcome:
    failed = [one for one in done if one.fate is Fate.FAILED]
    outcome = Outcome(
        address_import.count(done),
        tuple(Failure(one.row, one.why or CrmError()) for one in failed),
    )
    cells = [one.cells for one in failed]
    with database.transaction():
        row = _row(account)
        row.data = spreadsheets.table(table.header, cells) if failed else b""
        row.outcome = _outcome_json(outcome)
        row.save()
    return outcome


def discard(account: int) -> None:
    """Forget the file."""
    database.require_transaction()
    AddressImport.delete().where(AddressImport.account == account).execute()


def forget_old() -> int:
    """Files that nobody finished go, and what was left of finished ones; how many."""
    before = to_text(clock.now() - KEPT_FOR)
    with database.transaction():
        return database.execute_count(
            "DELETE FROM address_import WHERE made_at < ?", (before,)
        )


def _row(account: int) -> AddressImport:
    row = AddressImport.get_or_none(AddressImport.account == account)
    if not isinstance(row, AddressImport) or clock.now() - row.made_at > KEPT_FOR:
        raise NotFound("there is no file to import: it is kept for two hours")
    return row


def _to_json(choices: Choices) -> str:
    return json.dumps(asdict(choices))


def _of_json(text: str) -> Choices:
    said = json.loads(text)
    columns = tuple(Column(one) if one else None for one in said["columns"])
    return Choices(columns, AddressRole(said["role"]), said["update"])


def _outcome_json(outcome: Outcome) -> str:
    failed = [(one.row, one.why.template, one.why.values) for one in outcome.failed]
    return json.dumps({"counts": outcome.counts, "failed": failed}, default=str)


def _outcome(text: str) -> Outcome:
    said = json.loads(text)
    return Outcome(
        {Fate(name): number for name, number in said["counts"].items()},
        tuple(
            Failure(row, CrmError(template, **values))
            for row, template, values in said["failed"]
        ),
    )
