"""Verwaltung › Protokoll: every act in words, nothing told that the reader may not see."""

import ast
import csv
import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, g
from page_world import PageWorld, links, shown
from pages import Browser
from statements import counted

import crm_core
from crm_core import audit, clock
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.linking import links as mail_links
from crm_core.linking.reasons import OF_SUGGESTION, ReasonCode
from crm_core.models import (
    AuditEvent,
    Entry,
    EntryMail,
    GroupRight,
    LinkReason,
    Mailbox,
    MailboxAccess,
    Message,
    Right,
    StaffGroup,
    WebSession,
)
from crm_web.i18n import LANGUAGES, translations
from crm_web.log_words import ACTIONS, GROUPS, KINDS, detail_text

ROOT = Path(crm_core.__file__).parents[1]
SOURCES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts[1:]): file.read_text("utf-8")
    for package in ("crm_core", "crm_web", "mailsync")
    for file in sorted((ROOT / package).rglob("*.py"))
}


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def log(browser: Browser, query: str = "") -> str:
    return browser.get(f"/verwaltung/protokoll{query}")


def lines(page: str) -> str:
    return shown(page.partition("<tbody>")[2].partition("</tbody>")[0])


# --- words ------------------------------------------------------------------------


class Verbs:
    """Every act that ``audit.record`` is called with, however it gets there."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        trees = {name: ast.parse(source) for name, source in sources.items()}
        self.modules = {tree: name for name, tree in trees.items()}
        self.functions = [
            (tree, function)
            for tree in self.modules
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
        ]

    def found(self) -> set[str]:
        return {
            verb
            for tree, function in self.functions
            for call in calls(function, "audit.record")
            for verb in self.said(call.args[1], tree, function)
        }

    def said(
        self, act: ast.expr, tree: ast.Module, within: ast.FunctionDef
    ) -> set[str]:
        match act:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=one, orelse=other):
                return self.said(one, tree, within) | self.said(other, tree, within)
            case ast.Subscript(value=ast.Name(id=name)):
                return {t for d in assigned(name, tree) for t in constants(d)}
            case ast.Name(id=name):
                return self.named(name, tree, within)
        raise AssertionError(f"no act can be read from {ast.unparse(act)}")

    def named(self, name: str, tree: ast.Module, within: ast.FunctionDef) -> set[str]:
        places = [one.arg for one in within.args.args]
        if name in places or name in [one.arg for one in within.args.kwonlyargs]:
            told = [
                self.said(given(call, name, places), where, function)
                for where, function in self.functions
                for call in calls(function, self.name(tree, where, within.name))
            ]
        else:
            told = [self.said(one, tree, within) for one in assigned(name, within)]
            told += [constants(one) for one in looped(name, within)]
        assert told, f"nothing is ever {name} in {within.name}"
        return set().union(*told)

    def name(self, tree: ast.Module, where: ast.Module, name: str) -> str:
        """What a function of a module is called elsewhere."""
        return name if where is tree else f"{self.modules[tree]}.{name}"


def calls(function: ast.FunctionDef, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def given(call: ast.Call, name: str, places: list[str]) -> ast.expr:
    named = {one.arg: one.value for one in call.keywords}
    return named[name] if name in named else call.args[places.index(name)]


def assigned(name: str, within: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(within):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            yield node.value


def looped(name: str, within: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(within):
        if isinstance(node, ast.For) and name in ast.unparse(node.target).strip(
            "()"
        ).split(", "):
            yield node.iter


def constants(node: ast.expr) -> set[str]:
    return {
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


WRITTEN = Verbs(SOURCES).found()


def test_every_act_that_is_written_has_words() -> None:
    assert len(WRITTEN) > 50
    assert WRITTEN - set(ACTIONS) == set()


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n audit.record(a, 'new_act', s)",
        "def f(x):\n audit.record(a, 'old' if x else 'new_act', s)",
        "def f():\n act = 'new_act'\n audit.record(a, act, s)",
        "def g(act):\n audit.record(a, act, s)\ndef f():\n g('new_act')",
        "def g(*, act):\n audit.record(a, act, s)\ndef f():\n g(act='new_act')",
        "def f():\n for act in ('new_act',):\n  audit.record(a, act, s)",
        "D = {1: 'new_act'}\ndef f():\n audit.record(a, D[1], s)",
    ],
)
def test_an_act_without_words_would_be_seen(source: str) -> None:
    assert "new_act" in Verbs({"here": source}).found() - set(ACTIONS)


def test_all_words_are_translated_and_every_act_is_in_a_group() -> None:
    assert LANGUAGES[0] == "de"
    words = {
        *ACTIONS.values(),
        *KINDS.values(),
        *(label for label, _ in GROUPS.values()),
    }
    german = translations("de")
    same = {word for word in words if german.gettext(word) == word}
    assert same <= {"e-mail", "webhook"}
    assert {act for _, group in GROUPS.values() for act in group} == set(ACTIONS)


# --- the page ---------------------------------------------------------------------


def test_who_did_what_to_which_thing_with_links(gl: Browser, world: PageWorld) -> None:
    address, entry = world.meier()
    mail = world.mail(subject="Anfrage Mast")
    world.link(entry, mail)
    page = log(gl)
    assert "hat den Eintrag erfasst CRM-1001 Motorboot" in lines(page)
    assert "hat eine Adresse erfasst Adresse «Hans Meier»" in lines(page)
    assert "ein E-Mail verlinkt E-Mail «Anfrage Mast» CRM-1001 von Hand" in lines(page)
    assert {
        "/eintraege/1001",
        f"/adressen/{address.id}",
        f"/email/{mail.id}",
    } <= set(links(page))


def administrator(group: str = "Werkstatt") -> None:
    with transaction():
        row = StaffGroup.get(StaffGroup.name == group)
        for right in (Right.ADMINISTRATION, Right.EXPORT):
            GroupRight.create(staff_group=row, right=right)


def test_an_administrator_is_no_reader_of_mail_or_entries(
    workshop: Browser, gl: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    secret = world.mail(subject="Geheimnis")
    world.link(entry, secret)
    world.task(entry, "Geheime Aufgabe", who="gl")
    MailboxAccess.delete().where(
        MailboxAccess.staff_group == StaffGroup.get(StaffGroup.name == "Werkstatt")
    ).execute()
    administrator()
    page = log(workshop)
    assert "CRM-1001" in page
    for word in ("Motorboot", "Geheimnis", "Geheime", "von Hand"):
        assert word not in page, word
        assert word in log(gl)  # the control
    assert not {"/eintraege/1001", f"/email/{secret.id}"} & set(links(page))
    csv_text = workshop.get("/verwaltung/protokoll.csv")
    assert "Geheim" not in csv_text


def test_only_administrators_read_it(office: Browser, workshop: Browser) -> None:
    for who in (office, workshop):
        log_page = "/verwaltung/protokoll"
        who.get(log_page, 403)
        who.get(f"{log_page}.csv", 403)
        who.get(f"{log_page}/rueckgaengig", 403)
        who.post(f"{log_page}/rueckgaengig", 403)


def test_filters_stand_in_the_address(gl: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail(subject="Anfrage Mast"))
    long_ago = clock.now().replace(year=2025)
    with clock.use(lambda: long_ago), transaction():
        audit.record("mailbox:verkauf", "mailbox_stopped", "mailbox:1", detail="E101")
    assert "E101" in lines(log(gl, "?wer=mailbox:verkauf"))
    assert "Motorboot" not in lines(log(gl, "?wer=mailbox:verkauf"))
    assert "E101" in lines(log(gl, "?was=abgleich"))
    assert "angemeldet" not in lines(log(gl, "?was=abgleich"))
    only = lines(log(gl, "?gegenstand=CRM-1001"))
    assert "Motorboot" in only
    assert "angemeldet" not in only
    assert "E101" in lines(log(gl, "?bis=2025-12-31"))
    assert "Motorboot" not in lines(log(gl, "?bis=2025-12-31"))
    assert "E101" not in lines(log(gl, "?von=2026-01-01"))
    assert "hat ein Postfach" in lines(log(gl, "?gegenstand=mailbox:1"))
    for nothing in ("?gegenstand=%25", "?wer=niemand", "?gegenstand=x'y:"):
        assert "Keine Treffer." in log(gl, nothing)
    assert 'value="CRM-1001"' in log(gl, "?gegenstand=CRM-1001")


def test_what_programs_did_can_be_filtered(gl: Browser, world: PageWorld) -> None:
    world.meier()
    found = lines(log(gl, "?wer=programme&was=verwaltung"))
    assert "hat ein Konto erstellt" in found
    assert "hat sich angemeldet" not in lines(log(gl, "?wer=programme"))


def test_unreadable_filters_and_pages_do_no_harm(gl: Browser) -> None:
    log(gl, "?von=31.12.2025&bis=9999-99-99&was=%00&gegenstand=%00")
    log(gl, "?von=0001-01-01&bis=9999-12-31")
    gl.get("/verwaltung/protokoll?vor=x", 422)


def test_pages_follow_one_another_without_gap(gl: Browser, world: PageWorld) -> None:
    with transaction():
        for number in range(120):
            audit.record("test", "note_added", "list:x", detail=f"Nr{number}")
    seen, query = "", "?wer=programme&was=eintraege"
    for _ in range(3):
        page = log(gl, query)
        seen += lines(page) + " "
        more = [link for link in links(page) if "vor=" in link]
        query = (
            more[0].removeprefix("/verwaltung/protokoll") if more else "?wer=niemand"
        )
    assert [n for n in range(120) if f"Nr{n} " not in f"{seen} "] == []
    assert seen.count("Nr") == 120


def test_a_page_costs_the_same_however_many_things(
    gl: Browser, world: PageWorld
) -> None:
    def more(name: str) -> None:
        address = world.address(name, f"{name}@kunde.example")
        entry = world.entry(address, name, "offerte")
        mail = world.mail(f"{name}@kunde.example", name)
        world.link(entry, mail)
        world.task(entry, name, who="gl")
        world.link_document(entry, world.document(name))

    for name in "abcdefghij":
        more(name)
    few = counted(lambda: log(gl))
    for name in "klmn":
        more(name)
    assert counted(lambda: log(gl)) == few


# --- CSV --------------------------------------------------------------------------


def test_the_csv_is_complete_safe_and_stands_in_the_log(
    gl: Browser, world: PageWorld
) -> None:
    world.address("=1+1", "x@y.example")
    text = gl.get("/verwaltung/protokoll.csv?was=adressen").removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert header == ["Zeit", "Wer", "Was", "Gegenstand", "Eintrag", "Angaben"]
    assert [row[3] for row in rows] == ["Adresse «=1+1»"]
    (said,) = AuditEvent.select().where(AuditEvent.action == "list_exported")
    assert said.subject == "list:protokoll"


def test_csv_and_undoing_ask_for_the_password_again(gl: Browser) -> None:
    ago = clock.now() - accounts.PROOF_LASTS - timedelta(minutes=1)
    WebSession.update(proved_at=ago).execute()
    for path in (".csv", "/rueckgaengig"):
        answer = gl.client.get(
            f"/verwaltung/protokoll{path}", base_url="https://localhost"
        )
        assert answer.headers["Location"].startswith("/bestaetigen")
    gl.get("/verwaltung/protokoll")  # reading it does not


# --- undoing ----------------------------------------------------------------------


def linked_by_mailbox(world: PageWorld) -> tuple[Entry, Message]:
    _, entry = world.meier()
    mail = world.mail(subject="Anfrage")
    with transaction():
        mail_links.link_mail(
            entry,
            mail,
            reason=LinkReason.TOKEN,
            actor="mailbox:verkauf",
            evidence="[CRM-1001]",
        )
    return entry, mail


UNDO = "/verwaltung/protokoll/rueckgaengig"


def test_what_a_mailbox_did_is_shown_then_undone(gl: Browser, world: PageWorld) -> None:
    linked_by_mailbox(world)
    box = Mailbox.get(Mailbox.slug == "verkauf").id
    page = gl.get(f"{UNDO}?postfach={box}&seit=1.1.2020")
    assert "CRM-1001 Motorboot" in shown(page)
    assert "durch Nummer im Betreff [CRM-1001]" in shown(page)
    assert EntryMail.get().removed_at is None
    until = page.partition('name="bis" value="')[2].partition('"')[0]
    fields = {"postfach": box, "seit": "1.1.2020", "bis": until}
    where = gl.location(UNDO, **fields)
    assert EntryMail.get().removed_by == "user:gl"
    page = gl.get(where)
    assert "Rückgängig gemacht: 1 Verlinkung; abgeschlossen: 0 Einträge." in page
    assert "hat rückgängig gemacht, was ein Postfach ausgelöst hatte" in page


def test_what_came_after_the_preview_stays(gl: Browser, world: PageWorld) -> None:
    linked_by_mailbox(world)
    box = Mailbox.get(Mailbox.slug == "verkauf").id
    fields = {"postfach": box, "seit": "1.1.2020"}
    gl.post(UNDO, **fields, bis="2021-01-01T00:00:00+00:00")
    assert EntryMail.get().removed_at is None


def test_undoing_needs_mailbox_and_moment(gl: Browser) -> None:
    answer = gl.post(UNDO, 422, postfach="99", seit="irgendwann")
    assert "«irgendwann» ist kein Datum" in answer.text
    gl.get(f"{UNDO}?postfach=x", 422)
    assert "Nichts:" in gl.get(f"{UNDO}?postfach=1&seit=1.1.2020")


def test_a_reader_without_the_entry_sees_no_title_in_the_preview(
    workshop: Browser, world: PageWorld
) -> None:
    linked_by_mailbox(world)
    administrator()
    box = Mailbox.get(Mailbox.slug == "verkauf").id
    page = workshop.get(f"{UNDO}?postfach={box}&seit=1.1.2020")
    assert "CRM-1001" in page
    assert "Motorboot" not in page


def test_a_day_that_says_nothing_is_told_and_filters_nothing(gl: Browser) -> None:
    page = log(gl, "?von=neulich&bis=heute")
    assert "«neulich» ist kein Datum" in page
    assert lines(page) == lines(log(gl, "?bis=heute"))


SUGGESTED = (
    *OF_SUGGESTION.values(),
    ReasonCode.ONLY_OPEN_ENTRY,
    ReasonCode.SIMILAR_SUBJECT,
    ReasonCode.DOCUMENT_NUMBER,
)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("code", SUGGESTED)
def test_what_a_suggestion_rested_on_is_said_in_words(
    app: Flask, code: ReasonCode, language: str
) -> None:
    with app.test_request_context():
        g.language = language
        said = detail_text("mail_linked", f"suggestion {code}")
    assert said.startswith(
        {"de": "nach Vorschlag (", "en": "by suggestion ("}[language]
    )
    assert code not in said
    assert "?" not in said  # the log keeps no name
