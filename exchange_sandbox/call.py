"""One request on its way through an operation: who asks, for what, by which rules.

Access: a user may act as (impersonate) or open (delegate) every mailbox that he is not
denied. While impersonating he has the rights of that mailbox alone.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/impersonation-and-ews-in-exchange
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from exchange_sandbox.errors import EwsError, SoapFault
from exchange_sandbox.ledger import Ledger
from exchange_sandbox.mailbox import Folder, Item, Mailbox
from exchange_sandbox.settings import Settings
from exchange_sandbox.shapes import Shape, ShapeReader
from exchange_sandbox.soap import failure, success
from exchange_sandbox.store import Store
from exchange_sandbox.subscriptions import Subscriptions
from exchange_sandbox.xml_text import Element, M, T, children, local_name, text_of


@dataclass(slots=True)
class Call:
    """Everything an operation may need; operations hold no state of their own."""

    store: Store
    settings: Settings
    ledger: Ledger
    shapes: ShapeReader
    subscriptions: Subscriptions
    operation: str
    element: Element
    user: str
    acting_as: Mailbox | None
    zone: str
    item_faults: dict[int | None, EwsError] = field(default_factory=dict)
    tricks: frozenset[str] = frozenset()
    touched: set[str] = field(default_factory=set)
    stream: Iterator[bytes] | None = None

    # -- access ------------------------------------------------------------

    def check_access(self, mailbox: Mailbox) -> None:
        """Raise ErrorAccessDenied unless the caller may open this mailbox."""
        if self.acting_as is not None:
            allowed = mailbox is self.acting_as
        else:
            allowed = (self.user, mailbox.address) not in self.settings.denied
        if not allowed:
            self.ledger.client_fault("access_denied", self.operation, mailbox.address)
            raise EwsError("ErrorAccessDenied")

    def own_mailbox(self) -> Mailbox:
        """Return the mailbox of a distinguished folder without Mailbox element."""
        if self.acting_as is not None:
            return self.acting_as
        mailbox = self.store.mailboxes.get(self.user.lower())
        if mailbox is None:
            raise EwsError("ErrorMissingEmailAddress")
        return mailbox

    # -- folders and items named in the request ----------------------------

    def folder(self, element: Element | None) -> Folder:
        """Return the folder that a (Distinguished)FolderId element names."""
        if element is None:
            raise EwsError("ErrorInvalidRequest", "A folder id is missing.")
        identity = element.get("Id", "")
        if local_name(element) == "DistinguishedFolderId":
            named = element.find(f"{T}Mailbox/{T}EmailAddress")
            mailbox = (
                self.own_mailbox()
                if named is None
                else self.store.mailbox(text_of(named))
            )
            self.check_access(mailbox)
            folder = mailbox.distinguished.get(identity)
            if folder is None or folder.deleted:
                raise EwsError("ErrorFolderNotFound")
            return folder
        return self.folder_by_id(identity)

    def folder_by_id(self, identity: str) -> Folder:
        """Return the folder with this id; raises what Exchange says without one."""
        folder = self.store.folders.get(identity)
        if folder is None:
            if self.store.mailbox_of_id(identity) is None:
                raise EwsError("ErrorInvalidIdMalformed")
            raise EwsError("ErrorFolderNotFound")
        self.check_access(folder.mailbox)
        return folder

    def target_folder(self, element: Element | None) -> Folder:
        """Return the folder inside a ToFolderId, SyncFolderId, … element."""
        inner = children(element)
        return self.folder(inner[0] if inner else None)

    def item(self, element: Element) -> Item:
        """Return the item that an ItemId element names."""
        name = local_name(element)
        if name == "OccurrenceItemId":
            raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
        identity = element.get(
            "RecurringMasterId" if name == "RecurringMasterItemId" else "Id", ""
        )
        item = self.store.items.get(identity)
        if item is None:
            if self.store.mailbox_of_id(identity) is None:
                raise EwsError("ErrorInvalidIdMalformed")
            raise EwsError("ErrorItemNotFound")
        self.check_access(item.folder.mailbox)
        return item

    def shape(self, name: str = "ItemShape", *, full: bool) -> Shape:
        """Return the response shape of this request."""
        return self.shapes.read(self.element.find(f"{M}{name}"), full=full)

    # -- answers -----------------------------------------------------------

    def each(
        self,
        elements: Iterable[Element],
        act: Callable[[Element], str],
        empty: str = "",
    ) -> list[str]:
        """Return one response message per element; one failure stops no other."""
        messages = []
        for index, element in enumerate(elements):
            try:
                planned = self.item_faults.get(index) or self.item_faults.get(None)
                if planned is not None:
                    raise planned
                messages.append(success(self.operation, act(element)))
            except SoapFault:
                raise
            except EwsError as error:
                messages.append(failure(self.operation, error, empty))
        return messages

    def each_of(
        self, container: str, act: Callable[[Element], str], empty: str = ""
    ) -> list[str]:
        """Go through the children of a container of the request."""
        return self.each(children(self.element.find(f"{M}{container}")), act, empty)

    def note_touched(self, item: Item) -> None:
        """Remember for the ledger that this request wrote to an item."""
        self.touched.add(item.id)


def principal(
    store: Store,
    settings: Settings,
    ledger: Ledger,
    user: str,
    impersonated: tuple[str, str] | None,
    operation: str,
) -> Mailbox | None:
    """Return the mailbox a user acts as; raises the fault Exchange documents."""
    if impersonated is None:
        return None
    kind, address = impersonated
    if kind == "SID":
        raise SoapFault("ErrorInvalidUserSid", "The sandbox knows no security ids.")
    mailbox = store.mailboxes.get(address.lower())
    if mailbox is None:
        ledger.client_fault("unknown_mailbox", operation, address)
        raise SoapFault("ErrorNonExistentMailbox")
    if (user, mailbox.address) in settings.denied:
        ledger.client_fault("impersonation_denied", operation, address)
        raise SoapFault("ErrorImpersonateUserDenied")
    return mailbox
