"""In which language names of the taxonomy are read: said once per request.

A group, tag or subtag has a German name and, where it differs, an English one. Whoever
shows pages says ``read_in`` at the start of a request; elsewhere names are German.
"""

from contextvars import ContextVar

_language: ContextVar[str] = ContextVar("language", default="de")


def read_in(language: str) -> None:
    """From now on this thread reads names in «de» or «en»."""
    _language.set(language)


def reads_in() -> str:
    """What this thread reads names in."""
    return _language.get()


def name_of(alias: str) -> str:
    """SQL of a row's name in the reader's language."""
    if reads_in() != "en":
        return f"{alias}.name"
    return f"coalesce(nullif({alias}.name_en, ''), {alias}.name)"
