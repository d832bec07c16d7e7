"""Voiding keys: a person says that a key means nothing, and threads are made anew.

«Dieser Thread-Index gehört einem Formular»: a web form mails every enquiry with one
fixed Thread-Index, an old mail is sent again to somebody else. Pinned: a voided key
joins nothing, now and later.
"""

from crm_core import audit, clock, database
from crm_core.errors import Conflict, NotFound
from crm_core.fields import to_text
from crm_core.models import ReviewOutcome
from crm_core.threads import evidence, rethreading
from crm_core.threads.conversations import CID, GUID, MID, digest, mid, nameless
from crm_core.threads.rethreading import Rethreaded
from crm_core.threads.review_cases import OpenCase, close, get


def void_key(key: bytes, *, actor: str) -> Rethreaded:
    """This key joins nothing any more.

    A Thread-Index is voided as a whole: for every party, also for those that have not
    written yet. Raises NotFound for a key that no mail holds, Conflict for the
    Message-ID of a mail that we hold: its answers must stay with it.
    """
    database.require_transaction()
    holders = _holders(key)
    if not holders:
        raise NotFound("no mail holds this key")
    first, kind = holders[0]
    if kind == MID and _is_own(key):
        raise Conflict("the Message-ID of a mail cannot be voided")
    audit.record(actor, "key_voided", f"message:{first}", detail=kind)
    if kind == GUID:
        return _void_guid(_guid_behind(key, first), actor)
    database.execute(
        "UPDATE conversation_key SET voided = 1, conversation_id = NULL WHERE key = ?",
        (key,),
    )
    nothing: frozenset[bytes] = frozenset()
    return Rethreaded(
        moved=rethreading.rethread({message: nothing for message, _ in holders})
    )


def void_joining_keys(case: int, *, actor: str) -> None:
    """The keys by which a case's mail joins the other conversations mean nothing.

    Only what a sender's program or a server made can be voided (Thread-Index, server's
    conversation); where the mails also cite one another they are kept apart as well.
    Raises NotFound, or Conflict if the case is decided or a citation alone joins.
    """
    database.require_transaction()
    asked = get(case)
    joining = _joining_keys(asked)
    compound = [key for key, kind in joining if kind in {GUID, CID}]
    if not compound:
        raise Conflict(
            "the mails of review case {number} cite one another", number=case
        )
    cited = len(compound) < len(joining)
    close(case, ReviewOutcome.APART if cited else ReviewOutcome.VOIDED, actor)
    for key in compound:
        if _holders(key):  # its Thread-Index may be voided by now
            void_key(key, actor=actor)


def _holders(key: bytes) -> list[tuple[int, str]]:
    rows = database.execute(
        "SELECT message_id, kind FROM message_key WHERE key = ? ORDER BY message_id",
        (key,),
    )
    return [(int(message), kind) for message, kind in rows]


def _is_own(key: bytes) -> bool:
    """Whether it is the very id of a stored mail, not only one that mails cite."""
    rows = database.execute(
        "SELECT m.internet_id, m.fingerprint FROM message_key k JOIN message m "
        "ON m.id = k.message_id WHERE k.key = ?",
        (key,),
    )
    return any(
        key == (mid(internet_id) if internet_id else nameless(bytes(print_)))
        for internet_id, print_ in rows
    )


def _guid_behind(key: bytes, message: int) -> bytes:
    """The Thread-Index GUID that a mail's key is made of."""
    parties = {*evidence.named_parties([message])[message], "internal"}
    guids: set[bytes] = set()
    for said, own in database.execute(
        "SELECT guids, parties FROM message_copy WHERE message_id = ? "
        "AND guids IS NOT NULL",
        (message,),
    ):
        guids |= set(evidence.split_guids(said))
        parties |= set((own or "").split("\n"))
    for guid in guids:
        if any(key == digest(GUID, guid, party.encode()) for party in parties):
            return guid
    raise NotFound("no mail holds this key")


def _void_guid(guid: bytes, actor: str) -> Rethreaded:
    database.execute(
        "INSERT INTO voided_thread_index (guid, voided_at, voided_by) "
        "VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (guid, to_text(clock.now()), actor),
    )
    rows = database.execute(
        "SELECT message_id, guids FROM message_copy WHERE message_id IS NOT NULL "
        "AND (guids = ? OR length(guids) > ?)",
        (guid, evidence.GUID_BYTES),
    )
    return rethreading.rebuild(
        int(message) for message, guids in rows if guid in evidence.split_guids(guids)
    )


def _joining_keys(asked: OpenCase) -> list[tuple[bytes, str]]:
    """Keys of the case's mail that mails of the other sides hold as well."""
    others = [
        side.conversation
        for side in asked.sides
        if side.conversation != asked.conversation
    ]
    rows = database.select_in(
        "SELECT DISTINCT k.key, k.kind FROM message m JOIN message_key o "
        "ON o.message_id = m.id JOIN message_key k ON k.key = o.key "
        "WHERE k.message_id = ? AND m.conversation_id IN ({marks})",
        others,
        (asked.message,),
    )
    return [(bytes(key), kind) for key, kind in rows]
