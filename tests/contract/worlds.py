"""Two worlds behind one driver: the port in memory, and EWS on the sandbox's HTTP.

A test written against ``World`` holds for both; tests/contract/conftest.py makes them.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

from exchangelib import Task

from exchange_sandbox.server import Sandbox
from mailsync.errors import Transient
from mailsync.ews.account import Role, open_account
from mailsync.ews.mailbox import EwsServer
from mailsync.memory import MemoryExchange
from mailsync.port import (
    Change,
    FolderRef,
    FolderRole,
    ItemKind,
    ItemRef,
    MailboxPort,
    RemoteAttachment,
    RemoteItem,
    RemoteMessage,
    RemoteParty,
)

ADDRESS = "keller@werft.example"
OTHER = "verkauf@werft.example"
PAGE = 10
OWN_FOLDERS = ("inbox/Kunden", "inbox/Kunden/Meier", "Ablage")
MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
INBOX = FolderRef(FolderRole.INBOX, "inbox")
TASKS = FolderRef(FolderRole.TASKS, "tasks")
CALENDAR = FolderRef(FolderRole.CALENDAR, "calendar")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of a test, rendered to MIME or to the port's dataclass."""

    number: int
    subject: str = "Offerte"
    text: str = "Grüezi\r\n"
    quoted: str = ""  # what stands below the sender's own text
    in_reply_to: str | None = None
    sensitivity: str | None = None
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    at: datetime = MORNING
    extra: tuple[tuple[str, str], ...] = field(default=())

    @property
    def received(self) -> datetime:
        return self.at + timedelta(minutes=self.number)

    @property
    def message_id(self) -> str:
        return f"<m{self.number}@kunde.example>"

    def mime(self) -> bytes:
        mail = EmailMessage()
        mail["From"] = "Hans Kunde <hans@kunde.example>"
        mail["To"] = f"Keller <{ADDRESS}>"
        mail["Subject"] = self.subject
        mail["Message-ID"] = self.message_id
        mail["Date"] = self.received
        if self.in_reply_to:
            mail["In-Reply-To"] = mail["References"] = self.in_reply_to
        if self.sensitivity:
            mail["Sensitivity"] = self.sensitivity
        for name, value in self.extra:
            mail[name] = value
        mail.set_content(self.text + self.quoted)
        for name, kind, content in self.attachments:
            main, sub = kind.split("/")
            mail.add_attachment(content, main, sub, filename=name)
        return mail.as_bytes()

    def message(self) -> RemoteMessage:
        hans = RemoteParty("Hans Kunde", "hans@kunde.example")
        return RemoteMessage(
            ref=ItemRef(""),
            message_id=self.message_id,
            in_reply_to=self.in_reply_to,
            references=self.in_reply_to,
            conversation_id=None,
            conversation_index=None,
            conversation_topic=self.subject,
            subject=self.subject,
            from_=hans,
            sender=hans,
            reply_to=(),
            to=(RemoteParty("Keller", ADDRESS),),
            cc=(),
            bcc=(),
            received_at=self.received,
            sent_at=self.received,
            size=len(self.mime()),
            item_class="IPM.Note",
            sensitivity=self.sensitivity or "Normal",
            categories=(),
            has_attachments=bool(self.attachments),
            headers=self.extra,
            text=self.text + self.quoted,
            new_text=self.text.strip(),
            attachments=tuple(
                RemoteAttachment(name, kind, len(content), None, False, content)
                for name, kind, content in self.attachments
            ),
        )


class World(Protocol):
    """What a contract test may do besides the port's own methods."""

    port: MailboxPort

    def open(self, address: str) -> MailboxPort: ...
    def deliver(self, *mails: Mail, folder: str = "inbox") -> list[ItemRef]: ...
    def move(self, ref: ItemRef, folder: str) -> None: ...
    def delete(self, ref: ItemRef, *, hard: bool) -> None: ...
    def mark_read(self, ref: ItemRef) -> None: ...
    def complete(self, ref: ItemRef) -> None: ...
    def edit_subject(self, ref: ItemRef, subject: str) -> None: ...
    def own_task(self, subject: str) -> None: ...
    def spoil(self, ref: ItemRef, place: int) -> None: ...
    def forget_tokens(self) -> None: ...
    def deny(self, address: str) -> None: ...
    def busy(self, operation: str, seconds: float) -> None: ...
    def lose(self, operation: str, *, after_act: bool) -> None: ...
    def invitations(self) -> int: ...


