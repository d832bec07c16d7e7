"""What the polls of task and calendar folders tell about our copies: drift.

A page of changes only raises *suspicion*: it may be older than our last write, or show
it before it is recorded. So the item is looked at afresh, and what was seen counts only
if the row has not moved since the look (``Known.stamp``); else one looks again. A row
with an open attempt is not judged here: whoever finishes the attempt looks first.

    change ─┬─ unknown key and id ───────────────► not ours: never touched
            ├─ our change key, or our fields ────► our own write: ``read_back``
            └─ anything else, or deleted ─► look ─► ``observe``: drift, or drift gone
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from crm_core import audit, clock
from crm_core.database import require_transaction
from crm_core.mirroring.mirror_fields import (
    NOT_READ_BACK,
    Judgement,
    OwnFields,
    Written,
    written_from,
)
from crm_core.mirroring.mirror_wishes import no_drift, rows_locked
from crm_core.mirroring.pushes import ACTOR, set_drift
from crm_core.models import Drift, MirrorKind, TaskMirror

_CHUNK = 400
_STAMP = (
    "crm_key", "wanted_present", "pushed_version", "external_id", "change_key",
    "written", "claimed_by", "attempt_open", "drift",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """One of our copies as its row stood when it was read."""

    mirror_id: int
    kind: MirrorKind
    crm_key: str
    present: bool
    external_id: str | None
    change_key: str
    doubt: bool
    claimed: bool  # somebody is writing it at this moment
    drift: Drift | None
    written: Written
    stamp: tuple[object, ...]


def known(
    mailbox_id: int, kind: MirrorKind, ids: Iterable[str], keys: Iterable[str]
) -> list[Known]:
    """Our copies among items with these ids or these keys, in one mailbox."""
    rows: dict[int, TaskMirror] = {}
    for column, values in (
        (TaskMirror.external_id, list(ids)),
        (TaskMirror.crm_key, list(keys)),
    ):
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            for row in _of(mailbox_id, kind).where(column.in_(chunk)):
                rows[row.id] = row
    return [_known(row) for _id, row in sorted(rows.items())]


def present(mailbox_id: int, kind: MirrorKind) -> list[Known]:
    """Every copy that should lie in the mailbox and once did."""
    rows = _of(mailbox_id, kind).where(
        TaskMirror.wanted_present == 1, TaskMirror.external_id.is_null(False)
    )
    return [_known(row) for row in rows.order_by(TaskMirror.id)]


def unconfirmed(mailbox_id: int, kind: MirrorKind) -> list[Known]:
    """Copies whose last write no poll has shown yet, and nobody is writing now.

    A change feed tells net changes: an item that was made and deleted between two polls
    is in none of them.
    """
    rows = _of(mailbox_id, kind).where(
        TaskMirror.wanted_present == 1,
        TaskMirror.external_id.is_null(False),
        TaskMirror.drift.is_null(),
        TaskMirror.claimed_by.is_null(),
        TaskMirror.attempt_open == 0,
        TaskMirror.written.contains(NOT_READ_BACK),
    )
    return [_known(row) for row in rows.order_by(TaskMirror.id)]


def observe(seen: Known, judgement: Judgement) -> bool:
    """Record what a fresh look showed; False if the row has moved since.

    Nothing is adopted, written or created. Drift that is gone again (the employee put
    everything back) is no drift any more.
    """
    row = _unmoved(seen)
    if row is None:
        return False
    if judgement.drift is not None:
        set_drift(row, judgement)
    elif judgement.item is not None:
        item = judgement.item
        row.external_id, row.change_key = item.external_id, item.change_key
        row.written = replace(seen.written, read_back=item.fields, seen=None).to_json()
        if row.drift is not None:
            no_drift(row)
            audit.record(ACTOR, "drift_gone", f"task:{row.task_id}")
    row.save()
    return True


def read_back(seen: Known, fields: OwnFields) -> bool:
    """Our own write as the server gives it back; False if the row has moved."""
    row = _unmoved(seen)
    if row is None:
        return False
    row.written = replace(seen.written, read_back=fields).to_json()
    row.save(only=["written"])
    return True


def look_first(seen: Known) -> bool:
    """There is a doubt that only the next attempt can settle; False as above."""
    row = _unmoved(seen)
    if row is None:
        return False
    row.attempt_open = True
    row.save(only=["attempt_open"])
    return True


def _of(mailbox_id: int, kind: MirrorKind) -> Any:
    return TaskMirror.select().where(
        TaskMirror.mailbox == mailbox_id, TaskMirror.kind == kind
    )


def _known(row: TaskMirror) -> Known:
    until = row.claimed_until
    return Known(
        mirror_id=row.id,
        kind=row.kind,
        crm_key=row.crm_key,
        present=bool(row.wanted_present),
        external_id=row.external_id,
        change_key=row.change_key or "",
        doubt=bool(row.attempt_open),
        claimed=until is not None and until > clock.now(),
        drift=row.drift,
        written=written_from(row.written),
        stamp=_stamp(row),
    )


def _stamp(row: TaskMirror) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in _STAMP)


def _unmoved(seen: Known) -> TaskMirror | None:
    require_transaction()
    rows = rows_locked(TaskMirror.id == seen.mirror_id)
    return next((row for row in rows if _stamp(row) == seen.stamp), None)
