"""What tokens, keywords and the category «CRM» do, and who may make them do it.

    [CRM-1042]   staff, or a participant of that entry   link
                 anybody else                            suggestion
    #offerte     staff                                   open an entry on the one known
                                                         counterpart, if there is none
                 anybody else                            suggestion
    two tokens of different entries                      review case, no guess
    CRM-1042, or a token in quotation marks              suggestion
    category «CRM»                                       link if exactly one open entry

Staff = the item lies in Sent Items of a listed mailbox, or our own Exchange
authenticated the internal sender. A mark that a reply merely carries on from an
outsider's subject is the outsider's. Automatic mail does nothing. Decided once a
mailbox is read to its end, oldest mail first: the order of delivery plays no part.
"""

from dataclasses import dataclass
from datetime import timedelta

from crm_core import audit, clock, database, events
from crm_core.email_addresses import Internal
from crm_core.errors import CrmError
from crm_core.fields import to_text
from crm_core.linking import holds, keywords, links
from crm_core.mail import quarantine
from crm_core.models import (
    Dmarc,
    Entry,
    LinkReason,
    Message,
    Subtag,
    SubtagKeyword,
    SuggestionReason,
)
from crm_core.polling import mailboxes
from crm_core.records import entries, merged
from crm_core.tags import classification
from crm_core.threads.conversations import linked_entries, mid
from crm_core.threads.review_cases import open_review

BUDGET_PER_HOUR = 30  # effects per mailbox: bounds what a stolen mailbox can do


@dataclass(frozen=True, slots=True)
class Act:
    """One mail under decision."""

    message: Message
    conversation: int
    subject: keywords.SubjectText
    staff: bool
    participants_of: frozenset[int]  # entry ids whose participants it claims to be from
    filed: bool
    mailbox: int
    slug: str
    copy: str
    folder: int
    budget: int

    @property
    def actor(self) -> str:
        """Who did it, for the log: the mailbox, never a person guessed."""
        return f"mailbox:{self.slug}"


def pending() -> list[int]:
    """Mails waiting for a decision, oldest first."""
    rows = database.execute(
        "SELECT w.message_id FROM keyword_work w JOIN message m "
        "ON m.id = w.message_id ORDER BY m.sent_at, m.id"
    )
    return [int(row[0]) for row in rows]


def decide(message_id: int, token_prefix: str, budget: int = BUDGET_PER_HOUR) -> bool:
    """Decide about one mail, in the caller's transaction; whether it had an effect.

    ``budget``: effects a mailbox may have in an hour; the rest waits in quarantine.
    """
    database.require_transaction()
    database.execute("DELETE FROM keyword_work WHERE message_id = ?", (message_id,))
    act = _act(message_id, token_prefix, budget)
    if act is None or act.message.automatic:
        return False
    return any(
        [_tokens(act, token_prefix), _keyword(act, token_prefix), _category(act)]
    )


def _act(message_id: int, token_prefix: str, budget: int) -> Act | None:
    message = Message.get_or_none(Message.id == message_id)
    copies = database.execute(
        "SELECT c.sent, c.filed, c.mailbox_id, b.slug, c.external_id, c.folder_id "
        "FROM message_copy c JOIN mailbox b ON b.id = c.mailbox_id "
        "WHERE c.message_id = ? AND c.private = 0 ORDER BY c.sent DESC, c.id",
        (message_id,),
    )
    if not isinstance(message, Message) or not copies:
        return None
    internal = mailboxes.internal()
    sent = any(row[0] for row in copies)
    claimed = frozenset(a for a in (message.from_address, message.sender) if a)
    first = copies[0]
    return Act(
        message=message,
        conversation=_conversation(message_id),
        subject=keywords.parse(message.subject, token_prefix),
        staff=message.from_address in internal
        and (sent or message.authenticated)
        and message.dmarc is not Dmarc.FAIL,
        participants_of=_entries_of(claimed, internal)
        if message.dmarc is not Dmarc.FAIL
        else frozenset(),
        filed=any(row[1] for row in copies),
        mailbox=first[2],
        slug=first[3],
        copy=first[4],
        folder=first[5],
        budget=budget,
    )


def _conversation(message_id: int) -> int:
    rows = database.execute(
        "SELECT conversation_id FROM message WHERE id = ?", (message_id,)
    )
    return int(rows[0][0])


def _entries_of(claimed: frozenset[str], internal: Internal) -> frozenset[int]:
    """Entries in which every claimed sender takes part (none for internal ones)."""
    found: set[int] | None = None
    for address in claimed:
        if address in internal:
            return frozenset()
        rows = database.execute(
            "SELECT p.entry_id FROM participant p JOIN address_email e "
            "ON e.address_id = p.address_id WHERE e.email = ? "
            "UNION SELECT p.entry_id FROM participant p JOIN address_domain d "
            "ON d.address_id = p.address_id WHERE d.domain = ?",
            (address, address.rpartition("@")[2]),
        )
        mine = {int(row[0]) for row in rows}
        found = mine if found is None else found & mine
    return frozenset(found or ())


