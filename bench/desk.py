"""What staff typed: addresses, entries, participants, notes, tasks, documents.

Numbers of a small yard after some years: a third of the entries is open, one customer in
seven has more than five entries, every entry had about one task, every second a document.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from secrets import token_hex

from bench.tables import Tables, text_of

FIRST = (
    "Hans",
    "Zoë",
    "Peter",
    "Anna",
    "Urs",
    "Claire",
    "Marco",
    "Lea",
    "Jürg",
    "Rita",
)
LAST = ("Meier", "Huber", "Bernasconi", "Müller", "Favre", "Schmid", "Keller", "Frei",
        "Zürcher", "Wenger", "Aebi", "Nägeli", "Rossi")  # fmt: skip
PLACES = ("Thun", "Spiez", "Biel", "Zug", "Luzern", "Rapperswil", "Locarno", "Nyon")
_FIRMS = ("Boote", "Marine", "Segelclub", "Charter", "Holzbau", "Fischerei")
_THINGS = ("Motor", "Aussenbordmotor", "Getriebe", "Antifouling", "Winterlager", "Rumpf",
           "Offerte Motorboot", "Persenning", "Batterie", "Segel", "Steg")  # fmt: skip
_WHAT = ("läuft unrund", "Service", "ersetzen", "prüfen", "bestellen", "Kontrolle 2026",
         "nach Sturm", "Garantie", "für Saison")  # fmt: skip
_TASKS = ("Offerte erstellen", "Ersatzteil bestellen", "Kunde zurückrufen", "Boot holen",
          "Motor ausbauen", "Rechnung prüfen", "Termin vereinbaren")  # fmt: skip
FIRST_NUMBER = 1001
_GROUPS = ("werkstatt",) * 5 + ("verkauf",) * 4 + ("personal",)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An entry, as far as its mails need it."""

    id: int
    number: int
    owner: int
    group: str


@dataclass(slots=True)
class Desk:
    """The rows of the company, and what was drawn on it."""

    employees: list[int]
    boxes: dict[int, int]  # mailbox of an employee
    subtags: dict[str, int]
    folders: dict[str, tuple[int, int]]  # shared mailbox: its row, its folder
    emails: dict[int, str] = field(default_factory=dict)  # of an address, the first
    names: dict[int, str] = field(default_factory=dict)
    entries: list[Drawn] = field(default_factory=list)


def draw(
    tables: Tables, dice: Random, desk: Desk, addresses: int, entries: int
) -> Desk:
    """All of it; entry 1 and address 1 are open to everybody."""
    for id_ in range(1, addresses + 1):
        _address(tables, dice, desk, id_)
    by_group: dict[str, list[int]] = {}
    for key, id_ in desk.subtags.items():
        by_group.setdefault(key.partition("-")[0], []).append(id_)
    for id_ in range(1, entries + 1):
        _entry(tables, dice, desk, id_, by_group)
    _documents(tables, dice, addresses, entries)
    return desk


def _address(tables: Tables, dice: Random, desk: Desk, id_: int) -> None:
    person = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    firm = (
        f"{dice.choice(_FIRMS)} {dice.choice(LAST)} AG" if dice.random() < 0.3 else ""
    )
    role = dice.choices(("customer", "supplier", "authority", "other"), (80, 12, 2, 6))
    tables.add(
        "address", id=id_, name=firm or person, role=role[0],
        number=f"K{10_000 + id_}" if role[0] == "customer" else None,
        company=firm and person, street=f"Seestrasse {dice.randint(1, 200)}",
        zip_code=str(dice.randint(1000, 9650)), city=dice.choice(PLACES),
        phone=f"+41 79 {dice.randint(1000000, 9999999)}", remark="",
        created_at=text_of(tables.ago(dice, 1500, 400)),
    )  # fmt: skip
    desk.names[id_] = person
    desk.emails[id_] = f"kontakt{id_}@firma{id_}.example"
    tables.add("address_email", address_id=id_, email=desk.emails[id_])
    if dice.random() < 0.3:
        tables.add("address_email", address_id=id_, email=f"privat{id_}@post.example")
    if firm and dice.random() < 0.3:
        tables.add("address_domain", address_id=id_, domain=f"firma{id_}.example")


