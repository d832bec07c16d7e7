"""Write-back under test: five employees with mailboxes, in memory or over real EWS.

``Office`` holds the company; its ``outlook`` is what employees do and what their
mailboxes hold, told by the world itself (the double's store, or the sandbox's), never
by the product. The clock is virtual.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from crm_core import clock, database
from crm_core.access import staff
from crm_core.mirroring import mirror_wishes
from crm_core.models import (
    Access,
    AddressRole,
    Employee,
    Entry,
    Keep,
    Mailbox,
    MailboxKind,
    Task,
    TaskMirror,
)
from crm_core.polling import mailboxes
from crm_core.queries import tasks as task_pages
from crm_core.records import addresses, entries, schedule, tasks
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from exchange_sandbox.faults import FaultRule
from exchange_sandbox.server import Sandbox
from mailsync import outbox, reconcile
from mailsync.errors import Transient
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer
from mailsync.memory import Fault, MemoryExchange
from mailsync.outbox import OutboxResult
from mailsync.port import ItemKind, ItemRef, PortFactory, RemoteItem

ZONE = ZoneInfo("Europe/Zurich")
ACTOR = "test"
PEOPLE = ("keller", "frei", "huber", "moser", "wyss")
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 27)
CUSTOMER = "Meier Bootsbau"
ENTRY_TITLE = "Neuer Mast"


def address_of(key: str) -> str:
    return f"{key}@werft.example"


@dataclass(frozen=True, slots=True)
class Lying:
    """An item of ours or of theirs as it lies in a mailbox."""

    id: str
    kind: ItemKind
    folder: str  # tasks, calendar, trash, or another name
    key: str | None
    subject: str
    body: str
    completed: bool = False
    due_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    day: date | None = None

    @property
    def alive(self) -> bool:
        return self.folder != "trash"


class Outlook(Protocol):
    """What people do in their mailboxes, and what lies there."""

    open_port: PortFactory

    def items(self, who: str) -> list[Lying]: ...
    def own_item(self, who: str, kind: ItemKind, subject: str) -> None: ...
    def complete(self, who: str, item: Lying) -> None: ...
    def edit(self, who: str, item: Lying, **changes: Any) -> None: ...
    def touch(self, who: str, item: Lying) -> None: ...
    def move(self, who: str, item: Lying, folder: str) -> None: ...
    def copy(self, who: str, item: Lying) -> None: ...
    def delete(self, who: str, item: Lying, *, hard: bool = False) -> None: ...
    def forget_tokens(self, who: str) -> None: ...
    def fault(self, who: str, operation: str, kind: str) -> None: ...
    def plan(self, who: str, operation: str, kinds: Iterable[str | None]) -> None: ...
    def planned(self) -> int: ...
    def struck(self) -> Counter[str]: ...
    def advance(self, seconds: float) -> None: ...
    def no_faults(self) -> None: ...
    def requests(self, operation: str = "") -> int: ...


OPERATIONS = ("find_task", "create_task", "update_task", "delete_task")
FAULTS = ("before", "after", "busy", "busy_after", "timeout")


class PlannedExchange(MemoryExchange):
    """The double with a fate for every coming call: a fault, or None for none."""

    def __init__(self) -> None:
        super().__init__(page=10, assert_idle=_assert_idle)
        self.plans: dict[tuple[str, str], deque[str | None]] = {}
        self.struck: Counter[str] = Counter()

    def take_fault(self, operation: str, mailbox: str) -> Fault | None:
        plan = self.plans.get((operation, mailbox))
        if not plan:
            return super().take_fault(operation, mailbox)
        kind = plan.popleft()
        self.struck.update([kind] if kind else [])
        return None if kind is None else _fault(operation, kind, mailbox)


def _fault(operation: str, kind: str, mailbox: str) -> Fault:
    wait = 30.0 if kind.startswith("busy") else None
    late = kind in ("after", "busy_after", "timeout")
    return Fault(operation, Transient(kind, retry_after=wait), late, mailbox)


class MemoryOutlook:
    """The double."""

    def __init__(self, people: tuple[str, ...] = PEOPLE) -> None:
        self.exchange = PlannedExchange()
        for key in people:
            self.exchange.add_mailbox(address_of(key), ("Erledigt",))
        self.open_port: PortFactory = self.exchange

    def items(self, who: str) -> list[Lying]:
        found = []
        for held in self.exchange.tasks(address_of(who)):
            item = held.content
            assert isinstance(item, RemoteItem)
            found.append(
                Lying(
                    id=item.ref.external_id,
                    kind=item.kind,
                    folder=held.folder,
                    key=item.crm_key,
                    subject=item.subject,
                    body=held.body,
                    completed=item.completed,
                    due_on=item.due_on,
                    starts_at=item.starts_at,
                    ends_at=item.ends_at,
                    day=item.first_day,
                )
            )
        return found

    def own_item(self, who: str, kind: ItemKind, subject: str) -> None:
        timed = kind is ItemKind.APPOINTMENT
        own = RemoteItem(
            ref=ItemRef(""),
            kind=kind,
            crm_key=None,
            subject=subject,
            completed=False,
            due_on=None if timed else FRIDAY,
            starts_at=START if timed else None,
            ends_at=START + timedelta(hours=1) if timed else None,
        )
        self.exchange.add_own_item(address_of(who), own, "privat")

    def complete(self, who: str, item: Lying) -> None:
        self.exchange.complete(address_of(who), ItemRef(item.id))

    def edit(self, who: str, item: Lying, **changes: Any) -> None:
        if "day" in changes:
            changes["first_day"] = changes["last_day"] = changes.pop("day")
        self.exchange.edit(address_of(who), ItemRef(item.id), **changes)

    def touch(self, who: str, item: Lying) -> None:
        self.exchange.edit(address_of(who), ItemRef(item.id))

    def move(self, who: str, item: Lying, folder: str) -> None:
        self.exchange.move(address_of(who), ItemRef(item.id), folder)

    def copy(self, who: str, item: Lying) -> None:
        held = self.exchange.held(address_of(who), ItemRef(item.id))
        assert isinstance(held.content, RemoteItem)
        self.exchange.add_own_item(address_of(who), held.content, held.body)

    def delete(self, who: str, item: Lying, *, hard: bool = False) -> None:
        self.exchange.delete(address_of(who), ItemRef(item.id), hard=hard)

    def forget_tokens(self, who: str) -> None:
        self.exchange.invalidate_tokens(address_of(who))

    def fault(self, who: str, operation: str, kind: str) -> None:
        fault = _fault(operation, kind, address_of(who))
        self.exchange._faults.append(fault)

    def plan(self, who: str, operation: str, kinds: Iterable[str | None]) -> None:
        self.exchange.plans[operation, address_of(who)] = deque(kinds)

    def planned(self) -> int:
        return sum(map(len, self.exchange.plans.values()))

    def struck(self) -> Counter[str]:
        return self.exchange.struck

    def advance(self, seconds: float) -> None:
        """The double has no clock."""

    def no_faults(self) -> None:
        self.exchange._faults.clear()
        self.exchange.plans.clear()

    def requests(self, operation: str = "") -> int:
        ledger = self.exchange.ledger
        return sum(operation in ("", one.operation) for one in ledger)


_VERBS = {
    "find_task": "FindItem",
    "create_task": "CreateItem",
    "update_task": "UpdateItem",
    "delete_task": "DeleteItem",
}
_FOLDERS = {"tasks": "tasks", "calendar": "calendar", "deleteditems": "trash"}


class EwsOutlook:
    """Real EWS over HTTP against the sandbox."""

    def __init__(self, sandbox: Sandbox, server: EwsServer) -> None:
        self.sandbox = sandbox
        self.server = server
        self.rules: list[tuple[str, FaultRule]] = []
        self.hits: Counter[str] = Counter()
        self.open_port: PortFactory = server

    def items(self, who: str) -> list[Lying]:
        return [
            _lying(one)
            for one in self.sandbox.items(address_of(who))
            if one["kind"] in ("Task", "CalendarItem")
            and not one["folder"].startswith("recoverable")
        ]

    def own_item(self, who: str, kind: ItemKind, subject: str) -> None:
        with self.sandbox.store.lock:
            store = self.sandbox.store
            box = store.mailbox(address_of(who))
            task = kind is ItemKind.TASK
            folder = box.distinguished["tasks" if task else "calendar"]
            item = store.new_item(folder, "Task" if task else "CalendarItem")
            item.values["item:Subject"] = subject
            if not task:
                item.values["calendar:Start"] = START
                item.values["calendar:End"] = START + timedelta(hours=1)
            store.add(item, folder)

    def complete(self, who: str, item: Lying) -> None:
        self.sandbox.act(address_of(who), "complete", item_id=item.id)

    def edit(self, who: str, item: Lying, **changes: Any) -> None:
        self.sandbox.act(
            address_of(who), "edit", item_id=item.id, set=_elements(changes)
        )

    def touch(self, who: str, item: Lying) -> None:
        self.sandbox.act(
            address_of(who), "category", item_id=item.id, category="Wichtig"
        )

    def move(self, who: str, item: Lying, folder: str) -> None:
        self.sandbox.act(address_of(who), "move", item_id=item.id, to=folder)

    def copy(self, who: str, item: Lying) -> None:
        task = item.kind is ItemKind.TASK
        where = "tasks" if task else "calendar"
        self.sandbox.act(address_of(who), "copy", item_id=item.id, to=where)

    def delete(self, who: str, item: Lying, *, hard: bool = False) -> None:
        how = "hard" if hard else "trash"
        self.sandbox.act(address_of(who), "delete", item_id=item.id, how=how)

    def forget_tokens(self, who: str) -> None:
        box = self.sandbox.store.mailbox(address_of(who))
        for folder in box.folders.values():
            folder.generation += 1

    def plan(self, who: str, operation: str, kinds: Iterable[str | None]) -> None:
        for number, kind in enumerate(kinds, start=1):
            if kind is not None:
                self.fault(who, operation, kind, nth=number)

    def planned(self) -> int:
        rules = self.sandbox.faults.listed()
        return sum(rule["seen"] < rule["nth"] for rule in rules)

    def struck(self) -> Counter[str]:
        return self.hits

    def advance(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)

    def fault(self, who: str, operation: str, kind: str, nth: int = 1) -> None:
        order: dict[str, Any] = {"mailbox": address_of(who), "nth": nth}
        what = {"before": "cut_before", "after": "cut_after", "timeout": "slow"}
        if kind.startswith("busy"):
            order |= {"retry_after": "30", "after_act": kind == "busy_after"}
        elif kind == "timeout":
            order |= {"seconds": 1.3, "after_act": True}
        rule = self.sandbox.fault(what.get(kind, "503"), _VERBS[operation], **order)
        self.rules.append((kind, rule))

    def no_faults(self) -> None:
        for kind, rule in self.rules:
            self.hits[kind] += rule.hits
        self.rules.clear()
        self.sandbox.faults.clear()

    def requests(self, operation: str = "") -> int:
        verbs = self.sandbox.ledger.verbs()
        if operation:
            return verbs.get(_VERBS.get(operation, operation), 0)
        return sum(verbs.values())


def _lying(one: dict[str, Any]) -> Lying:
    said = one["properties"]
    task = one["kind"] == "Task"
    place = _FOLDERS.get(one["folder"])
    start, end = _instant(said.get("Start")), _instant(said.get("End"))
    all_day = bool(said.get("IsAllDayEvent"))
    return Lying(
        id=one["id"],
        kind=ItemKind.TASK if task else ItemKind.APPOINTMENT,
        folder=place or one["folder"],
        key=next(iter(one["extended"].get("CrmTaskId", [])), None),
        subject=said.get("Subject", ""),
        body=said.get("Body", ""),
        completed=said.get("Status") == "Completed",
        due_on=date.fromisoformat(said["DueDate"][:10]) if "DueDate" in said else None,
        starts_at=None if all_day else start,
        ends_at=None if all_day else end,
        day=start.astimezone(ZONE).date() if all_day and start else None,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _elements(changes: dict[str, Any]) -> dict[str, Any]:
    names = {
        "subject": "Subject",
        "due_on": "DueDate",
        "starts_at": "Start",
        "ends_at": "End",
    }
    given = dict(changes)
    day = given.pop("day", None)
    if day is not None:
        midnight = datetime.combine(day, time.min, ZONE)
        given["starts_at"] = midnight
        given["ends_at"] = midnight + timedelta(days=1)
    return {
        names[name]: f"{value}T00:00:00Z"
        if name == "due_on"
        else value.isoformat()
        if isinstance(value, datetime)
        else value
        for name, value in given.items()
    }


def _assert_idle() -> None:
    assert not database.transaction_open(), "a request inside a transaction"


@dataclass(slots=True)
class Office:
    """The company at work: its clock, its entry, its outlook."""

    outlook: Outlook
    entry: Entry
    now: datetime = START
    random: Random = field(default_factory=lambda: Random(7))

    # -- in the CRM -----------------------------------------------------------------

    def employee(self, key: str) -> Employee:
        return staff.by_key(key)

    def assign(
        self,
        who: str = "keller",
        when: schedule.Schedule | None = None,
        *,
        title: str = "Offerte erstellen",
        description: str = "",
        entry: Entry | None = None,
    ) -> int:
        """A task; its id. A deadline on Friday unless said otherwise."""
        with database.transaction():
            task = tasks.assign(
                entry or self.entry,
                self.employee(who),
                title,
                when or schedule.due_by(FRIDAY),
                actor=ACTOR,
                description=description,
            )
        return int(task.id)

    def do(self, act: Callable[..., Task], task: int, *args: Any, **more: Any) -> Task:
        """One act of a person on a task, in its transaction."""
        with database.transaction():
            return act(task, *args, actor=ACTOR, **more)

    def mirror(self, task: int) -> task_pages.MirrorView:
        return task_pages.show(task).mirror

    def row(self, task: int) -> TaskMirror:
        rows = TaskMirror.select().where(TaskMirror.task == task)
        return rows.order_by(TaskMirror.wanted_present.desc()).get()

    # -- the daemon -----------------------------------------------------------------

    def push(self, *, patient: bool = False) -> OutboxResult:
        return outbox.push_due(
            self.outlook.open_port, random=self.random, patient=patient
        )

    def poll(self, *who: str) -> None:
        """Reconcile every (or these) enabled mailbox."""
        for mailbox in mailboxes.enabled():
            if not who or mailbox.employee.key in who:
                port = self.outlook.open_port(mailbox.address)
                done = reconcile.reconcile_mailbox(port, mailbox)
                assert done.caught_up
                port.close()

    def run(self) -> None:
        """One healthy cycle: push what is due, then see what lies there."""
        self.push()
        self.poll()

    def later(self, seconds: float = 7200) -> None:
        self.now += timedelta(seconds=seconds)
        self.outlook.advance(seconds)

    # -- what lies there ------------------------------------------------------------

    def ours(self, who: str = "keller", task: int | None = None) -> list[Lying]:
        """The living items that carry a key of ours."""
        keys = {row.crm_key for row in TaskMirror.select()}
        if task is not None:
            rows = TaskMirror.select().where(TaskMirror.task == task)
            keys = {row.crm_key for row in rows}
        return [i for i in self.outlook.items(who) if i.alive and i.key in keys]

    def only(self, who: str = "keller") -> Lying:
        """The one living item with any key in the mailbox."""
        (item,) = [i for i in self.outlook.items(who) if i.alive and i.key]
        return item


def settings_of(
    key: str, *, tasks: bool = True, calendar: bool = True, informed: bool = True
) -> mailboxes.MailboxSettings:
    return mailboxes.MailboxSettings(
        address=address_of(key),
        server="main",
        kind=MailboxKind.PERSON,
        keep=Keep.LINKED,
        informed_on=date(2026, 1, 5) if informed else None,
        employee_key=key,
        staff_groups=("Werkstatt",) if key == "wyss" else ("Administration",),
        tasks=tasks,
        calendar=calendar,
    )


def configure(*settings: mailboxes.MailboxSettings) -> None:
    """What every command does with the configuration."""
    with database.transaction():
        mailboxes.mirror(
            settings, ["werft.example"], today=START.date(), actor="config"
        )
        mirror_wishes.align()


def taxonomy() -> list[TagGroupSpec]:
    """«Verkauf»: the office reads it, the workshop (wyss) does not."""
    subtags = (SubtagSpec("offerte", "Offerte"),)
    access = (
        ("GL", Access.FULL),
        ("Administration", Access.FULL),
        ("Werkstatt", Access.NONE),
    )
    return [
        TagGroupSpec("verkauf", "Verkauf", access, (TagSpec("boot", "Boot", subtags),))
    ]


@contextmanager
def office(outlook: Outlook) -> Iterator[Office]:
    """A fresh company on the bound, migrated database, under a virtual clock."""
    configure(*(settings_of(key) for key in PEOPLE))
    with database.transaction():
        classification.import_taxonomy(taxonomy(), actor=ACTOR)
        schedule.remember_zone("Europe/Zurich")
        customer = addresses.create(CUSTOMER, AddressRole.CUSTOMER, (), actor=ACTOR)
        entry = entries.create(customer.id, "offerte", ENTRY_TITLE, actor=ACTOR)
    here = Office(outlook, entry)
    with clock.use(lambda: here.now):
        yield here


@contextmanager
def ews_outlook(schema: Any = None) -> Iterator[EwsOutlook]:
    """A sandbox with the mailboxes of all people; judged at the end."""
    addresses_of_all = [address_of(key) for key in PEOPLE]
    with Sandbox(addresses_of_all, {"svc": "geheim"}, schema=schema) as sandbox:
        sandbox.clock.set(START)
        server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim", timeout=1))
        yield EwsOutlook(sandbox, server)
        server.close()
        assert sandbox.ledger.violations == []
        assert sandbox.ledger.crashes == []
        assert sandbox.ledger.submissions == []
        assert sandbox.ledger.client_faults == []


def disable(key: str) -> None:
    with database.transaction():
        Mailbox.update(enabled=False).where(
            Mailbox.address == address_of(key)
        ).execute()
