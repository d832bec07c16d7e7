"""Linking over real HTTP, on both databases: the traps, and what must work.

Each test plays mail into the simulated Exchange, polls, and asks what the entry shows.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from werft import (
    AUTHSERV,
    FREMD,
    HUBER,
    IMPORTEUR,
    KELLER,
    MEIER,
    VERKAUF,
    WERKSTATT,
    Werft,
    werft,
)

from crm_core import database
from crm_core.errors import NotFound
from crm_core.linking import links
from crm_core.mail import quarantine
from crm_core.models import Entry, ReviewCase
from crm_core.threads import conversations


@pytest.fixture
def w(db: str, tmp_path: Path) -> Iterator[Werft]:
    with werft(tmp_path) as company:
        yield company


def linked(w: Werft, sender: str = MEIER, first: str = "m1") -> Entry:
    """Sender's first mail, linked by hand to an entry on the sender's address."""
    entry = w.entry(w.address(sender))
    w.receive(w.mail(sender, VERKAUF, "Offerte", id=first))
    w.poll()
    w.link(entry, first)
    return entry


# --- replies ------------------------------------------------------------------------


def test_every_answer_follows_into_the_entry_across_mailboxes(w: Werft) -> None:
    entry = linked(w)
    w.submit(w.mail(VERKAUF, MEIER, "AW: Offerte", id="w1", answers="m1"), VERKAUF)
    w.receive(w.mail(MEIER, WERKSTATT, "Re: Offerte", id="m2", answers="w1"), WERKSTATT)
    w.poll()
    assert w.shown(entry) == {"m1", "w1", "m2"}
    assert w.reasons(entry) == {"m1": "manual", "w1": "reply", "m2": "reply"}


def test_a_reply_before_its_parent_follows_too(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(MEIER, VERKAUF, "Re: Offerte", id="m3", answers="w9"))
    w.poll()
    assert w.shown(entry) == {"m1"}
    w.submit(w.mail(VERKAUF, MEIER, "AW: Offerte", id="w9", answers="m1"), VERKAUF)
    w.poll()
    assert w.shown(entry) == {"m1", "w9", "m3"}


def test_references_alone_join(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m2", references="x0 m1"))
    w.poll()
    assert w.shown(entry) == {"m1", "m2"}


def test_a_changed_subject_stays_in_its_thread(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(MEIER, VERKAUF, "Noch etwas anderes", id="m2", answers="m1"))
    w.poll()
    assert w.shown(entry) == {"m1", "m2"}


def test_somebody_copied_in_late_is_shown(w: Werft) -> None:
    entry = linked(w)
    w.submit(
        w.mail(VERKAUF, MEIER, "AW: Offerte", id="w1", answers="m1", cc=IMPORTEUR),
        VERKAUF,
    )
    w.receive(w.mail(IMPORTEUR, VERKAUF, "AW: Offerte", id="i1", answers="w1"))
    w.poll()
    assert "i1" in w.shown(entry)
    assert w.new_senders(entry) == set()


def test_an_unknown_sender_is_shown_and_marked(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(FREMD, VERKAUF, "Re: Offerte", id="e1", answers="m1"))
    w.poll()
    assert w.new_senders(entry) == {"e1"}


def test_the_known_address_of_another_customer_is_held(w: Werft) -> None:
    entry = linked(w)
    w.address(HUBER)
    w.receive(w.mail(HUBER, VERKAUF, "Re: Offerte", id="h1", answers="m1"))
    w.poll()
    assert w.held(entry)["h1"] == "other_customer"


def test_adding_the_participant_shows_what_was_held(w: Werft) -> None:
    entry = linked(w)
    huber = w.address(HUBER)
    w.receive(w.mail(HUBER, VERKAUF, "Re: Offerte", id="h1", answers="m1"))
    w.poll()
    w.participant(entry, huber)
    assert "h1" in w.shown(entry)


def test_the_same_mail_in_three_mailboxes_is_one(w: Werft) -> None:
    entry = linked(w)
    raw = w.mail(MEIER, f"{VERKAUF}, {WERKSTATT}", "Re", id="m2", answers="m1",
                 cc=KELLER)  # fmt: skip
    w.receive(raw, VERKAUF, WERKSTATT, KELLER)
    w.poll()
    assert sorted(w.lines()["<m2>"].mailboxes) == [KELLER, VERKAUF, WERKSTATT]
    assert w.shown(entry) == {"m1", "m2"}


def test_an_answer_to_a_mass_mail_is_held(w: Werft) -> None:
    entry = linked(w)
    many = ", ".join(f"p{n}@liste.example" for n in range(12))
    w.submit(w.mail(VERKAUF, many, "AW: Offerte", id="w1", answers="m1"), VERKAUF)
    w.receive(w.mail("p3@liste.example", VERKAUF, "Re", id="p1", answers="w1"))
    w.poll()
    assert w.held(entry)["p1"] == "mass_mail"


def test_a_forward_among_colleagues_is_held(w: Werft) -> None:
    entry = linked(w)
    w.submit(
        w.mail(VERKAUF, KELLER, "WG: Offerte", id="f1", references="m1"),
        VERKAUF,
        KELLER,
    )
    w.poll()
    assert w.held(entry)["f1"] == "internal_only"


# --- strangers do not meet ------------------------------------------------------------


def test_one_subject_of_two_customers_is_two_conversations(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(HUBER, VERKAUF, "Offerte", id="h1"))
    w.poll()
    assert not w.together("m1", "h1")
    assert w.shown(entry) == {"m1"}


def test_exchange_gives_both_the_same_topic_derived_id(w: Werft) -> None:
    """The trap above is a real one: the server's own ids do collide."""
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
    w.receive(w.mail(HUBER, VERKAUF, "Offerte", id="h1"))
    from mailsync.port import Detail, FolderRef, FolderRole

    port = w.settings.open_port(VERKAUF)
    page = port.changes(FolderRef(FolderRole.INBOX, "inbox"), None)
    mails = port.fetch([c.ref for c in page.changes], Detail.METADATA).messages
    port.close()
    assert len({mail.conversation_id for mail in mails}) == 1
    w.poll()
    assert not w.together("m1", "h1")


