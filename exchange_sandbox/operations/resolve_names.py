"""ResolveNames: who is meant; the directory is the list of hosted mailboxes.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/resolvenames-operation
"""

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError
from exchange_sandbox.mailbox import Mailbox
from exchange_sandbox.soap import failure, response, success
from exchange_sandbox.xml_text import M, boolean, escape, text_of

_MOST = 100


def _resolution(mailbox: Mailbox) -> str:
    return (
        f"<t:Resolution><t:Mailbox><t:Name>{escape(mailbox.name)}</t:Name>"
        f"<t:EmailAddress>{escape(mailbox.address)}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType>"
        "</t:Mailbox></t:Resolution>"
    )


def resolve_names(call: Call) -> str:
    """Answer the mailboxes whose name or address begins with the entry."""
    entry = text_of(call.element.find(f"{M}UnresolvedEntry")).strip().lower()
    entry = entry.removeprefix("smtp:")
    found = [
        mailbox
        for mailbox in call.store.mailboxes.values()
        if mailbox.address.startswith(entry) or mailbox.name.lower().startswith(entry)
    ]
    if not found:
        error = EwsError("ErrorNameResolutionNoResults", "No results were found.")
        return response("ResolveNames", [failure("ResolveNames", error)])
    inner = "".join(map(_resolution, found[:_MOST]))
    last = boolean(value=len(found) <= _MOST)
    found_set = (
        f'<m:ResolutionSet TotalItemsInView="{len(found)}" '
        f'IncludesLastItemInRange="{last}">{inner}</m:ResolutionSet>'
    )
    message = success("ResolveNames", found_set)
    if len(found) > 1:
        message = message.replace(
            'ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>',
            'ResponseClass="Warning"><m:MessageText>Multiple results were found.'
            "</m:MessageText><m:ResponseCode>ErrorNameResolutionMultipleResults"
            "</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>",
        )
    return response("ResolveNames", [message])
