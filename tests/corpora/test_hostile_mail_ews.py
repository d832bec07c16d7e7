"""Every nasty mail through the whole chain: sandbox, EWS, ingest, database.

The mails lie in ``../shared``; nothing of them is in the project. Each is delivered
and polled by itself, so that time and memory are each mail's own, measured apart in the
sandbox's process and in this one (the daemon's code).
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import (
    SandboxProcess,
    cpu_seconds,
    peak_memory_mb,
    reset_peak_memory,
    sandbox_process,
)
from werft import AUTHSERV, VERKAUF, settings_of

from crm_core import database, schema, verify
from crm_core.exports.export import message_lines
from crm_core.linking import keywords
from crm_core.mail import quarantine
from crm_core.models import Keep, Message, MessageCopy
from crm_core.polling import mailboxes
from crm_core.threads.conversations import GUID, digest, mid
from mailsync import once, sync
from mailsync.blobs import BlobStore
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer
from mailsync.normalise import own_id

MOST_SECONDS = 2.0
MOST_MB = 256.0


@dataclass(slots=True)
class Played:
    """What became of every mail."""

    names: list[str]
    row_of: dict[str, int] = field(default_factory=dict)  # name → message id
    private: set[str] = field(default_factory=set)
    quarantined: dict[str, str] = field(default_factory=dict)
    daemon_seconds: dict[str, float] = field(default_factory=dict)
    daemon_mb: dict[str, float] = field(default_factory=dict)
    sandbox_seconds: dict[str, float] = field(default_factory=dict)
    sandbox_mb: dict[str, float] = field(default_factory=dict)
    violations: int = 0


@pytest.fixture(scope="module")
def nasty(shared: Path) -> Path:
    return shared / "corpora" / "nasty"


@pytest.fixture(scope="module")
def played(
    nasty: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("nasty")
    schema.upgrade(database.connect(f"sqlite:///{folder}/mailsync.db"))
    with database.transaction():
        mailboxes.mirror(
            [settings_of(VERKAUF, Keep.ALL)],
            ["werft.example"],
            today=date(2026, 11, 24),
            actor="test",
        )
    names = sorted(path.name for path in nasty.glob("*.eml"))
    with sandbox_process([VERKAUF], schema=shared / "ews-schema") as sandbox:
        server = EwsServer(
            ServerSettings(
                endpoint=sandbox.url,
                login="svc",
                password="geheim",
                all_headers=True,
            )
        )
        settings = sync.SyncSettings(
            open_port=server,
            rules={VERKAUF: sync.MailboxRules(authserv_id=AUTHSERV)},
            blobs=BlobStore(folder / "blobs"),
        )
        once.sync_once(settings)
        result = Played(names)
        for name in names:
            _play(sandbox, settings, name, (nasty / name).read_bytes(), result)
        result.violations = len(sandbox.ledger().get("violations", []))
        server.close()
        yield result
    database.close()


def _play(
    sandbox: SandboxProcess,
    settings: sync.SyncSettings,
    name: str,
    raw: bytes,
    result: Played,
) -> None:
    pid = sandbox.process.pid
    for process in (pid, os.getpid()):
        reset_peak_memory(process)
    base = peak_memory_mb(os.getpid())  # this process holds a whole test session
    theirs, ours = cpu_seconds(pid), time.process_time()
    (item,) = sandbox.deliver(raw, VERKAUF)
    report = once.sync_once(settings)
    result.daemon_seconds[name] = time.process_time() - ours
    result.sandbox_seconds[name] = cpu_seconds(pid) - theirs
    result.daemon_mb[name] = peak_memory_mb(os.getpid()) - base
    result.sandbox_mb[name] = peak_memory_mb(pid)
    assert report.complete, (name, report)
    copy = MessageCopy.get_or_none(MessageCopy.external_id == item)
    if copy is not None and copy.private:
        result.private.add(name)
    elif copy is not None:
        result.row_of[name] = copy.message_id
    for row in quarantine.open_items():
        if row.external_id == item:
            result.quarantined[name] = f"{row.reason}: {row.detail}"


def test_every_mail_is_stored_or_quarantined_with_a_reason(
    played: Played, figures: Callable[[str], None]
) -> None:
    lost = [
        name
        for name in played.names
        if name not in played.row_of
        and name not in played.private
        and name not in played.quarantined
    ]
    figures(
        f"nasty mail over EWS (simulated): {len(played.names)} delivered, "
        f"{len(played.row_of)} stored, {len(played.private)} private (ids only), "
        f"{len(played.quarantined)} quarantined, {len(lost)} lost"
    )
    figures(f"  reasons: {dict(Counter(played.quarantined.values()))}")
    assert lost == []
    assert all(reason.strip(": ") for reason in played.quarantined.values())


def test_no_mail_costs_more_than_it_may(
    played: Played, figures: Callable[[str], None]
) -> None:
    worst = {
        "daemon s": max(played.daemon_seconds.values()),
        "daemon MB": max(played.daemon_mb.values()),
        "sandbox s": max(played.sandbox_seconds.values()),
        "sandbox MB": max(played.sandbox_mb.values()),
    }
    figures(f"  worst mail: { ({k: round(v, 2) for k, v in worst.items()}) }")
    assert worst["daemon s"] <= MOST_SECONDS
    assert worst["sandbox s"] <= MOST_SECONDS
    assert worst["daemon MB"] <= MOST_MB
    assert worst["sandbox MB"] <= MOST_MB


def test_the_database_is_clean_afterwards(played: Played) -> None:
    assert verify.verify() == []
    lines = list(message_lines())
    copies = sum(len(line.mailboxes) for line in lines)
    assert copies == len(played.names)
    assert played.violations == 0


# --- what the own mails expect --------------------------------------------------------


def _expectations(nasty: Path) -> Iterator[tuple[str, str, Any]]:
    for line in (nasty / "index.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        for what, value in entry.get("expect", {}).items():
            yield entry["file"], what, value


def _stored(played: Played, name: str) -> Message:
    return Message.get_by_id(played.row_of[name])


def _keys(message: Message) -> set[bytes]:
    return {bytes(row.key) for row in message.keys}


def _bound(value: list[Any]) -> list[bytes]:
    pairs = value if isinstance(value[0], list) else [value]
    return [digest(GUID, bytes.fromhex(g), a.encode()) for g, a in pairs]


def _text(message: Message) -> str:
    rows = database.execute(
        "SELECT text FROM message_body WHERE message_id = ?", (message.id,)
    )
    return str(rows[0][0]) if rows else ""


def _check(played: Played, name: str, what: str, value: Any) -> bool | None:
    """True or False, or None where the expectation is a sentence for people."""
    if what == "note":
        return None
    if what == "private":
        return (name in played.private) is value
    if what == "crash":
        return name in played.row_of or name in played.quarantined
    if name not in played.row_of:
        return False
    message = _stored(played, name)
    if what == "same_conversation":
        others = [_stored(played, f"{other}.eml") for other in value]
        if value:
            return all(o.conversation_id == message.conversation_id for o in others)
        alone = Message.select().where(Message.conversation == message.conversation)
        return alone.count() == 1
    if what == "compound_key":
        if value is None:
            return not any(
                row.kind == GUID for row in message.keys if _foreign(row, message)
            )
        return set(_bound(value)) <= _keys(message)
    if what in {"auto", "bounce"}:
        return message.automatic is value
    if what == "confidential":
        return message.confidential is value
    if what == "dmarc":
        return message.dmarc.value == value
    if what == "token":
        found = [f"CRM-{n}" for n in keywords.parse(message.subject).tokens]
        wanted = value if isinstance(value, list) else [value] if value else []
        return found == wanted
    if what == "subject_without_prefix":
        return keywords.without_prefixes(message.subject)[0] == value
    if what == "address":
        return message.from_address == value
    if what == "display_name":
        return message.from_name == value
    if what == "kept":
        return Message.select().where(
            Message.internet_id == message.internet_id
        ).count() == 2  # fmt: skip
    if what == "keys" and isinstance(value, list):
        return all(mid(own_id(one) or "") in _keys(message) for one in value)
    if what == "text" and value[0].isupper() and " " not in value.strip("üö"):
        return value in _text(message)
    if what == "subject" and " " not in value:
        return message.subject == value
    return None


def _foreign(row: Any, message: Message) -> bool:
    """A GUID key from the mail's own Thread-Index, not one the server made up.

    An index that the server invents on delivery is random: nobody shares it.
    """
    sharing = database.execute(
        "SELECT count(*) FROM message_key WHERE key = ?", (bytes(row.key),)
    )
    return bool(sharing[0][0] > 1)


def test_the_own_mails_meet_what_they_expect(
    played: Played, nasty: Path, figures: Callable[[str], None]
) -> None:
    outcome: Counter[str] = Counter()
    wrong = []
    for name, what, value in _expectations(nasty):
        result = _check(played, name, what, value)
        outcome["read by people" if result is None else str(result)] += 1
        if result is False:
            wrong.append((name, what, value))
    figures(f"  expectations of the own mails: {dict(outcome)}")
    assert wrong == []


def test_the_checker_sees_a_wrong_verdict(played: Played) -> None:
    assert _check(played, "own-049.eml", "dmarc", "pass") is False
    assert _check(played, "own-036.eml", "private", False) is False
