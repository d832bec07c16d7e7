"""A company at work: its mail delivered to a simulated Exchange, its mailboxes polled.

The product sees what EWS shows of the mail and nothing else. ``Seen`` is what it made
of it, read from the database; ``findings`` compares that with the generator's truth and
the sandbox's own ledger, and returns sentences, so that red controls can use it too.
"""

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from pathlib import Path
from random import Random

from fresh_postgres import fresh_postgres
from skeleton_company import Company, Mail
from skeletons import Components

from crm_core import database, schema, verify
from crm_core.exports.export import message_lines
from crm_core.models import Access, Keep, Mailbox, MailboxKind
from crm_core.polling import mailboxes
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from exchange_sandbox.server import Sandbox
from mailsync import sync
from mailsync.blobs import BlobStore
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer

ACTOR = "test"
SUBTAG = "offerte"
_TODAY = date(2026, 11, 24)


@dataclass(slots=True)
class Running:
    """A company whose mailboxes are served and polled."""

    company: Company
    sandbox: Sandbox
    settings: sync.SyncSettings
    rows: dict[str, int] = field(default_factory=dict)  # mailbox address → row

    def deliver(self, mails: Iterable[Mail]) -> None:
        """Each mail into every mailbox it belongs to, as often as it was sent."""
        for mail in mails:
            for _ in range(mail.times):
                self.sandbox.deliver(
                    mail.raw,
                    *mail.inboxes,
                    received=mail.received,
                    submitted_by=mail.sent_by,
                )

    def poll(self, addresses: Iterable[str] | None = None) -> None:
        """Poll these mailboxes (all of them by default), one after the other."""
        for address in self.company.mailboxes if addresses is None else addresses:
            report = sync.poll_mailbox(self.settings, self.rows[address], _go_on)
            assert report.problem is None, report

    def play(self, mails: Sequence[Mail], random: Random, polls: int = 12) -> None:
        """Deliver in this order; after each part poll some of the mailboxes.

        At the end all of them are polled, twice: a copy that one mailbox brought is
        compared with the others when those are read.
        """
        cuts = sorted(random.sample(range(1, len(mails)), min(polls, len(mails) - 1)))
        for start, end in zip([0, *cuts], [*cuts, len(mails)], strict=True):
            self.deliver(mails[start:end])
            some = random.randint(1, len(self.company.mailboxes))
            self.poll(random.sample(self.company.mailboxes, some))
        self.poll()
        self.poll()


def _go_on() -> bool:
    return False


@contextmanager
def running(
    company: Company, folder: Path, ews_schema: Path | None = None
) -> Iterator[Running]:
    """Serve the company's mailboxes and mirror them into the bound database.

    At the end the sandbox must have seen only valid messages and no writes.
    """
    with Sandbox(company.mailboxes, {"svc": "geheim"}, schema=ews_schema) as sandbox:
        server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim"))
        with database.transaction():
            _mirror(company)
        settings = sync.SyncSettings(
            open_port=server,
            rules=dict.fromkeys(company.mailboxes, sync.MailboxRules()),
            blobs=BlobStore(folder / "blobs"),
        )
        rows = {mailbox.address: mailbox.id for mailbox in Mailbox.select()}
        yield Running(company, sandbox, settings, rows)
        server.close()
        ledger = sandbox.ledger
        assert ledger.violations == []
        assert ledger.crashes == []
        assert ledger.submissions == []
        assert ledger.touches == []
        assert ledger.mailboxes_asked() <= set(company.mailboxes)


def _mirror(company: Company) -> None:
    mailboxes.mirror(
        [
            mailboxes.MailboxSettings(
                address=address,
                server="main",
                kind=MailboxKind.SHARED
                if address == company.shared
                else MailboxKind.PERSON,
                keep=Keep.LINKED,
                informed_on=date(2026, 1, 5),
            )
            for address in company.mailboxes
        ],
        [company.domain],
        today=_TODAY,
        actor=ACTOR,
    )
    tag = TagSpec("boot", "Boot", (SubtagSpec(SUBTAG, "Offerte", ("offerte",)),))
    group = TagGroupSpec("verkauf", "Verkauf", (("GL", Access.FULL),), (tag,))
    classification.import_taxonomy([group], actor=ACTOR)


# --- what became of it ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What the product stored, as the export prints it, and the evidence it kept."""

    conversations: dict[int, Counter[str]]  # conversation → its Message-IDs
    flagged: Counter[str]
    copies: Counter[tuple[str, str]]  # (mailbox, Message-ID)
    elsewhere: int  # private, quarantined or nameless lines
    joined_by: Counter[str]
    by_strong_keys: frozenset[frozenset[str]]

    @property
    def partition(self) -> frozenset[frozenset[str]]:
        """The Message-IDs of each conversation."""
        return frozenset(map(frozenset, self.conversations.values()))


def seen() -> Seen:
    """Everything stored in the bound database."""
    conversations: dict[int, Counter[str]] = defaultdict(Counter)
    flagged: Counter[str] = Counter()
    copies: Counter[tuple[str, str]] = Counter()
    joined_by: Counter[str] = Counter()
    elsewhere = 0
    for line in message_lines():
        if line.message_id is None or line.conversation is None:
            elsewhere += 1
            continue
        name = line.message_id.removeprefix("<").removesuffix(">")
        conversations[line.conversation][name] += 1
        flagged[name] += line.id_conflict
        copies.update((mailbox, name) for mailbox in line.mailboxes)
        joined_by[line.joined_by or "new"] += 1
    return Seen(
        dict(conversations),
        +flagged,
        copies,
        elsewhere,
        joined_by,
        _strong_components(),
    )


