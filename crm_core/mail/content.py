"""Bodies and attachments: which are wanted, which must go, which differ.

Level-triggered like everything else: the rows say what is wanted (a linked, shown mail
of a mailbox that keeps bodies, without one), the daemon fetches it. Nothing is stored
of mail that no entry shows, except where a mailbox says ``keep: all``.

The texts of copies that share a Message-ID are compared by a keyed digest
(``CompareWork``): equal id and other content makes a second, flagged mail of the same
thread, so that nothing is swallowed as a duplicate.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from crm_core import clock, database, search
from crm_core.fields import to_text
from crm_core.linking import holds
from crm_core.mail import copies, known_parties
from crm_core.models import Findable, Setting

_KEY = "content_digest_key"
_TO_LOOK_AT = "bodies_looked_at_up_to"  # conversation id; no row: nothing to look at
_LOOKED_AT = 50  # conversations a transaction


@dataclass(frozen=True, slots=True)
class WantedContent:
    """One copy from which a mail's content may be fetched."""

    message: int
    copy: int
    mailbox: int
    external_id: str
    change_key: str


# Mails of linked conversations that at least one entry shows and whose content is
# still missing. Held mails, confidential ones and ``keep: headers`` have none.
_SHOWN = """
FROM entry_mail em
JOIN message anchor ON anchor.id = em.anchor_id
JOIN message m ON m.conversation_id = anchor.conversation_id
LEFT JOIN entry_mail_state s ON s.entry_id = em.entry_id AND s.message_id = m.id
WHERE em.removed_at IS NULL AND s.hold IS NULL AND m.confidential = 0
"""


# Mails whose content a person asked to see for a while, linked or not.
_ASKED = """
SELECT m.id FROM message m WHERE m.body_wanted_until > ? AND m.confidential = 0
AND m.content_at IS NULL AND m.body_missing IS NULL
"""
_LACKING = (
    "SELECT m.id " + _SHOWN + "AND m.content_at IS NULL AND m.body_missing IS NULL "
    "UNION " + _ASKED
)


def wanted() -> list[WantedContent]:
    """One live copy for each mail whose content is wanted, best mailbox first."""
    rows = database.execute(
        "SELECT c.message_id, min(c.id) FROM message_copy c "
        "JOIN mailbox b ON b.id = c.mailbox_id WHERE c.gone_at IS NULL "
        "AND c.private = 0 AND b.enabled = 1 AND b.keep <> 'headers' "
        f"AND c.message_id IN ({_LACKING}) "
        "GROUP BY c.message_id ORDER BY c.message_id",
        (to_text(clock.now()),),
    )
    return _sources([int(row[1]) for row in rows])


def out_of_reach() -> list[int]:
    """Mails whose content is wanted but of which no copy is left anywhere."""
    rows = database.execute(
        f"SELECT w.id FROM ({_LACKING}) w WHERE NOT EXISTS (SELECT 1 FROM "
        "message_copy c WHERE c.message_id = w.id AND c.gone_at IS NULL)",
        (to_text(clock.now()),),
    )
    return [int(row[0]) for row in rows]


def may_be_kept(message: int) -> bool:
    """Whether some mailbox in which the mail lies keeps more than head data."""
    rows = database.execute(
        "SELECT 1 FROM message_copy c JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE c.message_id = ? AND b.keep <> 'headers' LIMIT 1",
        (message,),
    )
    return bool(rows)


def forget_asked() -> int:
    """Content that a person asked for, and whose time is over, goes unless an entry
    shows the mail by now; how many questions ended.
    """
    database.require_transaction()
    rows = database.execute(
        "SELECT id, conversation_id FROM message WHERE body_wanted_until <= ?",
        (to_text(clock.now()),),
    )
    database.execute_many(
        "UPDATE message SET body_wanted_until = NULL, body_wanted_by = NULL "
        "WHERE id = ?",
        [(row[0],) for row in rows],
    )
    drop_unwanted({int(row[1]) for row in rows})
    return len(rows)


def mark_missing(messages: Iterable[int], reason: str) -> None:
    """The content cannot be had; the page says why."""
    database.execute_many(
        "UPDATE message SET body_missing = ? WHERE id = ?",
        [(reason, message) for message in messages],
    )


