"""A newcomer follows the origin sentence by sentence in the running demo.

Each step says in words of its own what the sentence promises, does it, and returns what
showed it. A sentence without a step is a failure.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from demo_visit import (
    DOMAIN,
    Demo,
    colleague,
    demo,
    free_port,
    prove,
    visitor,
)
from newcomer import Story, choose_subtag, in_days

SENTENCES = tuple(f"S{number}" for number in range(1, 22))
CUSTOMER, IMPORTER, AUTHORITY = "Ruth Meier", "Nordboot Import AG", "Schifffahrtsamt"
TITLE, QUESTION, OFFER = "Neues Tenderboot", "Tender gesucht", "Lieferfrist Tender"
EXAMPLES = ("Offerte erstellen", "Beim Kunden nachfragen",
            "Mit dem Kunden einen Termin vereinbaren", "Boot bestellen")  # fmt: skip
TRIAL = "Probefahrt mit Tender"


Step = Callable[[Story], str]
STEPS: dict[str, tuple[str, Step]] = {}


def sentence(number: str, paraphrase: str) -> Callable[[Step], Step]:
    """The step of a sentence, with what it promises."""

    def add(step: Step) -> Step:
        STEPS[number] = (paraphrase, step)
        return step

    return add


@sentence("S1", "Am Anfang steht die Adresse des Kunden, um den es geht")
def the_address(story: Story) -> str:
    guest = story.guest
    story.customer = guest.address(CUSTOMER)
    guest.press(CUSTOMER, role="link")
    assert guest.page.inner_text("h1").startswith(CUSTOMER)
    return f"die Seite von {CUSTOMER}"


@sentence("S2", "Im Register «CRM» beginnt «Neu» einen Vorgang")
def new(story: Story) -> str:
    if not story.guest.page.url.endswith("/crm"):
        story.guest.press("CRM", role="link")
    story.guest.press("Neu", role="link")
    assert "/eintraege/neu" in story.guest.page.url
    assert CUSTOMER in story.guest.page.inner_text("main form")
    return "das leere Formular mit der Adresse darin"


@sentence("S3", "Was Pflicht ist, wird verlangt; dann lässt sich speichern")
def save(story: Story) -> str:
    guest = story.guest
    guest.press("Speichern")
    refused = guest.page.locator("#form-errors").inner_text()
    assert "Bitte" in refused
    guest.page.fill("#f-title", TITLE)
    choose_subtag(guest, "offerte")
    guest.press("Speichern")
    found = re.search(r"/eintraege/(\d+)", guest.page.url)
    assert found is not None, guest.page.inner_text("main")
    story.entry = int(found[1])
    return f"erst die Hinweise an den Feldern, dann CRM-{story.entry}"


@sentence("S4", "E-Mails, Rapporte und Lieferscheine lassen sich dazulegen")
def link(story: Story) -> str:
    story.mail_from(CUSTOMER, QUESTION)
    story.link("e-mails", QUESTION, "checkbox")
    for number in ("RA-2610", "LS-2612"):
        story.guest.wait_for(f"/belege?q={number}", number)
        story.link(f"belege?q={number}", number, "checkbox")
    shown = story.guest.open(story.path)
    for sign in (QUESTION, "RA-2610", "LS-2612"):
        assert sign in shown
    return "ein E-Mail, RA-2610 und LS-2612 stehen im Eintrag"


@sentence("S5", "Antworten kommen von selbst in den Eintrag")
def answers(story: Story) -> str:
    guest = story.guest

    def answerable() -> str:
        guest.open(guest.outlook("verkauf"))
        return str(guest.page.inner_text("#f-entry"))

    assert f"CRM-{story.entry}" in answerable()
    guest.page.select_option("#f-entry", str(story.entry))
    guest.press("Antwort senden")
    shown = guest.wait_for(story.path, f"Re: {QUESTION}")
    assert "Antwort auf" in shown
    return "«Re: …» steht nach Sekunden darin, mit dem Grund «Antwort auf …»"


@sentence("S6", "Der Beleg zeigt seinerseits den Eintrag")
def documents(story: Story) -> str:
    for path in ("rapport/RA-2610", "lieferschein/LS-2612"):
        assert f"CRM-{story.entry}" in story.guest.open(f"/belege/{path}")
    return "die Seiten von RA-2610 und LS-2612"


@sentence("S7", "Importeur und Amt werden Beteiligte desselben Eintrags")
def participants(story: Story) -> str:
    for name in (IMPORTER, AUTHORITY):
        story.link(
            f"beteiligte?q={name.split()[0]}".replace(" ", "+"), name, "checkbox"
        )
    shown = story.guest.open(story.path)
    assert IMPORTER in shown
    assert AUTHORITY in shown
    return f"{IMPORTER} und {AUTHORITY} unter «Beteiligte»"


@sentence("S8", "Auch was die Beteiligten schreiben, lässt sich verlinken")
def their_mail(story: Story) -> str:
    story.mail_from(IMPORTER, OFFER)
    story.link("e-mails", OFFER, "checkbox")
    assert OFFER in story.guest.open(story.path)
    return f"«{OFFER}» von {IMPORTER} im Eintrag"


@sentence("S9", "Jede beteiligte Adresse führt den Eintrag auf")
def everywhere(story: Story) -> str:
    for name in (CUSTOMER, IMPORTER, AUTHORITY):
        number = story.guest.address(name)
        assert TITLE in story.guest.open(f"/adressen/{number}/crm")
    return "das Register «CRM» aller drei Adressen"


@sentence("S10", "Unter den Adressen bekommen Mitarbeitende ihre Aufgaben")
def below(story: Story) -> str:
    page = story.guest.page
    story.guest.open(story.path)
    tops = [
        page.locator(f"#{one}").bounding_box()["y"]
        for one in ("beteiligte", "aufgaben")
    ]
    assert tops == sorted(tops)
    offered = page.locator("#f-employee").inner_text()
    assert "Mirjam Keller" in offered
    return "«Aufgaben» unter «Beteiligte», zu vergeben an alle Mitarbeitenden"


@sentence("S11", "Zum Beispiel offerieren, nachfragen, Termin vereinbaren, bestellen")
def examples(story: Story) -> str:
    for number, title in enumerate(EXAMPLES):
        story.assign(title, "keller", in_days(3 + number))
    shown = story.guest.open(story.path)
    assert all(title in shown for title in EXAMPLES)
    return "vier Aufgaben dieser Namen für Mirjam Keller"


@sentence(
    "S12", "«Erledigen bis» kommt in die Aufgabenliste, wo ein Postfach dafür ist"
)
def due_by(story: Story) -> str:
    story.guest.in_part(
        "keller", "tasks", lambda text: all(one in text for one in EXAMPLES)
    )
    story.assign("Halle wischen", "baumann", in_days(2))
    assert story.state("Halle wischen").startswith("ohne Outlook")
    return "die Aufgabenliste von Keller; bei Baumann «ohne Outlook»"


@sentence("S13", "«Erledigen am» kommt in den Kalender, unter derselben Bedingung")
def do_on(story: Story) -> str:
    story.assign(TRIAL, "keller", f"{in_days(6)} 14:00", "am")
    shown = story.guest.in_part("keller", "calendar", lambda text: TRIAL in text)
    assert f"{in_days(6)}, 14:00" in shown
    story.assign("Steg streichen", "baumann", in_days(2), "am")
    assert story.state("Steg streichen").startswith("ohne Outlook")
    return "der Kalender von Keller zur rechten Zeit; bei Baumann «ohne Outlook»"


@sentence("S14", "Erledigt wird im CRM, und Outlook folgt")
def done(story: Story) -> str:
    guest, title = story.guest, EXAMPLES[0]
    listed = guest.in_part("keller", "tasks", lambda text: title in text)
    assert "offen" in listed.split(title)[1][:60]
    guest.open(story.path)
    guest.press(f"Erledigt: {title}")
    guest.in_part(
        "keller", "tasks", lambda text: "erledigt" in text.split(f"{title} ·")[1][:60]
    )
    return "im Outlook steht die Aufgabe erst als offen, dann als erledigt"


@sentence("S15", "«Erledigen am» ist im Outlook ein Termin, keine Aufgabe")
def appointment(story: Story) -> str:
    listed = story.guest.in_part("keller", "tasks", lambda text: EXAMPLES[3] in text)
    assert TRIAL not in listed
    assert story.state(TRIAL).startswith("im Kalender")
    return "im Kalender, nicht in der Aufgabenliste"


@sentence("S16", "Gruppen, Tags und Subtags richten sich nach dem Betrieb")
def three_levels(story: Story) -> str:
    file = story.guest.demo.folder / "eigene.yaml"
    file.write_text(
        "groups:\n  - key: kurse\n    name: Segelkurse\n"
        "    access: {GL: full, Administration: full, Werkstatt: none}\n"
        "    tags:\n      - key: schein\n        name: Schein\n"
        "        subtags:\n          - {key: theorie, name: Theoriekurs}\n"
    )
    story.guest.demo.command("taxonomy", "import", str(file))
    shown = prove(story.guest, "/verwaltung/gruppen-tags")
    for level in ("Segelkurse", "Schein", "Theoriekurs", "Verkauf", "Boot", "Offerte"):
        assert level in shown
    return "«Gruppen, Tags, Subtags» mit einer eigenen Gruppe aus einer Datei"


@sentence("S17", "Gewählt wird immer ein Subtag")
def always_a_subtag(story: Story) -> str:
    page = story.guest.page
    story.guest.open(f"/eintraege/neu?adresse={story.customer}")
    paths = page.eval_on_selector_all(
        "select[name=subtag] option", "all => all.map(o => o.textContent.trim())"
    )
    chosen = [path for path in paths if path not in {"", "Bitte wählen"}]
    assert any("Segelkurse › Schein › Theoriekurs" in path for path in chosen)
    assert all(path.count("›") == 2 for path in chosen)
    page.fill("#f-title", "Ohne Subtag")
    story.guest.press("Speichern")
    assert "/eintraege/neu" in page.url or page.locator("#e-subtag").count()
    return f"{len(set(chosen))} Subtags zur Wahl, und ohne einen wird nicht gespeichert"


@sentence("S18", "Alle E-Mail-Adressen des Betriebs stehen in einer Liste")
def all_addresses(story: Story) -> str:
    running = story.guest.demo
    listed = (running.folder / "mailboxes.yaml").read_text()
    running.command("check-config")
    boxes = {one["address"] for one in running.json("status", fails=True)["mailboxes"]}
    assert len(boxes) == 6
    assert all(address in listed for address in boxes)
    shown = prove(story.guest, "/verwaltung/postfaecher")
    assert all(address in shown for address in boxes)
    return "sechs Adressen in mailboxes.yaml und unter «Postfächer»"


@sentence("S19", "GL, Administration und Werkstatt dürfen Verschiedenes")
def groups(story: Story) -> str:
    shown = prove(story.guest, "/verwaltung/benutzer/gruppen")
    for group in ("GL", "Administration", "Werkstatt"):
        assert group in shown
    with colleague(story.guest, "Werkstatt") as other:
        assert other.status(story.path) == 404
    with colleague(story.guest, "Administration") as other:
        assert other.status(story.path) == 200
    return "die Rechte der Gruppen; die Werkstatt sieht die Offerte nicht"


@sentence("S20", "Gelesen wird ein Postfach erst, wenn die Person informiert ist")
def informed(story: Story) -> str:
    boxes = story.guest.demo.json("status", fails=True)["mailboxes"]
    state = {one["address"]: one["state"] for one in boxes}
    assert state[f"baumann@{DOMAIN}"] == "not_informed"
    assert state[f"keller@{DOMAIN}"] == "ok"
    shown = prove(story.guest, "/verwaltung/postfaecher")
    assert "Wartet auf Datenschutz-Info" in shown
    assert "privat" in story.guest.open("/datenschutz")
    assert "Postfach" in story.guest.open("/datenschutz/info")
    return "Baumanns Postfach wartet; der Text zum Abgeben unter «Datenschutz»"


@sentence("S21", "Wer Aufgaben und Termine bekommt, wird je Person bestimmt")
def who_takes_part(story: Story) -> str:
    file = story.guest.demo.folder / "mailboxes.yaml"
    before = file.read_text()
    (line,) = (one for one in before.splitlines() if "frei@" in one)
    off = line.replace("tasks: true", "tasks: false")
    assert off != line
    file.write_text(before.replace(line, off))
    story.guest.demo.command("check-config")
    story.assign("Werkzeug ordnen", "frei", in_days(5))
    story.assign("Kran warten", "frei", f"{in_days(5)} 08:00", "am")
    story.guest.in_part("frei", "calendar", lambda text: "Kran warten" in text)
    assert story.state("Werkzeug ordnen").startswith("ohne Outlook")
    return "eine Zeile in mailboxes.yaml: Frei bekommt Termine, keine Aufgaben"


def missing_steps(steps: dict[str, tuple[str, Step]]) -> list[str]:
    """The sentences that nothing follows."""
    return [one for one in SENTENCES if one not in steps]


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    with demo("--port", str(free_port()), "--no-browser") as found:
        yield found


def test_the_origin_can_be_followed_sentence_by_sentence(
    running: Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert missing_steps(STEPS) == []
    with visitor(running, "GL") as guest:
        story = Story(guest)
        for number in SENTENCES:
            paraphrase, step = STEPS[number]
            shown = step(story)
            with capsys.disabled():
                print(f"\n{number} {paraphrase}: shown by {shown}", end="")


def test_a_sentence_without_a_step_is_noticed() -> None:
    """Red control."""
    without = {number: step for number, step in STEPS.items() if number != "S7"}
    assert missing_steps(without) == ["S7"]
