"""The list of entries, an entry's page, and the acts on the entry itself."""

from datetime import date

import pytest
from flask import Flask
from page_world import PageWorld, actions, links, shown
from pages import Browser
from statements import counted

from crm_core.access import staff
from crm_core.database import transaction
from crm_core.models import EntryStatus, Task, TaskStatus, Watch
from crm_core.records import entries, schedule, tasks, watches


@pytest.fixture
def world(app: Flask) -> PageWorld:
    return PageWorld()


# --- the list ---------------------------------------------------------------------


def test_without_entries_the_list_says_where_to_begin(office: Browser) -> None:
    page = shown(office.get("/eintraege"))
    assert (
        "Kein offener Eintrag. Öffnen Sie eine Adresse, Register «CRM», «Neu»." in page
    )


def test_the_list_shows_open_entries_and_hides_closed_ones(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    world.entry(address, "Zweites", "offerte")
    world.close(entry)
    assert "Motorboot" not in office.get("/eintraege")
    assert "Zweites" in office.get("/eintraege")
    assert "Motorboot" in office.get("/eintraege?status=closed")
    page = office.get("/eintraege?status=alle")
    assert "Motorboot" in page
    assert "Zweites" in page


def test_filters_narrow_the_list(office: Browser, world: PageWorld) -> None:
    address, entry = world.meier()
    world.entry(address, "Motor läuft unrund")
    world.responsible(entry, "frei")
    with transaction():
        watches.watch(entry, staff.by_key("frei").id, actor="user:frei")
    for query in ("gruppe=verkauf", "gruppe=verkauf/boot", "wer=frei", "beobachtet=1",
                  "q=motorb"):  # fmt: skip
        page = office.get(f"/eintraege?{query}")
        assert "Motorboot" in page, query
        assert "unrund" not in page, query
    assert "Keine Treffer." in office.get("/eintraege?wiedervorlage=1")


def test_groups_without_rights_are_no_filter(workshop: Browser) -> None:
    page = workshop.get("/eintraege")
    assert "Werkstatt › Motor" in page
    assert "Verkauf" not in page


def test_hidden_entries_are_not_in_the_list(
    workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    assert "Motorboot" not in workshop.get("/eintraege?status=alle")


def test_the_list_goes_on_by_keyset(office: Browser, world: PageWorld) -> None:
    address = world.importer()
    for number in range(27):
        world.entry(address, f"Eintrag {number:02d}", "offerte")
    first = office.get("/eintraege?gruppe=verkauf")
    (more,) = [link for link in links(first) if "vor=" in link]
    assert "gruppe=verkauf" in more
    second = office.get(more)
    assert "Eintrag 26" in first
    assert "Eintrag 00" in second
    assert "Eintrag 26" not in second


def test_the_list_as_csv(gl: Browser, workshop: Browser, world: PageWorld) -> None:
    world.meier()
    answer = gl.client.get("/eintraege.csv", base_url="https://localhost")
    assert "CRM-1001;Motorboot;Hans Meier;Verkauf;Boot;Offerte;Offen" in answer.text
    workshop.get("/eintraege.csv", 403)


def test_the_lists_queries_do_not_depend_on_the_rows(
    office: Browser, world: PageWorld
) -> None:
    address, _ = world.meier()
    few = counted(lambda: office.get("/eintraege"))
    for number in range(20):
        entry = world.entry(address, f"E {number}", "offerte")
        world.task(entry)
    assert counted(lambda: office.get("/eintraege")) == few


# --- the page ---------------------------------------------------------------------


def test_the_page_has_one_heading_and_the_parts_in_the_seeds_order(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    page = office.get("/eintraege/1001")
    assert page.count("<h1") == 1
    order = [page.index(f'id="{part}"') for part in
             ("zeitstrahl", "verlauf", "beteiligte", "aufgaben", "belege",
              "aenderungen")]  # fmt: skip
    assert order == sorted(order)


def test_an_entry_without_mail_says_how_to_link_one(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    page = shown(office.get("/eintraege/1001"))
    assert "Noch kein E-Mail verlinkt. Im Outlook genügt [CRM-1001] im Betreff." in page


def test_a_mail_shows_who_when_what_and_why(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    first = world.mail(subject="Boot gesucht", name="Hans Meier", body="Guten Tag")
    reply = world.mail(
        "frei@werft.example", "AW: Boot gesucht", answers=first, sent=True,
        to=["meier@kunde.example"], name="A. Frei",
    )  # fmt: skip
    world.link(entry, first)
    page = office.get("/eintraege/1001")
    text = shown(page)
    assert "Hans Meier <meier@kunde.example> an verkauf@werft.example" in text
    assert "von keller verlinkt am" in text
    assert "Antwort auf E-Mail vom 02.11.2026 (Message-ID)" in text
    assert f'id="mail-{reply.id}"' in page


def test_the_content_stands_in_a_sandboxed_frame_without_scripts(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    mail = world.mail(body="Guten Tag")
    world.link(entry, mail)
    page = office.get("/eintraege/1001")
    assert f'src="/email/{mail.id}/inhalt"' in page
    assert (
        'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"'
        in page
    )
    assert 'loading="lazy"' in page
    assert "allow-scripts" not in page
    assert "Guten Tag" not in page


def test_a_name_that_looks_like_an_address_is_not_shown(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail("x@evil.example", name="boss@firma.ch"))
    page = office.get("/eintraege/1001")
    assert "boss@firma.ch" not in shown(page)
    assert "x@evil.example" in shown(page)


def test_what_is_odd_about_a_mail_is_said(office: Browser, world: PageWorld) -> None:
    address, entry = world.meier()
    other = world.entry(address, "Anderes", "offerte")
    first = world.mail(subject="Boot", box=("verkauf", "werkstatt"))
    world.mail("neu@fremd.example", "AW: Boot", answers=first)
    world.mail(subject="AW: Persenning", answers=first)
    world.link(entry, first)
    world.link(other, first)
    page = shown(office.get("/eintraege/1001"))
    for mark in ("neuer Absender", "in 2 Postfächern", "auch in CRM-1002",
                 "neuer Betreff"):  # fmt: skip
        assert mark in page, mark


def test_where_only_the_subject_is_open_there_is_no_frame(
    app: Flask, workshop: Browser, world: PageWorld
) -> None:
    from crm_core.models import MailboxAccess, Visibility

    address = world.address("Hans Meier", "meier@kunde.example")
    entry = world.entry(address)
    mail = world.mail(body="Inhalt")
    world.link(entry, mail)
    MailboxAccess.update(visibility=Visibility.SUBJECT).execute()
    page = workshop.get("/eintraege/1001")
    assert "Von diesem Postfach sehen Sie nur den Betreff." in page
    assert "<iframe" not in page
    MailboxAccess.update(visibility=Visibility.NONE).execute()
    assert "mail-" + str(mail.id) not in workshop.get("/eintraege/1001")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"body_missing": "gone"},
            "Der Inhalt war beim Verlinken nicht mehr im Postfach.",
        ),
        ({}, "Der Inhalt wird geholt."),
    ],
)
def test_a_mail_without_content_says_why(
    office: Browser, world: PageWorld, columns: dict[str, str], said: str
) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail(**columns))  # type: ignore[arg-type]
    assert said in shown(office.get("/eintraege/1001"))


def test_attachments_lead_to_our_own_route(office: Browser, world: PageWorld) -> None:
    from crm_core.models import Attachment

    _, entry = world.meier()
    mail = world.mail(body="Anbei")
    with transaction():
        kept = Attachment.create(
            message=mail, position=0, name="Offerte.pdf", content_type="x",
            size=14_000, sha256="a" * 64,
        )  # fmt: skip
        Attachment.create(
            message=mail, position=1, name="gross.zip", content_type="x", size=1
        )
    world.link(entry, mail)
    page = office.get("/eintraege/1001")
    assert f"/anhang/{kept.id}" in links(page)
    assert "Offerte.pdf 14 kB" in shown(page)
    assert "gross.zip (nicht gespeichert)" in shown(page)


def test_the_timeline_names_every_mark_and_is_a_list_too(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    mail = world.mail(name="Hans Meier", subject="Boot")
    world.link(entry, mail)
    world.link_document(entry, world.document("R-1"))
    world.task(entry, "Anrufen", "frei")
    page = office.get("/eintraege/1001")
    svg = page[
        page.index('<svg class="timeline"') : page.index(
            "</svg>", page.index('<svg class="timeline"')
        )
    ]
    assert "E-Mail von Hans Meier, 02.11.2026" in svg
    assert f'href="#mail-{mail.id}"' in svg
    assert 'href="/belege/rapport/R-1"' in svg
    assert "Aufgabe, " in svg
    assert "style=" not in svg
    assert "Als Liste anzeigen" in page


def test_a_mail_beyond_the_page_is_reached_from_the_timeline(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    first = world.mail(minutes=1)
    for number in range(35):
        world.mail(answers=first, minutes=10 + number)
    world.link(entry, first)
    page = office.get("/eintraege/1001")
    assert f'id="mail-{first.id}"' not in page
    (more,) = {link for link in links(page) if "vor=" in link}
    assert f'id="mail-{first.id}"' in office.get(more.replace("#verlauf", ""))
    there = office.get(f"/eintraege/1001?bei={first.id}")
    assert f'id="mail-{first.id}"' in there
    assert "Zu den neusten" in there


def test_the_changes_are_told_in_words(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    with transaction():
        entries.update(entry, actor="user:frei", title="Anders")
    page = shown(office.get("/eintraege/1001"))
    assert "frei hat den Eintrag geändert: Titel" in page
    assert "keller hat den Eintrag erfasst" in page


def test_who_may_only_read_sees_no_act(office: Browser, world: PageWorld) -> None:
    world.entry(world.address("Hans Meier"))
    page = office.get("/eintraege/1001")
    posts = [a for a in actions(page) if a.startswith("/eintraege/")]
    assert sorted(set(posts)) == ["/eintraege/1001/beobachten"]
    for act in ("status", "notiz", "beteiligte", "belege", "e-mails", "aufgaben"):
        office.post(f"/eintraege/1001/{act}", 403)


def test_a_hidden_entry_has_no_page_and_no_act(
    workshop: Browser, world: PageWorld
) -> None:
    world.meier()
    for path in ("", "/drucken", "/abschliessen", "/beteiligte", "/belege", "/e-mails",
                 "/aufgaben", "/beteiligte/auswahl", "/belege/auswahl"):  # fmt: skip
        workshop.get(f"/eintraege/1001{path}", 404)
    for act in ("status", "notiz", "beobachten", "gesehen", "beteiligte", "belege",
                "e-mails", "aufgaben"):  # fmt: skip
        workshop.post(f"/eintraege/1001/{act}", 404)
    workshop.get("/eintraege/4711", 404)


def test_the_pages_queries_do_not_depend_on_the_rows(
    office: Browser, world: PageWorld
) -> None:
    address, entry = world.meier()
    first = world.mail(body="x")
    world.mail("wer@fremd.example", answers=first)
    world.link(entry, first)
    world.task(entry, "Eins", "frei")
    world.link_document(entry, world.document("R-0"))
    with transaction():
        entries.add_note(entry, "Notiz", actor="user:frei")
    few = counted(lambda: office.get("/eintraege/1001"))
    for number in range(12):
        world.mail(f"x{number}@fremd.example", answers=first, body="y")
        world.task(entry, f"Aufgabe {number}", "frei")
        world.link_document(entry, world.document(f"R-{number}x"))
        world.participant(entry, world.address(f"Kunde {number}"))
        with transaction():
            entries.add_note(entry, f"Notiz {number}", actor="user:gl")
    world.link(world.entry(address, "Zweites", "offerte"), first)
    assert counted(lambda: office.get("/eintraege/1001")) == few


# --- acts -------------------------------------------------------------------------


def test_an_entry_waits_closes_and_opens_again(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    for status in ("waiting", "closed", "open"):
        office.post("/eintraege/1001/status", state=status)
        assert entries.by_number(entry.number).status == status


def test_closing_asks_if_tasks_are_open(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.task(entry, "Anrufen", "frei")
    where = office.location("/eintraege/1001/status", state="closed")
    assert where == "/eintraege/1001/abschliessen"
    page = shown(office.get(where))
    assert "1 Aufgabe ist offen: Anrufen" in page
    assert entries.by_number(1001).status is EntryStatus.OPEN
    office.post("/eintraege/1001/status", state="closed", tasks="keep")
    assert entries.by_number(1001).status is EntryStatus.CLOSED
    assert Task.get().status is TaskStatus.OPEN


def test_closing_may_cancel_the_open_tasks(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.task(entry, "Anrufen", "frei")
    done = world.task(entry, "Fertig", "frei")
    with transaction():
        tasks.complete(done.id, actor="user:frei")
    office.post("/eintraege/1001/status", state="closed", tasks="cancel")
    assert {t.title: t.status.value for t in Task.select()} == {
        "Anrufen": "cancelled", "Fertig": "done",
    }  # fmt: skip


def test_a_note_looks_different_and_says_note(
    office: Browser, world: PageWorld
) -> None:
    world.meier()
    office.post("/eintraege/1001/notiz", note="Kunde informiert\r\n<b>gut</b>")
    page = office.get("/eintraege/1001")
    assert 'class="mail note"' in page
    assert "Notiz frei" in shown(page)
    assert "Kunde informiert\n&lt;b&gt;gut&lt;/b&gt;" in page


def test_an_empty_note_is_refused(office: Browser, world: PageWorld) -> None:
    world.meier()
    office.post("/eintraege/1001/notiz", note="  ")
    assert "Die Notiz ist leer" in office.get("/eintraege/1001")


def test_watching_can_be_switched(office: Browser, world: PageWorld) -> None:
    world.meier()
    office.post("/eintraege/1001/beobachten")
    before = Watch.get().seen_at
    assert "Nicht mehr beobachten" in office.get("/eintraege/1001")
    office.post("/eintraege/1001/gesehen")
    assert Watch.get().seen_at >= before
    office.post("/eintraege/1001/nicht-beobachten")
    assert Watch.select().count() == 0


def test_reading_the_page_changes_nothing(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail(body="x"))
    office.post("/eintraege/1001/beobachten")
    seen = Watch.get().seen_at
    from crm_core.models import AuditEvent

    count = AuditEvent.select().count()
    for path in ("", "/drucken", "/e-mails", "/beteiligte", "/belege", "/aufgaben"):
        office.get(f"/eintraege/1001{path}")
    assert AuditEvent.select().count() == count
    assert Watch.get().seen_at == seen


def test_the_printed_entry_has_head_tasks_new_text_and_documents(
    office: Browser, world: PageWorld
) -> None:
    _, entry = world.meier()
    text = "Gerne am Freitag.\n\nAm 01.11.2026 um 08:00 schrieb A. Frei:\n> Wann?"
    world.link(entry, world.mail(body=text))
    world.link_document(entry, world.document("R-1", "Service"))
    with transaction():
        tasks.assign(
            entry, staff.by_key("frei"), "Anrufen",
            schedule.due_by(date(2026, 12, 1)), actor="x",
        )  # fmt: skip
    page = shown(office.get("/eintraege/1001/drucken"))
    assert "Gerne am Freitag." in page
    assert "Wann?" not in page
    assert "Anrufen – frei, bis 01.12.2026" in page
    assert "Rapport R-1 Service" in page


def test_the_printed_entry_shows_no_text_of_a_closed_mailbox(
    workshop: Browser, world: PageWorld
) -> None:
    from crm_core.models import MailboxAccess, Visibility

    entry = world.entry(world.address("Hans Meier"))
    world.link(entry, world.mail(body="streng geheim"))
    assert "streng geheim" in workshop.get("/eintraege/1001/drucken")
    MailboxAccess.update(visibility=Visibility.SUBJECT).execute()
    assert "streng geheim" not in workshop.get("/eintraege/1001/drucken")


def test_the_page_speaks_english_too(office: Browser, world: PageWorld) -> None:
    _, entry = world.meier()
    world.link(entry, world.mail())
    office.post("/sprache", language="en")
    page = shown(office.get("/eintraege/1001"))
    assert "Link e-mail" in page
    assert "linked by keller on" in page
    assert "Verlauf" not in page
