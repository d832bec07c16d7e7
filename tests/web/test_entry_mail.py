"""Linking mail to an entry, taking it out and back, held mail, participants by chip."""

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser
from statements import counted

from crm_core.access.viewer import viewer_of
from crm_core.models import (
    Entry,
    EntryMail,
    EntryMailState,
    EntryMailVerdict,
    Message,
    Participant,
    Verdict,
)
from crm_core.queries import entry_thread


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def mails_of(entry: Entry) -> set[int]:
    from crm_core.access import staff

    page = entry_thread.page(viewer_of(staff.by_key("gl")), entry)
    return {i.id for i in page.items if isinstance(i, entry_thread.ThreadMail)}


# --- linking ----------------------------------------------------------------------


def test_offered_is_unlinked_mail_of_all_participants_with_its_reason(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.participant(entry, world.importer())
    world.mail(subject="Vom Kunden")
    world.mail("info@import.example", "Vom Importeur")
    world.mail("wer@fremd.example", "Von niemandem")
    page = shown(office.get("/eintraege/1001/e-mails"))
    assert "von oder an Hans Meier (meier@kunde.example)" in page
    assert "Vom Importeur" in page
    assert "Von niemandem" not in page
    assert "Von niemandem" in office.get("/eintraege/1001/e-mails?alle=1")
    assert "Vom Kunden" not in office.get("/eintraege/1001/e-mails?alle=1&q=niemandem")


def test_without_open_mail_the_search_in_all_is_offered(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    page = office.get("/eintraege/1001/e-mails")
    assert "Keine offenen E-Mails dieser Beteiligten." in page
    assert "/eintraege/1001/e-mails?alle=1" in links(page)


def test_linking_one_mail_links_all_its_answers(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    answers = [world.mail(answers=first) for _ in range(3)]
    page = shown(office.get("/eintraege/1001/e-mails"))
    assert "+ 3 weitere E-Mails der Unterhaltung werden mitverlinkt" in page
    office.post("/eintraege/1001/e-mails", mail=answers[-1].id)
    assert mails_of(entry) == {first.id, *(a.id for a in answers)}
    later = world.mail(answers=answers[-1])
    assert later.id in mails_of(entry)
    assert "1 E-Mail verlinkt." in office.get("/eintraege/1001")


def test_several_mails_are_linked_by_one_press(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    wanted = [world.mail(subject=f"Nr. {n}").id for n in range(3)]
    office.post("/eintraege/1001/e-mails", mail=wanted)
    assert mails_of(entry) == set(wanted)


def test_no_mail_ticked_is_told(office: Browser, world: PageWorld) -> None:
    world.meier()
    world.mail()
    answer = office.post("/eintraege/1001/e-mails", 422)
    assert "Bitte kreuzen Sie mindestens ein E-Mail an." in answer.text


def test_a_mail_of_another_entry_stays_there_too_unless_moved(
    office: Browser, world: PageWorld
) -> None:
    address, first = world.meier()
    second = world.entry(address, "Zweites", "offerte")
    mail = world.mail(subject="Boot")
    world.link(first, mail)
    page = shown(office.get("/eintraege/1002/e-mails?alle=1"))
    assert "schon in CRM-1001" in page
    assert "auch hier verlinken" in page
    office.post("/eintraege/1002/e-mails", mail=mail.id)
    assert mails_of(first) == mails_of(second) == {mail.id}
    third = world.entry(address, "Drittes", "offerte")
    office.post("/eintraege/1003/e-mails", mail=mail.id, elsewhere="move")
    assert mails_of(third) == {mail.id}
    assert mails_of(first) == mails_of(second) == set()


def test_mail_is_not_moved_out_of_an_entry_that_is_only_to_be_read(
    office: Browser, world: PageWorld
) -> None:
    address, mine = world.meier()
    theirs = world.entry(address)
    mail = world.mail()
    world.link(theirs, mail)
    office.post("/eintraege/1001/e-mails", 403, mail=mail.id, elsewhere="move")
    assert mails_of(mine) == set()
    assert mails_of(theirs) == {mail.id}


def test_a_mail_out_of_sight_cannot_be_linked(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    mail = world.mail(confidential=True)
    office.post("/eintraege/1001/e-mails", 404, mail=mail.id)
    office.post("/eintraege/1001/e-mails", 404, mail=4711)
    assert EntryMail.select().count() == 0


def test_the_dialog_is_the_same_form_without_the_frame(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    world.mail()
    for path in ("e-mails", "beteiligte", "belege"):
        answer = office.client.get(
            f"/eintraege/1001/{path}",
            base_url="https://localhost",
            headers={"X-Dialog": "1"},
        )
        assert "<html" not in answer.text
        assert "<h1" not in answer.text
        assert f"/eintraege/1001/{path}" in actions(answer.text)


def test_choices_cost_the_same_for_many_mails(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    world.mail()
    few = counted(lambda: office.get("/eintraege/1001/e-mails"))
    for number in range(15):
        world.mail(subject=f"Nr. {number}")
    assert counted(lambda: office.get("/eintraege/1001/e-mails")) == few


# --- taking out -------------------------------------------------------------------


def test_the_new_sender_is_taken_out_by_one_press_beside_the_mark(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    strange = world.mail("neu@fremd.example", answers=first)
    world.link(entry, first)
    page = office.get("/eintraege/1001")
    mark = page.index("neuer Absender")
    act = f"/eintraege/1001/e-mails/{strange.id}/loesen"
    assert act in page[mark : mark + 400]
    office.post(act)
    assert mails_of(entry) == {first.id}
    verdict = EntryMailVerdict.get(EntryMailVerdict.message == strange)
    assert (verdict.verdict, verdict.by) == (Verdict.EXCLUDE, "user:frei")


def test_what_was_taken_out_can_be_linked_again(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    second = world.mail(answers=first)
    world.link(entry, first)
    office.post(f"/eintraege/1001/e-mails/{second.id}/loesen")
    page = office.get("/eintraege/1001")
    assert "Herausgenommen (1)" in page
    assert "von frei" in shown(page)
    office.post(f"/eintraege/1001/e-mails/{second.id}/wieder")
    assert mails_of(entry) == {first.id, second.id}


def test_a_whole_conversation_is_taken_out_and_stays_out(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    world.mail(answers=first)
    world.link(entry, first)
    page = office.get("/eintraege/1001")
    assert "Ganze Unterhaltung lösen (2)" in page
    office.post(f"/eintraege/1001/e-mails/{first.id}/loesen", whole="1")
    assert mails_of(entry) == set()
    world.mail(answers=first)
    assert mails_of(entry) == set()
    assert "ganze Unterhaltung, von frei" in shown(office.get("/eintraege/1001"))


def test_unlinking_what_is_not_linked_is_not_found(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    office.post(f"/eintraege/1001/e-mails/{world.mail().id}/loesen", 404)


# --- held back --------------------------------------------------------------------


@pytest.fixture
def held(world: PageWorld) -> Message:
    """A mail of another customer in a linked conversation."""
    _, entry = world.meier()
    world.importer()
    first = world.mail()
    mail = world.mail("info@import.example", "AW: Boot", answers=first)
    world.link(entry, first)
    assert EntryMailState.get().hold is not None
    return mail


def test_held_mail_stands_apart_and_says_why(office: Browser, held: Message) -> None:
    page = shown(office.get("/eintraege/1001"))
    assert "Zurückgehalten (1)" in page
    assert (
        "Zurückgehalten, weil : von Marine Import AG, hier nicht beteiligt" in page
        or "Zurückgehalten, weil: von Marine Import AG, hier nicht beteiligt" in page
    )


def test_held_mail_can_be_linked_anyway(office: Browser, held: Message) -> None:
    office.post(f"/eintraege/1001/e-mails/{held.id}/zeigen")
    assert held.id in mails_of(Entry.get())
    assert Participant.select().count() == 1


def test_the_sender_of_held_mail_takes_part_by_one_press(
    office: Browser, held: Message
) -> None:
    page = office.get("/eintraege/1001")
    assert "Marine Import AG hinzufügen und verlinken" in page
    office.post(f"/eintraege/1001/e-mails/{held.id}/zeigen", address=2)
    assert held.id in mails_of(Entry.get())
    assert Participant.select().count() == 2


def test_held_mail_can_be_left_out_for_good(office: Browser, held: Message) -> None:
    office.post(f"/eintraege/1001/e-mails/{held.id}/weglassen")
    page = office.get("/eintraege/1001")
    assert "Zurückgehalten (" not in page
    assert "Herausgenommen (1)" in page


def test_acts_on_held_mail_need_the_right_to_change(
    workshop: Browser, held: Message
) -> None:
    for act in ("zeigen", "weglassen", "loesen", "wieder"):
        workshop.post(f"/eintraege/1001/e-mails/{held.id}/{act}", 404)


# --- participants -----------------------------------------------------------------


def test_likely_participants_are_offered_first(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.importer()
    world.address("Ganz Fremd")
    first = world.mail(to=["verkauf@werft.example", "info@import.example"])
    world.link(entry, first)
    page = shown(office.get("/eintraege/1001/beteiligte"))
    assert "Marine Import AG Lieferant in einem E-Mail hier" in page
    assert "Ganz Fremd" not in page
    assert "Hans Meier" not in page
    assert "Ganz Fremd" in office.get("/eintraege/1001/beteiligte?q=fremd")
    assert "Ganz Fremd" in office.get("/eintraege/1001/beteiligte/auswahl?q=fremd")


def test_a_participant_shows_the_entry_and_its_mail_can_be_linked(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    importer = world.importer()
    mail = world.mail("info@import.example", "Lieferung")
    assert "Lieferung" not in office.get("/eintraege/1001/e-mails")
    office.post("/eintraege/1001/beteiligte", address=importer.id)
    assert "Marine Import AG ist jetzt beteiligt." in office.get("/eintraege/1001")
    assert "Motorboot" in office.get(f"/adressen/{importer.id}/crm")
    assert "Lieferung" in office.get("/eintraege/1001/e-mails")
    office.post("/eintraege/1001/e-mails", mail=mail.id)
    assert mail.id in mails_of(entry)


def test_no_pick_and_an_unknown_address_are_told(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    answer = office.post("/eintraege/1001/beteiligte", 422)
    assert "Bitte wählen Sie eine Adresse." in answer.text
    office.post("/eintraege/1001/beteiligte", 404, address=4711)


def test_a_known_sender_takes_part_by_one_press_on_the_chip(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    mail = world.mail("info@import.example", answers=first)
    world.link(entry, first)
    importer = world.importer()  # known only since
    page = office.get("/eintraege/1001")
    assert "Marine Import AG als Beteiligte hinzufügen" in page or (
        "hinzufügen und verlinken" in page
    )
    office.post("/eintraege/1001/beteiligte", address=importer.id)
    assert mail.id in mails_of(entry)


def test_an_unknown_sender_becomes_an_address_that_takes_part(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail()
    world.mail("neu@pruefstelle.example", answers=first, name="Prüfstelle")
    world.link(entry, first)
    (chip,) = [u for u in links(office.get("/eintraege/1001")) if "/adressen/neu" in u]
    page = office.get(chip)
    assert "neu@pruefstelle.example" in page
    assert 'value="Prüfstelle"' in page
    where = office.location(
        "/adressen/neu", name="Prüfstelle", role="authority",
        emails="neu@pruefstelle.example", entry="1001",
    )  # fmt: skip
    assert where == "/eintraege/1001"
    page = shown(office.get(where))
    assert "Prüfstelle Amt" in page
    assert "neuer Absender" not in page


def test_a_participant_can_go_but_not_the_last_one(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    importer = world.importer()
    world.participant(entry, importer)
    office.post(f"/eintraege/1001/beteiligte/{address.id}/entfernen")
    assert "Hans Meier ist nicht mehr beteiligt." in office.get("/eintraege/1001")
    office.post(f"/eintraege/1001/beteiligte/{importer.id}/entfernen")
    page = office.get("/eintraege/1001")
    assert "Ein Eintrag behält mindestens eine Beteiligte" in page
    assert Participant.select().count() == 1
