"""Strings that break programs come back from every text field unchanged and harmless."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from html import unescape
from pathlib import Path
from random import Random
from typing import Any

import permission_table
import pytest
from busy_world import BusyWorld
from flask import Flask
from mail_content import store
from markupsafe import Markup, escape
from page_world import PageWorld
from pages import PASSWORD, TUESDAY, Browser
from screens import QUERIES, rules_of
from text_fields import SeenForm, SeenPage, rule_of, squeezed

from crm_core import audit, clock, database, search
from crm_core.access import people, staff
from crm_core.models import (
    Address,
    ApiToken,
    Employee,
    Entry,
    Message,
    Note,
    StaffGroup,
    Subtag,
    Tag,
    TagGroup,
    Task,
)
from crm_core.queries.entry_page import MOST_CHANGES
from crm_core.records import addresses, tasks
from crm_core.records.schedule import due_by
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
    office: Browser, naughty: list[str], whole_corpus: bool
) -> None:
    harmless = tags(office.get("/suche?q=nichts"))
    for text in naughty if whole_corpus else naughty[::8]:
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
    for text in naughty[::15]:
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
    for text in naughty[::15]:
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


# -- through the forms ----------------------------------------------------------------

PLAIN = "Schlichter Text"
ONE_LINE, A_REMARK, A_TEXT, A_NAME = 200, 10_000, 20_000, 80
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SAMPLE = 6  # other strings for every form, in a normal run
# What the corpus has not: our own limits, line ends, ways out of our own markup.
OUR_OWN = (
    "Zeile eins\r\nZeile zwei",
    "vor\0nach",
    "x" * 81,
    "x" * 201,
    '"><svg onload=alert(1)>',
    "</textarea></select></form><script>alert(1)</script>",
    "javascript:alert(1)//%(name)s %s {{ 7*7 }} {% x %}",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "<!-- --><base href=//x.example><meta http-equiv=refresh content=0>",
)


@dataclass(frozen=True, slots=True)
class TextField:
    """A text field of a form, and what its program documents of what it keeps."""

    name: str
    longest: int = ONE_LINE
    required: bool = False
    squeezes: bool = False  # blanks within count as one
    again: str = ""  # what it is called where it is changed, as a pattern
    is_shown: bool = True  # on another page too, not only in the form
    blamed: str = ""  # the field where a refusal stands; «» = the same
    in_outlook: bool = False  # composed (NFC), and without what no server takes

    def is_refused(self, text: str) -> bool:
        kept = self.kept(text)
        return (self.required and not kept) or len(kept) > self.longest

    def kept(self, text: str) -> str:
        """Without NUL, with \\n for ends of lines, without blanks around it."""
        plain = text.replace("\0", "").replace("\r\n", "\n").strip()
        if self.in_outlook:
            plain = _NOT_IN_XML.sub("", unicodedata.normalize("NFC", plain))
        if self.squeezes:
            plain = squeezed(plain)
        return plain


@dataclass(frozen=True, slots=True)
class Screen:
    """A form, what else it needs, and the pages that show what was typed.

    ``{id}`` and ``{number}`` are those of the row: the newest of ``model``.
    """

    rule: str
    page: str
    fields: tuple[TextField, ...]
    model: type[Any]  # a model with an id
    read: str = ""  # the form that shows it again
    shown: tuple[str, ...] = ()
    fill: Mapping[str, str] = dataclass_field(default_factory=dict)
    makes: bool = False  # a new row, taken away again before the next
    told: bool = False  # a refusal stands on top of the page that it leads back to

    @property
    def name(self) -> str:
        return f"{self.rule}: {', '.join(one.name for one in self.fields)}"


_ADDRESS = (
    TextField("name", required=True),
    *map(TextField, ("number", "company", "street", "zip_code", "city", "phone")),
    TextField("remark", A_REMARK),
)
_ENTRY = (TextField("title", required=True), TextField("description", A_TEXT))
_LEVEL = (
    TextField("name", A_NAME, required=True, squeezes=True),
    TextField("name_en", A_NAME, squeezes=True, is_shown=False),
)
_OFFERED = tuple(  # empty lines are left out, the next ones move up
    TextField(name, squeezes=True, is_shown=False, again=r"task-\d+", blamed="task-0")
    for name in ("task-0", "task-1")
)
_TASK = (TextField("title", required=True, squeezes=True, in_outlook=True),)
_PERSON = (TextField("name", A_NAME, required=True, squeezes=True),)
_TREE, _PEOPLE = "/verwaltung/gruppen-tags", "/verwaltung/benutzer"
_GROUPS = f"{_PEOPLE}/gruppen"
_TOKENS = "/verwaltung/schnittstellen"

SCREENS = (
    Screen("/adressen/neu", "/adressen/neu", _ADDRESS, Address,
           "/adressen/{id}/bearbeiten", ("/adressen/{id}", "/adressen"),
           {"role": "customer"}, makes=True),
    Screen("/adressen/<int:address_id>/bearbeiten", "/adressen/{id}/bearbeiten",
           _ADDRESS, Address, "/adressen/{id}/bearbeiten",
           ("/adressen/{id}", "/adressen")),
    Screen("/eintraege/neu", "/eintraege/neu?adresse=1",
           (*_ENTRY, TextField("note", A_TEXT)), Entry,
           "/eintraege/{number}/bearbeiten", ("/eintraege/{number}",),
           {"subtag": "offerte", "responsible": "gl"}, makes=True),
    Screen("/eintraege/<int:number>/bearbeiten", "/eintraege/{number}/bearbeiten",
           _ENTRY, Entry, "/eintraege/{number}/bearbeiten",
           ("/eintraege/{number}", "/eintraege"), {"responsible": "gl"}),
    Screen("/eintraege/<int:number>/notiz", "/eintraege/1001",
           (TextField("note", A_TEXT, required=True),), Note,
           shown=("/eintraege/1001",), makes=True, told=True),
    Screen("/eintraege/<int:number>/aufgaben", "/eintraege/1001", _TASK, Task,
           "/aufgaben/{id}", ("/eintraege/1001", "/aufgaben", "/aufgaben/liste"),
           {"when": "morgen"}, makes=True),
    Screen("/aufgaben/<int:task_id>/aendern", "/aufgaben/{id}", _TASK, Task,
           "/aufgaben/{id}", ("/eintraege/1001", "/aufgaben/woche"), told=True),
    Screen(f"{_TREE}/gruppe/neu", f"{_TREE}/gruppe/neu", _LEVEL, TagGroup,
           f"{_TREE}/gruppe/{{id}}", (_TREE, _GROUPS), makes=True),
    Screen(f"{_TREE}/gruppe/<int:id_>", f"{_TREE}/gruppe/{{id}}", _LEVEL, TagGroup,
           f"{_TREE}/gruppe/{{id}}", (_TREE, _GROUPS)),
    Screen(f"{_TREE}/tag/neu", f"{_TREE}/tag/neu?gruppe=1", _LEVEL, Tag,
           f"{_TREE}/tag/{{id}}", (_TREE,), makes=True),
    Screen(f"{_TREE}/tag/<int:id_>", f"{_TREE}/tag/{{id}}", _LEVEL, Tag,
           f"{_TREE}/tag/{{id}}", (_TREE,)),
    Screen(f"{_TREE}/subtag/neu", f"{_TREE}/subtag/neu?tag=1", (*_LEVEL, *_OFFERED),
           Subtag, f"{_TREE}/subtag/{{id}}", (_TREE,), makes=True),
    Screen(f"{_TREE}/subtag/<int:id_>", f"{_TREE}/subtag/{{id}}",
           (*_LEVEL, *_OFFERED), Subtag, f"{_TREE}/subtag/{{id}}", (_TREE,)),
    Screen(f"{_GROUPS}/neu", _GROUPS,
           (TextField("new", A_NAME, required=True, squeezes=True,
                      again="name-{id}"),),
           StaffGroup, _GROUPS, (f"{_PEOPLE}/neu",), makes=True),
    Screen(f"{_GROUPS}/<int:group_id>/name", _GROUPS,
           (TextField("name-{id}", A_NAME, required=True, squeezes=True),),
           StaffGroup, _GROUPS, (f"{_PEOPLE}/neu",)),
    Screen(f"{_PEOPLE}/neu", f"{_PEOPLE}/neu", _PERSON, Employee,
           f"{_PEOPLE}/{{id}}", (_PEOPLE, "/eintraege/1001"),
           {"key": "neue", "password": PASSWORD}, makes=True),
    Screen(f"{_PEOPLE}/<int:employee_id>", f"{_PEOPLE}/{{id}}", _PERSON, Employee,
           f"{_PEOPLE}/{{id}}", (_PEOPLE, "/eintraege/1001")),
    Screen(f"{_TOKENS}/schluessel", f"{_TOKENS}/schluessel",
           (TextField("name", required=True, squeezes=True),), ApiToken,
           shown=(_TOKENS,), makes=True),
)  # fmt: skip

# Fields that take one shape only: whatever is typed is refused at the field, and kept
# there, or means what it says. (page, field, what else the form needs)
SHAPED = {
    ("/adressen/neu", "emails"): ("/adressen/neu", {"name": "X", "role": "customer"}),
    ("/adressen/neu", "domains"): ("/adressen/neu", {"name": "X", "role": "customer"}),
    ("/adressen/<int:address_id>/bearbeiten", "emails"): ("/adressen/1/bearbeiten", {}),
    ("/adressen/<int:address_id>/bearbeiten", "domains"): (
        "/adressen/1/bearbeiten",
        {},
    ),
    ("/eintraege/neu", "follow_up_on"): (
        "/eintraege/neu?adresse=1",
        {"title": "X", "subtag": "offerte", "responsible": "gl"},
    ),
    ("/eintraege/<int:number>/bearbeiten", "follow_up_on"): (
        "/eintraege/1001/bearbeiten",
        {"responsible": "gl"},
    ),
    ("/eintraege/<int:number>/aufgaben", "when"): ("/eintraege/1001", {"title": "X"}),
    (f"{_TREE}/subtag/neu", "keywords"): (f"{_TREE}/subtag/neu?tag=1", {"name": "X"}),
    (f"{_TREE}/subtag/<int:id_>", "keywords"): (f"{_TREE}/subtag/1", {}),
    (f"{_TREE}/subtag/<int:id_>", "days-0"): (f"{_TREE}/subtag/1", {"task-0": "X"}),
    (f"{_PEOPLE}/neu", "key"): (f"{_PEOPLE}/neu", {"name": "X", "password": PASSWORD}),
    (f"{_TOKENS}/webhooks", "url"): (f"{_TOKENS}/webhooks", {}),
}

_SAME_LINE = "a further line of task-0"
_SECRET = "a password: never shown again"
LEFT_OUT = {
    ("/anmelden", "login"): "signs in, stores nothing",
    ("/anmelden", "password"): _SECRET,
    ("/bestaetigen", "password"): _SECRET,
    ("/profil/passwort", "old"): _SECRET,
    ("/profil/passwort", "password"): _SECRET,
    ("/profil/passwort", "repeated"): _SECRET,
    ("/profil/passwort", "username"): "for password managers, read by nothing",
    (f"{_PEOPLE}/neu", "password"): _SECRET,
    (f"{_PEOPLE}/<int:employee_id>/passwort", "password"): _SECRET,
    (f"{_PEOPLE}/<int:employee_id>/konto", "password"): _SECRET,
    ("/aufgaben/<int:task_id>/aendern", "when"): "a date",
    (f"{_TREE}/subtag/neu", "days-#"): "a number, as in the form of a stored one",
    ("/verwaltung/postfaecher/<slug>/erstabgleich", "since"): "a date",
    (f"{_TOKENS}/webhooks/<int:webhook_id>", "url"): "as of a new webhook",
}


def corpus_of(naughty: list[str], of: str, *, whole: bool) -> list[str]:
    """Storable strings, no two of which a taxonomy would call the same name."""
    texts = {search.fold(squeezed(text)): text for text in map(_sendable, naughty)}
    found = [text for text in texts.values() if text.strip()]
    if not whole:
        found = Random(of).sample(found, SAMPLE)
    return [*found, *OUR_OWN, "   "]


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@dataclass(slots=True)
class Sender:
    """Fills in the form of a screen, and looks at what came back."""

    app: Flask
    browser: Browser
    screen: Screen
    id: int = 0
    number: int = 0

    def prepare(self) -> None:
        """What there is to be changed; the pages as they look with plain values."""
        if not self.screen.makes:
            self._point_at_newest()

    def _point_at_newest(self) -> None:
        model = self.screen.model
        row = model.select().order_by(model.id.desc()).get()
        self.id, self.number = row.id, getattr(row, "number", 0)

    def path(self, text: str) -> str:
        return text.format(id=self.id, number=self.number)

    def look(self, path: str) -> SeenPage:
        return SeenPage(self.browser.get(self.path(path)))

    def send(self, values: Mapping[str, str]) -> tuple[int, SeenPage]:
        """Status and page; a redirect is left alone."""
        seen = form_of(self.app, self.look(self.screen.page), self.screen.rule)
        data = {**seen.values(), **self.screen.fill}
        data |= {self.path(name): value for name, value in values.items()}
        answer = self.browser.client.post(
            seen.action,
            data=data,
            base_url="https://localhost",
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        return answer.status_code, SeenPage(answer.text)

    def round(self, values: Mapping[str, str]) -> list[SeenPage]:
        """Send what is accepted; the pages that show it, the form to change it first."""
        status, page = self.send(values)
        assert status in {200, 303}, (
            self.screen.rule,
            values,
            [t for t in page.texts if t.strip()],
        )
        if self.screen.makes:
            self._point_at_newest()
        read = [self.screen.read] if self.screen.read else []
        return [self.look(path) for path in (*read, *self.screen.shown)]

    def take_away(self) -> None:
        if self.screen.makes:
            with database.transaction():
                self.screen.model.get_by_id(self.id).delete_instance(recursive=True)


def form_of(app: Flask, page: SeenPage, rule: str) -> SeenForm:
    """The form of a page that leads to a rule."""
    forms = [form for form in page.forms if form.method == "post"]
    return next(form for form in forms if rule_of(app, form.action) == rule)


def harm(page: SeenPage, plain: SeenPage) -> list[str]:
    """Tags, attributes, handlers, addresses that the page with a plain value has not."""
    more = page.skeleton - plain.skeleton
    return [*page.hazards, *(f"<{tag}>" for tag in more)]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_every_text_of_a_form_comes_back(
    app: Flask,
    tuesday: None,
    gl: Browser,
    world: PageWorld,
    naughty: list[str],
    whole_corpus: bool,
    figures: Callable[[str], None],
    screen: Screen,
) -> None:
    _company(world, screen)
    texts = corpus_of(naughty, screen.name, whole=whole_corpus)
    sender = Sender(app, gl, screen)
    sender.prepare()
    for number in range(2):  # the second time it is a changed one, as it is ever after
        plain = sender.round(
            {one.name: f"{PLAIN} {number}{one.name[-1]}" for one in screen.fields}
        )
        sender.take_away()
    sent = 0
    for turn in range(len(texts)):
        values = {
            one.name: texts[(turn + 7 * place) % len(texts)]
            for place, one in enumerate(screen.fields)
        }
        wrong = {one.name for one in screen.fields if one.is_refused(values[one.name])}
        if wrong:
            _is_refused(sender, values, wrong)
            values |= dict.fromkeys(wrong, "Ersatz")
        pages = sender.round(values)
        all_kept = all(one.kept(values[one.name]) for one in screen.fields)
        for page, before in zip(pages, plain, strict=True):
            found = harm(page, before) if all_kept else page.hazards
            assert found == [], (
                screen.rule,
                values,
                set(page.texts) - set(before.texts),
            )
        for one in screen.fields:
            _is_back(sender, one, values[one.name], pages)
        sender.take_away()
        sent += len(values)
    figures(f"{len(texts)} strings x {len(screen.fields)} fields of the form "
            f"{screen.rule}: all {sent} came back")  # fmt: skip


def _company(world: PageWorld, screen: Screen) -> None:
    """A customer, an entry, and one more of whatever is changed."""
    _, entry = world.meier()
    with database.transaction():
        for _ in range(MOST_CHANGES):  # the list of changes grows no more
            audit.record("user:gl", "entry_updated", "entry:1001", entry=entry)
        if screen.model is Task:
            tasks.assign(entry, staff.by_key("gl"), PLAIN, due_by(TUESDAY.date()),
                         actor="user:gl")  # fmt: skip
        if screen.model is StaffGroup:
            people.add_group(PLAIN, actor="user:gl")
        if screen.model is Employee:
            people.add("letzte", PLAIN, (), actor="user:gl")


def _is_refused(sender: Sender, values: Mapping[str, str], wrong: set[str]) -> None:
    """At exactly these fields, with everything that was typed."""
    status, page = sender.send(values)
    if sender.screen.told:
        assert status == 303, values
        sender.look(sender.screen.page)  # says so once
        return
    assert status == 422, (sender.screen.rule, status, values)
    form = form_of(sender.app, page, sender.screen.rule)
    asked = sender.screen.fields
    wanted = {one.blamed or one.name for one in asked if one.name in wrong}
    marked = {one.name for one in form.controls if one.invalid and one.is_typed}
    assert marked, values
    assert marked <= {*map(sender.path, wanted)}, values  # a service names the first
    for name, value in values.items():
        kept = form.control(sender.path(name)).value
        assert kept.strip() == value.strip(), (sender.screen.rule, name)
    assert page.hazards == []


def _is_back(sender: Sender, one: TextField, text: str, pages: list[SeenPage]) -> None:
    """Equal in the form; said by a page."""
    kept = one.kept(text)
    if not kept:
        return
    name = re.compile(sender.path(one.again or one.name))
    typed = [
        control
        for form in (pages[0].forms if sender.screen.read else [])
        for control in form.controls
        if control.is_typed and name.fullmatch(control.name)
    ]
    if not typed:
        assert any(page.says_exactly(kept) for page in pages), (one.name, kept)
        return
    shown = [control.value for control in typed]
    if typed[0].kind != "textarea" and "\n" in kept:  # a line has no ends of lines
        kept, shown = squeezed(kept), [*map(squeezed, shown)]
    assert kept in shown, (sender.screen.rule, one.name, kept, shown)
    assert any(page.says(kept) for page in pages[1:]) or not one.is_shown, one.name


@pytest.mark.parametrize(("rule", "name"), SHAPED)
def test_a_field_of_one_shape_refuses_or_keeps_what_is_typed(
    app: Flask,
    tuesday: None,
    gl: Browser,
    world: PageWorld,
    naughty: list[str],
    whole_corpus: bool,
    rule: str,
    name: str,
) -> None:
    world.meier()
    page, fill = SHAPED[rule, name]
    sender = Sender(app, gl, Screen(rule, page, (), Entry, fill=fill))
    refused = 0
    for turn, text in enumerate(corpus_of(naughty, rule + name, whole=whole_corpus)):
        others = {"name": f"X {turn}"} if "name" in fill else {}
        status, seen = sender.send({**others, name: text})
        assert status in {200, 303, 422}, text
        assert seen.hazards == [], text
        if status == 422:
            control = form_of(app, seen, rule).control(name)
            assert control.value.strip() == text.strip()
            refused += control.invalid
    assert refused


# -- none is forgotten ----------------------------------------------------------------


def text_fields(app: Flask, page: str) -> set[tuple[str, str]]:
    """Rule and name of every field of a page's POST forms that one can type into."""
    return {
        (rule_of(app, form.action), re.sub(r"\d+$", "#", control.name))
        for form in SeenPage(page).forms
        if form.method == "post"
        for control in form.controls
        if control.is_typed
    }


