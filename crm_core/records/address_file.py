"""A file of addresses as spreadsheets write it: its cells, and what they mean. Pure.

Excel in Switzerland writes «;» and Windows-1252, or UTF-8 with a mark; others write
commas or tabs. The first row names the columns. A file is read whole or refused with a
sentence: too large, too many rows or columns, a cell too long, no text at all. Rows are
counted as a spreadsheet counts them, empty ones included.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from crm_core.email_addresses import normalise
from crm_core.errors import CrmError, Invalid
from crm_core.models import AddressRole
from crm_core.records import addresses
from crm_core.records.addresses import Details
from crm_core.search import fold

MOST_BYTES = 4_000_000
MOST_ROWS = 10_000
MOST_COLUMNS = 60
LONGEST_CELL = 10_000
_DELIMITERS = ";,\t"
_FORMULA = tuple("=+-@\t\r\n")
_SEVERAL = re.compile(r"[\s,;]+")


class Column(StrEnum):
    """What a column of the file may be."""

    NUMBER = "number"
    COMPANY = "company"
    NAME = "name"
    FIRST_NAME = "first_name"
    STREET = "street"
    ZIP_CODE = "zip_code"
    CITY = "city"
    EMAIL = "email"
    PHONE = "phone"
    ROLE = "role"
    REMARK = "remark"


# The headings people use, without blanks and signs, folded; digits at the end are left out.
_HEADINGS: Mapping[Column, str] = {
    Column.NUMBER: "kundennr kundennummer nr nummer adressnr adressnummer debitor "
    "debitorennr debitorennummer lieferantennr customerno customernumber no number id",
    Column.COMPANY: "firma firmenname company companyname organisation betrieb",
    Column.NAME: "name nachname familienname lastname surname namefirma",
    Column.FIRST_NAME: "vorname firstname givenname",
    Column.STREET: "strasse strassenr strassehausnr adresse adresszeile street address",
    Column.ZIP_CODE: "plz postleitzahl zip zipcode postalcode postcode",
    Column.CITY: "ort wohnort stadt city town",
    Column.EMAIL: "email emailadresse mail mailadresse emailaddress",
    Column.PHONE: "telefon telefonnummer telefonnr tel phone mobile natel handy",
    Column.ROLE: "typ art type kind kategorie",
    Column.REMARK: "bemerkung bemerkungen notiz notizen kommentar remark note notes",
}
_COLUMN_OF = {
    word: column for column, said in _HEADINGS.items() for word in said.split()
}
_ROLES = {
    AddressRole.CUSTOMER: "kunde kundin customer",
    AddressRole.SUPPLIER: "lieferant lieferantin supplier importeur",
    AddressRole.AUTHORITY: "amt behoerde authority",
    AddressRole.OTHER: "andere anderes sonstige other",
}
_ROLE_OF = {word: role for role, said in _ROLES.items() for word in said.split()}


@dataclass(frozen=True, slots=True)
class Table:
    """The cells: the headings, and every row that is not empty, by its number."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row as an address. ``role``: None where the row says nothing of it."""

    row: int
    name: str
    details: Details
    emails: tuple[str, ...]
    role: AddressRole | None


