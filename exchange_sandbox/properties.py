"""Which properties the sandbox knows, of what kind, and in which order they stand.

The order tables are the sandbox's own because it must run without Microsoft's
schema; the tests compare them with the schema. Elements not named here are never
answered; clients asking for them get an item without them, as for any property
that is not set.
"""

from dataclasses import dataclass

_ITEM = [
    "MimeContent",
    "ItemId",
    "ParentFolderId",
    "ItemClass",
    "Subject",
    "Sensitivity",
    "Body",
    "Attachments",
    "DateTimeReceived",
    "Size",
    "Categories",
    "Importance",
    "InReplyTo",
    "IsSubmitted",
    "IsDraft",
    "IsFromMe",
    "IsResend",
    "IsUnmodified",
    "InternetMessageHeaders",
    "DateTimeSent",
    "DateTimeCreated",
    "ReminderDueBy",
    "ReminderIsSet",
    "ReminderNextTime",
    "ReminderMinutesBeforeStart",
    "DisplayCc",
    "DisplayTo",
    "DisplayBcc",
    "HasAttachments",
    "ExtendedProperty",
    "Culture",
    "EffectiveRights",
    "LastModifiedName",
    "LastModifiedTime",
    "IsAssociated",
    "ConversationId",
    "UniqueBody",
    "Flag",
    "InstanceKey",
    "NormalizedBody",
    "Preview",
    "TextBody",
]
_MESSAGE = [
    "Sender",
    "ToRecipients",
    "CcRecipients",
    "BccRecipients",
    "IsReadReceiptRequested",
    "IsDeliveryReceiptRequested",
    "ConversationIndex",
    "ConversationTopic",
    "From",
    "InternetMessageId",
    "IsRead",
    "IsResponseRequested",
    "References",
    "ReplyTo",
    "ReceivedBy",
    "ReceivedRepresenting",
]
_MEETING = ["IsOutOfDate", "HasBeenProcessed", "UID"]
_MEETING_REQUEST = [
    "MeetingRequestType",
    "IntendedFreeBusyStatus",
    "Start",
    "End",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "IsMeeting",
    "IsCancelled",
    "IsRecurring",
    "CalendarItemType",
    "MyResponseType",
    "Organizer",
]
_CALENDAR = [
    "UID",
    "DateTimeStamp",
    "Start",
    "End",
    "OriginalStart",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "When",
    "IsMeeting",
    "IsCancelled",
    "IsRecurring",
    "MeetingRequestWasSent",
    "IsResponseRequested",
    "CalendarItemType",
    "MyResponseType",
    "Organizer",
    "RequiredAttendees",
    "OptionalAttendees",
    "Resources",
    "ConflictingMeetingCount",
    "AdjacentMeetingCount",
    "Duration",
    "TimeZone",
    "AppointmentSequenceNumber",
    "AppointmentState",
    "Recurrence",
    "MeetingTimeZone",
    "StartTimeZone",
    "EndTimeZone",
    "ConferenceType",
    "AllowNewTimeProposal",
    "IsOnlineMeeting",
    "MeetingWorkspaceUrl",
    "NetShowUrl",
    "EnhancedLocation",
    "StartWallClock",
    "EndWallClock",
    "StartTimeZoneId",
    "EndTimeZoneId",
    "IsOrganizer",
]
_TASK = [
    "ActualWork",
    "AssignedTime",
    "BillingInformation",
    "ChangeCount",
    "Companies",
    "CompleteDate",
    "Contacts",
    "DelegationState",
    "Delegator",
    "DueDate",
    "IsAssignmentEditable",
    "IsComplete",
    "IsRecurring",
    "IsTeamTask",
    "Mileage",
    "Owner",
    "PercentComplete",
    "Recurrence",
    "StartDate",
    "Status",
    "StatusDescription",
    "TotalWork",
]
_CONTACT = [
    "FileAs",
    "FileAsMapping",
    "DisplayName",
    "GivenName",
    "Initials",
    "MiddleName",
    "Nickname",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "AssistantName",
    "Birthday",
    "BusinessHomePage",
    "Children",
    "Companies",
    "ContactSource",
    "Department",
    "Generation",
    "ImAddresses",
    "JobTitle",
    "Manager",
    "Mileage",
    "OfficeLocation",
    "PostalAddressIndex",
    "Profession",
    "SpouseName",
    "Surname",
    "WeddingAnniversary",
    "HasPicture",
    "PhoneticFullName",
    "PhoneticFirstName",
    "PhoneticLastName",
    "Notes",
]

