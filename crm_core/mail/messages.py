"""Storing a page of mail: one ``Message`` per mail, one copy per place.

``store`` is idempotent by unique keys: the same page twice changes nothing. It runs
in the caller's transaction together with the page's sync token. Rows are written by
prepared batch statements and looked up by one IN query per batch.

Two mails with one Message-ID are one mail only if sender, date and subject agree
(``conversations.fingerprint``); else the later one is stored too and flagged. Whether
the texts agree as well is compared afterwards, see ``crm_core.mail.content``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b

from crm_core import database, search
from crm_core.email_addresses import Internal
from crm_core.fields import to_text
from crm_core.linking import keywords
from crm_core.mail import known_parties
from crm_core.mail.incoming import IncomingBody, IncomingMail
from crm_core.models.mail import Dmarc, PartyRole
from crm_core.models.search import Findable
from crm_core.threads.conversations import (
    Keys,
    Placement,
    Threader,
    fingerprint,
    keys_for,
    parties,
    visible_parties,
    voided_guids,
)
from crm_core.threads.review_cases import open_bridge

MOST_ADDRESSES = 500  # stored per mail; more is a broadcast


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page comes from and by which rules it is read."""

    mailbox: int
    address: str
    folder: int
    sweep: int
    internal: Internal
    token_prefix: str = "CRM"
    quiet_before: datetime | None = None  # older mail does nothing by its subject


@dataclass(slots=True)
class Stored:
    """What a page changed: new mails, further copies, conversations touched."""

    new: list[int] = field(default_factory=list)
    copies: int = 0
    conversations: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Rows:
    """Rows of one page, waiting for their batch statement."""

    messages: list[tuple[object, ...]] = field(default_factory=list)
    addresses: list[tuple[int, str, str]] = field(default_factory=list)
    keys: list[tuple[object, ...]] = field(default_factory=list)
    copies: list[tuple[object, ...]] = field(default_factory=list)
    bodies: list[tuple[int, IncomingBody]] = field(default_factory=list)
    keyword_work: list[tuple[int]] = field(default_factory=list)
    compare_work: list[tuple[int]] = field(default_factory=list)
    reviews: list[tuple[int, Placement]] = field(default_factory=list)
    raised: list[tuple[object, ...]] = field(default_factory=list)
    found_by: list[search.Line] = field(default_factory=list)
    named_anew: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """A mail that a further copy may turn out to be one of."""

    id: int
    conversation: int
    parties: bytes | None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A new mail and where it landed."""

    id: int
    mail: IncomingMail
    keys: Keys
    fingerprint: bytes
    placement: Placement
    id_conflict: bool
    parties: bytes | None


def store(place: Place, mails: Sequence[IncomingMail], at: datetime) -> Stored:
    """Store the mails of a page; returns what changed. Raises only database errors."""
    database.require_transaction()
    if not mails:
        return Stored()
    all_keys = _keys(place, mails)
    known = _known_messages(mails, all_keys)
    taken = {internet_id for internet_id, _ in known if internet_id is not None}
    threader = Threader(all_keys)
    fresh_ids = iter(database.new_ids("message", len(mails)))
    rows, placed = _Rows(), []
    for mail, keys in zip(mails, all_keys, strict=True):
        print_ = fingerprint(mail)
        message = known.get((mail.internet_id, print_))
        if message is None:
            new = next(fresh_ids)
            placement = threader.place(keys, mail.received_at)
            conflict = mail.internet_id in taken
            named = _digest_of_parties(mail)
            placed.append(_Placed(new, mail, keys, print_, placement, conflict, named))
            message = _Known(new, placement.conversation, named)
            known[mail.internet_id, print_] = message
            if mail.internet_id is not None:
                taken.add(mail.internet_id)
        else:
            _another_copy(rows, place, message.id, mail)
            extended = threader.extend(keys, message.conversation, mail.received_at)
            _further_keys(rows, message.id, keys, extended)
            hidden = _hidden_rows(message.id, mail)
            rows.addresses += hidden
            rows.named_anew += [message.id] if hidden else []
        _copy_row(rows, place, message, mail)
    threader.flush()
    for one in placed:
        conversation = threader.present(one.placement.conversation)
        _message_rows(rows, place, one, conversation, at)
    _write(rows)
    return Stored(
        new=[one.id for one in placed],
        copies=len(mails) - len(placed),
        conversations=_conversations(row[5] for row in rows.copies),
    )


def _keys(place: Place, mails: Sequence[IncomingMail]) -> list[Keys]:
    forms = voided_guids()
    if forms:
        mails = [
            replace(mail, guids=tuple(guid for guid in mail.guids if guid not in forms))
            for mail in mails
        ]
    return [keys_for(mail, place.address, place.internal) for mail in mails]


def _known_messages(
    mails: Sequence[IncomingMail], keys: Sequence[Keys]
) -> dict[tuple[str | None, bytes], _Known]:
    ids = {mail.internet_id for mail in mails if mail.internet_id is not None}
    rows = database.select_in(
        "SELECT internet_id, fingerprint, id, conversation_id, parties FROM message "
        "WHERE internet_id IN ({marks}) ORDER BY id DESC",
        ids,
    )
    nameless = [
        key.own
        for key, mail in zip(keys, mails, strict=True)
        if mail.internet_id is None
    ]
    rows += database.select_in(
        "SELECT m.internet_id, m.fingerprint, m.id, m.conversation_id, m.parties "
        "FROM conversation_key k "
        "JOIN message m ON m.conversation_id = k.conversation_id "
        "WHERE m.internet_id IS NULL AND k.key IN ({marks})",
        nameless,
    )
    return {
        (row[0], bytes(row[1])): _Known(row[2], row[3], row[4] and bytes(row[4]))
        for row in rows
    }


def _digest_of_parties(mail: IncomingMail) -> bytes | None:
    """Of the parties that the mail's rows name; None where they are not all there."""
    if (
        len(mail.reply_to) + len(mail.to) + len(mail.cc) + len(mail.bcc)
        >= MOST_ADDRESSES
    ):
        return None
    named = "\n".join(visible_parties(mail)).encode("utf-8", "surrogatepass")
    return blake2b(named, digest_size=16).digest()


