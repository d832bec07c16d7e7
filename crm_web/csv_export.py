"""Lists as CSV for Excel in Switzerland: «;», UTF-8 with BOM, no formulas.

What a spreadsheet would execute is guarded (``spreadsheets.cell``): the file stays
text, whoever filled in the data.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from flask import Response, g, request, url_for

from crm_core import accounts, audit, database, spreadsheets
from crm_core.models import Right
from crm_core.queries.paging import Page
from crm_web.i18n import show_date, show_time
from crm_web.rooms import back_to, viewer

PROVE_BEYOND = 500  # rows; more ask for the password again
T = TypeVar("T")


def cell(value: object) -> str:
    """A value as text that no spreadsheet executes."""
    if isinstance(value, datetime):
        text = show_time(value)
    elif isinstance(value, date):
        text = show_date(value)
    else:
        text = "" if value is None else str(value)
    return spreadsheets.cell(text)


def answer(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response:
    """The file, to be downloaded."""
    text = io.StringIO(newline="")
    written = csv.writer(text, delimiter=";", lineterminator="\r\n")
    written.writerow([cell(title) for title in header])
    for row in rows:
        written.writerow([cell(value) for value in row])
    return Response(
        "\ufeff" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def of_list(
    name: str,
    count: int,
    pages: Callable[[str | None], Page[T]],
    header: Sequence[str],
    row: Callable[[T], Sequence[object]],
) -> Any:
    """A whole list, page by page; long ones ask for the password again. It is logged.

    Raises Forbidden without the right to export.
    """
    viewer().require(Right.EXPORT)
    if count > PROVE_BEYOND and not accounts.is_proved(g.session):
        return back_to(url_for("session.prove", weiter=request.full_path))
    rows = [row(one) for one in _all(pages)]
    with database.transaction():
        audit.record(
            viewer().actor, "list_exported", f"list:{name}", detail=f"{len(rows)} rows"
        )
    return answer(name, header, rows)


def _all(pages: Callable[[str | None], Page[T]]) -> Iterator[T]:
    before: str | None = None
    while True:
        page = pages(before)
        yield from page.rows
        before = page.before
        if before is None:
            return
