"""Goal G11: what one link decision costs over few mails and over many.

Timed is the product's own code, reading only, for a mail that answers a thread: its
keys, is it known (dedupe), which conversation do its keys name, which entries show
that, and who of the conversation is shown there. One mail alone is the worst case;
ingest decides about a page at once, and that is timed as well, per mail.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench import crowd
from bench.company import INTERNAL
from bench.corpus import MAILBOX
from bench.crowd import THREAD, Member
from bench.worker import serve
from crm_core import database
from crm_core.email_addresses import Internal
from crm_core.linking import holds
from crm_core.mail import messages
from crm_core.mail.incoming import IncomingMail
from crm_core.models import Dmarc
from crm_core.threads.conversations import Threader, keys_for

LINKED_SHARE = 0.2
PAGE = 100
_NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_INTERNAL = Internal.of([INTERNAL], [MAILBOX])


def measure(folder: str, rows: int, samples: int, pages: int) -> dict[str, float]:
    """Build the database, decide; µs of CPU: p50 and p99 alone and per mail of a page."""
    path = Path(folder) / f"crowd{rows}.db"
    begin = time.perf_counter()
    crowd.build(path, rows)
    built = time.perf_counter() - begin
    dice = Random(rows)
    _timed([[_answer(rows, dice)] for _ in range(samples // 4)])  # warm
    alone = _timed([[_answer(rows, dice)] for _ in range(samples)])
    linked = _timed([[_answer(rows, dice, linked=True)] for _ in range(samples // 4)])
    whole = _timed([[_answer(rows, dice) for _ in range(PAGE)] for _ in range(pages)])
    size = path.stat().st_size
    database.close()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    paged = [one / PAGE for one in whole]
    return {
        "rows": rows,
        "build_seconds": built,
        "bytes": size / rows,
        "alone_p50": median(alone),
        "alone_p99": _p99(alone),
        "linked_p50": median(linked),
        "linked_p99": _p99(linked),
        "page_p50": median(paged),
        "page_p99": _p99(paged),
    }


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def _timed(batches: Sequence[Sequence[IncomingMail]]) -> list[float]:
    """µs of CPU for each batch; one transaction each, as in ingest."""
    spent = []
    for mails in batches:
        with database.transaction():
            before = time.thread_time_ns()
            decide(mails)
            spent.append((time.thread_time_ns() - before) / 1000)
    return spent


def decide(mails: Sequence[IncomingMail]) -> list[int]:
    """The reading half of ``messages.store`` and what ``ingest.store`` does after it."""
    keys = [keys_for(mail, MAILBOX, _INTERNAL) for mail in mails]
    messages._known_messages(mails, keys)
    threader = Threader(keys)
    found = [threader.place(one, _NOW).conversation for one in keys]
    holds.settle(found)
    return found


def _answer(rows: int, dice: Random, *, linked: bool = False) -> IncomingMail:
    """A new mail that answers a random thread, four parties, up to eight ids cited."""
    if linked or dice.random() < LINKED_SHARE:
        thread = dice.choice(crowd.linked_threads(rows))
    else:
        thread = dice.randint(1, rows // THREAD)
    cited = [Member((thread - 1) * THREAD + 1 + place) for place in range(THREAD)]
    asked = cited[0]
    number = dice.getrandbits(48)
    return IncomingMail(
        external_id=f"new{number}",
        change_key="",
        internet_id=f"new.{number}@kunde.example",
        in_reply_to=(cited[-1].internet_id,),
        references=tuple(one.internet_id for one in cited),
        guids=(dice.randbytes(16),),
        server_thread=None,
        subject=f"AW: Motorboot {thread}",
        from_name="",
        from_address=asked.customer,
        sender=asked.customer,
        reply_to=(),
        to=(MAILBOX,),
        cc=tuple(email for role, email in asked.others if role == "cc"),
        bcc=(),
        stated_at=_NOW,
        received_at=_NOW,
        size=5000,
        item_class="IPM.Note",
        has_attachments=False,
        sent=False,
        authenticated=False,
        automatic=False,
        confidential=False,
        dmarc=Dmarc.NONE,
    )


if __name__ == "__main__":
    serve({"measure": measure})
