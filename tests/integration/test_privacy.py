"""What is read and what is kept, shown by bytes and by the sandbox's ledger.

Canary words stand in bodies, attachments, subjects; the scan looks for them in every
byte of the SQLite files and of the blob folder, in UTF-8, UTF-16 and base64.
"""

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from werft import KELLER, MEIER, VERKAUF, WERKSTATT, Werft, settings_of, werft

from crm_core import database, schema
from crm_core.models import Keep, MessageCopy
from crm_core.polling import mailboxes
from mailsync import once

CANARY = "Kanarienvogel-7315"
PART = "Anhang-Kanarie-2290"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    schema.upgrade(database.connect(f"sqlite:///{tmp_path}/mailsync.db"))
    yield tmp_path
    database.close()


@pytest.fixture
def w(folder: Path) -> Iterator[Werft]:
    with werft(folder) as company:
        yield company


def with_attachment(w: Werft, sender: str, id: str, **more: str) -> bytes:  # noqa: A002
    """Our mail with an own text, an HTML part and one attachment."""
    head = w.mail(sender, VERKAUF, "Offerte", id=id, **more).decode()
    head = head.split("MIME-Version")[0]
    part = base64.b64encode(f"{PART} {id}".encode()).decode()
    return (
        f"{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        f"<p>{CANARY} {id}</p>\r\n"
        "--b\r\nContent-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=plan.bin\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{part}\r\n--b--\r\n"
    ).encode()


def places(folder: Path, word: str) -> list[str]:
    """Files that hold the word in any of its usual spellings."""
    spellings = [word.encode(), word.encode("utf-16-le")]
    spellings += [
        base64.b64encode((" " * shift + word).encode())[4:-4] for shift in range(3)
    ]
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            found += [file.name for one in spellings if one in content]
    return found


def test_no_byte_of_a_body_is_stored_before_linking(w: Werft, folder: Path) -> None:
    w.receive(with_attachment(w, MEIER, "m1"), VERKAUF, WERKSTATT)
    w.poll()
    assert w.lines()["<m1>"].mailboxes == (VERKAUF, WERKSTATT)
    assert places(folder, CANARY) == []
    assert places(folder, PART) == []


def test_body_and_attachments_are_there_after_link_and_sync(
    w: Werft, folder: Path
) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(with_attachment(w, MEIER, "m1"))
    w.poll()
    w.link(entry, "m1")
    w.receive(with_attachment(w, MEIER, "m2", answers="m1"))
    w.poll()
    for id in ("m1", "m2"):  # noqa: A001
        assert places(folder, f"{CANARY} {id}")
        assert places(folder, f"{PART} {id}")


def test_a_held_mails_body_is_not_stored(w: Werft, folder: Path) -> None:
    entry = w.entry(w.address(MEIER))
    w.address("huber@kunde2.example")
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"))
    w.poll()
    w.link(entry, "m1")
    w.receive(with_attachment(w, "huber@kunde2.example", "h1", answers="m1"))
    w.poll()
    assert w.held(entry)["h1"] == "other_customer"
    assert places(folder, CANARY) == []


def test_unlinking_removes_the_body(w: Werft, folder: Path) -> None:
    entry = w.entry(w.address(MEIER))
    w.receive(with_attachment(w, MEIER, "m1"))
    w.poll()
    w.link(entry, "m1")
    w.poll()
    w.unlink(entry, "m1", whole=True)
    w.poll()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert places(folder, CANARY) == []
    assert places(folder, PART) == []


def test_keep_headers_never_stores_a_body(folder: Path) -> None:
    with werft(folder, keep=Keep.HEADERS) as w:
        entry = w.entry(w.address(MEIER))
        w.receive(with_attachment(w, MEIER, "m1"))
        w.poll()
        w.link(entry, "m1")
        w.poll()
        assert w.shown(entry) == {"m1"}
        assert places(folder, CANARY) == []


PRIVATE = [
    ("Privat: Arzttermin {}", {}),
    ("persönlich {}", {}),
    ("AW: Privat {}", {}),
    ("Segeln {}", {"Sensitivity": "Private"}),
    ("Segeln {}", {"Sensitivity": "Personal"}),
    ("Segeln {}", {"Keywords": "Privat"}),
]


@pytest.mark.parametrize(("subject", "headers"), PRIVATE)
def test_a_private_mail_leaves_its_ids_and_nothing_else(
    w: Werft, folder: Path, subject: str, headers: dict[str, str]
) -> None:
    word = "Zahnweh8841"
    raw = w.mail("freund@privatier.example", KELLER, subject.format(word), id=word,
                 body=f"{word}\n", **headers)  # fmt: skip
    w.receive(raw, KELLER)
    w.poll()
    (copy,) = MessageCopy.select()
    assert copy.private
    assert copy.external_id
    assert places(folder, word) == []
    assert places(folder, "privatier.example") == []
    assert "GetItem" not in [one.operation for one in w.sandbox.ledger.requests]


def test_a_whole_word_is_needed(w: Werft) -> None:
    w.receive(w.mail(MEIER, KELLER, "Privatkunde: Offerte", id="m1"), KELLER)
    w.poll()
    assert not MessageCopy.get().private


def test_marking_it_private_later_takes_it_back(w: Werft, folder: Path) -> None:
    word = "Zahnweh8842"
    w.receive(w.mail(MEIER, KELLER, word, id="m1"), KELLER)
    w.poll()
    assert places(folder, word)
    (item,) = [row.external_id for row in MessageCopy.select()]
    w.sandbox.act(KELLER, "edit", item_id=item, set={"Sensitivity": "Private"})
    w.poll()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert MessageCopy.get().private
    assert places(folder, word) == []


def test_a_person_who_is_not_informed_is_never_asked(folder: Path) -> None:
    with werft(folder) as w:
        silent = mailboxes.MailboxSettings(
            **{
                **{k: getattr(settings_of(KELLER), k) for k in FIELDS},
                "informed_on": None,
            }
        )
        with database.transaction():
            mailboxes.mirror(
                [settings_of(VERKAUF), settings_of(WERKSTATT), silent],
                ["werft.example"],
                today=date(2026, 11, 24),
                actor="test",
            )
        w.receive(w.mail(MEIER, KELLER, "Offerte", id="m1"), KELLER, VERKAUF)
        w.poll()
        asked = {one.mailbox for one in w.sandbox.ledger.requests}
        assert asked == {VERKAUF, WERKSTATT}


FIELDS = tuple(mailboxes.MailboxSettings.__dataclass_fields__)


def test_only_listed_mailboxes_are_ever_asked(w: Werft) -> None:
    w.sandbox.add_mailbox("chef@werft.example")
    w.receive(w.mail(MEIER, VERKAUF, "Offerte", id="m1"), VERKAUF, "chef@werft.example")
    w.poll()
    asked = {one.mailbox for one in w.sandbox.ledger.requests}
    assert asked <= {VERKAUF, WERKSTATT, KELLER}
    assert w.sandbox.ledger.submissions == []


def test_the_scan_finds_what_is_there(w: Werft, folder: Path) -> None:
    """Red control: with ``keep: all`` the same scan sees the body at once."""
    with database.transaction():
        database.execute("UPDATE mailbox SET keep = 'all'")
    w.receive(with_attachment(w, MEIER, "m1"))
    assert once.sync_once(w.settings).complete
    assert places(folder, CANARY)
