"""All invariants over the whole database, as checks that name what is wrong.

Run after every test of storage and by ``mailsync verify``. It reads only; the stored
holds and the thread index are recomputed and compared with what stands there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crm_core import database, search
from crm_core.linking import holds, unassigned
from crm_core.mail import known_parties
from crm_core.polling import mailboxes
from crm_core.threads import evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant and where."""

    check: str
    detail: str


def verify() -> list[Finding]:
    """Every finding; an empty list is a clean database."""
    return [Finding(name, detail) for name, check in CHECKS for detail in check()]


def _rows(sql: str) -> Callable[[], list[str]]:
    def check() -> list[str]:
        return [", ".join(map(str, row)) for row in database.execute(sql)]

    return check


def _under_review() -> set[int]:
    """Conversations that share keys and wait for a person, or are kept apart."""
    rows = database.execute(
        "SELECT s.conversation_id FROM review_case_side s JOIN review_case c "
        "ON c.id = s.case_id WHERE c.reason = 'bridge' "
        "AND (c.closed_at IS NULL OR c.outcome = 'apart')"
    )
    return {int(row[0]) for row in rows}


def _conversations_equal_shared_keys() -> list[str]:
    """Mails that share a key are one conversation, except under a review case."""
    excused = _under_review()
    rows = database.execute(
        "SELECT k.key, min(m.conversation_id), max(m.conversation_id) "
        "FROM message_key k JOIN message m ON m.id = k.message_id "
        "LEFT JOIN conversation_key c ON c.key = k.key "
        "WHERE coalesce(c.voided, 0) = 0 GROUP BY k.key "
        "HAVING min(m.conversation_id) <> max(m.conversation_id)"
    )
    return [
        f"conversations {low} and {high} share key {bytes(key).hex()}"
        for key, low, high in rows
        if low not in excused and high not in excused
    ]


def _index_names_the_evidence() -> list[str]:
    excused = _under_review()
    rows = database.execute(
        "SELECT k.message_id, m.conversation_id, c.conversation_id FROM message_key k "
        "JOIN message m ON m.id = k.message_id LEFT JOIN conversation_key c "
        "ON c.key = k.key WHERE c.key IS NULL OR (c.voided = 0 "
        "AND c.conversation_id <> m.conversation_id)"
    )
    return [
        f"message {message} is in {conversation}, its key in {index}"
        for message, conversation, index in rows
        if conversation not in excused and index not in excused
    ]


def _copies_are_evidence() -> list[str]:
    """What a copy says about its thread is in its mail's evidence."""
    return [
        f"message {mail} lacks key {key.hex()}" for mail, key in evidence.unstored()
    ]


def _holds_are_settled() -> list[str]:
    """Recomputing every hold changes nothing."""
    links = holds.links_of(holds.linked_conversations())
    members = holds.members_of(links)
    company = holds.Company(mailboxes.internal(), holds.known_senders(members))
    wanted: dict[tuple[int, int], holds.State] = {}
    for conversation, entries in links.items():
        for linked in entries:
            states = holds.judge(members.get(conversation, ()), linked, company)
            wanted |= {(linked.entry, message): s for message, s in states.items()}
    stored = {
        (row[0], row[1]): holds.State.of(row[2], row[3])
        for row in database.execute(
            "SELECT entry_id, message_id, hold, new_sender FROM entry_mail_state"
        )
    }
    return [
        f"entry {entry}, message {message}: stored {stored.get((entry, message))}, "
        f"computed {wanted.get((entry, message))}"
        for entry, message in sorted({*wanted, *stored})
        if stored.get((entry, message), holds.State())
        != wanted.get((entry, message), holds.State())
        or ((entry, message) in stored and (entry, message) not in wanted)
    ]


CHECKS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("threads: mails sharing a key are one conversation",
     _conversations_equal_shared_keys),
    ("threads: the index names the conversation of its evidence",
     _index_names_the_evidence),
    ("threads: the index names no conversation that is not there", _rows(
        "SELECT 'conversation', k.conversation_id FROM conversation_key k "
        "WHERE k.voided = 0 AND NOT EXISTS (SELECT 1 FROM conversation c "
        "WHERE c.id = k.conversation_id)")),
    ("threads: what copies say is in the evidence", _copies_are_evidence),
    ("threads: every mail has its keys", _rows(
        "SELECT 'message', m.id FROM message m WHERE NOT EXISTS "
        "(SELECT 1 FROM message_key k WHERE k.message_id = m.id)")),
    ("copies: private items hold nothing but ids", _rows(
        "SELECT 'copy', id FROM message_copy WHERE private = 1 "
        "AND message_id IS NOT NULL")),
    ("copies: every other copy has its mail", _rows(
        "SELECT 'copy', id FROM message_copy WHERE private = 0 "
        "AND message_id IS NULL")),
    ("copies: a mail is not stored without ever having lain somewhere", _rows(
        "SELECT 'message', m.id FROM message m WHERE NOT EXISTS "
        "(SELECT 1 FROM message_copy c WHERE c.message_id = m.id)")),
    ("mails: two with one id differ in their fingerprint", _rows(
        "SELECT internet_id, count(*) FROM message WHERE internet_id IS NOT NULL "
        "GROUP BY internet_id, fingerprint HAVING count(*) > 1")),
    ("mails: all but one of those with one id are flagged", _rows(
        "SELECT internet_id, count(*) FROM message WHERE internet_id IS NOT NULL "
        "AND id_conflict = 0 GROUP BY internet_id HAVING count(*) > 1")),
    ("links: holds are settled", _holds_are_settled),
    ("triage: what waits for an entry is marked so", unassigned.differences),
    ("triage: mail that names somebody we know is marked so",
     known_parties.differences),
    ("search: everything is found by what it says", search.differences),
    ("bodies: nothing is stored of mail that no entry shows", _rows(
        "SELECT 'message', m.id FROM message m WHERE m.body_at IS NOT NULL "
        "AND m.body_wanted_until IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM entry_mail em JOIN message a "
        "ON a.id = em.anchor_id WHERE em.removed_at IS NULL "
        "AND a.conversation_id = m.conversation_id) AND NOT EXISTS "
        "(SELECT 1 FROM message_copy c JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE c.message_id = m.id AND b.keep = 'all')")),
    ("bodies: a stored body has its time, and the other way round", _rows(
        "SELECT 'message', m.id FROM message m LEFT JOIN message_body b "
        "ON b.message_id = m.id WHERE (m.body_at IS NULL) <> (b.message_id IS NULL)")),
    ("entries: each has a subtag and a participant", _rows(
        "SELECT 'entry', e.number FROM entry e WHERE NOT EXISTS "
        "(SELECT 1 FROM participant p WHERE p.entry_id = e.id)")),
    ("tasks: at most one copy per mailbox and kind", _rows(
        "SELECT task_id, mailbox_id, kind FROM task_mirror "
        "GROUP BY task_id, mailbox_id, kind HAVING count(*) > 1")),
    ("tasks: no two copies are one item", _rows(
        "SELECT mailbox_id, external_id FROM task_mirror "
        "WHERE external_id IS NOT NULL GROUP BY mailbox_id, external_id "
        "HAVING count(*) > 1")),
    ("tasks: nothing was pushed that nobody wanted", _rows(
        "SELECT 'mirror', id FROM task_mirror WHERE pushed_version > wanted_version")),
    ("folders: caught up only with a token", _rows(
        "SELECT 'folder', id FROM mail_folder WHERE caught_up_at IS NOT NULL "
        "AND token IS NULL")),
)  # fmt: skip
