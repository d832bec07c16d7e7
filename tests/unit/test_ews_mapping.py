"""Answer XML → port dataclasses, on small fixtures of our own."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from mailsync.errors import Unprocessable
from mailsync.ews import mapping, task_mapping
from mailsync.ews.properties import MNS, TNS
from mailsync.ews.strict_xml import parse_strict
from mailsync.port import (
    ChangeKind,
    FolderRole,
    ItemKind,
    ItemRef,
    RemoteMessage,
    RemoteParty,
    WantedItem,
)

ZURICH = ZoneInfo("Europe/Zurich")
MESSAGE = """
<t:ItemId Id="Ab+/1=" ChangeKey="k1"/>
<t:ItemClass>IPM.Note</t:ItemClass><t:Subject>Offerte Boot</t:Subject>
<t:Sensitivity>Private</t:Sensitivity>
<t:Body BodyType="HTML">&lt;p&gt;Grüezi&lt;/p&gt;</t:Body>
<t:DateTimeReceived>2026-11-23T06:26:15.996552400Z</t:DateTimeReceived>
<t:Size>484</t:Size>
<t:Categories><t:String>Rot</t:String><t:String>Privat</t:String></t:Categories>
<t:InReplyTo>&lt;parent@x.example&gt;</t:InReplyTo>
<t:DateTimeSent>2026-11-23T06:26:10Z</t:DateTimeSent>
<t:HasAttachments>true</t:HasAttachments>
<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="InternetHeaders"
  PropertyName="auto-submitted" PropertyType="String"/>
  <t:Value>auto-replied;
 x=y</t:Value></t:ExtendedProperty>
<t:ExtendedProperty><t:ExtendedFieldURI PropertyName="Other"
  PropertyType="String"/><t:Value>not asked for</t:Value></t:ExtendedProperty>
<t:ConversationId Id="AAQk=="/>
<t:TextBody BodyType="Text">Grüezi</t:TextBody>
<t:Sender><t:Mailbox><t:Name>Büro</t:Name>
  <t:EmailAddress>buero@x.example</t:EmailAddress></t:Mailbox></t:Sender>
<t:ToRecipients><t:Mailbox><t:EmailAddress>a@y.example</t:EmailAddress></t:Mailbox>
  <t:Mailbox><t:Name>nobody</t:Name></t:Mailbox></t:ToRecipients>
<t:CcRecipients/>
<t:ConversationIndex>AQID</t:ConversationIndex>
<t:ConversationTopic>Offerte</t:ConversationTopic>
<t:From><t:Mailbox><t:Name>Kunde</t:Name>
  <t:EmailAddress>kunde@x.example</t:EmailAddress></t:Mailbox></t:From>