def read(data: bytes) -> Table:
    """The cells of a file; Invalid (field «file») for what is no such file."""
    if len(data) > MOST_BYTES:
        raise _refuse("the file is larger than {most} MB", most=MOST_BYTES // 1_000_000)
    records = _records(_text(data))
    header = next(records, None)
    if header is None:
        raise _refuse("the file is empty")
    width = _width(header[1])
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in records:
        if len(rows) == MOST_ROWS:
            raise _refuse("the file has more than {most} rows", most=MOST_ROWS)
        rows.append((number, _fitted(number, cells, width)))
    if not rows:
        raise _refuse("the file has headings, but no row")
    return Table(tuple(cell.strip() for cell in header[1][:width]), tuple(rows))


def _refuse(template: str, **values: object) -> Invalid:
    return Invalid("file", "file", template, **values)


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and not text.startswith("PK\x03\x04"):
            return text
        break
    raise _refuse("this is no CSV file. In Excel: save as «CSV UTF-8»")


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that is not empty, with its number."""
    first = text.partition("\n")[0].rstrip("\r")
    told = re.fullmatch(r"sep=(.)", first)
    delimiter = told.group(1) if told else _delimiter(first)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells) and not (told and number == 1):
                yield number, cells
    except csv.Error as error:
        raise _refuse(
            "row {row} cannot be read (an open quotation mark?)", row=reader.line_num
        ) from error


def _delimiter(heading: str) -> str:
    return max(
        _DELIMITERS, key=lambda one: len(next(csv.reader([heading], delimiter=one), []))
    )


def _width(header: Sequence[str]) -> int:
    width = max(i for i, cell in enumerate(header, start=1) if cell.strip())
    if width > MOST_COLUMNS:
        raise _refuse("the file has more than {most} columns", most=MOST_COLUMNS)
    return width


def _fitted(number: int, cells: Sequence[str], width: int) -> tuple[str, ...]:
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise _refuse(
            "a cell of row {row} has more than {most} characters",
            row=number,
            most=LONGEST_CELL,
        )
    plain = [_unguarded(cell) for cell in cells[:width]]
    return (*plain, *[""] * (width - len(plain)))


def _unguarded(cell: str) -> str:
    """Without the apostrophe that our own files put before what looks like a formula."""
    guarded = cell.startswith("'") and cell[1:].startswith(_FORMULA)
    return (cell[1:] if guarded else cell).strip()


# --- what the cells mean ----------------------------------------------------------


def guess(header: Sequence[str]) -> tuple[Column | None, ...]:
    """What each column is by its heading; each but the e-mail address once at most."""
    found: list[Column | None] = []
    for heading in header:
        word = re.sub(r"[^a-z]", "", fold(heading))
        column = _COLUMN_OF.get(word)
        taken = column in found and column is not Column.EMAIL
        found.append(None if taken else column)
    return tuple(found)


def check(columns: Sequence[Column | None]) -> None:
    """Raise Invalid (field «columns») unless rows can be made of these columns."""
    if Column.NAME not in columns and Column.COMPANY not in columns:
        raise Invalid("columns", "required", "choose a column for name or company")
    chosen = [c for c in columns if c is not None and c is not Column.EMAIL]
    twice = next((c for c in chosen if chosen.count(c) > 1), None)
    if twice is not None:
        raise Invalid("columns", "twice", "two columns are chosen for the same field")


def candidate(
    row: int, cells: Sequence[str], columns: Sequence[Column | None]
) -> Candidate | CrmError:
    """The address a row describes, or what is wrong with it."""
    of: dict[Column, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column is not None and cell:
            of[column] = f"{of[column]} {cell}" if column in of else cell
    person = " ".join(filter(None, (of.get(Column.FIRST_NAME), of.get(Column.NAME))))
    fields = {name: of.get(Column(name), "") for name in asdict(Details())}
    try:
        name, details = addresses.tidy(
            person or of.get(Column.COMPANY, ""), Details(**fields)
        )
        emails = _emails(of.get(Column.EMAIL, ""))
        return Candidate(row, name, details, emails, _role(of.get(Column.ROLE, "")))
    except CrmError as error:
        return error


def _emails(text: str) -> tuple[str, ...]:
    found = []
    for part in filter(None, _SEVERAL.split(text)):
        email = normalise(part)
        if email is None:
            raise Invalid(
                "email", "email", "«{email}» is no e-mail address", email=part
            )
        found.append(email)
    return tuple(dict.fromkeys(found))


def _role(text: str) -> AddressRole | None:
    if not text:
        return None
    role = _ROLE_OF.get(fold(text).strip())
    if role is None:
        raise Invalid("role", "role", "«{role}» is no kind of address", role=text[:100])
    return role
