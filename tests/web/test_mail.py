"""A mail's page, its framed content, its attachments; and who may see which of them."""

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from mail_content import GIF, attach, drawn, store
from page_world import PageWorld, actions, links, shown
from pages import Browser
from PIL import Image
from werkzeug.test import TestResponse

from crm_core import database
from crm_core.models import Entry, EntryMailVerdict, Message, Verdict
from crm_web.mail_markup import DEEPEST, LARGEST

PNG = drawn("PNG", (3, 2), comment="Standort 47.1, 9.1")


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def blobs(app: Flask) -> Path:
    folder: Path = app.config["SETTINGS"].blobs
    return folder


def answer(who: Browser, path: str, **headers: str) -> TestResponse:
    return who.client.get(
        path, base_url="https://localhost", headers=headers, buffered=True
    )


def content(who: Browser, message: Message, view: str = "") -> str:
    return who.get(f"/email/{message.id}/inhalt{view}")


# -- the page --------------------------------------------------------------------------------


def test_the_head_names_addresses_not_only_names(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail(name="boss@werft.example", subject="Offerte")
    page = office.get(f"/email/{message.id}")
    assert "boss@werft.example" not in page
    assert "Von meier@kunde.example" in shown(page)
    assert "An verkauf@werft.example" in shown(page)


def test_answers_that_go_elsewhere_are_seen(office: Browser, world: PageWorld) -> None:
    message = world.mail()
    Message.update(sender="anders@evil.example").where(
        Message.id == message.id
    ).execute()
    assert "Antwort an anders@evil.example" in shown(office.get(f"/email/{message.id}"))


def test_each_entry_says_why_and_lets_go_in_one_press(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    message = world.mail(subject="Winterlager")
    world.link(entry, message)
    page = office.get(f"/email/{message.id}")
    assert f"CRM-{entry.number}" in shown(page)
    assert "von keller verlinkt am" in shown(page)
    assert f"/email/{message.id}/loesen" in actions(page)
    office.post(f"/email/{message.id}/loesen", eintrag=entry.number)
    verdict = EntryMailVerdict.get()
    assert (verdict.verdict, verdict.by) == (Verdict.EXCLUDE, "user:frei")
    assert "Verlinkung mit CRM-" in office.get(f"/email/{message.id}")


def test_an_unlinked_mail_offers_what_its_list_offers(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    message = world.mail()
    path = f"/email/{message.id}"
    assert "Vorschlag" in office.get(path)
    onward = office.location(
        f"/nicht-zugeordnet/{message.id}/verlinken", eintrag=entry.number, weiter=path
    )
    assert onward == path
    assert "Verlinkung lösen" in office.get(path)


def test_the_rest_of_the_conversation_is_near(
    office: Browser, world: PageWorld
) -> None:
    first = world.mail(subject="Mast")
    reply = world.mail(subject="AW: Mast", answers=first)
    assert f"/email/{first.id}" in links(office.get(f"/email/{reply.id}"))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "sind nur Kopfdaten gespeichert"),
        ({"body_missing": "gone"}, "war beim Verlinken nicht mehr im Postfach"),
    ],
)
def test_missing_content_says_so(
    office: Browser, world: PageWorld, columns: dict[str, object], sentence: str
) -> None:
    message = world.mail(**columns)  # type: ignore[arg-type]
    assert sentence in shown(office.get(f"/email/{message.id}"))
    office.get(f"/email/{message.id}/inhalt", 404)


