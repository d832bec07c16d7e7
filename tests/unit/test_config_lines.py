"""«YAML-Zeilen kopieren»: the lines mean the mailbox they were made of."""

import json
from pathlib import Path

import pytest
from company_files import write, write_company

from config import EffectiveMailbox, load
from config.lines import yaml_lines

ODD = [
    {"address": "verkauf@werft.example", "kind": "shared"},
    {
        "address": "info@werft.example",
        "kind": "shared",
        "name": "Büro: «Info», #1",
        "folders": ["inbox", "Kunden/Müller & Söhne"],
        "skip": ["no", "Privat, alt"],
        "since": "2026-01-01",
        "groups": {"GL": "full", "Werkstatt": "subject"},
        "visibility": "subject",
    },
    {
        "address": "keller@werft.example",
        "kind": "person",
        "name": "true",
        "informed": "2026-01-05",
        "tasks": True,
        "staff_groups": ["GL", "Administration"],
        "poll": 300,
        "keep": "all",
    },
    {"address": "frei@werft.example", "kind": "person", "employee": "a.frei"},
]


def effective(folder: Path, mailboxes: str) -> tuple[EffectiveMailbox, ...]:
    head = json.loads((folder / "mailboxes.yaml").read_text())
    servers = json.dumps(head["servers"])
    (folder / "again").mkdir(exist_ok=True)
    for file in ("service.yaml", "taxonomy.yaml"):
        (folder / "again" / file).write_text((folder / file).read_text())
    (folder / "again" / "mailboxes.yaml").write_text(
        f"servers: {servers}\ninternal_domains: [werft.example]\n{mailboxes}"
    )
    return load(folder / "again").mailboxes


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = write_company(tmp_path)
    said = json.loads((folder / "mailboxes.yaml").read_text()) | {"mailboxes": ODD}
    write(folder, "mailboxes.yaml", said)
    return folder


def test_the_lines_read_again_are_the_same_mailboxes(company: Path) -> None:
    boxes = load(company).mailboxes
    lines = "".join(map(yaml_lines, boxes))
    assert effective(company, f"mailboxes:\n{lines}") == boxes


def test_the_comparison_sees_a_lost_line(company: Path) -> None:
    boxes = load(company).mailboxes
    lines = "".join(map(yaml_lines, boxes)).replace("    keep: all\n", "")
    assert effective(company, f"mailboxes:\n{lines}") != boxes
