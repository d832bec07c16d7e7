"""«Nicht zugeordnet»: one press each, taken back in one press, told who was quicker."""

import re

import pytest
from flask import Flask
from mail_content import store
from page_world import PageWorld, actions, links, shown
from pages import Browser, browser
from statements import counted

from crm_core import clock, database
from crm_core.linking import links as mail_links
from crm_core.models import (
    AuditEvent,
    Dmarc,
    EntryMail,
    Hold,
    IgnoredSender,
    LinkReason,
    Mailbox,
    Message,
    MessageKey,
    Participant,
    ReviewCase,
    ReviewOutcome,
    Triage,
)
from crm_core.threads import review_cases
from crm_core.threads.conversations import GUID, digest

LIST = "/nicht-zugeordnet"


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


def linked(message: Message) -> list[int]:
    rows = EntryMail.select().where(
        EntryMail.anchor == message, EntryMail.removed_at.is_null()
    )
    return [row.entry.number for row in rows]


# -- new mail ------------------------------------------------------------------------------


def test_nothing_waits(office: Browser) -> None:
    assert "Alles zugeordnet." in shown(office.get(LIST))


def test_a_mail_waits_with_its_suggestion_and_the_reason(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.mail(subject="Winterlager", name="Hans Meier")
    page = shown(office.get(LIST))
    assert "Hans Meier <meier@kunde.example>" in page
    assert f"Vorschlag: CRM-{entry.number}" in page
    assert "weil: einziger offener Eintrag von Hans Meier" in page
    assert "höchstens 90 Tage" in page


def test_the_name_of_a_sender_never_passes_for_an_address(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    world.mail(name="boss@werft.example")
    page = office.get(LIST)
    assert "boss@werft.example" not in page
    assert "meier@kunde.example" in page


def test_the_navigation_counts_what_waits(office: Browser, world: PageWorld) -> None:
    world.meier()
    world.mail()
    assert "Nicht zugeordnet 1 wartend" in shown(office.get("/suche"))


def test_one_press_links_and_one_press_takes_it_back(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    message = world.mail(subject="Winterlager")
    onward = office.location(
        f"{LIST}/{message.id}/verlinken", eintrag=entry.number, weiter=LIST
    )
    assert linked(message) == [entry.number]
    assert EntryMail.get().reason is LinkReason.SUGGESTION
    page = office.get(onward)
    assert f"«Winterlager» ist mit CRM-{entry.number} verlinkt." in shown(page)
    assert "Alles zugeordnet." in shown(page)
    undo = f"/email/{message.id}/loesen"
    assert undo in actions(page)
    back = office.location(
        undo, eintrag=entry.number, umfang="unterhaltung", weiter=LIST
    )
    assert back == LIST
    assert linked(message) == []
    assert "Winterlager" in office.get(LIST)


def test_another_entry_is_linked_by_hand(office: Browser, world: PageWorld) -> None:
    world.meier()
    other = world.entry(world.importer(), "Impeller bestellen", "offerte")
    message = world.mail(subject="Winterlager")
    page = office.get(f"{LIST}/{message.id}/anderer-eintrag?suche=impeller")
    assert f"Mit CRM-{other.number} verlinken Impeller bestellen" in shown(page)
    office.post(f"{LIST}/{message.id}/verlinken", eintrag=other.number, beteiligt="1")
    assert linked(message) == [other.number]
    assert EntryMail.get().reason is LinkReason.MANUAL
    assert Participant.select().where(Participant.entry == other).count() == 2


def test_without_a_search_the_senders_own_entries_are_offered(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.entry(world.importer(), "Impeller bestellen", "offerte")
    message = world.mail()
    page = shown(office.get(f"{LIST}/{message.id}/anderer-eintrag"))
    assert f"CRM-{entry.number}" in page
    assert "Impeller" not in page


def test_a_new_entry_begins_with_the_address_and_the_mail(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    message = world.mail()
    wanted = f"/eintraege/neu?adresse={address.id}&email={message.id}"
    assert wanted in links(office.get(LIST))


def test_an_unknown_sender_can_become_an_address(
    app: Flask, office: Browser, workshop: Browser, world: PageWorld
) -> None:
    with database.transaction():
        Mailbox.update(triage=Triage.ALL).execute()
    world.mail(sender="neu@kunde.example", name="Petra Neu")
    chip = "/adressen/neu?email=neu@kunde.example&name=Petra+Neu"
    assert chip in links(office.get(LIST))
    assert chip not in links(workshop.get(LIST))  # has no right to capture addresses


def test_somebody_quicker_is_named(
    office: Browser, gl: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    other = world.entry(address, subtag="offerte")
    message = world.mail()
    gl.post(f"{LIST}/{message.id}/verlinken", eintrag=entry.number)
    onward = office.location(f"{LIST}/{message.id}/verlinken", eintrag=other.number)
    assert onward == LIST
    assert "Dieses E-Mail wurde eben von gl verlinkt." in shown(office.get(LIST))
    assert linked(message) == [entry.number]


def test_ignored_mail_waits_no_more_and_comes_back_by_undo(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    message = world.mail(subject="Werbung")
    page = office.get(office.location(f"{LIST}/{message.id}/ignorieren"))
    assert "«Werbung» wird ignoriert." in shown(page)
    assert "Alles zugeordnet." in shown(page)
    office.post(f"{LIST}/{message.id}/wieder")
    assert "Vorschlag" in shown(office.get(LIST))


def test_a_sender_is_ignored_always_and_heeded_again(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    message = world.mail(subject="Werbung")
    page = office.get(office.location(f"{LIST}/{message.id}/absender-ignorieren"))
    assert "meier@kunde.example wird immer ignoriert." in shown(page)
    assert "Immer ignorierte Absender (1)" in shown(page)
    assert IgnoredSender.select().count() == 1
    office.post(f"{LIST}/absender-beachten", absender="meier@kunde.example")
    assert IgnoredSender.select().count() == 0
    assert "Werbung" in office.get(LIST)


def test_several_at_once_as_suggested(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    mails = [world.mail(subject=f"Frage {n}") for n in range(3)]
    without = world.mail(sender="info@fremd.example", to=("meier@kunde.example",))
    world.importer()
    ids = [str(m.id) for m in [*mails, without]]
    office.post(f"{LIST}/auswahl", mail=ids, tun="verlinken")
    assert [linked(m) for m in mails] == [[entry.number]] * 3


def test_several_at_once_ignored_and_nonsense_left_alone(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    mails = [world.mail() for _ in range(2)]
    ids = [*(str(m.id) for m in mails), "999999", "x", "-1", "9" * 30]
    office.post(f"{LIST}/auswahl", mail=ids, tun="ignorieren")
    page = shown(office.get(LIST))
    assert "2 E-Mails ignoriert." in page
    assert "Alles zugeordnet." in page


def test_the_content_is_fetched_on_demand_and_that_is_written_down(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    message = world.mail()
    assert "Inhalt ansehen" in office.get(LIST)
    office.post(f"/email/{message.id}/inhalt-ansehen")
    row = Message.get_by_id(message.id)
    assert row.body_wanted_by == "user:frei"
    assert row.body_wanted_until > clock.now()
    assert AuditEvent.select().where(AuditEvent.action == "content_wanted").count() == 1
    waiting = office.get(LIST)
    assert f'hx-get="{LIST}/{message.id}/vorschau"' in waiting
    assert 'hx-trigger="every 15s"' in waiting
    store(message, "Neu.\n\nAm 1.11.2026 schrieb Werft:\n> alt")
    part = office.get(f"{LIST}/{message.id}/vorschau")
    assert "Neu." in part
    assert "alt" not in part
    assert "hx-get" not in part


def test_a_long_list_has_pages(office: Browser, world: PageWorld) -> None:
    world.meier()
    for number in range(30):
        world.mail(subject=f"Frage {number:02}")
    first = office.get(LIST)
    assert "Frage 29" in first
    assert "Frage 04" not in first
    (more,) = {link for link in links(first) if "vor=" in link}
    assert "Frage 04" in office.get(more)


def test_a_page_that_does_not_exist_is_refused(office: Browser) -> None:
    office.get(f"{LIST}?vor=quatsch", 422)


def test_the_number_of_queries_does_not_grow(office: Browser, world: PageWorld) -> None:
    world.meier()
    store(world.mail(), "Text")
    office.get(LIST)
    few = counted(lambda: office.get(LIST))
    for number in range(20):
        store(world.mail(subject=f"Frage {number}"), "Text")
    assert counted(lambda: office.get(LIST)) == few


# -- who may -------------------------------------------------------------------------------


def test_of_a_mailbox_without_access_nothing_waits(
    workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    message = world.mail()
    assert "Winterlager" not in workshop.get(LIST)
    database.execute("DELETE FROM mailbox_access")
    assert "Alles zugeordnet." in shown(workshop.get(LIST))
    for act in ("ignorieren", "absender-ignorieren", "wieder"):
        workshop.post(f"{LIST}/{message.id}/{act}", 404)
    workshop.get(f"{LIST}/{message.id}/anderer-eintrag", 404)
    workshop.get(f"{LIST}/{message.id}/vorschau", 404)
    workshop.post(f"/email/{message.id}/inhalt-ansehen", 404)


def test_a_hidden_entry_cannot_be_linked_to(
    workshop: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    hidden = world.entry(address, subtag="offerte")
    message = world.mail()
    workshop.post(f"{LIST}/{message.id}/verlinken", 404, eintrag=hidden.number)
    workshop.post(f"{LIST}/{message.id}/verlinken", 404, eintrag="x")
    assert linked(message) == []


def test_an_entry_that_may_only_be_read_is_neither_offered_nor_linked(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    readable = world.entry(address, subtag="stoerung")
    message = world.mail()
    assert f"CRM-{readable.number}" not in office.get(LIST)
    office.post(f"{LIST}/{message.id}/verlinken", 403, eintrag=readable.number)


# -- held mail -----------------------------------------------------------------------------


def held(world: PageWorld, **columns: object) -> tuple[int, Message]:
    """An entry with a linked mail, and an answer to it that is held back."""
    address, _ = world.meier()
    entry = world.entry(address, subtag="offerte")
    first = world.mail(subject="Offerte")
    world.link(entry, first)
    reply = world.mail(subject="AW: Offerte", answers=first, **columns)
    with database.transaction():
        from crm_core.linking import holds

        holds.settle([reply.conversation_id])
    return entry.number, reply


def test_held_mail_says_for_which_entry_and_why(
    office: Browser, world: PageWorld
) -> None:
    number, _ = held(world, dmarc=Dmarc.FAIL)
    page = shown(office.get(f"{LIST}/zurueckgehalten"))
    assert f"Zurückgehalten für CRM-{number}" in page
    assert "weil: Absender nicht bestätigt (DMARC)" in page


def test_held_mail_is_shown_all_the_same(office: Browser, world: PageWorld) -> None:
    number, reply = held(world, dmarc=Dmarc.FAIL)
    office.post(f"{LIST}/{reply.id}/trotzdem", eintrag=number)
    page = shown(office.get(f"{LIST}/zurueckgehalten"))
    assert "Nichts ist zurückgehalten." in page
    assert f"Mit CRM-{number} verlinkt." in page


def test_held_mail_is_taken_out_for_good(office: Browser, world: PageWorld) -> None:
    number, reply = held(world, dmarc=Dmarc.FAIL)
    office.post(f"{LIST}/{reply.id}/nicht-verlinken", eintrag=number)
    assert "Nichts ist zurückgehalten." in shown(office.get(f"{LIST}/zurueckgehalten"))
    ((hold,),) = database.execute(
        "SELECT hold FROM entry_mail_state WHERE message_id = ?", (reply.id,)
    )
    assert hold == Hold.EXCLUDED.value


def test_another_customer_is_added_and_linked_in_one_press(
    office: Browser, world: PageWorld
) -> None:
    importer = world.importer()
    number, reply = held(world, sender="info@import.example")
    page = office.get(f"{LIST}/zurueckgehalten")
    assert "Beteiligten hinzufügen und verlinken" in page
    office.post(f"{LIST}/{reply.id}/beteiligten", eintrag=number, adresse=importer.id)
    assert "Nichts ist zurückgehalten." in shown(office.get(f"{LIST}/zurueckgehalten"))
    assert Participant.select().where(Participant.address == importer).count() == 1


def test_held_mail_that_somebody_has_placed_meanwhile_is_told(
    office: Browser, gl: Browser, world: PageWorld
) -> None:
    number, reply = held(world, dmarc=Dmarc.FAIL)
    gl.post(f"{LIST}/{reply.id}/trotzdem", eintrag=number)
    office.post(f"{LIST}/{reply.id}/trotzdem", eintrag=number)
    page = shown(office.get(f"{LIST}/zurueckgehalten"))
    assert re.search("hält dieses E-Mail nicht mehr zurück", page)


def test_held_mail_of_hidden_entries_does_not_exist(
    workshop: Browser, world: PageWorld
) -> None:
    number, reply = held(world, dmarc=Dmarc.FAIL)
    page = shown(workshop.get(f"{LIST}/zurueckgehalten"))
    assert "Nichts ist zurückgehalten." in page
    for act in ("trotzdem", "nicht-verlinken", "beteiligten"):
        workshop.post(f"{LIST}/{reply.id}/{act}", 404, eintrag=number)


# -- review cases --------------------------------------------------------------------------


def bridge(world: PageWorld, *, guid: bool = False) -> tuple[int, Message, Message]:
    """Two linked conversations and a mail that would join them; the case's id."""
    address, _ = world.meier()
    one, two = (world.entry(address, subtag="offerte") for _ in range(2))
    first, second = world.mail(subject="Mast"), world.mail(subject="Segel")
    world.link(one, first)
    world.link(two, second)
    reply = world.mail(subject="AW: Mast", answers=first)
    with database.transaction():
        for key in MessageKey.select().where(MessageKey.message == second):
            if not guid:
                MessageKey.create(message=reply, key=key.key, kind=key.kind)
        if guid:
            key = digest(GUID, b"0123456789abcdef", b"meier@kunde.example")
            for message in (reply, second):
                MessageKey.create(message=message, key=key, kind=GUID)
        review_cases.open_bridge(
            reply.id, [first.conversation_id, second.conversation_id]
        )
    return ReviewCase.get().id, first, second


def test_no_review_cases(office: Browser) -> None:
    assert "Keine Prüffälle." in shown(office.get(f"{LIST}/prueffaelle"))


def test_a_review_case_shows_both_sides_and_what_joins_them(
    office: Browser, world: PageWorld
) -> None:
    case, _, _ = bridge(world)
    assert f"{LIST}/prueffaelle/{case}" in links(office.get(f"{LIST}/prueffaelle"))
    page = shown(office.get(f"{LIST}/prueffaelle/{case}"))
    assert "Unterhaltung A" in page
    assert "Unterhaltung B" in page
    assert "es bezieht sich auf E-Mails beider Seiten (Message-ID)" in page
    assert "Schlüssel ungültig" not in page


def test_merging_makes_one_conversation(office: Browser, world: PageWorld) -> None:
    case, first, second = bridge(world)
    office.post(f"{LIST}/prueffaelle/{case}/zusammenlegen")
    assert ReviewCase.get().outcome is ReviewOutcome.MERGED
    homes = {Message.get_by_id(m.id).conversation_id for m in (first, second)}
    assert len(homes) == 1
    assert "Zusammengelegt." in shown(office.get(f"{LIST}/prueffaelle"))


def test_left_apart_stays_apart(office: Browser, world: PageWorld) -> None:
    case, _, _ = bridge(world)
    office.post(f"{LIST}/prueffaelle/{case}/getrennt")
    assert ReviewCase.get().outcome is ReviewOutcome.APART


def test_a_decided_case_is_told_not_decided_twice(
    office: Browser, gl: Browser, world: PageWorld
) -> None:
    case, _, _ = bridge(world)
    gl.post(f"{LIST}/prueffaelle/{case}/getrennt")
    office.post(f"{LIST}/prueffaelle/{case}/zusammenlegen")
    assert ReviewCase.get().outcome is ReviewOutcome.APART
    page = shown(office.get(f"{LIST}/prueffaelle"))
    assert "ist schon entschieden." in page


def test_a_shared_thread_index_can_be_declared_void(
    office: Browser, world: PageWorld
) -> None:
    case, _, _ = bridge(world, guid=True)
    page = shown(office.get(f"{LIST}/prueffaelle/{case}"))
    assert "der gleiche Thread-Index" in page
    assert "Schlüssel ungültig machen («gehört einem Formular»)" in page


def test_where_mails_cite_one_another_no_key_can_be_void(
    office: Browser, world: PageWorld
) -> None:
    case, _, _ = bridge(world)
    office.post(f"{LIST}/prueffaelle/{case}/ungueltig")
    assert ReviewCase.get().outcome is None


def test_a_case_about_hidden_entries_does_not_exist(
    workshop: Browser, world: PageWorld
) -> None:
    case, _, _ = bridge(world)
    assert "Keine Prüffälle." in shown(workshop.get(f"{LIST}/prueffaelle"))
    workshop.get(f"{LIST}/prueffaelle/{case}", 404)
    for act in ("zusammenlegen", "getrennt", "ungueltig", "eintrag"):
        workshop.post(f"{LIST}/prueffaelle/{case}/{act}", 404)
    assert ReviewCase.get().outcome is None


def test_a_case_about_entries_that_may_only_be_read_is_decided_by_others(
    app: Flask, world: PageWorld
) -> None:
    case, _, _ = bridge(world)
    database.execute("UPDATE entry SET subtag_id = (SELECT id FROM subtag WHERE "
                     "key = 'stoerung')")  # fmt: skip
    office = browser(app, "frei")
    assert "jemand anderes muss entscheiden" in shown(
        office.get(f"{LIST}/prueffaelle/{case}")
    )
    office.post(f"{LIST}/prueffaelle/{case}/zusammenlegen", 403)


def test_a_subject_that_names_two_entries_is_settled_by_naming_one(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    one, two = (world.entry(address, subtag="offerte") for _ in range(2))
    message = world.mail(subject=f"[CRM-{one.number}] und [CRM-{two.number}]")
    with database.transaction():
        review_cases.open_review(
            message.id, review_cases.TWO_TOKENS, [message.conversation_id], "two"
        )
    case = ReviewCase.get().id
    page = shown(office.get(f"{LIST}/prueffaelle/{case}"))
    assert f"Mit CRM-{one.number} verlinken" in page
    office.post(f"{LIST}/prueffaelle/{case}/eintrag", eintrag=two.number)
    assert mail_links.active_links(two.id, message.conversation_id)
    assert ReviewCase.get().closed_at is not None
