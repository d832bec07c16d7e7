"""Who may write the daemon's tables, and who may open a transaction.

Read from the sources: SQL in string constants, peewee's writing methods, attributes set
on rows. The list of transactions is the table in docs/architecture.md.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "crm_core", "mailsync", "crm_web")

# Sync state, copies, quarantine, sign of life: the daemon's, through these modules.
WRITERS = {
    # erasure, redaction: an administrator removes a mailbox or a person for good.
    "mail_folder": {
        "crm_core/mail/counts.py",
        "crm_core/personal_data/erasure.py",
        "mailsync/engine.py",
        "mailsync/reconcile.py",
        "mailsync/sync.py",
    },
    "message_copy": {
        "crm_core/mail/content.py",
        "crm_core/mail/copies.py",
        "crm_core/mail/expired_copies.py",
        "crm_core/mail/messages.py",
    },
    "expired_copy": {"crm_core/mail/expired_copies.py"},
    # ``quarantine.request_retry`` is a person's wish; all else there is the daemon's.
    "quarantined_change": {"crm_core/mail/quarantine.py", "crm_core/mail/retention.py"},
    "daemon_beat": {"mailsync/beats.py"},
    # pushes, sightings: what the daemon did and saw; mirrors, mirror_wishes: what
    # people want, which may take back what was noted of an earlier push.
    "task_mirror": {
        "crm_core/mirroring/mirror_wishes.py",
        "crm_core/mirroring/mirrors.py",
        "crm_core/mirroring/pushes.py",
        "crm_core/personal_data/redaction.py",
        "crm_core/mirroring/sightings.py",
    },
}
MODELS = {
    "mail_folder": "MailFolder",
    "message_copy": "MessageCopy",
    "expired_copy": "ExpiredCopy",
    "quarantined_change": "QuarantinedChange",
    "daemon_beat": "DaemonBeat",
    "task_mirror": "TaskMirror",
}
CLAIM = {"claimed_by", "claimed_until"}

# Modules of the core by which the daemon writes; pages and programs have no use for them.
DAEMONS = {
    "copies", "counts", "expired_copies", "forgetting", "leases", "messages", "pushes",
    "retention", "sightings",
}  # fmt: skip

_SQL = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)")
_WRITES = {
    "bulk_create", "bulk_update", "create", "delete", "get_or_create", "insert",
    "insert_many", "replace", "update",
}  # fmt: skip
_ROW_WRITES = {"save", "delete_instance"}


@cache
def parsed() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8")))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"models", "migrations", "__pycache__"} & set(path.parts)
    )


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of these packages, or of all, but for models and migrations."""
    for file, tree in parsed():
        if file.split("/")[0] in (packages or PACKAGES):
            yield file, tree


def tables_written(tree: ast.Module) -> set[str]:
    """Tables that a module writes by SQL or by a model's methods."""
    found: set[str] = set()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
             for alias in node.names}  # fmt: skip
    saved = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(_SQL.findall(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            saved |= node.func.attr in _ROW_WRITES
            owner = ast.unparse(node.func.value)
            for table, model in MODELS.items():
                if owner == model and node.func.attr in _WRITES:
                    found.add(table)
    if saved:  # which row is saved is not seen: any that the module knows
        found |= {table for table, model in MODELS.items() if model in names}
    return found


@cache
def writers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {table: set() for table in MODELS}
    for file, tree in sources():
        for table in tables_written(tree) & MODELS.keys():
            found[table].add(file)
    return found


@pytest.mark.parametrize("table", sorted(WRITERS))
def test_only_the_listed_modules_write_the_daemons_tables(table: str) -> None:
    assert writers()[table] == WRITERS[table]


def test_claims_are_written_by_pushes_alone() -> None:
    assert {
        file
        for file, tree in sources("crm_core", "mailsync", "crm_web")
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and node.attr in CLAIM
        )
        or (isinstance(node, ast.keyword) and node.arg in CLAIM)
    } == {"crm_core/mirroring/pushes.py"}


def test_the_pages_use_none_of_the_daemons_ways_to_write() -> None:
    used = {
        (file, name)
        for file, tree in sources("crm_web")
        for name in core_modules(tree) & DAEMONS
    }
    assert used == set()


def core_modules(tree: ast.Module) -> set[str]:
    """Modules of ``crm_core`` that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "crm_core":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            head, _, rest = node.module.partition(".")
            found |= {rest.partition(".")[0]} if head == "crm_core" else set()
    return found


# --- transactions -------------------------------------------------------------------


def documented() -> tuple[set[str], tuple[str, ...]]:
    """Files, and folders (with a slash at the end), of the table of transactions."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Transactions")[2].partition("\n\nMigrations")[0]
    named = {
        place
        for line in table.splitlines()
        if line.startswith("| `")
        for place in re.findall(r"`([^`]+)`", line.split("|")[1])
    }
    folders = tuple(place for place in named if place.endswith("/"))
    return {place for place in named if not place.endswith("/")}, folders


def opens_a_transaction(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "transaction")
            or (
                isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func) == "database.transaction"
            )
        )
        for node in ast.walk(tree)
    )


def test_transactions_are_opened_where_the_documentation_says_and_nowhere_else() -> (
    None
):
    files, folders = documented()
    opened = {file for file, tree in sources() if opens_a_transaction(tree)}
    assert files <= opened
    assert {file for file in opened - files if not file.startswith(folders)} == set()
    assert all(any(file.startswith(f) for file in opened) for f in folders)


# --- red controls -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ('execute("UPDATE mail_folder SET token = NULL")', "mail_folder"),
        ('execute_many(f"DELETE FROM message_copy WHERE {x}", [])', "message_copy"),
        ("QuarantinedChange.update(reason='').execute()", "quarantined_change"),
        ("from m import DaemonBeat\nrow.save()", "daemon_beat"),
        ('execute("INSERT INTO task_mirror (id) "\n "VALUES (1)")', "task_mirror"),
    ],
)
def test_a_write_in_another_module_would_be_seen(source: str, table: str) -> None:
    assert table in tables_written(ast.parse(source))


def test_reading_is_not_taken_for_writing() -> None:
    source = 'execute("SELECT 1 FROM mail_folder")\nMessageCopy.select()\n'
    assert tables_written(ast.parse(source)) == set()


@pytest.mark.parametrize("call", ["transaction()", "database.transaction()"])
def test_a_further_transaction_would_be_seen(call: str) -> None:
    assert opens_a_transaction(ast.parse(f"with {call}:\n    pass"))
    assert not opens_a_transaction(ast.parse("proxy.transaction()"))