# Property families of each element, in the order of the schema's extensions.
FAMILIES: dict[str, tuple[tuple[str, list[str]], ...]] = {
    "Item": (("item", _ITEM),),
    "Message": (("item", _ITEM), ("message", _MESSAGE)),
    "CalendarItem": (("item", _ITEM), ("calendar", _CALENDAR)),
    "Task": (("item", _ITEM), ("task", _TASK)),
    "Contact": (("item", _ITEM), ("contacts", _CONTACT)),
    "PostItem": (("item", _ITEM),),
    "MeetingRequest": (
        ("item", _ITEM),
        ("message", _MESSAGE),
        ("meeting", _MEETING),
        ("meetingRequest", _MEETING_REQUEST),
    ),
    "MeetingResponse": (("item", _ITEM), ("message", _MESSAGE), ("meeting", _MEETING)),
    "MeetingCancellation": (
        ("item", _ITEM),
        ("message", _MESSAGE),
        ("meeting", _MEETING),
    ),
}
MAIL_TAGS = frozenset(
    {"Message", "MeetingRequest", "MeetingResponse", "MeetingCancellation"}
)

_KINDS = {
    "bool": """item:IsSubmitted item:IsDraft item:IsFromMe item:IsResend
        item:IsUnmodified item:ReminderIsSet item:HasAttachments item:IsAssociated
        message:IsReadReceiptRequested message:IsDeliveryReceiptRequested
        message:IsRead message:IsResponseRequested meeting:IsOutOfDate
        meeting:HasBeenProcessed calendar:IsAllDayEvent calendar:IsMeeting
        calendar:IsCancelled calendar:IsRecurring calendar:MeetingRequestWasSent
        calendar:IsResponseRequested calendar:AllowNewTimeProposal
        calendar:IsOnlineMeeting calendar:IsOrganizer task:IsComplete
        task:IsRecurring task:IsTeamTask contacts:HasPicture""",
    "int": """item:Size item:ReminderMinutesBeforeStart
        calendar:ConflictingMeetingCount calendar:AdjacentMeetingCount
        calendar:AppointmentSequenceNumber calendar:AppointmentState
        calendar:ConferenceType task:ActualWork task:ChangeCount
        task:IsAssignmentEditable task:TotalWork""",
    "double": "task:PercentComplete",
    "datetime": """item:DateTimeReceived item:DateTimeSent item:DateTimeCreated
        item:ReminderDueBy item:ReminderNextTime item:LastModifiedTime
        calendar:DateTimeStamp calendar:Start calendar:End calendar:OriginalStart
        calendar:StartWallClock calendar:EndWallClock task:AssignedTime
        contacts:Birthday contacts:WeddingAnniversary""",
    "taskdate": "task:CompleteDate task:DueDate task:StartDate",
    "base64": "item:InstanceKey message:ConversationIndex",
    "body": "item:Body item:TextBody item:UniqueBody item:NormalizedBody",
    "recipient": """message:Sender message:From message:ReceivedBy
        message:ReceivedRepresenting calendar:Organizer""",
    "recipients": """message:ToRecipients message:CcRecipients message:BccRecipients
        message:ReplyTo""",
    "strings": "item:Categories task:Companies task:Contacts contacts:Children "
    "contacts:Companies",
    "zone": "calendar:StartTimeZone calendar:EndTimeZone",
    "dictionary": "contacts:EmailAddresses contacts:PhoneNumbers contacts:ImAddresses "
    "contacts:PhysicalAddresses",
    "headers": "item:InternetMessageHeaders",
    "attachments": "item:Attachments",
    "id": "item:ItemId item:ParentFolderId item:ConversationId",
    "mime": "item:MimeContent",
    "xml": """item:EffectiveRights item:Flag calendar:RequiredAttendees
        calendar:OptionalAttendees calendar:Resources calendar:Recurrence
        calendar:MeetingTimeZone calendar:EnhancedLocation task:Recurrence""",
}
KIND: dict[str, str] = {
    uri: kind for kind, uris in _KINDS.items() for uri in uris.split()
}

