"""Threading: which mails are one conversation (docs/architecture.md «Threading»).

A mail contributes *keys*, a pure function of itself and of who is internal:

    mid    its Message-ID, every id of In-Reply-To and References     strong
    guid   (conversation GUID, external party)                        compound
    cid    (mailbox, server's conversation, external party)           compound

A conversation is the set of mails connected by shared keys, so the order of delivery
does not matter. The subject never joins anything. Conversations whose linked entries
differ, or which a person wants apart, are never merged by the machine: the mail follows
its direct parent and a person is asked (``crm_core.threads.review_cases``). What happens when
who is internal changes, or a key is voided, is in ``crm_core.threads.rethreading``.

The key bytes are BLAKE2b-128 digests of the kind and the value: 16 bytes a key,
whatever a sender writes into a header.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from crm_core import clock, database
from crm_core.email_addresses import Internal
from crm_core.fields import to_text
from crm_core.mail.incoming import IncomingMail

MOST_IDS = 998  # ids taken of one mail: the first and the newest
MOST_PARTIES = 2_000  # beyond this a mail is a broadcast, not a thread of its parties

MID, GUID, CID = "mid", "guid", "cid"


@dataclass(frozen=True, slots=True)
class Keys:
    """What one mail says about its thread. ``all`` starts with ``own``."""

    own: bytes
    parent: bytes | None
    ancestors: tuple[bytes, ...]  # newest first
    all: tuple[tuple[bytes, str], ...]


def digest(kind: str, *parts: bytes) -> bytes:
    """The 16 bytes of a key: kind and length-prefixed parts."""
    prefixed = [len(part).to_bytes(4, "big") + part for part in parts]
    return blake2b(b"".join([kind.encode(), *prefixed]), digest_size=16).digest()


@lru_cache(maxsize=4_096)  # a thread's mails cite the same ids over and over
def mid(internet_id: str) -> bytes:
    """The key of a Message-ID (no brackets, case kept)."""
    return digest(MID, internet_id.encode("utf-8", "surrogatepass"))


def nameless(print_: bytes) -> bytes:
    """The key of a mail without Message-ID, made of its fingerprint."""
    return mid("print:" + print_.hex())


def fingerprint(mail: IncomingMail) -> bytes:
    """What must be equal in two copies of one mail besides its Message-ID.

    Sender, stated date and subject; without a Message-ID also size and recipients,
    since then nothing else tells two mails apart.
    """
    stated = mail.stated_at.isoformat(timespec="seconds") if mail.stated_at else ""
    parts = [mail.from_address or "", stated, " ".join(mail.subject.split())]
    if mail.internet_id is None:
        parts += [str(mail.size), *mail.to, *mail.cc]
    return digest("print", *(part.encode("utf-8", "surrogatepass") for part in parts))


def parties(mail: IncomingMail) -> tuple[str, ...]:
    """Sender (Reply-To in its place where given), recipients; Bcc of own sent mail."""
    hidden = mail.bcc if mail.sent else ()
    return tuple(dict.fromkeys((*visible_parties(mail), *hidden)))


def visible_parties(mail: IncomingMail) -> tuple[str, ...]:
    """The parties that every copy of the mail names."""
    first = () if mail.sender is None else (mail.sender,)
    return tuple(dict.fromkeys((*first, *mail.to, *mail.cc)))


def external_parties(mail: IncomingMail, internal: Internal) -> list[str]:
    """The parties outside the company."""
    return [party for party in parties(mail) if party not in internal]


def keys_for(mail: IncomingMail, mailbox: str, internal: Internal) -> Keys:
    """The keys of one mail; nothing else of it decides about its thread."""
    own = mid(mail.internet_id) if mail.internet_id else nameless(fingerprint(mail))
    ids = _capped([*mail.references, *mail.in_reply_to])
    ancestors = [key for key in map(mid, reversed(ids)) if key != own]
    replied = [key for key in map(mid, mail.in_reply_to) if key != own]
    keys = dict.fromkeys([own, *ancestors], MID)
    if mail.guids or mail.server_thread is not None:
        bound = external_parties(mail, internal)
        keys |= compound_keys(mail.guids, mail.server_thread, mailbox, bound)
    return Keys(
        own=own,
        parent=next(iter(replied or ancestors), None),
        ancestors=tuple(ancestors),
        all=tuple(keys.items()),
    )


def compound_keys(
    guids: Iterable[bytes],
    server_thread: bytes | None,
    mailbox: str,
    external: Sequence[str],
) -> dict[bytes, str]:
    """Keys of one copy, bound to each external party, or to «internal» without any."""
    keys: dict[bytes, str] = {}
    bound = external[:MOST_PARTIES] or ("internal",)
    for address in (party.encode() for party in bound):
        for guid in guids:
            keys[digest(GUID, guid, address)] = GUID
        if server_thread is not None:
            place = mailbox.encode()
            keys[digest(CID, place, server_thread, address)] = CID
    return keys


def _capped(ids: list[str]) -> list[str]:
    unique = list(dict.fromkeys(ids))
    if len(unique) <= MOST_IDS:
        return unique
    return unique[:1] + unique[1 - MOST_IDS :]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a mail landed, by which kind of key, and what it could not join."""

    conversation: int
    joined_by: str | None
    refused: tuple[int, ...] = ()


