"""A database of many mails, made fast: the ground for goal G11.

Rows go in batches straight into the product's tables, without the product. The evidence
(``message_key``) and bodies are left out: no link decision reads them. Threads have six
mails, every mail four parties, ids the length of Exchange's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from bench.answers import change_key, item_id
from bench.company import INTERNAL, taxonomy
from bench.corpus import MAILBOX
from crm_core import database, schema
from crm_core.linking import holds, links
from crm_core.models import (
    AddressRole,
    Entry,
    Keep,
    LinkReason,
    MailboxKind,
    MailFolder,
    Message,
)
from crm_core.polling import mailboxes
from crm_core.records import addresses, entries
from crm_core.threads.conversations import mid

THREAD = 6
LINKED = 400  # conversations that entries show
_BATCH = 20_000
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_ACTOR = "bench"
# Filled unsorted, these would be built page by page in random order.
_LATER = (
    "message_internet_id",
    "message_copy_mailbox_id_external_id",
    "message_address_email",
)


@dataclass(frozen=True, slots=True)
class Member:
    """Mail ``n`` of the crowd, from 1."""

    n: int

    @property
    def thread(self) -> int:
        return (self.n - 1) // THREAD + 1

    @property
    def place(self) -> int:
        """0 is the thread's first mail."""
        return (self.n - 1) % THREAD

    @property
    def internet_id(self) -> str:
        return f"{self.n * 2654435761 % 2**32:08x}.{self.n}@kunde{self.n % 211}.example"

    @property
    def customer(self) -> str:
        return f"person{self.thread}@kunde{self.thread % 211}.example"

    @property
    def sender(self) -> str:
        return self.customer if self.place % 2 == 0 else MAILBOX

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """(role, address) of the recipients."""
        to = MAILBOX if self.place % 2 == 0 else self.customer
        second = f"zweite{self.thread}@kunde{self.thread % 97}.example"
        return ("to", to), ("cc", f"keller@{INTERNAL}"), ("cc", second)

    @property
    def at(self) -> str:
        return (_BEGIN + timedelta(seconds=self.n)).isoformat(timespec="microseconds")


def build(path: Path, rows: int) -> None:
    """Make the database with ``rows`` mails; it stays bound."""
    bound = database.connect(f"sqlite:///{path}")
    schema.upgrade(bound)
    database.execute("PRAGMA synchronous = OFF")  # nothing here must survive
    database.execute("PRAGMA foreign_keys = OFF")
    with database.transaction():
        box = mailboxes.MailboxSettings(
            address=MAILBOX, server="main", kind=MailboxKind.SHARED, keep=Keep.ALL
        )
        mailboxes.mirror([box], [INTERNAL], today=_BEGIN.date(), actor=_ACTOR)
        mailbox = mailboxes.enabled()[0]
        folder = MailFolder.create(mailbox=mailbox, role="inbox", name="inbox")
        opened = _open_entries(rows)
        _fill(rows, mailbox.id, folder.id)
        for thread, entry in opened.items():
            _link(thread, entry)
        holds.settle(holds.linked_conversations())
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill(rows: int, mailbox: int, folder: int) -> None:
    held_back = [
        database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,))[0][0]
        for name in _LATER
    ]
    for name in _LATER:
        database.execute(f'DROP INDEX "{name}"')
    database.execute("CREATE TEMP TABLE loose (key BLOB, conversation_id INTEGER)")
    for numbers in _batches(range(1, rows + 1)):
        _write([Member(n) for n in numbers], mailbox, folder)
    database.execute(
        "INSERT INTO conversation_key SELECT key, conversation_id, 0 FROM loose "
        "ORDER BY key"
    )
    database.execute("DROP TABLE loose")
    for sql in held_back:
        database.execute(sql)


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    source = iter(numbers)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _write(members: list[Member], mailbox: int, folder: int) -> None:
    keys = {one.n: mid(one.internet_id) for one in members}
    database.execute_many(
        "INSERT INTO conversation (id, started_at) VALUES (?, ?)",
        [(one.thread, one.at) for one in members if one.place == 0],
    )
    database.execute_many(
        "INSERT INTO loose VALUES (?, ?)", [(keys[m.n], m.thread) for m in members]
    )
    database.execute_many(
        "INSERT INTO message (id, internet_id, fingerprint, conversation_id, subject, "
        "from_name, from_address, sender, sent_at, received_at, size, item_class, "
        "has_attachments, automatic, confidential, dmarc, authenticated, id_conflict, "
        "parent, joined_by, stored_on) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?, 5000, "
        "'IPM.Note', 0, 0, 0, 'none', ?, 0, ?, 'mid', '2026-11-24')",
        [
            (
                one.n, one.internet_id, keys[one.n], one.thread,
                f"AW: Motorboot {one.thread}", one.sender, one.sender, one.at, one.at,
                int(one.sender == MAILBOX),
                mid(Member(one.n - 1).internet_id) if one.place else None,
            )
            for one in members
        ],
    )  # fmt: skip
    database.execute_many(
        "INSERT INTO message_address (message_id, role, email) VALUES (?, ?, ?)",
        [
            (one.n, role, email)
            for one in members
            for role, email in sorted((("from", one.sender), *one.others))
        ],
    )
    database.execute_many(
        "INSERT INTO message_copy (mailbox_id, folder_id, external_id, change_key, "
        "message_id, private, sent, digest_missing, filed, seen_sweep) "
        "VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0)",
        [
            (mailbox, folder, item_id(one.n), change_key(one.n), one.n)
            for one in members
        ],
    )


def linked_threads(rows: int) -> range:
    """The conversations that entries show, spread over all."""
    threads = rows // THREAD
    return range(1, threads + 1, max(1, threads // LINKED))


def _open_entries(rows: int) -> dict[int, Entry]:
    """An entry of its customer for each thread to be linked; before there is mail."""
    taxonomy()
    opened = {}
    for thread in linked_threads(rows):
        customer = Member((thread - 1) * THREAD + 1).customer
        owner = addresses.create(
            customer, AddressRole.CUSTOMER, [customer], actor=_ACTOR
        )
        opened[thread] = entries.create(owner.id, "offerte", "Motorboot", actor=_ACTOR)
    return opened


def _link(thread: int, entry: Entry) -> None:
    first = Message.get_by_id((thread - 1) * THREAD + 1)
    links.link_mail(entry, first, reason=LinkReason.MANUAL, actor=_ACTOR)
