"""``/documents``: work reports and delivery notes, which the ERP owns and tells us of.

Known by kind and number. A number may hold slashes. The reverse view, the entries of a
document, is what the ERP shows beside it; ``panel`` gives a ready-made one for a frame.
"""

from flask import current_app, url_for
from pydantic import BaseModel, Field

from crm_core.access import panels
from crm_core.errors import NotFound
from crm_core.models import Address, Document, DocumentKind, Right
from crm_core.queries import document_list
from crm_core.records import addresses, documents
from crm_web.api import tokens
from crm_web.api.resource import Reply, Resource
from crm_web.api.values import (
    Answer,
    Body,
    Day,
    EntryPath,
    Instant,
    Line,
    Named,
    PageOf,
    PageQuery,
    QueryNumber,
    RowId,
    Text,
)
from crm_web.api.views import DocumentName, EntryBrief, entry_brief
from crm_web.rooms import viewer

resource = Resource("documents", "Work reports and delivery notes of the ERP")


class DocumentPath(BaseModel):
    """A document, by the ERP's number."""

    kind: DocumentKind
    document: Named


class LinkedPath(EntryPath, DocumentPath):
    """A document of an entry."""


class DocumentIn(Body):
    """The document as the ERP describes it now; what is left out is empty."""

    title: Line
    address_id: RowId | None = None
    address_number: Named | None = Field(
        None, description="instead of address_id: the ERP's customer number"
    )
    date: Day | None = None
    status: Line = ""
    url: Text = Field("", max_length=2000, description="http(s) address in the ERP")


class DocumentOut(DocumentName):
    """A document."""

    address_id: int | None
    status: str
    url: str
    updated_at: Instant


class DocumentRef(Body):
    """Which document is meant."""

    kind: DocumentKind
    number: Named


class DocumentQuery(PageQuery):
    """Which documents."""

    kind: DocumentKind | None = None
    address_id: QueryNumber | None = None


class EntriesOf(Answer):
    """The entries that show a document, as far as the account may read them."""

    items: list[EntryBrief]


class DocumentsOf(Answer):
    """The documents of an entry."""

    items: list[DocumentName]


class Panel(Answer):
    """Where a frame of the ERP finds the entries of a document, for a short while."""

    url: str
    expires_at: Instant


@resource.read("/documents", PageOf[DocumentOut])
def listing(query: DocumentQuery) -> PageOf[DocumentOut]:
    """Documents, the last changed first."""
    page = document_list.page(
        kind=query.kind,
        address=query.address_id,
        before=query.cursor,
        limit=query.limit,
    )
    return PageOf[DocumentOut](items=[_out(row) for row in page.rows], next=page.before)


@resource.read("/documents/<kind>/<path:document>", DocumentOut)
def show(path: DocumentPath) -> DocumentOut:
    """One document."""
    return _out(documents.by_number(path.kind, path.document.strip()))


@resource.write("put", "/documents/<kind>/<path:document>", DocumentOut)
def put(path: DocumentPath, body: DocumentIn) -> DocumentOut:
    """The document as it is in the ERP; made where missing, the same again is nothing."""
    viewer().require(Right.MASTER_DATA)
    document = documents.upsert(
        path.kind,
        path.document,
        title=body.title,
        actor=viewer().actor,
        address_id=_address(body),
        dated_on=body.date,
        status=body.status,
        url=body.url,
    )
    return _out(document)


@resource.read("/documents/<kind>/<path:document>/entries", EntriesOf)
def entries_of(path: DocumentPath) -> EntriesOf:
    """The entries of a document: what the ERP shows beside it."""
    document = documents.by_number(path.kind, path.document.strip())
    rows = document_list.entries_of(viewer(), document.id)
    return EntriesOf(items=[entry_brief(row) for row in rows])


@resource.write("post", "/documents/<kind>/<path:document>/panel", Panel, 201)
def panel(path: DocumentPath) -> Reply:
    """A short-lived address of the read-only panel, for a frame in the ERP."""
    document = documents.by_number(path.kind, path.document.strip())
    signed = panels.sign(tokens.token(), path.kind, document.number)
    where = url_for(
        "embedded.document",
        kind=path.kind.value,
        number=document.number,
        t=signed.value,
    )
    host = current_app.config["SETTINGS"].public_host
    address = f"https://{host}{where}" if host else where
    return Reply(Panel(url=address, expires_at=signed.expires_at), 201)


@resource.read("/entries/<int:number>/documents", DocumentsOf)
def of_entry(path: EntryPath) -> DocumentsOf:
    """The documents of an entry."""
    viewer().entry(path.number)
    return _of_entry(path.number)


@resource.write("post", "/entries/<int:number>/documents", DocumentsOf, 201)
def link(path: EntryPath, body: DocumentRef) -> Reply:
    """Link a document that the ERP has told us of; twice changes nothing."""
    entry = viewer().entry(path.number, write=True)
    document = documents.by_number(body.kind, body.number.strip())
    documents.link(entry, document, actor=viewer().actor)
    where = url_for("api_documents.of_entry", number=entry.number)
    return Reply(_of_entry(path.number), 201, {"Location": where})


@resource.write(
    "delete", "/entries/<int:number>/documents/<kind>/<path:document>", DocumentsOf
)
def unlink(path: LinkedPath) -> DocumentsOf:
    """Take a document out of the entry."""
    entry = viewer().entry(path.number, write=True)
    document = documents.by_number(path.kind, path.document.strip())
    documents.unlink(entry, document, actor=viewer().actor)
    return _of_entry(path.number)


def _address(body: DocumentIn) -> int | None:
    if body.address_number is None:
        return body.address_id
    found = Address.get_or_none(Address.number == body.address_number.strip())
    if not isinstance(found, Address):
        raise NotFound("there is no address {address}", address=body.address_number)
    return int(addresses.get(found.id).id)


def _of_entry(number: int) -> DocumentsOf:
    return DocumentsOf(
        items=[
            DocumentName(
                kind=row.kind, number=row.number, title=row.title, date=row.dated_on
            )
            for row in document_list.of_entry(number)
        ]
    )


def _out(row: Document) -> DocumentOut:
    return DocumentOut(
        kind=row.kind,
        number=row.number,
        title=row.title,
        date=row.dated_on,
        address_id=row.address_id,
        status=row.status,
        url=row.url,
        updated_at=row.updated_at,
    )
