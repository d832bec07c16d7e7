"""Starting with other internal domains makes the threads anew, on both databases."""

import json
from pathlib import Path

import pytest
from company_files import write_company
from eight_cases import MEIER, sixteen
from thread_world import ACTOR, VERKAUF, deliver, letter, partition

from config import load
from crm_core import database, verify
from crm_core.linking import links
from crm_core.models import AddressRole, LinkReason, Mailbox, MailFolder
from crm_core.queries import entries as entry_pages
from crm_core.records import addresses, entries
from mailsync import startup

PARTNER = "moser@hafen.example"
THREAD = sixteen("t")
# The partner takes part in both; without him they have nobody in common.
LETTERS = [
    letter("a", VERKAUF, PARTNER, VERKAUF, guid=THREAD),
    letter("b", VERKAUF, MEIER, VERKAUF, cc=[PARTNER], guid=THREAD, at=1),
]


@pytest.fixture
def folder(db: str, tmp_path: Path) -> Path:
    found = write_company(tmp_path / "etc", database=db)
    startup.mirror(load(found), actor=ACTOR)
    with database.transaction():
        mailbox = Mailbox.get(Mailbox.address == VERKAUF)
        MailFolder.create(mailbox=mailbox, role="inbox", name="inbox")
        deliver(LETTERS)
    return found


def restart_with(folder: Path, *domains: str) -> None:
    file = folder / "mailboxes.yaml"
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "internal_domains": domains}))
    startup.mirror(load(folder), actor=ACTOR)
    assert verify.verify() == []


def test_a_partner_who_becomes_internal_joins_nobody_any_more_and_back(
    folder: Path,
) -> None:
    assert len(partition()) == 1
    restart_with(folder, "werft.example", "hafen.example")
    assert len(partition()) == 2
    restart_with(folder, "werft.example")
    assert len(partition()) == 1


def test_an_entry_keeps_its_anchor_and_loses_what_no_longer_belongs_to_it(
    folder: Path,
) -> None:
    with database.transaction():
        owner = addresses.create("Meier", AddressRole.CUSTOMER, [MEIER], actor=ACTOR)
        entry = entries.create(owner.id, "offerte", "Mast", actor=ACTOR)
        (anchor,) = links.find_message("b@mail.example")
        links.link_mail(entry, anchor, reason=LinkReason.MANUAL, actor=ACTOR)
    assert {m.subject for m in entry_pages.show(entry.number).messages} == {"a", "b"}
    restart_with(folder, "werft.example", "hafen.example")
    assert {m.subject for m in entry_pages.show(entry.number).messages} == {"b"}
