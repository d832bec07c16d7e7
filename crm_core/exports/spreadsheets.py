"""Tables for spreadsheets: «;», UTF-8 with BOM, and no cell that is executed.

A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP
«CSV injection»): the file stays text, whoever filled in the data.
"""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    """The text as no spreadsheet executes it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The file."""
    text = io.StringIO(newline="")
    written = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (header, *rows):
        written.writerow(["" if one is None else cell(str(one)) for one in row])
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")
