"""Header injection: nothing that somebody types becomes a header of an answer.

Every page without arguments is asked with a line break in every parameter that pages
read, and every place where typed text reaches a header by itself is tried.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from page_world import PageWorld
from pages import Browser

from crm_core.database import transaction
from crm_core.models import Attachment, DocumentKind
from crm_core.records import documents
from crm_web import pages
from crm_web.app import create_app
from crm_web.settings import WebSettings

EVIL = "X-Evil"
CRLF = "\r\n"
BREAKS = (CRLF, "\n", "\r", "\u2028", "\x0b")
SOURCES = "".join(
    file.read_text(encoding="utf-8")
    for file in Path(pages.__file__).parent.glob("*.py")
)
PARAMETERS = sorted(set(re.findall(r'request\.args(?:\.get\(|\[)"(\w+)"', SOURCES)))


def injected(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers that are ours by force, or that hold a line break a server would send."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() == EVIL.lower() or re.search(r"[\r\n\0]", name + value)
    ]


def typed(line_break: str) -> str:
    return f"/x{line_break}{EVIL}: 1{line_break}{line_break}<p>"


def simple_pages() -> list[str]:
    app = create_app(WebSettings(blobs=Path("blobs")))
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and "GET" in (rule.methods or ())
    )


def test_the_check_sees_an_injected_header() -> None:
    assert injected([(EVIL, "1")])
    assert injected([("Location", typed(CRLF))])
    assert not injected([("Location", quote(typed(CRLF)))])
    assert len(PARAMETERS) > 8


def test_no_parameter_of_a_page_becomes_a_header(gl: Browser) -> None:
    query = "&".join(f"{name}={quote(typed(CRLF))}" for name in PARAMETERS)
    wrong = []
    for path in simple_pages():
        answer = gl.client.get(f"{path}?{query}", base_url="https://localhost")
        if answer.status_code >= 500 or injected(answer.headers):
            wrong.append((path, answer.status_code, injected(answer.headers)))
        answer.close()
    assert wrong == []


@pytest.mark.parametrize("line_break", BREAKS)
def test_where_a_sign_in_leads_is_no_header(
    stranger: Browser, gl: Browser, line_break: str
) -> None:
    goal = typed(line_break)
    for who, path, fields in (
        (stranger, "/anmelden", {"login": "gl", "password": "see-und-segel"}),
        (gl, "/bestaetigen", {"password": "see-und-segel"}),
        (gl, "/sprache", {"language": "de"}),
    ):
        answer = who.post(path, weiter=goal, **fields)
        assert injected(answer.headers) == []
        assert answer.headers["Location"].count("\n") == 0


@pytest.mark.parametrize("line_break", BREAKS)
def test_what_is_said_on_the_next_page_is_no_header(
    gl: Browser, line_break: str
) -> None:
    answer = gl.post("/adressen/neu", name=f"A{typed(line_break)}", role="customer")
    assert answer.headers["Set-Cookie"].startswith("__Host-said=")
    assert injected(answer.headers) == []
    answer = gl.post("/sprache", language=typed(line_break))
    assert injected(answer.headers) == []


@pytest.mark.parametrize("line_break", BREAKS)
def test_the_name_of_an_attachment_is_no_header(
    gl: Browser, app: Flask, line_break: str
) -> None:
    world = PageWorld()
    mail = world.mail(body="Guten Tag")
    stored = "ab" * 32
    folder = app.config["SETTINGS"].blobs / "ab"
    folder.mkdir(parents=True)
    (folder / stored).write_bytes(b"x")
    row = Attachment.create(
        message=mail,
        position=1,
        name=f"a{typed(line_break)}.pdf",
        content_type="application/pdf",
        size=1,
        sha256=stored,
    )
    answer = gl.client.get(f"/anhang/{row.id}", base_url="https://localhost")
    assert answer.status_code == 200
    assert injected(answer.headers) == []
    assert answer.headers["Content-Disposition"].startswith("attachment")
    answer.close()


@pytest.mark.parametrize("line_break", BREAKS)
def test_the_number_of_a_document_is_no_header(gl: Browser, line_break: str) -> None:
    world = PageWorld()
    _, entry = world.meier()
    number = f"R{typed(line_break)}"
    with transaction():
        made = documents.upsert(
            DocumentKind.REPORT, number, title="Rapport", actor="erp"
        )
    path = f"/belege/rapport/{quote(made.number, safe='')}"
    answer = gl.client.post(
        path,
        data={"form_key": gl.form_key(), "entry": entry.number},
        base_url="https://localhost",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code in {303, 404}
    assert injected(answer.headers) == []