FORM = "AQHVAAAAUFFSU1RVVldYWVpbXF1eXw=="  # 22 bytes, one fixed GUID


def test_a_form_mailer_with_one_thread_index_joins_nobody(w: Werft) -> None:
    for number, person in enumerate((MEIER, HUBER)):
        w.receive(
            w.mail(
                "web@formular.example",
                VERKAUF,
                "Anfrage",
                id=f"f{number}",
                Reply_To=person,
                Thread_Index=FORM,
            )
        )
    w.poll()
    assert not w.together("f0", "f1")


def test_the_same_index_from_the_same_party_does_join(w: Werft) -> None:
    for number in range(2):
        w.receive(
            w.mail(
                "web@formular.example",
                VERKAUF,
                "Anfrage",
                id=f"f{number}",
                Reply_To=MEIER,
                Thread_Index=FORM,
            )
        )
    w.poll()
    assert w.together("f0", "f1")


def test_a_stranger_with_a_copied_thread_index_stays_out(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1", Thread_Index=FORM))
    w.poll()
    w.link(entry, "m1")
    w.receive(w.mail(FREMD, VERKAUF, "Offerte", id="e1", Thread_Index=FORM))
    w.poll()
    assert w.held(entry) == {"m1": None}


def test_a_mail_bridging_two_linked_entries_follows_its_parent(w: Werft) -> None:
    one = linked(w)
    two = linked(w, IMPORTEUR, "i1")
    w.submit(
        w.mail(VERKAUF, MEIER, "Boot", id="w1", answers="m1", references="i1 m1"),
        VERKAUF,
    )
    w.poll()
    assert w.shown(one) == {"m1", "w1"}
    assert w.shown(two) == {"i1"}
    assert [case.reason for case in ReviewCase.select()] == ["bridge"]


def test_a_repeated_id_with_another_sender_is_kept_and_flagged(w: Werft) -> None:
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="same"))
    w.receive(w.mail(FREMD, VERKAUF, "Konto", id="same"), WERKSTATT)
    w.poll()
    assert [m.id_conflict for m in links.find_message("same")] in (
        [False, True],
        [True, False],
    )


def test_a_repeated_id_with_another_body_is_kept_and_flagged(w: Werft) -> None:
    raw = w.mail(MEIER, VERKAUF, "Offerte", id="same", body="Bitte Offerte.\n")
    w.receive(raw, VERKAUF)
    w.receive(raw.replace(b"Bitte Offerte.", b"Neues Konto!!!"), WERKSTATT)
    w.poll()
    found = links.find_message("same")
    assert sorted(m.id_conflict for m in found) == [False, True]
    assert len({m.conversation_id for m in found}) == 1


# --- who vouches for the sender -------------------------------------------------------


