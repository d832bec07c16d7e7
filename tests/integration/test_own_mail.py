"""An employee removes a mail of the own mailbox: nothing else goes, nothing is silent."""

import json
from datetime import date
from email import message_from_bytes, policy

import pytest
from crm_world import World

from crm_core import verify
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.errors import NotFound
from crm_core.mail import tombstones
from crm_core.mail.incoming import IncomingMail
from crm_core.models import (
    AuditEvent,
    Dmarc,
    ExpiredCopy,
    Message,
    MessageBody,
    MessageCopy,
)
from crm_core.personal_data import own_mail
from crm_core.queries import own_mailbox
from crm_core.threads.conversations import fingerprint


@pytest.fixture
def world(db: str) -> World:
    """«werkstatt» is H. Huber's own mailbox."""
    world = World()
    box = world.boxes["werkstatt"]
    box.employee, box.informed_on = world.employee("huber"), date(2026, 1, 5)
    box.save()
    return world


def remove(world: World, mail: Message, who: str = "huber") -> bool:
    with transaction():
        return own_mail.remove(world.viewer(who), mail.id)


def test_a_mail_of_this_mailbox_alone_goes_with_its_text_and_links(
    world: World,
) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    mail = world.mail(box="werkstatt", body="Zahnweh")
    stays = world.mail(box="werkstatt", answers=mail, body="bleibt")
    world.link(entry, mail)
    assert own_mail.removal(world.viewer("huber"), mail.id).entries == (entry.number,)
    assert remove(world, mail)
    assert [row.id for row in Message.select()] == [stays.id]
    assert [row.text for row in MessageBody.select()] == ["bleibt"]
    assert ExpiredCopy.select().count() == 1
    assert verify.verify() == []


def test_what_another_mailbox_has_stays_with_it(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    mail = world.mail(box=["werkstatt", "verkauf"], body="Offerte")
    world.link(entry, mail)
    assert not remove(world, mail)
    (copy,) = MessageCopy.select()
    assert copy.mailbox_id == world.boxes["verkauf"].id
    assert MessageBody.get().text == "Offerte"
    assert own_mail.mails(world.viewer("huber")) == ()
    assert verify.verify() == []


def test_the_log_and_every_entry_say_who_removed_it(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    first, second = world.entry(meier), world.entry(meier, subtag="offerte")
    mail = world.mail(box="werkstatt", body="x")
    world.link(first, mail)
    world.link(second, mail)
    told = own_mail.removal(world.viewer("huber"), mail.id)
    assert (told.entries, told.hidden_entries) == ((first.number,), 1)
    remove(world, mail)
    lines = AuditEvent.select().where(AuditEvent.action == "mail_removed_by_owner")
    assert {row.entry_id for row in lines} == {None, first.id, second.id}
    assert {row.actor for row in lines} == {"user:huber"}


@pytest.mark.parametrize("who", ["keller", "frei"])
def test_nobody_removes_a_mail_of_another_mailbox(world: World, who: str) -> None:
    mail = world.mail(box="werkstatt", body="x")
    with pytest.raises(NotFound):
        remove(world, mail, who)
    assert Message.select().count() == 1


def test_it_is_refused_from_this_mailbox_and_taken_from_another(world: World) -> None:
    mail = world.mail(box="werkstatt")
    again = IncomingMail(
        external_id="moved", change_key="c", internet_id=mail.internet_id,
        in_reply_to=(), references=(), guids=(), server_thread=None,
        subject=mail.subject, from_name="", from_address=mail.from_address,
        sender=mail.sender, reply_to=(), to=("verkauf@werft.example",), cc=(), bcc=(),
        stated_at=mail.sent_at, received_at=mail.received_at, size=1,
        item_class="IPM.Note", has_attachments=False, sent=False, authenticated=False,
        automatic=False, confidential=False, dmarc=Dmarc.NONE,
    )  # fmt: skip
    mail.fingerprint = fingerprint(again)
    mail.save()
    here, there = world.boxes["werkstatt"].id, world.boxes["verkauf"].id
    assert tombstones.among([again], mailbox=here) == set()
    remove(world, mail)
    assert tombstones.among([again], mailbox=here) == {"moved"}
    assert tombstones.among([again], mailbox=there) == set()  # the company's there


def test_the_counts_tell_read_stored_and_private_apart(world: World) -> None:
    world.mail(box="werkstatt", body="x")
    world.mail(box="werkstatt")
    gone = world.mail(box="werkstatt", body="x")
    MessageCopy.create(
        mailbox=world.boxes["werkstatt"], folder=world.folders["werkstatt"],
        external_id="p", private=True,
    )  # fmt: skip
    remove(world, gone)
    found = own_mailbox.counts(world.boxes["werkstatt"].id)
    assert (found.read, found.stored, found.private) == (3, 1, 1)


def test_the_own_data_hold_the_own_record_and_no_mail_of_others(world: World) -> None:
    with transaction():
        accounts.create("huber", actor="test", password="geheim-geheim")
    mine = world.mail(subject="Mein E-Mail", box="werkstatt", body="Eigener Text")
    world.mail(subject="Fremd", box="verkauf", body="Fremder Text")
    secret = world.mail(subject="Geheim", box="werkstatt", body="Still", confidential=1)
    files = {
        f.name: f.content for f in own_mail.own_data(world.viewer("huber"), {}.get)
    }
    told = json.loads(files["own-data.json"])
    assert told["accounts"][0]["login"] == "huber"
    assert told["mailboxes"][0]["informed_on"] == "2026-01-05"
    assert [mail["subject"] for mail in told["mails"]] == [mine.subject, None]
    whole = "\n".join(map(readable, files.values()))
    assert "Eigener" in whole
    for absent in ("Fremd", "Still", "argon2", secret.subject):
        assert absent not in whole


def test_of_a_task_in_a_hidden_entry_the_own_data_hold_no_title(world: World) -> None:
    meier = world.address("Meier", "meier@kunde.example")
    world.task(world.entry(meier), "Sichtbar", who="huber")
    world.task(world.entry(meier, subtag="offerte"), "Verborgen", who="huber")
    (file,) = own_mail.own_data(world.viewer("huber"), {}.get)
    tasks = json.loads(file.content)["tasks"]
    assert [(one["title"], one["entry"]) for one in tasks] == [
        ("Sichtbar", 1001), (None, 1002)
    ]  # fmt: skip


def readable(file: bytes) -> str:
    """A file's text; a mail's without its transfer encoding."""
    body = message_from_bytes(file, policy=policy.default).get_body(("plain",))
    return file.decode() + (body.get_content() if body else "")
