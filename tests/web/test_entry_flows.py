"""The entry's flows in Chromium, with their presses counted and the policy in force.

A press is a trusted ``pointerdown``; typing, Tab and Enter are free. Nothing may break
the page's Content-Security-Policy or ask another host.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from both_languages import in_english
from flask import Flask
from page_world import PageWorld
from presses import COUNTER, count_from_now, presses
from served import served, signed_in

from crm_core.access.viewer import viewer_of
from crm_core.database import transaction
from crm_core.models import (
    Account,
    DocumentKind,
    Entry,
    EntryDocument,
    EntryMail,
    Task,
)
from crm_core.queries import entry_thread
from crm_core.records import documents, entries


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    with served(app) as (url, _):
        yield url


@dataclass
class Desk:
    """A signed-in page that counts presses and notes what must not happen."""

    page: Any
    base: str
    language: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)
        count_from_now(self.page)

    def presses(self) -> int:
        return presses(self.page)

    def press(self, name: str, *, role: str = "button", exact: bool = True) -> None:
        self.page.get_by_role(role, name=self.say(name), exact=exact).first.click()

    def say(self, german: str) -> str:
        """What this desk's language calls it."""
        return german if self.language == "de" else in_english(german)

    def settle(self) -> None:
        self.page.wait_for_load_state("load")


