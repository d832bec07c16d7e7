"""Field types that STRICT tables accept and that cannot lose a time zone.

Instants are stored as text ``YYYY-MM-DDTHH:MM:SS.mmmZ``: fixed width, so text order is
time order on both databases, and readable in a shell.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from peewee import IntegerField, TextField


def to_text(value: datetime) -> str:
    """The stored form of an aware datetime; ValueError for a naive one."""
    if value.tzinfo is None:
        raise ValueError("naive datetime: an instant needs its time zone")
    value = value.astimezone(UTC)
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def from_text(value: str) -> datetime:
    """Back from the stored form, aware, in UTC."""
    return datetime.fromisoformat(value)


class UtcDateTimeField(TextField):
    """An aware instant in UTC, millisecond precision."""

    def db_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return to_text(value)

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else from_text(value)


class PlainDateField(TextField):
    """A calendar date without any zone, as ``YYYY-MM-DD``."""

    def db_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return str(value.isoformat())

    def python_value(self, value: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)


class EnumField(TextField):
    """A closed list of words; unknown words never get in or out."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def db_value(self, value: Any) -> str | None:
        return None if value is None else self.kind(value).value

    def python_value(self, value: Any) -> StrEnum | None:
        return None if value is None else self.kind(value)


class FlagField(IntegerField):
    """Yes or no as 1 or 0 on both databases, so that batch statements need no dialect."""

    def db_value(self, value: Any) -> int | None:
        return None if value is None else int(bool(value))

    def python_value(self, value: Any) -> bool | None:
        return None if value is None else bool(value)
