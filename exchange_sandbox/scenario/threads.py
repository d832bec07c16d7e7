"""Who answers whom, as mail programs write it.

Outlook carries a Thread-Index on ([MS-OXOMSG] 2.2.1.3: 22 bytes, 5 more per answer);
web mail sets In-Reply-To and References; a phone sets References only. A company's
mailbox writes with Outlook.
"""

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from exchange_sandbox.scenario.events import Mail, Part
from exchange_sandbox.scenario.letters import Enclosure, Letter, to_mime
from exchange_sandbox.scenario.people import (
    AUTHSERV_ID,
    MAILBOXES,
    Client,
    Mailbox,
    Person,
)

Writer = Mailbox | Person

_HOSTED = {mailbox.email for mailbox in MAILBOXES}
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_PREFIX: dict[Client, str] = {"outlook": "AW: ", "web": "Re: ", "phone": "Re: "}


@dataclass(frozen=True, slots=True)
class Post:
    """A mail that was written, as far as an answer to it needs to know."""

    mail: Mail
    writer: Writer
    text: str
    references: tuple[str, ...]
    index: bytes | None


@dataclass(frozen=True, slots=True)
class Extra:
    """What is unusual about a mail; the defaults are a usual one."""

    cc: tuple[Writer, ...] = ()
    bcc: tuple[Writer, ...] = ()
    reply_to: Person | None = None
    subject: str | None = None
    client: Client | None = None
    index: bytes | None = None
    dmarc: str = "pass"
    with_html: bool | None = None
    enclosures: tuple[Enclosure, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    quotes: bool = True
    late: timedelta = timedelta()  # how long it was held up on the way


_USUAL = Extra()


@dataclass(slots=True)
class Thread:
    """One conversation; its label is the truth about who belongs together."""

    label: str
    topic: str
    subject: str
    part: Part
    seed: int
    rng: random.Random
    posts: list[Post] = field(default_factory=list)

    def write(
        self,
        name: str,
        at: datetime,
        writer: Writer,
        to: tuple[Writer, ...],
        text: str,
        extra: Extra = _USUAL,
        *,
        answers: Post | None = None,
    ) -> Post:
        """Write a mail, an answer to `answers` if given."""
        client = extra.client or _client(writer)
        references = _references(answers)
        index = extra.index or self._index(client, answers, at)
        message_id = self._message_id(name, writer)
        whole = text + _quoted(answers, client) if extra.quotes else text
        letter = Letter(
            message_id=message_id,
            date=at,
            sender=_party(writer),
            to=tuple(map(_party, to)),
            cc=tuple(map(_party, extra.cc)),
            bcc=tuple(map(_party, extra.bcc)) if isinstance(writer, Mailbox) else (),
            reply_to=_party(extra.reply_to) if extra.reply_to else None,
            subject=extra.subject or self._subject(client, answers),
            text=whole,
            in_reply_to=None if client == "phone" or not references else references[-1],
            references=references,
            thread_index=index,
            with_html=client == "outlook"
            if extra.with_html is None
            else extra.with_html,
            enclosures=extra.enclosures,
            headers=_outside(writer, at + extra.late, extra) + extra.headers,
        )
        everybody = dict.fromkeys((*to, *extra.cc, *extra.bcc))
        mail = Mail(
            name=name,
            part=self.part,
            thread=self.label,
            topic=self.topic,
            sender=writer.email,
            recipients=tuple(one.email for one in everybody),
            subject=letter.subject,
            message_id=message_id,
            received=at + extra.late,
            mailboxes=tuple(x.email for x in everybody if x.email in _HOSTED),
            submitted_by=writer.email if isinstance(writer, Mailbox) else None,
            mime=to_mime(letter),
        )
        post = Post(mail, writer, text, (*references, message_id), index)
        self.posts.append(post)
        return post

    def _message_id(self, name: str, writer: Writer) -> str:
        digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=12)
        return f"<{digest.hexdigest()}@{writer.email.rpartition('@')[2]}>"

    def _subject(self, client: Client, answers: Post | None) -> str:
        return self.subject if answers is None else _PREFIX[client] + self.subject

    def _index(
        self, client: Client, answers: Post | None, at: datetime
    ) -> bytes | None:
        if client != "outlook":
            return None
        before = next((p.index for p in reversed(self.posts) if p.index), None)
        if answers is None or before is None:
            return new_index(self.rng, at)
        return before[:22] + self.rng.randbytes(5)


def new_index(rng: random.Random, at: datetime) -> bytes:
    """Return the index of a first mail: 0x01, five bytes of FILETIME, a GUID."""
    ticks = int((at - _FILETIME_EPOCH).total_seconds()) * 10_000_000
    return b"\x01" + ticks.to_bytes(8, "big")[:5] + rng.randbytes(16)


def _client(writer: Writer) -> Client:
    return writer.client if isinstance(writer, Person) else "outlook"


def _party(writer: Writer) -> tuple[str, str]:
    return writer.name, writer.email


def _references(answers: Post | None) -> tuple[str, ...]:
    return answers.references if answers else ()


def _quoted(answers: Post | None, client: Client) -> str:
    if answers is None:
        return ""
    who, at = answers.writer, answers.mail.received
    if client == "outlook":
        head = (
            f"\n\n-----Ursprüngliche Nachricht-----\nVon: {who.name} <{who.email}>\n"
            f"Gesendet: {at:%d.%m.%Y %H:%M}\nBetreff: {answers.mail.subject}\n\n"
        )
        return head + answers.text + "\n"
    lines = "\n".join(f"> {line}" for line in answers.text.splitlines())
    return f"\n\nAm {at:%d.%m.%Y um %H:%M} schrieb {who.name}:\n{lines}\n"


def _outside(writer: Writer, at: datetime, extra: Extra) -> tuple[tuple[str, str], ...]:
    """Return what our own server adds to a mail from outside."""
    if isinstance(writer, Mailbox):
        return ()
    domain = writer.email.rpartition("@")[2]
    return (
        (
            "Received",
            f"from mx.{domain} by {AUTHSERV_ID}; {at:%a, %d %b %Y %H:%M:%S +0000}",
        ),
        (
            "Authentication-Results",
            f"{AUTHSERV_ID}; dmarc={extra.dmarc} header.from={domain}",
        ),
    )
