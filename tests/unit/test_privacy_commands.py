"""``export`` and ``erase``: what the commands write, ask and say."""

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from crm_core import database
from crm_core.database import transaction
from crm_core.models import (
    Attachment,
    AuditEvent,
    Conversation,
    Mailbox,
    MailFolder,
    Message,
    MessageAddress,
    MessageBody,
    MessageCopy,
    PartyRole,
)
from mailsync.blobs import BlobStore

EMAIL = "meier@kunde.example"
PDF = b"%PDF-1.7"
AT = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def entry(run: Run, company: Path) -> int:
    """A customer with an entry that shows one mail with an attachment."""
    said = run(
        "address", "add", "--name", "Hans Meier", "--kind", "customer",
        "--email", EMAIL, "--json",
    )  # fmt: skip
    address = json.loads(said.stdout)["id"]
    said = run(
        "entry", "new", "--address", address, "--subtag", "offerte", "--title",
        "Boot von Hans Meier", "--json",
    )  # fmt: skip
    number = int(json.loads(said.stdout)["number"])
    store_mail(company)
    run("entry", "link", number, "--message-id", "<m1@kunde.example>")
    keep_content(company)
    return number


def connected(company: Path, act: Callable[[], None]) -> None:
    database.connect(f"sqlite:///{company}/mailsync.db")
    try:
        with transaction():
            act()
    finally:
        database.close()


def store_mail(company: Path) -> None:
    def act() -> None:
        box = Mailbox.select().get()
        folder = MailFolder.create(mailbox=box, role="inbox", name="inbox")
        mail = Message.create(
            internet_id="m1@kunde.example", fingerprint=b"f" * 16, subject="Offerte",
            conversation=Conversation.create(started_at=AT), from_name="Hans Meier",
            from_address=EMAIL, sender=EMAIL, sent_at=AT, received_at=AT,
        )  # fmt: skip
        MessageAddress.create(message=mail, role=PartyRole.FROM, email=EMAIL)
        MessageCopy.create(mailbox=box, folder=folder, external_id="i", message=mail)

    connected(company, act)


def keep_content(company: Path) -> None:
    BlobStore(company / "blobs").put(PDF)

    def act() -> None:
        mail = Message.get()
        MessageBody.create(message=mail, text="Guten Tag")
        Attachment.create(
            message=mail, position=0, name="Plan.pdf", content_type="application/pdf",
            size=len(PDF), sha256=sha256(PDF).hexdigest(),
        )  # fmt: skip
        mail.body_at = mail.content_at = AT
        mail.save()

    connected(company, act)


def rows(company: Path, table: Any) -> list[Any]:
    database.connect(f"sqlite:///{company}/mailsync.db")
    try:
        return list(table.select())
    finally:
        database.close()


def test_an_entry_is_written_for_its_owner_alone(
    run: Run, entry: int, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = json.loads(run("export", "entry", entry, "--out", out, "--json").stdout)
    assert said == {"files": 2, "folder": str(out)}
    files = [file for file in out.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".eml"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert "Plan.pdf" in next(out.rglob("*.eml")).read_text()


@pytest.mark.parametrize("who", [EMAIL, "#1"])
def test_a_person_is_written(run: Run, entry: int, tmp_path: Path, who: str) -> None:
    out = tmp_path / "out"
    assert "2 Dateien" in run("export", "person", who, "--out", out).stdout
    told = json.loads((out / "person.json").read_text())
    assert told["email_addresses"] == [EMAIL]
    assert [one["number"] for one in told["entries"]] == [entry]


def test_everything_is_written(run: Run, entry: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("export", "all", "--out", out)
    assert (out / "entries" / str(entry) / "entry.json").exists()
    assert "Hans Meier" in (out / "addresses.csv").read_text("utf-8-sig")


def test_what_was_handed_out_stands_in_the_log(
    run: Run, entry: int, company: Path, tmp_path: Path
) -> None:
    run("export", "entry", entry, "--out", tmp_path / "a")
    run("export", "person", EMAIL, "--out", tmp_path / "b")
    run("export", "all", "--out", tmp_path / "c")
    log = [one for one in rows(company, AuditEvent) if one.action == "data_exported"]
    assert [one.subject for one in log] == [f"entry:{entry}", "address:1", "all"]


@pytest.mark.usefixtures("entry")
def test_a_folder_that_is_not_empty_is_not_written_into(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "alt.txt").write_text("x")
    assert "nicht leer" in run("export", "all", "--out", tmp_path, code=2).stderr


def test_somebody_unknown_is_a_sentence(run: Run, company: Path) -> None:
    said = run("export", "person", "x@y.example", "--out", company / "out", code=1)
    assert said.stderr == "Niemand ist bekannt als «x@y.example»\n"


@pytest.mark.usefixtures("entry")
def test_erasing_asks_first(run: Run, company: Path) -> None:
    said = run("erase", "person", EMAIL, code=1, typed="n\n")
    assert "1 E-Mails werden gelöscht" in said.stderr
    assert len(rows(company, Message)) == 1


def test_a_person_is_erased_with_its_files(run: Run, entry: int, company: Path) -> None:
    assert len(list(BlobStore(company / "blobs").names())) == 1
    said = json.loads(run("erase", "person", EMAIL, "--yes", "--json").stdout)
    assert said == {"mails": 1, "texts": 1, "clean": True}
    assert rows(company, Message) == []
    assert list(BlobStore(company / "blobs").names()) == []
    whole = b"".join(one.read_bytes() for one in company.glob("mailsync.db*"))
    assert EMAIL.encode() not in whole
    assert b"Hans Meier" not in whole
    shown = json.loads(run("entry", "show", entry, "--json").stdout)
    assert shown["title"] == "Boot von (gelöscht)"


@pytest.mark.usefixtures("entry")
def test_the_database_is_sound_after_an_erasure(run: Run) -> None:
    run("erase", "person", EMAIL, "--yes")
    run("verify")
