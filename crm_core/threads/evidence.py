"""What the copies of a mail say about its thread, as keys.

Compound keys are bound to the external parties of a mail, so they are evidence *given
who is internal*. Every copy keeps what it said itself (``message_copy``: GUIDs, the
server's conversation, the parties where they are not simply those of the mail), so that
the keys can be made anew without asking Exchange. The strong keys (Message-IDs) depend
on nothing and stay as they were stored.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from crm_core import database
from crm_core.polling.mailboxes import internal
from crm_core.threads.conversations import compound_keys, voided_guids

BATCH = 2_000  # mails looked at together
GUID_BYTES = 16

Keys = dict[bytes, str]  # key → its kind


def mails_with_evidence() -> Iterator[int]:
    """Mails of which a copy says, or once said, something beyond Message-IDs."""
    rows = database.execute(
        "SELECT message_id FROM message_copy WHERE message_id IS NOT NULL "
        "AND (guids IS NOT NULL OR server_thread IS NOT NULL) "
        "UNION SELECT message_id FROM message_key WHERE kind <> 'mid' ORDER BY 1"
    )
    return (int(row[0]) for row in rows)


def renew(messages: Sequence[int]) -> dict[int, frozenset[bytes]]:
    """Bring the compound keys of these mails up to date, in the caller's transaction.

    Returns the mails that said something else before, each with the keys it lost.
    """
    database.require_transaction()
    stored, wanted = _stored(messages), _wanted(messages)
    changed: dict[int, frozenset[bytes]] = {}
    lost: list[tuple[int, bytes]] = []
    found: list[tuple[int, bytes, str]] = []
    for message in messages:
        before, now = stored[message], wanted[message]
        if before.keys() != now.keys():
            changed[message] = frozenset(before.keys() - now.keys())
            lost += [(message, key) for key in changed[message]]
            found += [
                (message, key, now[key]) for key in sorted(now.keys() - before.keys())
            ]
    database.execute_many(
        "DELETE FROM message_key WHERE message_id = ? AND key = ?", lost
    )
    database.execute_many(
        "INSERT INTO message_key (message_id, key, kind) VALUES (?, ?, ?)", found
    )
    return changed


def unstored() -> list[tuple[int, bytes]]:
    """Keys that copies say and that are not stored: (mail, key). For ``verify``."""
    missing: list[tuple[int, bytes]] = []
    chosen = mails_with_evidence()
    while batch := list(islice(chosen, BATCH)):
        stored, wanted = _stored(batch), _wanted(batch)
        for message in batch:
            lacking = wanted[message].keys() - stored[message].keys()
            missing += [(message, key) for key in lacking]
    return missing


def named_parties(messages: Sequence[int]) -> dict[int, list[str]]:
    """Sender, To and Cc as the mails' own rows name them."""
    found: dict[int, list[str]] = defaultdict(list)
    for message, sender in database.select_in(
        "SELECT id, sender FROM message WHERE sender IS NOT NULL AND id IN ({marks})",
        messages,
    ):
        found[int(message)].append(sender)
    for message, email in database.select_in(
        "SELECT message_id, email FROM message_address WHERE role IN ('to', 'cc') "
        "AND message_id IN ({marks})",
        messages,
    ):
        found[int(message)].append(email)
    return found


def split_guids(stored: bytes | None) -> list[bytes]:
    """The GUIDs of a copy, which lie one behind the other."""
    raw = bytes(stored or b"")
    return [raw[at : at + GUID_BYTES] for at in range(0, len(raw), GUID_BYTES)]


def _stored(messages: Sequence[int]) -> dict[int, Keys]:
    found: dict[int, Keys] = defaultdict(dict)
    for message, key, kind in database.select_in(
        "SELECT message_id, key, kind FROM message_key WHERE kind <> 'mid' "
        "AND message_id IN ({marks})",
        messages,
    ):
        found[int(message)][bytes(key)] = kind
    return found


def _wanted(messages: Sequence[int]) -> dict[int, Keys]:
    ours, forms, named = internal(), voided_guids(), named_parties(messages)
    found: dict[int, Keys] = defaultdict(dict)
    for message, mailbox, guids, server_thread, parties in database.select_in(
        "SELECT c.message_id, b.address, c.guids, c.server_thread, c.parties "
        "FROM message_copy c JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE (c.guids IS NOT NULL OR c.server_thread IS NOT NULL) "
        "AND c.message_id IN ({marks})",
        messages,
    ):
        own = named[int(message)] if parties is None else parties.split("\n")
        found[int(message)] |= compound_keys(
            [guid for guid in split_guids(guids) if guid not in forms],
            None if server_thread is None else bytes(server_thread),
            mailbox,
            [party for party in own if party and party not in ours],
        )
    return found
