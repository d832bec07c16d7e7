"""«Outlook-Ansicht (simuliert)»: reads the simulated Exchange, and makes it act."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from page_world import PageWorld
from pages import ADDRESSES, Browser, browser
from shared_app import lend
from statements import counted

from crm_core import database
from crm_core.models import Address, Entry, Mailbox, MailboxStatus, Message
from crm_web.demo_hints import HINTS
from crm_web.demo_switches import SWITCHES
from crm_web.settings import DemoSettings, WebSettings
from exchange_sandbox.server import Sandbox

SALES, WORKSHOP = ADDRESSES
SHOWN = f"/demo?postfach={SALES}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox(ADDRESSES, {"svc": "geheim"}, schema=None)
    running.start(control=("127.0.0.1", 0))
    yield running
    running.stop()
    assert running.ledger.crashes == []


@pytest.fixture
def demo(app: Flask, sandbox: Sandbox, tmp_path: Path) -> Browser:
    """The GL's browser in a demo; ``app`` has bound the database."""
    del app
    return browser(demo_app(tmp_path, sandbox.control_url), "gl")


@pytest.fixture
def world(app: Flask) -> PageWorld:
    del app
    return PageWorld()


def demo_app(folder: Path, control: str) -> Flask:
    known = DemoSettings(control, ADDRESSES, (("gl", "geheim", "GL"),))
    return lend(WebSettings(blobs=folder / "blobs", demo=known))


def put(sandbox: Sandbox, folder: str, subject: str) -> str:
    """A mail in a folder of the sales mailbox."""
    raw = f"From: a@b.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@b>\r\n"
    (item,) = sandbox.deliver(f"{raw}\r\nText".encode(), SALES, folder=folder)
    return item


def newest(sandbox: Sandbox, mailbox: str = SALES, folder: str = "inbox") -> dict:
    return dict(sandbox.items(mailbox, folder)[-1]["properties"])


def linked(
    world: PageWorld, number: int, address: Address | None = None
) -> tuple[Address, Entry]:
    """An entry with a mail of its customer."""
    address = address or world.address("Hans Meier", "meier@kunde.example")
    entry = world.entry(address, f"Motorboot {number}", "offerte")
    world.link(entry, world.mail(subject=f"Frage {number}"))
    return address, entry


# --- there or not -----------------------------------------------------------------


def test_without_a_demo_there_is_no_page_and_no_link(gl: Browser) -> None:
    gl.get("/demo", 404)
    gl.get("/demo/outlook", 404)
    gl.post("/demo/stoerung", 404, switch="aus")
    page = gl.get("/adressen")
    assert 'href="/demo"' not in page
    assert "demo-banner" not in page


def test_in_the_demo_every_page_says_so_and_leads_there(demo: Browser) -> None:
    page = demo.get("/adressen")
    assert "es verlassen keine Daten diesen Rechner." in page
    assert 'href="/demo"' in page
    assert "· Werft Seeblick</title>" in page


# --- what it shows ----------------------------------------------------------------


def test_the_view_shows_what_lies_in_the_mailbox_asked_for(
    demo: Browser, sandbox: Sandbox
) -> None:
    assert "Dingi vermisst" not in demo.get(SHOWN)
    put(sandbox, "inbox", "Dingi vermisst")
    for path in (SHOWN, f"/demo/outlook?postfach={SALES}"):
        assert "Dingi vermisst" in demo.get(path)
    assert "Dingi vermisst" not in demo.get(f"/demo?postfach={WORKSHOP}")


def test_only_mailboxes_of_the_demo_are_asked(demo: Browser, sandbox: Sandbox) -> None:
    put(sandbox, "inbox", "Dingi vermisst")
    assert "Dingi vermisst" in demo.get("/demo?postfach=chef@anderswo.example")


def test_the_page_stands_while_nobody_answers(app: Flask, tmp_path: Path) -> None:
    del app
    silent = browser(demo_app(tmp_path, "http://127.0.0.1:9"), "gl")
    assert "Das simulierte Exchange antwortet nicht." in silent.get("/demo")


def test_what_a_subject_holds_is_text(demo: Browser, sandbox: Sandbox) -> None:
    put(sandbox, "inbox", "<script>alert(1)</script>")
    page = demo.get(SHOWN)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_page_asks_the_database_as_often_for_many_rows(
    demo: Browser, world: PageWorld
) -> None:
    address, _ = linked(world, 0)
    few = counted(lambda: demo.get(SHOWN))
    for number in range(1, 9):
        world.address(f"Kunde {number}", f"k{number}@kunde.example")
        linked(world, number, address)
    assert counted(lambda: demo.get(SHOWN)) == few


# --- what it does -----------------------------------------------------------------


def followed(demo: Browser, path: str, **fields: object) -> str:
    """Press a button; the page it leads to, which must say what to look at."""
    page = demo.get(demo.location(path, postfach=SALES, **fields))
    assert 'id="hinweis"' in page
    return page


def test_a_customer_writes(demo: Browser, sandbox: Sandbox, world: PageWorld) -> None:
    meier = world.meier()[0].id
    page = followed(demo, "/demo/kunde", writer=meier, subject="Neues Ruder")
    assert newest(sandbox)["Subject"] == "Neues Ruder"
    assert newest(sandbox)["From"]["email"] == "meier@kunde.example"
    assert f'href="/adressen/{meier}/crm"' in page


