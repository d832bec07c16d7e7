"""The log of who did what and why: one line per write, append-only.

The line is written in the transaction of the write it tells about, so that neither
exists without the other. ``subject`` names the thing as ``kind:id``; no mail text.
"""

from crm_core import clock
from crm_core.database import require_transaction
from crm_core.models import AuditEvent, Entry


def record(
    actor: str,
    action: str,
    subject: str,
    *,
    entry: Entry | int | None = None,
    detail: str = "",
) -> None:
    """Write down that ``actor`` did ``action`` (a past-tense fact) to ``subject``.

    Raises RuntimeError if no transaction is open.
    """
    require_transaction()
    AuditEvent.create(
        at=clock.now(),
        actor=actor,
        action=action,
        subject=subject,
        entry=entry,
        detail=detail,
    )
