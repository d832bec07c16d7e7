"""An entry, a person and everything as files."""

import csv
import io
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from hashlib import sha256

import pytest
from crm_world import World

from crm_core import webhooks
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.events import Event
from crm_core.exports import entry_export, spreadsheets, whole_export
from crm_core.exports.entry_export import ExportFile
from crm_core.mail import eml
from crm_core.models import (
    ApiToken,
    Attachment,
    Message,
    Suggestion,
    SuggestionReason,
    TokenScope,
    Webhook,
)
from crm_core.personal_data import privacy
from crm_core.records import entries

pytestmark = pytest.mark.usefixtures("db")

PDF = b"%PDF-1.7 \x00\xff"
NAUGHTY = "Grüsse \U0001f6a4\r\nBcc: alle@werft.example\x07\u202e ﷽"


@pytest.fixture
def world() -> World:
    return World()


def blobs(*contents: bytes) -> eml.ReadBlob:
    return {sha256(one).hexdigest(): one for one in contents}.get


def attached(message: Message, content: bytes = PDF, name: str = "Plan.pdf") -> None:
    Attachment.create(
        message=message,
        position=0,
        name=name,
        content_type="application/pdf",
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )


def named(files: Iterator[ExportFile]) -> dict[str, bytes]:
    found = {file.name: file.content for file in files}
    assert not any(".." in name or name.startswith("/") for name in found)
    return found


# --- a mail -----------------------------------------------------------------------


def test_a_mail_is_rebuilt_with_its_text_and_attachments(world: World) -> None:
    mail = world.mail(
        "meier@kunde.example", "Prüfung", name="Hans Müller", body="Grüezi\nHans"
    )
    attached(mail)
    file = eml.rebuilt(Message.get_by_id(mail.id), blobs(PDF))
    read = message_from_bytes(file.content, policy=policy.default)
    assert read["Subject"] == "Prüfung"
    assert read["From"].addresses[0].display_name == "Hans Müller"
    assert read["To"] == "verkauf@werft.example"
    assert read["Message-ID"] == f"<{mail.internet_id}>"
    assert read.get_body(("plain",)).get_content() == "Grüezi\nHans"
    (part,) = read.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("Plan.pdf", PDF)
    assert (file.missing, read["X-Mailsync-Missing"]) == ((), None)
    assert "not kept" in read["X-Mailsync-Rebuilt"]


def test_what_is_missing_in_a_mail_stands_in_it(world: World) -> None:
    file = eml.rebuilt(world.mail(), blobs())
    read = message_from_bytes(file.content, policy=policy.default)
    assert file.missing == ("body",)
    assert read["X-Mailsync-Missing"] == "body"
    assert read.get_content() == "[not stored]"
    lost = world.mail(body="Text")
    attached(lost)
    Message.update(content_at=None).where(Message.id == lost.id).execute()
    file = eml.rebuilt(Message.get_by_id(lost.id), blobs())
    assert file.missing == ("html and attachments", "attachment Plan.pdf")


def test_naughty_texts_do_no_harm_in_a_mail(world: World) -> None:
    mail = world.mail(subject=NAUGHTY, name=NAUGHTY, body=NAUGHTY)
    attached(mail, name=f"../{NAUGHTY}.html")
    Attachment.update(content_type="text/html\r\nX-Evil: 1").execute()
    file = eml.rebuilt(Message.get_by_id(mail.id), blobs(PDF))
    read = message_from_bytes(file.content, policy=policy.default)
    assert (read["Bcc"], read["X-Evil"]) == (None, None)
    assert read["Subject"].startswith("Grüsse \U0001f6a4 Bcc: alle@werft.example")
    (part,) = read.iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_content_disposition() == "attachment"


# --- an entry ---------------------------------------------------------------------


