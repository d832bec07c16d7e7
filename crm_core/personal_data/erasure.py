"""Erasing for good: one person, or everything that came from one mailbox.

Of a person go: every mail in which the person is named, with its copies' ids, parties,
keys, text and attachments; the address's details, e-mail addresses and domains; the
name and addresses in texts of others. What stays: an empty address (entries need one),
the entries, tasks and documents without the name, the log. Tombstones (keyed digests)
keep the mails from coming in again, wherever they lie.

Nothing of it can be undone. ``crm_core.personal_data.scrubbing`` then sees to the bytes
on the disk.
"""

from dataclasses import dataclass

from crm_core import audit, clock, database, search
from crm_core.errors import Conflict
from crm_core.fields import to_text
from crm_core.linking import holds
from crm_core.mail import content, expired_copies, known_parties, tombstones
from crm_core.mail.forgetting import forget
from crm_core.models import Address, AddressRole, Findable, Mailbox
from crm_core.personal_data import redaction
from crm_core.personal_data.persons import Person, messages_of, outside
from crm_core.personal_data.redaction import MARK
from crm_core.polling.mailboxes import internal
from crm_core.threads import rethreading


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed, or would remove."""

    mails: int = 0
    shared: int = 0  # of them, mails that name other outsiders too
    linked: int = 0  # of them, mails that entries show
    texts: int = 0  # rows of others' texts that were changed
    blobs: tuple[str, ...] = ()  # files of attachments that no mail names any more


def preview(person: Person) -> Erased:
    """What ``erase`` would remove; nothing changes. Raises like it."""
    mails = messages_of(outside(person))
    texts = redaction.affected([*person.emails, *words_of(person)])
    return Erased(len(mails), _shared(mails, person), _linked(mails), texts)


def erase(person: Person, *, actor: str) -> Erased:
    """Erase the person. Raises Conflict for one of the company's own addresses.

    In one transaction; the log says that and how much, not whom.
    """
    database.require_transaction()
    told, files = preview(person), _files()
    mails, entries = messages_of(person), _entries_of(person)
    words = [*person.emails, *words_of(person)]
    search.compact()  # removing from few pieces is cheap
    _erase_mails(mails)
    _empty(person)
    texts = redaction.redact(words)
    _forget_deliveries(words)
    redaction.write_again(_tasks_of(entries))
    search.compact()
    audit.record(actor, "person_erased", person.subject, detail=f"{len(mails)} mails")
    gone = tuple(sorted(files - _files()))
    return Erased(told.mails, told.shared, told.linked, texts, gone)


def preview_mailbox(mailbox: Mailbox) -> Erased:
    """What ``erase_mailbox`` would remove; nothing changes."""
    mails = _only_in(mailbox)
    return Erased(mails=len(mails), linked=_linked(mails))


def erase_mailbox(mailbox: Mailbox, *, actor: str) -> Erased:
    """Everything that came from this mailbox alone; mails with a copy elsewhere stay.

    Raises Conflict while the mailbox is still read: take it out of the list first.
    """
    database.require_transaction()
    if mailbox.enabled:
        raise Conflict(
            "the mailbox {mailbox} is still being read: remove it from the list first",
            mailbox=mailbox.name,
        )
    told, files = preview_mailbox(mailbox), _files()
    mails = _only_in(mailbox)
    stays = [
        int(row[0])
        for row in database.execute(
            "SELECT DISTINCT message_id FROM message_copy WHERE mailbox_id = ? "
            "AND message_id IS NOT NULL",
            (mailbox.id,),
        )
    ]
    search.compact()
    _erase_mails(mails)
    for table in ("message_copy", "quarantined_change"):
        database.execute(f"DELETE FROM {table} WHERE mailbox_id = ?", (mailbox.id,))
    database.execute(
        "UPDATE mail_folder SET token = NULL, caught_up_at = NULL WHERE mailbox_id = ?",
        (mailbox.id,),
    )
    rethreading.rebuild(sorted(set(stays) - set(mails)))
    search.compact()
    audit.record(
        actor, "mailbox_erased", f"mailbox:{mailbox.id}", detail=f"{len(mails)} mails"
    )
    gone = tuple(sorted(files - _files()))
    return Erased(told.mails, linked=told.linked, blobs=gone)


# --- mails ------------------------------------------------------------------------


def _files() -> set[str]:
    rows = database.execute(
        "SELECT DISTINCT sha256 FROM attachment WHERE sha256 IS NOT NULL"
    )
    return {row[0] for row in rows}


def _erase_mails(mails: list[int]) -> None:
    """Remove these mails and remember them."""
    tombstones.put(mails)
    remove(mails)


def remove(mails: list[int]) -> None:
    """Remove these mails, placed by people or not; no mailbox is kept from them.

    A link whose anchor goes is held by another mail of its conversation.
    """
    conversations = [
        int(row[0])
        for row in database.select_in(
            "SELECT DISTINCT conversation_id FROM message WHERE id IN ({marks})", mails
        )
    ]
    _move_anchors(mails)
    for sql in (
        "DELETE FROM entry_mail WHERE anchor_id IN ({marks})",
        "DELETE FROM entry_mail_verdict WHERE message_id IN ({marks})",
    ):
        database.update_in(sql, mails)
    expired_copies.put(mails)
    forget(mails)
    left = [
        int(row[0])
        for row in database.select_in(
            "SELECT id FROM conversation WHERE id IN ({marks})", set(conversations)
        )
    ]
    holds.settle(left)
    content.drop_unwanted(left)


def _move_anchors(mails: list[int]) -> None:
    """A link whose anchor goes is held by another mail of the same conversation."""
    going = set(mails)
    for link, entry, anchor in database.select_in(
        "SELECT em.id, em.entry_id, em.anchor_id FROM entry_mail em "
        "WHERE em.anchor_id IN ({marks})",
        mails,
    ):
        rows = database.execute(
            "SELECT o.id FROM message m JOIN message o "
            "ON o.conversation_id = m.conversation_id WHERE m.id = ? "
            "AND NOT EXISTS (SELECT 1 FROM entry_mail x WHERE x.anchor_id = o.id "
            "AND x.entry_id = ?) ORDER BY o.sent_at, o.id",
            (anchor, entry),
        )
        heir = next((int(row[0]) for row in rows if int(row[0]) not in going), None)
        if heir is not None:
            database.execute(
                "UPDATE entry_mail SET anchor_id = ? WHERE id = ?", (heir, link)
            )


def _shared(mails: list[int], person: Person) -> int:
    ours, theirs = internal(), set(person.emails)
    others = {
        int(message)
        for message, email in database.select_in(
            "SELECT message_id, email FROM message_address WHERE message_id IN "
            "({marks})",
            mails,
        )
        if email not in ours and email not in theirs
    }
    return len(others)


def _linked(mails: list[int]) -> int:
    rows = database.select_in(
        "SELECT DISTINCT m.id FROM message m JOIN message a "
        "ON a.conversation_id = m.conversation_id JOIN entry_mail em "
        "ON em.anchor_id = a.id AND em.removed_at IS NULL WHERE m.id IN ({marks})",
        mails,
    )
    return len({row[0] for row in rows})


def _only_in(mailbox: Mailbox) -> list[int]:
    rows = database.execute(
        "SELECT DISTINCT c.message_id FROM message_copy c WHERE c.mailbox_id = ? "
        "AND c.message_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message_copy o "
        "WHERE o.message_id = c.message_id AND o.mailbox_id <> c.mailbox_id)",
        (mailbox.id,),
    )
    return sorted(int(row[0]) for row in rows)


# --- the address ------------------------------------------------------------------


def words_of(person: Person) -> list[str]:
    """What of the address is taken out of the texts of others, beside its e-mails."""
    if person.address is None:
        return []
    row = Address.get_by_id(person.address)
    digits = "".join(c for c in row.phone if c.isdigit())
    return [row.name, row.phone, digits, row.street]


def _empty(person: Person) -> None:
    """The address stays as a row without anything; entries still have a participant."""
    for email in person.emails:
        database.execute("DELETE FROM ignored_sender WHERE email = ?", (email,))
    if person.address is None:
        return
    gone = {
        column: [
            row[0]
            for row in database.execute(
                f"DELETE FROM {table} WHERE address_id = ? RETURNING {column}",
                (person.address,),
            )
        ]
        for table, column in (("address_email", "email"), ("address_domain", "domain"))
    }
    known_parties.mark_named(gone["email"], gone["domain"])
    now = to_text(clock.now())
    database.execute(
        "UPDATE address SET name = ?, role = ?, number = NULL, company = '', "
        "street = '', zip_code = '', city = '', phone = '', remark = '', "
        "updated_at = ?, gone_at = ? WHERE id = ?",
        (MARK, AddressRole.OTHER.value, now, now, person.address),
    )
    search.refresh(Findable.ADDRESS, [person.address])
    holds.settle_address(person.address)


def _entries_of(person: Person) -> list[int]:
    if person.address is None:
        return []
    rows = database.execute(
        "SELECT entry_id FROM participant WHERE address_id = ?", (person.address,)
    )
    return [int(row[0]) for row in rows]


def _tasks_of(entries: list[int]) -> list[int]:
    """Their copies in mailboxes name the participants."""
    rows = database.select_in(
        "SELECT DISTINCT t.id FROM task t JOIN task_mirror m ON m.task_id = t.id "
        "WHERE t.status <> 'cancelled' AND t.entry_id IN ({marks})",
        entries,
    )
    return sorted(int(row[0]) for row in rows)


def _forget_deliveries(words: list[str]) -> None:
    """What was or is to be sent to programs, answers kept for repeated requests, and
    every file of addresses under import: whom one names is not told by searching it.
    """
    database.execute("DELETE FROM address_import")
    place = "strpos" if database.is_postgres() else "instr"
    for word in (one for one in words if len(one) >= redaction.SHORTEST):
        for table, column in (
            ("webhook_delivery", "body"),
            ("idempotency_key", "answer"),
        ):
            database.execute(
                f"DELETE FROM {table} WHERE {place}({column}, ?) > 0", (word,)
            )
