"""The pages on a fresh SQLite file; storage itself is tested on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crm_world import NOW
from flask import Flask
from pages import CHEAP_HASHER, TUESDAY, Browser, application, browser
from permission_matrix import Matrix, filled
from screen_room import Room, furnished
from served import driven, launched
from shared_app import lend

from crm_core import clock, database, schema
from crm_core.access import accounts
from crm_web.settings import WebSettings


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs a tenth of a second by design, and each test signs in."""
    monkeypatch.setattr(accounts, "_hasher", CHEAP_HASHER)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file with people and taxonomy."""
    folder = tmp_path_factory.mktemp("pages")
    schema.upgrade(database.connect(f"sqlite:///{folder}/pages.db"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", CHEAP_HASHER)
        application(folder)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return folder / "pages.db"


@pytest.fixture(scope="package")
def driver() -> Iterator[Any]:
    """Playwright, once for all files: a second one beside it would not start."""
    with driven() as found:
        yield found


@pytest.fixture(scope="package")
def chromium(driver: Any) -> Iterator[Any]:
    """The browser of all files; whoever opens a page makes a context of their own."""
    with launched(driver) as found:
        yield found


@pytest.fixture
def app(tmp_path: Path, template: Path) -> Iterator[Flask]:
    path = tmp_path / "pages.db"
    path.write_bytes(template.read_bytes())
    database.connect(f"sqlite:///{path}")
    yield lend(WebSettings(blobs=tmp_path / "blobs"))
    database.close()


@pytest.fixture
def gl(app: Flask) -> Browser:
    return browser(app, "gl")


@pytest.fixture
def office(app: Flask) -> Browser:
    return browser(app, "frei")


@pytest.fixture
def workshop(app: Flask) -> Browser:
    return browser(app, "keller")


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return browser(app)


@pytest.fixture
def tuesday() -> Iterator[None]:
    """It is Tuesday, 24 November 2026, 10:00 in Zurich."""
    with clock.use(lambda: TUESDAY):
        yield


@pytest.fixture(scope="module")
def busy_room(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[Room]:
    """A company in the midst of its work, with a browser before it."""
    folder = tmp_path_factory.mktemp("busy")
    with furnished(chromium, folder, template, filled=True) as room:
        yield room


@pytest.fixture
def busy(busy_room: Room) -> Room:
    database.connect(busy_room.url)
    return busy_room


@pytest.fixture(scope="session")
def filled_matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with filled(tmp_path_factory.mktemp("matrix")) as found:
        yield found


@pytest.fixture
def matrix(filled_matrix: Matrix) -> Iterator[Matrix]:
    """The permission matrix's company, bound for this test."""
    database.connect(f"sqlite:///{filled_matrix.path}")
    with clock.use(lambda: NOW):
        yield filled_matrix
    database.close()
