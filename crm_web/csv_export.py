"""Lists as CSV for Excel in Switzerland: «;», UTF-8 with BOM, no formulas.

The file is that of ``spreadsheets.table``, with days and times in the reader's words.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from flask import Response, g, url_for

from crm_core import audit, database
from crm_core.access import accounts
from crm_core.exports import spreadsheets
from crm_core.models import Right
from crm_core.queries.paging import Page
from crm_web.i18n import show_date, show_time
from crm_web.rooms import back_to, path_asked_for, viewer

PROVE_BEYOND = 500  # rows; more ask for the password again
T = TypeVar("T")


def answer(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response:
    """The file, to be downloaded."""
    return Response(
        spreadsheets.table(header, ([_shown(value) for value in row] for row in rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _shown(value: object) -> object:
    """Days and times as the pages show them."""
    if isinstance(value, datetime):
        return show_time(value)
    return show_date(value) if isinstance(value, date) else value


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
        return back_to(url_for("session.prove", weiter=path_asked_for()))
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
