"""Who of a linked conversation is shown in an entry, and who is held back.

``judge`` is a pure function of the present state of one conversation and one entry;
``settle`` applies it to conversations in the transaction of whatever changed them, and
stores only what deviates from «shown». It may be recomputed at any time and must then
change nothing (``verify`` checks it).

Order of precedence (docs/architecture.md «Linking»): a person's verdict, an explicit
link of this very mail, unconfirmed sender, all-internal, then who the sender is. The
order of delivery plays no part: «addressed» means anywhere in the conversation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crm_core import database
from crm_core.email_addresses import Internal
from crm_core.linking import unassigned
from crm_core.models import Dmarc, Hold, InternalOnly, Verdict
from crm_core.polling import mailboxes
from crm_core.threads.conversations import mid

MASS_MAIL = 10  # external recipients; more, and being addressed vouches for nobody


@dataclass(frozen=True, slots=True)
class Member:
    """One mail of a conversation, as far as judging needs it."""

    id: int
    internet_id: str | None
    from_address: str | None
    claimed: frozenset[str]  # everybody it claims to come from: From, and Reply-To
    recipients: frozenset[str]
    parent: bytes | None
    dmarc: Dmarc
    vouched: bool  # lies in our Sent Items, or our Exchange authenticated it
    internal_only: InternalOnly = InternalOnly.SUGGEST


@dataclass(frozen=True, slots=True)
class Linked:
    """One entry that shows the conversation."""

    entry: int
    anchors: frozenset[int]
    emails: frozenset[str]  # of all participants
    domains: frozenset[str]
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)

    def takes_part(self, claimed: frozenset[str]) -> bool:
        """Whether every claimed sender is a participant's address."""
        return bool(claimed) and all(
            address in self.emails or address.rpartition("@")[2] in self.domains
            for address in claimed
        )


@dataclass(frozen=True, slots=True)
class State:
    """What a mail is in an entry; both unset = simply shown."""

    hold: Hold | None = None
    new_sender: bool = False

    @classmethod
    def of(cls, hold: str | None, new_sender: object) -> "State":
        """From stored columns."""
        return cls(Hold(hold) if hold else None, bool(new_sender))


@dataclass(frozen=True, slots=True)
class Company:
    """Who is ours, and which of the senders are addresses we know."""

    internal: Internal
    known: frozenset[str]


def judge(
    members: Iterable[Member], linked: Linked, company: Company
) -> dict[int, State]:
    """The state of every mail of one conversation in one entry. Pure."""
    internal = company.internal
    written_to = [  # outsiders
        (member, frozenset(a for a in member.recipients if a not in internal))
        for member in members
    ]
    addressed = _addressed(written_to, linked, internal)
    mass = _mass_mails(written_to)
    return {
        member.id: _state(member, outsiders, linked, company, addressed, mass)
        for member, outsiders in written_to
    }


def _state(  # noqa: PLR0911 - the list of precedence, one line a rule
    member: Member,
    outsiders: frozenset[str],
    linked: Linked,
    company: Company,
    addressed: frozenset[str],
    mass: frozenset[bytes],
) -> State:
    verdict = linked.verdicts.get(member.id)
    if verdict is not None:
        return State(Hold.EXCLUDED if verdict is Verdict.EXCLUDE else None)
    if member.id in linked.anchors:
        return State()
    internal = company.internal
    if not member.claimed:
        return State(Hold.AMBIGUOUS_SENDER)
    from_inside = member.from_address in internal
    if member.dmarc is Dmarc.FAIL or (from_inside and not member.vouched):
        return State(Hold.UNCONFIRMED_SENDER)
    outside = frozenset(a for a in member.claimed if a not in internal)
    if not outside and not outsiders:
        shown = member.internal_only is InternalOnly.LINK
        return State(None if shown else Hold.INTERNAL_ONLY)
    if not outside or linked.takes_part(outside) or outside <= addressed:
        return State()
    if outside & company.known and not linked.takes_part(outside & company.known):
        return State(Hold.OTHER_CUSTOMER)
    if member.parent in mass:
        return State(Hold.MASS_MAIL)
    return State(new_sender=True)


def _addressed(
    written_to: Iterable[tuple[Member, frozenset[str]]],
    linked: Linked,
    internal: Internal,
) -> frozenset[str]:
    """Whom staff or a participant wrote to, in mails to few outsiders."""
    found: set[str] = set()
    for member, outsiders in written_to:
        if len(outsiders) > MASS_MAIL or member.dmarc is Dmarc.FAIL:
            continue
        ours = member.from_address in internal and member.vouched
        if ours or linked.takes_part(member.claimed):
            found |= outsiders
    return frozenset(found)


