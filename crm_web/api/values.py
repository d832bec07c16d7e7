"""Types of bodies, queries and answers.

Bodies are strict: unknown fields and values of another JSON type are refused, so that a
slip of the caller is told instead of guessed at. Queries are text and read as such.
"""

import json
import re
from datetime import date, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_NUL = r"^[^\x00]*$"  # no database column holds it
HIGHEST = 2**31 - 1

T = TypeVar("T")


class Body(BaseModel):
    """A JSON object of a request."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def model_validate(cls, obj: Any, **_options: Any) -> Self:
        """As JSON, strictly: dates and words are text there, numbers are not."""
        return cls.model_validate_json(json.dumps(obj), strict=True)


class Answer(BaseModel):
    """A JSON object of a response."""

    model_config = ConfigDict(extra="forbid")


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,10}", value):
        raise ValueError("a number is needed")
    return value


def _iso_day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        raise ValueError("a date is needed: YYYY-MM-DD")
    return date.fromisoformat(value)


def _yes_or_no(value: Any) -> Any:
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError("true or false is needed")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Named = Annotated[Line, Field(min_length=1), AfterValidator(_not_blank)]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=_NO_NUL)]
RowId = Annotated[int, Field(ge=1, le=HIGHEST)]
Day = Annotated[
    date,
    BeforeValidator(_iso_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[
    datetime,
    PlainSerializer(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
QueryNumber = Annotated[RowId, BeforeValidator(_digits)]
QueryFlag = Annotated[bool, BeforeValidator(_yes_or_no)]


class Query(BaseModel):
    """The query of a request; an unknown name is refused."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Query):
    """Where a page begins and how long it is."""

    cursor: Annotated[str, Field(max_length=1000, pattern=_NO_NUL)] | None = Field(
        None, description="`next` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_digits)] = 25


class PageOf(Answer, Generic[T]):
    """A page; `next` is the cursor of the following one, null at the end."""

    items: list[T]
    next: str | None


class AddressPath(BaseModel):
    """An address."""

    address: RowId


class EntryPath(BaseModel):
    """An entry, by the number people say (CRM-1042)."""

    number: RowId


def bracketed(internet_id: str | None) -> str | None:
    """A Message-ID as it stands in a mail."""
    return None if internet_id is None else f"<{internet_id}>"
