"""The office whose pages are measured: 100,000 mails, 5,000 addresses, 10,000 entries.

Drawn by a fixed seed and written in batches straight into the tables of a company that
the product itself has set up (configuration mirrored, taxonomy imported, accounts made).
What is derived is not drawn but made by the product: which mails are held, marked as new
or wait in «Nicht zugeordnet» (``holds.settle``), and the search index.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import config
from bench import desk, post
from bench.desk import Desk
from bench.landmarks import Landmarks
from bench.tables import Tables
from bench.worker import serve
from crm_core import database, search
from crm_core.access import accounts
from crm_core.linking import holds
from crm_core.mail import content, known_parties
from crm_core.models import Employee, Findable, Mailbox, MailFolder, Subtag
from mailsync import startup, sync

SEED = 20261124
PASSWORD = "see-und-segel"
PEOPLE = (
    ("gl", "GL"), ("frei", "Administration"), ("huber", "Administration"),
    ("keller", "Werkstatt"), ("wyss", "Werkstatt"), ("favre", "Werkstatt"),
    ("bernasconi", "Werkstatt"), ("schmid", "Administration"),
)  # fmt: skip
SIGNED_IN = ("gl", "keller")  # GL sees everything, Werkstatt a part
_SETTLED = 500  # conversations a transaction
_BODIES = {"GL": "full", "Administration": "full"}
_MAILBOXES: dict[str, dict[str, str]] = {
    "verkauf": _BODIES,
    "werkstatt": {"GL": "full", "Administration": "subject", "Werkstatt": "full"},
    "info": {**_BODIES, "Werkstatt": "subject"},
    "leitung": {"GL": "full"},
}
_FULL, _READ = "full", "read"
_TAXONOMY: tuple[tuple[str, str, dict[str, str], tuple[str, ...]], ...] = (
    ("werkstatt", "Werkstatt",
     {"GL": _FULL, "Administration": _READ, "Werkstatt": _FULL},
     ("Motorstörung", "Service", "Winterlager", "Rumpf")),
    ("verkauf", "Verkauf", {"GL": _FULL, "Administration": _FULL},
     ("Offerte", "Probefahrt", "Einlösung", "Garantie")),
    ("personal", "Personal", {"GL": _FULL}, ("Lohn", "Bewerbung")),
)  # fmt: skip


def write_configuration(folder: Path, database_url: str, endpoint: str) -> None:
    """The three files; JSON is valid YAML. Only «verkauf» has mail in it."""
    secret = folder / "secret"
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    shared: list[dict[str, Any]] = [
        {"address": f"{slug}@werft.example", "kind": "shared", "groups": groups}
        for slug, groups in _MAILBOXES.items()
    ]
    own: list[dict[str, Any]] = [
        {
            "address": f"{key}@werft.example",
            "kind": "person",
            "employee": key,
            "staff_groups": [group],
            "tasks": True,
            "calendar": True,
            "groups": {},
        }
        for key, group in PEOPLE
    ]
    files: dict[str, Any] = {
        "service.yaml": {
            "database": database_url,
            "state_dir": str(folder),
            "poll": 1,
            "retention": {"unlinked_days": 365},
        },
        "mailboxes.yaml": {
            "servers": {
                "main": {
                    "backend": "ews",
                    "endpoint": endpoint,
                    "auth": "basic",
                    "login": "svc",
                    "password": {"file": str(secret)},
                }
            },
            "internal_domains": ["werft.example"],
            "mailboxes": [*shared, *own],
        },
        "taxonomy.yaml": {"groups": [_group(*one) for one in _TAXONOMY]},
    }
    for name, said in files.items():
        (folder / name).write_text(json.dumps(said, ensure_ascii=False))


def _group(
    key: str, name: str, access: Mapping[str, str], subtags: tuple[str, ...]
) -> dict[str, Any]:
    listed = [
        {"key": f"{key}-{number}", "name": one} for number, one in enumerate(subtags)
    ]
    tags = [{"key": f"{key}-tag", "name": name, "subtags": listed}]
    return {"key": key, "name": name, "access": access, "tags": tags}


@dataclass(frozen=True, slots=True)
class Built:
    """What there is, and where the interesting things lie."""

    counts: dict[str, int]
    landmarks: Landmarks


def build(folder: str, mails: int, addresses: int, entries: int, biggest: int) -> Any:
    """Fill the empty database that the configuration in ``folder`` names."""
    said = config.load(Path(folder))
    startup.open_database(said, migrate=True)
    if not database.is_postgres():
        database.execute("PRAGMA synchronous = OFF")  # nothing here must survive
    startup.mirror(said, actor="bench")
    with database.transaction():
        for login, group in PEOPLE:
            accounts.create(login, actor="bench", password=PASSWORD, groups=(group,))
    dice, tables = Random(SEED), Tables(date.today())
    rows = _company()
    drawn = desk.draw(tables, dice, rows, addresses, entries)
    landmarks = post.draw(tables, dice, drawn, mails, biggest)
    with database.transaction():
        tables.write()
        _index_rows()
    _settle()
    sync.index_search(lambda: False)
    _tidy()
    counts = {name: _count(name) for name in ("message", "address", "entry", "task",
              "document", "search_text", "entry_mail", "entry_mail_state")}  # fmt: skip
    counts["waiting"] = _waiting()
    database.close()
    return asdict(Built(counts, landmarks))


def _company() -> Desk:
    """The rows that the product made of the configuration."""
    folders = {}
    with database.transaction():
        for box in Mailbox.select():
            slug = box.address.partition("@")[0]
            if slug in _MAILBOXES:
                folder, _ = MailFolder.get_or_create(
                    mailbox=box, role="archive", defaults={"name": "archive"}
                )
                folders[slug] = (int(box.id), int(folder.id))
    boxes = {
        int(box.employee_id): int(box.id) for box in Mailbox.select() if box.employee_id
    }
    return Desk(
        employees=[int(row.id) for row in Employee.select().order_by(Employee.id)],
        boxes=boxes,
        subtags={row.key: int(row.id) for row in Subtag.select()},
        folders=folders,
    )


def _index_rows() -> None:
    """What ingest and the writers would have left for the index."""
    for kind in Findable:
        waiting = [(kind.value, id_, text, 0) for id_, text in search.texts(kind)]
        search.put(waiting)


def _settle() -> None:
    messages = [int(row[0]) for row in database.execute("SELECT id FROM message")]
    with database.transaction():
        known_parties.mark(messages)
    wanted = [int(row[0]) for row in database.execute("SELECT id FROM conversation")]
    for start in range(0, len(wanted), _SETTLED):
        with database.transaction():
            holds.settle(wanted[start : start + _SETTLED])
    with database.transaction():  # the texts of what is held, as ingest would not have
        content.drop_unwanted(wanted)


def _tidy() -> None:
    """What a database has behind it that was not filled in a minute."""
    if database.is_postgres():
        database.execute("VACUUM ANALYZE")  # autovacuum, whose time has not come yet
    else:
        begin, more = True, True
        while more:  # as every night
            with database.transaction():
                more = search.merge_some(begin=begin)
            begin = False
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _count(table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}")[0][0])


def _waiting() -> int:
    """Mails of «Nicht zugeordnet»; a page without any would be measured for nothing."""
    ((found,),) = database.execute(
        "SELECT count(*) FROM message WHERE unassigned = 1 AND known = 1"
    )
    if not found:
        raise RuntimeError("nothing waits in «Nicht zugeordnet» in this office")
    return int(found)


def ingested(folder: str) -> int:
    """How many mails there are now."""
    startup.open_database(config.load(Path(folder)))
    try:
        return _count("message")
    finally:
        database.close()


if __name__ == "__main__":
    serve({"build": build, "ingested": ingested})