def test_a_mail_without_subject_is_refused_and_input_kept(
    demo: Browser, sandbox: Sandbox, world: PageWorld
) -> None:
    meier = world.meier()[0].id
    answer = demo.post("/demo/kunde", 422, postfach=SALES, writer=meier, subject=" ")
    assert "Bitte füllen Sie dieses Feld aus." in answer.text
    assert sandbox.items(SALES, "inbox") == []
    demo.post("/demo/kunde", 422, postfach=SALES, writer=99, subject="Boot")
    assert sandbox.items(SALES, "inbox") == []


@pytest.mark.parametrize("new", [False, True])
def test_somebody_answers_the_entry_s_newest_mail(
    demo: Browser, sandbox: Sandbox, world: PageWorld, *, new: bool
) -> None:
    _, entry = linked(world, 1)
    mail = Message.get()
    fields = {"new_address": 1} if new else {}
    page = followed(demo, "/demo/antwort", entry=entry.number, **fields)
    raw = sandbox.item(sandbox.items(SALES, "inbox")[-1]["id"])
    assert raw is not None
    sent = message_from_bytes(raw.mime)
    assert sent["In-Reply-To"] == f"<{mail.internet_id}>"
    known = "meier@kunde.example" in sent["From"]
    assert known is not new
    assert f'href="/eintraege/{entry.number}"' in page


def test_an_answer_needs_an_entry(demo: Browser, sandbox: Sandbox) -> None:
    demo.post("/demo/antwort", 422, postfach=SALES, entry=1)
    assert sandbox.items(SALES, "inbox") == []


def test_an_employee_writes_with_a_keyword(
    demo: Browser, sandbox: Sandbox, world: PageWorld
) -> None:
    meier = world.meier()[0].id
    followed(demo, "/demo/schlagwort", writer=meier, keyword_subject="Jolle")
    sent = newest(sandbox, folder="sentitems")
    assert sent["Subject"] == "#offerte Jolle"
    assert sent["ToRecipients"][0]["email"] == "meier@kunde.example"


def test_a_mailbox_that_is_not_read_is_called_so(
    demo: Browser, world: PageWorld
) -> None:
    meier = world.meier()[0].id
    with database.transaction():
        Mailbox.update(enabled=False).where(Mailbox.address == SALES).execute()
    page = followed(demo, "/demo/kunde", writer=meier, subject="Neues Ruder")
    assert "noch nicht informiert" in page


# Tasks and appointments of real kinds come from the daemon: tests/web/test_whole_chain.


@pytest.mark.parametrize("act", ["move", "delete"])
def test_an_employee_acts_on_an_item(demo: Browser, sandbox: Sandbox, act: str) -> None:
    item = put(sandbox, "tasks", "CRM-1042 Boot bestellen")
    assert "CRM-1042 Boot bestellen" in demo.get(SHOWN)
    page = followed(demo, "/demo/klick", act=act, item=item)
    assert 'href="/eintraege/1042#aufgaben"' in page
    assert sandbox.items(SALES, "tasks") == []
    assert "Keine Aufgaben." in page


def test_what_is_gone_is_said_to_be_gone(demo: Browser) -> None:
    page = followed(demo, "/demo/klick", act="delete", item="AAA")
    assert "Das gibt es dort nicht mehr." in page
    demo.post("/demo/klick", 404, postfach=SALES, act="burn", item="AAA")


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: one.key)
def test_a_fault_is_ordered_and_taken_back(
    demo: Browser, sandbox: Sandbox, switch: object
) -> None:
    one = next(s for s in SWITCHES if s is switch)
    page = followed(demo, "/demo/stoerung", switch=one.key)
    assert [rule["kind"] for rule in sandbox.faults.listed()] == [one.kind]
    assert ("im Moment gestört" in page) is one.lasts
    if not one.lasts:
        return
    followed(demo, "/demo/stoerung", switch=one.key)
    assert len(sandbox.faults.listed()) == 1
    with database.transaction():
        Mailbox.update(status=MailboxStatus.STOPPED).execute()
    page = followed(demo, "/demo/stoerung", switch=one.key, undo=1)
    assert sandbox.faults.listed() == []
    assert "im Moment gestört" not in page
    stopped = Mailbox.select().where(Mailbox.status == MailboxStatus.STOPPED)
    assert not stopped.exists()


def test_an_unknown_fault_is_none(demo: Browser, sandbox: Sandbox) -> None:
    demo.post("/demo/stoerung", 404, postfach=SALES, switch="meteor")
    assert sandbox.faults.listed() == []


# --- hints ------------------------------------------------------------------------


def test_every_switch_has_a_hint_and_every_place_a_page(demo: Browser) -> None:
    assert {one.key for one in SWITCHES} <= set(HINTS)
    numbers = {"eintrag": "1001", "adresse": "1"}
    for name, hint in HINTS.items():
        page = demo.get(f"{SHOWN}&getan={name}&eintrag=1001&adresse=1")
        for href, text in hint.links(numbers):
            assert re.fullmatch(r"/[a-z-]+(/[a-z0-9]+)*(#[a-z]+)?", href), text
        assert 'id="hinweis"' in page


def test_a_place_without_its_number_is_no_link(demo: Browser) -> None:
    page = demo.get(f"{SHOWN}&getan=antwort")
    assert 'id="hinweis"' in page
    assert "/eintraege/{" not in page
    odd = demo.get(f"{SHOWN}&getan=antwort&eintrag={quote('../x?')}")
    assert 'href="/eintraege/../x' not in odd
