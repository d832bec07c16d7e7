"""Work reports and delivery notes: known by kind and number, linked to entries.

The ERP owns them; here stands only what people need to see. A link is one row, read
from both sides (S6: the document shows its entries without a second row).
"""

from datetime import date

from crm_core import audit, clock, events, search
from crm_core.database import require_transaction
from crm_core.errors import Invalid, NotFound
from crm_core.models import (
    Address,
    Document,
    DocumentKind,
    Entry,
    EntryDocument,
    Findable,
)


def upsert(
    kind: DocumentKind,
    number: str,
    *,
    title: str,
    actor: str,
    address_id: int | None = None,
    dated_on: date | None = None,
    status: str = "",
    url: str = "",
) -> Document:
    """The document as the ERP describes it now; idempotent.

    Raises Invalid without a number or for an ``url`` that is no web address, NotFound
    for an unknown address.
    """
    require_transaction()
    number = number.strip()
    if not number:
        raise Invalid("number", "required", "the document needs a number")
    if address_id is not None and Address.get_or_none(Address.id == address_id) is None:
        raise NotFound("there is no address {address}", address=address_id)
    if url and not url.startswith(("https://", "http://")):
        raise Invalid("url", "url", "«{url}» is no web address", url=url)
    wanted = {
        "title": title.strip(),
        "address_id": address_id,
        "dated_on": dated_on,
        "status": status.strip(),
        "url": url,
    }
    known = Document.get_or_none(Document.kind == kind, Document.number == number)
    document = known or Document(kind=kind, number=number)
    if known and all(getattr(document, k) == v for k, v in wanted.items()):
        return document
    for field, value in wanted.items():
        setattr(document, field, value)
    document.updated_at = clock.now()
    document.save()
    action = "document_updated" if known else "document_added"
    audit.record(actor, action, f"document:{document.id}")
    search.refresh(Findable.DOCUMENT, [document.id])
    return document


def by_number(kind: DocumentKind, number: str) -> Document:
    """The document; NotFound if the ERP has not told us of it."""
    found = Document.get_or_none(Document.kind == kind, Document.number == number)
    if not isinstance(found, Document):
        raise NotFound("there is no {kind} «{number}»", kind=kind.value, number=number)
    return found


def link(entry: Entry, document: Document, *, actor: str) -> None:
    """Link a document to an entry; linking twice changes nothing."""
    require_transaction()
    known = EntryDocument.get_or_none(
        EntryDocument.entry == entry, EntryDocument.document == document
    )
    if known is None:
        EntryDocument.create(
            entry=entry, document=document, linked_at=clock.now(), linked_by=actor
        )
        audit.record(actor, "document_linked", f"document:{document.id}", entry=entry)
        events.follow("document_linked", entry, document=document.id)


def unlink(entry: Entry, document: Document, *, actor: str) -> None:
    """Take a document out of an entry; NotFound if it is not in there."""
    require_transaction()
    removed = (
        EntryDocument.delete()
        .where(EntryDocument.entry == entry, EntryDocument.document == document)
        .execute()
    )
    if not removed:
        raise NotFound(
            "the document «{number}» is not linked to entry {entry}",
            number=document.number,
            entry=entry.number,
        )
    audit.record(actor, "document_unlinked", f"document:{document.id}", entry=entry)


def entries_of(document: Document) -> list[Entry]:
    """The entries a document shows, oldest first."""
    rows = (
        Entry.select()
        .join(EntryDocument)
        .where(EntryDocument.document == document)
        .order_by(Entry.number)
    )
    return list(rows)
