"""CreateItem, UpdateItem, DeleteItem, MoveItem: keys, conflicts, refusals, counting."""

import base64

import pytest

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
TASK = "<t:Task><t:Subject>A</t:Subject></t:Task>"


def set_field(uri: str, inner: str, tag: str = "Task") -> str:
    return (
        f'<t:SetItemField><t:FieldURI FieldURI="{uri}"/><t:{tag}>{inner}</t:{tag}>'
        "</t:SetItemField>"
    )


def subject(text: str, tag: str = "Task") -> str:
    return set_field("item:Subject", f"<t:Subject>{text}</t:Subject>", tag)


def key(sandbox, identity: str) -> str:
    return sandbox.item(identity).change_key


def delete(identity: str, how: str = "HardDelete", extra: str = "") -> str:
    return (
        f'<m:DeleteItem DeleteType="{how}" {extra}><m:ItemIds><t:ItemId Id="{identity}"/>'
        "</m:ItemIds></m:DeleteItem>"
    )


# -- change keys and conflicts --------------------------------------------------------


def test_every_write_gives_a_new_change_key(ask, sandbox):
    identity = ask.create(TASK)
    keys = [key(sandbox, identity)]
    for text in "bc":
        assert ask.update(identity, subject(text)) == ["NoError"]
        keys.append(key(sandbox, identity))
    sandbox.act(KELLER, "category", item_id=identity, category="x")
    keys.append(key(sandbox, identity))
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("mode", "given", "code"),
    [
        ("NeverOverwrite", "stale", "ErrorIrresolvableConflict"),
        ("NeverOverwrite", "none", "ErrorChangeKeyRequiredForWriteOperations"),
        ("NeverOverwrite", "fresh", "NoError"),
        ("AutoResolve", "stale", "NoError"),
        ("AutoResolve", "none", "ErrorChangeKeyRequiredForWriteOperations"),
        ("AlwaysOverwrite", "stale", "NoError"),
        ("AlwaysOverwrite", "none", "NoError"),
    ],
)
def test_conflicts_are_resolved_as_asked(ask, sandbox, mode, given, code):
    identity = ask.create(TASK)
    stale = key(sandbox, identity)
    sandbox.act(KELLER, "edit", item_id=identity, set={"Subject": "Keller"})
    used = {"stale": stale, "none": "", "fresh": key(sandbox, identity)}[given]
    assert ask.update(identity, subject("wir"), mode, used) == [code]
    expected = "wir" if code == "NoError" else "Keller"
    assert sandbox.item(identity).values["item:Subject"] == expected


def test_an_update_happens_whole_or_not_at_all(ask, sandbox):
    identity = ask.create(TASK)
    before = key(sandbox, identity)
    bad = set_field("task:IsComplete", "<t:IsComplete>true</t:IsComplete>")
    assert ask.update(identity, subject("B") + bad) == ["ErrorInvalidPropertySet"]
    assert sandbox.item(identity).values["item:Subject"] == "A"
    assert key(sandbox, identity) == before


@pytest.mark.parametrize(
    ("uri", "inner", "tag"),
    [
        ("task:IsComplete", "<t:IsComplete>true</t:IsComplete>", "Task"),
        (
            "task:CompleteDate",
            "<t:CompleteDate>2026-01-01T00:00:00Z</t:CompleteDate>",
            "Task",
        ),
        (
            "item:DateTimeReceived",
            "<t:DateTimeReceived>2026-01-01T00:00:00Z</t:DateTimeReceived>",
            "Task",
        ),
        ("item:HasAttachments", "<t:HasAttachments>true</t:HasAttachments>", "Task"),
    ],
)
def test_read_only_properties_are_refused(ask, uri, inner, tag):
    identity = ask.create(TASK)
    assert ask.update(identity, set_field(uri, inner, tag)) == [
        "ErrorInvalidPropertySet"
    ]
    removal = f'<t:DeleteItemField><t:FieldURI FieldURI="{uri}"/></t:DeleteItemField>'
    assert ask.update(identity, removal) == ["ErrorInvalidPropertyDelete"]