@pytest.fixture(params=["de", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Every flow is pressed in both."""
    return str(request.param)


@pytest.fixture
def desk(
    chromium: Any, base: str, language: str, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    Account.update(language=language).execute()
    script = getattr(request, "param", True)
    size = {"width": 1280, "height": 900}
    with signed_in(
        chromium, base, "frei", java_script_enabled=script, viewport=size
    ) as page:
        found = Desk(page, base, language)
        page.on(
            "console",
            lambda m: (
                found.problems.append(m.text) if "Content Security" in m.text else 0
            ),
        )
        page.on(
            "request",
            lambda r: 0 if r.url.startswith(base) else found.problems.append(r.url),
        )
        page.on("pageerror", lambda e: found.problems.append(str(e)))
        if script:
            page.add_init_script(COUNTER)
        yield found
        assert found.problems == []


def mails(entry: Entry) -> set[int]:
    from crm_core.access import staff

    page = entry_thread.page(viewer_of(staff.by_key("gl")), entry)
    return {i.id for i in page.items if isinstance(i, entry_thread.ThreadMail)}


def test_f1_an_entry_from_the_address_in_four_presses(
    desk: Desk, world: PageWorld
) -> None:
    address = world.address("Hans Meier")
    desk.open(f"/adressen/{address.id}")
    desk.press("CRM", role="link")
    desk.press("Neu", role="link")
    desk.page.wait_for_url("**/eintraege/neu**")
    desk.page.keyboard.type("Motor läuft unrund")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("off")
    desk.page.get_by_role("option", name="Verkauf › Boot › Offerte").click()
    desk.press("Speichern")
    desk.page.wait_for_url("**/eintraege/1001")
    assert desk.presses() == 4
    entry = entries.by_number(1001)
    assert (entry.title, entry.subtag.key) == ("Motor läuft unrund", "offerte")
    assert entry.responsible.key == "frei"


def test_f1_works_with_the_keyboard_alone(desk: Desk, world: PageWorld) -> None:
    address = world.address("Hans Meier")
    desk.open(f"/adressen/{address.id}/crm")
    desk.page.keyboard.press("n")
    desk.page.wait_for_url("**/eintraege/neu**")
    desk.page.keyboard.type("Boot")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("ver boo")
    desk.page.get_by_role("option").first.wait_for()
    desk.page.wait_for_function(
        "document.querySelectorAll('[role=option]').length === 1"
    )
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url("**/eintraege/1001")
    assert desk.presses() == 0


def test_f2_an_entry_from_an_unassigned_mail_in_three_presses(
    desk: Desk, world: PageWorld
) -> None:
    world.address("Hans Meier", "meier@kunde.example")
    mail = world.mail(subject="Persenning")
    desk.open("/nicht-zugeordnet")
    desk.press("Neuer Eintrag aus «Persenning»", role="link")
    desk.page.wait_for_url("**/eintraege/neu**")
    desk.page.keyboard.press("Tab")  # the title in focus is the mail's subject
    desk.page.keyboard.type("off")
    desk.page.get_by_role("option", name="Verkauf › Boot › Offerte").click()
    desk.press("Speichern")
    desk.page.wait_for_url("**/eintraege/1001")
    assert desk.presses() == 3
    entry = entries.by_number(1001)
    assert (entry.title, entry.subtag.key) == ("Persenning", "offerte")
    assert [one.address.name for one in entry.participants] == ["Hans Meier"]
    assert mails(entry) == {mail.id}


def test_f3_a_mail_is_linked_in_three_presses(desk: Desk, world: PageWorld) -> None:
    _, entry = world.meier()
    mail = world.mail(subject="Persenning")
    desk.open("/eintraege/1001")
    desk.press("E-Mail verlinken", role="link")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("Persenning").click()
    dialog.get_by_role("button", name=desk.say("Verlinken")).click()
    desk.page.get_by_text(desk.say("1 E-Mail verlinkt.")).wait_for()
    assert desk.presses() == 3
    assert mails(entry) == {mail.id}


def test_f3_a_mail_that_is_not_offered_is_searched_in_one_press_more(
    desk: Desk, world: PageWorld
) -> None:
    """Among all mails, where the participants' own mails are offered first."""
    _, entry = world.meier()
    world.mail(subject="Persenning")
    mail = world.mail("werft@fremd.example", "Kranplatz")
    desk.open("/eintraege/1001")
    desk.press("E-Mail verlinken", role="link")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("Persenning").wait_for()
    assert dialog.get_by_text("Kranplatz").count() == 0
    desk.page.keyboard.type("kranpl")  # the search has the focus; Enter sends it
    dialog.get_by_label(desk.say("in allen E-Mails")).click()
    desk.page.keyboard.press("Enter")
    dialog.get_by_text("Kranplatz").click()
    dialog.get_by_role("button", name=desk.say("Verlinken")).click()
    desk.page.get_by_text(desk.say("1 E-Mail verlinkt.")).wait_for()
    assert desk.presses() == 3 + 1
    assert mails(entry) == {mail.id}


def test_f3_where_nothing_is_offered_all_mails_are_one_press_more(
    desk: Desk, world: PageWorld
) -> None:
    _, entry = world.meier()
    mail = world.mail("werft@fremd.example", "Kranplatz")
    world.mail("werft@fremd.example", "Persenning")
    desk.open("/eintraege/1001")
    desk.press("E-Mail verlinken", role="link")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text(desk.say("Keine offenen E-Mails dieser Beteiligten.")).wait_for()
    dialog.get_by_role("link", name=desk.say("In allen suchen")).click()
    dialog.get_by_text("Persenning").wait_for()
    desk.page.keyboard.type("kranpl")
    desk.page.keyboard.press("Enter")
    dialog.get_by_text("Persenning").wait_for(state="detached")
    dialog.get_by_text("Kranplatz").click()
    dialog.get_by_role("button", name=desk.say("Verlinken")).click()
    desk.page.get_by_text(desk.say("1 E-Mail verlinkt.")).wait_for()
    assert desk.presses() == 3 + 1
    assert mails(entry) == {mail.id}


def test_f6_a_participant_in_three_presses(desk: Desk, world: PageWorld) -> None:
    world.meier()
    world.importer()
    desk.open("/eintraege/1001")
    desk.press("Beteiligten hinzufügen", role="link")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_placeholder(desk.say("Name, Nummer, E-Mail, Ort")).wait_for()
    desk.page.keyboard.type("marine")
    dialog.get_by_text("Marine Import AG").click()
    dialog.get_by_role("button", name=desk.say("Hinzufügen")).click()
    desk.page.get_by_text(desk.say("Marine Import AG ist jetzt beteiligt.")).wait_for()
    assert desk.presses() == 3


def test_f7_a_task_to_me_in_one_press(desk: Desk, world: PageWorld) -> None:
    world.meier()
    desk.open("/eintraege/1001")
    desk.page.keyboard.press("a")
    desk.page.keyboard.type("Anrufen")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("+3")
    desk.page.locator("#when-echo", has_text="202").wait_for()
    desk.press("Hinzufügen")
    desk.page.get_by_text(desk.say("Aufgabe an frei zugewiesen.")).wait_for()
    assert desk.presses() == 1
    assert Task.get().title == "Anrufen"


def test_f8_an_appointment_for_a_colleague_in_four_presses(
    desk: Desk, world: PageWorld
) -> None:
    world.meier()
    desk.open("/eintraege/1001")
    desk.page.keyboard.press("a")
    desk.page.keyboard.type("Probefahrt")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("+3 14:00")
    who = desk.page.get_by_label(desk.say("Wer"), exact=True)
    who.click()
    assert desk.presses() == 1
    who.select_option("keller")
    desk.page.get_by_label(desk.say("Erledigen am")).check()
    desk.press("Hinzufügen")
    desk.page.get_by_text(desk.say("Aufgabe an keller zugewiesen.")).wait_for()
    # The list of names is the browser's own: the page hears no pointerdown in it.
    chosen_in_the_list = 1
    assert desk.presses() + chosen_in_the_list == 4
    assert Task.get().employee.key == "keller"
    assert Task.get().starts_at is not None


def test_f9_done_in_one_press_and_f10_the_state_is_visible(
    desk: Desk, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.task(entry, "Anrufen", "frei")
    desk.open("/eintraege/1001")
    assert desk.page.get_by_text(desk.say("ohne Outlook")).is_visible()
    desk.press("Erledigt: Anrufen")
    desk.page.get_by_text(desk.say("«Anrufen» ist erledigt.")).wait_for()
    assert desk.presses() == 1
    assert desk.page.get_by_role(
        "button", name=desk.say("Rückgängig: Anrufen")
    ).is_visible()


def test_f12_a_document_is_linked_in_three_presses(
    desk: Desk, world: PageWorld
) -> None:
    world.meier()
    with transaction():
        documents.upsert(
            DocumentKind.REPORT, "R-2231", title="Service", actor="erp",
            dated_on=date(2026, 11, 9),
        )  # fmt: skip
    desk.open("/eintraege/1001")
    desk.press("Beleg verlinken", role="link")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_placeholder(desk.say("Nummer oder Titel")).wait_for()
    desk.page.keyboard.type("2231")
    dialog.get_by_text(f"{desk.say('Rapport')} R-2231").click()
    dialog.get_by_role("button", name=desk.say("Verlinken")).click()
    desk.page.get_by_text(
        desk.say(f"{desk.say('Rapport')} R-2231 verlinkt.")
    ).wait_for()
    assert desk.presses() == 3
    assert EntryDocument.select().count() == 1


def test_f17_a_wrong_automatic_link_is_undone_in_one_press(
    desk: Desk, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    world.mail("neu@fremd.example", "AW: Boot", answers=first)
    world.link(entry, first)
    desk.open("/eintraege/1001")
    assert desk.page.get_by_text(
        desk.say("Antwort auf E-Mail vom X (Message-ID)").partition("X")[0]
    ).first.is_visible()  # F18
    desk.press("Verlinkung lösen: neuer Absender neu@fremd.example")
    desk.page.get_by_text(
        desk.say("Die Verlinkung ist gelöst und bleibt es.")
    ).wait_for()
    assert desk.presses() == 1
    assert mails(entry) == {first.id}


def test_a_dialog_gives_the_focus_back_to_its_opener(
    desk: Desk, world: PageWorld
) -> None:
    world.meier()
    desk.open("/eintraege/1001")
    opener = desk.page.get_by_role("link", name=desk.say("Beteiligten hinzufügen"))
    opener.focus()
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("dialog").wait_for()
    desk.page.keyboard.press("Escape")
    assert opener.evaluate("el => el === document.activeElement")


@pytest.mark.parametrize("desk", [False], indirect=True)
def test_the_whole_chain_works_without_javascript(desk: Desk, world: PageWorld) -> None:
    address = world.address("Hans Meier", "meier@kunde.example")
    world.importer()
    mail = world.mail(subject="Persenning")
    world.document("R-1", "Service")
    page = desk.page
    page.goto(f"{desk.base}/adressen/{address.id}/crm")
    desk.press("Neu", role="link")
    page.get_by_label(desk.say("Titel")).fill("Motor")
    page.get_by_label(desk.say("Subtag")).select_option(
        label="Verkauf › Boot › Offerte"
    )
    desk.press("Speichern")
    desk.press("E-Mail verlinken", role="link")
    page.get_by_label("Persenning").check()
    desk.press("Verlinken")
    desk.press("Beteiligten hinzufügen", role="link")
    page.get_by_placeholder(desk.say("Name, Nummer, E-Mail, Ort")).fill("marine")
    page.get_by_role("search", name=desk.say("Adresse suchen")).get_by_role(
        "button"
    ).click()
    page.get_by_label("Marine Import AG").check()
    desk.press("Hinzufügen")
    page.get_by_label(desk.say("Neue Aufgabe")).fill("Offerte erstellen")
    page.locator("#f-when").fill("Fr")
    desk.press("Hinzufügen")
    desk.press("Erledigt: Offerte erstellen")
    desk.press("Beleg verlinken", role="link")
    page.get_by_placeholder(desk.say("Nummer oder Titel")).fill("R-1")
    page.get_by_role("search", name=desk.say("Beleg suchen")).get_by_role(
        "button"
    ).click()
    page.get_by_label(f"{desk.say('Rapport')} R-1").check()
    desk.press("Verlinken")
    assert page.get_by_text(
        desk.say(f"{desk.say('Rapport')} R-1 verlinkt.")
    ).is_visible()
    assert EntryMail.get().anchor_id == mail.id
    assert Task.get().done_at is not None


def test_a_press_is_counted_red_control(desk: Desk, world: PageWorld) -> None:
    world.meier()
    desk.open("/eintraege/1001")
    desk.press("Beteiligten hinzufügen", role="link")
    desk.page.get_by_role("dialog").get_by_text(desk.say("Abbrechen")).click()
    assert desk.presses() == 2


def test_the_language_is_switched_in_one_press(desk: Desk, world: PageWorld) -> None:
    world.meier()
    desk.open("/eintraege/1001")
    other = {"de": "en", "en": "de"}[desk.language]
    desk.page.get_by_role(
        "button", name={"de": "Deutsch", "en": "English"}[other]
    ).click()
    desk.page.wait_for_selector(f"html[lang^={other}]")
    assert desk.presses() == 1
    desk.language = other
    assert desk.page.get_by_role("heading", name=desk.say("Beteiligte")).is_visible()
    assert desk.page.url.endswith("/eintraege/1001")
