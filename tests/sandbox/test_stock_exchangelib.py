"""Stock exchangelib, with none of our fixes, does its ordinary work on the sandbox.

Must show 9. Every request and answer is validated by Microsoft's schema (fixture
`sandbox`); the number validated is printed. What happened is checked in the sandbox's
own store, not by asking the same client back, wherever that says more.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    Account,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    FailFast,
    FileAttachment,
    FolderCollection,
    HTMLBody,
    ItemAttachment,
    Mailbox,
    Message,
    Task,
)
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorFolderExists,
    ErrorImpersonateUserDenied,
    ErrorIrresolvableConflict,
    ErrorItemNotFound,
    ErrorNonExistentMailbox,
    ErrorServerBusy,
    UnauthorizedError,
)
from exchangelib.folders import Folder
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import SEND_TO_NONE
from exchangelib.protocol import CachingProtocol
from exchangelib.version import Build, Version

from exchange_sandbox.server import Sandbox

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
ZURICH = EWSTimeZone("Europe/Zurich")
EXCHANGE_2016 = Version(Build(15, 2), "Exchange2016")
QUIET = {"send_meeting_invitations": SEND_TO_NONE}
QUIET_UPDATE = {"send_meeting_invitations": SEND_TO_NONE}

pytestmark = [
    # exchangelib 5.6.0 leaves sockets of its pool to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:exchangelib.*"),
]


class CrmId(ExtendedProperty):
    property_set_id = "6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11"
    property_name = "CrmTaskId"
    property_type = "String"


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    for kind in (Task, CalendarItem, Message):
        kind.register("crm_id", CrmId)
    yield
    for kind in (Task, CalendarItem, Message):
        kind.deregister("crm_id")


@pytest.fixture(scope="module")
def judged() -> Iterator[list[int]]:
    """Requests and answers validated so far; the sum is printed at the end."""
    counts = [0, 0]
    yield counts
    print(f"\nstock exchangelib: validated {counts[0]} requests, {counts[1]} answers")


@pytest.fixture(autouse=True)
def _count(sandbox: Sandbox, judged: list[int]) -> Iterator[None]:
    yield
    CachingProtocol.clear_cache()
    if sandbox.judge is not None:
        judged[0] += sandbox.judge.requests
        judged[1] += sandbox.judge.answers


def connect(
    sandbox: Sandbox,
    address: str = KELLER,
    access: str = IMPERSONATION,
    user: str = "svc",
    password: str = "secret",
    version: Version | None = EXCHANGE_2016,
) -> Account:
    config = Configuration(
        service_endpoint=sandbox.url,
        credentials=Credentials(user, password),
        auth_type="basic",
        version=version,
        retry_policy=FailFast(),
        max_connections=2,
    )
    return Account(
        address,
        config=config,
        autodiscover=False,
        access_type=access,
        default_timezone=ZURICH,
    )


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return connect(sandbox)


def test_it_finds_the_server_version_by_itself(sandbox: Sandbox) -> None:
    account = connect(sandbox, version=None)
    assert account.version.build.major_version == 15
    assert account.inbox.total_count == 0


def test_it_walks_all_folders(sandbox: Sandbox, account: Account) -> None:
    names = {folder.name for folder in account.root.walk()}
    assert {"Inbox", "Sent Items", "Deleted Items", "Tasks", "Calendar"} <= names
    assert account.tasks.name == "Tasks"
    assert account.trash.name == "Deleted Items"
    assert account.contacts.name == "Contacts"


def test_it_opens_a_mailbox_as_a_delegate(sandbox: Sandbox, mail) -> None:
    sandbox.deliver(mail(), VERKAUF)
    account = connect(sandbox, VERKAUF, access=DELEGATE)
    assert account.inbox.total_count == 1


def test_it_is_refused_a_wrong_password(sandbox: Sandbox) -> None:
    with pytest.raises(UnauthorizedError):
        connect(sandbox, password="wrong").inbox.refresh()


def test_it_is_refused_mailboxes_out_of_reach(sandbox: Sandbox) -> None:
    sandbox.settings.denied.add(("svc", VERKAUF))
    with pytest.raises(ErrorImpersonateUserDenied):
        connect(sandbox, VERKAUF).inbox.refresh()
    with pytest.raises(ErrorAccessDenied):
        connect(sandbox, VERKAUF, access=DELEGATE).inbox.refresh()
    with pytest.raises(ErrorNonExistentMailbox):
        connect(sandbox, "niemand@werft.example").inbox.refresh()


def test_it_makes_renames_and_deletes_folders(
    sandbox: Sandbox, account: Account
) -> None:
    folder = Folder(parent=account.inbox, name="Offerten").save()
    assert folder in list(account.inbox.children)
    with pytest.raises(ErrorFolderExists):
        Folder(parent=account.inbox, name="Offerten").save()
    folder.name = "Aufträge"
    folder.save(update_fields=["name"])
    names = {f.name for f in sandbox.store.mailboxes[KELLER].folders.values()}
    assert "Aufträge" in names
    folder.delete()
    assert sandbox.store.folders.get(folder.id) is None


def test_it_syncs_the_folder_hierarchy(sandbox: Sandbox, account: Account) -> None:
    first = list(account.msg_folder_root.sync_hierarchy())
    assert {kind for kind, _ in first} == {"create"}
    Folder(parent=account.inbox, name="Neu").save()
    later = list(account.msg_folder_root.sync_hierarchy())
    assert [(kind, folder.name) for kind, folder in later] == [("create", "Neu")]


def test_it_syncs_mail_with_all_fields_and_sees_what_changes(
    sandbox: Sandbox, account: Account, mail
) -> None:
    for number in range(5):
        sandbox.deliver(mail(Message_ID=f"<{number}@kunde.example>"), KELLER)
    first = list(account.inbox.sync_items())
    assert [kind for kind, _ in first] == ["create"] * 5
    assert {item.message_id for _, item in first} == {
        f"<{number}@kunde.example>" for number in range(5)
    }
    assert [item.message_id[1] for _, item in first] == ["4", "3", "2", "1", "0"]
    assert all(item.body is None and not item.attachments for _, item in first)
    gone, seen = first[0][1], first[1][1]
    sandbox.act(KELLER, "delete", item_id=gone.id, how="hard")
    sandbox.act(KELLER, "read", item_id=seen.id)
    later = dict(account.inbox.sync_items())
    assert later["delete"].id == gone.id
    assert later["read_flag_change"][0].id == seen.id
    assert later["read_flag_change"][1] is True


def test_it_fetches_all_fields_of_a_mail(sandbox: Sandbox, account: Account) -> None:
    raw = (
        b"Received: from mx.kunde.example; Mon, 23 Nov 2026 08:00:01 +0100\r\n"
        b"From: =?utf-8?q?J=C3=BCrg_Kunde?= <kunde@kunde.example>\r\n"
        b"To: Keller <keller@werft.example>, Verkauf <verkauf@werft.example>\r\n"
        b"Cc: dritte@anderswo.example\r\nReply-To: buero@kunde.example\r\n"
        b"Subject: =?utf-8?q?Offerte_f=C3=BCr_Boot?=\r\nMessage-ID: <a@kunde.example>\r\n"
        b"In-Reply-To: <vorher@werft.example>\r\n"
        b"References: <erste@werft.example> <vorher@werft.example>\r\n"
        b"Date: Mon, 23 Nov 2026 08:00:00 +0100\r\nImportance: high\r\n"
        b"Sensitivity: Private\r\nKeywords: Werft, Boot\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n"
        b"<p>Gr\xc3\xbcezi &amp; <b>danke</b></p>\r\n--x\r\n"
        b"Content-Type: application/pdf; name=offerte.pdf\r\n"
        b"Content-Disposition: attachment; filename=offerte.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--x--\r\n"
    )
    sandbox.deliver(raw, KELLER)
    found = account.inbox.all().get()
    assert found.subject == "Offerte für Boot"
    assert (found.author.name, found.author.email_address) == (
        "Jürg Kunde",
        "kunde@kunde.example",
    )
    assert [p.email_address for p in found.to_recipients] == [KELLER, VERKAUF]
    assert [p.email_address for p in found.cc_recipients] == ["dritte@anderswo.example"]
    assert [p.email_address for p in found.reply_to] == ["buero@kunde.example"]
    assert found.message_id == "<a@kunde.example>"
    assert found.in_reply_to == "<vorher@werft.example>"
    assert "<erste@werft.example>" in found.references
    assert found.sensitivity == "Private"
    assert found.importance == "High"
    assert found.categories == ["Werft", "Boot"]
    assert found.datetime_sent == EWSDateTime(
        2026, 11, 23, 7, 0, tzinfo=EWSTimeZone("UTC")
    )
    assert "<b>danke</b>" in found.body
    assert found.text_body.strip() == "Grüezi & danke"
    assert "danke" in found.unique_body
    assert found.has_attachments is True
    assert found.attachments[0].name == "offerte.pdf"
    assert found.attachments[0].content == b"%PDF-"
    assert found.mime_content == raw
    assert found.conversation_index[:1] == b"\x01"
    assert found.conversation_topic == "Offerte für Boot"
    assert found.item_class == "IPM.Note"
    assert found.is_read is False
    names = [header.name for header in found.headers]
    assert names[:2] == ["Received", "From"]


def test_it_reads_an_attached_mail(sandbox: Sandbox, account: Account, mail) -> None:
    inner = mail(Subject="Innen", Message_ID="<innen@kunde.example>")
    raw = (
        b"From: kunde@kunde.example\r\nSubject: Aussen\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n"
        b"Content-Type: text/plain\r\n\r\nSiehe Beilage\r\n--y\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--y--\r\n"
    )
    sandbox.deliver(raw, KELLER)
    attachment = account.inbox.all().get().attachments[0]
    assert isinstance(attachment, ItemAttachment)
    assert attachment.item.subject == "Innen"
    assert attachment.item.message_id == "<innen@kunde.example>"


def test_it_attaches_and_detaches_files(sandbox: Sandbox, account: Account) -> None:
    message = Message(account=account, folder=account.drafts, subject="Mit Beilage")
    message.attach(FileAttachment(name="a.txt", content=b"eins"))
    message.save()
    message.attach(FileAttachment(name="b.txt", content=b"zwei"))
    fetched = account.drafts.all().get()
    assert sorted(a.content for a in fetched.attachments) == [b"eins", b"zwei"]
    first = fetched.attachments[0]
    fetched.detach(first)
    assert len(account.drafts.all().get().attachments) == 1


def test_it_creates_updates_moves_copies_and_deletes_a_message(
    sandbox: Sandbox, account: Account
) -> None:
    message = Message(
        account=account,
        folder=account.drafts,
        subject="Entwurf",
        body=HTMLBody("<p>Text</p>"),
        to_recipients=[Mailbox(email_address="kunde@kunde.example")],
        categories=["Boot"],
    ).save()
    assert message.is_draft is True or account.drafts.all().get().is_draft is True
    before = message.changekey
    message.subject = "Neuer Titel"
    message.save(update_fields=["subject"])
    assert message.changekey != before
    old_id = message.id
    message.move(to_folder=account.inbox)
    assert message.id != old_id
    with pytest.raises(ErrorItemNotFound):
        account.drafts.get(id=old_id)
    copy_id, _ = message.copy(to_folder=account.junk)
    assert sandbox.store.items[copy_id].folder.distinguished == "junkemail"
    message.move_to_trash()
    assert [m.subject for m in account.trash.all()] == ["Neuer Titel"]
    account.trash.all().get().delete()
    account.junk.all().get().soft_delete()
    assert sandbox.items(KELLER, "deleteditems") == []
    assert [i["folder"] for i in sandbox.items(KELLER)] == [
        "recoverableitemsroot/recoverableitemsdeletions"
    ]


def test_it_sends_a_mail_that_the_ledger_counts(
    sandbox: Sandbox, account: Account
) -> None:
    Message(
        account=account,
        folder=account.sent,
        subject="Hallo",
        body="Text",
        to_recipients=[VERKAUF, "kunde@kunde.example"],
    ).send_and_save()
    assert sandbox.ledger.count("mail") == 1
    assert sandbox.ledger.submissions[0].recipients == (VERKAUF, "kunde@kunde.example")
    received = connect(sandbox, VERKAUF).inbox.all().get()
    assert received.subject == "Hallo"
    stamp = {h.name: h.value for h in received.headers}
    assert stamp["X-MS-Exchange-Organization-AuthAs"] == "Internal"
    sent = account.sent.all().get()
    assert sent.is_read is True
    assert sent.message_id == received.message_id


def test_it_searches_by_extended_property(sandbox: Sandbox, account: Account) -> None:
    for number in range(3):
        Task(
            account=account,
            folder=account.tasks,
            subject=f"A{number}",
            crm_id=f"id-{number}",
        ).save()
    found = list(account.tasks.filter(crm_id="id-1").only("subject", "crm_id"))
    assert [(task.subject, task.crm_id) for task in found] == [("A1", "id-1")]
    assert list(account.tasks.filter(crm_id="nichts")) == []
    assert account.tasks.filter(crm_id__exists=True).count() == 3
    assert account.tasks.filter(crm_id__in=["id-0", "id-2"]).count() == 2
    both = FolderCollection(account=account, folders=[account.tasks, account.trash])
    account.tasks.filter(crm_id="id-2").get().move_to_trash()
    (there,) = both.filter(crm_id="id-2")
    assert there.parent_folder_id.id == account.trash.id


def test_it_searches_sorts_and_pages(sandbox: Sandbox, account: Account, mail) -> None:
    for number in range(12):
        raw = mail(Subject=f"Offerte {number:02}", Message_ID=f"<{number}@k.example>")
        sandbox.deliver(raw, KELLER)
    assert account.inbox.filter(subject="Offerte 03").count() == 1
    assert account.inbox.filter(subject__contains="offerte 0").count() == 0
    assert account.inbox.filter(subject__icontains="offerte 0").count() == 10
    assert account.inbox.filter(subject__startswith="Offerte 1").count() == 2
    assert account.inbox.exclude(subject="Offerte 03").count() == 11
    query = account.inbox.all().only("subject").order_by("subject")
    query.page_size = 5
    assert [m.subject for m in query] == [f"Offerte {n:02}" for n in range(12)]
    newest = account.inbox.all().order_by("-subject")[:2]
    assert [m.subject for m in newest] == ["Offerte 11", "Offerte 10"]


def test_it_handles_tasks(sandbox: Sandbox, account: Account) -> None:
    task = Task(
        account=account,
        folder=account.tasks,
        subject="Offerte schreiben",
        body="CRM 1042",
        start_date=EWSDate(2026, 11, 24),
        due_date=EWSDate(2026, 11, 26),
        importance="High",
        reminder_is_set=True,
        reminder_due_by=EWSDateTime(2026, 11, 26, 8, 0, tzinfo=ZURICH),
        crm_id="k1",
    ).save()
    task.refresh()
    assert task.due_date == EWSDate(2026, 11, 26)
    assert task.status == "NotStarted"
    assert task.is_complete is False
    task.status, task.percent_complete = "Completed", Decimal(100)
    task.save(update_fields=["status", "percent_complete"])
    task.refresh()
    assert task.is_complete is True
    assert task.complete_date is not None
    assert task.crm_id == "k1"
    (item,) = sandbox.items(KELLER, "tasks")
    assert item["properties"]["Status"] == "Completed"
    assert item["properties"]["ReminderDueBy"].startswith("2026-11-26T07:00:00")


def test_it_handles_timed_appointments_across_the_clock_change(
    sandbox: Sandbox, account: Account
) -> None:
    start = EWSDateTime(2026, 10, 25, 1, 30, tzinfo=ZURICH)
    event = CalendarItem(
        account=account,
        folder=account.calendar,
        subject="Slip",
        start=start,
        end=EWSDateTime(2026, 10, 25, 3, 30, tzinfo=ZURICH),
        location="Halle 2",
        crm_id="k2",
    )
    event.save(**QUIET)
    event.refresh()
    assert event.start == start
    assert event.end - event.start == timedelta(hours=3)
    (item,) = sandbox.items(KELLER, "calendar")
    assert item["properties"]["Start"] == "2026-10-24T23:30:00+00:00"
    assert sandbox.ledger.count("invitation") == 0


def make_all_day(account: Account, day: EWSDate) -> CalendarItem:
    event = CalendarItem(
        account=account,
        folder=account.calendar,
        subject="Auswassern",
        start=day,
        end=day,
        is_all_day=True,
    )
    event.save(**QUIET)
    event.refresh()
    return event


def test_it_handles_all_day_appointments(sandbox: Sandbox, account: Account) -> None:
    for day in (EWSDate(2026, 10, 25), EWSDate(2026, 12, 24), EWSDate(2027, 3, 27)):
        event = make_all_day(account, day)
        assert (event.start, event.end) == (day, day)
    autumn = sandbox.items(KELLER, "calendar")[0]["properties"]
    assert autumn["Start"] == "2026-10-24T22:00:00+00:00"
    assert autumn["End"] == "2026-10-25T23:00:00+00:00"


def test_it_misreads_the_end_of_an_all_day_event_on_the_day_of_the_spring_change(
    sandbox: Sandbox, account: Account
) -> None:
    """A defect of exchangelib 5.6.0: it takes a day off before it changes the zone.

    The sandbox holds the right instants (23 hours); the client reads an end before the
    start. Where this test fails, exchangelib has been mended.
    """
    event = make_all_day(account, EWSDate(2027, 3, 28))
    spring = sandbox.items(KELLER, "calendar")[0]["properties"]
    assert spring["Start"] == "2027-03-27T23:00:00+00:00"
    assert spring["End"] == "2027-03-28T22:00:00+00:00"
    assert event.start == EWSDate(2027, 3, 28)
    assert event.end == EWSDate(2027, 3, 27)


def test_it_changes_and_deletes_appointments_without_inviting(
    sandbox: Sandbox, account: Account
) -> None:
    event = CalendarItem(
        account=account,
        folder=account.calendar,
        subject="Besuch",
        start=EWSDateTime(2026, 12, 1, 9, 0, tzinfo=ZURICH),
        end=EWSDateTime(2026, 12, 1, 10, 0, tzinfo=ZURICH),
    )
    event.save(**QUIET)
    event.end = EWSDateTime(2026, 12, 1, 11, 0, tzinfo=ZURICH)
    event.save(update_fields=["end"], **QUIET_UPDATE)
    seen = list(
        account.calendar.view(
            start=EWSDateTime(2026, 12, 1, tzinfo=ZURICH),
            end=EWSDateTime(2026, 12, 2, tzinfo=ZURICH),
        )
    )
    assert [(e.subject, e.duration) for e in seen] == [("Besuch", "PT2H")]
    event.delete(send_meeting_cancellations=SEND_TO_NONE)
    assert sandbox.items(KELLER, "calendar") == []
    assert sandbox.ledger.count("invitation") == 0


def test_it_is_told_of_a_conflict(sandbox: Sandbox, account: Account) -> None:
    task = Task(account=account, folder=account.tasks, subject="A").save()
    sandbox.act(KELLER, "edit", item_id=task.id, set={"Subject": "von Keller"})
    task.subject = "von uns"
    with pytest.raises(ErrorIrresolvableConflict):
        task.save(update_fields=["subject"], conflict_resolution="NeverOverwrite")
    (item,) = sandbox.items(KELLER, "tasks")
    assert item["properties"]["Subject"] == "von Keller"


def test_it_is_told_how_long_to_stay_away(sandbox: Sandbox, account: Account) -> None:
    sandbox.fault("busy", back_off=7, count=0)
    with pytest.raises(ErrorServerBusy) as told:
        account.inbox.refresh()
    assert told.value.back_off == 7


def test_it_handles_contacts(sandbox: Sandbox, account: Account) -> None:
    contact = Contact(
        account=account,
        folder=account.contacts,
        given_name="Jürg",
        surname="Kunde",
        display_name="Jürg Kunde",
        email_addresses=[
            EmailAddress(label="EmailAddress1", email="kunde@kunde.example")
        ],
        phone_numbers=[PhoneNumber(label="MobilePhone", phone_number="079 000 00 00")],
        physical_addresses=[
            PhysicalAddress(label="Business", street="Seeweg 1", city="Thun")
        ],
    ).save()
    contact.phone_numbers = [
        PhoneNumber(label="MobilePhone", phone_number="079 111 11 11")
    ]
    contact.save(update_fields=["phone_numbers"])
    found = account.contacts.all().get()
    assert found.email_addresses[0].email == "kunde@kunde.example"
    assert found.phone_numbers[0].phone_number == "079 111 11 11"
    assert found.physical_addresses[0].city == "Thun"


def test_it_streams_notifications(make_sandbox, mail) -> None:
    sandbox = make_sandbox(streaming_minute=1.5)
    account = connect(sandbox)
    inbox = account.inbox
    with inbox.streaming_subscription() as subscription:
        timer = threading.Timer(0.3, lambda: sandbox.deliver(mail(), KELLER))
        timer.start()
        notices = list(inbox.get_streaming_events(subscription, connection_timeout=1))
        timer.join()
    events = [event for notice in notices for event in notice.events]
    kinds = {type(event).__name__ for event in events}
    assert {"NewMailEvent", "CreatedEvent", "ModifiedEvent"} <= kinds
    CachingProtocol.clear_cache()


def test_it_pulls_notifications(sandbox: Sandbox, account: Account, mail) -> None:
    inbox = account.inbox
    subscription, mark = inbox.subscribe_to_pull()
    sandbox.deliver(mail(), KELLER)
    notices = list(inbox.get_events(subscription, mark))
    kinds = [type(event).__name__ for notice in notices for event in notice.events]
    assert "NewMailEvent" in kinds
    inbox.unsubscribe(subscription)


def test_it_resolves_names_and_reads_time_zones(
    sandbox: Sandbox, account: Account
) -> None:
    found = list(account.protocol.resolve_names(["verkauf@werft.example"]))
    assert found[0].email_address == VERKAUF
    zones = list(account.protocol.get_timezones(return_full_timezone_data=True))
    assert "W. Europe Standard Time" in {zone.id for zone in zones}


def test_it_converts_ids(sandbox: Sandbox, account: Account, mail) -> None:
    (identity,) = sandbox.deliver(mail(), KELLER)
    from exchangelib.properties import EWS_ID, HEX_ENTRY_ID, AlternateId

    asked = [AlternateId(id=identity, format=EWS_ID, mailbox=KELLER)]
    (there,) = account.protocol.convert_ids(asked, destination_format=HEX_ENTRY_ID)
    (back,) = account.protocol.convert_ids([there], destination_format=EWS_ID)
    assert there.id != identity
    assert back.id == identity