def _entry(
    tables: Tables, dice: Random, desk: Desk, id_: int, by_group: dict[str, list[int]]
) -> None:
    addresses = len(desk.emails)
    group = "werkstatt" if id_ <= 2 else dice.choice(_GROUPS)
    # A few customers come again and again: the first has about one entry in 250.
    owner = 1 if id_ <= 2 else min(addresses, int(dice.paretovariate(0.35)))
    if id_ > 2 and dice.random() < 0.85:
        owner = dice.randint(1, addresses)
    status = dice.choices(("open", "waiting", "closed"), (25, 8, 67))[0]
    made = tables.ago(dice, 900)
    closed = made + timedelta(days=dice.randint(1, 60)) if status == "closed" else None
    tables.add(
        "entry", id=id_, number=FIRST_NUMBER + id_ - 1,
        title=f"{dice.choice(_THINGS)} {dice.choice(_WHAT)}",
        subtag_id=dice.choice(by_group[group]), status=status,
        management_only=int(id_ > 2 and dice.random() < 0.03),
        description="Der Kunde meldet sich wieder. " * dice.randint(0, 6),
        responsible_id=dice.choice([*desk.employees, None]),
        follow_up_on=str(tables.today + timedelta(days=dice.randint(-20, 40)))
        if status != "closed" and dice.random() < 0.3 else None,
        version=1, created_at=text_of(made), created_by="user:frei",
        updated_at=text_of(made), updated_by="user:frei", closed_at=text_of(closed),
    )  # fmt: skip
    entry = Drawn(id_, FIRST_NUMBER + id_ - 1, owner, group)
    desk.entries.append(entry)
    _log(tables, "entry_created", f"entry:{entry.number}", id_, text_of(made))
    others = dice.choices((0, 1, 2, 4), (60, 25, 10, 5))[0]
    parties = dict.fromkeys(
        [owner, *(dice.randint(1, addresses) for _ in range(others))]
    )
    for address in parties:
        tables.add("participant", entry_id=id_, address_id=address,
                   added_at=text_of(made), added_by="user:frei")  # fmt: skip
    for _ in range(dice.choices((0, 1, 3), (60, 30, 10))[0]):
        tables.add("note", entry_id=id_, text="Hat angerufen, will es bis Ostern.",
                   written_at=text_of(made), written_by="user:frei")  # fmt: skip
    for _ in range(12 if id_ == 1 else dice.choices((0, 1, 2, 4), (35, 40, 15, 10))[0]):
        _task(tables, dice, desk, entry, is_open=status != "closed")
    if status != "closed" and dice.random() < 0.2:
        tables.add("watch", entry_id=id_, employee_id=dice.choice(desk.employees),
                   seen_at=text_of(made))  # fmt: skip


def _task(
    tables: Tables, dice: Random, desk: Desk, entry: Drawn, *, is_open: bool
) -> None:
    id_ = tables.count("task") + 1
    employee = dice.choice(list(desk.boxes))
    waits = is_open and dice.random() < 0.25
    day = tables.today + timedelta(days=dice.randint(-15, 30) if waits else -60)
    due = dice.random() < 0.7
    made, done = tables.ago(dice, 300, 20), None if waits else tables.ago(dice, 19)
    tables.add(
        "task", id=id_, entry_id=entry.id, title=dice.choice(_TASKS), description="",
        employee_id=employee, kind="due_by" if due else "do_on",
        due_on=str(day) if due else None, day=None if due else str(day),
        status="open" if waits else "done", version=1, created_at=text_of(made),
        created_by="user:gl", done_at=text_of(done), done_by=done and "user:gl",
    )  # fmt: skip
    tables.add(
        "task_mirror", task_id=id_, mailbox_id=desk.boxes[employee],
        kind="task" if due else "appointment", crm_key=token_hex(16), wanted_present=1,
        wanted_version=1, pushed_version=1, external_id=f"item{id_}",
        drift="completed" if waits and dice.random() < 0.03 else None,
        drift_at=text_of(made) if waits else None,
    )  # fmt: skip
    _log(tables, "task_assigned", f"task:{id_}", entry.id, text_of(made))


def _documents(tables: Tables, dice: Random, addresses: int, entries: int) -> None:
    for id_ in range(1, entries * 6 // 10 + 1):
        report = id_ == 1 or dice.random() < 0.6
        at = tables.ago(dice, 700)
        tables.add(
            "document", id=id_, kind="report" if report else "delivery_note",
            number=f"{'R' if report else 'L'}-{20_000 + id_}",
            title=f"{dice.choice(_THINGS)} {dice.choice(_WHAT)}",
            address_id=dice.randint(1, addresses), dated_on=str(at.date()),
            status="gebucht", url="", updated_at=text_of(at),
        )  # fmt: skip
        if id_ == 1 or dice.random() < 0.8:
            entry = 1 if id_ <= 30 else dice.randint(1, entries)
            tables.add("entry_document", entry_id=entry, document_id=id_,
                       linked_at=text_of(at), linked_by="user:gl")  # fmt: skip


def _log(tables: Tables, action: str, subject: str, entry: int, at: str | None) -> None:
    tables.add("audit_event", at=at, actor="user:frei", action=action, subject=subject,
               entry_id=entry, detail="")  # fmt: skip
