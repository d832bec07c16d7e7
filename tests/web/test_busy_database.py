"""Another writer that keeps SQLite too long: a sentence, and nothing half saved."""

from pathlib import Path

import apsw
import pytest
from flask import Flask
from pages import Browser

from crm_core import database


@pytest.fixture
def held(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application's file, which nobody waits for."""
    monkeypatch.setattr(database, "_BUSY", 0)
    path = tmp_path / "pages.db"
    database.connect(f"sqlite:///{path}")
    return path


def write_lock(path: Path) -> apsw.Connection:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_page_says_that_others_are_writing(held: Path, gl: Browser) -> None:
    key = gl.form_key()
    other = write_lock(held)
    answer = gl.post("/adressen/neu", 503, name="Meier", form_key=key)
    assert "nichts gespeichert" in answer.text
    assert answer.headers["Retry-After"] == "5"
    other.execute("ROLLBACK")
    gl.location("/adressen/neu", name="Meier", role="customer")  # red control


def test_reading_goes_on(held: Path, gl: Browser) -> None:
    other = write_lock(held)
    assert "Adressen" in gl.get("/adressen")
    other.execute("ROLLBACK")