<t:InternetMessageId>&lt;m1@x.example&gt;</t:InternetMessageId>
<t:References>&lt;root@x.example&gt; &lt;parent@x.example&gt;</t:References>
"""


def item(inner: str, tag: str = "Message") -> mapping.Element:
    return etree.fromstring(f'<t:{tag} xmlns:t="{TNS}">{inner}</t:{tag}>')


def test_every_field_of_a_mail_arrives() -> None:
    assert mapping.read_message(item(MESSAGE)) == RemoteMessage(
        ref=ItemRef("Ab+/1=", "k1"),
        message_id="<m1@x.example>",
        in_reply_to="<parent@x.example>",
        references="<root@x.example> <parent@x.example>",
        conversation_id="AAQk==",
        conversation_index=b"\x01\x02\x03",
        conversation_topic="Offerte",
        subject="Offerte Boot",
        from_=RemoteParty("Kunde", "kunde@x.example"),
        sender=RemoteParty("Büro", "buero@x.example"),
        reply_to=(),
        to=(RemoteParty(None, "a@y.example"), RemoteParty("nobody", None)),
        cc=(),
        bcc=(),
        received_at=datetime(2026, 11, 23, 6, 26, 15, 996_552, tzinfo=UTC),
        sent_at=datetime(2026, 11, 23, 6, 26, 10, tzinfo=UTC),
        size=484,
        item_class="IPM.Note",
        sensitivity="Private",
        categories=("Rot", "Privat"),
        has_attachments=True,
        headers=(("Auto-Submitted", "auto-replied; x=y"),),
        text="Grüezi",
        html="<p>Grüezi</p>",
        attachments=None,
    )


def test_the_positional_construction_follows_the_port() -> None:
    names = [f.name for f in fields(RemoteMessage)]
    assert names[:4] == ["ref", "message_id", "in_reply_to", "references"]
    assert names[-5:] == ["headers", "text", "html", "attachments", "new_text"]


def test_an_item_with_an_id_alone_is_a_mail_without_anything() -> None:
    message = mapping.read_message(item('<t:ItemId Id="x"/>'))
    assert message.ref == ItemRef("x", "")
    assert message.subject == ""
    assert message.received_at is None
    assert message.item_class == "IPM.Note"


@pytest.mark.parametrize(
    "broken",
    [
        "<t:DateTimeReceived>yesterday</t:DateTimeReceived>",
        "<t:DateTimeReceived/>",
        "<t:DateTimeSent>2026-11-23T06:26:10</t:DateTimeSent>",
        "<t:Size>many</t:Size>",
        "<t:ConversationIndex>A</t:ConversationIndex>",
    ],
)
def test_a_value_that_cannot_be_read_is_unprocessable_not_absent(broken: str) -> None:
    with pytest.raises(Unprocessable, match="cannot be read"):
        mapping.read_message(item('<t:ItemId Id="x"/>' + broken))


def test_an_item_without_id_is_unprocessable() -> None:
    with pytest.raises(Unprocessable, match="ItemId"):
        mapping.read_message(item("<t:Subject>x</t:Subject>"))


def test_a_plain_text_body_is_not_taken_for_html() -> None:
    inner = '<t:ItemId Id="x"/><t:Body BodyType="Text">plain</t:Body>'
    assert mapping.read_message(item(inner)).html is None


def test_the_whole_header_block_gives_repeats_in_their_order() -> None:
    block = "".join(
        f'<t:InternetMessageHeader HeaderName="{name}">{value}'
        "</t:InternetMessageHeader>"
        for name, value in (
            ("Received", "from a"),
            ("Authentication-Results", "ours; dmarc=fail"),
            ("authentication-results", "theirs; dmarc=pass"),
            ("Return-Path", "&lt;a@x&gt;"),
        )
    )
    inner = f'<t:ItemId Id="x"/><t:InternetMessageHeaders>{block}'
    message = mapping.read_message(item(inner + "</t:InternetMessageHeaders>"))
    assert message.headers == (
        ("Authentication-Results", "ours; dmarc=fail"),
        ("Authentication-Results", "theirs; dmarc=pass"),
        ("Return-Path", "<a@x>"),
    )


# -- change pages --------------------------------------------------------------------


def page(inner: str) -> mapping.Element:
    return etree.fromstring(
        f'<m:R xmlns:m="{MNS}" xmlns:t="{TNS}"><m:Changes>{inner}</m:Changes></m:R>'
    )


def test_a_page_keeps_kinds_and_order() -> None:
    changes = mapping.read_changes(
        page(
            f"<t:Create><t:Message>{MESSAGE}</t:Message></t:Create>"
            '<t:Delete><t:ItemId Id="d" ChangeKey="kd"/></t:Delete>'
            '<t:ReadFlagChange><t:ItemId Id="r" ChangeKey="kr"/>'
            "<t:IsRead>true</t:IsRead></t:ReadFlagChange>"
            '<t:Update><t:MeetingRequest><t:ItemId Id="u" ChangeKey="ku"/>'
            "</t:MeetingRequest></t:Update>"
        ),
        mapping.read_mail_change,
    )
    assert [(c.kind, c.ref.external_id) for c in changes] == [
        (ChangeKind.UPSERTED, "Ab+/1="),
        (ChangeKind.DELETED, "d"),
        (ChangeKind.READ_FLAG, "r"),
        (ChangeKind.UPSERTED, "u"),
    ]
    first = changes[0]
    assert first.sensitivity == "Private"
    assert first.subject == "Offerte Boot"
    assert first.categories == ("Rot", "Privat")
    assert first.item_class == "IPM.Note"
    assert first.received_at is not None


def test_a_received_date_that_cannot_be_read_is_none_on_a_page() -> None:
    inner = '<t:ItemId Id="x"/><t:DateTimeReceived>never</t:DateTimeReceived>'
    assert mapping.read_mail_change(item(inner)).received_at is None


# -- tasks and appointments ------------------------------------------------------------

KEY = (
    '<t:ExtendedProperty><t:ExtendedFieldURI PropertyName="CrmTaskId" '
    'PropertySetId="6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11" PropertyType="String"/>'
    "<t:Value>key-1</t:Value></t:ExtendedProperty>"
)
ID = '<t:ItemId Id="x" ChangeKey="k"/>'


@pytest.mark.parametrize(
    "state",
    ["<t:Status>Completed</t:Status>", "<t:IsComplete>1</t:IsComplete>"],
)
def test_a_completed_task_is_recognised_in_either_field(state: str) -> None:
    read = task_mapping.read_item(
        item(ID + KEY + state, "Task"), FolderRole.TASKS, ZURICH
    )
    assert read is not None
    assert (read.kind, read.completed, read.crm_key) == (ItemKind.TASK, True, "key-1")


def test_a_task_of_the_employee_has_no_key() -> None:
    read = task_mapping.read_item(item(ID, "Task"), FolderRole.TASKS, ZURICH)
    assert read is not None
    assert read.crm_key is None
    assert read.completed is False


def appointment(inner: str) -> mapping.Element:
    return item(ID + inner, "CalendarItem")


def test_an_all_day_event_has_days_and_no_instants() -> None:
    read = task_mapping.read_item(
        appointment(
            "<t:Start>2026-10-24T22:00:00Z</t:Start><t:End>2026-10-25T23:00:00Z</t:End>"
            "<t:IsAllDayEvent>true</t:IsAllDayEvent>"
        ),
        FolderRole.CALENDAR,
        ZURICH,
    )
    assert read is not None
    assert (read.first_day, read.last_day) == (date(2026, 10, 25), date(2026, 10, 25))
    assert read.starts_at is None


def test_the_events_own_zone_decides_about_its_days() -> None:
    read = task_mapping.read_item(
        appointment(
            "<t:Start>2026-11-26T08:00:00Z</t:Start><t:End>2026-11-27T08:00:00Z</t:End>"
            "<t:IsAllDayEvent>true</t:IsAllDayEvent>"
            '<t:StartTimeZone Id="Pacific Standard Time"/>'
        ),
        FolderRole.CALENDAR,
        ZURICH,
    )
    assert read is not None
    assert read.first_day == date(2026, 11, 26)


def test_an_item_of_another_kind_in_the_folder_is_no_task() -> None:
    change = task_mapping.item_change(FolderRole.TASKS, ZURICH)(item(ID, "Contact"))
    assert change.item is None
    assert change.ref == ItemRef("x", "k")


def test_somebodys_odd_task_does_not_stop_the_page() -> None:
    odd = item(ID + "<t:DueDate>soon</t:DueDate>", "Task")
    assert task_mapping.item_change(FolderRole.TASKS, ZURICH)(odd).item is None


def wanted(kind: ItemKind = ItemKind.TASK, **changes: object) -> WantedItem:
    values: dict[str, object] = {
        "kind": kind,
        "crm_key": "key-1",
        "subject": 'Boot <bestellen> & "so"',
        "body": "Zeile\x01 eins",
        "completed": False,
        "time_zone": "Europe/Zurich",
    }
    return WantedItem(**{**values, **changes})  # type: ignore[arg-type]


def parsed(xml: str) -> mapping.Element:
    return etree.fromstring(f'<x xmlns:t="{TNS}">{xml}</x>')


@pytest.mark.parametrize("build", [task_mapping.create_xml, task_mapping.update_xml])
def test_text_is_escaped_and_free_of_illegal_characters(
    build: Callable[[WantedItem], str],
) -> None:
    tree = parsed(build(wanted()))
    assert tree.findtext(f".//{{{TNS}}}Subject") == 'Boot <bestellen> & "so"'
    assert tree.findtext(f".//{{{TNS}}}Body") == "Zeile\ufffd eins"


def test_nobody_is_ever_invited() -> None:
    xml = task_mapping.create_xml(
        wanted(ItemKind.APPOINTMENT, all_day=True, first_day=date(2026, 10, 25))
    )
    assert "Attendee" not in xml
    assert "Resources" not in xml


def test_an_all_day_end_is_exclusive_on_the_wire() -> None:
    xml = task_mapping.create_xml(
        wanted(
            ItemKind.APPOINTMENT,
            all_day=True,
            first_day=date(2026, 10, 25),
            last_day=date(2026, 10, 25),
        )
    )
    assert "<t:Start>2026-10-25T00:00:00+02:00</t:Start>" in xml
    assert "<t:End>2026-10-26T00:00:00+01:00</t:End>" in xml
    assert '<t:StartTimeZone Id="W. Europe Standard Time"/>' in xml


def test_an_update_sets_each_own_field_and_removes_a_due_date_that_is_gone() -> None:
    tree = parsed(task_mapping.update_xml(wanted(completed=True)))
    paths = [change[0] for change in tree]
    uris = [path.get("FieldURI") or path.get("PropertyName") for path in paths]
    assert uris == [
        "item:Subject",
        "item:Body",
        "CrmTaskId",
        "task:DueDate",
        "task:PercentComplete",
        "task:Status",
    ]
    assert tree.find(f"{{{TNS}}}DeleteItemField") is not None
    assert tree.findtext(f".//{{{TNS}}}PercentComplete") == "100"


@pytest.mark.parametrize(
    "impossible",
    [
        {"all_day": True},
        {"starts_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {
            "all_day": True,
            "first_day": date(2026, 1, 1),
            "time_zone": "Mars/Olympus",
        },
    ],
)
def test_an_impossible_appointment_is_refused_before_any_request(
    impossible: dict[str, object],
) -> None:
    with pytest.raises(Unprocessable):
        task_mapping.create_xml(wanted(ItemKind.APPOINTMENT, **impossible))


# -- recorded answers of an independent server -----------------------------------------


@pytest.fixture
def samples(shared: Path) -> Path:
    folder = shared / "ews-samples"
    if not folder.is_dir():
        pytest.skip("no ews-samples in ../shared")
    return folder


def recorded(samples: Path, name: str) -> mapping.Element:
    return parse_strict((samples / f"{name}.resp.xml").read_bytes())


def test_recorded_mails_are_read_with_nine_fractional_digits(samples: Path) -> None:
    names = sorted(p.name[:-9] for p in samples.glob("GetItem-Message*.resp.xml"))
    assert len(names) >= 3
    for name in names:
        for found in recorded(samples, name).iter(f"{{{TNS}}}Message"):
            assert mapping.read_message(found).received_at is not None


def test_recorded_pages_are_read(samples: Path) -> None:
    counts = {}
    for path in samples.glob("SyncFolderItems-*.resp.xml"):
        root = parse_strict(path.read_bytes())
        for message in root.iter(f"{{{MNS}}}SyncFolderItemsResponseMessage"):
            changes = mapping.read_changes(message, mapping.read_mail_change)
            counts[path.name] = len(changes)
    assert counts["SyncFolderItems-initial.resp.xml"] == 4
    assert counts["SyncFolderItems-nochange.resp.xml"] == 0


def test_the_recorded_all_day_event_has_its_day(samples: Path) -> None:
    root = recorded(samples, "GetItem-CalendarItem-allday")
    found = root.find(f".//{{{TNS}}}CalendarItem")
    assert found is not None
    read = task_mapping.read_item(found, FolderRole.CALENDAR, ZURICH)
    assert read is not None
    assert read.all_day
    assert read.first_day == read.last_day == date(2026, 11, 26)