# --- tokens -----------------------------------------------------------------------


def _tokens(act: Act, token_prefix: str) -> bool:
    subject = act.subject
    numbered = merged.by_number(
        [*subject.tokens, *subject.bare, *subject.quoted_tokens]
    )
    for number in (*act.subject.bare, *act.subject.quoted_tokens):
        reason = (
            SuggestionReason.BARE_TOKEN
            if number in act.subject.bare
            else SuggestionReason.QUOTED_TOKEN
        )
        if number in numbered:
            suggest(act, reason, entry=numbered[number])
    named = [(n, numbered[n]) for n in act.subject.tokens if n in numbered]
    if len(act.subject.tokens) > 1:
        open_review(
            act.message.id,
            "two_tokens",
            [act.conversation],
            "the subject names several entries",
        )
        return False
    return any(_token(act, *one, token_prefix) for one in named)


def _token(act: Act, number: int, entry: Entry, token_prefix: str) -> bool:
    own = act.staff and not _carried_on(act, token_prefix, number=number)
    if not own and entry.id not in act.participants_of:
        suggest(act, SuggestionReason.OUTSIDE_TOKEN, entry=entry)
        return False
    return _link(act, entry, LinkReason.TOKEN, f"[{token_prefix}-{number}]")


def _carried_on(
    act: Act, token_prefix: str, *, number: int | None = None, word: str | None = None
) -> bool:
    """Whether a mail that this one answers, not written by staff, had the mark.

    A participant's token is no outsider's: it links by itself.
    """
    if not act.subject.is_reply:
        return False
    keys = {
        bytes(row[0])
        for row in database.execute(
            "SELECT key FROM message_key WHERE message_id = ?", (act.message.id,)
        )
    }
    internal = mailboxes.internal()
    for internet_id, subject, from_address, authenticated, sent in database.execute(
        "SELECT m.internet_id, m.subject, m.from_address, m.authenticated, EXISTS "
        "(SELECT 1 FROM message_copy c WHERE c.message_id = m.id AND c.sent = 1) "
        "FROM message m WHERE m.conversation_id = ? AND m.id <> ?",
        (act.conversation, act.message.id),
    ):
        if internet_id is None or mid(internet_id) not in keys:
            continue
        if from_address in internal and (authenticated or sent):
            continue
        said = keywords.parse(subject, token_prefix)
        if number in (*said.tokens, *said.bare, *said.quoted_tokens):
            return True
        if word is not None and word in said.keywords:
            return True
    return False


# --- keywords ---------------------------------------------------------------------


def _keyword(act: Act, token_prefix: str) -> bool:  # noqa: PLR0911 - a rule a line
    words = {
        row.keyword: row.subtag
        for row in SubtagKeyword.select(SubtagKeyword, Subtag)
        .join(Subtag)
        .where(SubtagKeyword.keyword.in_(list(act.subject.keywords) or [""]))
        if classification.is_active(row.subtag)
    }
    if not words or linked_entries([act.conversation]):
        return False
    word = next(w for w in act.subject.keywords if w in words)
    subtag = words[word]
    if not act.staff or _carried_on(act, token_prefix, word=word):
        suggest(act, SuggestionReason.OUTSIDE_KEYWORD, subtag=subtag, detail=f"#{word}")
        return False
    if len({s.id for s in words.values()}) > 1:
        return suggest(act, SuggestionReason.AMBIGUOUS_COUNTERPART, subtag=subtag)
    counterparts = _counterparts(act)
    if len(counterparts) != 1:
        return suggest(
            act,
            SuggestionReason.AMBIGUOUS_COUNTERPART,
            subtag=subtag,
            detail=f"{len(counterparts)} known counterparts",
        )
    if _ever_removed(act.conversation):
        return suggest(act, SuggestionReason.REMOVED_BEFORE, subtag=subtag)
    if _over_budget(act):
        return False
    title = keywords.without_marks(act.subject.topic, token_prefix) or subtag.name
    title = title[: entries.LONGEST_TITLE]
    try:
        entry = entries.create(counterparts[0], subtag.key, title, actor=act.actor)
    except CrmError:  # the subtag demands fields that a subject cannot give
        return suggest(act, SuggestionReason.AMBIGUOUS_COUNTERPART, subtag=subtag)
    return links.link_mail(
        entry,
        act.message,
        reason=LinkReason.KEYWORD,
        actor=act.actor,
        evidence=f"#{word}",
    )


