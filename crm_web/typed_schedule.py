"""«Erledigen bis / am» and a typed date, as the schedule of a task."""

from datetime import date

from crm_core import clock
from crm_core.errors import CrmError, Invalid
from crm_core.records import schedule
from crm_core.records.schedule import Schedule
from crm_web import dates
from crm_web.dates import Typed
from crm_web.forms import Form
from crm_web.i18n import gettext, local, show_weekday

DUE_BY, DO_ON = "bis", "am"  # values of the field «kind»


def today() -> date:
    """The company's day."""
    return local(clock.now()).date()


def as_typed(day: date | None) -> str:
    """A day in a field, so that ``read_day`` understands it, whatever the language."""
    return "" if day is None else f"{day:%d.%m.%Y}"


def read_day(form: Form, name: str) -> date | None:
    """A typed day; None if the field is empty. A mistake goes to the field."""
    text = form.text(name)
    if not text:
        return None
    try:
        return dates.parse(text, today()).day
    except Invalid as error:
        error.field = name
        form.add(error)
        return None


def read(form: Form, name: str = "when") -> Schedule | None:
    """The schedule; None where something is wrong, which then stands at its field.

    A time that the clock shows twice (autumn) is asked about: ``form.errors`` gets
    «second», and the field of that name answers «0» or «1».
    """
    form.require(name)
    if name in form.errors:
        return None
    try:
        typed = dates.parse(form.text(name), today())
        return _schedule(form, typed, name)
    except Invalid as error:
        error.field = name
        form.add(error)
        return None


def _schedule(form: Form, typed: Typed, name: str) -> Schedule | None:
    if form.text("kind", DUE_BY) != DO_ON:
        if typed.time is not None:
            form.errors[name] = gettext("With a time of day, choose «Do on».")
            return None
        return schedule.due_by(typed.day)
    if typed.local is None:
        return schedule.all_day(typed.day)
    zone = schedule.company_zone()
    answer = form.text("second")
    if dates.is_double(typed.local, zone) and answer not in {"0", "1"}:
        form.errors["second"] = gettext("This night the clock shows it twice: which?")
        return None
    return schedule.at(typed.local, zone=zone, second=answer == "1")


def in_words(text: str) -> tuple[bool, str]:
    """What would be understood, in full, or why nothing is; for the live echo."""
    from crm_core.sentences import say
    from crm_web.i18n import language

    try:
        typed = dates.parse(text, today())
    except CrmError as error:
        return False, say(error, language())
    said = show_weekday(typed.day)
    return True, said if typed.time is None else f"{said}, {typed.time:%H:%M}"
