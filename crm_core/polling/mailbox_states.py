"""What state a mailbox is in, by its row: one judgement for pages and command line.

A state is a key of ``STATES``: a word, or the Exxx code of what was wrong last. What
people read for it is said by whoever shows it.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from crm_core.models import Mailbox, MailboxStatus

SILENT_AFTER = timedelta(minutes=15)
BEAT_STALE_AFTER = timedelta(seconds=90)
_BEATS_MISSED = 3  # a mailbox that is polled rarely is silent only after that many

STATES: Mapping[str, str] = MappingProxyType(
    {
        "new": "not read yet",
        "catching_up": "first sync going on",
        "ok": "in order",
        "incomplete": "mails are missing",
        "silent": "not read for a long time",
        "paused": "paused",
        "not_informed": "waits for the data protection notice",
        "E201": "log-in wrong",
        "E202": "service account locked",
        "E203": "password cannot be read",
        "E211": "no access: the right ApplicationImpersonation is missing",
        "E212": "no access to the folder",
        "E213": "address unknown",
        "E214": "secondary address",
        "E219": "may not be read",
        "E221": "throttled",
        "E222": "server slow",
        "E223": "not reachable",
        "E224": "mailbox is being moved",
        "E225": "syncing anew",
        "E231": "mailbox full",
        "E234": "folder missing",
        "E251": "server not found",
        "E252": "unexpected answer",
        "E253": "not supported",
        "E254": "certificate not trusted",
        "E261": "EWS is switched off there",
        "E300": "fault of this program",
    }
)


def silent_after(poll: int) -> timedelta:
    """How long nothing may be heard of a mailbox polled every ``poll`` seconds."""
    return max(SILENT_AFTER, timedelta(seconds=_BEATS_MISSED * poll))


def state_of(row: Mailbox, *, lately: bool, in_progress: bool) -> tuple[str, bool]:
    """The state's key, and whether nobody needs to act.

    ``lately``: read to its end not long ago; ``in_progress``: a full read goes on.
    """
    if row.status is MailboxStatus.NOT_INFORMED:
        return "not_informed", True
    if row.paused_at is not None:
        return "paused", True
    if row.status is MailboxStatus.NEW:
        first = in_progress and row.last_success_at is None
        return ("catching_up", True) if first else ("new", lately)
    if row.status is MailboxStatus.OK:
        return ("ok", True) if lately else ("silent", False)
    code = row.status_code if row.status_code in STATES else "E252"
    backing_off = row.status is MailboxStatus.BACKING_OFF
    return str(code), backing_off and (lately or in_progress)
