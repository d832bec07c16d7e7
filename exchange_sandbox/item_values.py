"""What each property of an item is worth: stored, read from MIME, or derived.

`value` answers with Python values by kind (`properties.KIND`): str, bool, int, float,
aware datetime, date, bytes, `Body`, `Address`, tuples of those; None = not set.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange_sandbox import conversation_ids
from exchange_sandbox.html_text import text_of_html
from exchange_sandbox.icalendar import as_instant, read_component
from exchange_sandbox.mail_mime import mime_of
from exchange_sandbox.mailbox import Attachment, Item
from exchange_sandbox.mime_items import Address, ParsedMail, parse_mail
from exchange_sandbox.new_text import new_text
from exchange_sandbox.properties import MAIL_TAGS
from exchange_sandbox.store import Store

ORGANISATION_HEADER = "x-ms-exchange-organization-"
AUTH_AS = ("X-MS-Exchange-Organization-AuthAs", "Internal")


@dataclass(frozen=True, slots=True)
class Body:
    """A body and its form, HTML or Text."""

    type: str
    text: str


def value(store: Store, item: Item, uri: str) -> Any:
    """Return the value of one property, or None."""
    if item.pending:
        read_mime(store, item)
    found = item.values.get(uri)
    if found is not None:
        return found
    derived = _DERIVED.get(uri)
    return derived(store, item) if derived is not None else None


# -- from MIME -------------------------------------------------------------------


def read_mime(store: Store, item: Item) -> None:
    """Fill an item from its MIME; done once, when something of it is first needed."""
    item.pending = False
    parsed = parse_mail(item.mime or b"")
    values = item.values
    for uri, found in _from_mail(parsed).items():
        if found not in (None, (), ""):
            values.setdefault(uri, found)
    values.setdefault("item:Subject", parsed.subject)
    if item.tag == "Message":
        item.tag = _mail_tag(parsed.item_class)
    headers = tuple(
        (name, text)
        for name, text in parsed.headers
        if not name.lower().startswith(ORGANISATION_HEADER)
    )
    values["item:InternetMessageHeaders"] = (
        (AUTH_AS, *headers) if item.stamped else headers
    )
    _conversation(item, parsed)
    for attachment in parsed.attachments:
        if item.tag != "Message" and attachment.content_type == "text/calendar":
            values.update(_meeting(attachment.content))
            continue
        added = Attachment(
            store.new_id(b"\x09", item.folder.mailbox),
            attachment.name,
            attachment.content_type,
            attachment.content_id,
            attachment.is_inline,
            attachment.content,
            attachment.item,
            item.modified,
        )
        item.attachments.append(added)
        if item.id in store.items:
            store.attachments[added.id] = (item, added)


def _meeting(raw: bytes) -> dict[str, Any]:
    """Return what a meeting mail's calendar part says (its end may be missing)."""
    found = read_component(raw)
    start, end = found.get("DTSTART"), found.get("DTEND")
    values: dict[str, Any] = {"meetingRequest:MeetingRequestType": "NewMeetingRequest"}
    if start is not None:
        values["calendar:Start"] = as_instant(start)
        values["calendar:End"] = as_instant(start if end is None else end)
        values["calendar:IsAllDayEvent"] = not isinstance(start, datetime)
    for name, uri in (("UID", "calendar:UID"), ("LOCATION", "calendar:Location")):
        if found.get(name):
            values[uri] = found[name]
    return values


def _mail_tag(item_class: str) -> str:
    """Return the kind of item a mail becomes: meeting mail has kinds of its own."""
    kind = item_class.removeprefix("IPM.Schedule.Meeting.")
    if kind == item_class:
        return "Message"
    named = {"Request": "MeetingRequest", "Canceled": "MeetingCancellation"}
    return named.get(kind, "MeetingResponse")


def _from_mail(parsed: ParsedMail) -> dict[str, Any]:
    html = parsed.html
    return {
        "item:ItemClass": parsed.item_class,
        "item:Sensitivity": parsed.sensitivity,
        "item:Importance": parsed.importance,
        "item:Categories": parsed.categories,
        "item:Body": Body("HTML", html)
        if html is not None
        else Body("Text", parsed.text),
        "item:TextBody": Body("Text", parsed.text),
        "item:UniqueBody": Body("Text", parsed.unique_text),
        "item:InReplyTo": parsed.in_reply_to,
        "item:DateTimeSent": parsed.date_sent,
        "item:Size": parsed.size,
        "message:Sender": parsed.sender or parsed.from_,
        "message:From": parsed.from_ or parsed.sender,
        "message:ToRecipients": parsed.to,
        "message:CcRecipients": parsed.cc,
        "message:BccRecipients": parsed.bcc,
        "message:ReplyTo": parsed.reply_to,
        "message:InternetMessageId": parsed.message_id,
        "message:References": parsed.references,
    }


