"""How long to wait after a failure. Pure: attempts and the server's wish → seconds.

The server's wish (Retry-After, BackOffMilliseconds) counts within one second and one
hour; absent, negative or absurd wishes do not count (exchange.md §10). Otherwise the
wait doubles from attempt to attempt up to an hour, with jitter, so that what failed
together is not tried again together. What only a person can cure waits an hour.
"""

import math
from random import Random

from mailsync.errors import AuthRejected, MailboxGone, MailSyncError, Transient

FLOOR = 1.0
CAP = 3600.0
_ABSURD = 24 * CAP  # nobody asks for more than a day and means it
_JITTER = 0.25


def stops(error: MailSyncError) -> bool:
    """Whether the whole mailbox must rest until a person has acted."""
    return isinstance(error, AuthRejected | MailboxGone)


def server_wish(error: MailSyncError) -> float | None:
    """How long the server asks us to keep away, in seconds; None if it does not."""
    wish = error.retry_after if isinstance(error, Transient) else None
    if wish is None or not math.isfinite(wish) or not 0 <= wish <= _ABSURD:
        return None
    return min(max(wish, FLOOR), CAP)


def delay(attempts: int, error: MailSyncError, random: Random) -> float:
    """Seconds until attempt number ``attempts`` + 1, after ``attempts`` ≥ 1 failures.

    Never below the server's wish; the jitter only adds to it. What only a person can
    cure waits the whole hour: no account is locked by our knocking.
    """
    if stops(error):
        return CAP
    doubled = min(FLOOR * 2.0 ** min(max(attempts, 1), 16), CAP)
    wish = server_wish(error)
    if wish is not None:
        return wish * (1 + _JITTER * random.random())
    return max(FLOOR, doubled * (1 - _JITTER * random.random()))