def test_our_own_name_in_the_inbox_is_held_without_the_mark(w: Werft) -> None:
    entry = linked(w)
    w.receive(
        w.mail(
            VERKAUF,
            MEIER,
            "AW: Offerte",
            id="x1",
            answers="m1",
            X_MS_Exchange_Organization_AuthAs="Internal",
        ),
        WERKSTATT,
    )
    w.poll()
    assert w.held(entry)["x1"] == "unconfirmed_sender"


def test_a_dmarc_failure_is_held(w: Werft) -> None:
    entry = linked(w)
    results = f"{AUTHSERV}; dmarc=fail header.from=kunde.example"
    w.receive(
        w.mail(
            MEIER, VERKAUF, "Re", id="x1", answers="m1", Authentication_Results=results
        )
    )
    w.poll()
    assert w.held(entry)["x1"] == "unconfirmed_sender"


def test_a_foreign_servers_verdict_says_nothing(w: Werft) -> None:
    entry = linked(w)
    w.receive(
        w.mail(
            MEIER,
            VERKAUF,
            "Re",
            id="m2",
            answers="m1",
            Authentication_Results="mx.fremd.example; dmarc=fail",
        )
    )
    w.poll()
    assert "m2" in w.shown(entry)


def test_a_group_as_sender_is_held(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(f"Kunden: {MEIER}, {FREMD};", VERKAUF, "Re", id="g1",
                     answers="m1"))  # fmt: skip
    w.poll()
    assert w.held(entry)["g1"] == "ambiguous_sender"


# --- what people decide is pinned -----------------------------------------------------


def test_a_mail_taken_out_by_hand_stays_out(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(MEIER, VERKAUF, "Re", id="m2", answers="m1"))
    w.poll()
    w.unlink(entry, "m2")
    w.receive(w.mail(MEIER, VERKAUF, "Re", id="m3", answers="m2"))
    w.poll()
    assert w.shown(entry) == {"m1", "m3"}


def test_a_conversation_taken_out_by_hand_stays_out_after_a_full_resync(
    w: Werft,
) -> None:
    entry = linked(w)
    w.unlink(entry, "m1", whole=True)
    w.submit(
        w.mail(VERKAUF, MEIER, f"AW: [CRM-{entry.number}]", id="w1", answers="m1"),
        VERKAUF,
    )
    with database.transaction():
        database.execute("UPDATE mail_folder SET token = 'garbage'")
    w.poll()
    assert w.held(entry) == {}
    assert w.suggestions() == [("removed_before", entry.number)]


def test_unlinking_what_is_not_linked_says_so(w: Werft) -> None:
    entry = linked(w)
    w.receive(w.mail(HUBER, VERKAUF, "Boot", id="h1"))
    w.poll()
    with pytest.raises(NotFound):
        w.unlink(entry, "h1")


# --- tokens and keywords --------------------------------------------------------------

PREFIXES = ("", "AW: ", "WG: ", "RE[2]: ", "Fwd: ")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_token_of_staff_links(w: Werft, prefix: str) -> None:
    entry = w.entry(w.address(MEIER))
    subject = f"{prefix}Überholung [CRM-{entry.number}]"
    w.submit(w.mail(VERKAUF, HUBER, subject, id="w1"), VERKAUF)
    w.poll()
    assert w.reasons(entry) == {"w1": "token"}


