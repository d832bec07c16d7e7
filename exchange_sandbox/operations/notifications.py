"""Subscribe, Unsubscribe, GetEvents (pull), GetStreamingEvents.

Streaming answers are chunks that are each a whole envelope: first a connection status,
then notifications or heartbeats, at the end Closed.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-stream-notifications-about-mailbox-events-by-using-ews-in-exchange
"""

import time
from collections.abc import Iterator

from exchange_sandbox.call import Call
from exchange_sandbox.errors import EwsError, SoapFault
from exchange_sandbox.mailbox import Event, Folder, Mailbox
from exchange_sandbox.render import folder_id
from exchange_sandbox.soap import answer, failure, response, success
from exchange_sandbox.subscriptions import (
    MAX_EVENTS,
    Subscription,
    Subscriptions,
    number_of,
    watermark,
)
from exchange_sandbox.xml_text import (
    Element,
    M,
    T,
    boolean,
    children,
    local_name,
    text_of,
    timestamp,
    truth,
)

_HEARTBEAT_MINUTES = 0.75
_HANGING = 10  # https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange


def subscribe(call: Call) -> str:
    """Make a pull or streaming subscription; push is not imitated."""
    try:
        request = children(call.element)[0]
        if local_name(request) == "PushSubscriptionRequest":
            raise EwsError("ErrorInvalidPushSubscriptionUrl", "Push is not imitated.")
        inner = _subscribed(call, request)
    except EwsError as error:
        return response("Subscribe", [failure("Subscribe", error)])
    return response("Subscribe", [success("Subscribe", inner)])


def _subscribed(call: Call, request: Element) -> str:
    pull = local_name(request) == "PullSubscriptionRequest"
    kinds = frozenset(text_of(k) for k in children(request.find(f"{T}EventTypes")))
    folders: list[Folder] | None = [
        call.folder(element) for element in children(request.find(f"{T}FolderIds"))
    ]
    if truth(request.get("SubscribeToAllFolders", "false")):
        folders = None
    mailbox: Mailbox = folders[0].mailbox if folders else call.own_mailbox()
    subscription = call.subscriptions.subscribe(
        call.user, mailbox, folders, kinds, pull=pull
    )
    inner = f"<m:SubscriptionId>{subscription.id}</m:SubscriptionId>"
    if pull:
        inner += f"<m:Watermark>{watermark(subscription.position)}</m:Watermark>"
    return inner


def unsubscribe(call: Call) -> str:
    """End a subscription."""
    identity = text_of(call.element.find(f"{M}SubscriptionId"))
    if not call.subscriptions.end(identity):
        error = EwsError("ErrorSubscriptionNotFound", "There is no such subscription.")
        return response("Unsubscribe", [failure("Unsubscribe", error)])
    return response("Unsubscribe", [success("Unsubscribe")])


def get_events(call: Call) -> str:
    """Answer the events after a watermark; a status event where there are none."""
    try:
        inner = _pulled(call)
    except EwsError as error:
        return response("GetEvents", [failure("GetEvents", error)])
    return response("GetEvents", [success("GetEvents", inner)])


def _pulled(call: Call) -> str:
    subscription = call.subscriptions.active.get(
        text_of(call.element.find(f"{M}SubscriptionId"))
    )
    if subscription is None or not subscription.pull:
        raise EwsError("ErrorSubscriptionNotFound", "There is no such subscription.")
    call.check_access(subscription.mailbox)
    mark = text_of(call.element.find(f"{M}Watermark"))
    after = number_of(mark)
    if after is None:
        raise EwsError("ErrorInvalidWatermark", "The watermark is invalid.")
    waiting = [(n, event) for n, event in subscription.waiting if n > after]
    subscription.waiting = waiting
    events = "".join(_event(event, n) for n, event in waiting[:MAX_EVENTS])
    if not events:
        events = f"<t:StatusEvent><t:Watermark>{mark}</t:Watermark></t:StatusEvent>"
    more = boolean(value=len(waiting) > MAX_EVENTS)
    return (
        f"<m:Notification><t:SubscriptionId>{subscription.id}</t:SubscriptionId>"
        f"<t:PreviousWatermark>{mark}</t:PreviousWatermark>"
        f"<t:MoreEvents>{more}</t:MoreEvents>{events}</m:Notification>"
    )


