"""Why a mail is in an entry, held back from it, or offered: a code and its values.

Every link kind, every hold and every suggestion has a code here; pages turn it into a
sentence in the reader's language. A reply names what makes it one, judged afresh from
the stored evidence, so that the order of delivery plays no part:

    its parent is here          «Antwort auf E-Mail vom 02.11. (Message-ID)»
    a mail here answers it      «E-Mail vom 03.11. antwortet darauf (Message-ID)»
    shares an id in References  «gleiche Unterhaltung (Message-ID)»
    shares a Thread-Index       «gleiche Unterhaltung (Thread-Index, meier@kunde.example)»
    shares the server's thread  «gleiche Unterhaltung (Exchange, meier@kunde.example)»
    none of these (merged)      «gleiche Unterhaltung»
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm_core import database
from crm_core.email_addresses import Internal
from crm_core.fields import from_text
from crm_core.models import EntryMail, Hold, LinkReason, SuggestionReason
from crm_core.polling import mailboxes
from crm_core.queries import actors
from crm_core.threads.conversations import CID, GUID, MID, mid


class ReasonCode(StrEnum):
    """What the sentence says; the values it needs are named beside it."""

    MANUAL = "manual"  # by
    TOKEN = "token"  # evidence, by
    KEYWORD = "keyword"  # evidence, by
    CATEGORY = "category"  # by
    SUGGESTION = "suggestion"  # by
    REPLY = "reply"  # at: of the mail it answers
    ANSWERED = "answered"  # at: of the mail that answers it
    SAME_REFERENCES = "same_references"
    SAME_THREAD_INDEX = "same_thread_index"  # evidence: the address it is bound to
    SAME_SERVER_THREAD = "same_server_thread"  # evidence: likewise
    SAME_CONVERSATION = "same_conversation"

    HELD_UNCONFIRMED_SENDER = "held_unconfirmed_sender"
    HELD_INTERNAL_ONLY = "held_internal_only"
    HELD_OTHER_CUSTOMER = "held_other_customer"  # name: of the other customer
    HELD_MASS_MAIL = "held_mass_mail"
    HELD_AMBIGUOUS_SENDER = "held_ambiguous_sender"
    EXCLUDED = "excluded"

    ONLY_OPEN_ENTRY = "only_open_entry"  # name: who takes part there
    SIMILAR_SUBJECT = "similar_subject"  # name
    DOCUMENT_NUMBER = "document_number"  # evidence: the number
    OUTSIDE_TOKEN = "outside_token"  # evidence
    BARE_TOKEN = "bare_token"
    QUOTED_TOKEN = "quoted_token"
    OUTSIDE_KEYWORD = "outside_keyword"  # evidence
    AMBIGUOUS_COUNTERPART = "ambiguous_counterpart"
    REMOVED_BEFORE = "removed_before"
    FILED = "filed"  # has the Outlook category, but no single entry fits

    PARTICIPANT_EMAIL = "participant_email"  # name, evidence: the e-mail address
    PARTICIPANT_DOMAIN = "participant_domain"  # name, evidence: the domain


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and the values of its sentence; what a code does not need is empty."""

    code: ReasonCode
    by: str = ""  # as people call them
    at: datetime | None = None
    evidence: str = ""
    name: str = ""


OF_HOLD: Mapping[Hold, ReasonCode] = {
    Hold.EXCLUDED: ReasonCode.EXCLUDED,
    Hold.UNCONFIRMED_SENDER: ReasonCode.HELD_UNCONFIRMED_SENDER,
    Hold.INTERNAL_ONLY: ReasonCode.HELD_INTERNAL_ONLY,
    Hold.OTHER_CUSTOMER: ReasonCode.HELD_OTHER_CUSTOMER,
    Hold.MASS_MAIL: ReasonCode.HELD_MASS_MAIL,
    Hold.AMBIGUOUS_SENDER: ReasonCode.HELD_AMBIGUOUS_SENDER,
}
OF_SUGGESTION: Mapping[SuggestionReason, ReasonCode] = {
    SuggestionReason.OUTSIDE_TOKEN: ReasonCode.OUTSIDE_TOKEN,
    SuggestionReason.BARE_TOKEN: ReasonCode.BARE_TOKEN,
    SuggestionReason.QUOTED_TOKEN: ReasonCode.QUOTED_TOKEN,
    SuggestionReason.OUTSIDE_KEYWORD: ReasonCode.OUTSIDE_KEYWORD,
    SuggestionReason.AMBIGUOUS_COUNTERPART: ReasonCode.AMBIGUOUS_COUNTERPART,
    SuggestionReason.REMOVED_BEFORE: ReasonCode.REMOVED_BEFORE,
    SuggestionReason.CATEGORY: ReasonCode.FILED,
}


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail of a conversation, as far as its reason needs it."""

    id: int
    conversation: int
    own: bytes | None
    parent: bytes | None
    sent_at: datetime
    sender: str | None


def of_entry(entry_id: int) -> dict[int, Reason]:
    """Why each mail of the entry is there, by mail id; held ones included.

    A mail that is held has the reason of its place in the conversation too; why it is
    held is ``of_holds``. Eight queries, however many mails there are.
    """
    links = list(
        EntryMail.select().where(
            EntryMail.entry == entry_id, EntryMail.removed_at.is_null()
        )
    )
    by_hand = database.execute(
        "SELECT message_id, by, at FROM entry_mail_verdict WHERE entry_id = ? "
        "AND verdict = 'include'",
        (entry_id,),
    )
    named = actors.names(
        [*(link.linked_by for link in links), *(r[1] for r in by_hand)]
    )
    anchors = {
        link.anchor_id: Reason(
            ReasonCode(link.reason.value),
            by=named.get(link.linked_by, ""),
            at=link.linked_at,
            evidence=link.evidence,
        )
        for link in links
        if link.reason is not LinkReason.REPLY
    }
    single = {
        int(message): Reason(ReasonCode.MANUAL, by=named.get(by, ""), at=from_text(at))
        for message, by, at in by_hand
    }
    return {**of_replies(anchors), **single, **anchors}


def of_replies(anchors: Iterable[int]) -> dict[int, Reason]:
    """Why the other mails of these mails' conversations belong to them."""
    rows = database.select_in(
        "SELECT DISTINCT m.id, m.conversation_id, m.internet_id, m.parent, m.sent_at, "
        "m.sender FROM message a JOIN message m ON m.conversation_id = "
        "a.conversation_id WHERE a.id IN ({marks})",
        anchors,
    )
    members: dict[int, list[_Mail]] = {}
    for row in rows:
        mail = _mail(row)
        members.setdefault(mail.conversation, []).append(mail)
    stored = _Stored([mail.id for group in members.values() for mail in group])
    found: dict[int, Reason] = {}
    for group in members.values():
        thread = _Thread(group, stored)
        found |= {mail.id: thread.reason(mail) for mail in group}
    return found