def _conversation(item: Item, parsed: ParsedMail) -> None:
    rng = random.Random(item.search_key)  # noqa: S311  # reproducible, not secret
    topic = parsed.thread_topic or conversation_ids.conversation_topic(parsed.subject)
    index = conversation_ids.conversation_index(
        parsed, item.received or item.created, rng
    )
    item.values["message:ConversationIndex"] = index
    item.values["message:ConversationTopic"] = topic
    item.values["item:ConversationId"] = conversation_ids.conversation_id(
        str(item.folder.mailbox.guid),
        index,
        tracking=conversation_ids.is_tracked(parsed),
        topic=topic,
    )


# -- derived ---------------------------------------------------------------------


def _topic(store: Store, item: Item) -> str | None:
    subject = value(store, item, "item:Subject")
    return conversation_ids.conversation_topic(subject) if subject else None


def _conversation_id(store: Store, item: Item) -> str:
    index = value(store, item, "message:ConversationIndex")
    return conversation_ids.conversation_id(
        str(item.folder.mailbox.guid),
        index,
        tracking=index is not None,
        topic=_topic(store, item) or "",
    )


def _index(_store: Store, item: Item) -> bytes | None:
    """An item made by a client gets a new index, tracked (its own conversation)."""
    if item.tag not in MAIL_TAGS:
        return None
    rng = random.Random(item.search_key)  # noqa: S311  # reproducible, not secret
    return conversation_ids.conversation_index(parse_mail(b""), item.created, rng)


def _names(uri: str) -> Callable[[Store, Item], str | None]:
    def derived(store: Store, item: Item) -> str | None:
        parties: tuple[Address, ...] = value(store, item, uri) or ()
        names = [party.name or party.email or "" for party in parties]
        return "; ".join(names) or ("" if item.tag in MAIL_TAGS else None)

    return derived


def _text_body(store: Store, item: Item) -> Body | None:
    body: Body | None = value(store, item, "item:Body")
    if body is None or body.type == "Text":
        return body
    return Body("Text", text_of_html(body.text))


def _unique_body(store: Store, item: Item) -> Body | None:
    body = _text_body(store, item)
    return Body("Text", new_text(body.text)) if body else None


def _preview(store: Store, item: Item) -> str | None:
    body: Body | None = value(store, item, "item:TextBody")
    return " ".join(body.text[:600].split())[:255] if body else None


def _size(store: Store, item: Item) -> int:
    body: Body | None = value(store, item, "item:Body")
    parts = sum(len(attachment.content) for attachment in item.attachments)
    return 512 + (len(body.text) if body else 0) + parts


def _is_from_me(store: Store, item: Item) -> bool | None:
    if item.tag not in MAIL_TAGS:
        return None
    party: Address | None = value(store, item, "message:From")
    return (
        party is not None and (party.email or "").lower() == item.folder.mailbox.address
    )


def _owner(item: Item) -> Address:
    return Address(item.folder.mailbox.name, item.folder.mailbox.address)


def _receiver(_store: Store, item: Item) -> Address | None:
    return _owner(item) if item.tag in MAIL_TAGS and item.received else None


def _duration(store: Store, item: Item) -> str | None:
    start, end = (value(store, item, f"calendar:{name}") for name in ("Start", "End"))
    if start is None or end is None:
        return None
    minutes = int((end - start) / timedelta(minutes=1))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    return (
        "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")
        if days or time
        else "PT0S"
    )


def _has_attachments(_store: Store, item: Item) -> bool:
    return any(not attachment.is_inline for attachment in item.attachments)


_RIGHTS = (
    "<t:EffectiveRights><t:CreateAssociated>false</t:CreateAssociated>"
    "<t:CreateContents>false</t:CreateContents><t:CreateHierarchy>false"
    "</t:CreateHierarchy><t:Delete>true</t:Delete><t:Modify>true</t:Modify>"
    "<t:Read>true</t:Read><t:ViewPrivateItems>true</t:ViewPrivateItems>"
    "</t:EffectiveRights>"
)
_FLAG = "<t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag>"
_CLASSES = {
    "CalendarItem": "IPM.Appointment",
    "Task": "IPM.Task",
    "Contact": "IPM.Contact",
    "PostItem": "IPM.Post",
}


