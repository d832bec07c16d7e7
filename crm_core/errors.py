"""What the CRM refuses, as sentences for people.

    CrmError
    ├── Invalid(field, code)   a value is missing or wrong
    ├── NotFound               there is no such thing
    ├── Forbidden              this person may not
    └── Conflict               it collides with what is there

Everything else that escapes ``crm_core`` is a bug and keeps its traceback.
"""


class CrmError(Exception):
    """Base: the text is a sentence for people."""


class Invalid(CrmError):
    """``field`` does not hold what it must; ``code`` names the rule."""

    def __init__(self, field: str, code: str, message: str | None = None) -> None:
        super().__init__(message or f"{field}: {code}")
        self.field = field
        self.code = code


class NotFound(CrmError):
    """There is no such row."""


class Forbidden(CrmError):
    """The acting person has no right to this."""


class Conflict(CrmError):
    """It collides with what is stored; the sentence names the other row."""
