"""Mails as ingest hands them over, a company to store them in, and the reference.

``Letter`` is one copy of one mail in one mailbox. ``deliver`` stores letters through
the product's own ``messages.store``; ``reference_partition`` says, by an algorithm of
its own that shares nothing with the product, which mails are one conversation.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, permutations
from random import Random

from crm_core import database, verify
from crm_core.linking import holds
from crm_core.mail import messages
from crm_core.mail.incoming import IncomingMail
from crm_core.models import Access, Keep, Mailbox, MailboxKind, MailFolder
from crm_core.models.mail import InternalOnly
from crm_core.polling import mailboxes
from crm_core.tags import classification
from crm_core.tags.classification import SubtagSpec, TagGroupSpec, TagSpec

DOMAIN = "werft.example"
WERKSTATT = f"werkstatt@{DOMAIN}"
VERKAUF = f"verkauf@{DOMAIN}"
KELLER = f"keller@{DOMAIN}"
MAILBOXES = (WERKSTATT, VERKAUF, KELLER)
ACTOR = "test"
_BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

Partition = frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A copy of a mail in a mailbox. ``number`` names the mail whose copy it is."""

    number: str
    mailbox: str
    mail: IncomingMail


def letter(
    number: str,
    mailbox: str,
    sender: str,
    *to: str,
    id: str | None = "",  # noqa: A002 - reads best where it is called
    subject: str | None = None,
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
    answers: Sequence[str] = (),
    references: Sequence[str] = (),
    guid: bytes | None = None,
    thread: bytes | None = None,
    reply_to: str | None = None,
    at: int = 0,
) -> Letter:
    """A letter; Message-ID and subject are made of ``number`` unless given."""
    sent = sender == mailbox
    mail = IncomingMail(
        external_id=f"{number} in {mailbox}{' sent' if sent else ''}",
        change_key="1",
        internet_id=f"{number}@mail.example" if id == "" else id,
        in_reply_to=tuple(answers),
        references=tuple(references),
        guids=() if guid is None else (guid,),
        server_thread=thread,
        subject=number if subject is None else subject,
        from_name=number,  # by which ``partition`` names it; no key is made of it
        from_address=sender,
        sender=reply_to or sender,
        reply_to=() if reply_to is None else (reply_to,),
        to=to,
        cc=tuple(cc),
        bcc=tuple(bcc),
        stated_at=_BEGIN + timedelta(minutes=at),
        received_at=_BEGIN + timedelta(minutes=at),
        size=1000,
        item_class="IPM.Note",
        has_attachments=False,
        sent=sent,
        authenticated=sender.endswith(f"@{DOMAIN}"),
        automatic=False,
        confidential=False,
    )
    return Letter(number, mailbox, mail)


# --- the company -------------------------------------------------------------------


def found_company() -> None:
    """Three mailboxes with an inbox each, and one subtag, in the bound database."""
    subtags = (SubtagSpec("offerte", "Offerte", ("offerte",)),)
    groups = [
        TagGroupSpec(
            "verkauf",
            "Verkauf",
            (("GL", Access.FULL),),
            (TagSpec("boot", "Boot", subtags),),
        )
    ]
    with database.transaction():
        configure((DOMAIN,))
        classification.import_taxonomy(groups, actor=ACTOR)
        for mailbox in Mailbox.select():
            MailFolder.create(mailbox=mailbox, role="inbox", name="inbox")


def configure(domains: Collection[str]) -> mailboxes.Mirrored:
    """The three mailboxes, and these internal domains; needs a transaction."""
    return mailboxes.mirror(
        [
            mailboxes.MailboxSettings(
                address=address,
                server="main",
                kind=MailboxKind.SHARED,
                keep=Keep.LINKED,
                internal_only=InternalOnly.SUGGEST,
            )
            for address in MAILBOXES
        ],
        domains,
        today=date(2026, 11, 24),
        actor=ACTOR,
    )


def deliver(letters: Iterable[Letter]) -> None:
    """Store letters as pages of one mailbox each, in the order given.

    Needs an open transaction, as the page's own would be.
    """
    folders = {
        folder.mailbox.address: folder for folder in MailFolder.select().join(Mailbox)
    }
    internal = mailboxes.internal()
    for address, page in groupby(letters, key=lambda one: one.mailbox):
        folder = folders[address]
        stored = messages.store(
            messages.Place(folder.mailbox_id, address, folder.id, 0, internal),
            [one.mail for one in page],
            _BEGIN,
        )
        holds.settle(stored.conversations)


def partition() -> Partition:
    """The stored conversations as sets of letter numbers."""
    found: dict[int, set[str]] = defaultdict(set)
    for conversation, number in database.execute(
        "SELECT conversation_id, from_name FROM message"
    ):
        found[conversation].add(number)
    return frozenset(map(frozenset, found.values()))


class Undone(Exception):
    """Raised at the end of a trial, so that its transaction leaves nothing."""

    def __init__(self, found: Partition) -> None:
        self.partition = found


def trial(order: Iterable[Letter]) -> Partition:
    """What this order of delivery comes to; nothing of it stays stored."""
    try:
        with database.transaction():
            deliver(order)
            assert verify.verify() == []
            raise Undone(partition())
    except Undone as undone:
        return undone.partition


def orders(letters: Sequence[Letter], most: int = 24) -> list[list[Letter]]:
    """Every order of few letters, or ``most`` random ones of many."""
    if len(letters) <= 4:
        return [list(order) for order in permutations(letters)]
    random = Random(22)
    return [random.sample(letters, len(letters)) for _ in range(most)]


# --- the reference -----------------------------------------------------------------


def reference_partition(
    letters: Sequence[Letter],
    domains: Collection[str] = (DOMAIN,),
    voided: Collection[object] = (),
) -> Partition:
    """Connected components of mails that share evidence, by the written rules.

    ``voided`` is evidence that joins nothing: as ``evidence`` gives it, or a GUID.
    """
    known: dict[object, set[str]] = defaultdict(set)
    for one in letters:
        for said in evidence(one, domains):
            if said not in voided and not ("guid" in said and said[1] in voided):
                known[said].add(one.number)
    groups: dict[str, set[str]] = {one.number: {one.number} for one in letters}
    for together in known.values():
        merged = set[str]().union(*(groups[number] for number in together))
        for number in merged:
            groups[number] = merged
    return frozenset(map(frozenset, groups.values()))


def evidence(
    one: Letter, domains: Collection[str] = (DOMAIN,)
) -> set[tuple[object, ...]]:
    """What this copy says about its thread."""
    mail = one.mail
    found: set[tuple[object, ...]] = {("copy of", one.number)}
    cited = {mail.internet_id, *mail.in_reply_to, *mail.references} - {None}
    found |= {("id", value) for value in cited}
    hidden = mail.bcc if mail.sent else ()
    everybody = {mail.sender, *mail.to, *mail.cc, *hidden}
    outside = {a for a in everybody if a and not _is_ours(a, domains)}
    for party in outside or {"all of them ours"}:
        found |= {("guid", guid, party) for guid in mail.guids}
        if mail.server_thread is not None:
            found.add(("thread", one.mailbox, mail.server_thread, party))
    return found


def _is_ours(address: str, domains: Collection[str]) -> bool:
    return address.rpartition("@")[2] in domains or address in MAILBOXES