def test_an_entry_is_exported_with_everything_that_hangs_on_it(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    mail = world.mail(body="Der Motor läuft unrund.")
    world.link(entry, mail)
    world.mail(answers=mail, body="Und raucht.")
    world.task(entry, "Beim Kunden nachfragen")
    world.link_document(entry, world.document("R-2231"))
    with transaction():
        entries.add_note(entry, "Kunde informiert", actor="user:frei")
    files = named(entry_export.of_entry(entry, blobs()))
    told = json.loads(files["entry.json"])
    assert (told["number"], told["title"]) == (1001, "Motor läuft unrund")
    assert [one["name"] for one in told["participants"]] == ["Meier"]
    assert [one["text"] for one in told["notes"]] == ["Kunde informiert"]
    assert [one["title"] for one in told["tasks"]] == ["Beim Kunden nachfragen"]
    assert [one["number"] for one in told["documents"]] == ["R-2231"]
    assert [one["reason"] for one in told["mails"]] == ["manual", "reply"]
    assert {one["file"] for one in told["mails"]} == files.keys() - {"entry.json"}
    assert "entry_created" in [one["action"] for one in told["log"]]
    assert told["mails_hidden"] == 0


def test_an_entry_is_exported_as_far_as_the_viewer_sees_its_mails(
    world: World,
) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    shown = world.mail(subject="Sichtbar", body="Geheimer Text", box="werkstatt")
    world.link(entry, shown)
    world.link(entry, world.mail(subject="Versteckt", body="Leitung", box="leitung"))
    files = named(entry_export.of_entry(entry, blobs(), world.viewer("huber")))
    told = json.loads(files["entry.json"])
    assert [one["subject"] for one in told["mails"]] == ["Sichtbar"]
    assert told["mails_hidden"] == 1
    assert "Geheimer" not in readable(files)
    assert "Versteckt" not in readable(files)
    everything = named(entry_export.of_entry(entry, blobs()))  # the control
    assert len(everything) == 3
    assert "Geheimer" in readable(everything)


def readable(files: dict[str, bytes]) -> str:
    """All texts, those of mails without their transfer encoding."""
    mails = [message_from_bytes(f, policy=policy.default) for f in files.values()]
    bodies = [mail.get_body(("plain",)) for mail in mails]
    texts = [body.get_content() for body in bodies if body is not None]
    return "\n".join([*(file.decode() for file in files.values()), *texts])


def test_the_log_in_an_export_is_silent_on_mails_the_viewer_does_not_see(
    world: World,
) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.link(entry, world.mail(box="werkstatt"))
    hidden = world.mail(box="leitung")
    world.link(entry, hidden)
    for who, tells in (("huber", False), ("keller", True)):
        files = named(entry_export.of_entry(entry, blobs(), world.viewer(who)))
        log = json.loads(files["entry.json"])["log"]
        assert (f"message:{hidden.id}" in {line["subject"] for line in log}) is tells
        assert "entry_created" in {line["action"] for line in log}


def test_a_held_mail_is_no_part_of_the_export(world: World) -> None:
    entry = world.entry(world.address("Meier", "meier@kunde.example"))
    world.address("Huber", "huber@kunde2.example")
    first = world.mail()
    world.mail("huber@kunde2.example", "Fremdes", answers=first)
    world.link(entry, first)
    told = json.loads(named(entry_export.of_entry(entry, blobs()))["entry.json"])
    assert len(told["mails"]) == 1


# --- a person ---------------------------------------------------------------------


def test_five_hundred_planted_facts_are_in_the_report(world: World) -> None:
    aliases = [f"alias{number}@kunde.example" for number in range(10)]
    meier = world.address("Meier", *aliases)
    facts = ["Meier", *aliases]
    words = [
        "Titel",
        "Notiz",
        "Aufgabe",
        "R",
        "Betreff",
        "Anzeige",
        "Anhang",
        "Vorschlag",
    ]
    for number in range(41):
        entry = world.entry(meier, f"Titel-{number:03}")
        with transaction():
            entries.add_note(entry, f"Notiz-{number:03}", actor=f"user:wer{number:03}")
        world.task(entry, f"Aufgabe-{number:03}")
        world.link_document(entry, world.document(f"R-{number:03}"))
        mail = world.mail(
            aliases[number % 10],
            f"Betreff-{number:03}",
            to=[f"dritte{number:03}@andere.example"],
            name=f"Anzeige-{number:03}",
        )
        attached(mail, name=f"Anhang-{number:03}.pdf")
        world.link(entry, mail)
        Suggestion.create(
            message=mail,
            reason=SuggestionReason.BARE_TOKEN,
            detail=f"Vorschlag-{number:03}",
            made_at=mail.received_at,
        )
        facts += [f"{word}-{number:03}" for word in words]
        facts += [f"dritte{number:03}@", f"user:wer{number:03}", f"message:{mail.id}"]
        facts.append(str(entry.number))
    files = named(privacy.access_report(privacy.find(aliases[3]), blobs()))
    told = files["person.json"].decode()
    assert len(facts) == 503
    assert [fact for fact in facts if fact not in told] == []
    assert len(files) == 42


def test_a_report_tells_nothing_of_others(world: World) -> None:
    world.address("Meier", "meier@kunde.example")
    huber = world.address("Huber", "huber@kunde2.example")
    world.entry(huber, "Fremder Eintrag")
    world.mail("huber@kunde2.example", "Fremdes Mail")
    world.mail("meier@kunde.example", "Eigenes Mail")
    files = named(privacy.access_report(privacy.find("meier@kunde.example"), blobs()))
    whole = b"".join(files.values())
    assert b"Fremde" not in whole
    assert b"Eigenes" in whole


def test_the_report_of_a_colleague_names_account_groups_and_acts(world: World) -> None:
    box = world.boxes["verkauf"]
    box.employee = world.employee("keller")
    box.save()
    with transaction():
        accounts.create("keller", actor="test", password="geheim-geheim")
    world.entry(world.address("Meier", "meier@kunde.example"))
    world.mail("verkauf@werft.example", to=["meier@kunde.example"], sent=True)
    person = privacy.find("verkauf@werft.example")
    files = named(privacy.access_report(person, blobs()))
    (told,) = json.loads(files["person.json"])["employee"]
    assert told["groups"] == [{"name": "GL"}]
    assert told["accounts"][0]["login"] == "keller"
    assert "entry_created" in [one["action"] for one in told["log"]]
    assert b"argon2" not in files["person.json"]


# --- everything -------------------------------------------------------------------


def test_everything_holds_every_row_and_no_secret(world: World) -> None:
    entry = world.entry(world.address("=cmd|'/C calc'!A0", "meier@kunde.example"))
    world.link(entry, world.mail(body="Text"))
    with transaction():
        account = accounts.create("keller", actor="test", password="geheim-geheim")
        accounts.create_token("ERP", TokenScope.READ, account, actor="test")
        webhooks.add("https://x.example/", Event, account=account.id, actor="test")
    files = named(whole_export.of_everything(blobs()))
    whole = b"".join(files.values())
    assert Webhook.get().secret.encode() not in whole
    assert ApiToken.get().key_hash.encode() not in whole
    assert b"argon2" not in whole
    assert "tables/message.1.jsonl" in files
    assert "entries/1001/entry.json" in files
    lines = files["tables/entry.1.jsonl"].decode().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1001]
    assert not [name for name in files if "session" in name or "token" in name]


def test_a_large_table_comes_in_several_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_export, "ROWS_PER_FILE", 2)
    for number in range(4):
        world.address(f"Adresse {number}")
    files = named(whole_export.of_everything(blobs()))
    names = [name for name in files if name.startswith("tables/address.")]
    assert names == ["tables/address.1.jsonl", "tables/address.2.jsonl"]


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
)
def test_a_cell_is_never_a_formula(formula: str) -> None:
    text = spreadsheets.table(["name"], [[formula], ['Müller; "Boot"'], [None]])
    assert text.startswith(b"\xef\xbb\xbf")
    read = io.StringIO(text.decode("utf-8-sig"), newline="")
    rows = list(csv.reader(read, delimiter=";"))
    assert rows == [["name"], [f"'{formula}"], ['Müller; "Boot"'], [""]]


def test_a_name_that_is_a_formula_is_text_in_the_exported_list(world: World) -> None:
    world.address("=HYPERLINK(1)")
    files = named(whole_export.of_everything(blobs()))
    assert b";'=HYPERLINK(1);" in files["addresses.csv"]