class Threader:
    """Places the mails of one page; ``flush`` writes the index.

    Reads the index once for all keys of the page. Between construction and ``flush``
    nothing else may write conversations: the page's transaction sees to that.
    """

    def __init__(self, page: Sequence[Keys]) -> None:
        database.require_transaction()
        self._size = len(page)
        wanted = {key for keys in page for key, _ in keys.all}
        rows = database.select_in(
            "SELECT key, conversation_id, voided FROM conversation_key "
            "WHERE key IN ({marks})",
            wanted,
        )
        self._stored = {bytes(key) for key, _, _ in rows}
        self._voided = {bytes(key) for key, _, voided in rows if voided}
        self._of_key = {
            bytes(key): int(conversation)
            for key, conversation, voided in rows
            if conversation is not None and not voided
        }
        self._merged: dict[int, int] = {}
        self._apart: list[frozenset[int]] | None = None
        self._unused: list[int] = []
        self._new: dict[int, datetime] = {}

    def place(self, keys: Keys, at: datetime) -> Placement:
        """The conversation of one mail; merges, or refuses to, on the way."""
        known = self._known(keys)
        if not known:
            placement = Placement(self._start(at), None)
        elif len(known) == 1:
            ((conversation, kind),) = known.items()
            placement = Placement(conversation, kind)
        else:
            placement = self._join(known, self._direct_parent(keys), at)
        self._remember(keys, placement.conversation)
        return placement

    def extend(self, keys: Keys, home: int, at: datetime) -> Placement:
        """A further copy of a mail placed in ``home`` adds what it says itself.

        The server's thread differs by mailbox, a GUID may: what the first copy said
        is not all.
        """
        home, known = self.present(home), self._known(keys)
        placement = Placement(home, known.get(home))
        if known.keys() - {home}:
            known.setdefault(home, MID)  # also where its own key was voided
            placement = self._join(known, home, at)
        self._remember(keys, placement.conversation)
        return placement

    def _known(self, keys: Keys) -> dict[int, str]:
        """The conversations that the keys name, each with the first kind that does."""
        known: dict[int, str] = {}
        for key, kind in keys.all:
            conversation = self._of_key.get(key)
            if conversation is not None:
                known.setdefault(self.present(conversation), kind)
        return known

    def _remember(self, keys: Keys, conversation: int) -> None:
        for key, _ in keys.all:
            if key not in self._voided:
                self._of_key.setdefault(key, conversation)

    def present(self, conversation: int) -> int:
        """The conversation that ``conversation`` is part of by now."""
        while conversation in self._merged:
            conversation = self._merged[conversation]
        return conversation

    def flush(self) -> None:
        """Write new conversations and new keys."""
        database.execute_many(
            "INSERT INTO conversation (id, started_at) VALUES (?, ?)",
            [(id_, to_text(at)) for id_, at in self._new.items()],
        )
        self._new.clear()
        fresh = [
            (key, self.present(conversation))
            for key, conversation in self._of_key.items()
            if key not in self._stored
        ]
        database.execute_many(
            "INSERT INTO conversation_key (key, conversation_id, voided) "
            "VALUES (?, ?, 0)",
            fresh,
        )
        self._stored.update(key for key, _ in fresh)

    def _start(self, at: datetime) -> int:
        self._reserve()
        conversation = self._unused.pop()
        self._new[conversation] = at
        return conversation

    def _reserve(self) -> None:
        """Ids for new conversations, at most one for each mail of the page.

        Before the first row goes: SQLite hands out the highest id again once its row
        is deleted, and here it would still mean the conversation it was merged into.
        """
        if self._size:
            self._unused = database.new_ids("conversation", self._size)[::-1]
            self._size = 0

    def _join(self, known: dict[int, str], home: int | None, at: datetime) -> Placement:
        entries = linked_entries(known)
        differ = len({linked for linked in entries.values() if linked}) > 1
        if not differ and not self._kept_apart(known):
            oldest = min(known)
            for other in sorted(known.keys() - {oldest}):
                self._merge(oldest, other)
            return Placement(oldest, known[oldest])
        chosen = home or self._start(at)
        refused = tuple(sorted(known.keys() - {chosen}))
        return Placement(chosen, known.get(chosen), refused)

    def _kept_apart(self, known: Iterable[int]) -> bool:
        """Whether a person wants some of these apart; read at the first merge."""
        if self._apart is None:
            self._apart = kept_apart()
        wanted = set(known)
        return any(
            len(wanted & {self.present(side) for side in sides}) > 1
            for sides in self._apart
        )

    def _direct_parent(self, keys: Keys) -> int | None:
        for key in (keys.parent, *keys.ancestors):
            conversation = self._of_key.get(key) if key else None
            if conversation is not None:
                return self.present(conversation)
        return None

    def _merge(self, target: int, source: int) -> None:
        # The target is older: where it is new, the source is new too.
        self._reserve()
        self._merged[source] = target
        if source in self._new:
            del self._new[source]
        else:
            merge_rows(target, source)


