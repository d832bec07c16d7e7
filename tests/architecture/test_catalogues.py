"""Every text of the pages has a Swiss German one, in the words that were agreed on."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from crm_web.i18n import catalogue_files

WEB = Path(__file__).parents[2] / "crm_web"
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None, "lazy": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")

# Words of the glossary, and what stands instead of them nowhere.
AVOIDED = {
    "Ticket": "Eintrag",
    "verknüpf": "verlinken",
    "Stakeholder": "Beteiligte",
    "Arbeitsbericht": "Rapport",
    "Angebot": "Offerte",
    "Sync-Konflikt": "Abweichung",
    "Fällig am": "Erledigen bis",
    "Termin am": "Erledigen am",
    "anlegen": "erfassen",
    "Ups": "nichts",
    "Score": "Grund",
}


def extracted() -> set[str]:
    """The msgids of all templates and of all Python files."""
    found: set[str] = set()
    kinds = {"*.py": "python", "templates/**/*.html": "jinja2"}
    for pattern, method in kinds.items():
        for path in sorted(WEB.rglob(pattern)):
            options = {"encoding": "utf-8"}
            text = io.BytesIO(path.read_bytes())
            for _line, message, *_rest in extract(method, text, KEYWORDS, (), options):
                found |= {message} if isinstance(message, str) else {message[0]}
    return found - {""}


def translated() -> Iterator[tuple[str, Message]]:
    for path in catalogue_files():
        with path.open("rb") as file:
            for message in read_po(file, locale="de_CH"):
                if message.id:
                    yield path.name, message


def msgid(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def strings(message: Message) -> list[str]:
    said = message.string
    return [said] if isinstance(said, str) else list(said)


TRANSLATED = list(translated())


def test_no_text_is_without_a_german_one() -> None:
    known = {msgid(one) for _name, one in TRANSLATED if all(strings(one))}
    assert sorted(extracted() - known) == []


def test_no_german_text_is_left_over() -> None:
    assert sorted({msgid(one) for _name, one in TRANSLATED} - extracted()) == []


def test_a_text_is_translated_once() -> None:
    twice = Counter(msgid(one) for _name, one in TRANSLATED)
    assert [text for text, count in twice.items() if count > 1] == []


def test_placeholders_are_those_of_the_english_text() -> None:
    wrong = []
    for name, one in TRANSLATED:
        ids = [one.id] if isinstance(one.id, str) else list(one.id)
        wanted = set().union(*(PLACEHOLDER.findall(text) for text in ids))
        for said in strings(one):
            if not set(PLACEHOLDER.findall(said)) <= wanted:
                wrong.append((name, said))
            if isinstance(one.id, str) and set(PLACEHOLDER.findall(said)) != wanted:
                wrong.append((name, said))
    assert wrong == []


@pytest.mark.parametrize("sign", ["ß", "!", "„", "“", " - "])
def test_the_spelling_is_swiss_and_calm(sign: str) -> None:
    found = [said for _n, one in TRANSLATED for said in strings(one) if sign in said]
    assert found == []


@pytest.mark.parametrize("word", sorted(AVOIDED))
def test_words_are_those_of_the_glossary(word: str) -> None:
    pattern = re.compile(rf"\b{word}")
    found = [said for _n, one in TRANSLATED for said in strings(one)
             if pattern.search(said)]  # fmt: skip
    assert found == [], f"say «{AVOIDED[word]}»"


def test_a_missing_text_would_be_noticed() -> None:
    """Red control: extraction finds texts of Python, of templates, and plurals."""
    found = extracted()
    assert len(found) > 500
    assert "Sign in" in found  # a template's
    assert "Too many tries. Next try in %(seconds)s seconds." in found  # Python's
    assert "%(num)s picture from the internet was not loaded." in found  # a plural
