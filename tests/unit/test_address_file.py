"""Files of addresses as spreadsheets write them: read whole, or refused in a sentence."""

import pytest

from crm_core.errors import Invalid
from crm_core.records import address_file
from crm_core.records.address_file import Column

TEXT = "Name;Ort\r\nMüller;Zürich\r\n"
CELLS = ((2, ("Müller", "Zürich")),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_what_excel_writes_is_read(encoding: str, delimiter: str) -> None:
    data = TEXT.replace(";", delimiter).encode(encoding)
    assert address_file.read(data).rows == CELLS


def test_another_encoding_would_show() -> None:
    assert address_file.read(TEXT.encode("mac_roman")).rows != CELLS


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    table = address_file.read(b'Name;Ort\r\n"a\nb";x\r\n\r\n;\r\nc;y;surplus\r\nd\r\n')
    assert table.rows == ((2, ("a\nb", "x")), (5, ("c", "y")), (6, ("d", "")))


def test_the_separator_may_stand_in_the_first_line() -> None:
    table = address_file.read(b"sep=,\r\nName,Ort\r\na,b\r\n")
    assert (table.header, table.rows) == (("Name", "Ort"), ((3, ("a", "b")),))


def test_our_own_guard_against_formulas_is_taken_off_again() -> None:
    table = address_file.read(b"Name;Telefon\r\n'+41 44;'Aussen\r\n")
    assert table.rows == ((2, ("+41 44", "'Aussen")),)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty"),
        (b"\r\n \r\n", "the file is empty"),
        (b"Name;Ort\r\n", "headings, but no row"),
        (b"PK\x03\x04\x14", "no CSV file"),
        (b"Name\r\n\0\r\n", "no CSV file"),
        (b"\xff\xfea", "no CSV file"),
        (b"Name\r\n\x81\r\n", "no CSV file"),
        (b'Name;Ort\r\n"offen;x\r\n', "row 2 cannot be read"),
        (b"Name;" * 61 + b"x\r\na\r\n", "more than 60 columns"),
        (b"Name\r\n" + b"x" * 10_001, "a cell of row 2 has more than 10000"),
        (b"Name\r\n" + b"x\r\n" * 10_001, "more than 10000 rows"),
        (b"Name\r\n" + b"x" * 200_000, "cannot be read"),
        (b"x" * 4_000_001, "larger than 4 MB"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        address_file.read(data)
    assert refused.value.field == "file"


def test_headings_are_understood_however_they_are_written() -> None:
    headings = (
        "Kunden-Nr., FIRMA,Name,Vorname,Straße,PLZ,Ort,e-mail,E-Mail 2,Tel.,Typ,?"
    )
    found = address_file.guess(headings.split(","))
    c = Column
    assert found == (
        c.NUMBER, c.COMPANY, c.NAME, c.FIRST_NAME, c.STREET, c.ZIP_CODE, c.CITY,
        c.EMAIL, c.EMAIL, c.PHONE, c.ROLE, None,
    )  # fmt: skip


def test_the_second_of_two_equal_headings_is_left_out() -> None:
    assert address_file.guess(["Telefon", "Telefon 2"]) == (Column.PHONE, None)