def known_fields() -> set[tuple[str, str]]:
    """Those that are sent above, and those that are left out."""
    sent = {
        (screen.rule, one.name.replace("{id}", "1"))
        for screen in SCREENS
        for one in screen.fields
    }
    return {
        (rule, re.sub(r"\d+$", "#", name)) for rule, name in {*sent, *SHAPED, *LEFT_OUT}
    }


def test_every_text_field_of_every_form_is_sent_or_left_out_with_a_reason(
    app: Flask, gl: Browser, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    filled = BusyWorld().fill(tmp_path / "blobs")
    with database.transaction():
        people.add_group(PLAIN, actor="user:gl")
        someone = people.add("letzte", PLAIN, (), actor="user:gl")
    paths = ["/eintraege/neu?adresse=1", f"{_PEOPLE}/{someone.id}"]
    paths += [
        permission_table.address(rule, filled) + QUERIES.get(rule, "")
        for rule in rules_of(app)
    ]
    found = set()
    for path in paths:
        answer = gl.client.get(path, base_url="https://localhost")
        if answer.mimetype == "text/html":
            found |= text_fields(app, answer.text)
    assert found - known_fields() == set(), "send it, or say why not"
    assert known_fields() - found == set(), "there is no such field any more"
    sent = len(found - set(LEFT_OUT))
    figures(f"text fields of forms: {len(found)}, of them {sent} sent naughty strings")


def test_a_new_text_field_would_be_missed_red_control(app: Flask) -> None:
    form = "<form method=post action=/adressen/neu>{}</form>"
    for new in ("<input name=nickname>", "<textarea name=nickname></textarea>"):
        assert text_fields(app, form.format(new)) - known_fields() == {
            ("/adressen/neu", "nickname")
        }


def test_an_unescaped_value_would_be_seen_red_control(
    gl: Browser, world: PageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = world.meier()
    path, read = f"/adressen/{address.id}", addresses.get

    def page_with(text: str) -> SeenPage:
        Address.update(company=text).where(Address.id == address.id).execute()
        return SeenPage(gl.get(path))

    def trusting(address_id: int) -> Address:
        found = read(address_id)
        found.company = Markup(found.company)
        return found

    plain = page_with(PLAIN)
    for text in ("<img src=x>", "<a href='java\tscript:x'>y</a>", "<i onclick=x>y</i>"):
        assert harm(page_with(text), plain) == []
        with monkeypatch.context() as patch:
            patch.setattr(addresses, "get", trusting)
            assert harm(page_with(text), plain), text
