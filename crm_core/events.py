"""Telling other programs what happened: events as deliveries, in the event's transaction.

A webhook hears of an event only if the account it belongs to may read the entry, and of
a mail only if that account sees the mail at all. Bodies hold ids; texts only where the
webhook asked for content, and then only those the account may read. The form is that of
Standard Webhooks: ``type``, ``timestamp``, ``data``. Who delivers is the daemon.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crm_core import clock, database
from crm_core.access.viewer import Viewer, viewer_of
from crm_core.fields import to_text
from crm_core.models import (
    Account,
    Document,
    Employee,
    Entry,
    Message,
    MessageBody,
    Task,
    Visibility,
    Webhook,
)

_LONGEST_TEXT = 20_000  # of a mail's text in one delivery


class Event(StrEnum):
    """What a webhook may hear of."""

    ENTRY_CREATED = "entry.created"
    ENTRY_UPDATED = "entry.updated"
    ENTRY_CLOSED = "entry.closed"
    EMAIL_LINKED = "email.linked"
    EMAIL_UNLINKED = "email.unlinked"
    EMAIL_HELD = "email.held"
    TASK_CREATED = "task.created"
    TASK_UPDATED = "task.updated"
    TASK_COMPLETED = "task.completed"
    TASK_DRIFT = "task.drift"
    TASK_PUSH_FAILED = "task.push_failed"
    DOCUMENT_LINKED = "document.linked"


# What stands in the log, and what other programs are told of it.
OF_ACTION: Mapping[str, Event] = {
    "entry_created": Event.ENTRY_CREATED,
    "entry_updated": Event.ENTRY_UPDATED,
    "entry_waiting": Event.ENTRY_UPDATED,
    "entry_reopened": Event.ENTRY_UPDATED,
    "participant_added": Event.ENTRY_UPDATED,
    "participant_removed": Event.ENTRY_UPDATED,
    "note_added": Event.ENTRY_UPDATED,
    "entry_absorbed": Event.ENTRY_UPDATED,
    "entry_closed": Event.ENTRY_CLOSED,
    "entry_merged": Event.ENTRY_CLOSED,
    "mail_linked": Event.EMAIL_LINKED,
    "mail_unlinked": Event.EMAIL_UNLINKED,
    "conversation_unlinked": Event.EMAIL_UNLINKED,
    "task_assigned": Event.TASK_CREATED,
    "task_edited": Event.TASK_UPDATED,
    "task_reassigned": Event.TASK_UPDATED,
    "task_reopened": Event.TASK_UPDATED,
    "task_cancelled": Event.TASK_UPDATED,
    "task_completed": Event.TASK_COMPLETED,
    "drift_seen": Event.TASK_DRIFT,
    "mirror_parked": Event.TASK_PUSH_FAILED,
    "document_linked": Event.DOCUMENT_LINKED,
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: what, in which entry, and to which of its things. ``reason``: of a
    link, a hold or a drift.
    """

    event: Event
    entry: int  # id
    message: int | None = None
    task: int | None = None
    document: int | None = None
    reason: str = ""


def follow(
    action: str,
    entry: Entry | int,
    *,
    message: int | None = None,
    task: int | None = None,
    document: int | None = None,
    reason: str = "",
) -> None:
    """Tell what an action of the log means to other programs, if anything."""
    event = OF_ACTION.get(action)
    if event is not None:
        id_ = entry if isinstance(entry, int) else entry.id
        tell([Happened(event, id_, message, task, document, reason)])


def tell(happenings: Iterable[Happened]) -> int:
    """Write a delivery for every webhook that may hear of it; how many.

    One query where no webhook listens.
    """
    told = list(happenings)
    if not told:
        return 0
    database.require_transaction()
    count = 0
    for hook in Webhook.select().where(Webhook.active == 1).order_by(Webhook.id):
        wanted = set(hook.events.split())
        heard = [one for one in told if one.event.value in wanted]
        viewer = _viewer(hook.account) if heard else None
        if viewer is not None:
            count += _write(hook, viewer, heard)
    return count


def mails_arrived(messages: Iterable[int], folder: int) -> int:
    """Tell of new mails of linked conversations: shown, or held back; how many times.

    Nothing is told while the folder is read for the first time: that is no news.
    """
    if not _anybody_listens() or not _followed(folder):
        return 0
    rows = database.select_in(
        "SELECT DISTINCT em.entry_id, m.id, s.hold FROM message m "
        "JOIN message a ON a.conversation_id = m.conversation_id "
        "JOIN entry_mail em ON em.anchor_id = a.id AND em.removed_at IS NULL "
        "LEFT JOIN entry_mail_state s ON s.entry_id = em.entry_id "
        "AND s.message_id = m.id WHERE m.id IN ({marks})",
        messages,
    )
    return tell(
        Happened(
            Event.EMAIL_LINKED if hold is None else Event.EMAIL_HELD,
            int(entry),
            message=int(message),
            reason=hold or "reply",
        )
        for entry, message, hold in sorted(rows, key=lambda row: row[:2])
        if hold != "excluded"
    )


