"""Documents as other programs read them: the list, and both sides of a link.

What the ERP tells of a document is everybody's; which entries show it is the viewer's.
"""

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.fields import to_text
from crm_core.models import Document, DocumentKind, Entry, EntryDocument
from crm_core.queries import entry_list, paging
from crm_core.queries.entry_list import EntryRow
from crm_core.queries.paging import Page


def page(
    *,
    kind: DocumentKind | None = None,
    address: int | None = None,
    before: str | None = None,
    limit: int = paging.PAGE,
) -> Page[Document]:
    """Documents, the last changed first; Invalid for a cursor that is none."""
    cursor = paging.parse(before)
    rows = Document.select()
    if kind is not None:
        rows = rows.where(Document.kind == kind)
    if address is not None:
        rows = rows.where(Document.address == address)
    if cursor is not None:
        rows = rows.where(
            (Document.updated_at < cursor.value)
            | ((Document.updated_at == cursor.value) & (Document.id < cursor.id))
        )
    newest = rows.order_by(Document.updated_at.desc(), -Document.id)
    kept, next_ = paging.cut(
        list(newest.limit(paging.limited(limit))),
        limit,
        lambda row: (to_text(row.updated_at), row.id),
    )
    return Page(tuple(kept), next_)


def entries_of(viewer: Viewer, document: int) -> list[EntryRow]:
    """The readable entries that show a document, oldest first."""
    rows = database.execute(
        "SELECT e.number FROM entry_document ed JOIN entry e ON e.id = ed.entry_id "
        f"WHERE ed.document_id = ? AND {viewer.entries('e')} ORDER BY e.number",
        (document,),
    )
    found = entry_list.of_numbers(viewer, [int(row[0]) for row in rows])
    return [found[number] for number in sorted(found)]


def of_entry(number: int) -> list[Document]:
    """The documents of an entry, the latest first; whether it is readable was asked."""
    rows = (
        Document.select()
        .join(EntryDocument)
        .join(Entry)
        .where(Entry.number == number)
        .order_by(Document.dated_on.desc(), -EntryDocument.id)
    )
    return list(rows)
