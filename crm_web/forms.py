"""A posted form: values as typed, errors per field, nothing lost on a mistake."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from crm_core import database
from crm_core.errors import Conflict, CrmError, Invalid
from crm_core.sentences import say
from crm_web.i18n import gettext, language

LONGEST = 20_000


@dataclass(slots=True)
class Form:
    """Values by name, and what is wrong with them. Shown again with status 422."""

    values: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: dict[str, str] = field(default_factory=dict)
    owner: int | None = None  # the address that has a value already, to be opened

    def text(self, name: str, default: str = "") -> str:
        """A value without blanks around it."""
        return self.values.get(name, default)[:LONGEST].strip()

    def many(self, name: str) -> list[str]:
        """All values of a repeated field."""
        return [value.strip() for value in self.values.getlist(name) if value.strip()]

    def number(self, name: str) -> int | None:
        """A number that a row can have, or None."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            return None
        return int(text) if int(text) < 2**31 else None

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name) in {"1", "on", "true"}

    def require(self, *names: str) -> None:
        """Mark empty mandatory fields."""
        for name in names:
            if not self.text(name):
                self.errors.setdefault(name, gettext("Please fill in this field."))

    def add(self, error: CrmError) -> None:
        """Put a refusal at its field (or on top, under «»), unless it is said there."""
        name = error.field if isinstance(error, Invalid) else ""
        if not name and self.errors:
            return
        self.errors.setdefault(name, say(error, language()))

    def add_all(self, errors: Iterable[CrmError]) -> None:
        """Several at once."""
        for error in errors:
            self.add(error)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.errors


@contextmanager
def attempt(form: Form, fields: Mapping[str, str] | None = None) -> Iterator[None]:
    """Do what the form asks for; what is refused goes to its field, undone.

    ``fields``: what the service calls a value, and what the form calls it.
    """
    try:
        with database.savepoint():
            yield
    except (Invalid, Conflict) as error:
        if isinstance(error, Invalid):
            error.field = (fields or {}).get(error.field, error.field)
        form.add(error)