def _own_parties(mail: IncomingMail, message: _Known) -> str | None:
    """What its compound keys are bound to, where the mail's rows do not say it."""
    if not mail.guids and mail.server_thread is None:
        return None
    hidden = mail.sent and mail.bcc
    if not hidden and message.parties == _digest_of_parties(mail) is not None:
        return None
    return "\n".join(parties(mail))


def _copy_row(rows: _Rows, place: Place, message: _Known, mail: IncomingMail) -> None:
    rows.copies.append(
        (
            place.mailbox,
            place.folder,
            mail.external_id,
            mail.change_key,
            place.sweep,
            message.id,
            int(mail.sent),
            mail.content_digest,
            int(mail.filed),
            b"".join(mail.guids) or None,
            mail.server_thread,
            _own_parties(mail, message),
        )
    )
    if mail.filed and not _is_quiet(place, mail):
        rows.keyword_work.append((message.id,))


def _another_copy(rows: _Rows, place: Place, message: int, mail: IncomingMail) -> None:
    """A further copy may vouch for the sender, or tell that it is forged."""
    rows.compare_work.append((message,))
    _decide_keywords(rows, place, message, mail)
    if mail.authenticated or mail.dmarc is not Dmarc.NONE:
        rows.raised.append(
            (int(mail.authenticated), mail.dmarc.value, mail.dmarc.value, message)
        )


def _further_keys(rows: _Rows, message: int, keys: Keys, placement: Placement) -> None:
    """What a further copy says about the thread is evidence as well."""
    rows.keys += [(message, key, kind) for key, kind in keys.all]
    if placement.refused:
        rows.reviews.append((message, placement))


def _message_rows(
    rows: _Rows, place: Place, new: _Placed, conversation: int, at: datetime
) -> None:
    mail, message = new.mail, new.id
    rows.messages.append(
        (
            message,
            mail.internet_id,
            new.fingerprint,
            conversation,
            mail.subject,
            mail.from_name,
            mail.from_address,
            mail.sender,
            to_text(mail.stated_at or mail.received_at),
            to_text(mail.received_at),
            mail.size,
            mail.item_class,
            int(mail.has_attachments),
            int(mail.automatic),
            int(mail.confidential),
            mail.dmarc.value,
            int(mail.authenticated),
            int(new.id_conflict),
            new.keys.parent,
            new.placement.joined_by,
            new.parties,
            f"{at.astimezone(UTC):%Y-%m-%d}",
            None if mail.body is None else to_text(at),
            int(not mail.automatic),
        )
    )
    rows.keys += [(message, key, kind) for key, kind in new.keys.all]
    named = _address_rows(message, mail)
    rows.addresses += named
    head = search.head(mail.subject, mail.from_name, [email for *_, email in named])
    rows.found_by.append(search.mail_line(message, head))
    if mail.body is not None:
        rows.bodies.append((message, mail.body))
        rows.found_by.append(search.body_line(message, head, mail.body.text))
    if new.placement.refused:
        rows.reviews.append((message, new.placement))
    _decide_keywords(rows, place, message, mail)


def _decide_keywords(
    rows: _Rows, place: Place, message: int, mail: IncomingMail
) -> None:
    """Only a subject that says something is worth deciding about (2 ms a mail)."""
    if _is_quiet(place, mail):
        return
    if keywords.parse(mail.subject, place.token_prefix).says_something:
        rows.keyword_work.append((message,))


def _is_quiet(place: Place, mail: IncomingMail) -> bool:
    """Mail of former times that a back-fill brings is stored and does nothing."""
    return place.quiet_before is not None and mail.received_at < place.quiet_before