def conversation_linked(entry: int, conversation: int) -> int:
    """Tell which mails of a conversation that was just linked are held back."""
    if not _anybody_listens():
        return 0
    rows = database.execute(
        "SELECT s.message_id, s.hold FROM entry_mail_state s "
        "JOIN message m ON m.id = s.message_id WHERE s.entry_id = ? "
        "AND m.conversation_id = ? AND s.hold <> 'excluded' ORDER BY s.message_id",
        (entry, conversation),
    )
    return tell(
        Happened(Event.EMAIL_HELD, entry, message=int(message), reason=hold)
        for message, hold in rows
    )


def _anybody_listens() -> bool:
    return bool(database.execute("SELECT 1 FROM webhook WHERE active = 1 LIMIT 1"))


def _followed(folder: int) -> bool:
    rows = database.execute(
        "SELECT 1 FROM mail_folder WHERE id = ? AND caught_up_at IS NOT NULL",
        (folder,),
    )
    return bool(rows)


def envelope(event: str, data: Mapping[str, object]) -> str:
    """The body of a delivery."""
    said = {"type": event, "timestamp": to_text(clock.now()), "data": dict(data)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def new_message_id() -> str:
    """The id of one delivery, the same in every attempt."""
    return f"msg_{secrets.token_urlsafe(18)}"


def _viewer(account_id: int) -> Viewer | None:
    account = Account.get_or_none(Account.id == account_id)
    if not isinstance(account, Account) or not account.active:
        return None
    employee: Employee = account.employee
    return viewer_of(employee) if employee.active else None


def _write(hook: Webhook, viewer: Viewer, heard: Iterable[Happened]) -> int:
    now = to_text(clock.now())
    rows = []
    for one in heard:
        data = _data(one, viewer, include_content=bool(hook.include_content))
        if data is not None:
            body = envelope(one.event.value, data)
            rows.append((hook.id, new_message_id(), one.event.value, body, now, now))
    database.execute_many(
        "INSERT INTO webhook_delivery (webhook_id, message_id, event, body, made_at, "
        "attempts, next_attempt_at) VALUES (?, ?, ?, ?, ?, 0, ?)",
        rows,
    )
    return len(rows)


def _data(
    one: Happened, viewer: Viewer, *, include_content: bool
) -> dict[str, object] | None:
    """What may be told; None: not even that it happened."""
    entry = Entry.get_or_none(Entry.id == one.entry)
    if not isinstance(entry, Entry) or not viewer.sees(entry):
        return None
    data: dict[str, object] = {"entry": entry.number}
    if one.reason:
        data["reason"] = one.reason
    if include_content:
        data |= {"title": entry.title, "status": entry.status.value}
    if one.message is not None:
        grade = viewer.grades([one.message])[one.message]
        if grade is Visibility.NONE:
            return None
        data |= _of_message(one.message, grade, include_content=include_content)
    if one.task is not None:
        data |= _of_task(one.task, include_content=include_content)
    if one.document is not None:
        data |= _of_document(one.document, include_content=include_content)
    return data


def _of_message(
    message_id: int, grade: Visibility, *, include_content: bool
) -> dict[str, object]:
    message = Message.get_by_id(message_id)
    data: dict[str, object] = {
        "message": message.id,
        "conversation": message.conversation_id,
    }
    if include_content:
        data |= {
            "message_id": message.internet_id and f"<{message.internet_id}>",
            "subject": message.subject,
            "sender": message.sender,
            "received_at": to_text(message.received_at),
        }
        body = MessageBody.get_or_none(MessageBody.message == message_id)
        if grade is Visibility.FULL and body is not None:
            data["text"] = body.text[:_LONGEST_TEXT]
    return data


def _of_task(task_id: int, *, include_content: bool) -> dict[str, object]:
    task = Task.get_by_id(task_id)
    data: dict[str, object] = {"task": task.id}
    if include_content:
        data |= {
            "task_title": task.title,
            "employee": task.employee.key,
            "task_status": task.status.value,
        }
    return data


def _of_document(document_id: int, *, include_content: bool) -> dict[str, object]:
    document = Document.get_by_id(document_id)
    data: dict[str, object] = {"kind": document.kind.value, "number": document.number}
    if include_content:
        data["document_title"] = document.title
    return data