def _strong_components() -> frozenset[frozenset[str]]:
    """Mails connected by the ids they stored as evidence, compound keys left out."""
    graph = Components()
    names: dict[int, str] = {}
    for message, name, key in database.execute(
        "SELECT m.id, m.internet_id, k.key FROM message m "
        "JOIN message_key k ON k.message_id = m.id WHERE k.kind = 'mid'"
    ):
        names[message] = name
        graph.join(("mail", message), bytes(key))
    found: dict[object, set[str]] = defaultdict(set)
    for message, name in names.items():
        found[graph.root(("mail", message))].add(name)
    return frozenset(map(frozenset, found.values()))


@dataclass(frozen=True, slots=True)
class Joins:
    """Threads that lie in one conversation: by compound keys, or by a mistake."""

    compound: int = 0  # each adds one thread to a conversation
    strange: tuple[str, ...] = ()


def truth(mails: Iterable[Mail]) -> frozenset[frozenset[str]]:
    """The Message-IDs of each thread."""
    found: dict[int, set[str]] = defaultdict(set)
    for mail in mails:
        found[mail.thread].add(mail.internet_id)
    return frozenset(map(frozenset, found.values()))


def joins(mails: Sequence[Mail], found: Seen) -> Joins:
    """Every conversation of several threads, and whether the mails vouch for it.

    Two threads may lie together if a mail of the one and a mail of the other carry the
    same GUID and have an outside party in common.
    """
    by_id = defaultdict(list)
    for mail in mails:
        by_id[mail.internet_id].append(mail)
    compound, strange = 0, []
    for names in found.conversations.values():
        inside = [mail for name in names for mail in by_id[name]]
        together = {mail.thread for mail in inside}
        if len(together) == 1:
            continue
        compound += len(together) - 1
        graph = Components()
        for one, other in combinations(inside, 2):
            shared = one.guid is not None and one.guid == other.guid
            if one.thread == other.thread or (shared and one.outside & other.outside):
                graph.join(one.number, other.number)
        if len({graph.root(mail.number) for mail in inside}) > 1:
            strange.append(f"threads {sorted(together)} without a common party")
    return Joins(compound, tuple(strange))


def findings(run: Running, mails: Sequence[Mail], found: Seen) -> list[str]:
    """What is wrong, as sentences; empty if all of it is right."""
    wanted = truth(mails)
    return [
        *_split(wanted, found),
        *joins(mails, found).strange,
        *_if(found.by_strong_keys != wanted, "strong keys differ from the truth"),
        *_lost(run, found),
        *_repeated(mails, found),
        *_if(bool(found.elsewhere), f"{found.elsewhere} private or quarantined"),
        *(f"verify: {one.check}: {one.detail}" for one in verify.verify()),
    ]


def _split(wanted: frozenset[frozenset[str]], found: Seen) -> list[str]:
    """Threads whose mails lie in several conversations, or are not all there."""
    of = {
        name: conversation
        for conversation, names in found.conversations.items()
        for name in names
    }
    parts = [(len(group), {of.get(name) for name in group}) for group in wanted]
    return [
        f"a thread of {size} mails is split"
        for size, conversations in parts
        if len(conversations) > 1 or None in conversations
    ]


def _if(wrong: bool, sentence: str) -> list[str]:
    return [sentence] if wrong else []


def _lost(run: Running, found: Seen) -> list[str]:
    """Against the ledger: every delivery is one copy, under the item id it got."""
    deliveries = run.sandbox.ledger.deliveries
    wanted = Counter(
        (one.mailbox, (one.message_id or "").strip("<>")) for one in deliveries
    )
    stored = {
        row[0]
        for row in database.execute(
            "SELECT external_id FROM message_copy WHERE gone_at IS NULL"
        )
    }
    missing = {one.item_id for one in deliveries} ^ stored
    return [
        *_if(wanted != found.copies, f"copies differ: {wanted - found.copies}"),
        *_if(bool(missing), f"{len(missing)} items are in one of ledger and database"),
    ]


def _repeated(mails: Sequence[Mail], found: Seen) -> list[str]:
    """As many mails under one Message-ID as were written, all but one flagged."""
    wanted = Counter(mail.internet_id for mail in mails)
    stored = sum(found.conversations.values(), start=Counter[str]())
    flags = Counter({name: count - 1 for name, count in wanted.items() if count > 1})
    return [
        *_if(wanted != stored, "mails under one Message-ID: not as many as written"),
        *_if(flags != found.flagged, "flags of repeated Message-IDs are wrong"),
    ]


def shuffled(mails: Sequence[Mail], seed: int) -> list[Mail]:
    """A random order of delivery."""
    return Random(seed).sample(mails, len(mails))


@contextmanager
def fresh_database(kind: str) -> Iterator[Path]:
    """Bind a new, migrated database; yields a folder for whatever else is stored.

    In memory where there is such a place: commits are FULL and would wait for disks.
    """
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mailsync-", dir=fast) as name:
        folder = Path(name)
        if kind == "sqlite":
            with _bound(f"sqlite:///{folder}/mailsync.db"):
                yield folder
        else:
            with fresh_postgres() as url, _bound(url):
                yield folder


@contextmanager
def _bound(url: str) -> Iterator[None]:
    schema.upgrade(database.connect(url))
    try:
        yield
    finally:
        database.close()
