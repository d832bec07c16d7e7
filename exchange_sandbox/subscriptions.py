"""Subscriptions to what happens in folders, pulled or streamed.

https://learn.microsoft.com/exchange/client-developer/exchange-web-services/notification-subscriptions-mailbox-events-and-ews-in-exchange
"""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from exchange_sandbox.mailbox import Event, Folder, Mailbox

MAX_EVENTS = 100


@dataclass(slots=True, eq=False)
class Subscription:
    """One subscription: which folders (None = all of the mailbox), which events."""

    id: str
    user: str
    mailbox: Mailbox
    folders: frozenset[str] | None
    kinds: frozenset[str]
    pull: bool
    waiting: list[tuple[int, Event]] = field(default_factory=list)
    position: int = 0

    def wants(self, event: Event) -> bool:
        """Tell whether the subscriber asked for this event."""
        places = {event.folder.id}
        if event.old_folder is not None:
            places.add(event.old_folder.id)
        return (
            f"{event.kind}Event" in self.kinds
            and event.folder.mailbox is self.mailbox
            and (self.folders is None or bool(places & self.folders))
        )


class Subscriptions:
    """All subscriptions; hears the store and wakes those who wait."""

    def __init__(self, new_id: Callable[[Mailbox], str]) -> None:
        self.changed = threading.Condition()
        self.active: dict[str, Subscription] = {}
        self.closing = False
        self.hanging = 0
        self._new_id = new_id
        self._number = 0

    def hear(self, event: Event) -> None:
        """Keep an event for everybody who subscribed to it."""
        with self.changed:
            if self.active:
                self._keep(event)
                # Every change in a folder also changes the folder's counts.
                self._keep(
                    Event(
                        "Modified",
                        event.at,
                        event.folder,
                        None,
                        unread=event.folder.unread(),
                    )
                )
                self.changed.notify_all()

    def _keep(self, event: Event) -> None:
        self._number += 1
        for subscription in self.active.values():
            if subscription.wants(event):
                subscription.waiting.append((self._number, event))

    def subscribe(
        self,
        user: str,
        mailbox: Mailbox,
        folders: list[Folder] | None,
        kinds: frozenset[str],
        *,
        pull: bool,
    ) -> Subscription:
        """Return a new subscription that hears what happens from now on."""
        places = None if folders is None else frozenset(folder.id for folder in folders)
        with self.changed:
            subscription = Subscription(
                self._new_id(mailbox), user, mailbox, places, kinds, pull
            )
            subscription.position = self._number
            self.active[subscription.id] = subscription
            return subscription

    def end(self, identity: str) -> bool:
        """Drop a subscription; False if there is none."""
        with self.changed:
            return self.active.pop(identity, None) is not None

    def take(self, subscription: Subscription) -> list[tuple[int, Event]]:
        """Return and forget what is waiting (a streaming subscriber's batch)."""
        with self.changed:
            events = subscription.waiting[:MAX_EVENTS]
            del subscription.waiting[: len(events)]
            return events

    def close(self) -> None:
        """Let everybody who waits go."""
        with self.changed:
            self.closing = True
            self.changed.notify_all()


def watermark(number: int) -> str:
    """Return the opaque watermark of an event's number."""
    return base64.b64encode(b"\x01\0" + number.to_bytes(8, "big")).decode()


def number_of(mark: str) -> int | None:
    """Return the number in a watermark, None if it is not one."""
    try:
        raw = base64.b64decode(mark, validate=True)
    except ValueError:
        return None
    return int.from_bytes(raw[2:], "big") if len(raw) == 10 else None
