"""A person, or a mailbox, erased for good: not one byte left, and it stays so."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from crm_world import TODAY, World

from crm_core import database, events, search, verify, webhooks
from crm_core.database import transaction
from crm_core.errors import Conflict, NotFound
from crm_core.events import Event
from crm_core.linking import unassigned
from crm_core.mail import copies, tombstones
from crm_core.mail.incoming import IncomingMail
from crm_core.models import (
    Address,
    Attachment,
    AuditEvent,
    Dmarc,
    Entry,
    EntryMail,
    ErasedMail,
    ExpiredCopy,
    Findable,
    Mailbox,
    MailboxStatus,
    Message,
    Note,
    Task,
    TaskMirror,
    WebhookDelivery,
)
from crm_core.personal_data import privacy
from crm_core.polling import mailboxes
from crm_core.queries import triage
from crm_core.records import entries, tasks
from crm_core.records.schedule import due_by
from mailsync.ingest import FolderJob, Plan, Prepared, _leave_erased
from mailsync.ingest import store as store_page
from mailsync.normalise import Rules
from mailsync.port import FolderRef, FolderRole

NEEDLE = "geheimnis"
EMAIL = f"hans.{NEEDLE}@kunde.example"
ALIAS = f"h.{NEEDLE}@privat.example"
NAME = "Hans Geheimnis-Muster"


@pytest.fixture
def world(db: str) -> World:
    return World()


def erase(who: str = EMAIL) -> privacy.Erased:
    person = privacy.find(who)
    with transaction():
        return privacy.erase(person, actor="test")


def everything_of(url: str) -> bytes:
    """All bytes of the database: its files, or a dump of all rows."""
    if url.startswith("sqlite"):
        path = database.sqlite_path(url)
        files = [path, Path(f"{path}-wal"), Path(f"{path}-journal")]
        return b"".join(file.read_bytes() for file in files if file.exists())
    return b"".join(
        repr(row).encode()
        for table in database.proxy.get_tables()
        for row in database.execute(f'SELECT * FROM "{table}"')
    )


def planted(world: World) -> Entry:
    """One customer in every table that can name somebody."""
    hans = world.address(NAME, EMAIL, ALIAS, domain=f"{NEEDLE}.example")
    with transaction():
        hans.number, hans.phone, hans.street = "K-77", "044 777 66 55", "Geheimgasse 7"
        hans.remark = f"erreichbar unter {ALIAS}"
        hans.save()
        search.refresh(Findable.ADDRESS, [hans.id])
        hook = webhooks.add("https://x.example/", Event, account=1, actor="test")
        WebhookDelivery.create(
            webhook=hook, message_id="m", event="x", made_at=datetime.now(UTC),
            body=events.envelope("x", {"sender": EMAIL}),
        )  # fmt: skip
    entry = world.entry(hans, f"Boot von {NAME}")
    with transaction():
        entries.add_note(entry, f"{NAME} anrufen: 044 777 66 55", actor="user:keller")
    task = world.task(entry, f"Bei {NAME} nachfragen")
    TaskMirror.create(
        task=task, mailbox=world.boxes["verkauf"], kind="task", crm_key="crm-x",
        wanted_version=1, pushed_version=1, external_id="AAA=", written="{}",
    )  # fmt: skip
    mail = world.mail(
        EMAIL, f"Grüsse von {NAME}", name=NAME, body=f"Schreiben Sie an {ALIAS}."
    )
    Attachment.create(
        message=mail, position=0, name=f"{NEEDLE}.pdf", content_type="application/pdf",
        size=1, sha256="a" * 64,
    )  # fmt: skip
    world.link(entry, mail)
    world.mail(ALIAS, f"AW: von {NAME}", answers=mail)
    world.mail(
        "frei@werft.example", f"Offerte {NAME}", to=["keller@werft.example"],
        body=f"Bitte {EMAIL} anrufen", sent=True,
    )  # fmt: skip
    with transaction():
        search.index_waiting(1000)
    return entry


def test_not_one_byte_of_an_erased_person_is_left(world: World, db: str) -> None:
    planted(world)
    assert NEEDLE.encode() in everything_of(db).lower()
    erase()
    assert privacy.scrub([EMAIL, ALIAS, NAME])
    left = everything_of(db).lower()
    for needle in (NEEDLE, "044 777 66 55", "geheimgasse", "k-77"):
        assert needle.encode() not in left, needle
    assert verify.verify() == []


def test_two_hundred_persons_leave_no_byte(world: World, db: str) -> None:
    random = Random(7)
    people = [f"p{number}x{NEEDLE}@k{number}.example" for number in range(200)]
    other = world.address("Bleibt", "bleibt@kunde.example")
    for number, email in enumerate(people):
        address = world.address(f"Person{number} {NEEDLE}", email)
        if random.random() < 0.3:
            world.link(world.entry(address, f"Fall {number}"), world.mail(email))
        world.mail(email, f"Frage {number}", body=f"von {email}")
    world.mail("bleibt@kunde.example", "Bleibt")
    for email in people:
        erase(email)
    assert privacy.scrub(people)
    assert NEEDLE.encode() not in everything_of(db).lower()
    assert Message.select().count() == 1
    assert Address.get_by_id(other.id).name == "Bleibt"
    assert verify.verify() == []


def test_the_scan_finds_what_was_not_removed(world: World, db: str) -> None:
    world.mail(EMAIL, "Motor")
    assert privacy.scrub([EMAIL]) is (not db.startswith("sqlite"))


def test_what_is_left_of_the_person_is_an_empty_participant(world: World) -> None:
    entry = planted(world)
    told = erase()
    assert (told.mails, told.linked, told.blobs) == (2, 2, ("a" * 64,))
    (address,) = [Address.get_by_id(id_) for id_ in entries.participant_ids(entry)]
    assert (address.name, address.number, address.street) == ("(gelöscht)", None, "")
    assert address.gone_at is not None
    assert Entry.get().title == "Boot von (gelöscht)"
    assert Note.get().text == "(gelöscht) anrufen: (gelöscht)"
    assert Task.get().title == "Bei (gelöscht) nachfragen"


def test_copies_of_tasks_that_named_the_person_are_written_again(world: World) -> None:
    planted(world)
    erase()
    assert TaskMirror.get().pushed_version < Task.get().version


def test_the_log_says_how_much_and_not_whom(world: World) -> None:
    planted(world)
    erase()
    line = AuditEvent.get(AuditEvent.action == "person_erased")
    assert (line.actor, line.detail) == ("test", "2 mails")
    assert NEEDLE not in line.subject


def test_a_mail_of_colleagues_that_quotes_the_person_loses_its_text(
    world: World,
) -> None:
    planted(world)
    erase()
    mail = Message.get()
    assert mail.subject == "Offerte (gelöscht)"
    assert (mail.body_at, mail.body_missing) == (None, "erased")


def test_a_link_is_kept_by_the_mails_that_stay(world: World) -> None:
    hans = world.address(NAME, EMAIL)
    meier = world.address("Meier", "meier@kunde.example")
    entry = world.entry(hans)
    world.participant(entry, meier)
    first = world.mail(EMAIL)
    stays = world.mail("meier@kunde.example", answers=first)
    world.link(entry, first)
    erase()
    link = EntryMail.get()
    assert (link.anchor_id, link.removed_at) == (stays.id, None)
    assert verify.verify() == []


def test_mails_that_name_others_too_are_counted_before(world: World) -> None:
    world.mail(EMAIL, to=["verkauf@werft.example", "meier@kunde.example"])
    world.mail(EMAIL)
    told = privacy.preview(privacy.find(EMAIL))
    assert (told.mails, told.shared) == (2, 1)
    assert Message.select().count() == 2


def test_a_person_without_an_address_is_erased_too(world: World) -> None:
    world.mail("nur@fremd.example")
    assert erase("NUR@fremd.example").mails == 1
    assert Message.select().count() == 0


@pytest.mark.parametrize("who", ["K-77", "#1", ALIAS])
def test_a_person_is_found_by_every_address_number_and_id(
    world: World, who: str
) -> None:
    hans = world.address(NAME, EMAIL, ALIAS)
    hans.number = "K-77"
    hans.save()
    assert privacy.find(who) == privacy.Person((ALIAS, EMAIL), hans.id, NAME)


@pytest.mark.parametrize("who", ["x@y.example", "#7", "#99999999999999", "K-1", ""])
def test_nobody_is_found_by_what_is_not_there(world: World, who: str) -> None:
    with pytest.raises(NotFound):
        privacy.find(who)


def test_a_colleague_is_not_erased_like_a_customer(world: World) -> None:
    world.mail("verkauf@werft.example", to=["meier@kunde.example"], sent=True)
    with pytest.raises(Conflict):
        erase("verkauf@werft.example")


def test_short_words_are_not_taken_out_of_other_texts(world: World) -> None:
    max_ = world.address("Max", "max@kunde.example")
    entry = world.entry(max_, "Maximale Leistung für Max")
    erase("max@kunde.example")
    assert Entry.get_by_id(entry.id).title == "Maximale Leistung für Max"


def test_a_cancelled_task_loses_the_name_as_well(world: World) -> None:
    hans = world.address(NAME, EMAIL)
    task = world.task(world.entry(hans, "Boot"), f"{NAME} fragen", when=due_by(TODAY))
    with transaction():
        tasks.cancel(task.id, actor="test")
    erase()
    assert Task.get().title == "(gelöscht) fragen"


def test_erasing_leaves_the_list_of_unassigned_mail_right(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    world.address(NAME, EMAIL)
    first = world.mail(EMAIL)
    world.mail("meier@kunde.example", "Bleibt", answers=first)
    erase()
    assert unassigned.differences() == []
    assert [i.subject for i in triage.unassigned(world.viewer()).rows] == ["Bleibt"]


# --- it stays erased --------------------------------------------------------------


def incoming(item: str, message: Message, subject: str) -> IncomingMail:
    return IncomingMail(
        external_id=item, change_key="c", internet_id=message.internet_id,
        in_reply_to=(), references=(), guids=(), server_thread=None, subject=subject,
        from_name="", from_address=EMAIL, sender=EMAIL, reply_to=(),
        to=("verkauf@werft.example",), cc=(), bcc=(), stated_at=message.sent_at,
        received_at=message.received_at, size=1, item_class="IPM.Note",
        has_attachments=False, sent=False, authenticated=False, automatic=False,
        confidential=False, dmarc=Dmarc.NONE,
    )  # fmt: skip


def page(world: World, *mails: IncomingMail) -> int:
    """What ingest does with a page; how many mails were new."""
    job = FolderJob(
        world.folders["verkauf"].id,
        world.boxes["verkauf"].id,
        "verkauf@werft.example",
        FolderRef(FolderRole.INBOX, "inbox"),
        Rules(mailboxes.internal()),
        0,
    )
    prepared = Prepared(Plan(), list(mails))
    _leave_erased(prepared, job.mailbox)
    with transaction():
        return store_page(job, prepared).new


@pytest.fixture
def stored(world: World) -> Message:
    """A mail as ingest stores it, so that its fingerprint is the real one."""
    at = datetime(2026, 11, 3, tzinfo=UTC)
    sample = Message(internet_id=f"x@{NEEDLE}.example", sent_at=at, received_at=at)
    assert page(world, incoming("item-1", sample, "Motor")) == 1
    return sample


def test_an_erased_mail_does_not_come_in_again_wherever_it_lies(
    world: World, stored: Message
) -> None:
    erase()
    assert ErasedMail.select().count() == 1
    again = incoming("item-1", stored, "Motor")
    moved = incoming("moved-elsewhere", stored, "Motor")
    other = incoming("item-2", stored, "Etwas anderes")
    assert page(world, again, moved, other) == 1  # the control: another mail does
    assert [mail.subject for mail in Message.select()] == ["Etwas anderes"]
    assert ExpiredCopy.select().count() == 2
    assert verify.verify() == []


def test_a_tombstone_tells_nothing_without_the_key(
    world: World, stored: Message
) -> None:
    erase()
    with transaction():
        database.execute("DELETE FROM setting WHERE name = 'content_digest_key'")
        tombstones.digest_key()
    again = [incoming("i", stored, "Motor")]
    assert tombstones.among(again, mailbox=world.boxes["verkauf"].id) == set()
    assert NEEDLE.encode() not in bytes(ErasedMail.get().digest)


# --- a mailbox --------------------------------------------------------------------


def removed(box: Mailbox) -> Mailbox:
    box.enabled, box.status = False, MailboxStatus.REMOVED
    box.save()
    return box


def test_a_mailbox_that_is_still_read_is_not_erased(world: World) -> None:
    with pytest.raises(Conflict), transaction():
        privacy.erase_mailbox(world.boxes["verkauf"], actor="test")


def test_what_came_from_one_mailbox_alone_goes(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    alone = world.mail(subject="Nur hier")
    both = world.mail(subject="In zwei Postfächern", box=["verkauf", "werkstatt"])
    world.mail(subject="Anderswo", box="werkstatt")
    world.link(entry, alone)
    box = removed(world.boxes["verkauf"])
    assert privacy.preview_mailbox(box) == privacy.Erased(mails=1, linked=1)
    with transaction():
        privacy.erase_mailbox(box, actor="test")
    left = {mail.subject for mail in Message.select()}
    assert left == {"In zwei Postfächern", "Anderswo"}
    assert len(copies.live_copies(both.id)) == 1
    assert EntryMail.select().count() == 0
    assert verify.verify() == []