def test_fields_are_deleted_and_appended_to(ask, sandbox):
    body = '<t:Body BodyType="Text">{}</t:Body>'
    identity = ask.create(
        f"<t:Task><t:Subject>A</t:Subject>{body.format('eins')}"
        "<t:DueDate>2026-11-26T00:00:00Z</t:DueDate></t:Task>"
    )
    append = (
        '<t:AppendToItemField><t:FieldURI FieldURI="item:Body"/><t:Task>'
        f"{body.format(' zwei')}</t:Task></t:AppendToItemField>"
    )
    gone = (
        '<t:DeleteItemField><t:FieldURI FieldURI="task:DueDate"/></t:DeleteItemField>'
    )
    assert ask.update(identity, append + gone) == ["NoError"]
    (item,) = sandbox.items(KELLER, "tasks")
    assert item["properties"]["Body"] == "eins zwei"
    assert "DueDate" not in item["properties"]


def test_a_path_and_its_value_must_belong_together(ask):
    identity = ask.create(TASK)
    wrong = set_field("item:Subject", "<t:Importance>High</t:Importance>")
    assert ask.update(identity, wrong) == ["ErrorUpdatePropertyMismatch"]


def test_marking_read_shows_as_read_flag_change_only(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(), KELLER)
    state = ask.sync().state
    done = set_field("message:IsRead", "<t:IsRead>1</t:IsRead>", "Message")
    assert ask.update(identity, done) == ["NoError"]
    assert ask.sync(state=state).changes == [("ReadFlagChange", identity)]
    touched = sandbox.ledger.touches[-1]
    assert (touched.operation, touched.item_id) == ("UpdateItem", identity)


# -- switches that must be given ------------------------------------------------------


def test_mail_needs_a_disposition_and_appointments_an_invitation_mode(ask):
    created = "<m:CreateItem><m:Items>{}</m:Items></m:CreateItem>"
    message = "<t:Message><t:Subject>x</t:Subject></t:Message>"
    event = "<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem>"
    assert ask.codes(created.format(message)) == ["ErrorMessageDispositionRequired"]
    assert ask.codes(created.format(event)) == ["ErrorSendMeetingInvitationsRequired"]
    assert ask.codes(created.format(TASK)) == ["NoError"]


def test_deleting_needs_its_modes(ask):
    event = ask.create("<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem>")
    task = ask.create(TASK)
    assert ask.codes(delete(event)) == ["ErrorSendMeetingCancellationsRequired"]
    assert ask.codes(delete(task)) == ["ErrorAffectedTaskOccurrencesRequired"]
    assert ask.codes(delete(event, extra='SendMeetingCancellations="SendToNone"')) == [
        "NoError"
    ]
    assert ask.codes(
        delete(task, extra='AffectedTaskOccurrences="AllOccurrences"')
    ) == ["NoError"]


def test_updating_an_appointment_needs_an_invitation_mode(ask, sandbox):
    event = ask.create("<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem>")
    body = (
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite"><m:ItemChanges><t:ItemChange>'
        f'<t:ItemId Id="{event}"/><t:Updates>{subject("y", "CalendarItem")}</t:Updates>'
        "</t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
    assert ask.codes(body) == ["ErrorSendMeetingInvitationsOrCancellationsRequired"]


# -- deleting and moving --------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "place"),
    [
        ("HardDelete", None),
        ("SoftDelete", "recoverableitemsdeletions"),
        ("MoveToDeletedItems", "deleteditems"),
    ],
)
def test_a_deleted_item_is_where_it_should_be_and_its_old_id_is_dead(
    ask, sandbox, mail, how, place
):
    (identity,) = sandbox.deliver(mail(), KELLER)
    assert ask.codes(delete(identity, how)) == ["NoError"]
    assert ask.codes(delete(identity, how)) == ["ErrorItemNotFound"]
    folders = [item.folder.distinguished for item in sandbox.store.all_items()]
    assert folders == ([place] if place else [])


