"""What people want to lie in the mailboxes, and what is wrong with what lies there.

The truth is kept by the test alone and an item is recognised by its title, which is
unique: no key and no row of ours is looked at.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from office import PEOPLE, Lying, Office

from mailsync.port import ItemKind


@dataclass
class Wanted:
    """A task in the words of a person."""

    who: str
    title: str
    kind: ItemKind
    due_on: date | None = None
    day: date | None = None
    starts_at: datetime | None = None
    done: bool = False
    cancelled: bool = False


@dataclass
class Truth:
    """Every task by its id, and the employees' own items as they were."""

    tasks: dict[int, Wanted] = field(default_factory=dict)
    own: dict[str, Counter[Lying]] = field(default_factory=dict)


def problems(here: Office, truth: Truth) -> list[str]:
    """Everything in which the mailboxes are not as people want them."""
    found = []
    lying: dict[str, list[tuple[str, Lying]]] = {}
    for who in PEOPLE:
        items = here.outlook.items(who)
        own = Counter(i for i in items if i in truth.own[who])
        if own != truth.own[who]:
            found.append(f"own items of {who} are not as they were")
        for item in items:
            if item.alive and item not in truth.own[who]:
                title = item.subject.removeprefix("✓ ").rpartition(" · CRM-")[0]
                lying.setdefault(title, []).append((who, item))
    for wanted in truth.tasks.values():
        found += _problems_of(wanted, lying.pop(wanted.title, []))
    found += [f"nobody wants «{title}»" for title in lying]
    return found


def _problems_of(wanted: Wanted, there: list[tuple[str, Lying]]) -> list[str]:
    name = wanted.title
    if wanted.cancelled:
        return [f"{name}: cancelled, but there"] * bool(there)
    if len(there) != 1:
        return [f"{name}: {len(there)} items"]
    ((who, item),) = there
    ticked = item.subject.startswith("✓ ")
    task = wanted.kind is ItemKind.TASK
    said = (who, item.kind, item.due_on, item.day, item.starts_at)
    meant = (wanted.who, wanted.kind, wanted.due_on, wanted.day, wanted.starts_at)
    home = "tasks" if task else "calendar"
    checks = {
        f"{said} instead of {meant}": said == meant,
        f"lies in {item.folder}": item.folder == home,
        "done is not shown": (item.completed if task else ticked) == wanted.done,
        "done is shown wrongly": (ticked if task else item.completed) is False,
        "its text names no entry": "CRM-" in item.body,
        "no length of an hour": item.starts_at is None
        or item.ends_at == item.starts_at + timedelta(hours=1),
    }
    return [f"{name}: {text}" for text, fine in checks.items() if not fine]
