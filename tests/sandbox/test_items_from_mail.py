"""Delivered mail as EWS shows it: headers, stamps, ids, conversations, MAPI properties."""

import base64
import uuid
from datetime import UTC, datetime

import pytest

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
FORGED = {
    "X_MS_Exchange_Organization_AuthAs": "Internal",
    "X_MS_EXCHANGE_ORGANIZATION_SCL": "-1\r\n folded",
}


def header(name: str) -> str:
    return (
        '<t:ExtendedFieldURI DistinguishedPropertySetId="InternetHeaders" '
        f'PropertyName="{name}" PropertyType="String"/>'
    )


def tag(number: str, kind: str = "String") -> str:
    return f'<t:ExtendedFieldURI PropertyTag="{number}" PropertyType="{kind}"/>'


def extended(item) -> list[str]:
    return [value.text or "" for value in item.iterfind("{*}ExtendedProperty/{*}Value")]


def field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


def test_mail_from_outside_loses_what_only_the_organisation_may_say(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(**FORGED), KELLER)
    shape = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
    (item,) = ask.get(identity, more=header(AUTH_AS), before=shape)
    assert extended(item) == []
    names = {h.get("HeaderName").lower() for h in item.iter("{*}InternetMessageHeader")}
    assert not any(name.startswith("x-ms-exchange-organization") for name in names)
    mime = base64.b64decode(item.findtext("{*}MimeContent"))
    assert b"organization" not in mime.lower()
    assert b"folded" not in mime
    assert b"Message-ID: <1@kunde.example>" in mime
    assert mime.endswith(b"\r\n\r\nGuten Tag\r\n")


def test_loaded_and_delivered_inbox_mail_is_never_stamped(ask, sandbox, mail, tmp_path):
    (tmp_path / "a.eml").write_bytes(mail(From=KELLER, **FORGED))
    sandbox.load(KELLER, tmp_path, "inbox")
    (item,) = sandbox.items(KELLER, "inbox")
    assert extended(ask.get(item["id"], more=header(AUTH_AS))[0]) == []


def test_mail_in_sent_items_is_stamped(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(From=KELLER), KELLER, folder="sent")
    (item,) = ask.get(identity, more=header(AUTH_AS.lower()))
    assert extended(item) == ["Internal"]
    assert item.findtext("{*}IsRead") == "true"


def test_mail_submitted_by_a_hosted_mailbox_is_stamped_in_every_copy(
    ask, sandbox, mail
):
    raw = mail(From=KELLER, To=VERKAUF, Bcc="geheim@kunde.example")
    sent, received = sandbox.deliver(raw, VERKAUF, submitted_by=KELLER)
    assert sandbox.item(sent).folder.distinguished == "sentitems"
    assert sandbox.item(received).folder.mailbox.address == VERKAUF
    (mine,) = ask.get(sent, more=header(AUTH_AS) + field("message:BccRecipients"))
    assert extended(mine) == ["Internal"]
    assert mine.find("{*}BccRecipients") is not None
    assert b"Bcc" not in sandbox.item(received).mime
    assert sandbox.item(received).mime.startswith(b"X-MS-Exchange-Organization-AuthAs")


def test_headers_are_found_by_name_whatever_their_case(ask, sandbox, mail):
    raw = mail(Auto_Submitted="auto-replied", List_Id="<liste.example>")
    (identity,) = sandbox.deliver(raw, KELLER)
    wanted = header("auto-submitted") + header("LIST-ID") + header("X-Nothing")
    (item,) = ask.get(identity, shape="IdOnly", more=wanted)
    assert extended(item) == ["auto-replied", "<liste.example>"]


def test_the_first_of_two_equal_headers_counts(ask, sandbox, mail):
    raw = b"Authentication-Results: mx.werft.example; dmarc=fail\r\n" + mail(
        Authentication_Results="boese.example; dmarc=pass"
    )
    (identity,) = sandbox.deliver(raw, KELLER)
    (item,) = ask.get(identity, shape="IdOnly", more=header("Authentication-Results"))
    assert extended(item) == ["mx.werft.example; dmarc=fail"]


def test_threading_headers_are_mapi_properties_too(ask, sandbox, mail):
    raw = mail(In_Reply_To="<p@w>", References="<g@w>\r\n <p@w>")
    (identity,) = sandbox.deliver(raw, KELLER)
    more = tag("0x1042") + tag("0x1039") + tag("0x1035") + tag("0x1042", "Integer")
    (item,) = ask.get(identity, shape="IdOnly", more=more)
    assert extended(item) == ["<p@w>", "<g@w> <p@w>", "<1@kunde.example>"]


def test_the_search_key_survives_a_move_and_a_copy_and_differs_elsewhere(
    ask, sandbox, mail
):
    here, there = sandbox.deliver(mail(), KELLER, VERKAUF)
    keys = {sandbox.item(here).search_key, sandbox.item(there).search_key}
    assert len(keys) == 2
    (before,) = ask.get(here, shape="IdOnly", more=tag("0x300B", "Binary"))
    copied = sandbox.act(KELLER, "copy", item_id=here, to="junkemail")
    moved = sandbox.act(KELLER, "move", item_id=here, to="inbox/Ablage")
    after = ask.get(copied, moved, shape="IdOnly", more=tag("0x300B", "Binary"))
    assert [extended(item) for item in after] == [extended(before)] * 2


def conversation(item) -> bytes:
    return base64.b64decode(item.find("{*}ConversationId").get("Id"))


