"""A small company written straight into tables: staff, mailboxes, mail, entries.

For tests of read models and acts that need no Exchange: mails lie in mailboxes with
their copies, parties, keys and bodies, as ingest would leave them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from crm_core import clock, search
from crm_core.access import accounts, staff
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.database import transaction
from crm_core.linking import links
from crm_core.mail import known_parties
from crm_core.models import (
    Access,
    Address,
    AddressRole,
    Conversation,
    ConversationKey,
    Document,
    DocumentKind,
    Employee,
    Entry,
    Findable,
    Keep,
    LinkReason,
    Mailbox,
    MailboxKind,
    MailFolder,
    Message,
    MessageAddress,
    MessageBody,
    MessageCopy,
    MessageKey,
    PartyRole,
    Task,
    Visibility,
)
from crm_core.polling import mailboxes
from crm_core.records import addresses, documents, entries, tasks
from crm_core.records.schedule import Schedule, due_by
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec
from crm_core.threads.conversations import MID, mid

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACTOR = "user:keller"
FULL, SUBJECT, NONE = Visibility.FULL, Visibility.SUBJECT, Visibility.NONE

_ALL = (
    ("GL", Access.FULL),
    ("Administration", Access.FULL),
    ("Werkstatt", Access.READ),
)
TAXONOMY = (
    TagGroupSpec(
        "werkstatt",
        "Werkstatt",
        access=_ALL,
        tags=(TagSpec("motor", "Motor", (SubtagSpec("stoerung", "Motorstörung"),)),),
    ),
    TagGroupSpec(
        "verkauf",
        "Verkauf",
        access=(("GL", Access.FULL), ("Administration", Access.FULL)),
        tags=(TagSpec("boot", "Boot", (SubtagSpec("offerte", "Offerte"),)),),
    ),
)
STAFF = (("keller", "M. Keller", "GL"), ("frei", "A. Frei", "Administration"),
         ("huber", "H. Huber", "Werkstatt"))  # fmt: skip


@dataclass(slots=True)
class World:
    """The company under test; everything is made by name."""

    count: int = 0
    boxes: dict[str, Mailbox] = field(default_factory=dict)
    folders: dict[str, MailFolder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with clock.use(lambda: START), transaction():
            mailboxes.mirror(
                [
                    _box("verkauf", (("GL", FULL), ("Administration", FULL))),
                    _box(
                        "werkstatt",
                        (
                            ("GL", FULL),
                            ("Administration", FULL),
                            ("Werkstatt", SUBJECT),
                        ),
                    ),
                    _box("leitung", (("GL", FULL),)),
                ],
                ["werft.example"],
                today=TODAY,
                actor="test",
            )
            classification.import_taxonomy(TAXONOMY, actor="test")
            accounts.ensure_preset_rights()
            for key, name, group in STAFF:
                staff.add_employee(key, name, [group], actor="test")
            for row in Mailbox.select():
                slug = row.address.partition("@")[0]
                self.boxes[slug] = row
                self.folders[slug] = MailFolder.create(
                    mailbox=row, role="inbox", name="inbox"
                )

    # -- people ----------------------------------------------------------------------

    def viewer(self, key: str = "keller") -> Viewer:
        return viewer_of(Employee.get(Employee.key == key))

    def employee(self, key: str) -> Employee:
        found: Employee = Employee.get(Employee.key == key)
        return found

    def address(
        self,
        name: str,
        *emails: str,
        role: AddressRole = AddressRole.CUSTOMER,
        domain: str = "",
    ) -> Address:
        with transaction():
            row = addresses.create(name, role, emails, actor="test")
            if domain:
                addresses.add_domain(row, domain, actor="test")
        return row

    # -- entries ---------------------------------------------------------------------

    def entry(
        self,
        address: Address,
        title: str = "Motor läuft unrund",
        subtag: str = "stoerung",
        *,
        management_only: bool = False,
    ) -> Entry:
        with transaction():
            return entries.create(
                address.id,
                subtag,
                title,
                actor=ACTOR,
                management_only=management_only,
            )

    def responsible(self, entry: Entry, key: str) -> None:
        Entry.update(responsible=self.employee(key)).where(
            Entry.id == entry.id
        ).execute()

    def participant(self, entry: Entry, address: Address) -> None:
        with transaction():
            entries.add_participant(entry, address.id, actor=ACTOR)

    def close(self, entry: Entry) -> None:
        with transaction():
            entries.close(entry, actor=ACTOR)

    def task(
        self,
        entry: Entry,
        title: str = "Offerte erstellen",
        who: str = "keller",
        when: Schedule | None = None,
    ) -> Task:
        with transaction():
            return tasks.assign(
                entry, self.employee(who), title, when or due_by(TODAY), actor=ACTOR
            )

    def document(
        self,
        number: str,
        title: str = "Rapport",
        kind: DocumentKind = DocumentKind.REPORT,
    ) -> Document:
        with transaction():
            return documents.upsert(kind, number, title=title, actor="test")

    def link_document(self, entry: Entry, document: Document) -> None:
        with transaction():
            documents.link(entry, document, actor=ACTOR)

    # -- mail ------------------------------------------------------------------------

    def mail(
        self,
        sender: str = "meier@kunde.example",
        subject: str = "Motor",
        *,
        to: Iterable[str] = ("verkauf@werft.example",),
        box: str | Iterable[str] = "verkauf",
        answers: Message | None = None,
        conversation: Conversation | None = None,
        name: str = "",
        body: str | None = None,
        sent: bool = False,
        filed: bool = False,
        keys: Iterable[tuple[bytes, str]] = (),
        minutes: int | None = None,
        **columns: object,
    ) -> Message:
        """A mail in one or several mailboxes; ``answers`` makes it a reply."""
        self.count += 1
        at = START + timedelta(minutes=self.count if minutes is None else minutes)
        internet_id = f"m{self.count}@{sender.rpartition('@')[2]}"
        home = conversation or (answers and answers.conversation)
        with transaction():
            row = Message.create(
                internet_id=internet_id,
                fingerprint=self.count.to_bytes(16, "big"),
                conversation=home or Conversation.create(started_at=at),
                subject=subject,
                from_name=name,
                from_address=sender,
                sender=sender,
                sent_at=at,
                received_at=at,
                authenticated=sender.endswith("@werft.example"),
                parent=mid(str(answers.internet_id)) if answers else None,
                **columns,
            )
            self._parties(row, sender, to)
            self._keys(row, answers, keys)
            for slug in [box] if isinstance(box, str) else box:
                MessageCopy.create(
                    mailbox=self.boxes[slug],
                    folder=self.folders[slug],
                    external_id=f"item-{slug}-{self.count}",
                    message=row,
                    sent=sent,
                    filed=filed,
                )
            search.refresh(Findable.MESSAGE, [row.id])
            if body is not None:
                self._body(row, body, at)
        return row

    def _parties(self, row: Message, sender: str, to: Iterable[str]) -> None:
        MessageAddress.create(message=row, role=PartyRole.FROM, email=sender)
        for email in to:
            MessageAddress.create(message=row, role=PartyRole.TO, email=email)
        known_parties.mark([row.id])

    def _keys(
        self, row: Message, answers: Message | None, keys: Iterable[tuple[bytes, str]]
    ) -> None:
        said = [(mid(str(row.internet_id)), MID), *keys]
        if answers is not None:
            said.append((mid(str(answers.internet_id)), MID))
        for key, kind in said:
            MessageKey.create(message=row, key=key, kind=kind)
            if ConversationKey.get_or_none(ConversationKey.key == key) is None:
                ConversationKey.create(key=key, conversation_id=row.conversation_id)

    def _body(self, row: Message, text: str, at: datetime) -> None:
        MessageBody.create(message=row, text=text)
        Message.update(body_at=at, content_at=at).where(Message.id == row.id).execute()
        search.refresh(Findable.BODY, [row.id])

    def link(
        self, entry: Entry, message: Message, reason: LinkReason = LinkReason.MANUAL
    ) -> None:
        with transaction():
            links.link_mail(entry, message, reason=reason, actor=ACTOR)


def _box(
    slug: str, visibility: tuple[tuple[str, Visibility], ...]
) -> mailboxes.MailboxSettings:
    return mailboxes.MailboxSettings(
        address=f"{slug}@werft.example",
        server="main",
        kind=MailboxKind.SHARED,
        keep=Keep.LINKED,
        name=slug.capitalize(),
        visibility=visibility,
    )