def _only(tags: frozenset[str], constant: Any) -> Callable[[Store, Item], Any]:
    return lambda _store, item: constant if item.tag in tags else None


_CALENDAR = frozenset({"CalendarItem"})
_TASKS = frozenset({"Task"})

_DERIVED: dict[str, Callable[[Store, Item], Any]] = {
    "item:ItemClass": lambda _s, item: _CLASSES.get(item.tag, "IPM.Note"),
    "item:MimeContent": mime_of,
    "item:Sensitivity": lambda _s, _i: "Normal",
    "item:Importance": lambda _s, _i: "Normal",
    "item:DateTimeReceived": lambda _s, item: item.received or item.created,
    "item:DateTimeCreated": lambda _s, item: item.created,
    "item:LastModifiedTime": lambda _s, item: item.modified,
    "item:LastModifiedName": lambda _s, item: item.modified_by,
    "item:Size": _size,
    "item:IsSubmitted": lambda _s, _i: False,
    "item:IsDraft": lambda _s, item: item.draft,
    "item:IsFromMe": _is_from_me,
    "item:IsResend": lambda _s, _i: False,
    "item:IsUnmodified": lambda _s, item: not item.draft,
    "item:IsAssociated": lambda _s, _i: False,
    "item:ReminderIsSet": lambda _s, _i: False,
    "item:ReminderMinutesBeforeStart": lambda _s, _i: 0,
    "item:DisplayTo": _names("message:ToRecipients"),
    "item:DisplayCc": _names("message:CcRecipients"),
    "item:DisplayBcc": _names("message:BccRecipients"),
    "item:HasAttachments": _has_attachments,
    "item:Culture": lambda _s, _i: "en-US",
    "item:EffectiveRights": lambda _s, _i: _RIGHTS,
    "item:Flag": _only(MAIL_TAGS, _FLAG),
    "item:InstanceKey": lambda _s, item: item.search_key,
    "item:ConversationId": _conversation_id,
    "item:TextBody": _text_body,
    "item:UniqueBody": _unique_body,
    "item:NormalizedBody": lambda s, item: value(s, item, "item:Body"),
    "item:Preview": _preview,
    "item:Attachments": lambda _s, item: tuple(item.attachments) or None,
    "message:ConversationIndex": _index,
    "message:ConversationTopic": _topic,
    "message:IsRead": lambda _s, item: item.read if item.tag in MAIL_TAGS else None,
    "message:IsReadReceiptRequested": _only(MAIL_TAGS, constant=False),
    "message:IsDeliveryReceiptRequested": _only(MAIL_TAGS, constant=False),
    "message:IsResponseRequested": _only(MAIL_TAGS, constant=False),
    "message:ReceivedBy": _receiver,
    "message:ReceivedRepresenting": _receiver,
    "calendar:IsAllDayEvent": _only(_CALENDAR, constant=False),
    "calendar:LegacyFreeBusyStatus": _only(_CALENDAR, "Busy"),
    "calendar:IsMeeting": _only(_CALENDAR, constant=False),
    "calendar:IsCancelled": _only(_CALENDAR, constant=False),
    "calendar:IsRecurring": lambda _s, item: "calendar:Recurrence" in item.values,
    "calendar:MeetingRequestWasSent": _only(_CALENDAR, constant=False),
    "calendar:IsResponseRequested": _only(_CALENDAR, constant=True),
    "calendar:CalendarItemType": lambda _s, item: (
        "RecurringMaster" if "calendar:Recurrence" in item.values else "Single"
    ),
    "calendar:MyResponseType": _only(_CALENDAR, "Organizer"),
    "calendar:Organizer": lambda _s, item: _owner(item),
    "calendar:Duration": _duration,
    "calendar:AppointmentState": _only(_CALENDAR, 0),
    "calendar:IsOrganizer": _only(_CALENDAR, constant=True),
    "calendar:StartTimeZoneId": lambda s, item: value(
        s, item, "calendar:StartTimeZone"
    ),
    "calendar:EndTimeZoneId": lambda s, item: value(s, item, "calendar:EndTimeZone"),
    "task:ChangeCount": lambda _s, _i: 1,
    "task:DelegationState": _only(_TASKS, "NoMatch"),
    "task:IsComplete": lambda s, item: value(s, item, "task:Status") == "Completed",
    "task:IsRecurring": lambda _s, item: "task:Recurrence" in item.values,
    "task:IsTeamTask": _only(_TASKS, constant=False),
    "task:Owner": lambda _s, item: item.folder.mailbox.name,
    "task:PercentComplete": _only(_TASKS, 0.0),
    "task:Status": _only(_TASKS, "NotStarted"),
}
