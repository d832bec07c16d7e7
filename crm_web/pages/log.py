"""Verwaltung › Protokoll: who did what to which thing when, with filters and as CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from crm_core import clock
from crm_core.errors import Invalid
from crm_core.models import DocumentKind, Right
from crm_core.queries import log
from crm_core.queries.log import PROGRAMS, LogFilter, LogRow, Thing
from crm_core.sentences import say
from crm_web import csv_export, dates
from crm_web.chrome import tell
from crm_web.i18n import as_utc, gettext, language, local
from crm_web.log_words import GROUPS, action_text, detail_text, kind_text
from crm_web.rooms import Room, back_to, needs, proved, viewer
from crm_web.words import document_href, document_word, entry_name

room = Room("log", __name__)

MOST_EXPORTED = 100_000
_FILTERS = ("wer", "was", "von", "bis", "gegenstand")


@room.get("/verwaltung/protokoll")
@needs(Right.ADMINISTRATION)
def listing() -> str:
    """The log, newest first; every filter stands in the address."""
    days = _days()
    page = log.page(viewer(), _filter(days), before=request.args.get("vor"))
    return render_template(
        "log/list.html",
        page=page,
        who=_who(),
        groups=[("", gettext("All"))]
        + [(key, gettext(label)) for key, (label, _acts) in GROUPS.items()],
        chosen={name: request.args.get(name, "")[:200] for name in _FILTERS},
        wrong=days.wrong,
        query=urlencode(_kept()),
        following=_with(vor=page.before) if page.before else None,
        start=_with() if "vor" in request.args else None,
        action_text=action_text,
        detail_text=detail_text,
        thing_text=thing_text,
        thing_href=thing_href,
    )


@room.get("/verwaltung/protokoll.csv")
@needs(Right.ADMINISTRATION)
@proved
def listing_csv() -> Response:
    """The same lines as a file; that it was taken stands in the log."""
    wanted = _filter(_days())
    count = log.count(wanted)
    if count > MOST_EXPORTED:
        tell(
            "warning", gettext("That is too much for one file. Choose a shorter time.")
        )
        return back_to(_with())
    answered: Response = csv_export.of_list(
        "protokoll",
        count,
        lambda before: log.page(viewer(), wanted, before=before, limit=500),
        [
            gettext("Time"), gettext("Who"), gettext("What"), gettext("Thing"),
            gettext("Entry"), gettext("Details"),
        ],
        _csv_row,
    )  # fmt: skip
    return answered


def _csv_row(row: LogRow) -> list[object]:
    return [
        row.at, row.who, action_text(row.action), thing_text(row.thing),
        entry_name(row.entry) if row.entry else "", detail_text(row.action, row.detail),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Days:
    """«From» and «to» as they were typed; ``wrong``: a sentence for each that is no day."""

    since: datetime | None
    until: datetime | None
    wrong: Mapping[str, str]


def _days() -> _Days:
    today, found, wrong = local(clock.now()).date(), {}, {}
    for name in ("von", "bis"):
        text = request.args.get(name, "").strip()
        try:
            found[name] = dates.parse_past(text, today).day if text else None
        except Invalid as error:
            wrong[name] = say(error, language())
    last = found.get("bis")
    return _Days(
        since=_midnight(found.get("von")),
        until=_midnight(last and last + timedelta(days=1)),
        wrong=wrong,
    )


def _midnight(day: date | None) -> datetime | None:
    """When the day begins in the company's zone."""
    return as_utc(datetime.combine(day, time.min)) if day is not None else None


def _filter(days: _Days) -> LogFilter:
    group = request.args.get("was", "")
    return LogFilter(
        actor=request.args.get("wer", "")[:200],
        actions=frozenset(GROUPS[group][1]) if group in GROUPS else None,
        since=days.since,
        until=days.until,
        thing=request.args.get("gegenstand", "")[:100].strip(),
    )


def _who() -> list[tuple[str, str]]:
    known = log.filterable()
    return [
        ("", gettext("Everybody")),
        *known.people,
        *[(key, f"{gettext('Mailbox')} {name}") for key, name in known.mailboxes],
        (PROGRAMS, gettext("The service and programs")),
    ]


def _kept() -> dict[str, str]:
    return {n: request.args[n][:200] for n in _FILTERS if request.args.get(n)}


def _with(**more: str) -> str:
    return f"{url_for('.listing')}?{urlencode({**_kept(), **more})}"


# --- things in words --------------------------------------------------------------


def thing_text(thing: Thing) -> str:
    """What it was done to; nothing that the viewer may not open is named."""
    if thing.kind == "entry" and thing.id.isdecimal():
        return f"{entry_name(int(thing.id))} {thing.name}".strip()
    if thing.kind == "document" and thing.name:
        kind, _slash, number = thing.name.partition("/")
        return f"{document_word(DocumentKind(kind))} {number}"
    kind = kind_text(thing.kind)
    if thing.kind == "message" and thing.visible:
        return f"{kind} «{thing.name or gettext('(no subject)')}»"
    named = f"«{thing.name}»" if thing.name else thing.id
    return f"{kind} {named}".strip()


def thing_href(thing: Thing) -> str:
    """The page of the thing; empty where there is none that the viewer may open."""
    made = _HREFS.get(thing.kind)
    return made(thing) if made and thing.visible and thing.name else ""


def _document_href(thing: Thing) -> str:
    kind, _slash, number = thing.name.partition("/")
    return document_href(DocumentKind(kind), number)


def _task_href(thing: Thing) -> str:
    return f"{url_for('entries.show', number=thing.entry)}#aufgabe-{thing.id}"


_HREFS: Mapping[str, Callable[[Thing], str]] = {
    "entry": lambda thing: url_for("entries.show", number=int(thing.id)),
    "task": _task_href,
    "document": _document_href,
    "message": lambda thing: url_for("mail.show", message_id=int(thing.id)),
    "address": lambda thing: url_for("addresses.show", address_id=int(thing.id)),
}
