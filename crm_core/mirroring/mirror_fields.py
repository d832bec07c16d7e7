"""What we own of an item in a mailbox, and whether somebody else changed it. Pure.

We own the subject, the dates and (tasks only) the status; everything else in the item
is the employee's. An item is *ours as we left it* if these fields equal what we last
wrote, or what an attempt of unknown outcome was about to write, or what the server gave
back for our own write. Anything else is drift. A change key alone proves nothing: our
own update may be seen before it is recorded, and a category is no business of ours.

Servers differ in the form of a task's due date ([MS-OXOTASK] 2.2.2.2.4/5 keeps it as a
local and as a UTC date), and a real one could not be tried. So until our own write was
read back once, a due date one day off still counts as ours; afterwards it must be equal
to what was read back.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from crm_core.fields import from_text, to_text
from crm_core.models import Drift, MirrorKind

EXACT = timedelta(0)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwnFields:
    """The fields we own. Appointments: days are inclusive, ``completed`` unused."""

    subject: str
    completed: bool = False
    due_on: date | None = None
    all_day: bool = False
    first_day: date | None = None
    last_day: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Place(StrEnum):
    """Where an item lies: in the folder we write to, elsewhere, in Deleted Items."""

    OWN = "own"
    ELSEWHERE = "elsewhere"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as it stands in the mailbox now."""

    external_id: str
    change_key: str
    place: Place
    fields: OwnFields


@dataclass(frozen=True, slots=True)
class Written:
    """What we know of our own writing (column ``task_mirror.written``).

    ``fields``: last written and confirmed. ``trying``: what attempts of unknown outcome
    were about to write; ``trying_version`` their task version, 0 if they had several.
    ``read_back``: ``fields`` as the server gives them. ``seen``: what the employee made
    of it (drift). ``creates``: requests to create that may have reached the server;
    more than one may yet become two items (a late one, after a time-out). ``rewrite``: remove the item, then begin
    anew. ``followed``: the employee's other folder was accepted.
    """

    fields: OwnFields | None = None
    trying: tuple[OwnFields, ...] = ()
    trying_version: int = 0
    read_back: OwnFields | None = None
    seen: OwnFields | None = None
    creates: int = 0
    rewrite: bool = False
    followed: bool = False

    @property
    def baseline(self) -> OwnFields | None:
        """What an untouched item looks like."""
        return self.read_back or self.fields or next(reversed(self.trying), None)

    def to_json(self) -> str:
        """The stored form."""
        return json.dumps(asdict(self), default=_plain, ensure_ascii=False)


NOT_READ_BACK = '"read_back": null'  # of the stored form


def written_from(text: str | None) -> Written:
    """Back from the stored form; nothing stored = nothing written."""
    if not text:
        return Written()
    values: dict[str, Any] = json.loads(text)
    for name in ("fields", "read_back", "seen"):
        values[name] = _own_fields(values[name])
    trying = (_own_fields(attempt) for attempt in values["trying"])
    values["trying"] = tuple(attempt for attempt in trying if attempt is not None)
    return Written(**values)


def _own_fields(values: dict[str, Any] | None) -> OwnFields | None:
    if values is None:
        return None
    for name in ("due_on", "first_day", "last_day"):
        values[name] = values[name] and date.fromisoformat(values[name])
    for name in ("starts_at", "ends_at"):
        values[name] = values[name] and from_text(values[name])
    return OwnFields(**values)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def same(
    kind: MirrorKind, ours: OwnFields, theirs: OwnFields, *, tolerance: timedelta
) -> bool:
    """Whether an item still says what we say."""
    return not differences(kind, ours, theirs, tolerance=tolerance)


def differences(
    kind: MirrorKind,
    ours: OwnFields,
    theirs: OwnFields,
    *,
    tolerance: timedelta = EXACT,
) -> list[str]:
    """The names of the fields that differ."""
    found = [] if ours.subject.strip() == theirs.subject.strip() else ["subject"]
    if kind is MirrorKind.TASK:
        if ours.completed != theirs.completed:
            found.append("completed")
        if not _near(ours.due_on, theirs.due_on, tolerance):
            found.append("due_on")
        return found
    if ours.all_day != theirs.all_day:
        return [*found, "all_day"]
    names = ("first_day", "last_day") if ours.all_day else ("starts_at", "ends_at")
    return found + [
        name for name in names if _minute(ours, name) != _minute(theirs, name)
    ]


def _near(ours: date | None, theirs: date | None, tolerance: timedelta) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= tolerance


def _minute(fields: OwnFields, name: str) -> object:
    value = getattr(fields, name)
    if isinstance(value, datetime):
        return value.replace(second=0, microsecond=0)
    return value


def described(
    kind: MirrorKind, ours: OwnFields | None, theirs: OwnFields | None
) -> str:
    """The differences as text, old → new; empty where there is nothing to compare."""
    if ours is None or theirs is None:
        return ""
    return "; ".join(
        f"{name}: {_shown(getattr(ours, name))} → {_shown(getattr(theirs, name))}"
        for name in differences(kind, ours, theirs)
    )


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    return "–" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of our item: ``item`` is it, ``drift`` what was done to it."""

    item: Seen | None
    drift: Drift | None = None


def judge(
    kind: MirrorKind, written: Written, stored_id: str | None, seen: Sequence[Seen]
) -> Judgement:
    """Compare every item that carries our key with what we wrote.

    No drift and no item means: nothing was ever there. Trash counts as deleted.
    """
    item = chosen(seen, stored_id)
    if item is None:
        known = stored_id is not None or bool(seen)
        return Judgement(None, Drift.DELETED if known else None)
    if item.place is Place.ELSEWHERE and not written.followed:
        return Judgement(item, Drift.MOVED)
    if _as_we_left_it(kind, written, item.fields):
        return Judgement(item)
    baseline = written.baseline
    done = item.fields.completed and not (baseline and baseline.completed)
    is_task = kind is MirrorKind.TASK
    return Judgement(item, Drift.COMPLETED if is_task and done else Drift.CHANGED)


def alive(seen: Iterable[Seen]) -> list[Seen]:
    """Those that do not lie in Deleted Items."""
    return [item for item in seen if item.place is not Place.TRASH]


def chosen(seen: Iterable[Seen], stored_id: str | None) -> Seen | None:
    """The living item that is ours: the stored one, else one in our folder."""
    living = alive(seen)
    living.sort(key=lambda item: item.external_id != stored_id)
    for item in living:
        if item.external_id == stored_id or item.place is Place.OWN:
            return item
    return living[0] if living else None


def _as_we_left_it(kind: MirrorKind, written: Written, theirs: OwnFields) -> bool:
    if written.baseline is None:
        return True  # a copy whose history a restored backup has lost
    exactly = written.read_back
    if exactly is not None and same(kind, exactly, theirs, tolerance=EXACT):
        return True
    about = [*written.trying]
    if exactly is None and written.fields is not None:
        about.append(written.fields)
    return any(same(kind, ours, theirs, tolerance=A_DAY) for ours in about)
