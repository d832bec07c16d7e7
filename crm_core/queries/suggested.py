"""Which entry an unlinked mail may belong to: ranked, each with its reason, never done.

    1  a token or keyword that could not act by itself (rows of ``Suggestion``)
    2  the number of a linked work report or delivery note stands in the subject
    3  an open entry of the same address with a similar subject
    4  the address takes part in exactly one open entry
    5  a closed entry of the same address with a similar subject

Only entries that the viewer may change are offered. «Open» means not closed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_core import database
from crm_core.access.viewer import Viewer
from crm_core.languages import name_of
from crm_core.linking import keywords
from crm_core.linking.reasons import OF_SUGGESTION, Reason, ReasonCode
from crm_core.models import SuggestionReason
from crm_core.queries.parties import AddressRef
from crm_core.search import fold

MOST = 3  # offered per mail
_CANDIDATES = 500  # entries of a page's addresses whose subjects are compared
_NUMBER = re.compile(r"[^\W_][\w./-]*\d[\w./-]*|\d[\w./-]*\d")
_WORD = re.compile(r"\w{4,}")
_TELLING = 8  # letters of a text that says enough when found in a longer one
_SHORTEST_NUMBER = 3


@dataclass(frozen=True, slots=True)
class Suggested:
    """An offer: an entry, or (no number) a new entry of a subtag."""

    number: int | None
    title: str
    reason: Reason
    subtag: str | None = None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A mail to find an entry for, and the known addresses among its parties."""

    message: int
    conversation: int
    subject: str
    addresses: tuple[AddressRef, ...]


def of_mails(
    viewer: Viewer, mails: Sequence[Unlinked]
) -> dict[int, tuple[Suggested, ...]]:
    """The offers for each mail; five queries, however many mails."""
    if not mails:
        return {}
    stored = _stored(viewer, mails)
    numbers = _documents(viewer, mails)
    known = {address.id for mail in mails for address in mail.addresses}
    of_address = _entries_of(known, viewer)
    only_open = _only_open(known, viewer)
    subjects = _subjects({entry.id for group in of_address.values() for entry in group})
    found: dict[int, tuple[Suggested, ...]] = {}
    for mail in mails:
        ranked = [
            *stored.get(mail.conversation, ()),
            *_by_number(mail, numbers),
            *_by_address(mail, of_address, subjects, only_open),
        ]
        first: dict[tuple[int | None, str | None], Suggested] = {}
        for offer in ranked:
            first.setdefault((offer.number, offer.subtag), offer)
        found[mail.message] = tuple(first.values())[:MOST]
    return found


def similar(one: str, other: str) -> bool:
    """Whether two subjects, already folded topics, tell of the same matter."""
    if not one or not other:
        return False
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) >= _TELLING and short in long:
        return True
    mine, theirs = set(_WORD.findall(one)), set(_WORD.findall(other))
    common = mine & theirs
    return len(common) > 1 and 2 * len(common) >= min(len(mine), len(theirs)) + 1


def topic(subject: str) -> str:
    """A subject without reply prefixes and marks, folded."""
    return fold(keywords.without_marks(keywords.parse(subject).topic))


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    number: int
    title: str
    closed: bool


def _stored(viewer: Viewer, mails: Sequence[Unlinked]) -> dict[int, list[Suggested]]:
    rows = database.select_in(
        "SELECT m.conversation_id, g.reason, g.detail, e.number, e.title, s.key, "
        f"{name_of('s')}, s.id FROM suggestion g JOIN message m ON m.id = g.message_id "
        f"LEFT JOIN entry e ON e.id = g.entry_id AND {viewer.entries('e', write=True)} "
        "LEFT JOIN subtag s ON s.id = g.subtag_id "
        "WHERE g.closed_at IS NULL AND m.conversation_id IN ({marks}) ORDER BY g.id",
        {mail.conversation for mail in mails},
    )
    found: dict[int, list[Suggested]] = {}
    for conversation, why, detail, number, title, key, name, subtag in rows:
        reason = Reason(OF_SUGGESTION[SuggestionReason(why)], evidence=detail)
        if number is not None:
            offer = Suggested(int(number), title, reason)
        elif subtag is not None and int(subtag) in viewer.writable:
            offer = Suggested(None, name, reason, subtag=key)
        else:
            continue
        found.setdefault(int(conversation), []).append(offer)
    return found


