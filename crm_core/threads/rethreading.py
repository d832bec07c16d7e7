"""Threading anew: when who is internal changes, or a person voids a key.

What follows is what a fresh ingest of the same copies would come to:

    keys of each mail ──► mails connected by keys ──► conversations ──► holds settled
          evidence                partition               here

Links name anchor mails and verdicts name mails: neither is touched. Review cases stay,
and follow their conversations. Conversations that differ in their entries, or that a
person wants apart, are not merged here either. Idempotent: a second run changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from crm_core import database
from crm_core.email_addresses import Internal
from crm_core.linking import holds
from crm_core.mail import content
from crm_core.threads import evidence, review_cases
from crm_core.threads.conversations import kept_apart
from crm_core.threads.partition import Threaded, divide, keep_ids


@dataclass(frozen=True, slots=True)
class Rethreaded:
    """How many mails said something else than before, and how many moved."""

    mails: int = 0
    moved: int = 0


def rebuild(messages: Iterable[int] | None = None) -> Rethreaded:
    """Make keys and threads of these mails (all, without a choice) what they must be."""
    database.require_transaction()
    if messages is None:
        chosen = evidence.mails_with_evidence()
    else:
        chosen = iter(sorted(set(messages)))
    changed: dict[int, frozenset[bytes]] = {}
    while batch := list(islice(chosen, evidence.BATCH)):
        changed |= evidence.renew(batch)
    return Rethreaded(len(changed), rethread(changed))


def touched_by(before: Internal, after: Internal) -> set[int]:
    """The mails that name somebody who is internal in one and not in the other."""
    emails = database.execute("SELECT DISTINCT email FROM message_address")
    rows = database.select_in(
        "SELECT DISTINCT message_id FROM message_address WHERE email IN ({marks})",
        [email for (email,) in emails if (email in before) != (email in after)],
    )
    rows += database.execute(  # parties that only a further copy names
        "SELECT DISTINCT message_id FROM message_copy WHERE parties IS NOT NULL "
        "AND message_id IS NOT NULL"
    )
    return {int(row[0]) for row in rows}


def rethread(changed: Mapping[int, frozenset[bytes]]) -> int:
    """Divide the conversations of these mails anew; how many mails moved.

    ``changed`` holds for each mail the keys that it no longer says.
    """
    database.require_transaction()
    mails = _affected(changed) if changed else []
    if not mails:
        return 0
    divided = divide(mails, kept_apart())
    lies_in = {mail.id: mail.conversation for mail in mails}
    homes = _homes(divided.groups, keep_ids(divided.groups, lies_in))
    goes_to = {
        mail: home
        for group, home in zip(divided.groups, homes, strict=True)
        for mail in group
    }
    _move(mails, goes_to)
    _index(mails, goes_to, frozenset[bytes]().union(*changed.values()))
    _follow_sides(mails, goes_to)
    left = sorted(set(lies_in.values()) - set(homes))
    database.execute_many("DELETE FROM conversation WHERE id = ?", [(c,) for c in left])
    for one in divided.refused:
        sides = (goes_to[one.message], goes_to[one.other])
        review_cases.open_bridge(one.message, sides)
    holds.settle(homes)
    content.drop_unwanted(homes)
    return sum(goes_to[mail] != lies_in[mail] for mail in lies_in)


# --- what is affected -------------------------------------------------------------


def _affected(changed: Iterable[int]) -> list[Threaded]:
    """Every mail of the conversations that these mails are in or may come to be in."""
    rows = database.select_in(
        "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})", changed
    )
    wanted: set[int] = set()
    more = {int(row[0]) for row in rows}
    mails: list[Threaded] = []
    while more:
        wanted |= more
        mails = _threaded(wanted)
        more = (_named_by_keys(mails) | _beside_in_cases(wanted)) - wanted
    return mails


def _threaded(conversations: Iterable[int]) -> list[Threaded]:
    mails = database.select_in(
        "SELECT id, conversation_id FROM message WHERE conversation_id IN ({marks})",
        conversations,
    )
    ids = [row[0] for row in mails]
    keys: dict[int, list[bytes]] = defaultdict(list)
    for message, key in database.select_in(
        "SELECT k.message_id, k.key FROM message_key k LEFT JOIN conversation_key c "
        "ON c.key = k.key WHERE coalesce(c.voided, 0) = 0 AND k.message_id IN ({marks})",
        ids,
    ):
        keys[int(message)].append(bytes(key))
    entries: dict[int, set[int]] = defaultdict(set)
    for message, entry in database.select_in(
        "SELECT anchor_id, entry_id FROM entry_mail WHERE removed_at IS NULL "
        "AND anchor_id IN ({marks})",
        ids,
    ):
        entries[int(message)].add(int(entry))
    return [
        Threaded(
            int(message),
            int(conversation),
            tuple(sorted(keys[message])),
            frozenset(entries[message]),
        )
        for message, conversation in mails
    ]


def _named_by_keys(mails: Iterable[Threaded]) -> set[int]:
    return set(_index_of({key for mail in mails for key in mail.keys}).values())


def _index_of(keys: Iterable[bytes]) -> dict[bytes, int]:
    rows = database.select_in(
        "SELECT key, conversation_id FROM conversation_key WHERE voided = 0 "
        "AND key IN ({marks})",
        keys,
    )
    return {bytes(key): int(conversation) for key, conversation in rows}


def _beside_in_cases(conversations: Iterable[int]) -> set[int]:
    """Conversations that share a review case with one of these."""
    rows = database.select_in(
        "SELECT DISTINCT o.conversation_id FROM review_case_side s "
        "JOIN review_case_side o ON o.case_id = s.case_id "
        "WHERE s.conversation_id IN ({marks})",
        conversations,
    )
    return {int(row[0]) for row in rows}


# --- the new places ---------------------------------------------------------------


def _homes(groups: Sequence[frozenset[int]], kept: Sequence[int]) -> list[int]:
    """The conversation of each group; those that go on as none get a new one."""
    new = [group for group, home in zip(groups, kept, strict=True) if not home]
    ids = database.new_ids("conversation", len(new))
    begun = {
        int(row[0]): row[1]
        for row in database.select_in(
            "SELECT id, received_at FROM message WHERE id IN ({marks})",
            [mail for group in new for mail in group],
        )
    }
    database.execute_many(
        "INSERT INTO conversation (id, started_at) VALUES (?, ?)",
        [
            (home, min(begun[mail] for mail in group))
            for home, group in zip(ids, new, strict=True)
        ],
    )
    fresh = iter(ids)
    return [home or next(fresh) for home in kept]


def _move(mails: Iterable[Threaded], goes_to: Mapping[int, int]) -> None:
    moved = [mail.id for mail in mails if goes_to[mail.id] != mail.conversation]
    database.execute_many(
        "UPDATE message SET conversation_id = ? WHERE id = ?",
        [(goes_to[mail], mail) for mail in moved],
    )
    # By which kind of key it is where it is now, as people read it; nothing decides
    # by it.
    database.execute_many(
        "UPDATE message SET joined_by = (SELECT k.kind FROM message_key k "
        "JOIN message_key o ON o.key = k.key AND o.message_id <> k.message_id "
        "JOIN message m ON m.id = o.message_id "
        "WHERE k.message_id = message.id AND m.conversation_id = ? "
        "ORDER BY CASE k.kind WHEN 'mid' THEN 0 WHEN 'guid' THEN 1 ELSE 2 END LIMIT 1) "
        "WHERE id = ?",
        [(goes_to[mail], mail) for mail in moved],
    )


def _index(
    mails: Iterable[Threaded], goes_to: Mapping[int, int], lost: frozenset[bytes]
) -> None:
    """The index names for each key a conversation in which a mail holds it."""
    held: dict[bytes, list[int]] = defaultdict(list)
    for mail in sorted(mails, key=lambda one: one.id):
        for key in mail.keys:
            held[key].append(goes_to[mail.id])
    present = _index_of({*held, *lost})
    wanted = {
        key: present[key] if present.get(key) in homes else homes[0]
        for key, homes in held.items()
    }
    database.execute_many(
        "INSERT INTO conversation_key (key, conversation_id, voided) VALUES (?, ?, 0) "
        "ON CONFLICT (key) DO UPDATE SET conversation_id = excluded.conversation_id",
        [(key, home) for key, home in wanted.items() if present.get(key) != home],
    )
    database.execute_many(
        "DELETE FROM conversation_key WHERE key = ? AND voided = 0",
        [(key,) for key in lost - held.keys()],
    )


def _follow_sides(mails: Iterable[Threaded], goes_to: Mapping[int, int]) -> None:
    """Review cases follow their conversations; where one is left there is no question.

    A decided «apart» goes on with the conversations' oldest mails; an open question is
    about the conversations that its mail still joins.
    """
    keys = {mail.id: mail.keys for mail in mails}
    holders: dict[bytes, set[int]] = defaultdict(set)
    oldest: dict[int, int] = {}
    for mail in sorted(mails, key=lambda one: one.id):
        oldest.setdefault(mail.conversation, goes_to[mail.id])
        for key in mail.keys:
            holders[key].add(goes_to[mail.id])
    for case in review_cases.about(oldest):
        if case.waits and case.message in keys:
            joined = set[int]().union(*(holders[key] for key in keys[case.message]))
            sides = joined | {goes_to[case.message]}
        else:
            sides = {oldest.get(side, side) for side in case.sides}
        review_cases.set_sides(case, sides)
