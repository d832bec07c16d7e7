"""Deciding about mail that nobody has placed: accept, wave off, look inside, held mail.

Every act checks that the viewer sees the mail and may change the entry; what is hidden
does not exist (NotFound). Each is one line in the log. What a person decides here is
pinned like any other decision of a person (``links``).
"""

from datetime import timedelta

from crm_core import audit, clock, database
from crm_core.access.viewer import Viewer
from crm_core.errors import Conflict, Forbidden, Invalid, NotFound
from crm_core.fields import to_text
from crm_core.linking import holds, links
from crm_core.mail import content
from crm_core.models import (
    Entry,
    IgnoredSender,
    LinkReason,
    Message,
    Right,
    Visibility,
)
from crm_core.queries import actors, triage
from crm_core.records import entries
from crm_core.threads.conversations import linked_entries

CONTENT_SHOWN_FOR = timedelta(hours=24)


def accept(viewer: Viewer, message_id: int, number: int) -> Entry:
    """Link the mail's conversation to the entry, as offered.

    The link's reason is «suggestion» if the entry was offered for this mail, else it is
    a link by hand. Raises Conflict if somebody has placed the mail elsewhere meanwhile;
    placed in this entry already, nothing changes.
    """
    database.require_transaction()
    entry = viewer.entry(number, write=True)
    message = visible(viewer, message_id)
    if links.active_links(entry.id, _conversation(message)):
        return entry
    _refuse_placed(message)
    offered = triage.item(viewer, message_id)
    codes = {
        offer.number: offer.reason.code.value
        for offer in (offered.suggestions if offered else ())
    }
    links.link_mail(
        entry,
        message,
        reason=LinkReason.SUGGESTION if number in codes else LinkReason.MANUAL,
        actor=viewer.actor,
        evidence=codes.get(number, ""),
    )
    close_suggestions(message, actor=viewer.actor)
    return entry


def ignore(viewer: Viewer, message_id: int) -> None:
    """The conversation as it stands needs no entry; a later mail of it waits again."""
    database.require_transaction()
    message = visible(viewer, message_id)
    database.execute(
        "UPDATE message SET ignored_at = ?, ignored_by = ? "
        "WHERE conversation_id = ? AND ignored_at IS NULL",
        (to_text(clock.now()), viewer.actor, _conversation(message)),
    )
    holds.settle([_conversation(message)])
    audit.record(viewer.actor, "mail_ignored", f"message:{message.id}")


def consider_again(viewer: Viewer, message_id: int) -> None:
    """Take ``ignore`` back."""
    database.require_transaction()
    message = visible(viewer, message_id)
    database.execute(
        "UPDATE message SET ignored_at = NULL, ignored_by = NULL "
        "WHERE conversation_id = ?",
        (_conversation(message),),
    )
    holds.settle([_conversation(message)])
    audit.record(viewer.actor, "mail_considered_again", f"message:{message.id}")


def ignore_sender(viewer: Viewer, message_id: int) -> str:
    """Mail of this mail's sender never waits again; whose that is.

    Raises Invalid if the mail names no readable sender.
    """
    database.require_transaction()
    message = visible(viewer, message_id)
    email = message.sender or message.from_address
    if email is None:
        raise Invalid("sender", "required", "the mail names no sender")
    database.execute(
        "INSERT INTO ignored_sender (email, by, at) VALUES (?, ?, ?) "
        "ON CONFLICT (email) DO NOTHING",
        (email, viewer.actor, to_text(clock.now())),
    )
    audit.record(viewer.actor, "sender_ignored", f"message:{message.id}")
    return email


def heed_sender(viewer: Viewer, email: str) -> None:
    """Take ``ignore_sender`` back; an e-mail address not ignored: nothing changes.

    Whoever ignored it may, else it needs the right to master data (Forbidden).
    """
    database.require_transaction()
    ignored = IgnoredSender.get_or_none(IgnoredSender.email == email)
    if not isinstance(ignored, IgnoredSender) or ignored.by != viewer.actor:
        viewer.require(Right.MASTER_DATA)
    gone = database.execute_count(
        "DELETE FROM ignored_sender WHERE email = ?", (email,)
    )
    if gone:
        audit.record(viewer.actor, "sender_heeded", "ignored_sender")