def drop_unwanted(conversations: Iterable[int]) -> None:
    """Remove stored bodies that no entry shows any more (unless ``keep: all``)."""
    database.require_transaction()
    conversations = list(conversations)
    shown = {
        int(row[0])
        for row in database.select_in(
            "SELECT DISTINCT m.id " + _SHOWN + "AND m.conversation_id IN ({marks})",
            conversations,
        )
    }
    rows = database.select_in(
        "SELECT m.id FROM message m WHERE m.conversation_id IN ({marks}) "
        "AND m.body_at IS NOT NULL AND m.body_wanted_until IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM message_copy c "
        "JOIN mailbox b ON b.id = c.mailbox_id WHERE c.message_id = m.id "
        "AND b.keep = 'all')",
        conversations,
    )
    gone = [(int(row[0]),) for row in rows if int(row[0]) not in shown]
    for table in ("message_body", "attachment"):
        database.execute_many(f"DELETE FROM {table} WHERE message_id = ?", gone)
    database.execute_many(
        "UPDATE message SET body_at = NULL, content_at = NULL WHERE id = ?", gone
    )


def want_unwanted_dropped() -> None:
    """What may be stored has changed: every stored body is to be looked at again."""
    database.require_transaction()
    database.execute(
        "INSERT INTO setting (name, value) VALUES (?, '0') "
        "ON CONFLICT (name) DO UPDATE SET value = '0'",
        (_TO_LOOK_AT,),
    )


def unwanted_to_drop() -> bool:
    """Whether stored bodies are still to be looked at."""
    return Setting.select().where(Setting.name == _TO_LOOK_AT).exists()


def drop_some_unwanted(limit: int = _LOOKED_AT) -> None:
    """Look at the bodies of the next ``limit`` conversations; drop what is not wanted."""
    database.require_transaction()
    row = Setting.get_or_none(Setting.name == _TO_LOOK_AT)
    if not isinstance(row, Setting):
        return
    found = database.execute(
        "SELECT DISTINCT conversation_id FROM message WHERE body_at IS NOT NULL "
        "AND conversation_id > ? ORDER BY conversation_id LIMIT ?",
        (int(row.value), limit),
    )
    drop_unwanted(int(conversation) for (conversation,) in found)
    if len(found) < limit:
        row.delete_instance()
    else:
        row.value = str(found[-1][0])
        row.save()


def orphaned_blobs(candidates: Iterable[str]) -> set[str]:
    """Those of the given content hashes that no attachment row names."""
    hashes = set(candidates)
    rows = database.select_in(
        "SELECT DISTINCT sha256 FROM attachment WHERE sha256 IN ({marks})", hashes
    )
    return hashes - {row[0] for row in rows}


def digest_key() -> bytes:
    """The installation's secret for content digests; made on first use."""
    row = Setting.get_or_none(Setting.name == _KEY)
    if isinstance(row, Setting):
        return bytes.fromhex(row.value)
    database.require_transaction()
    value = secrets.token_hex(32)
    Setting.create(name=_KEY, value=value)
    return bytes.fromhex(value)


def digest(key: bytes, text: str) -> bytes:
    """Keyed digest of a text, blind to white space, which servers re-wrap."""
    folded = " ".join(text.split()).encode("utf-8", "replace")
    return blake2b(folded, key=key, digest_size=16).digest()


def to_compare() -> list[WantedContent]:
    """Copies whose text must be looked at before their mail can be compared."""
    rows = database.execute(
        "SELECT c.id FROM compare_work w JOIN message_copy c "
        "ON c.message_id = w.message_id JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE c.content_digest IS NULL AND c.digest_missing = 0 "
        "AND c.gone_at IS NULL AND c.private = 0 AND b.enabled = 1 ORDER BY c.id"
    )
    return _sources([int(row[0]) for row in rows])


def record_digests(found: Iterable[tuple[int, bytes]], missing: Iterable[int]) -> None:
    """Digests by copy id, and copies whose text cannot be had."""
    database.execute_many(
        "UPDATE message_copy SET content_digest = ? WHERE id = ?",
        [(value, copy) for copy, value in found],
    )
    database.execute_many(
        "UPDATE message_copy SET digest_missing = 1 WHERE id = ?",
        [(copy,) for copy in missing],
    )