def _hidden_rows(message: int, mail: IncomingMail) -> list[tuple[int, str, str]]:
    """Only the copy in our Sent Items knows the blind copies; it may come second."""
    hidden = mail.bcc if mail.sent else ()
    rows = dict.fromkeys((message, PartyRole.BCC.value, email) for email in hidden)
    return list(rows)[:MOST_ADDRESSES]


def _address_rows(message: int, mail: IncomingMail) -> list[tuple[int, str, str]]:
    named = (
        (PartyRole.FROM.value, (mail.from_address,) if mail.from_address else ()),
        (PartyRole.REPLY_TO.value, mail.reply_to),
        (PartyRole.TO.value, mail.to),
        (PartyRole.CC.value, mail.cc),
        (PartyRole.BCC.value, mail.bcc if mail.sent else ()),
    )
    rows = dict.fromkeys(
        (message, role, email) for role, emails in named for email in emails
    )
    return list(rows)[:MOST_ADDRESSES]


def _write(rows: _Rows) -> None:
    database.execute_many(
        "INSERT INTO message (id, internet_id, fingerprint, conversation_id, subject, "
        "from_name, from_address, sender, sent_at, received_at, size, item_class, "
        "has_attachments, automatic, confidential, dmarc, authenticated, id_conflict, "
        "parent, joined_by, parties, stored_on, body_at, unassigned) VALUES (?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.messages,
    )
    database.execute_many(
        "INSERT INTO message_address (message_id, role, email) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        rows.addresses,
    )
    known_parties.mark({message for message, *_ in rows.addresses})
    database.execute_many(
        "INSERT INTO message_key (message_id, key, kind) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        rows.keys,
    )
    database.execute_many(
        "INSERT INTO message_copy (mailbox_id, folder_id, external_id, change_key, "
        "seen_sweep, message_id, sent, content_digest, filed, guids, server_thread, "
        "parties, private, digest_missing) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) "
        "ON CONFLICT (mailbox_id, external_id) DO UPDATE SET "
        "folder_id = excluded.folder_id, change_key = excluded.change_key, "
        "seen_sweep = excluded.seen_sweep, message_id = excluded.message_id, "
        "sent = excluded.sent, filed = excluded.filed, guids = excluded.guids, "
        "server_thread = excluded.server_thread, parties = excluded.parties, "
        "private = 0, digest_missing = 0, gone_at = NULL",
        rows.copies,
    )
    for table, work in (
        ("keyword_work", rows.keyword_work),
        ("compare_work", rows.compare_work),
    ):
        database.execute_many(
            f"INSERT INTO {table} (message_id) VALUES (?) ON CONFLICT DO NOTHING",
            list(dict.fromkeys(work)),
        )
    database.execute_many(
        "UPDATE message SET authenticated = max(authenticated, ?), dmarc = CASE "
        "WHEN dmarc = 'fail' OR ? = 'none' THEN dmarc ELSE ? END WHERE id = ?"
        if not database.is_postgres()
        else "UPDATE message SET authenticated = greatest(authenticated, ?), dmarc = "
        "CASE WHEN dmarc = 'fail' OR ? = 'none' THEN dmarc ELSE ? END WHERE id = ?",
        rows.raised,
    )
    _put_texts(rows.bodies)
    search.put(rows.found_by)
    search.refresh(Findable.MESSAGE, rows.named_anew)
    search.refresh(Findable.BODY, rows.named_anew)
    for message, placement in rows.reviews:
        open_bridge(message, (placement.conversation, *placement.refused))


def store_bodies(
    bodies: Iterable[tuple[int, IncomingBody]], at: datetime, *, complete: bool
) -> None:
    """Store fetched bodies; ``complete``: with HTML and attachments."""
    database.require_transaction()
    bodies = list(bodies)
    _put_texts(bodies)
    stamp = to_text(at)
    database.execute_many(
        "UPDATE message SET body_at = ?, content_at = ?, body_missing = NULL "
        "WHERE id = ?",
        [(stamp, stamp if complete else None, message) for message, _ in bodies],
    )
    search.refresh(Findable.BODY, (message for message, _ in bodies))
    if not complete:
        return
    database.execute_many(
        "DELETE FROM attachment WHERE message_id = ?", [(id_,) for id_, _ in bodies]
    )
    database.execute_many(
        "INSERT INTO attachment (message_id, position, name, content_type, content_id, "
        "inline, size, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                message, position, part.name, part.content_type, part.content_id,
                int(part.inline), part.size, part.sha256,
            )
            for message, body in bodies
            for position, part in enumerate(body.attachments)
        ],
    )  # fmt: skip


def _put_texts(bodies: Sequence[tuple[int, IncomingBody]]) -> None:
    database.execute_many(
        "INSERT INTO message_body (message_id, text, html, new_text) "
        "VALUES (?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET "
        "text = excluded.text, html = excluded.html, new_text = excluded.new_text",
        [(message, b.text, b.html, b.new_text) for message, b in bodies],
    )


def _conversations(messages: Iterable[object]) -> set[int]:
    rows = database.select_in(
        "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})",
        set(messages),
    )
    return {int(row[0]) for row in rows}