def test_wanted_content_is_polled_until_it_is_here(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    office.post(f"/email/{message.id}/inhalt-ansehen")
    page = office.get(f"/email/{message.id}")
    assert f'hx-get="/email/{message.id}/stand" hx-trigger="every 15s"' in page
    store(message)
    part = office.get(f"/email/{message.id}/stand")
    assert "<iframe" in part
    assert "hx-get" not in part


# -- the frame -------------------------------------------------------------------------------


def test_the_frame_has_a_policy_of_its_own(office: Browser, world: PageWorld) -> None:
    message = world.mail()
    store(message, html="<p>x</p>")
    response = answer(office, f"/email/{message.id}/inhalt")
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; "
        "img-src https://localhost/anhang/ data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_the_frame_element_runs_no_scripts_either(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    store(message)
    (sandbox,) = re.findall(
        r'<iframe [^>]*sandbox="([^"]*)"', office.get(f"/email/{message.id}")
    )
    assert sandbox.split() == [
        "allow-same-origin",
        "allow-popups",
        "allow-popups-to-escape-sandbox",
    ]


def test_new_text_comes_first_and_the_history_is_one_press_away(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    store(message, "Neu.\n\nAm 1.11.2026 schrieb Werft:\n> Alt?", "<p>Neu.</p><p>Alt?")
    first = content(office, message)
    assert "Neu." in first
    assert "Alt?" not in first
    assert "?ansicht=ganz" in links(first)
    assert "<p>Alt?</p>" in content(office, message, "?ansicht=ganz")
    assert "&gt; Alt?" in content(office, message, "?ansicht=text")


def test_the_servers_own_word_on_what_is_new_wins(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    store(message, "Ja.\n\nseltsam zitiert", new_text="Ja.")
    assert "seltsam" not in content(office, message)
    assert "seltsam" in content(office, message, "?ansicht=ganz")


def test_without_a_quotation_the_design_comes_first(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    store(message, "Offerte", "<table border=1><tr><td>Offerte</table>")
    assert "<table" in content(office, message)


def test_remote_pictures_are_left_out_and_counted(
    office: Browser, world: PageWorld
) -> None:
    message = world.mail()
    store(message, "x", "<img src=https://a.example/1><img src=//a.example/2>x")
    page = content(office, message)
    assert "a.example" not in page
    assert "2 Bilder aus dem Internet wurden nicht geladen." in page


def test_links_name_their_host(office: Browser, world: PageWorld) -> None:
    message = world.mail()
    store(message, "x", '<a href="https://werft.example@evil.example/">werft</a>')
    page = content(office, message)
    assert 'data-host="evil.example"' in page
    assert "attr(data-host)" in page


@pytest.mark.parametrize(
    ("html", "note"),
    [
        ("<p>" + "x" * LARGEST, "ist sehr gross"),
        ("<div>" * (DEEPEST + 1), "ist seltsam aufgebaut"),
    ],
)
def test_too_much_html_is_shown_as_text_with_a_note(
    office: Browser, world: PageWorld, html: str, note: str
) -> None:
    message = world.mail()
    store(message, "Der Text", html)
    page = content(office, message)
    assert note in page
    assert "Der Text" in page
    assert "<div>" not in page


def test_an_unknown_view_is_the_first_one(office: Browser, world: PageWorld) -> None:
    message = world.mail()
    store(message, "Text")
    assert content(office, message, "?ansicht=<x>") == content(office, message)


# -- pictures and attachments ----------------------------------------------------------------


def test_an_inline_picture_comes_from_us_typed_by_its_bytes(
    office: Browser, world: PageWorld, blobs: Path
) -> None:
    message = world.mail()
    store(message, "x", '<img src="cid:Logo@x">')
    number = attach(
        blobs, message, "logo.svg", PNG, content_id="<logo@x>", content_type="text/html"
    )
    assert f'src="/anhang/{number}/bild"' in content(office, message)
    response = answer(office, f"/anhang/{number}/bild")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert Image.open(io.BytesIO(response.data)).size == (3, 2)
    assert response.data != PNG  # drawn anew: nothing of the sender's bytes


@pytest.mark.parametrize(
    "bytes_",
    [
        b"<svg onload=alert(1)>",
        b"<html>",
        b"%PDF-1.7",
        b"",
        b"GIF89a",
        b"RIFF",
        PNG[:40],
    ],
)
def test_what_is_no_picture_is_never_drawn(
    office: Browser, world: PageWorld, blobs: Path, bytes_: bytes
) -> None:
    message = world.mail()
    number = attach(
        blobs, message, "x.png", bytes_, content_id="x", content_type="image/png"
    )
    office.get(f"/anhang/{number}/bild", 404)


@pytest.mark.parametrize("destination", ["document", "iframe", "object", "script"])
def test_a_picture_is_drawn_in_a_mail_and_opened_nowhere(
    office: Browser, world: PageWorld, blobs: Path, destination: str
) -> None:
    number = attach(blobs, world.mail(), "x.gif", GIF, content_id="x")
    path = f"/anhang/{number}/bild"
    assert answer(office, path, **{"Sec-Fetch-Dest": "image"}).status_code == 200
    assert answer(office, path, **{"Sec-Fetch-Dest": destination}).status_code == 404


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Offerte.pdf", "attachment; filename=Offerte.pdf"),
        ("böse.html", "filename*=UTF-8''b%C3%B6se.html"),
        ('a";\\b.exe', "attachment;"),
    ],
)
def test_an_attachment_is_a_download_whatever_it_is(
    office: Browser, world: PageWorld, blobs: Path, name: str, sent: str
) -> None:
    script = b"<script>alert(1)</script>"
    number = attach(blobs, world.mail(), name, script, content_type="text/html")
    response = answer(office, f"/anhang/{number}")
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert sent in response.headers["Content-Disposition"]
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data == script


def test_an_attachment_whose_file_is_gone_is_not_there(
    office: Browser, world: PageWorld, blobs: Path
) -> None:
    number = attach(blobs, world.mail(), "a.pdf", b"x")
    for file in blobs.rglob("*"):
        if file.is_file():
            file.unlink()
    office.get(f"/anhang/{number}", 404)


def test_the_page_lists_attachments_with_their_size(
    office: Browser, world: PageWorld, blobs: Path
) -> None:
    message = world.mail()
    store(message)
    number = attach(blobs, message, "Offerte <1>.pdf", b"x" * 12_000)
    page = office.get(f"/email/{message.id}")
    assert f"/anhang/{number}" in links(page)
    assert "Offerte <1>.pdf 12 kB" in shown(page)


# -- who may ---------------------------------------------------------------------------------


def test_of_a_mailbox_without_access_nothing_exists(
    office: Browser, world: PageWorld, blobs: Path
) -> None:
    _, entry = world.meier()
    message = world.mail()
    world.link(entry, message)
    store(message, "Geheim", '<img src="cid:x">')
    number = attach(blobs, message, "x.png", PNG, content_id="x")
    database.execute("DELETE FROM mailbox_access")
    for path in (
        f"/email/{message.id}",
        f"/email/{message.id}/inhalt",
        f"/email/{message.id}/stand",
        f"/anhang/{number}",
        f"/anhang/{number}/bild",
    ):
        office.get(path, 404)
    office.post(f"/email/{message.id}/loesen", 404, eintrag=entry.number)


def test_with_the_subject_only_neither_text_nor_attachment_exists(
    office: Browser, world: PageWorld, blobs: Path
) -> None:
    message = world.mail(subject="Lohn")
    store(message, "Geheim")
    number = attach(blobs, message, "lohn.pdf", b"x")
    database.execute("UPDATE mailbox_access SET visibility = 'subject'")
    page = shown(office.get(f"/email/{message.id}"))
    assert "Lohn" in page
    assert "Von diesem E-Mail sehen Sie nur den Betreff." in page
    assert "lohn.pdf" not in page
    office.get(f"/email/{message.id}/inhalt", 404)
    office.get(f"/anhang/{number}", 404)
    office.post(f"/email/{message.id}/inhalt-ansehen", 403)


def test_confidential_mail_shows_its_subject_to_management_alone(
    gl: Browser, office: Browser, world: PageWorld
) -> None:
    message = world.mail(subject="Vertraulich", confidential=True)
    store(message, "Geheim")
    office.get(f"/email/{message.id}", 404)
    assert "Vertraulich" in gl.get(f"/email/{message.id}")
    gl.get(f"/email/{message.id}/inhalt", 404)


def test_entries_that_may_not_be_seen_are_not_named(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    message = world.mail()
    world.link(entry, message)
    Entry.update(management_only=True).where(Entry.id == entry.id).execute()
    page = office.get(f"/email/{message.id}")
    assert f"CRM-{entry.number}" not in page
    office.post(f"/email/{message.id}/loesen", 404, eintrag=entry.number)


def test_signed_out_nothing_is_shown(stranger: Browser, world: PageWorld) -> None:
    message = world.mail()
    store(message)
    for path in (f"/email/{message.id}", f"/email/{message.id}/inhalt", "/anhang/1"):
        assert answer(stranger, path).status_code == 303