def of_hold(hold: Hold, names: Iterable[str] = ()) -> Reason:
    """Why a mail is offered instead of shown; ``names`` are the other customer's."""
    return Reason(OF_HOLD[hold], name=", ".join(dict.fromkeys(names)))


def _mail(row: tuple[Any, ...]) -> _Mail:
    id_, conversation, internet_id, parent, sent_at, sender = row
    return _Mail(
        int(id_),
        int(conversation),
        None if internet_id is None else mid(internet_id),
        None if parent is None else bytes(parent),
        from_text(sent_at),
        sender,
    )


class _Stored:
    """The keys and parties of the mails, read once."""

    def __init__(self, mails: list[int]) -> None:
        self.keys: dict[int, list[tuple[bytes, str]]] = {}
        for message, key, kind in database.select_in(
            "SELECT message_id, key, kind FROM message_key WHERE message_id IN "
            "({marks}) ORDER BY message_id, key",
            mails,
        ):
            self.keys.setdefault(int(message), []).append((bytes(key), kind))
        self.parties: dict[int, set[str]] = {}
        for message, email in database.select_in(
            "SELECT message_id, email FROM message_address WHERE message_id IN "
            "({marks})",
            mails,
        ):
            self.parties.setdefault(int(message), set()).add(email)
        self.internal: Internal = mailboxes.internal()

    def common_party(self, mail: _Mail, other: _Mail) -> str:
        """The outside address that binds the two; a sender's before a recipient's."""
        common = self.parties.get(mail.id, set()) & self.parties.get(other.id, set())
        outside = sorted(party for party in common if party not in self.internal)
        first = [a for a in (mail.sender, other.sender) if a in outside]
        return next(iter([*first, *outside]), "")


class _Thread:
    """One conversation: who answers whom, and who shares which key."""

    def __init__(self, group: list[_Mail], stored: _Stored) -> None:
        self._stored = stored
        self._own: dict[bytes, _Mail] = {}
        self._answers: dict[bytes, _Mail] = {}
        self._holders: dict[bytes, list[_Mail]] = {}
        for mail in sorted(group, key=lambda m: (m.sent_at, m.id)):
            if mail.own is not None:
                self._own.setdefault(mail.own, mail)
            if mail.parent is not None:
                self._answers.setdefault(mail.parent, mail)
            for key, _kind in stored.keys.get(mail.id, ()):
                self._holders.setdefault(key, []).append(mail)

    def reason(self, mail: _Mail) -> Reason:
        """What makes this mail a member."""
        parent = self._own.get(mail.parent) if mail.parent is not None else None
        if parent is not None and parent.id != mail.id:
            return Reason(ReasonCode.REPLY, at=parent.sent_at)
        answer = self._answers.get(mail.own) if mail.own is not None else None
        if answer is not None and answer.id != mail.id:
            return Reason(ReasonCode.ANSWERED, at=answer.sent_at)
        return self._by_shared_key(mail)

    def _by_shared_key(self, mail: _Mail) -> Reason:
        keys = self._stored.keys.get(mail.id, [])
        for wanted, code in (
            (MID, ReasonCode.SAME_REFERENCES),
            (GUID, ReasonCode.SAME_THREAD_INDEX),
            (CID, ReasonCode.SAME_SERVER_THREAD),
        ):
            for key in (key for key, kind in keys if kind == wanted):
                other = next((o for o in self._holders[key] if o.id != mail.id), None)
                if other is None:
                    continue
                bound = wanted in (GUID, CID)
                named = self._stored.common_party(mail, other) if bound else ""
                return Reason(code, at=other.sent_at, evidence=named)
        return Reason(ReasonCode.SAME_CONVERSATION)
