"""What Exchange would answer, written from the corpus: item ids, items, envelopes.

Guarantee: elements, their order and their spelling are those of ``exchange_sandbox``
(tests/system/test_bench_smoke.py compares them), which are those of Microsoft's
schema. Item ids have the length of real ones.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from xml.sax.saxutils import escape

from bench.corpus import Bodies, Mail, Party

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
STATE_BYTES = 300  # a sync state's; real ones can be longer
LATER = 3  # seconds from sending to arrival

_HEAD = (
    f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Header>'
    f'<t:ServerVersionInfo xmlns:t="{TYPES}" MajorVersion="15" MinorVersion="2" '
    'MajorBuildNumber="1748" MinorBuildNumber="10" Version="V2017_07_11"/></s:Header>'
    "<s:Body>"
)
_TAIL = "</s:Body></s:Envelope>"
_ID_HEAD = b"\x00\x03\x24\x00" + b"c7a53f0e-4d0a-4b1f-9a55-0e1d2c3b4a59" + b"\x00\x46"
_ID_TAIL = 64
_GUID = b"c7a53f0e-4d0a-4b1f-9a55-0e1d2c3b4a59"


# -- ids and states ------------------------------------------------------------------


def item_id(number: int) -> str:
    """About 150 characters, as Exchange's."""
    own = number.to_bytes(8, "big")
    return base64.b64encode(
        _ID_HEAD + own + blake2b(own, digest_size=_ID_TAIL).digest()
    ).decode()


def number_of(identity: str) -> int:
    """The mail of an item id; ValueError for a foreign one."""
    raw = base64.b64decode(identity)
    start = len(_ID_HEAD)
    if raw[:start] != _ID_HEAD:
        raise ValueError("not an id of this server")
    return int.from_bytes(raw[start : start + 8], "big")


def change_key(number: int) -> str:
    """As Exchange's: 40 characters."""
    return base64.b64encode(
        b"\x09\x00\x00\x00\x16\x00\x00\x00" + number.to_bytes(22, "big")
    ).decode()


def written_state(done: int, end: int, at: int) -> str:
    """All before ``done`` is told; of ``done``..``end`` what is at ``at`` and above."""
    text = f"{done}:{end}:{at}:".encode()
    return base64.b64encode(text.ljust(STATE_BYTES, b"-")).decode()


