"""What the ledger says of a request and of its answer."""

from collections.abc import Iterator

from exchange_sandbox.soap import Envelope

_SEND_SWITCHES = {
    "MessageDisposition": "SaveOnly",
    "SendMeetingInvitations": "SendToNone",
    "SendMeetingInvitationsOrCancellations": "SendToNone",
    "SendMeetingCancellations": "SendToNone",
}


def asks_to_send(envelope: Envelope) -> bool:
    """Tell whether a request would send mail or invitations, were it carried out."""
    return envelope.operation == "SendItem" or any(
        envelope.body.get(switch, quiet) != quiet
        for switch, quiet in _SEND_SWITCHES.items()
    )


def elements_asked(envelope: Envelope) -> int:
    """Return how many items or folders a request names."""
    for name in ("ItemIds", "Items", "ItemChanges", "FolderIds", "ParentFolderIds"):
        element = envelope.body.find(f"{{*}}{name}")
        if element is not None:
            return len(element)
    return 0


def error_codes(text: str) -> Iterator[str]:
    """Yield the response codes of an answer other than NoError."""
    at = text.find('ResponseClass="Error"')
    while at >= 0:
        start = text.find("<m:ResponseCode>", at)
        yield text[start + 16 : text.find("<", start + 16)]
        at = text.find('ResponseClass="Error"', start)