def merge_rows(target: int, source: int) -> None:
    """Move everything of one stored conversation into another."""
    database.require_transaction()
    keys = database.execute(
        "SELECT k.key FROM message_key k JOIN message m ON m.id = k.message_id "
        "WHERE m.conversation_id = ?",
        (source,),
    )
    database.execute_many(
        "UPDATE conversation_key SET conversation_id = ? "
        "WHERE key = ? AND conversation_id = ?",
        [(target, key, source) for (key,) in keys],
    )
    database.execute(
        "UPDATE message SET conversation_id = ? WHERE conversation_id = ?",
        (target, source),
    )
    database.execute(
        "DELETE FROM review_case_side WHERE conversation_id = ? AND case_id IN "
        "(SELECT case_id FROM review_case_side WHERE conversation_id = ?)",
        (source, target),
    )
    database.execute(
        "UPDATE review_case_side SET conversation_id = ? WHERE conversation_id = ?",
        (target, source),
    )
    database.execute(
        "UPDATE review_case SET outcome = 'moot', closed_at = ?, closed_by = 'mailsync' "
        "WHERE closed_at IS NULL AND reason = 'bridge' AND id IN (SELECT case_id FROM "
        "review_case_side WHERE conversation_id = ?) AND (SELECT count(*) FROM "
        "review_case_side s WHERE s.case_id = review_case.id) < 2",
        (to_text(clock.now()), target),
    )
    database.execute("DELETE FROM conversation WHERE id = ?", (source,))


def linked_entries(conversations: Iterable[int]) -> dict[int, frozenset[int]]:
    """The entries each conversation is linked to (empty sets left out)."""
    rows = database.select_in(
        "SELECT m.conversation_id, em.entry_id FROM message m "
        "JOIN entry_mail em ON em.anchor_id = m.id "
        "WHERE em.removed_at IS NULL AND m.conversation_id IN ({marks})",
        conversations,
    )
    found: dict[int, set[int]] = {}
    for conversation, entry in rows:
        found.setdefault(int(conversation), set()).add(int(entry))
    return {conversation: frozenset(linked) for conversation, linked in found.items()}


def voided_guids() -> frozenset[bytes]:
    """Conversation GUIDs that a person voided: they belong to forms, not to threads."""
    rows = database.execute("SELECT guid FROM voided_thread_index")
    return frozenset(bytes(guid) for (guid,) in rows)


def kept_apart() -> list[frozenset[int]]:
    """Sets of conversations that a person decided to keep apart."""
    rows = database.execute(
        "SELECT s.case_id, s.conversation_id FROM review_case c JOIN review_case_side s "
        "ON s.case_id = c.id WHERE c.outcome = 'apart'"
    )
    found: dict[int, set[int]] = {}
    for case, conversation in rows:
        found.setdefault(int(case), set()).add(int(conversation))
    return [frozenset(sides) for sides in found.values()]