def read_state(state: str) -> tuple[int, int, int]:
    """Back again; ValueError for what is no state of ours."""
    try:
        done, end, at, _rest = base64.b64decode(state).decode().split(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not a state of this server") from error
    return int(done), int(end), int(at)


# -- elements ------------------------------------------------------------------------


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mailbox(party: Party) -> str:
    return (
        f"<t:Mailbox><t:Name>{escape(party.name)}</t:Name>"
        f"<t:EmailAddress>{party.address}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>OneOff</t:MailboxType>"
        "</t:Mailbox>"
    )


def _header(name: str, value: str) -> str:
    return (
        '<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="'
        f'InternetHeaders" PropertyName="{name}" PropertyType="String"/>'
        f"<t:Value>{escape(value)}</t:Value></t:ExtendedProperty>"
    )


def _headers(mail: Mail) -> str:
    """The named headers that such a mail has, in the order in which we ask."""
    inside = mail.sender.address.endswith("@werft.example")
    found = []
    if mail.index is not None:
        found.append(_header("Thread-Index", base64.b64encode(mail.index).decode()))
    if not inside:
        domain = mail.sender.address.rpartition("@")[2]
        verdict = f"mx.werft.example; spf=pass; dkim=pass; dmarc=pass ({domain})"
        found.append(_header("Authentication-Results", verdict))
    mark = "Internal" if inside else "Anonymous"
    found.append(_header("X-MS-Exchange-Organization-AuthAs", mark))
    found.append(_header("Return-Path", f"<{mail.sender.address}>"))
    found.append(_header("From", f'"{mail.sender.name}" <{mail.sender.address}>'))
    return "".join(found)


def _item_id(number: int) -> str:
    return f'<t:ItemId Id="{item_id(number)}" ChangeKey="{change_key(number)}"/>'


def created(mail: Mail) -> str:
    """One line of a change page: the id and what the private rule needs."""
    return (
        f"<t:Create><t:Message>{_item_id(mail.number)}<t:ItemClass>IPM.Note"
        f"</t:ItemClass><t:Subject>{escape(mail.subject)}</t:Subject>"
        "<t:Sensitivity>Normal</t:Sensitivity><t:DateTimeReceived>"
        f"{_instant(mail.sent_at + LATER)}</t:DateTimeReceived></t:Message></t:Create>"
    )


def _text(content: str) -> str:
    """Carriage returns as references, as the sandbox and .NET write them."""
    return escape(content, {"\r": "&#xD;"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which bodies a GetItem asks for."""

    text: bool
    html: bool
    unique: bool

    @classmethod
    def by(cls, request: str) -> "Asked":
        """Read off its field list."""
        names = ("item:TextBody", "item:Body", "item:UniqueBody")
        return cls(*(f'"{name}"' in request for name in names))


def item(mail: Mail, bodies: Bodies, flavour: str, asked: Asked) -> str:
    """One GetItem response message with the fields that mailsync asks for."""
    own = bodies.text(mail, flavour)
    kind = "HTML" if bodies.is_html(mail, flavour) else "Text"
    whole = _text(bodies.original(mail, flavour)) if asked.html else ""
    body = f'<t:Body BodyType="{kind}">{whole}</t:Body>' if asked.html else ""
    new = _text(own[: len(own) // 3]) if asked.unique else ""
    unique = f'<t:UniqueBody BodyType="Text">{new}</t:UniqueBody>' if new else ""
    plain = (
        f'<t:TextBody BodyType="Text">{_text(own)}</t:TextBody>' if asked.text else ""
    )
    parent = f"&lt;{mail.cited[-1]}&gt;" if mail.cited else ""
    answers = f"<t:InReplyTo>{parent}</t:InReplyTo>" if parent else ""
    cited = " ".join(f"&lt;{one}&gt;" for one in mail.cited)
    references = f"<t:References>{cited}</t:References>" if cited else ""
    sender = _mailbox(mail.sender)
    cc = "".join(map(_mailbox, mail.cc))
    copied = f"<t:CcRecipients>{cc}</t:CcRecipients>" if cc else ""
    return (
        '<m:GetItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError'
        f"</m:ResponseCode><m:Items><t:Message>{_item_id(mail.number)}"
        f"<t:ItemClass>IPM.Note</t:ItemClass><t:Subject>{escape(mail.subject)}"
        f"</t:Subject><t:Sensitivity>Normal</t:Sensitivity>{body}<t:DateTimeReceived>"
        f"{_instant(mail.sent_at + LATER)}</t:DateTimeReceived>"
        f"<t:Size>{2_000 + len(own)}</t:Size>{answers}"
        f"<t:DateTimeSent>{_instant(mail.sent_at)}</t:DateTimeSent>"
        f"<t:HasAttachments>false</t:HasAttachments>{_headers(mail)}"
        f'<t:ConversationId Id="{_conversation(mail)}"/>{unique}{plain}'
        f"<t:Sender>{sender}</t:Sender><t:ToRecipients>"
        f"{''.join(map(_mailbox, mail.to))}</t:ToRecipients>{copied}"
        f"<t:ConversationIndex>{base64.b64encode(_index(mail)).decode()}"
        f"</t:ConversationIndex><t:ConversationTopic>{escape(mail.topic)}"
        f"</t:ConversationTopic><t:From>{sender}</t:From><t:InternetMessageId>"
        f"&lt;{mail.message_id}&gt;</t:InternetMessageId>{references}</t:Message>"
        "</m:Items></m:GetItemResponseMessage>"
    )


def _conversation(mail: Mail) -> str:
    head = b"\x00\x04" + len(_GUID).to_bytes(2, "little") + _GUID + b"\x10\x00"
    return base64.b64encode(head + mail.conversation).decode()


def _index(mail: Mail) -> bytes:
    """The sender's, or the fresh one that Exchange makes on delivery."""
    if mail.index is not None:
        return mail.index
    made = blake2b(mail.message_id.encode(), digest_size=16).digest()
    return b"\x01\x01\xdc" + mail.number.to_bytes(3, "big") + made


# -- envelopes -----------------------------------------------------------------------


def response(operation: str, messages: str) -> str:
    """The whole answer of an operation around its response messages."""
    return (
        f'{_HEAD}<m:{operation}Response xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        f"<m:ResponseMessages>{messages}</m:ResponseMessages></m:{operation}Response>"
        f"{_TAIL}"
    )


def change_page(changes: str, state: str, *, last: bool) -> str:
    """The answer to SyncFolderItems."""
    return response(
        "SyncFolderItems",
        '<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:ResponseCode>'
        f"NoError</m:ResponseCode><m:SyncState>{state}</m:SyncState>"
        f"<m:IncludesLastItemInRange>{'true' if last else 'false'}"
        f"</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>"
        "</m:SyncFolderItemsResponseMessage>",
    )


def folder(distinguished: str) -> str:
    """The answer to GetFolder of a standard folder (stock exchangelib asks for it)."""
    name = {"root": "Root", "inbox": "Posteingang"}.get(distinguished, distinguished)
    return response(
        "GetFolder",
        '<m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError'
        "</m:ResponseCode><m:Folders><t:Folder>"
        f'<t:FolderId Id="folder-{distinguished}" ChangeKey="AQAAAA=="/>'
        '<t:ParentFolderId Id="folder-root" ChangeKey="AQAAAA=="/>'
        f"<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>{name}</t:DisplayName>"
        "<t:TotalCount>0</t:TotalCount><t:ChildFolderCount>0</t:ChildFolderCount>"
        f"<t:DistinguishedFolderId>{distinguished}</t:DistinguishedFolderId>"
        "<t:UnreadCount>0</t:UnreadCount></t:Folder></m:Folders>"
        "</m:GetFolderResponseMessage>",
    )
