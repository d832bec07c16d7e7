"""exchangelib as it ships, for showing what we cure; never used by the product."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from exchangelib import (
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    FaultTolerance,
    Version,
)
from exchangelib.protocol import close_connections
from exchangelib.transport import BASIC
from exchangelib.version import Build

from mailsync.ews import fixes
from tests.contract.worlds import ADDRESS


@contextmanager
def stock_library() -> Iterator[None]:
    """Inside, exchangelib is unpatched; its sockets are closed at the end."""
    close_connections()
    fixes.uninstall()
    try:
        yield
    finally:
        close_connections()
        fixes.uninstall()  # whoever needs the cures installs them


def stock_account(
    url: str,
    *,
    password: str = "geheim",
    connections: int = 1,
    max_wait: float = 0.05,
    retry_wait: float = 0.01,
) -> Account:
    """An account as the library's documentation makes one for long-running programs."""
    config = Configuration(
        credentials=Credentials("svc", password),
        service_endpoint=url,
        auth_type=BASIC,
        version=Version(Build(15, 1), "Exchange2016"),
        retry_policy=FaultTolerance(max_wait=max_wait),
        max_connections=connections,
    )
    account = Account(
        primary_smtp_address=ADDRESS,
        config=config,
        access_type=IMPERSONATION,
        default_timezone=EWSTimeZone("Europe/Zurich"),
        locale="en_US",
    )
    account.protocol.RETRY_WAIT = retry_wait  # seconds; 10 would only be slower
    return account


def stock_sync_page(account: Account, state: str | None = None) -> Any:
    """(changes, state, is last) of one page, the way exchange.md §5 shows."""
    from exchangelib.items import ID_ONLY
    from exchangelib.services import SyncFolderItems

    service = SyncFolderItems(account=account)
    changes = list(
        service.call(
            folder=account.inbox,
            shape=ID_ONLY,
            additional_fields=None,
            sync_state=state,
            ignore=None,
            max_changes_returned=100,
            sync_scope=None,
        )
    )
    return changes, service.sync_state, service.includes_last_item_in_range