class MemoryWorld:
    """The double."""

    def __init__(self) -> None:
        self.exchange = MemoryExchange(page=PAGE)
        for address in (ADDRESS, OTHER):
            self.exchange.add_mailbox(address, OWN_FOLDERS)
        self.port: MailboxPort = self.exchange(ADDRESS)

    def open(self, address: str) -> MailboxPort:
        return self.exchange(address)

    def deliver(self, *mails: Mail, folder: str = "inbox") -> list[ItemRef]:
        return [
            self.exchange.deliver(ADDRESS, mail.message(), folder, mime=mail.mime())
            for mail in mails
        ]

    def move(self, ref: ItemRef, folder: str) -> None:
        self.exchange.move(ADDRESS, ref, folder)

    def delete(self, ref: ItemRef, *, hard: bool) -> None:
        self.exchange.delete(ADDRESS, ref, hard=hard)

    def mark_read(self, ref: ItemRef) -> None:
        self.exchange.mark_read(ADDRESS, ref)

    def complete(self, ref: ItemRef) -> None:
        self.exchange.complete(ADDRESS, ref)

    def edit_subject(self, ref: ItemRef, subject: str) -> None:
        self.exchange.edit(ADDRESS, ref, subject=subject)

    def own_task(self, subject: str) -> None:
        item = RemoteItem(ItemRef(""), ItemKind.TASK, None, subject, completed=False)
        self.exchange.add_own_item(ADDRESS, item)

    def spoil(self, ref: ItemRef, place: int) -> None:
        del place
        self.exchange.make_unreadable(ADDRESS, ref, "corrupt")

    def forget_tokens(self) -> None:
        self.exchange.invalidate_tokens(ADDRESS)

    def deny(self, address: str) -> None:
        self.exchange.denied.add(address)

    def busy(self, operation: str, seconds: float) -> None:
        self.exchange.fail_next(operation, Transient("busy", retry_after=seconds))

    def lose(self, operation: str, *, after_act: bool) -> None:
        self.exchange.fail_next(operation, Transient("cut"), after_act=after_act)

    def invitations(self) -> int:
        return 0  # there is nobody to invite


VERBS = {
    "changes": "SyncFolderItems",
    "fetch": "GetItem",
    "find_task": "FindItem",
    "create_task": "CreateItem",
    "update_task": "UpdateItem",
    "delete_task": "DeleteItem",
}


class EwsWorld:
    """The adapter against the sandbox over real HTTP."""

    def __init__(self, sandbox: Sandbox, server: EwsServer) -> None:
        self.sandbox = sandbox
        self.server = server
        self.port: MailboxPort = server(ADDRESS)
        box = sandbox.store.mailbox(ADDRESS)
        for path in OWN_FOLDERS:
            sandbox.store.folder_at(box, path)

    def open(self, address: str) -> MailboxPort:
        return self.server(address)

    def deliver(self, *mails: Mail, folder: str = "inbox") -> list[ItemRef]:
        refs = []
        for mail in mails:
            (identity,) = self.sandbox.deliver(
                mail.mime(), ADDRESS, folder=folder, received=mail.received
            )
            refs.append(ItemRef(identity))
        return refs

    def _act(self, what: str, ref: ItemRef, **details: object) -> None:
        self.sandbox.act(ADDRESS, what, item_id=ref.external_id, **details)

    def move(self, ref: ItemRef, folder: str) -> None:
        self._act("move", ref, to=folder)

    def delete(self, ref: ItemRef, *, hard: bool) -> None:
        self._act("delete", ref, how="hard" if hard else "trash")

    def mark_read(self, ref: ItemRef) -> None:
        self._act("read", ref)

    def complete(self, ref: ItemRef) -> None:
        self._act("complete", ref)

    def edit_subject(self, ref: ItemRef, subject: str) -> None:
        self._act("edit", ref, set={"Subject": subject})

    def own_task(self, subject: str) -> None:
        """Made with the stock library, as somebody else's program would."""
        account = open_account(self.server.settings, ADDRESS, Role.WRITE)
        Task(account=account, folder=account.tasks, subject=subject).save()

    def spoil(self, ref: ItemRef, place: int) -> None:
        del ref
        self.sandbox.fault(
            "item_error", "GetItem", code="ErrorCorruptData", index=place
        )

    def forget_tokens(self) -> None:
        self.sandbox.fault("expire_state", "SyncFolderItems")

    def deny(self, address: str) -> None:
        self.sandbox.settings.denied.add(("svc", address))

    def busy(self, operation: str, seconds: float) -> None:
        self.sandbox.fault("503", VERBS[operation], retry_after=str(int(seconds)))

    def lose(self, operation: str, *, after_act: bool) -> None:
        self.sandbox.fault("cut_after" if after_act else "cut_before", VERBS[operation])

    def invitations(self) -> int:
        return self.sandbox.ledger.count("invitation")


@dataclass(frozen=True, slots=True)
class Reading:
    """All pages from a token to the end."""

    changes: list[Change]
    tokens: list[str]
    pages: int

    @staticmethod
    def of(port: MailboxPort, folder: FolderRef, token: str | None = None) -> "Reading":
        changes: list[Change] = []
        tokens: list[str] = []
        while True:
            page = port.changes(folder, token)
            changes += page.changes
            tokens.append(page.token)
            token = page.token
            if page.is_last:
                return Reading(changes, tokens, len(tokens))
