"""Fifty real SIGKILLs at random moments of ingest and write-back, then a healthy run.

The program runs as a process against a sandbox process over HTTP. A SIGKILL does not
test power loss; the seed makes the moments repeatable, not exact.
"""

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from installation import Installation, install
from sandbox_process import SandboxProcess, sandbox_process

from crm_core import database, verify
from crm_core.models import MessageCopy

KILLS = 50
SEED = 20261124
VERKAUF, KELLER, FREI = (
    f"{name}@werft.example" for name in ("verkauf", "keller", "frei")
)
PERSON = (
    "{{address: {}, kind: person, informed: 2026-01-05, folders: [inbox, sent], "
    "tasks: true, calendar: true, staff_groups: [Administration]}}"
)
MAILBOXES = [
    f"{{address: {VERKAUF}, kind: shared, folders: [inbox, sent], keep: all}}",
    PERSON.format(KELLER),
    PERSON.format(FREI),
]


def mail(number: int) -> bytes:
    parent = f"In-Reply-To: <k{number - 7}@kunde.example>\r\n" if number > 30 else ""
    return (
        f"From: Kunde {number % 9} <k{number % 9}@kunde.example>\r\nTo: {VERKAUF}\r\n"
        f"Date: Tue, 10 Nov 2026 09:{number // 60 % 60:02d}:{number % 60:02d} +0100\r\n"
        f"Message-ID: <k{number}@kunde.example>\r\n{parent}Subject: Boot {number}\r\n"
        f"\r\nGuten Tag, Nachricht {number}\r\n"
    ).encode()


def kill_at_random(place: Installation, moments: random.Random, longest: float) -> bool:
    """Start a sync and kill it; whether it was still running."""
    process = place.start("sync-once")
    try:
        process.wait(timeout=moments.uniform(0.25, longest))
        killed = False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        killed = True
    process.communicate()
    return killed


def play_a_round(
    place: Installation, sandbox: SandboxProcess, number: int, mails: list[str]
) -> None:
    """More mail, and one more task in either kind, before the next kill."""
    for _ in range(40):
        mails += sandbox.deliver(mail(len(mails)), VERKAUF)
    person = ("keller", "frei")[number % 2]
    when = ("--due-by", "--do-on")[number // 2 % 2]
    place.json(
        "task", "add", "1001", "--title", f"Aufgabe {number}",
        "--employee", person, when, f"2026-12-{number % 28 + 1:02d}",
    )  # fmt: skip


def test_nothing_is_lost_or_written_twice(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    moments = random.Random(SEED)
    mails: list[str] = []
    kills = tasks = 0
    with sandbox_process([VERKAUF, KELLER, FREI]) as sandbox:
        place = install(tmp_path, sandbox.url, MAILBOXES)
        place.run("migrate")
        place.json("address", "add", "--name", "Kunde", "--kind", "customer",
                   "--email", "k1@kunde.example")  # fmt: skip
        place.json("entry", "new", "--address", "1", "--subtag", "offerte",
                   "--title", "Boot")  # fmt: skip
        while kills < KILLS:
            if tasks < 30 and len(mails) <= kills * 40:
                play_a_round(place, sandbox, tasks, mails)
                tasks += 1
            if kill_at_random(place, moments, longest=1.1):
                kills += 1
            else:
                play_a_round(place, sandbox, tasks, mails)
                tasks += 1
        place.run("sync-once")
        assert place.run("verify")
        ledger = sandbox.ledger()
        items = {box: sandbox.ask("GET", f"/items?mailbox={box}")["items"]
                 for box in (KELLER, FREI)}  # fmt: skip
    database.connect(place.database)
    try:
        assert verify.verify() == []
        stored = Counter(
            copy.external_id
            for copy in MessageCopy.select().where(MessageCopy.gone_at.is_null())
        )
        assert stored == Counter(mails)
    finally:
        database.close()
    subjects = Counter(
        item["properties"]["Subject"]
        for box in items.values()
        for item in box
        if item["kind"] in {"Task", "CalendarItem"}
    )
    figures(
        f"SIGKILL (simulated Exchange): {kills} kills, {len(mails)} mails delivered, "
        f"{sum(stored.values())} stored, {tasks} tasks, {sum(subjects.values())} items "
        f"in mailboxes, {len(ledger['submissions'])} sent"
    )
    assert len(mails) >= 200
    assert sum(subjects.values()) == len(subjects) == tasks
    assert ledger["submissions"] == []


def test_the_count_would_see_a_duplicate() -> None:
    twice = Counter(["Aufgabe 1", "Aufgabe 1"])
    assert sum(twice.values()) != len(twice)


@pytest.mark.parametrize("number", [0, 31])
def test_the_mails_of_this_suite_are_well_formed(number: int) -> None:
    assert b"\r\n\r\n" in mail(number)
