"""What the entry's page reads: thread, held and removed mail, counts, on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from crm_core import database
from crm_core.access import accounts, staff
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.database import transaction
from crm_core.errors import Invalid, NotFound
from crm_core.linking import links
from crm_core.models import (
    Access,
    Address,
    AddressRole,
    Attachment,
    Conversation,
    DocumentKind,
    Entry,
    Hold,
    Keep,
    LinkReason,
    Mailbox,
    MailboxKind,
    MailFolder,
    Message,
    MessageAddress,
    MessageCopy,
    PartyRole,
    Visibility,
)
from crm_core.polling import mailboxes
from crm_core.queries import entry_page, entry_thread
from crm_core.queries.entry_thread import ThreadMail, ThreadNote
from crm_core.queries.triage import ContentState
from crm_core.records import addresses, documents, entries, schedule, tasks
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec

pytestmark = pytest.mark.usefixtures("db")

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
BOXES = ("verkauf@werft.example", "werkstatt@werft.example", "chef@werft.example")
TAXONOMY = TagGroupSpec(
    "verkauf",
    "Verkauf",
    (("GL", Access.FULL), ("Administration", Access.FULL)),
    (
        TagSpec(
            "boot", "Boot", (SubtagSpec("offerte", "Offerte", (), (), ("Anrufen",)),)
        ),
    ),
)


class Office:
    """GL and Administration, three mailboxes (one GL's alone), a customer's entry."""

    def __init__(self) -> None:
        everybody = (("GL", Visibility.FULL), ("Administration", Visibility.FULL))
        with transaction():
            mailboxes.mirror(
                [
                    mailboxes.MailboxSettings(
                        address=address,
                        server="main",
                        kind=MailboxKind.SHARED,
                        keep=Keep.LINKED,
                        visibility=everybody[: 1 if address.startswith("chef") else 2],
                    )
                    for address in BOXES
                ],
                ["werft.example"],
                today=date(2026, 11, 2),
                actor="test",
            )
            classification.import_taxonomy([TAXONOMY], actor="test")
            for key, group in (("gl", "GL"), ("frei", "Administration")):
                staff.add_employee(key, f"{key.title()}", (group,), actor="test")
            accounts.ensure_preset_rights()
        self.meier = self.address("Meier", "meier@kunde.example")
        self.entry = self.open(self.meier, "Motorboot")
        self.count = 0

    def viewer(self, key: str = "frei") -> Viewer:
        return viewer_of(staff.by_key(key))

    def address(self, name: str, *emails: str) -> Address:
        with transaction():
            return addresses.create(name, AddressRole.CUSTOMER, emails, actor="test")

    def open(self, address: Address, title: str) -> Entry:
        with transaction():
            return entries.create(address.id, "offerte", title, actor="user:frei")

    def mail(
        self,
        conversation: Conversation | None = None,
        sender: str = "meier@kunde.example",
        subject: str = "Boot",
        boxes: tuple[str, ...] = BOXES[:1],
        **more: object,
    ) -> Message:
        self.count += 1
        at = START + timedelta(minutes=self.count)
        with transaction():
            row = Message.create(
                internet_id=f"m{self.count}@kunde.example",
                fingerprint=self.count.to_bytes(16, "big"),
                conversation=conversation or Conversation.create(started_at=at),
                subject=subject,
                from_address=sender,
                sender=sender,
                sent_at=at,
                received_at=at,
                **more,
            )
            MessageAddress.create(message=row, role=PartyRole.FROM, email=sender)
            MessageAddress.create(message=row, role=PartyRole.TO, email=boxes[0])
            for box in boxes:
                self._lay(row, box, sent=sender == box)
        return row

    def _lay(self, message: Message, address: str, *, sent: bool) -> None:
        mailbox = Mailbox.get(Mailbox.address == address)
        folder, _ = MailFolder.get_or_create(mailbox=mailbox, role="inbox", name="I")
        MessageCopy.create(
            mailbox=mailbox,
            folder=folder,
            external_id=f"{address}{self.count}",
            message=message,
            sent=sent,
        )

    def link(self, message: Message, entry: Entry | None = None) -> None:
        with transaction():
            links.link_mail(
                entry or self.entry,
                message,
                reason=LinkReason.MANUAL,
                actor="user:frei",
            )

    def thread(self, key: str = "frei", **more: object) -> entry_thread.Thread:
        return entry_thread.page(self.viewer(key), self.entry, **more)  # type: ignore[arg-type]

    def mails(self, key: str = "frei") -> list[ThreadMail]:
        return [m for m in self.thread(key).items if isinstance(m, ThreadMail)]


@pytest.fixture
def office(db: str) -> Office:
    return Office()


def queries_of(read: Callable[[], object]) -> int:
    """How many statements a read needs."""
    seen: list[str] = []
    real = database.proxy.obj.execute_sql

    def counting(sql: str, *more: object, **options: object) -> object:
        seen.append(sql)
        return real(sql, *more, **options)

    database.proxy.obj.execute_sql = counting
    try:
        read()
    finally:
        del database.proxy.obj.execute_sql
    return len(seen)


def test_mails_and_notes_stand_in_one_line_newest_first(office: Office) -> None:
    first = office.mail()
    office.link(first)
    with transaction():
        entries.add_note(office.entry, "angerufen", actor="user:frei")
    items = office.thread().items
    assert [type(item) for item in items] == [ThreadNote, ThreadMail]
    assert items[0].by == "Frei"  # type: ignore[union-attr]


def test_a_reply_says_what_it_answers_and_a_link_who_made_it(office: Office) -> None:
    first = office.mail()
    second = office.mail(first.conversation)
    office.link(first)
    by_id = {mail.id: mail for mail in office.mails()}
    assert by_id[first.id].reason.code.value == "manual"
    assert by_id[first.id].reason.by == "Frei"
    assert by_id[second.id].reason.code.value == "same_conversation"
    assert by_id[second.id].mails == 2


def test_what_is_odd_about_a_mail_is_marked(office: Office) -> None:
    first = office.mail(boxes=BOXES[:2])
    stranger = office.mail(first.conversation, "neu@pruefstelle.example")
    other = office.mail(first.conversation, subject="AW: Ganz anderes")
    office.link(first)
    second_entry = office.open(office.meier, "Zweites")
    office.link(first, second_entry)
    by_id = {mail.id: mail for mail in office.mails()}
    assert by_id[first.id].mailboxes == 2
    assert by_id[first.id].entries == (second_entry.number,)
    assert by_id[first.id].takes_part
    assert by_id[stranger.id].new_sender
    assert by_id[stranger.id].address is None
    assert [by_id[m.id].new_subject for m in (first, stranger, other)] == [
        False, False, True,
    ]  # fmt: skip


def test_mail_in_a_closed_mailbox_is_neither_shown_nor_counted(office: Office) -> None:
    office.link(office.mail(boxes=BOXES[2:]))
    assert office.thread("frei").count == 0
    assert office.thread("gl").count == 1


def test_a_copy_in_a_closed_mailbox_is_not_told_of(office: Office) -> None:
    office.link(office.mail(boxes=(BOXES[0], BOXES[2])))
    assert [mail.mailboxes for mail in office.mails("frei")] == [1]
    assert [mail.mailboxes for mail in office.mails("gl")] == [2]


def test_of_a_confidential_mail_gl_sees_the_subject_and_no_attachment(
    office: Office,
) -> None:
    mail = office.mail(confidential=True)
    office.link(mail)
    with transaction():
        Attachment.create(
            message=mail, position=0, name="Lohn.pdf", content_type="x", size=1
        )
    assert office.thread("frei").count == 0
    (shown,) = office.mails("gl")
    assert shown.content is ContentState.FORBIDDEN
    assert shown.attachments == ()


def test_attachments_are_named_but_not_pictures_of_the_text(office: Office) -> None:
    mail = office.mail()
    office.link(mail)
    with transaction():
        for position, (name, inline, digest) in enumerate(
            [("Offerte.pdf", False, "a" * 64), ("logo.png", True, "b" * 64),
             ("zu-gross.zip", False, None)]
        ):  # fmt: skip
            Attachment.create(
                message=mail, position=position, name=name, content_type="x", size=7,
                inline=inline, sha256=digest,
            )  # fmt: skip
    (shown,) = office.mails()
    assert [(a.name, a.refused) for a in shown.attachments] == [
        ("Offerte.pdf", False), ("zu-gross.zip", True),
    ]  # fmt: skip


def test_held_mail_stands_apart_with_its_reason(office: Office) -> None:
    huber = office.address("Huber", "huber@andere.example")
    first = office.mail()
    held = office.mail(first.conversation, "huber@andere.example")
    office.link(first)
    thread = office.thread()
    assert [mail.id for mail in office.mails()] == [first.id]
    (waiting,) = thread.held
    assert (waiting.id, waiting.hold) == (held.id, Hold.OTHER_CUSTOMER)
    assert waiting.address is not None
    assert waiting.address.id == huber.id
    assert waiting.reason.name == "Huber"


def test_what_was_taken_out_can_be_seen_and_says_by_whom(office: Office) -> None:
    first = office.mail()
    second = office.mail(first.conversation)
    third = office.mail()
    office.link(first)
    office.link(third)
    with transaction():
        links.unlink_message(office.entry, second, actor="user:gl")
        links.unlink_conversation(office.entry, third, actor="user:frei")
    removed = {mail.id: mail for mail in office.thread().removed}
    assert removed.keys() == {second.id, third.id}
    assert (removed[second.id].by, removed[second.id].whole) == ("Gl", False)
    assert (removed[third.id].by, removed[third.id].whole) == ("Frei", True)


def test_pages_follow_each_other_without_gap(office: Office) -> None:
    first = office.mail()
    ids = [first.id]
    ids += [office.mail(first.conversation).id for _ in range(6)]
    office.link(first)
    with transaction():
        entries.add_note(office.entry, "Notiz", actor="user:frei")
    seen: list[int] = []
    before: str | None = None
    while True:
        page = office.thread(limit=3, before=before)
        seen += [item.id for item in page.items if isinstance(item, ThreadMail)]
        before = page.before
        if before is None:
            break
    assert seen == ids[::-1]
    assert page.newer


def test_a_page_can_begin_at_a_mail(office: Office) -> None:
    first = office.mail()
    office.mail(first.conversation)
    office.link(first)
    page = office.thread(at=first.id)
    assert [item.id for item in page.items] == [first.id]
    assert page.newer


@pytest.mark.parametrize("cursor", ["x", "~", "a~b", "2026~99999999999"])
def test_a_made_up_cursor_is_refused(office: Office, cursor: str) -> None:
    with pytest.raises(Invalid):
        office.thread(before=cursor)


def test_the_page_has_everything_of_the_entry(office: Office) -> None:
    importer = office.address("Importeur", "import@see.example")
    with transaction():
        entries.add_participant(office.entry, importer.id, actor="user:gl")
        report = documents.upsert(
            DocumentKind.REPORT, "R-1", title="Winterservice", actor="erp"
        )
        documents.link(office.entry, report, actor="user:gl")
        tasks.assign(
            office.entry,
            staff.by_key("frei"),
            "Anrufen",
            schedule.due_by(date(2026, 12, 1)),
            actor="user:gl",
        )
    page = entry_page.show(office.viewer(), office.entry.number)
    assert [taking.name for taking in page.participants] == ["Meier", "Importeur"]
    assert page.head.address is not None
    assert page.head.address.name == "Meier"
    assert page.head.created_by == "Frei"
    assert (page.head.tag_group, page.head.tag, page.head.subtag) == (
        "Verkauf", "Boot", "Offerte",
    )  # fmt: skip
    assert [task.title for task in page.tasks] == ["Anrufen"]
    assert page.head.open_tasks == 1
    assert [offer.title for offer in page.templates] == ["Anrufen"]
    assert [document.number for document in page.documents] == ["R-1"]
    assert page.changes[-1].action == "entry_created"


def test_a_hidden_entry_is_not_there(office: Office) -> None:
    with transaction():
        entries.update(office.entry, actor="test", management_only=True)
    assert entry_page.head(office.viewer("gl"), office.entry.number).management_only
    with pytest.raises(NotFound):
        entry_page.show(office.viewer("frei"), office.entry.number)


def test_the_number_of_queries_does_not_grow(office: Office) -> None:
    viewer = office.viewer()

    def read() -> None:
        entry_thread.page(viewer, office.entry)
        entry_page.show(viewer, office.entry.number)

    office.link(office.mail())
    few = queries_of(read)
    first = office.mail()
    office.link(first)
    for _ in range(20):
        office.mail(first.conversation, boxes=BOXES[:2])
    for number in range(5):
        with transaction():
            entries.add_note(office.entry, f"{number}", actor="user:frei")
            other = addresses.create(f"B{number}", AddressRole.OTHER, actor="test")
            entries.add_participant(office.entry, other.id, actor="test")
    assert queries_of(read) == few + _NAMES_OF_NOTES


_NAMES_OF_NOTES = 2  # a page without any note asks for nobody's name
