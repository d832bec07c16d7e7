"""Migrations and models must describe the same tables, columns and indexes."""

import re
from pathlib import Path

import pytest

from crm_core import database, schema
from crm_core.models import TABLES
from crm_core.models.base import Row

# Full-text indexes, the views they index, and the triggers that keep them in step:
# SQLite's own, which no model can describe (crm_core/migrations/0002_search.py).
OF_THE_SEARCH = {
    f"search_{index}{part}"
    for index in ("mail", "body", "desk")
    for part in (
        "", "_rows", "_data", "_idx", "_docsize", "_config",
        "_insert_new", "_delete_old", "_update_old", "_update_new",
    )
} | {
    f"search_forget_{table}"
    for table in (
        "message", "message_body", "entry", "address", "task", "document"
    )
}  # fmt: skip
# What keeps the log from changing (crm_core/migrations/0007_merging.py).
OF_THE_LOG = {"audit_event_stays", "audit_event_unchanged"}
# Of an expression that each database says in its own words
# (crm_core/migrations/0009_known_parties.py).
OF_EXPRESSIONS = {"message_address_domain"}
BESIDE_MODELS = OF_THE_SEARCH | OF_THE_LOG | OF_EXPRESSIONS

COMMA = r",(?![^()]*\))"  # between columns, not within parentheses
REFERENCE = r'("\w+")(INTEGER)(REFERENCES.+)'  # as an added column says it


def wanted(table: type[Row]) -> set[str]:
    ddl = table._schema
    statements = [ddl._create_table(safe=False), *ddl._create_indexes(safe=False)]
    return {normal(statement.query()[0]) for statement in statements}


def normal(sql: str) -> str:
    """Without what the order of migrations decides: a table's columns are sorted, and a
    default stands only where an added column needs one for the rows that are there. An
    added column says itself what it refers to, where a table says it at its end.
    """
    sql = re.sub(r"\)\s*(STRICT(, WITHOUT ROWID)?|WITHOUT ROWID)$", ")", sql.strip())
    sql = re.sub(r"\s+", "", re.sub(r" DEFAULT ('[^']*'|\S+?)(?=[,)])", "", sql))
    if not sql.startswith("CREATETABLE"):
        return sql
    name, _, inside = sql.removesuffix(")").partition("(")
    parts = [re.sub(REFERENCE, r"\1\2,FOREIGNKEY(\1)\3", p) for p in inside_of(inside)]
    return f"{name}({','.join(sorted(inside_of(','.join(parts))))})"


def inside_of(table: str) -> list[str]:
    return re.split(COMMA, table)


@pytest.fixture
def built(tmp_path: Path) -> set[str]:
    bound = database.connect(f"sqlite:///{tmp_path}/schema.db")
    schema.upgrade(bound)
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    database.close()
    return {
        normal(sql)
        for name, sql in rows
        if "schema_migration" not in sql and name not in BESIDE_MODELS
    }


@pytest.mark.parametrize("name", sorted(BESIDE_MODELS))
def test_what_no_model_describes_is_built_too(tmp_path: Path, name: str) -> None:
    schema.upgrade(database.connect(f"sqlite:///{tmp_path}/search.db"))
    rows = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    database.close()
    assert rows


def test_every_table_and_index_of_the_models_is_migrated(built: set[str]) -> None:
    missing = {(table.__name__, sql) for table in TABLES for sql in wanted(table)} - {
        (table.__name__, sql) for table in TABLES for sql in built
    }
    assert not missing


def test_migrations_build_nothing_that_no_model_knows(built: set[str]) -> None:
    known = set().union(*(wanted(table) for table in TABLES))
    assert built - known == set()


def test_the_comparison_sees_a_missing_column(built: set[str]) -> None:
    sql = normal('CREATE TABLE "address" ("id" INTEGER NOT NULL PRIMARY KEY)')
    assert sql not in built


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    bound = database.connect(f"sqlite:///{tmp_path}/newer.db")
    schema.upgrade(bound)
    bound.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', 'x')"
    )
    with pytest.raises(Exception, match="newer than this program"):
        schema.upgrade(bound)
    database.close()
