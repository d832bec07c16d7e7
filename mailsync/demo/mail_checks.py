"""What is not as it must be with a mail: compared, never assumed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crm_core.models import Hold, LinkReason
from mailsync.demo.facts import Records, StoredMail
from mailsync.demo.feed import StoryMail
from mailsync.demo.stage import Stage
from mailsync.demo.voice import Said


@dataclass(frozen=True, slots=True)
class Expected:
    """How a mail must end. ``entry`` is a name of the plot; None = in no entry.

    ``opens``: the mail's keyword opens that entry.
    """

    entry: str | None = None
    hold: Hold | None = None
    new_sender: bool = False
    reason: LinkReason = LinkReason.REPLY
    opens: bool = False


UNASSIGNED = Expected()


def undelivered(stage: Stage, mail: StoryMail) -> list[Said]:
    """The copies that the sandbox's ledger does not know of."""
    there = Counter(
        one.mailbox for one in stage.outside.ledger().delivered(mail.message_id)
    )
    lacking = Counter(mail.places) - there
    return [
        Said(f"im Exchange nicht zugestellt: {place}", f"not delivered: {place}")
        for place in lacking
    ]


def wrong_threads(
    records: Records, truth: Mapping[str, str], mails: Iterable[StoryMail]
) -> list[Said]:
    """Mails that are apart although they belong together, or the other way round.

    ``truth`` names the thread of every Message-ID. Pure.
    """
    wrong = []
    for mail in mails:
        mine = records.mails[mail.message_id].conversation
        there = {one.message_id for one in records.conversation(mine)}
        together = {
            id_
            for id_, thread in truth.items()
            if thread == mail.thread and id_ in records.mails
        }
        if there & truth.keys() != together:
            wrong.append(
                Said(
                    f"Unterhaltung {mine} stimmt nicht ({mail.thread})",
                    f"conversation {mine} is wrong ({mail.thread})",
                )
            )
    return wrong


def missing_copies(stage: Stage, mail: StoryMail, found: StoredMail) -> list[Said]:
    """The places that are read and of which no copy is stored."""
    lacking = Counter(stage.read_places(mail)) - Counter(found.copies)
    return [
        Said(f"keine Kopie aus {place}", f"no copy of {place}") for place in lacking
    ]


def wrong_entry(stage: Stage, expected: Expected, found: StoredMail) -> list[Said]:
    """How the mail's entry differs from what the plot expects."""
    if expected.entry is None:
        if not found.entries:
            return []
        numbers = ", ".join(f"CRM-{one.number}" for one in found.entries)
        return [Said(f"in {numbers} statt in keinem", f"in {numbers} instead of none")]
    number = stage.entries.get(expected.entry)
    has = found.entry(number) if number is not None else None
    if has is None:
        return [Said(f"nicht im Eintrag ({number})", f"not in the entry ({number})")]
    is_so = _state(has.hold, has.reason, new_sender=has.new_sender)
    wanted = _state(expected.hold, expected.reason, new_sender=expected.new_sender)
    if is_so == wanted:
        return []
    return [
        Said(f"im Eintrag «{is_so}» statt «{wanted}»", f"“{is_so}”, not “{wanted}”")
    ]


def _state(hold: Hold | None, reason: LinkReason, *, new_sender: bool) -> str:
    words = [hold.value if hold else "shown", reason.value]
    return ", ".join([*words, "new sender"] if new_sender else words)