def _counterparts(act: Act) -> list[int]:
    """Known addresses among the external parties of the mail."""
    internal = mailboxes.internal()
    rows = database.execute(
        "SELECT DISTINCT email FROM message_address WHERE message_id = ?",
        (act.message.id,),
    )
    outside = [row[0] for row in rows if row[0] not in internal]
    owners = database.select_in(
        "SELECT address_id FROM address_email WHERE email IN ({marks})", outside
    ) + database.select_in(
        "SELECT address_id FROM address_domain WHERE domain IN ({marks})",
        {email.rpartition("@")[2] for email in outside},
    )
    return sorted({int(row[0]) for row in owners})


def _ever_removed(conversation: int) -> bool:
    rows = database.execute(
        "SELECT 1 FROM entry_mail em JOIN message m ON m.id = em.anchor_id "
        "WHERE em.removed_at IS NOT NULL AND m.conversation_id = ? LIMIT 1",
        (conversation,),
    )
    return bool(rows)


# --- category ---------------------------------------------------------------------


def _category(act: Act) -> bool:
    if not act.filed:
        return _release_category(act)
    if linked_entries([act.conversation]):
        return False
    rows = database.select_in(
        "SELECT DISTINCT p.entry_id FROM participant p JOIN entry e "
        "ON e.id = p.entry_id WHERE e.status = 'open' AND p.address_id IN ({marks})",
        _counterparts(act),
    )
    if len(rows) != 1:
        return suggest(act, SuggestionReason.CATEGORY)
    entry = Entry.get_by_id(rows[0][0])
    return _link(act, entry, LinkReason.CATEGORY, "CRM")


def _release_category(act: Act) -> bool:
    """The category was taken away: links made by it, and only those, go."""
    gone = database.execute(
        "SELECT id, entry_id FROM entry_mail WHERE anchor_id = ? "
        "AND reason = 'category' AND removed_at IS NULL",
        (act.message.id,),
    )
    for link, entry in gone:
        database.execute("DELETE FROM entry_mail WHERE id = ?", (link,))
        audit.record(
            act.actor,
            "mail_unlinked",
            f"message:{act.message.id}",
            entry=Entry.get_by_id(entry),
            detail="category removed",
        )
        events.follow("mail_unlinked", int(entry), message=act.message.id)
    if gone:
        holds.settle([act.conversation])
    return bool(gone)


# --- shared -----------------------------------------------------------------------


def _link(act: Act, entry: Entry, reason: LinkReason, evidence: str) -> bool:
    if links.active_links(entry.id, act.conversation):
        return False
    if links.was_removed(entry.id, act.conversation):
        return suggest(act, SuggestionReason.REMOVED_BEFORE, entry=entry)
    if _over_budget(act):
        return False
    database.execute(
        "UPDATE suggestion SET closed_at = ?, closed_by = ? WHERE message_id = ? "
        "AND entry_id = ? AND closed_at IS NULL",
        (to_text(clock.now()), act.actor, act.message.id, entry.id),
    )
    return links.link_mail(
        entry, act.message, reason=reason, actor=act.actor, evidence=evidence
    )


def _over_budget(act: Act) -> bool:
    since = to_text(clock.now() - timedelta(hours=1))
    ((used,),) = database.execute(
        "SELECT count(*) FROM entry_mail WHERE linked_by = ? AND linked_at > ? "
        "AND reason IN ('token', 'keyword', 'category')",
        (act.actor, since),
    )
    if used < act.budget:
        return False
    quarantine.put(
        act.mailbox,
        act.folder,
        [
            quarantine.Rejected(
                act.copy,
                "",
                quarantine.KEYWORD_BUDGET,
                f"more than {act.budget} keyword effects an hour",
                act.message.internet_id,
            )
        ],
    )
    return True


def suggest(
    act: Act,
    reason: SuggestionReason,
    *,
    entry: Entry | None = None,
    subtag: Subtag | None = None,
    detail: str = "",
) -> bool:
    """Offer it to a person; the same offer is made once, even if it was refused."""
    made = database.execute(
        "SELECT 1 FROM suggestion WHERE message_id = ? AND reason = ? "
        "AND coalesce(entry_id, 0) = ? AND coalesce(subtag_id, 0) = ?",
        (
            act.message.id,
            reason.value,
            entry.id if entry else 0,
            subtag.id if subtag else 0,
        ),
    )
    if not made:
        database.execute(
            "INSERT INTO suggestion (message_id, entry_id, subtag_id, reason, detail, "
            "made_at) VALUES (?, ?, ?, ?, ?, ?)",
            (
                act.message.id,
                entry.id if entry else None,
                subtag.id if subtag else None,
                reason.value,
                detail,
                to_text(clock.now()),
            ),
        )
    return False
