"""Languages: English in the code, Swiss German first on the screen.

Catalogues are ``.po`` files, one per room, read into memory at start; there is no
compiled file that could be stale. ``lazy`` marks texts of modules for extraction.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import current_app, g, has_request_context

LANGUAGES = ("de", "en")
CATALOGUES = Path(__file__).parent / "locale" / "de_CH" / "LC_MESSAGES"
_LOCALES = {"de": Locale("de", "CH"), "en": Locale("en", "CH")}


def language() -> str:
    """The language of this request: the account's, else the cookie's, else ours."""
    found: str = g.get("language") or "de" if has_request_context() else "de"
    return found


@lru_cache(maxsize=4)
def translations(name: str) -> NullTranslations:
    """The merged catalogues of a language."""
    if name == "en":
        return NullTranslations()
    merged = Translations()
    for file in sorted(CATALOGUES.glob("*.po")):
        with file.open("rb") as text:
            catalogue = read_po(text, locale="de_CH")
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


def gettext(text: str, **values: object) -> str:
    """The text in the request's language, its ``%(name)s`` filled in."""
    said = translations(language()).gettext(text)
    return said % values if values else said


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The right plural; ``%(num)s`` is the count."""
    said = translations(language()).ngettext(one, many, count)
    return said % {"num": count, **values}


def lazy(text: str) -> str:
    """Mark a text of a module; it is translated where it is shown."""
    return text


# --- dates and numbers ------------------------------------------------------------


def _locale() -> Locale:
    return _LOCALES[language()]


def _zone() -> object:
    return current_app.config["SETTINGS"].time_zone


def show_date(value: date | datetime | None) -> str:
    """03.12.2026 / 3 Dec 2026; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = local(value)
    if language() == "de":  # hundreds of times on a page: Babel takes ten times as long
        return f"{value.day:02d}.{value.month:02d}.{value.year:04d}"
    return dates.format_date(value, "d MMM yyyy", _locale())


def show_time(value: datetime | None) -> str:
    """03.12.2026, 14:05 in the company's zone; empty for nothing."""
    if value is None:
        return ""
    there = local(value)
    return f"{show_date(there)}, {there:%H:%M}"


def show_clock(value: datetime, now: datetime) -> str:
    """14:05 if that was today, else with the date."""
    there = local(value)
    today = there.date() == local(now).date()
    return f"{there:%H:%M}" if today else show_time(value)


def show_weekday(value: date) -> str:
    """Freitag, 27. November 2026."""
    return dates.format_date(value, "full", _locale())


def show_short_day(value: date) -> str:
    """Fr. 27.11. / Fri 27 Nov: head of a narrow column."""
    form = "EEE dd.MM." if language() == "de" else "EEE d MMM"
    return dates.format_date(value, form, _locale())


def show_time_of_day(value: datetime) -> str:
    """14:05 in the company's zone."""
    return f"{local(value):%H:%M}"


def show_ago(value: datetime | None, now: datetime) -> str:
    """Vor 3 Minuten / 3 minutes ago."""
    if value is None:
        return ""
    return dates.format_timedelta(value - now, add_direction=True, locale=_locale())


def show_number(value: float) -> str:
    """12’345.60."""
    return numbers.format_decimal(value, locale=_locale())


def local(value: datetime) -> datetime:
    """The instant in the company's zone."""
    return value.astimezone(_zone())  # type: ignore[arg-type]  # a ZoneInfo


def as_utc(value: datetime) -> datetime:
    """A local wall time of the company as an instant."""
    return value.replace(tzinfo=_zone()).astimezone(UTC)  # type: ignore[arg-type]


def catalogue_files() -> Iterator[Path]:
    """Every catalogue (for the tests)."""
    yield from sorted(CATALOGUES.glob("*.po"))