def test_a_token_of_a_participant_links_even_in_an_encoded_word(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    subject = f"AW: =?utf-8?q?=5BCRM-{entry.number}=5D_Gr=C3=B6sse?="
    w.receive(w.mail(MEIER, VERKAUF, subject, id="m1"))
    w.poll()
    assert w.reasons(entry) == {"m1": "token"}


def test_a_token_from_outside_is_a_suggestion(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(w.mail(FREMD, VERKAUF, f"[CRM-{entry.number}] Zahlung", id="e1"))
    w.poll()
    assert w.held(entry) == {}
    assert w.suggestions() == [("outside_token", entry.number)]


def test_a_token_of_an_outsider_does_not_act_through_our_reply(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    subject = f"[CRM-{entry.number}] Zahlung"
    w.receive(w.mail(FREMD, VERKAUF, subject, id="e1"))
    w.submit(w.mail(VERKAUF, FREMD, f"AW: {subject}", id="w1", answers="e1"), VERKAUF)
    w.poll()
    assert w.held(entry) == {}


def test_a_token_with_our_forged_name_is_a_suggestion(w: Werft) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(w.mail(KELLER, VERKAUF, f"[CRM-{entry.number}]", id="e1"))
    w.poll()
    assert w.held(entry) == {}


def test_two_tokens_are_a_review_case(w: Werft) -> None:
    meier = w.address(MEIER)
    one, two = w.entry(meier), w.entry(meier)
    subject = f"[CRM-{one.number}] [CRM-{two.number}]"
    w.submit(w.mail(VERKAUF, MEIER, subject, id="w1"), VERKAUF)
    w.poll()
    assert w.held(one) == w.held(two) == {}
    assert [case.reason for case in ReviewCase.select()] == ["two_tokens"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_staffs_keyword_opens_an_entry_on_the_counterpart(
    w: Werft, prefix: str
) -> None:
    meier = w.address(MEIER)
    w.submit(
        w.mail(VERKAUF, MEIER, f"{prefix}#Offerte Motorboot für Zürich", id="w1"),
        VERKAUF,
    )
    w.poll()
    entry = Entry.get()
    assert entry.title == "Motorboot für Zürich"
    assert [p.address_id for p in entry.participants] == [meier]
    assert w.reasons(entry) == {"w1": "keyword"}


def test_a_keyword_in_a_linked_conversation_changes_nothing(w: Werft) -> None:
    linked(w)
    w.submit(w.mail(VERKAUF, MEIER, "AW: #offerte", id="w1", answers="m1"), VERKAUF)
    w.poll()
    assert Entry.select().count() == 1


@pytest.mark.parametrize("to", [FREMD, f"{MEIER}, {HUBER}"])
def test_an_ambiguous_counterpart_is_a_suggestion(w: Werft, to: str) -> None:
    w.address(MEIER)
    w.address(HUBER)
    w.submit(w.mail(VERKAUF, to, "#offerte", id="w1"), VERKAUF)
    w.poll()
    assert Entry.select().count() == 0
    assert w.suggestions() == [("ambiguous_counterpart", None)]


def test_a_keyword_from_outside_is_a_suggestion(w: Werft) -> None:
    w.address(MEIER)
    w.receive(w.mail(MEIER, VERKAUF, "#offerte", id="m1"))
    w.poll()
    assert Entry.select().count() == 0
    assert w.suggestions() == [("outside_keyword", None)]


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Ihr Schreiben «#offerte»", "Danke\n"),
        ("AW: Boot", "> #offerte [CRM-1001]\n"),
        ("AW: Boot", "-----Ursprüngliche Nachricht-----\nBetreff: #offerte\n"),
    ],
)
def test_a_keyword_in_quoted_text_does_nothing(
    w: Werft, subject: str, body: str
) -> None:
    w.address(MEIER)
    w.submit(w.mail(VERKAUF, MEIER, subject, id="w1", body=body), VERKAUF)
    w.poll()
    assert Entry.select().count() == 0
    assert w.held(w.entry(w.address(IMPORTEUR))) == {}


def test_automatic_mail_does_nothing(w: Werft) -> None:
    w.address(MEIER)
    w.submit(
        w.mail(VERKAUF, MEIER, "#offerte", id="w1", Auto_Submitted="auto-replied"),
        VERKAUF,
    )
    w.poll()
    assert Entry.select().count() == 0


# --- red control ----------------------------------------------------------------------


def test_threading_by_subject_would_be_caught(
    w: Werft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trap «one subject, two customers» fails for a product that reads subjects."""
    honest = conversations.keys_for

    def by_subject(mail, mailbox, internal):  # type: ignore[no-untyped-def]
        keys = honest(mail, mailbox, internal)
        key = (conversations.mid("subject:" + mail.subject), conversations.MID)
        return conversations.Keys(
            keys.own, keys.parent, keys.ancestors, (*keys.all, key)
        )

    monkeypatch.setattr("crm_core.mail.messages.keys_for", by_subject)
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
    w.receive(w.mail(HUBER, VERKAUF, "Offerte", id="h1"))
    w.poll()
    assert w.together("m1", "h1")


def test_more_keywords_an_hour_than_the_budget_wait_in_quarantine(w: Werft) -> None:
    small = dataclasses.replace(w, settings=dataclasses.replace(
        w.settings, keyword_budget=2))  # fmt: skip
    for number in range(4):
        person = f"k{number}@kunde{number}.example"
        w.address(person)
        w.submit(w.mail(VERKAUF, person, "#offerte", id=f"w{number}"), VERKAUF)
    small.poll()
    assert Entry.select().count() == 2
    waiting = quarantine.open_items()
    assert [item.reason for item in waiting] == ["keyword_budget"] * 2
    with database.transaction():
        quarantine.request_retry(waiting[0].id, actor="test")
    w.poll()
    assert Entry.select().count() == 3
