"""The boatyard's database before the measured poll, and copies of it, one per round.

``prepare`` makes it once: the first mails are ingested, then every second conversation
is linked to an entry of the person outside who wrote in it, and what is wanted of the
linked mails is fetched. So the measured poll meets entries, participants, known
addresses, replies to linked threads and subject tokens of entries that exist.
"""

import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.corpus import MAILBOX, TOKEN_RANGE
from crm_core import database, schema
from crm_core.linking import links
from crm_core.models import Access, AddressRole, Keep, LinkReason, MailboxKind, Message
from crm_core.polling import mailboxes
from crm_core.records import addresses, entries
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from mailsync import sync
from mailsync.blobs import BlobStore
from mailsync.port import PortFactory

INTERNAL = "werft.example"
LINK_EVERY = 2
_ACTOR = "bench"
_TODAY = date(2026, 11, 24)


class Store(ABC):
    """Where databases are made: one template, any number of copies."""

    @abstractmethod
    def template(self) -> str:
        """The URL of a new, empty database that becomes the template."""

    @abstractmethod
    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a copy of the template, removed at the end."""

    @abstractmethod
    def close(self) -> None:
        """Remove the template."""


class SqliteFiles(Store):
    """Real files in a folder on a real disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"

    def template(self) -> str:
        self._template.unlink(missing_ok=True)
        return f"sqlite:///{self._template}"

    @contextmanager
    def copy(self) -> Iterator[str]:
        path = self._folder / f"{secrets.token_hex(6)}.db"
        shutil.copyfile(self._template, path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for file in self._folder.glob(f"{path.name}*"):
                file.unlink()

    def close(self) -> None:
        for file in self._folder.glob(f"{self._template.name}*"):
            file.unlink()


class PostgresDatabases(Store):
    """Databases of one server, copied by the server itself."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"mailsync_bench_{secrets.token_hex(6)}"

    def _say(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True, connect_timeout=3) as one:
            one.execute(sql)

    def _url(self, name: str) -> str:
        return f"{self._server.rpartition('/')[0]}/{name}"

    def template(self) -> str:
        self._say(f'CREATE DATABASE "{self._name}"')
        return self._url(self._name)

    @contextmanager
    def copy(self) -> Iterator[str]:
        name = f"{self._name}_{secrets.token_hex(4)}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{self._name}"')
        try:
            yield self._url(name)
        finally:
            self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._say(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the template holds."""

    messages: int
    conversations: int
    entries: int


def settings(port: PortFactory, blobs: Path) -> sync.SyncSettings:
    """What the daemon polls with by default: Inbox and Sent Items."""
    return sync.SyncSettings(
        open_port=port, rules={MAILBOX: sync.MailboxRules()}, blobs=BlobStore(blobs)
    )


def mailbox_id() -> int:
    """The row of the one mailbox."""
    return int(mailboxes.enabled()[0].id)


def prepare(store: Store, port: PortFactory, blobs: Path, *, link: bool) -> Prepared:
    """Make the template; ``link``: with entries, else the empty company."""
    bound = database.connect(store.template())
    schema.upgrade(bound)
    with database.transaction():
        _mirror()
    given = settings(port, blobs)
    _poll(given)
    if link:
        _link_conversations()
        _poll(given)  # the content of what is linked by now
    sync.index_search(lambda: False)
    counts = [_count(table) for table in ("message", "conversation", "entry")]
    database.close()
    return Prepared(*counts)


def taxonomy() -> None:
    """One group with the one subtag that the entries have."""
    subtags = (SubtagSpec("offerte", "Offerte", ("offerte",)),)
    access = (("GL", Access.FULL), ("Administration", Access.FULL))
    group = TagGroupSpec(
        "verkauf", "Verkauf", access, (TagSpec("boot", "Boot", subtags),)
    )
    classification.import_taxonomy([group], actor=_ACTOR)


def _mirror() -> None:
    mailboxes.mirror(
        [
            mailboxes.MailboxSettings(
                address=MAILBOX, server="main", kind=MailboxKind.SHARED, keep=Keep.ALL
            )
        ],
        [INTERNAL],
        today=_TODAY,
        actor=_ACTOR,
    )
    taxonomy()


def _poll(given: sync.SyncSettings) -> None:
    report = sync.poll_mailbox(given, mailbox_id(), lambda: False)
    if report.problem is not None:
        raise RuntimeError(f"the poll failed: {report.problem}")


def _link_conversations() -> None:
    rows = database.execute(
        "SELECT min(id), min(sender) FROM message WHERE sender NOT LIKE ? "
        "GROUP BY conversation_id ORDER BY conversation_id",
        (f"%@{INTERNAL}",),
    )
    chosen = rows[::LINK_EVERY]
    if len(chosen) < TOKEN_RANGE:  # a short corpus: its tokens must still exist
        chosen = rows
    for anchor, sender in chosen:
        with database.transaction():
            owner = addresses.find_by_email(sender) or addresses.create(
                sender, AddressRole.CUSTOMER, [sender], actor=_ACTOR
            )
            entry = entries.create(owner.id, "offerte", "Motorboot", actor=_ACTOR)
            links.link_mail(
                entry,
                Message.get_by_id(anchor),
                reason=LinkReason.MANUAL,
                actor=_ACTOR,
            )


def _count(table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}")[0][0])