def test_moving_and_copying_give_new_ids_and_keep_the_extended_property(ask, sandbox):
    extended = (
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="6b2f1c58-3f0e-4f5a-9f0e-'
        '2f6d1c7a9e11" PropertyName="K" PropertyType="String"/><t:Value>k</t:Value>'
        "</t:ExtendedProperty>"
    )
    identity = ask.create(f"<t:Task><t:Subject>A</t:Subject>{extended}</t:Task>")
    for verb in ("CopyItem", "MoveItem"):
        answer = ask(
            f"<m:{verb}><m:ToFolderId><t:DistinguishedFolderId Id='deleteditems'/>"
            f"</m:ToFolderId><m:ItemIds><t:ItemId Id='{identity}'/></m:ItemIds></m:{verb}>"
        )
        new = answer.find(".//{*}ItemId").get("Id")
        assert new != identity
        assert list(sandbox.item(new).extended.values()) == [("k",)]
    assert sandbox.item(identity) is None
    assert sandbox.items(KELLER, "tasks") == []
    assert len(sandbox.items(KELLER, "deleteditems")) == 2


def test_a_failing_target_is_an_error_per_item(ask):
    identity = ask.create(TASK)
    body = (
        "<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id='voicemail'/></m:ToFolderId>"
        f"<m:ItemIds><t:ItemId Id='{identity}'/></m:ItemIds></m:MoveItem>"
    )
    answer = ask(body)
    (message,) = answer.iter("{*}MoveItemResponseMessage")
    assert message.findtext("{*}ResponseCode") == "ErrorFolderNotFound"
    assert len(message.find("{*}Items")) == 0


def test_one_bad_item_of_a_batch_does_not_hinder_the_others(ask, sandbox):
    body = (
        "<m:CreateItem><m:Items>"
        f"{TASK}<t:Task><t:PercentComplete>101</t:PercentComplete></t:Task>{TASK}"
        "</m:Items></m:CreateItem>"
    )
    codes = ask.codes(body)
    assert codes == ["NoError", "ErrorInvalidPercentCompleteValue", "NoError"]
    assert len(sandbox.items(KELLER, "tasks")) == 2


# -- MIME, sending --------------------------------------------------------------------


def test_items_are_made_from_mime_alone(ask, sandbox, mail):
    mime = base64.b64encode(mail(Subject="Aus MIME")).decode()
    message = ask.create(
        f"<t:Message><t:MimeContent>{mime}</t:MimeContent></t:Message>"
    )
    ical = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Aus\\, iCal\r\n"
        b"DTSTART;VALUE=DATE:20261224\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    event = ask.create(
        f"<t:CalendarItem><t:MimeContent>{base64.b64encode(ical).decode()}"
        "</t:MimeContent></t:CalendarItem>"
    )
    first, second = ask.get(message, event)
    assert first.findtext("{*}Subject") == "Aus MIME"
    assert first.findtext("{*}IsDraft") == "true"
    assert second.findtext("{*}Subject") == "Aus, iCal"
    assert second.findtext("{*}IsAllDayEvent") == "true"
    assert second.findtext("{*}End") == "2026-12-25T00:00:00Z"


def test_mime_of_an_appointment_is_bare_icalendar(ask):
    identity = ask.create(
        "<t:CalendarItem><t:Subject>Probefahrt</t:Subject>"
        "<t:Start>2026-12-01T08:00:00Z</t:Start><t:End>2026-12-01T09:00:00Z</t:End>"
        "</t:CalendarItem>"
    )
    shape = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
    (item,) = ask.get(identity, before=shape)
    mime = base64.b64decode(item.findtext("{*}MimeContent"))
    assert mime.startswith(b"BEGIN:VCALENDAR")
    assert b"DTSTART:20261201T080000Z" in mime


