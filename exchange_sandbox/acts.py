"""What an employee does in Outlook, as a test or the demo orders it.

Each act goes through the same store and rules as a client's write, but leaves no trace
in the ledger of requests: it is not the client under test that did it.
"""

from dataclasses import dataclass, field
from typing import Any

from exchange_sandbox.errors import EwsError
from exchange_sandbox.item_rules import apply_rules
from exchange_sandbox.item_values import Body, value
from exchange_sandbox.mailbox import Item, Mailbox
from exchange_sandbox.operations.delete_item import delete
from exchange_sandbox.paths import ExtendedPath
from exchange_sandbox.properties import ELEMENT_URI, KIND
from exchange_sandbox.store import Store
from exchange_sandbox.timezones import read_day, read_instant

ACTS = frozenset(
    {
        "complete",
        "reopen",
        "edit",
        "move",
        "copy",
        "delete",
        "read",
        "unread",
        "category",
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on one item.

    The item is named by `item_id`, else by `subject` or the value of a MAPI property
    (`extended`), looked for in the whole mailbox but for what is recoverable.
    complete/reopen: a task. edit: `set` = properties by element name, dates as text
    (`delete` = names to empty). move/copy: `to` = folder. delete: `how` = hard, soft or
    trash (to Deleted Items). read/unread: the flag. category: adds `category`.
    """

    mailbox: str
    act: str
    item_id: str | None = None
    subject: str | None = None
    extended: str | None = None
    to: str | None = None
    how: str = "trash"
    category: str | None = None
    set: dict[str, Any] = field(default_factory=dict)
    delete: tuple[str, ...] = ()

    @staticmethod
    def read(details: dict[str, Any]) -> "Act":
        """Return the act described; raises ValueError for what makes no sense."""
        if details.get("act") not in ACTS:
            raise ValueError(f"unknown act: {details.get('act')!r}")
        try:
            return Act(**details)
        except TypeError as error:
            raise ValueError(str(error)) from None


def find(store: Store, act: Act) -> Item:
    """Return the item an act is about; raises ErrorItemNotFound."""
    if act.item_id is not None:
        item = store.items.get(act.item_id)
        if item is None:
            raise EwsError("ErrorItemNotFound")
        return item
    for item in _candidates(store.mailbox(act.mailbox)):
        if act.extended is not None:
            if any(act.extended in texts for texts in item.extended.values()):
                return item
        elif (
            act.subject is not None
            and value(store, item, "item:Subject") == act.subject
        ):
            return item
    raise EwsError("ErrorItemNotFound")


def _candidates(mailbox: Mailbox) -> list[Item]:
    return [
        item
        for folder in mailbox.folders.values()
        if folder.distinguished != "recoverableitemsdeletions"
        for item in folder.items.values()
    ]


_DELETIONS = {"hard": "HardDelete", "soft": "SoftDelete", "trash": "MoveToDeletedItems"}


def perform(store: Store, act: Act) -> str | None:
    """Do it; returns the id the item now has, None if it is gone."""
    item = find(store, act)
    if act.act in {"move", "copy"}:
        folder = store.folder_at(item.folder.mailbox, act.to or "inbox")
        return (store.move if act.act == "move" else store.copy)(item, folder).id
    if act.act == "delete":
        delete(store, item, _DELETIONS[act.how])
        return None if act.how == "hard" else item.id
    if act.act in {"read", "unread"}:
        item.read = act.act == "read"
        store.touch(item, item.folder.mailbox.name, "read")
        return item.id
    value(store, item, "item:Subject")
    _change(store, item, act)
    store.touch(item, item.folder.mailbox.name)
    return item.id


def _change(store: Store, item: Item, act: Act) -> None:
    done: set[str] = set()
    if act.act in {"complete", "reopen"}:
        item.values["task:Status"] = (
            "Completed" if act.act == "complete" else "NotStarted"
        )
        done.add("task:Status")
    elif act.act == "category":
        before = item.values.get("item:Categories", ())
        item.values["item:Categories"] = (*before, act.category or "")
    else:
        done = _edit(item, act)
    apply_rules(store, item, done, "UTC")


def _edit(item: Item, act: Act) -> set[str]:
    done: set[str] = set()
    names = ELEMENT_URI[item.tag]
    for name, given in act.set.items():
        item.values[names[name]] = _typed(names[name], given)
        done.add(names[name])
        if name == "Body":
            item.values.pop("item:TextBody", None)
            item.values.pop("item:UniqueBody", None)
    for name in act.delete:
        if name in names:
            item.values.pop(names[name], None)
        else:
            _drop_extended(item, name)
    return done


def _drop_extended(item: Item, name: str) -> None:
    for path in [
        p for p in item.extended if isinstance(p, ExtendedPath) and p.name == name
    ]:
        del item.extended[path]


def _typed(uri: str, given: Any) -> Any:
    kind = KIND.get(uri, "string")
    if kind == "body":
        return Body("Text", str(given))
    if kind == "datetime" and isinstance(given, str):
        return read_instant(given, "UTC")
    if kind == "taskdate" and isinstance(given, str):
        return read_day(given)
    if kind == "strings":
        return tuple(given)
    if kind == "double":
        return float(given)
    return given