# Refused on create and update (ErrorInvalidPropertySet).
READ_ONLY = frozenset(
    [
        "item:ItemId",
        "item:ParentFolderId",
        "item:DateTimeReceived",
        "item:Size",
        "item:HasAttachments",
        "item:IsSubmitted",
        "item:IsFromMe",
        "item:IsResend",
        "item:IsUnmodified",
        "item:DateTimeCreated",
        "item:DisplayCc",
        "item:DisplayTo",
        "item:DisplayBcc",
        "item:EffectiveRights",
        "item:LastModifiedName",
        "item:LastModifiedTime",
        "item:IsAssociated",
        "item:ConversationId",
        "item:UniqueBody",
        "item:TextBody",
        "item:NormalizedBody",
        "item:Preview",
        "item:InstanceKey",
        "item:InternetMessageHeaders",
        "message:ConversationIndex",
        "message:ConversationTopic",
        "message:ReceivedBy",
        "message:ReceivedRepresenting",
        "calendar:DateTimeStamp",
        "calendar:When",
        "calendar:IsMeeting",
        "calendar:IsCancelled",
        "calendar:IsRecurring",
        "calendar:MeetingRequestWasSent",
        "calendar:CalendarItemType",
        "calendar:MyResponseType",
        "calendar:Organizer",
        "calendar:ConflictingMeetingCount",
        "calendar:AdjacentMeetingCount",
        "calendar:Duration",
        "calendar:TimeZone",
        "calendar:AppointmentSequenceNumber",
        "calendar:AppointmentState",
        "calendar:StartWallClock",
        "calendar:EndWallClock",
        "calendar:StartTimeZoneId",
        "calendar:EndTimeZoneId",
        "calendar:IsOrganizer",
        "task:AssignedTime",
        "task:ChangeCount",
        "task:CompleteDate",
        "task:DelegationState",
        "task:Delegator",
        "task:IsAssignmentEditable",
        "task:IsComplete",
        "task:IsRecurring",
        "task:IsTeamTask",
        "contacts:HasPicture",
        "contacts:PhoneticFullName",
    ]
)

# Never answered by FindItem and SyncFolderItems, asked for or not.
# https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderitems-operation
ONLY_GET_ITEM = frozenset(
    [
        "item:Body",
        "item:TextBody",
        "item:UniqueBody",
        "item:NormalizedBody",
        "item:MimeContent",
        "item:Attachments",
        "item:InternetMessageHeaders",
        "message:ToRecipients",
        "message:CcRecipients",
        "message:BccRecipients",
        "message:ReplyTo",
        "calendar:RequiredAttendees",
        "calendar:OptionalAttendees",
        "calendar:Resources",
    ]
)

# Asked for by name only, not part of AllProperties.
_NOT_IN_ALL = frozenset(
    {"item:MimeContent", "item:UniqueBody", "item:TextBody", "item:NormalizedBody"}
)

_DEFAULT = {
    "item": """item:ItemId item:Subject item:Sensitivity item:Body item:Attachments
        item:Size item:DateTimeSent item:DateTimeCreated item:HasAttachments""",
    "message": """message:ToRecipients message:CcRecipients
        message:IsReadReceiptRequested message:IsDeliveryReceiptRequested message:From
        message:IsRead""",
    "calendar": """calendar:Start calendar:End calendar:LegacyFreeBusyStatus
        calendar:Location calendar:CalendarItemType calendar:Organizer
        calendar:RequiredAttendees""",
    "task": """task:DueDate task:PercentComplete task:StartDate task:Status""",
    "contacts": """contacts:FileAs contacts:CompanyName contacts:EmailAddresses
        contacts:PhysicalAddresses contacts:PhoneNumbers contacts:JobTitle""",
    "meeting": "",
    "meetingRequest": "meetingRequest:Start meetingRequest:End",
}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of one kind of item: its address, its element, its place."""

    uri: str
    element: str
    kind: str
    place: int


def _uri(family: str, element: str) -> str:
    if family == "meetingRequest" and f"calendar:{element}" in _CALENDAR_URIS:
        return f"calendar:{element}"
    if family == "meeting" and element == "UID":
        return "calendar:UID"
    return f"{family}:{element}"


_CALENDAR_URIS = frozenset(f"calendar:{element}" for element in _CALENDAR)


def _table(tag: str) -> dict[str, Property]:
    table: dict[str, Property] = {}
    place = 0
    for family, elements in FAMILIES[tag]:
        for element in elements:
            uri = _uri(family, element)
            place += 1
            table[uri] = Property(uri, element, KIND.get(uri, "string"), place)
    return table


TABLES: dict[str, dict[str, Property]] = {tag: _table(tag) for tag in FAMILIES}
ELEMENT_URI: dict[str, dict[str, str]] = {
    tag: {entry.element: uri for uri, entry in table.items()}
    for tag, table in TABLES.items()
}
EXTENDED_PLACE = TABLES["Item"]["item:ExtendedProperty"].place


def all_uris(tag: str) -> list[str]:
    """Return what the shape AllProperties means for this kind of item."""
    return [
        uri
        for uri in TABLES[tag]
        if uri not in _NOT_IN_ALL and uri != "item:ExtendedProperty"
    ]


def default_uris(tag: str) -> list[str]:
    """Return what the shape Default means for this kind of item."""
    names = " ".join(_DEFAULT[family] for family, _ in FAMILIES[tag]).split()
    return [uri for uri in names if uri in TABLES[tag]]
