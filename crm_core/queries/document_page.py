"""Documents and entries, read from both sides; what may be linked to an entry."""

from dataclasses import dataclass
from datetime import date

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.models import DocumentKind
from crm_core.queries import entry_list, search
from crm_core.queries.entry_list import EntryRow

_MOST = 20


@dataclass(frozen=True, slots=True)
class DocumentChoice:
    """A document to tick. ``address``: whose it is, if the ERP said so."""

    kind: DocumentKind
    number: str
    title: str
    dated_on: date | None
    address: str


def entries_of(viewer: Viewer, document_id: int) -> tuple[EntryRow, ...]:
    """The readable entries that a document shows, oldest first."""
    rows = database.execute(
        "SELECT e.number FROM entry_document ed JOIN entry e ON e.id = ed.entry_id "
        f"WHERE ed.document_id = ? AND {viewer.entries('e')} ORDER BY e.number",
        (document_id,),
    )
    numbers = [int(row[0]) for row in rows]
    found = entry_list.of_numbers(viewer, numbers)
    return tuple(found[number] for number in numbers if number in found)


def found_by(text: str) -> tuple[str, list[object]]:
    """SQL, and its values, true for documents «d» with every word of ``text``."""
    has, words = search.matching(text, "x.folded")
    condition = (
        "EXISTS (SELECT 1 FROM search_text x WHERE x.kind = 'document' "
        f"AND x.thing = d.id AND {has})"
    )
    return condition, words


def choices(viewer: Viewer, number: int, text: str = "") -> tuple[DocumentChoice, ...]:
    """Documents not yet in the entry: by number or title, else the participants' own.

    NotFound if the viewer may not read the entry.
    """
    entry = viewer.entry(number)
    values: list[object] = [entry.id]
    if text.strip():
        condition, words = found_by(text)
        values += words
    else:
        condition = (
            "d.address_id IN (SELECT address_id FROM participant WHERE entry_id = ?)"
        )
        values.append(entry.id)
    rows = database.execute(
        "SELECT d.kind, d.number, d.title, d.dated_on, a.name FROM document d "
        "LEFT JOIN address a ON a.id = d.address_id WHERE NOT EXISTS (SELECT 1 FROM "
        "entry_document ed WHERE ed.document_id = d.id AND ed.entry_id = ?) "
        f"AND {condition} ORDER BY coalesce(d.dated_on, '') DESC, d.id DESC LIMIT ?",
        (*values, _MOST),
    )
    return tuple(
        DocumentChoice(
            DocumentKind(kind),
            document,
            title,
            date.fromisoformat(day) if day else None,
            address or "",
        )
        for kind, document, title, day, address in rows
    )
