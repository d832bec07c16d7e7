"""Strings that break programs come back from every text field unchanged and harmless."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from mail_content import store
from markupsafe import escape
from page_world import PageWorld
from pages import Browser

from crm_core import clock, database
from crm_core.models import Entry, Message, Note
from crm_web.i18n import gettext

LONGEST_TITLE = 200


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture(scope="module")
def naughty(shared: Path) -> list[str]:
    text = (shared / "corpora/html/naughty-strings.json").read_text(encoding="utf-8")
    found: list[str] = json.loads(text)
    return found


def storable(text: str) -> str:
    """What ingest hands on: no NUL, no half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def tags(page: str) -> set[str]:
    """The names of everything that is a tag in a page."""
    return set(re.findall(r"<([a-zA-Z][^\s/>]*)", page))


def test_a_search_for_anything_is_answered_and_typed_back(
    office: Browser, naughty: list[str]
) -> None:
    harmless = tags(office.get("/suche?q=nichts"))
    for text in naughty:
        answer = office.client.get(
            "/suche", query_string={"q": text}, base_url="https://localhost"
        )
        assert answer.status_code in {200, 302}, text
        if answer.status_code == 200:
            (value,) = re.findall(
                r'id="f-q" name="q"[^>]*? value="([^"]*)"', answer.text
            )
            assert unescape(value) == unescape(_escaped(text.strip())), text
            assert tags(answer.text) <= harmless | {"p", "mark"}, text


def _escaped(text: str) -> str:
    return str(escape(text))


def test_notes_and_titles_come_back_as_written(
    office: Browser, world: PageWorld, naughty: list[str]
) -> None:
    _, entry = world.meier()
    plain = tags(office.get(f"/eintraege/{entry.number}"))
    texts = [text for text in map(storable, naughty) if text.strip()]
    with database.transaction():
        for text in texts:
            Note.create(
                entry=entry, text=text, written_at=clock.now(), written_by="user:frei"
            )
    seen = ""
    path = f"/eintraege/{entry.number}"
    for _ in range(len(texts) // 30 + 2):
        page = office.get(path)
        seen += page
        assert tags(page) <= plain | {"article", "h3", "nav", "details", "summary"}
        more = re.search(r'href="([^"]*vor=[^"]*)"', page)
        if more is None:
            break
        path = unescape(more.group(1))
    assert [t for t in texts if _escaped(t) not in seen] == []


def test_a_title_comes_back_in_the_list_and_on_its_page(
    office: Browser, world: PageWorld, naughty: list[str]
) -> None:
    _, entry = world.meier()
    harmless = tags(office.get(f"/eintraege/{entry.number}")) | {"title"}
    for text in naughty[::5]:
        title = storable(text).strip()[:LONGEST_TITLE]
        if not title:
            continue
        Entry.update(title=title).where(Entry.id == entry.id).execute()
        page = office.get(f"/eintraege/{entry.number}")
        assert _escaped(title) in page
        assert tags(page) <= harmless


def test_subjects_names_and_texts_of_mail_are_harmless(
    office: Browser, world: PageWorld, naughty: list[str]
) -> None:
    world.meier()
    message = world.mail(subject="x", name="x")
    store(message, "x")
    path = f"/email/{message.id}"
    harmless = tags(office.get(path)) | tags(office.get("/nicht-zugeordnet"))
    framed = tags(office.get(f"{path}/inhalt")) | {"a"}
    for text in naughty[::5]:
        said = storable(text)
        subject = " ".join(said.split())
        Message.update(subject=subject, from_name=subject).where(
            Message.id == message.id
        ).execute()
        store(message, said)
        page = office.get(path)
        assert _escaped(subject) in page
        assert tags(page) <= harmless
        assert tags(office.get("/nicht-zugeordnet")) <= harmless
        assert tags(office.get(f"{path}/inhalt")) <= framed


def test_a_tag_that_is_not_escaped_would_be_seen() -> None:
    """The control."""
    assert tags("<p>&lt;script&gt;</p>") == {"p"}
    assert "script" in tags("<p><script>alert(1)</script></p>")


def test_a_sentence_with_a_naughty_value_stays_a_sentence(
    app: Flask, naughty: list[str]
) -> None:
    with app.test_request_context():
        for text in naughty:
            said = gettext("«%(subject)s» is ignored.", subject=text)
            assert text in said
