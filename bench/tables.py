"""Rows collected by table and written in batches; the same on both databases."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from crm_core import database
from crm_core.fields import to_text
from crm_core.models import TABLES

_BATCH = 20_000
_MODELS = {model._meta.table_name: model for model in TABLES}


@dataclass(slots=True)
class Tables:
    """``today`` is the day that everything drawn is told from."""

    today: date
    _rows: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _defaults: dict[str, dict[str, object]] = field(default_factory=dict)

    def add(self, table: str, **columns: object) -> None:
        """A row; what is not named is what the product takes if nothing is said.

        All rows of a table name the same columns.
        """
        if table not in self._columns:
            self._rows[table] = []
            self._columns[table] = tuple(columns)
            self._defaults[table] = _defaults(table, columns)
        assert self._columns[table] == tuple(columns), table
        self._rows[table].append((*columns.values(), *self._defaults[table].values()))

    def count(self, table: str) -> int:
        """How many rows it has so far."""
        return len(self._rows.get(table, ()))

    def write(self) -> None:
        """Everything, in the order in which the tables were first named."""
        for table, rows in self._rows.items():
            names = (*self._columns[table], *self._defaults[table])
            marks = ", ".join("?" * len(names))
            sql = f'INSERT INTO "{table}" ({_quoted(names)}) VALUES ({marks})'
            for start in range(0, len(rows), _BATCH):
                database.execute_many(sql, rows[start : start + _BATCH])
            if "id" in names and database.is_postgres():
                database.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f'(SELECT max(id) FROM "{table}"))'
                )
        self._rows.clear()

    def ago(self, dice: Random, most_days: int, least_days: int = 0) -> datetime:
        """An instant of working hours, that many days ago."""
        day = self.today - timedelta(days=dice.randint(least_days, most_days))
        at = time(dice.randint(7, 16), dice.randint(0, 59), dice.randint(0, 59))
        return datetime.combine(day, at, tzinfo=UTC)


def _defaults(table: str, named: Container[str]) -> dict[str, object]:
    fields = [f for f in _MODELS[table]._meta.sorted_fields if f.default is not None]
    return {
        field.column_name: field.db_value(
            field.default() if callable(field.default) else field.default
        )
        for field in fields
        if field.column_name not in named
    }


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def text_of(at: datetime | None) -> str | None:
    """The stored form."""
    return None if at is None else to_text(at)