def test_the_conversation_id_names_the_mailbox_and_the_index(ask, sandbox, mail):
    index = b"\x01" + bytes(range(21))
    raw = mail(Thread_Index=base64.b64encode(index).decode())
    here, there = sandbox.deliver(raw, KELLER, VERKAUF)
    more = field("item:ConversationId") + field("message:ConversationIndex")
    (mine,) = ask.get(here, shape="IdOnly", more=more)
    guid = str(sandbox.store.mailboxes[KELLER].guid).encode()
    assert guid in conversation(mine)
    assert conversation(mine)[-16:] == index[6:22]
    assert base64.b64decode(mine.findtext("{*}ConversationIndex")) == index
    other = sandbox.items(VERKAUF, "inbox")[0]
    assert other["id"] == there
    assert base64.b64decode(other["properties"]["ConversationId"])[-16:] == index[6:22]
    assert base64.b64decode(other["properties"]["ConversationId"]) != conversation(mine)


def test_mail_of_one_topic_without_index_shares_a_conversation(ask, sandbox, mail):
    a, b = (
        sandbox.deliver(mail(Subject=s, Message_ID=f"<{s}>"), KELLER)[0]
        for s in ("Rechnung", "AW: Rechnung")
    )
    first, second = ask.get(a, b, shape="IdOnly", more=field("item:ConversationId"))
    assert conversation(first) == conversation(second)


def test_text_is_made_from_html_and_bodies_come_as_asked(ask, sandbox, mail):
    raw = mail("<p>Eins &amp; <b>zwei</b></p>", Content_Type="text/html; charset=utf-8")
    (identity,) = sandbox.deliver(raw, KELLER)
    more = field("item:TextBody") + field("item:Body") + field("item:UniqueBody")
    (item,) = ask.get(identity, shape="IdOnly", more=more)
    assert item.findtext("{*}TextBody").strip() == "Eins & zwei"
    assert item.find("{*}Body").get("BodyType") == "HTML"
    text = "<t:BodyType>Text</t:BodyType>"
    (item,) = ask.get(identity, shape="IdOnly", more=field("item:Body"), before=text)
    assert item.find("{*}Body").get("BodyType") == "Text"
    assert item.findtext("{*}Body").strip() == "Eins & zwei"


def test_line_ends_arrive_as_they_are(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail("a\r\nb\r\n"), KELLER)
    (item,) = ask.get(identity, shape="IdOnly", more=field("item:TextBody"))
    assert item.findtext("{*}TextBody").startswith("a\r\nb")


def test_what_the_mail_lacks_is_absent(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(Message_ID="", Date="", Subject=""), KELLER)
    (item,) = ask.get(identity)
    for name in ("InternetMessageId", "DateTimeSent", "InReplyTo", "CcRecipients"):
        assert item.find("{*}" + name) is None


def test_times_are_whole_seconds_in_utc(ask, sandbox, mail):
    when = datetime(2026, 10, 25, 0, 30, 15, 999, tzinfo=UTC)
    (identity,) = sandbox.deliver(mail(), KELLER, received=when)
    (item,) = ask.get(identity)
    assert item.findtext("{*}DateTimeReceived") == "2026-10-25T00:30:15Z"
    assert item.findtext("{*}DateTimeSent") == "2026-11-23T07:00:00Z"


def test_a_meeting_request_has_an_element_of_its_own(ask, sandbox, mail):
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u-1\r\n"
        "DTSTART;TZID=Europe/Zurich:20261201T090000\r\nDTEND:20261201T090000Z\r\n"
        "SUMMARY:Besuch\r\nLOCATION:Halle\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    raw = mail(calendar, Content_Type="text/calendar; method=REQUEST; charset=utf-8")
    (identity,) = sandbox.deliver(raw, KELLER)
    (item,) = ask.get(identity)
    assert item.tag.endswith("}MeetingRequest")
    assert item.findtext("{*}ItemClass") == "IPM.Schedule.Meeting.Request"
    assert item.findtext("{*}Start") == "2026-12-01T08:00:00Z"
    assert item.findtext("{*}Location") == "Halle"


@pytest.mark.parametrize("strip", [True, False])
def test_illegal_characters_are_dropped_or_referred_to_as_exchange_does(
    make_sandbox, ask_of, strip
):
    sandbox = make_sandbox(strip_illegal_characters=strip)
    ask = ask_of(sandbox)
    identity = ask.create("<t:Task><t:Subject>x</t:Subject></t:Task>")
    sandbox.item(identity).values["item:Subject"] = "a\x03b\ufffe&#x3;c"
    sandbox.item(identity).fragments.clear()
    body = (
        "<m:GetItem><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{identity}"/></m:ItemIds></m:GetItem>'
    )
    answer = ask.http(ask.envelope(body))[2]
    expected = b"ab&amp;#x3;c" if strip else b"a&#x3;b&#xFFFE;&amp;#x3;c"
    assert b"<t:Subject>" + expected + b"</t:Subject>" in answer
    sandbox.ledger.violations.clear()


def test_the_same_seed_gives_the_same_ids(make_sandbox, mail):
    first, second = make_sandbox(), make_sandbox()
    assert first.deliver(mail(), KELLER) == second.deliver(mail(), KELLER)
    assert first.store.mailboxes[KELLER].guid == second.store.mailboxes[KELLER].guid
    assert isinstance(first.store.mailboxes[KELLER].guid, uuid.UUID)


def test_loading_sorts_mail_by_its_sender(sandbox, mail, tmp_path):
    for name, sender in (
        ("a", "Keller <KELLER@werft.example>"),
        ("b", "k@kunde.example"),
    ):
        (tmp_path / f"{name}.eml").write_bytes(mail(From=sender))
    assert sandbox.load(KELLER, tmp_path) == 2
    assert len(sandbox.items(KELLER, "sentitems")) == 1
    (received,) = sandbox.items(KELLER, "inbox")
    assert received["properties"]["DateTimeReceived"] == "2026-11-23T07:00:00+00:00"