def _event(event: Event, number: int | None) -> str:
    mark = "" if number is None else f"<t:Watermark>{watermark(number)}</t:Watermark>"
    parts = [mark, f"<t:TimeStamp>{timestamp(event.at)}</t:TimeStamp>"]
    if event.item_id is not None:
        parts.append(f'<t:ItemId Id="{event.item_id}"/>')
        parts.append(folder_id(event.folder, "ParentFolderId"))
    else:
        parts.append(folder_id(event.folder))
        above = event.folder.parent or event.folder
        parts.append(folder_id(above, "ParentFolderId"))
    if event.old_folder is not None:
        parts.append(f'<t:OldItemId Id="{event.old_item_id}"/>')
        parts.append(folder_id(event.old_folder, "OldParentFolderId"))
    if event.unread is not None:
        parts.append(f"<t:UnreadCount>{event.unread}</t:UnreadCount>")
    return f"<t:{event.kind}Event>{''.join(parts)}</t:{event.kind}Event>"


def get_streaming_events(call: Call) -> str:
    """Keep the connection open and tell what happens; ends by itself."""
    identities = [
        text_of(child) for child in children(call.element.find(f"{M}SubscriptionIds"))
    ]
    found = []
    for identity in identities:
        subscription = call.subscriptions.active.get(identity)
        if subscription is None or subscription.pull:
            return _refused(identities)
        call.check_access(subscription.mailbox)
        found.append(subscription)
    if call.subscriptions.hanging >= _HANGING:
        call.ledger.client_fault("too_many_connections", call.operation, None)
        raise SoapFault("ErrorExceededConnectionCount")
    minutes = int(text_of(call.element.find(f"{M}ConnectionTimeout")))
    minute = call.settings.streaming_minute
    call.stream = _stream(
        call.subscriptions, found, minutes * minute, _HEARTBEAT_MINUTES * minute
    )
    return ""


def _refused(identities: list[str]) -> str:
    error = EwsError("ErrorInvalidSubscription", "The subscription is invalid.")
    ids = "".join(f"<t:SubscriptionId>{text}</t:SubscriptionId>" for text in identities)
    status = "<m:ConnectionStatus>Closed</m:ConnectionStatus>"
    empty = f"<m:ErrorSubscriptionIds>{ids}</m:ErrorSubscriptionIds>{status}"
    return response("GetStreamingEvents", [failure("GetStreamingEvents", error, empty)])


def _envelope(inner: str) -> bytes:
    message = success("GetStreamingEvents", inner)
    return answer(response("GetStreamingEvents", [message])).encode()


def _status(word: str) -> bytes:
    return _envelope(f"<m:ConnectionStatus>{word}</m:ConnectionStatus>")


def _batch(subscriptions: Subscriptions, found: list[Subscription]) -> bytes | None:
    written = []
    for subscription in found:
        events = "".join(
            _event(event, None) for _, event in subscriptions.take(subscription)
        )
        if events:
            written.append(
                f"<t:Notification><t:SubscriptionId>{subscription.id}"
                f"</t:SubscriptionId>{events}</t:Notification>"
            )
    if not written:
        return None
    return _envelope(f"<m:Notifications>{''.join(written)}</m:Notifications>")


def _stream(
    subscriptions: Subscriptions,
    found: list[Subscription],
    seconds: float,
    heartbeat: float,
) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    subscriptions.hanging += 1
    try:
        yield _status("OK")
        while not subscriptions.closing:
            batch = _batch(subscriptions, found)
            if batch is not None:
                yield batch
                continue
            left = end - time.monotonic()
            if left <= 0 or any(one.id not in subscriptions.active for one in found):
                break
            with subscriptions.changed:
                woken = any(one.waiting for one in found) or subscriptions.changed.wait(
                    min(left, heartbeat)
                )
            if not woken and left > heartbeat:
                yield _status("OK")
        yield _status("Closed")
    finally:
        subscriptions.hanging -= 1