def _mass_mails(
    written_to: Iterable[tuple[Member, frozenset[str]]],
) -> frozenset[bytes]:
    return frozenset(
        mid(member.internet_id)
        for member, outsiders in written_to
        if member.internet_id is not None and len(outsiders) > MASS_MAIL
    )


def settle(conversations: Iterable[int]) -> int:
    """Bring the stored states of these conversations up to date; how many changed."""
    database.require_transaction()
    wanted = sorted(set(conversations))
    links = links_of(wanted)
    judged: dict[tuple[int, int], State] = {}
    if links:
        members = members_of(links)
        company = Company(mailboxes.internal(), known_senders(members))
        for conversation, entries in links.items():
            for linked in entries:
                states = judge(members.get(conversation, ()), linked, company)
                judged |= {(linked.entry, mail): one for mail, one in states.items()}
    unassigned.mark(wanted, links)
    return _store(wanted, judged)


def settle_entry(entry: int) -> int:
    """After a change of its participants."""
    return settle(conversations_of_entry(entry))


def settle_address(address: int) -> int:
    """After a change of an address's e-mails or domains: where it plays a part."""
    return settle(conversations_of_address(address))


def conversations_of_address(address: int) -> set[int]:
    """The conversations of what it writes, and of the entries it takes part in."""
    rows = database.execute(
        "SELECT DISTINCT m.conversation_id FROM address_email ae "
        "JOIN message_address ma ON ma.email = ae.email "  # has an index, sender none
        "AND ma.role IN ('from', 'reply_to') JOIN message m ON m.id = ma.message_id "
        "WHERE ae.address_id = ? UNION SELECT DISTINCT m.conversation_id "
        "FROM participant p JOIN entry_mail em ON em.entry_id = p.entry_id "
        "JOIN message m ON m.id = em.anchor_id WHERE p.address_id = ?",
        (address, address),
    )
    # One more pass over linked mail only where a domain is theirs: that is rare.
    whole = database.execute(
        "SELECT domain FROM address_domain WHERE address_id = ?", (address,)
    )
    for (domain,) in whole:
        rows += database.execute(
            "SELECT DISTINCT m.conversation_id FROM entry_mail em "
            "JOIN message a ON a.id = em.anchor_id JOIN message m "
            "ON m.conversation_id = a.conversation_id "
            "WHERE m.from_address LIKE ? OR m.sender LIKE ?",
            (f"%@{domain}", f"%@{domain}"),
        )
    return {int(row[0]) for row in rows}


def conversations_of_entry(entry: int) -> set[int]:
    """The conversations an entry shows."""
    rows = database.execute(
        "SELECT m.conversation_id FROM entry_mail em JOIN message m "
        "ON m.id = em.anchor_id WHERE em.entry_id = ? AND em.removed_at IS NULL",
        (entry,),
    )
    return {int(row[0]) for row in rows}


def linked_conversations() -> set[int]:
    """Every conversation that some entry shows (for recomputing everything)."""
    rows = database.execute(
        "SELECT DISTINCT m.conversation_id FROM entry_mail em JOIN message m "
        "ON m.id = em.anchor_id WHERE em.removed_at IS NULL"
    )
    return {int(row[0]) for row in rows}


def links_of(conversations: Iterable[int]) -> dict[int, list[Linked]]:
    """The entries of each conversation, with what judging needs to know of them."""
    rows = database.select_in(
        "SELECT m.conversation_id, em.entry_id, em.anchor_id FROM message m "
        "JOIN entry_mail em ON em.anchor_id = m.id "
        "WHERE em.removed_at IS NULL AND m.conversation_id IN ({marks})",
        conversations,
    )
    anchors: dict[tuple[int, int], set[int]] = {}
    for conversation, entry, anchor in rows:
        anchors.setdefault((int(conversation), int(entry)), set()).add(int(anchor))
    entries = {entry for _, entry in anchors}
    emails = _of_entries(
        "SELECT p.entry_id, a.email FROM participant p JOIN address_email a "
        "ON a.address_id = p.address_id WHERE p.entry_id IN ({marks})",
        entries,
    )
    domains = _of_entries(
        "SELECT p.entry_id, a.domain FROM participant p JOIN address_domain a "
        "ON a.address_id = p.address_id WHERE p.entry_id IN ({marks})",
        entries,
    )
    verdicts: dict[int, dict[int, Verdict]] = {}
    for entry, message, verdict in database.select_in(
        "SELECT entry_id, message_id, verdict FROM entry_mail_verdict "
        "WHERE entry_id IN ({marks})",
        entries,
    ):
        verdicts.setdefault(int(entry), {})[int(message)] = Verdict(verdict)
    found: dict[int, list[Linked]] = {}
    for (conversation, entry), of_entry in anchors.items():
        linked = Linked(
            entry,
            frozenset(of_entry),
            frozenset(emails.get(entry, ())),
            frozenset(domains.get(entry, ())),
            verdicts.get(entry, {}),
        )
        found.setdefault(conversation, []).append(linked)
    return found