def compare_copies() -> list[int]:
    """Split mails whose copies turned out to differ; the new mails' ids.

    Works off ``CompareWork`` as far as every live copy has been looked at. The copies
    that equal the oldest one stay; each other content becomes one flagged mail.
    """
    database.require_transaction()
    rows = database.execute("SELECT message_id FROM compare_work ORDER BY message_id")
    split: list[int] = []
    differing: list[int] = []
    for (message,) in rows:
        seen = copies.live_copies(message)
        if any(copy[4] is None and not copy[5] for copy in seen):
            continue
        if len({copy[4] for copy in seen if copy[4] is not None}) > 1:
            split += _split(int(message), seen)
            differing.append(int(message))
        database.execute("DELETE FROM compare_work WHERE message_id = ?", (message,))
    _judge_anew(differing)
    return split


def _judge_anew(differing: list[int]) -> None:
    """Mails that lost copies to a twin: what vouched for those vouches no more.

    Which copy our Exchange had authenticated is not known any more, so none of them
    counts; a copy in Sent Items vouches where it lies.
    """
    database.execute_many(
        "UPDATE message SET authenticated = 0 WHERE id = ?",
        [(message,) for message in differing],
    )
    rows = database.select_in(
        "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})", differing
    )
    conversations = {int(row[0]) for row in rows}
    holds.settle(conversations)
    drop_unwanted(conversations)


def _split(
    message: int, seen: list[tuple[int, int, str, str, bytes | None, bool]]
) -> list[int]:
    digests = [copy[4] for copy in seen if copy[4] is not None]
    new: list[int] = []
    for other in dict.fromkeys(digests[1:]):
        if hmac.compare_digest(other, digests[0]):
            continue
        twin = _twin_with(message, other)
        if twin is None:
            twin = _clone(message, other)
            new.append(twin)
        _share_evidence(message, twin)
        database.execute_many(
            "UPDATE message_copy SET message_id = ? WHERE id = ?",
            [(twin, copy[0]) for copy in seen if copy[4] == other],
        )
    return new


def _twin_with(message: int, digest_: bytes) -> int | None:
    """A mail with the same id that has this very content already."""
    rows = database.execute(
        "SELECT o.id FROM message m JOIN message o ON o.internet_id = m.internet_id "
        "JOIN message_copy c ON c.message_id = o.id "
        "WHERE m.id = ? AND o.id <> m.id AND c.content_digest = ? LIMIT 1",
        (message, digest_),
    )
    return int(rows[0][0]) if rows else None


def _clone(message: int, print_: bytes) -> int:
    """A flagged twin: same metadata, keys and thread, its own content.

    Its fingerprint is the content digest, so that it never meets a later copy by
    metadata alone.
    """
    (twin,) = database.new_ids("message", 1)
    shared = (
        "internet_id, conversation_id, subject, from_name, from_address, sender, "
        "sent_at, received_at, size, item_class, has_attachments, automatic, "
        "confidential, dmarc, parent, parties, stored_on, joined_by"
    )
    database.execute(
        f"INSERT INTO message (id, fingerprint, id_conflict, authenticated, {shared}) "
        f"SELECT ?, ?, 1, 0, {shared} FROM message WHERE id = ?",
        (twin, print_, message),
    )
    return twin


def _share_evidence(message: int, twin: int) -> None:
    """What a copy said was written to the mail it was taken for; it goes with it."""
    for table, columns in (
        ("message_address", "role, email"),
        ("message_key", "key, kind"),
    ):
        database.execute(
            f"INSERT INTO {table} (message_id, {columns}) SELECT ?, {columns} "
            f"FROM {table} WHERE message_id = ? ON CONFLICT DO NOTHING",
            (twin, message),
        )
    known_parties.mark([twin])
    search.refresh(Findable.MESSAGE, [twin])


def _sources(copy_ids: list[int]) -> list[WantedContent]:
    rows = database.select_in(
        "SELECT message_id, id, mailbox_id, external_id, change_key "
        "FROM message_copy WHERE id IN ({marks})",
        copy_ids,
    )
    return [WantedContent(*row) for row in rows]
