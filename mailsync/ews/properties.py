"""Names on the wire: namespaces, our named property, headers, field lists.

The field lists are exchange.md §5: a sync page asks for ids and the private markers
only, content comes by GetItem. Their XML is built once, at import, as text.
"""

from typing import Final

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MNS: Final = "http://schemas.microsoft.com/exchange/services/2006/messages"
TNS: Final = "http://schemas.microsoft.com/exchange/services/2006/types"

# Fixed for ever: items in mailboxes are found by it (exchange.md §8).
CRM_PROPERTY_SET: Final = "6b2f1c58-3f0e-4f5a-9f0e-2f6d1c7a9e11"
CRM_PROPERTY_NAME: Final = "CrmTaskId"

# The headers we name (exchange.md §5). In-Reply-To and References come as elements
# of the item. Exchange keeps one value per named header: which one it is when a
# header is repeated is unverified; ``all_headers`` asks for the whole block instead.
HEADER_NAMES: Final = (
    "Thread-Index",
    "Auto-Submitted",
    "List-Id",
    "Authentication-Results",
    "X-MS-Exchange-Organization-AuthAs",
    "Return-Path",
    "X-Autoreply",
    "From",
)


def field(uri: str) -> str:
    """A FieldURI element."""
    return f'<t:FieldURI FieldURI="{uri}"/>'


CRM_FIELD: Final = (
    f'<t:ExtendedFieldURI PropertySetId="{CRM_PROPERTY_SET}" '
    f'PropertyName="{CRM_PROPERTY_NAME}" PropertyType="String"/>'
)

SYNC_MAIL: Final = "".join(
    map(
        field,
        (
            "item:DateTimeReceived",
            "item:Sensitivity",
            "item:Subject",
            "item:Categories",
            "item:ItemClass",
        ),
    )
)

TASK_FIELDS: Final = (
    "".join(
        map(
            field,
            (
                "item:Subject",
                "task:DueDate",
                "task:IsComplete",
                "task:PercentComplete",
                "task:Status",
            ),
        )
    )
    + CRM_FIELD
)

CALENDAR_FIELDS: Final = (
    "".join(
        map(
            field,
            (
                "item:Subject",
                "calendar:Start",
                "calendar:End",
                "calendar:IsAllDayEvent",
                "calendar:StartTimeZone",
            ),
        )
    )
    + CRM_FIELD
)

# for a search over several folders at once
ANY_TASK_FIELDS: Final = TASK_FIELDS.replace(CRM_FIELD, "") + CALENDAR_FIELDS.replace(
    field("item:Subject"), ""
)

_METADATA: Final = "".join(
    map(
        field,
        (
            "item:Subject",
            "item:Sensitivity",
            "item:ItemClass",
            "item:DateTimeReceived",
            "item:DateTimeSent",
            "item:Size",
            "item:Categories",
            "item:HasAttachments",
            "item:InReplyTo",
            "item:ConversationId",
            "message:InternetMessageId",
            "message:References",
            "message:From",
            "message:Sender",
            "message:ReplyTo",
            "message:ToRecipients",
            "message:CcRecipients",
            "message:BccRecipients",
            "message:ConversationIndex",
            "message:ConversationTopic",
        ),
    )
)

NAMED_HEADERS: Final = "".join(
    '<t:ExtendedFieldURI DistinguishedPropertySetId="InternetHeaders" '
    f'PropertyName="{name}" PropertyType="String"/>'
    for name in HEADER_NAMES
)
ALL_HEADERS: Final = field("item:InternetMessageHeaders")

METADATA: Final = _METADATA
TEXT: Final = _METADATA + field("item:TextBody")
CONTENT: Final = TEXT + field("item:Body") + field("item:Attachments")
# What the sender wrote anew, as text: the server compares with the mails before it.
UNIQUE_BODY: Final = field("item:UniqueBody")
UNIQUE_BODY_AS_TEXT: Final = "<t:UniqueBodyType>Text</t:UniqueBodyType>"