def _of_entries(sql: str, entries: Iterable[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for entry, text in database.select_in(sql, entries):
        found.setdefault(int(entry), set()).add(text)
    return found


def members_of(conversations: Iterable[int]) -> dict[int, list[Member]]:
    """The mails of each conversation."""
    rows = database.select_in(
        "SELECT conversation_id, id, internet_id, from_address, sender, parent, dmarc, "
        "authenticated FROM message WHERE conversation_id IN ({marks}) ORDER BY id",
        conversations,
    )
    ids = [row[1] for row in rows]
    recipients: dict[int, set[str]] = {}
    for message, email in database.select_in(
        "SELECT message_id, email FROM message_address "
        "WHERE message_id IN ({marks}) AND role IN ('to', 'cc', 'bcc')",
        ids,
    ):
        recipients.setdefault(message, set()).add(email)
    sent: set[int] = set()
    rule: dict[int, str] = {}
    for message, is_sent, internal_only in database.select_in(
        "SELECT c.message_id, c.sent, b.internal_only FROM message_copy c "
        "JOIN mailbox b ON b.id = c.mailbox_id WHERE c.message_id IN ({marks})",
        ids,
    ):
        if is_sent:
            sent.add(message)
        # Several mailboxes: the careful rule wins, whatever the order.
        rule[message] = max(rule.get(message, "link"), internal_only, key=_CARE.index)
    found: dict[int, list[Member]] = {}
    for row in rows:
        member = Member(
            id=row[1],
            internet_id=row[2],
            from_address=row[3],
            claimed=frozenset(a for a in (row[3], row[4]) if a),
            recipients=frozenset(recipients.get(row[1], ())),
            parent=bytes(row[5]) if row[5] is not None else None,
            dmarc=Dmarc(row[6]),
            vouched=bool(row[7]) or row[1] in sent,
            internal_only=InternalOnly(rule.get(row[1], "suggest")),
        )
        found.setdefault(int(row[0]), []).append(member)
    return found


_CARE = [InternalOnly.LINK.value, InternalOnly.SUGGEST.value, InternalOnly.IGNORE.value]


def known_senders(members: Mapping[int, list[Member]]) -> frozenset[str]:
    """Those claimed senders that are the e-mail or domain of an address we know."""
    senders = {a for group in members.values() for m in group for a in m.claimed}
    rows = database.select_in(
        "SELECT email FROM address_email WHERE email IN ({marks})", senders
    )
    known = {row[0] for row in rows}
    domains = {sender.rpartition("@")[2] for sender in senders}
    rows = database.select_in(
        "SELECT domain FROM address_domain WHERE domain IN ({marks})", domains
    )
    whole = {row[0] for row in rows}
    known |= {s for s in senders if s.rpartition("@")[2] in whole}
    return frozenset(known)


def _store(
    conversations: Iterable[int], judged: Mapping[tuple[int, int], State]
) -> int:
    """Make the stored states of these conversations say what was judged.

    By (entry, mail). Of an entry that no longer shows the conversation nothing was
    judged: its states go away.
    """
    rows = database.select_in(
        "SELECT s.entry_id, s.message_id, s.hold, s.new_sender FROM message m "
        "JOIN entry_mail_state s ON s.message_id = m.id "
        "WHERE m.conversation_id IN ({marks})",
        conversations,
    )
    before = {(int(row[0]), int(row[1])): State.of(row[2], row[3]) for row in rows}
    stale = [place for place, state in before.items() if state != judged.get(place)]
    fresh = [
        (*place, state.hold and state.hold.value, int(state.new_sender))
        for place, state in judged.items()
        if state != before.get(place, State()) and (state.hold or state.new_sender)
    ]
    database.execute_many(
        "DELETE FROM entry_mail_state WHERE entry_id = ? AND message_id = ?", stale
    )
    database.execute_many(
        "INSERT INTO entry_mail_state (entry_id, message_id, hold, new_sender) "
        "VALUES (?, ?, ?, ?)",
        fresh,
    )
    return len({*stale, *(row[:2] for row in fresh)})
