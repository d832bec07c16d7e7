"""The other side: exchangelib 5.6.0 as it ships, in a process of its own.

It imports nothing of mailsync, so no cure of ours is installed. It asks for the same
fields, the named headers as extended properties included, and stores nothing.
"""

import sys
from collections.abc import Sequence
from typing import Any

import exchangelib
from exchangelib import (
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    ExtendedProperty,
    FaultTolerance,
    Message,
    Version,
)
from exchangelib.transport import BASIC
from exchangelib.version import Build

from bench import values
from bench.corpus import MAILBOX
from bench.usage import cpu_seconds
from bench.worker import serve

SYNC_FIELDS = (
    "datetime_received",
    "sensitivity",
    "subject",
    "categories",
    "item_class",
)
FIELDS = (
    "subject",
    "sensitivity",
    "item_class",
    "datetime_received",
    "datetime_sent",
    "size",
    "categories",
    "has_attachments",
    "in_reply_to",
    "conversation_id",
    "message_id",
    "references",
    "author",
    "sender",
    "reply_to",
    "to_recipients",
    "cc_recipients",
    "bcc_recipients",
    "conversation_index",
    "conversation_topic",
)
HEADERS = {
    name: f"header_{number}"
    for number, name in enumerate(
        (
            "Thread-Index",
            "Auto-Submitted",
            "List-Id",
            "Authentication-Results",
            "X-MS-Exchange-Organization-AuthAs",
            "Return-Path",
            "X-Autoreply",
            "From",
        )
    )
}
DEFAULT_PAGE, DEFAULT_CHUNK = 100, 100  # exchangelib's own
LARGEST_PAGE = 512  # the schema's

_accounts: dict[str, Account] = {}


def _register() -> None:
    for name, attribute in HEADERS.items():
        traits = {
            "distinguished_property_set_id": "InternetHeaders",
            "property_name": name,
            "property_type": "String",
        }
        Message.register(attribute, type(attribute, (ExtendedProperty,), traits))


def _account(endpoint: str) -> Account:
    """As the library's documentation makes one; its Inbox is found beforehand."""
    if endpoint not in _accounts:
        account = Account(
            primary_smtp_address=MAILBOX,
            config=Configuration(
                # a name of its own: one Protocol is kept per endpoint and log-in
                credentials=Credentials("svc", "geheim"),
                service_endpoint=endpoint,
                auth_type=BASIC,
                version=Version(Build(15, 1), "Exchange2016"),
                retry_policy=FaultTolerance(max_wait=60),
            ),
            access_type=IMPERSONATION,
            default_timezone=EWSTimeZone("Europe/Zurich"),
            locale="en_US",
        )
        _ = account.inbox
        _accounts[endpoint] = account
    return _accounts[endpoint]


def _fields(*, html: bool = False) -> list[str]:
    more = ["body", "unique_body"] if html else []
    return [*FIELDS, "text_body", *more, *HEADERS.values()]


def _synced(account: Account, page: int) -> list[Any]:
    account.inbox.item_sync_state = None
    changes = account.inbox.sync_items(
        only_fields=SYNC_FIELDS, max_changes_returned=page
    )
    return [item for _kind, item in changes]


def _fetched(account: Account, ids: Sequence[Any], chunk: int) -> list[Any]:
    return list(account.fetch(ids, only_fields=_fields(), chunk_size=chunk))


def read(endpoint: str) -> list[values.Values]:
    """Every mail of the Inbox in plain words, newest first."""
    account = _account(endpoint)
    synced = _synced(account, LARGEST_PAGE)
    fetched = _fetched(account, [(i.id, i.changekey) for i in synced], DEFAULT_CHUNK)
    return [
        values.of_stock(one, two, HEADERS)
        for one, two in zip(synced, fetched, strict=True)
    ]


def ingest(endpoint: str, page: int, chunk: int) -> dict[str, float]:
    """``sync_items`` and ``fetch`` of the whole Inbox; nothing is stored."""
    account = _account(endpoint)
    before = cpu_seconds()
    synced = _synced(account, page)
    between = cpu_seconds()
    fetched = _fetched(account, [(i.id, i.changekey) for i in synced], chunk)
    after = cpu_seconds()
    assert len(fetched) == len(synced)
    return {
        "messages": len(fetched),
        "cpu": after - before,
        "sync": between - before,
        "fetch": after - between,
    }


def parse(endpoint: str, ids: list[str], *, html: bool, times: int) -> float:
    """CPU seconds of one GetItem of all the ids, object building included."""
    account = _account(endpoint)
    wanted = [(identity, None) for identity in ids]
    before = cpu_seconds()
    for _ in range(times):
        got = list(
            account.fetch(wanted, only_fields=_fields(html=html), chunk_size=len(ids))
        )
        assert len(got) == len(ids)
    return (cpu_seconds() - before) / times


def about() -> dict[str, str]:
    """Which library this is; and that none of our cures is in this process."""
    assert not any(name.split(".")[0] == "mailsync" for name in sys.modules)
    return {"exchangelib": exchangelib.__version__}


if __name__ == "__main__":
    _register()
    serve({"read": read, "ingest": ingest, "parse": parse, "about": about})
