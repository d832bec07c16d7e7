"""How a mailbox fares, written by whoever talked to its server.

``stop`` is for what only a person can cure; ``hold`` is the server's own wish to be left
alone for a while, which polls and pushes obey alike: at most one request per window.
"""

from datetime import datetime

from crm_core import audit
from crm_core.database import require_transaction
from crm_core.models import Mailbox, MailboxStatus

ACTOR = "mailsync"


def stop(
    mailbox_id: int, status: MailboxStatus, until: datetime, *, code: str, detail: str
) -> None:
    """Somebody must act (STOPPED or GONE); nothing is asked of it before ``until``."""
    require_transaction()
    touched = (
        Mailbox.update(
            status=status,
            status_code=code,
            status_detail=detail,
            next_attempt_at=until,
        )
        .where(Mailbox.id == mailbox_id, Mailbox.status != status)
        .execute()
    )
    if touched:
        audit.record(ACTOR, "mailbox_stopped", f"mailbox:{mailbox_id}", detail=code)


def hold(mailbox_id: int, until: datetime, *, code: str, detail: str) -> None:
    """The server asked for a pause until then; a longer one already told stays."""
    require_transaction()
    Mailbox.update(
        status=MailboxStatus.BACKING_OFF,
        status_code=code,
        status_detail=detail,
        next_attempt_at=until,
    ).where(
        Mailbox.id == mailbox_id,
        Mailbox.status.not_in([MailboxStatus.STOPPED, MailboxStatus.GONE]),
        Mailbox.next_attempt_at.is_null() | (Mailbox.next_attempt_at < until),
    ).execute()