def _numbers_in(subject: str) -> set[str]:
    """What may be a document's number; as written, and in capitals."""
    found = {match.strip("./-") for match in _NUMBER.findall(subject[:500])}
    found = {text for text in found if len(text) >= _SHORTEST_NUMBER}
    return found | {text.upper() for text in found}


def _documents(
    viewer: Viewer, mails: Sequence[Unlinked]
) -> dict[str, list[tuple[int, str]]]:
    rows = database.select_in(
        "SELECT d.number, e.number, e.title FROM document d "
        "JOIN entry_document ed ON ed.document_id = d.id "
        f"JOIN entry e ON e.id = ed.entry_id AND {viewer.entries('e', write=True)} "
        "WHERE d.number IN ({marks}) ORDER BY e.number DESC",
        set().union(*(_numbers_in(mail.subject) for mail in mails)),
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for number, entry, title in rows:
        found.setdefault(number, []).append((int(entry), title))
    return found


def _by_number(
    mail: Unlinked, numbers: Mapping[str, list[tuple[int, str]]]
) -> Iterable[Suggested]:
    for text in sorted(_numbers_in(mail.subject) & numbers.keys()):
        for entry, title in numbers[text]:
            reason = Reason(ReasonCode.DOCUMENT_NUMBER, evidence=text)
            yield Suggested(entry, title, reason)


def _entries_of(addresses: Iterable[int], viewer: Viewer) -> dict[int, list[_Entry]]:
    """The newest entries of these addresses, newest first."""
    rows: list[tuple[Any, ...]] = database.select_in(
        "SELECT p.address_id, e.id, e.number, e.title, e.status FROM participant p "
        f"JOIN entry e ON e.id = p.entry_id AND {viewer.entries('e', write=True)} "
        f"WHERE p.address_id IN ({{marks}}) ORDER BY e.number DESC LIMIT {_CANDIDATES}",
        addresses,
    )
    found: dict[int, list[_Entry]] = {}
    for address, id_, number, title, status in rows:
        entry = _Entry(int(id_), int(number), title, status == "closed")
        found.setdefault(int(address), []).append(entry)
    return found


def _only_open(addresses: Iterable[int], viewer: Viewer) -> dict[int, tuple[int, str]]:
    """The one entry, not closed, of each address that has exactly one."""
    rows = database.select_in(
        "SELECT p.address_id, min(e.number), min(e.title) FROM participant p "
        "JOIN entry e ON e.id = p.entry_id AND e.status <> 'closed' "
        f"AND {viewer.entries('e', write=True)} WHERE p.address_id IN ({{marks}}) "
        "GROUP BY p.address_id HAVING count(*) = 1",
        addresses,
    )
    return {int(row[0]): (int(row[1]), row[2]) for row in rows}


def _subjects(entries: Iterable[int]) -> dict[int, set[str]]:
    """The folded subjects under which mail was linked to these entries."""
    rows = database.select_in(
        "SELECT em.entry_id, m.subject FROM entry_mail em JOIN message m "
        "ON m.id = em.anchor_id WHERE em.removed_at IS NULL "
        "AND em.entry_id IN ({marks})",
        entries,
    )
    found: dict[int, set[str]] = {}
    for entry, subject in rows:
        found.setdefault(int(entry), set()).add(topic(subject))
    return found


def _by_address(
    mail: Unlinked,
    of_address: Mapping[int, list[_Entry]],
    subjects: Mapping[int, set[str]],
    only_open: Mapping[int, tuple[int, str]],
) -> Iterable[Suggested]:
    said = topic(mail.subject)
    alike: list[tuple[bool, Suggested]] = []
    only: list[Suggested] = []
    for address in dict.fromkeys(mail.addresses):
        for entry in of_address.get(address.id, ()):
            texts = {fold(entry.title), *subjects.get(entry.id, ())}
            if any(similar(said, text) for text in texts):
                reason = Reason(ReasonCode.SIMILAR_SUBJECT, name=address.name)
                offer = Suggested(entry.number, entry.title, reason)
                alike.append((entry.closed, offer))
        if address.id in only_open:
            reason = Reason(ReasonCode.ONLY_OPEN_ENTRY, name=address.name)
            only.append(Suggested(*only_open[address.id], reason))
    yield from (offer for closed, offer in alike if not closed)
    yield from only
    yield from (offer for closed, offer in alike if closed)
