"""What the CRM refuses, as sentences for people.

    CrmError
    ├── Invalid(field, code)   a value is missing or wrong
    ├── NotFound               there is no such thing
    ├── Forbidden              this person may not
    └── Conflict               it collides with what is there

Everything else that escapes ``crm_core`` is a bug and keeps its traceback.

A sentence is written as an English template and its values,
``Conflict("{email} belongs to address {owner}", email=…, owner=…)``: whoever shows it
may look the template up in another language.
"""


class CrmError(Exception):
    """Base: the text is a sentence for people, made of ``template`` and ``values``."""

    def __init__(self, template: str = "", **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


class Invalid(CrmError):
    """``field`` does not hold what it must; ``code`` names the rule."""

    def __init__(
        self, field: str, code: str, message: str | None = None, **values: object
    ) -> None:
        super().__init__(message or f"{field}: {code}", **values)
        self.field = field
        self.code = code


class NotFound(CrmError):
    """There is no such row."""


class Forbidden(CrmError):
    """The acting person has no right to this."""


class Conflict(CrmError):
    """It collides with what is stored; the sentence names the other row."""
