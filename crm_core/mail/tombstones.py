"""Mails that were erased: recognised by a keyed digest of what makes them themselves.

A mail that was moved since has another item id, so its identity counts: Message-ID and
what must be equal in two copies of one mail (``conversations.fingerprint``). The key is
the installation's; without it a digest tells nothing.

What an employee removed from the own mailbox is refused from that mailbox alone: the
same mail may be the company's in another one.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from crm_core import clock, database
from crm_core.fields import to_text
from crm_core.mail.content import digest_key
from crm_core.mail.incoming import IncomingMail
from crm_core.threads.conversations import fingerprint


def put(messages: Iterable[int], *, mailbox: int | None = None) -> None:
    """Remember these mails, which are about to be erased (or leave this mailbox)."""
    database.require_transaction()
    key, at = digest_key(), to_text(clock.now())
    rows = database.select_in(
        "SELECT internet_id, fingerprint FROM message WHERE id IN ({marks})", messages
    )
    database.execute_many(
        "INSERT INTO erased_mail (digest, erased_at) VALUES (?, ?) "
        "ON CONFLICT DO NOTHING",
        [
            (_digest(key, internet_id, bytes(print_), mailbox), at)
            for internet_id, print_ in rows
        ],
    )


def among(mails: Sequence[IncomingMail], *, mailbox: int) -> set[str]:
    """The item ids of those mails, met in this mailbox, that were erased once."""
    if not mails or not database.execute("SELECT 1 FROM erased_mail LIMIT 1"):
        return set()
    key = digest_key()
    named: dict[bytes, list[str]] = {}
    for mail in mails:
        print_ = fingerprint(mail)
        for place in (None, mailbox):
            known = _digest(key, mail.internet_id, print_, place)
            named.setdefault(known, []).append(mail.external_id)
    rows = database.select_in(
        "SELECT digest FROM erased_mail WHERE digest IN ({marks})", named
    )
    return {item for row in rows for item in named[bytes(row[0])]}


def _digest(
    key: bytes, internet_id: str | None, print_: bytes, mailbox: int | None
) -> bytes:
    whole = blake2b(key=key, digest_size=16, person=b"erased mail")
    if mailbox is not None:
        whole.update(f"from mailbox {mailbox}:".encode())
    whole.update(print_)
    whole.update((internet_id or "").encode("utf-8", "surrogatepass"))
    return whole.digest()
