"""A boatyard under test: a simulated Exchange over HTTP, a database, the real jobs.

``Werft`` speaks to the product as its daemon does (``mailsync.sync``) and to the
sandbox as people do (deliver, act). Mails are written as short MIME texts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from crm_core import database, verify
from crm_core.exports.export import MessageLine, message_lines
from crm_core.linking import holds, links
from crm_core.models import (
    Access,
    AddressRole,
    Entry,
    Keep,
    LinkReason,
    MailboxKind,
    Suggestion,
)
from crm_core.polling import mailboxes
from crm_core.queries import entries as entry_pages
from crm_core.records import addresses, entries
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from exchange_sandbox.server import Sandbox
from mailsync import once, sync
from mailsync.blobs import BlobStore
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsServer

VERKAUF = "verkauf@werft.example"
WERKSTATT = "werkstatt@werft.example"
KELLER = "keller@werft.example"
MAILBOXES = (VERKAUF, WERKSTATT, KELLER)
AUTHSERV = "mx.werft.example"
MEIER = "meier@kunde.example"
HUBER = "huber@kunde2.example"
IMPORTEUR = "info@importeur.example"
FREMD = "eve@fremd.example"
ACTOR = "test"


def _never(seconds: float) -> None:
    raise AssertionError(f"nothing should have to wait, asked for {seconds} s")


# Microsoft's schema judges every request and answer where it lies beside the checkout.
SCHEMA = Path(__file__).resolve().parents[3] / "shared" / "ews-schema"
_BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class Werft:
    """The company: its sandbox, its settings, and the hands of its people."""

    sandbox: Sandbox
    settings: sync.SyncSettings
    sent: int = field(default=0)

    def mail(
        self,
        sender: str,
        to: str,
        subject: str,
        *,
        id: str,  # noqa: A002 - reads best where it is called
        body: str = "Guten Tag\n\nBesten Dank.\n",
        cc: str = "",
        answers: str = "",
        references: str = "",
        **headers: str,
    ) -> bytes:
        """A mail as MIME; ids without brackets; further headers by keyword."""
        self.sent += 1
        lines = [
            f"From: {sender}",
            f"To: {to}",
            f"Date: {format_datetime(_BEGIN + timedelta(minutes=self.sent))}",
            f"Message-ID: <{id}>",
            f"Subject: {subject}",
        ]
        lines += [f"Cc: {cc}"] if cc else []
        lines += [f"In-Reply-To: <{answers}>"] if answers else []
        cited = " ".join(f"<{one}>" for one in references.split())
        lines += [f"References: {cited}"] if cited else []
        lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
        return ("\r\n".join([*lines, "", body.replace("\n", "\r\n")])).encode()

    def receive(self, raw: bytes, *mailbox: str) -> None:
        """Mail from outside arrives in inboxes."""
        for one in mailbox or (VERKAUF,):
            self.sandbox.deliver(raw, one)

    def submit(self, raw: bytes, staff: str, *also: str) -> None:
        """A colleague sends: Sent Items, and the colleagues who get a copy."""
        self.sandbox.deliver(raw, *also, submitted_by=staff)

    def poll(self, *which: str) -> once.SyncReport:
        """What ``sync-once`` does, for every mailbox or these; it must succeed."""
        report = once.sync_once(self.settings, sleep=_never, only=frozenset(which))
        assert report.complete, report
        return report

    def address(self, email: str, name: str = "", role: str = "customer") -> int:
        """An address with this e-mail; its id."""
        with database.transaction():
            row = addresses.create(
                name or email, AddressRole(role), [email], actor=ACTOR
            )
        return int(row.id)

    def entry(self, address: int, title: str = "Motorboot") -> Entry:
        """An entry of this address."""
        with database.transaction():
            return entries.create(address, "offerte", title, actor=ACTOR)

    def participant(self, entry: Entry, address: int) -> None:
        with database.transaction():
            entries.add_participant(entry, address, actor=ACTOR)

    def link(self, entry: Entry, internet_id: str) -> None:
        """What ``entry link`` does."""
        (message,) = links.find_message(internet_id)
        with database.transaction():
            links.link_mail(entry, message, reason=LinkReason.MANUAL, actor=ACTOR)

    def unlink(self, entry: Entry, internet_id: str, *, whole: bool = False) -> None:
        """What ``entry unlink [--conversation]`` does."""
        (message,) = links.find_message(internet_id)
        act = links.unlink_conversation if whole else links.unlink_message
        with database.transaction():
            act(entry, message, actor=ACTOR)

    def held(self, entry: Entry) -> dict[str | None, str | None]:
        """Every mail of the entry by Message-ID, with why it is held (None: shown)."""
        view = entry_pages.show(entry.number)
        return {m.internet_id: m.hold and m.hold.value for m in view.messages}

    def shown(self, entry: Entry) -> set[str | None]:
        return {one for one, hold in self.held(entry).items() if hold is None}

    def reasons(self, entry: Entry) -> dict[str | None, str]:
        view = entry_pages.show(entry.number)
        return {m.internet_id: m.reason.value for m in view.messages}

    def new_senders(self, entry: Entry) -> set[str | None]:
        view = entry_pages.show(entry.number)
        return {m.internet_id for m in view.messages if m.new_sender}

    def suggestions(self) -> list[tuple[str, int | None]]:
        return [
            (row.reason.value, row.entry.number if row.entry else None)
            for row in Suggestion.select().where(Suggestion.closed_at.is_null())
        ]

    def lines(self) -> dict[str | None, MessageLine]:
        return {line.message_id: line for line in message_lines()}

    def conversation(self, internet_id: str) -> int | None:
        return self.lines()[f"<{internet_id}>"].conversation

    def together(self, *internet_ids: str) -> bool:
        return len({self.conversation(one) for one in internet_ids}) == 1


def settings_of(address: str, keep: Keep = Keep.LINKED) -> mailboxes.MailboxSettings:
    person = address == KELLER
    return mailboxes.MailboxSettings(
        address=address,
        server="main",
        kind=MailboxKind.PERSON if person else MailboxKind.SHARED,
        keep=keep,
        informed_on=date(2026, 1, 5) if person else None,
        employee_key="keller" if person else None,
        staff_groups=("Administration",) if person else (),
        tasks=person,
        calendar=person,
    )


def taxonomy() -> list[TagGroupSpec]:
    subtags = (SubtagSpec("offerte", "Offerte", ("offerte",)),)
    tags = (TagSpec("boot", "Boot", subtags),)
    access = (("GL", Access.FULL), ("Administration", Access.FULL))
    return [TagGroupSpec("verkauf", "Verkauf", access, tags)]


@contextmanager
def werft(
    folder: Path, *, schema: Path | None = None, keep: Keep = Keep.LINKED
) -> Iterator[Werft]:
    """A fresh company on the bound, migrated database; ``verify`` at the end."""
    judged = schema or (SCHEMA if SCHEMA.is_dir() else None)
    with Sandbox(MAILBOXES, {"svc": "geheim"}, schema=judged) as sandbox:
        server = EwsServer(
            ServerSettings(
                endpoint=sandbox.url,
                login="svc",
                password="geheim",
                all_headers=True,
            )
        )
        with database.transaction():
            mailboxes.mirror(
                [settings_of(address, keep) for address in MAILBOXES],
                ["werft.example"],
                today=date(2026, 11, 24),
                actor=ACTOR,
            )
            classification.import_taxonomy(taxonomy(), actor=ACTOR)
        rules = sync.MailboxRules(authserv_id=AUTHSERV)
        yield Werft(
            sandbox,
            sync.SyncSettings(
                open_port=server,
                rules=dict.fromkeys(MAILBOXES, rules),
                blobs=BlobStore(folder / "blobs"),
            ),
        )
        server.close()
        assert sandbox.ledger.violations == []
        assert verify.verify() == []
        with database.transaction():
            assert holds.settle(holds.linked_conversations()) == 0
