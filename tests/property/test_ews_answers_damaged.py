"""Whatever a damaged answer says, only errors of the port come out, or a sound result.

Well-formed answers of our own with elements removed, doubled, emptied or renamed and
texts replaced: the mapping may refuse, but never fails in another way, never loses an
asked item and never gives a token that the answer did not carry.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mailsync.errors import MailSyncError
from mailsync.ews.account import ServerSettings
from mailsync.ews.calls import _Call
from mailsync.ews.mailbox import EwsMailbox, EwsServer
from mailsync.ews.properties import MNS, SOAP, TNS
from mailsync.port import Detail, FolderRef, FolderRole, ItemKind, ItemRef, WantedItem

ODD_TEXTS = ("", " ", "true", "-1", "2026-11-23", "NaN", "\ufffd", "x" * 300, "AA=A")
MAIL = """
<t:Message><t:ItemId Id="i{n}" ChangeKey="k{n}"/><t:Subject>S</t:Subject>
<t:Sensitivity>Normal</t:Sensitivity><t:Size>10</t:Size>
<t:DateTimeReceived>2026-11-23T06:26:15Z</t:DateTimeReceived>
<t:Categories><t:String>Rot</t:String></t:Categories>
<t:HasAttachments>true</t:HasAttachments>
<t:Attachments><t:FileAttachment><t:AttachmentId Id="a{n}"/><t:Name>x</t:Name>
<t:Size>3</t:Size></t:FileAttachment></t:Attachments>
<t:ExtendedProperty><t:ExtendedFieldURI PropertyName="List-Id" PropertyType="String"/>
<t:Value>v</t:Value></t:ExtendedProperty>
<t:ConversationId Id="c"/><t:ToRecipients><t:Mailbox><t:Name>a</t:Name>
<t:EmailAddress>a@x.example</t:EmailAddress></t:Mailbox></t:ToRecipients>
<t:ConversationIndex>AQID</t:ConversationIndex><t:From><t:Mailbox><t:Name>b</t:Name>
</t:Mailbox></t:From></t:Message>"""
TASK_ITEM = """
<t:Task><t:ItemId Id="t{n}" ChangeKey="k"/><t:Subject>S</t:Subject>
<t:ExtendedProperty><t:ExtendedFieldURI PropertyName="CrmTaskId" PropertyType="String"/>
<t:Value>key</t:Value></t:ExtendedProperty><t:DueDate>2026-11-26T00:00:00Z</t:DueDate>
<t:Status>Completed</t:Status></t:Task>"""
CALENDAR_ITEM = """
<t:CalendarItem><t:ItemId Id="c{n}" ChangeKey="k"/><t:Subject>S</t:Subject>
<t:Start>2026-11-25T23:00:00Z</t:Start><t:End>2026-11-26T23:00:00Z</t:End>
<t:IsAllDayEvent>true</t:IsAllDayEvent>
<t:StartTimeZone Id="W. Europe Standard Time"/></t:CalendarItem>"""


def answer(operation: str, messages: list[str]) -> etree._Element:
    inner = "".join(
        f'<m:{operation}ResponseMessage ResponseClass="Success">'
        f"<m:ResponseCode>NoError</m:ResponseCode>{body}"
        f"</m:{operation}ResponseMessage>"
        for body in messages
    )
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MNS}" xmlns:t="{TNS}"><s:Header/>'
        f"<s:Body><m:{operation}Response><m:ResponseMessages>{inner}"
        f"</m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"
    )


def items(form: str, count: int) -> list[str]:
    return [f"<m:Items>{form.format(n=n)}</m:Items>" for n in range(count)]


def sync(form: str) -> str:
    changes = "".join(f"<t:Create>{form.format(n=n)}</t:Create>" for n in range(3))
    return (
        "<m:SyncState>state-2</m:SyncState>"
        "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        f'<m:Changes>{changes}<t:Delete><t:ItemId Id="d"/></t:Delete>'
        '<t:ReadFlagChange><t:ItemId Id="r"/><t:IsRead>1</t:IsRead></t:ReadFlagChange>'
        "</m:Changes>"
    )


def found(form: str) -> str:
    return (
        '<m:RootFolder TotalItemsInView="1" IncludesLastItemInRange="true">'
        f"<t:Items>{form.format(n=1)}</t:Items></m:RootFolder>"
    )


FOLDERS = (
    '<m:RootFolder IncludesLastItemInRange="true"><t:Folders><t:Folder>'
    '<t:FolderId Id="f"/><t:DisplayName>Kunden</t:DisplayName>'
    "<t:ChildFolderCount>0</t:ChildFolderCount></t:Folder></t:Folders></m:RootFolder>"
)
ATTACHMENT = (
    "<m:Attachments><t:FileAttachment><t:Content>AAAA</t:Content>"
    "</t:FileAttachment></m:Attachments>"
)
WHOLE = {
    "SyncFolderItems": [sync(MAIL)],
    "GetItem": items(MAIL, 3),
    "GetAttachment": [ATTACHMENT],
    "FindItem": [found(TASK_ITEM), found(CALENDAR_ITEM), found(TASK_ITEM)],
    "FindFolder": [FOLDERS],
    "CreateItem": items(TASK_ITEM, 1),
    "UpdateItem": items(TASK_ITEM, 1),
    "DeleteItem": [""],
}


def damage(root: etree._Element, dice: random.Random, blows: int) -> None:
    """Remove, double, empty, rename or reword random elements below the envelope."""
    for _ in range(blows):
        places = [e for e in root.iter() if e.getparent() is not None]
        if not places:
            return
        victim = dice.choice(places)
        parent = victim.getparent()
        assert parent is not None
        blow = dice.randrange(6)
        if blow == 0:
            parent.remove(victim)
        elif blow == 1:
            parent.append(etree.fromstring(etree.tostring(victim)))
        elif blow == 2:
            victim.clear()
        elif blow == 3:
            victim.tag = f"{{{TNS}}}{dice.choice(('Odd', 'Task', 'Subject', 'Size'))}"
        elif blow == 4:
            victim.text = dice.choice(ODD_TEXTS)
        else:
            for name in list(victim.attrib):
                victim.set(name, dice.choice(ODD_TEXTS))


@pytest.fixture(scope="module")
def server() -> Iterator[EwsServer]:
    made = EwsServer(ServerSettings("http://127.0.0.1:9/EWS", "svc", "geheim"))
    yield made
    made.close()


REFS = [ItemRef(f"i{n}") for n in range(3)]
INBOX = FolderRef(FolderRole.INBOX, "inbox")
TASK = WantedItem(
    ItemKind.TASK, "key", "S", "", completed=False, time_zone="Europe/Zurich"
)


def read_page(mailbox: EwsMailbox, role: FolderRole) -> None:
    page = mailbox.changes(FolderRef(role, str(role)), "state-1")
    assert page.token


def read_mails(mailbox: EwsMailbox) -> None:
    fetched = mailbox.fetch(REFS, Detail.CONTENT)
    total = len(fetched.messages) + len(fetched.gone) + len(fetched.unreadable)
    assert total == len(REFS)


CALLS = [
    lambda m: read_page(m, FolderRole.INBOX),
    lambda m: read_page(m, FolderRole.TASKS),
    lambda m: read_page(m, FolderRole.CALENDAR),
    read_mails,
    lambda m: m.raw_mime(REFS[0]),
    lambda m: m.find_task(ItemKind.TASK, "key"),
    lambda m: m.folders(["inbox", "Kunden"], subfolders=True),
    lambda m: m.create_task(TASK),
    lambda m: m.update_task(REFS[0], TASK),
    lambda m: m.delete_task(ItemKind.TASK, REFS[0]),
]


@settings(max_examples=500, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    blows=st.integers(0, 6),
    call=st.sampled_from(range(len(CALLS))),
)
def test_a_damaged_answer_is_refused_or_read_soundly(
    server: EwsServer, seed: int, blows: int, call: int
) -> None:
    dice = random.Random(seed)

    def answered(self: Any, payload: Any, api_version: Any) -> Any:
        root = answer(self.SERVICE_NAME, WHOLE[self.SERVICE_NAME])
        damage(root, dice, blows)
        return SimpleNamespace(content=etree.tostring(root))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Call, "_get_response", answered)
        with suppress(MailSyncError):
            CALLS[call](server("keller@werft.example"))


@pytest.mark.parametrize("call", range(len(CALLS)))
def test_an_undamaged_answer_is_read(server: EwsServer, call: int) -> None:
    def answered(self: Any, payload: Any, api_version: Any) -> Any:
        root = answer(self.SERVICE_NAME, WHOLE[self.SERVICE_NAME])
        return SimpleNamespace(content=etree.tostring(root))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Call, "_get_response", answered)
        mailbox = server("keller@werft.example")
        if call == 4:  # there is no MIME in this answer
            with pytest.raises(MailSyncError):
                CALLS[call](mailbox)
        else:
            CALLS[call](mailbox)


FAULTS = (
    "<faultcode>ErrorServerBusy</faultcode>",
    "<faultcode>urlparse</faultcode>",
    "<faultcode/><detail/>",
    "<detail><e:ResponseCode>EWSError</e:ResponseCode></detail>",
    "<detail><e:ResponseCode>urlparse</e:ResponseCode><e:Message>x</e:Message></detail>",
    "<detail><e:ResponseCode>RedirectError</e:ResponseCode></detail>",
    "",
)


@pytest.mark.parametrize("inner", FAULTS)
def test_an_odd_fault_is_an_error_of_the_port(
    server: EwsServer, inner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = "http://schemas.microsoft.com/exchange/services/2006/errors"
    content = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:e="{errors}"><s:Body><s:Fault>{inner}'
        "</s:Fault></s:Body></s:Envelope>"
    ).encode()
    monkeypatch.setattr(
        _Call, "_get_response", lambda *_: SimpleNamespace(content=content)
    )
    with pytest.raises(MailSyncError):
        server("keller@werft.example").changes(INBOX, None)
