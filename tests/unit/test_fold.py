"""The one function that makes texts comparable, and where its hits stand in a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.queries import marking
from crm_core.search import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "mueller"),
        ("MÜLLER", "mueller"),
        ("Mu\u0308ller", "mueller"),  # typed as two characters
        ("größe", "groesse"),
        ("GRÖSSE", "groesse"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Café à la crème", "cafe a la creme"),
        ("  Schiff \t\n fahrt ", "schiff fahrt"),
        ("Ærø, Łódź, œuvre", "aero, lodz, oeuvre"),
        ("ﬁnden", "finden"),
        ("LS-2026-0815", "ls-2026-0815"),
        ("\0", ""),
        ("", ""),
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aäAÄoöüÜßsß éE \t"))
def test_composed_and_decomposed_texts_are_equal(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "word", "hits"),
    [
        ("Herr Müller kommt", "mueller", ["Müller"]),
        ("AUSSENBORDMOTOR", "motor", ["MOTOR"]),
        ("die Straße, die Strasse", "strasse", ["Straße", "Strasse"]),
        ("nichts", "motor", []),
        ("motormotor", "motor", ["motormotor"]),  # next to each other: one stretch
    ],
)
def test_a_hit_is_marked_as_it_was_written(
    text: str, word: str, hits: list[str]
) -> None:
    pieces = marking.marked(text, [word])
    assert [piece.text for piece in pieces if piece.hit] == hits
    assert "".join(piece.text for piece in pieces) == text


@given(st.text(), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_marking_loses_nothing_of_a_text(text: str, words: list[str]) -> None:
    pieces = marking.marked(text, [fold(word) for word in words])
    assert "".join(piece.text for piece in pieces) == text


def test_a_quotation_shows_what_stands_around_the_hit() -> None:
    said = marking.quoted("a " * 200 + "Motor" + " b" * 200, ["motor"])
    whole = "".join(piece.text for piece in said)
    assert whole.startswith("…")
    assert whole.endswith("…")
    assert len(whole) < 260
    assert marking.quoted("nichts", ["motor"]) == ()
