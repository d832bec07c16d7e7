"""Verwaltung › Import: addresses from a CSV file, looked at before anything is written."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from flask import Response, g, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from crm_core.errors import NotFound
from crm_core.models import AddressRole, Right
from crm_core.records import address_import, import_files
from crm_core.records.address_file import Column
from crm_core.records.address_import import Choices, Fate, Planned
from crm_core.records.import_files import Kept
from crm_core.sentences import say
from crm_web import csv_export
from crm_web.chrome import tell
from crm_web.forms import Form, attempt
from crm_web.i18n import gettext, language
from crm_web.i18n import lazy as _
from crm_web.rooms import Room, back_to, needs, viewer
from crm_web.words import ROLES

room = Room("address_import", __name__)

PREVIEW = 20
_FAILED_SHOWN = 100
_LISTED = 12  # numbers of rows in the sentence of the result
_NOT_TAKEN = "-"

COLUMNS: Mapping[Column, str] = MappingProxyType(
    {
        Column.NUMBER: _("Customer no."),
        Column.COMPANY: _("Company"),
        Column.NAME: _("Name"),
        Column.FIRST_NAME: _("First name"),
        Column.STREET: _("Street"),
        Column.ZIP_CODE: _("Postcode"),
        Column.CITY: _("City"),
        Column.EMAIL: _("E-mail"),
        Column.PHONE: _("Phone"),
        Column.ROLE: _("Kind"),
        Column.REMARK: _("Remark"),
    }
)
FATES: Mapping[Fate, tuple[str, str]] = MappingProxyType(
    {
        Fate.NEW: (_("new"), "success"),
        Fate.CHANGED: (_("changed"), "primary"),
        Fate.SAME: (_("unchanged"), "secondary"),
        Fate.SKIPPED: (_("left out"), "secondary"),
        Fate.FAILED: (_("error"), "danger"),
    }
)


@room.get("/verwaltung/import")
@needs(Right.MASTER_DATA)
def start() -> str:
    """Choose a file; one that is being looked at is offered again."""
    return _start(Form())


@room.post("/verwaltung/import", endpoint="upload")
@needs(Right.MASTER_DATA)
def upload() -> Answer | tuple[str, int]:
    """Take the file; it is kept in the database until the import is over."""
    form = Form(request.form)
    file = request.files.get("file")
    if file is None or not file.filename:
        form.errors["file"] = gettext("Please choose a file.")
    else:
        with attempt(form):
            import_files.keep(g.account.id, file.filename, file.read())
    if not form.ok:
        return _start(form), 422
    return back_to(url_for(".preview"))


@room.get("/verwaltung/import/vorschau")
@needs(Right.MASTER_DATA)
def preview() -> Answer | str:
    """What the columns are, and what would become of every row."""
    kept = _kept()
    if kept is None or kept.outcome is not None:
        return back_to(url_for(".start"))
    return _preview(kept, Form(_as_form(kept.choices)))


@room.post("/verwaltung/import/vorschau", endpoint="choose")
@needs(Right.MASTER_DATA)
def choose() -> Answer | tuple[str, int]:
    """Other columns, another kind; the preview again."""
    kept = import_files.kept(g.account.id)
    form = Form(request.form)
    with attempt(form):
        import_files.choose(g.account.id, _chosen(form, len(kept.choices.columns)))
    if not form.ok:
        return _preview(kept, form), 422
    return back_to(url_for(".preview"))


@room.route("/verwaltung/import/uebernehmen", methods=["POST"], endpoint="finish")
@needs(Right.MASTER_DATA)
def finish() -> Answer | tuple[str, int]:
    """Write what the preview showed, a hundred rows a transaction."""
    stamp = Form(request.form).text("stamp")
    import_files.finish(g.account.id, stamp, actor=viewer().actor)
    return back_to(url_for(".result"))


@room.get("/verwaltung/import/ergebnis")
@needs(Right.MASTER_DATA)
def result() -> Answer | str:
    """«412 neu, 8 geändert, 3 Fehler (Zeilen 17, 90, 211)»."""
    kept = _kept()
    if kept is None or kept.outcome is None:
        return back_to(url_for(".start"))
    failed = kept.outcome.failed
    return render_template(
        "import/result.html",
        file_name=kept.file_name,
        sentence=_sentence(kept.outcome.counts, [one.row for one in failed]),
        failed=[(one.row, say(one.why, language())) for one in failed[:_FAILED_SHOWN]],
        more=max(0, len(failed) - _FAILED_SHOWN),
    )


@room.get("/verwaltung/import/fehler.csv")
@needs(Right.MASTER_DATA)
def failed_csv() -> Answer | Response:
    """The failed rows as they were, with their number and the reason."""
    kept = _kept()
    if kept is None or kept.outcome is None or kept.table is None:
        return back_to(url_for(".start"))
    reasons = [(one.row, say(one.why, language())) for one in kept.outcome.failed]
    rows = [
        [*cells, *reason]
        for (_row, cells), reason in zip(kept.table.rows, reasons, strict=True)
    ]
    header = [*kept.table.header, gettext("Row"), gettext("Reason")]
    return csv_export.answer("import-fehler", header, rows)


@room.post("/verwaltung/import/verwerfen")
@needs(Right.MASTER_DATA)
def discard() -> Answer:
    """Forget the file; nothing is imported."""
    import_files.discard(g.account.id)
    tell("info", gettext("The file was discarded; nothing was imported."))
    return back_to(url_for(".start"))


def _kept() -> Kept | None:
    try:
        return import_files.kept(g.account.id)
    except NotFound:
        return None


def _start(form: Form) -> str:
    kept = _kept()
    waiting = kept is not None and kept.outcome is None
    return render_template(
        "import/start.html", form=form, kept=kept if waiting else None
    )


def _preview(kept: Kept, form: Form) -> str:
    table = kept.table
    if table is None:
        raise NotFound("there is no file to import: it is kept for two hours")
    problem = Form()
    rows: Sequence[Planned] = ()
    with attempt(problem):
        rows = address_import.plan(table, kept.choices)
    failed = [one for one in rows if one.fate is Fate.FAILED]
    return render_template(
        "import/preview.html",
        kept=kept,
        form=form,
        header=table.header,
        options=[(_NOT_TAKEN, gettext("leave out"))]
        + [(column.value, gettext(word)) for column, word in COLUMNS.items()],
        roles=[(role.value, gettext(word)) for role, word in ROLES.items()],
        problem=problem,
        rows=rows[:PREVIEW],
        total=len(rows),
        failed=[r for r in rows[PREVIEW:] if r.fate is Fate.FAILED][:_FAILED_SHOWN],
        sentence=_sentence(address_import.count(rows), [one.row for one in failed]),
        writes=any(one.fate in {Fate.NEW, Fate.CHANGED} for one in rows),
        words=COLUMNS,
        fates=FATES,
        why=lambda one: say(one.why, language()) if one.why else "",
    )


def _as_form(choices: Choices) -> MultiDict[str, str]:
    columns = {
        f"column-{place}": column.value if column else _NOT_TAKEN
        for place, column in enumerate(choices.columns)
    }
    kept = "update" if choices.update else "skip"
    return MultiDict({**columns, "role": choices.role.value, "existing": kept})


def _chosen(form: Form, width: int) -> Choices:
    known = {column.value: column for column in Column}
    role = form.text("role")
    return Choices(
        tuple(known.get(form.text(f"column-{place}")) for place in range(width)),
        AddressRole(role) if role in set(AddressRole) else AddressRole.CUSTOMER,
        form.text("existing") != "skip",
    )


def _sentence(counts: Mapping[Fate, int], failed: Sequence[int]) -> str:
    said = [
        f"{counts[fate]} {gettext(word)}"
        for fate, (word, _colour) in FATES.items()
        if fate is not Fate.FAILED and (counts[fate] or fate is Fate.NEW)
    ]
    if failed:
        listed = ", ".join(map(str, failed[:_LISTED]))
        if len(failed) > _LISTED:
            listed += ", …"
        said.append(
            gettext("%(count)s errors (rows %(rows)s)", count=len(failed), rows=listed)
            if len(failed) > 1
            else gettext("1 error (row %(rows)s)", rows=listed)
        )
    return ", ".join(said)
