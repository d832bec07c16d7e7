"""No page sends more statements because there are more rows.

Every GET route of the application is asked for in a small company and in one with ten
times as much of everything, by somebody who may; the statements are counted. A new route
comes in by itself. Statements with several rows in them (``IN`` lists) come in chunks of
hundreds, so that this world is far below a second chunk.
"""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import grown_world
import permission_table
import pytest
from crm_world import NOW
from flask import Flask
from matrix_world import MatrixWorld
from permission_matrix import Matrix
from permission_table import Cell, Row
from statements import counted
from werkzeug.test import TestResponse

from crm_core import clock, database
from crm_core.models import Entry, Message
from crm_web.app import create_app
from crm_web.settings import WebSettings

SMALL, LARGE = 1, 10
# No screens: files that are made mail by mail (nothing is held in memory as a whole) or
# page by page, and what is searched for each e-mail address of one person.
FILES = {
    "/eintraege/<int:number>/export.zip",
    "/api/v1/entries/<int:number>/export",
    "/verwaltung/protokoll.csv",
    "/datenschutz/person",
    "/datenschutz/person.zip",
    "/datenschutz/person/loeschen",
}
PER_GROWTH = 3  # mails that ``grow`` adds to an entry or a person, each time
MOST_EACH = 10
APP = create_app(WebSettings(blobs=Path()))
PERSONS = (("gl", "own"), ("frei", "own"), ("frei", "treuhand"))
ROWS = [row for row in permission_table.rows_of(APP) if row.method == "GET"]


@dataclass(frozen=True, slots=True)
class Company:
    """A filled file with its application."""

    app: Flask
    world: MatrixWorld
    path: Path

    def bind(self) -> None:
        database.connect(f"sqlite:///{self.path}")


@dataclass(frozen=True, slots=True)
class Companies:
    """The same company twice, the second one ten times as large."""

    small: Company
    large: Company


@pytest.fixture(scope="module")
def companies(
    filled_matrix: Matrix, tmp_path_factory: pytest.TempPathFactory
) -> Companies:
    folder = tmp_path_factory.mktemp("counts")
    world = deepcopy(filled_matrix.world)  # the matrix's own stays as it is
    app = create_app(WebSettings(blobs=world.blobs))
    found = []
    content = filled_matrix.stored
    for name, times in (("small", SMALL), ("large", LARGE - SMALL)):
        company = Company(app, world, folder / f"{name}.db")
        company.path.write_bytes(content)
        company.bind()
        database.execute("PRAGMA synchronous = OFF")  # nothing here must survive
        grown_world.grow(world, times)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        content = company.path.read_bytes()
        found.append(company)
    return Companies(*found)


def ask(company: Company, row: Row) -> TestResponse:
    """As the first person, on the first thing, that the table lets in."""
    for person, thing in PERSONS:
        cell = Cell(row, person, thing if row.has_object else "")
        if not permission_table.is_refused(cell, company.world):
            break
    else:
        assert row.rule.startswith("/demo"), f"nobody may ask for {row.name}"
    return permission_table.ask(company.app, cell, company.world)


def statements(company: Company, row: Row) -> int:
    """Of the second time: what is remembered from then on is not counted."""
    company.bind()
    with clock.use(lambda: NOW):
        ask(company, row).close()
        company.bind()
        count = counted(lambda: ask(company, row).close())
    database.close()
    return count


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.route[1] not in FILES], ids=lambda row: row.name
)
def test_a_page_sends_as_many_statements_for_ten_times_the_rows(
    companies: Companies, row: Row
) -> None:
    assert statements(companies.large, row) == statements(companies.small, row)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.route[1] in FILES], ids=lambda row: row.name
)
def test_what_takes_things_one_by_one_takes_few_statements_for_each(
    companies: Companies, row: Row
) -> None:
    more = statements(companies.large, row) - statements(companies.small, row)
    things = (LARGE - SMALL) * PER_GROWTH
    assert 0 < more <= things * MOST_EACH, "an exception that is none may go"


def test_every_page_is_asked_for() -> None:
    there = {
        rule.rule for rule in APP.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    assert there == {row.route[1] for row in ROWS}


def test_the_large_company_really_is_larger(companies: Companies) -> None:
    sizes = []
    for company in (companies.small, companies.large):
        company.bind()
        sizes.append((Entry.select().count(), Message.select().count()))
        database.close()
    (entries, mails), (more_entries, more_mails) = sizes
    assert more_entries > 2 * entries
    assert more_mails > 3 * mails


def test_a_page_that_asks_for_each_row_is_found(
    companies: Companies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red control."""

    def one_by_one(*_: object, **__: object) -> str:
        for id_ in [row[0] for row in database.execute("SELECT id FROM address")]:
            database.execute("SELECT name FROM address WHERE id = ?", (id_,))
        return ""

    row = next(row for row in ROWS if row.rule == "/adressen")
    views = companies.large.app.view_functions
    monkeypatch.setitem(views, "addresses.listing", one_by_one)
    assert statements(companies.large, row) > 2 * statements(companies.small, row)