def want_content(viewer: Viewer, message_id: int) -> None:
    """Have the mail's content fetched and kept for 24 hours; asking again prolongs it.

    Raises Forbidden where the viewer sees the subject only, Conflict where the mailbox
    keeps nothing but head data.
    """
    database.require_transaction()
    message = visible(viewer, message_id)
    if viewer.grades([message_id])[message_id] is not Visibility.FULL:
        raise Forbidden("of this mail you may see the subject only")
    if not content.may_be_kept(message_id):
        raise Conflict("of this mailbox only head data is kept")
    until = clock.now() + CONTENT_SHOWN_FOR
    database.execute(
        "UPDATE message SET body_wanted_until = ?, body_wanted_by = ? WHERE id = ?",
        (to_text(until), viewer.actor, message_id),
    )
    audit.record(viewer.actor, "content_wanted", f"message:{message.id}")


def include(viewer: Viewer, number: int, message_id: int) -> None:
    """Show a held mail in the entry after all; pinned.

    Raises NotFound unless the entry holds the mail.
    """
    entry, message = _held(viewer, number, message_id)
    links.link_mail(
        entry, message, reason=LinkReason.MANUAL, actor=viewer.actor, evidence="held"
    )


def add_participant_and_include(
    viewer: Viewer, number: int, message_id: int, address_id: int
) -> None:
    """«Beteiligten hinzufügen und verlinken»: the sender takes part from now on.

    Raises NotFound unless the entry holds the mail or if there is no such address.
    """
    entry, message = _held(viewer, number, message_id)
    entries.add_participant(entry, address_id, actor=viewer.actor)
    links.link_mail(
        entry, message, reason=LinkReason.MANUAL, actor=viewer.actor, evidence="held"
    )


def exclude(viewer: Viewer, number: int, message_id: int) -> None:
    """«Nicht verlinken»: not shown in this entry and not offered again.

    Raises NotFound unless the entry holds the mail.
    """
    entry, message = _held(viewer, number, message_id)
    links.unlink_message(entry, message, actor=viewer.actor)


def visible(viewer: Viewer, message_id: int) -> Message:
    """The mail; NotFound unless the viewer sees at least its subject."""
    found = Message.get_or_none(Message.id == message_id)
    grade = viewer.grades([message_id])[message_id]
    if not isinstance(found, Message) or grade is Visibility.NONE:
        raise NotFound("there is no mail {number}", number=message_id)
    return found


def close_suggestions(message: Message, *, actor: str) -> None:
    """The question where the mail's conversation belongs is answered."""
    database.execute(
        "UPDATE suggestion SET closed_at = ?, closed_by = ? WHERE closed_at IS NULL "
        "AND message_id IN (SELECT id FROM message WHERE conversation_id = ?)",
        (to_text(clock.now()), actor, _conversation(message)),
    )


def _held(viewer: Viewer, number: int, message_id: int) -> tuple[Entry, Message]:
    database.require_transaction()
    entry = viewer.entry(number, write=True)
    message = visible(viewer, message_id)
    rows = database.execute(
        "SELECT 1 FROM entry_mail_state WHERE entry_id = ? AND message_id = ? "
        "AND hold IS NOT NULL AND hold <> 'excluded'",
        (entry.id, message_id),
    )
    if not rows:
        raise NotFound(
            "entry {number} does not hold this mail back any more", number=number
        )
    return entry, message


def _refuse_placed(message: Message) -> None:
    conversation = _conversation(message)
    placed = linked_entries([conversation]).get(conversation)
    if not placed:
        return
    rows = database.execute(
        "SELECT em.linked_by FROM entry_mail em JOIN message m ON m.id = em.anchor_id "
        "WHERE m.conversation_id = ? AND em.removed_at IS NULL "
        "ORDER BY em.linked_at DESC LIMIT 1",
        (conversation,),
    )
    by = rows[0][0]
    raise Conflict(
        "this mail has just been linked by {name}", name=actors.names([by])[by]
    )


def _conversation(message: Message) -> int:
    rows = database.execute(
        "SELECT conversation_id FROM message WHERE id = ?", (message.id,)
    )
    return int(rows[0][0])