def test_a_draft_is_sent_once_and_counted(ask, sandbox):
    identity = ask.create(
        "<t:Message><t:Subject>Hallo</t:Subject><t:ToRecipients><t:Mailbox><t:EmailAddress>"
        f"{VERKAUF}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
    )
    assert ask.sync("drafts").changes == [("Create", identity)]
    body = (
        '<m:SendItem SaveItemToFolder="true"><m:ItemIds>'
        f'<t:ItemId Id="{identity}" ChangeKey="{{}}"/></m:ItemIds></m:SendItem>'
    )
    assert ask.codes(body.format("AAAA")) == ["ErrorStaleObject"]
    assert ask.codes(body.format(key(sandbox, identity))) == ["NoError"]
    assert sandbox.ledger.count("mail") == 1
    assert len(sandbox.items(VERKAUF, "inbox")) == 1
    assert len(sandbox.items(KELLER, "sentitems")) == 1
    assert sandbox.items(KELLER, "drafts") == []


def test_send_only_leaves_no_copy(ask, sandbox):
    body = (
        '<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message>'
        "<t:Subject>x</t:Subject><t:ToRecipients><t:Mailbox><t:EmailAddress>"
        "a@kunde.example</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
        "</m:Items></m:CreateItem>"
    )
    assert ask.codes(body) == ["NoError"]
    assert sandbox.items(KELLER) == []
    assert sandbox.ledger.count("mail") == 1


def test_invitations_are_counted_whoever_asks_for_them(ask, sandbox):
    people = (
        f"<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>{VERKAUF}</t:EmailAddress>"
        "</t:Mailbox></t:Attendee></t:RequiredAttendees>"
    )
    event = f"<t:CalendarItem><t:Subject>x</t:Subject>{people}</t:CalendarItem>"
    ask.create(event, 'SendMeetingInvitations="SendToNone"')
    assert sandbox.ledger.count("invitation") == 0
    identity = ask.create(event, 'SendMeetingInvitations="SendToAllAndSaveCopy"')
    assert sandbox.ledger.count("invitation") == 1
    ask.codes(delete(identity, extra='SendMeetingCancellations="SendOnlyToAll"'))
    assert sandbox.ledger.count("invitation") == 2
    assert sandbox.ledger.submissions[0].recipients == (VERKAUF,)


def test_whoever_asks_to_send_is_counted_even_if_refused(ask, sandbox):
    nobody = "<t:Message><t:Subject>x</t:Subject></t:Message>"
    body = '<m:CreateItem MessageDisposition="{}"><m:Items>{}</m:Items></m:CreateItem>'
    assert ask.codes(body.format("SaveOnly", nobody)) == ["NoError"]
    assert sandbox.ledger.send_verbs() == 0
    assert ask.codes(body.format("SendOnly", nobody)) == ["ErrorInvalidRecipients"]
    assert sandbox.ledger.send_verbs() == 1
    assert sandbox.ledger.count("mail") == 0


def test_attachments_change_the_key_and_the_flag(ask, sandbox):
    identity = ask.create("<t:Message><t:Subject>x</t:Subject></t:Message>")
    before = key(sandbox, identity)
    answer = ask(
        f'<m:CreateAttachment><m:ParentItemId Id="{identity}"/><m:Attachments>'
        "<t:FileAttachment><t:Name>a.txt</t:Name><t:Content>YQ==</t:Content>"
        "</t:FileAttachment></m:Attachments></m:CreateAttachment>"
    )
    attachment = answer.find(".//{*}AttachmentId")
    assert attachment.get("RootItemChangeKey") == key(sandbox, identity) != before
    (item,) = ask.get(identity)
    assert item.findtext("{*}HasAttachments") == "true"
    wanted = f'<m:AttachmentIds><t:AttachmentId Id="{attachment.get("Id")}"/></m:AttachmentIds>'
    got = ask(f"<m:GetAttachment>{wanted}</m:GetAttachment>")
    assert got.findtext(".//{*}Content") == "YQ=="
    gone = ask(f"<m:DeleteAttachment>{wanted}</m:DeleteAttachment>")
    assert gone.find(".//{*}RootItemId").get("RootItemId") == identity
    assert ask.codes(f"<m:GetAttachment>{wanted}</m:GetAttachment>") == [
        "ErrorItemNotFound"
    ]
