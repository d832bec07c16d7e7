"""Skeleton lines → a company with mailboxes, and mails with words: synthetic mail.

Topology, times, client traits and disorder are real; everything a person could read is
invented here. The most active persons of a list are its staff and have mailboxes, the
list itself is a shared mailbox, everybody else is outside. A mail lies in the Sent
Items of the colleague who wrote it and in the Inbox of everyone it was sent to.

Recipients, up to the number the skeleton states: the person answered, the outsider
whose matter it is, the shared mailbox, whoever took part so far; then people of the
list drawn by how active they are, who stay copied in from then on. The outsider and the
shared mailbox are there even where the number is too small for both, since on the real
list both got every mail. Every fourth mail between a colleague and others leaves the
shared mailbox out, so that no mailbox has it all.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from hashlib import blake2b
from itertools import islice
from random import Random

from skeletons import Skeleton, threads

STAFF = 4
_SPOKEN = "ba be bo da do du fa fi ga go ha ka ke ki la le lo ma mi mo na ne no"
_SAID = (
    "Anker Bilge Boje Bug Deck Fender Fock Heck Kiel Klampe Kojen Lack Leine Luke Mast "
    "Motor Persenning Pinne Plicht Propeller Reling Ruder Rumpf Schäkel Schot Segel "
    "Slip Steg Trailer Wanten Welle Winsch Überführung Übergabe Prüfung Ölwechsel "
    "Montag Termin Anzahlung Lieferung Ersatzteil Rechnung Winterlager Frühling"
)
_SYLLABLES, _WORDS = _SPOKEN.split(), _SAID.split()


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its sender wrote it, and where it lies. ``thread`` is the truth.

    ``answers`` is the Message-ID of the mail it answers, seen or not; ``times`` counts equal skeleton lines: the same mail delivered again.
    """

    number: int
    internet_id: str
    thread: int
    sender: str
    recipients: tuple[str, ...]
    answers: str | None
    outside: frozenset[str]
    guid: str | None
    raw: bytes = field(repr=False)
    received: datetime
    sent_by: str | None
    inboxes: tuple[str, ...]
    times: int = 1

    @property
    def copies(self) -> list[str]:
        """The mailbox of each copy."""
        mine = [] if self.sent_by is None else [self.sent_by]
        return self.times * [*mine, *self.inboxes]


@dataclass(frozen=True, slots=True)
class Company:
    """A list as a company: its mailboxes and all its mail, in order of arrival."""

    name: str
    domain: str
    shared: str
    mailboxes: tuple[str, ...]
    mails: tuple[Mail, ...]
    people: dict[str, str] = field(repr=False)  # address → person

    def threads(self) -> dict[int, list[Mail]]:
        """The mails of each thread, in order of arrival."""
        found: dict[int, list[Mail]] = {}
        for mail in self.mails:
            found.setdefault(mail.thread, []).append(mail)
        return found


def company_of(lines: Sequence[Skeleton], *, staff: int = STAFF) -> Company:
    """The company of one list. Same lines, same company, to the last byte."""
    return _Founding(lines, staff).company()


# --- invented names ----------------------------------------------------------------


def _name(of: str, length: int = 3) -> str:
    """A speakable name made of a hash; the hash follows where it must be unique."""
    number = int(of, 16)
    parts = []
    for _ in range(length):
        number, place = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[place])
    return "".join(parts)


def internet_id(of: str) -> str:
    """The Message-ID of a hash, in the ways that different programs write them."""
    styles = (
        f"{of}@post.example",
        f"{of.upper()}@Relay.Example",
        f"{of[:8]}.{of[8:]}$a1@host.example",
        f"CA+{of}=x@mail.example",
    )
    return styles[int(of[0], 16) % len(styles)]


def _answered_id(line: Skeleton) -> str | None:
    """In-Reply-To says it, else the last of References (RFC 5322 §3.6.4)."""
    cited = [*line.answers, *reversed(line.references)]
    return internet_id(cited[0]) if cited else None


def _subject(line: Skeleton) -> str:
    random = Random(line.topic)
    words = random.sample(_WORDS, 3)
    prefix = "" if line.prefix is None else f"{line.prefix.title()}: "
    return f"{prefix}{' '.join(words)} {line.topic[:6]}"


def _body(line: Skeleton) -> str:
    """Words that no other line has, more of them for a bigger mail."""
    said = repr(line)
    random = Random(said)
    words = random.choices(_WORDS, k=min(12 + line.size // 500, 60))
    rows = [" ".join(words[start : start + 9]) for start in range(0, len(words), 9)]
    sign = blake2b(said.encode(), digest_size=8).hexdigest()
    return "\r\n".join(["Guten Tag", "", *rows, "", f"Zeichen {sign}", ""])


# --- mail ---------------------------------------------------------------------------


def _header(name: str, text: str) -> str:
    return f"{name}: {text}" if text.isascii() else f"{name}: {Header(text).encode()}"


def _ids(name: str, hashes: Sequence[str]) -> list[str]:
    """Folded one id a line, as long References are."""
    cited = "\r\n ".join(f"<{internet_id(one)}>" for one in hashes)
    return [f"{name}: {cited}"] if hashes else []


def _thread_index(index: tuple[str, int]) -> str:
    """[MS-OXOMSG] 2.2.1.3: 0x01, five bytes of time, the GUID, blocks of five."""
    guid, blocks = index
    whole = b"\x01" + blake2b(guid.encode(), digest_size=5).digest()
    whole += blake2b(guid.encode(), digest_size=16).digest()
    for block in range(blocks):
        whole += blake2b(f"{guid}/{block}".encode(), digest_size=5).digest()
    return base64.b64encode(whole).decode()


def _raw(line: Skeleton, sender: str, to: Sequence[str], cc: Sequence[str]) -> bytes:
    at = "irgendwann" if line.at is None else format_datetime(_instant(line.at))
    called = f"{_name(line.person, 2)} {_name(line.person[::-1])}".title()
    lines = [
        f"From: {called} <{sender}>",
        f"To: {', '.join(to)}",
        *([f"Cc: {', '.join(cc)}"] if cc else []),
        f"Date: {at}",
        _header("Subject", _subject(line)),
        *([] if line.id is None else [f"Message-ID: <{internet_id(line.id)}>"]),
        *_ids("In-Reply-To", line.answers),
        *_ids("References", line.references),
        *([] if line.index is None else [f"Thread-Index: {_thread_index(line.index)}"]),
        *(["Auto-Submitted: auto-generated"] if line.automatic else []),
        "MIME-Version: 1.0",
    ]
    return ("\r\n".join([*lines, *_content(line)])).encode()


def _content(line: Skeleton) -> Iterator[str]:
    parts = [_part("text/plain; charset=utf-8", _body(line))]
    if line.html:
        rows = _body(line).replace("\r\n", "<br>")
        parts.append(_part("text/html; charset=utf-8", f"<p>{rows}</p>"))
        parts = [_multipart("alternative", parts)]
    parts += [
        _part(f'application/octet-stream; name="beilage-{n}.bin"', f"Beilage {n}")
        for n in range(line.attachments)
    ]
    yield parts[0] if len(parts) == 1 else _multipart("mixed", parts)


def _part(kind: str, text: str) -> str:
    return f"Content-Type: {kind}\r\n\r\n{text}"


def _multipart(kind: str, parts: Iterable[str]) -> str:
    boundary = f"=_{kind}_="
    inside = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return _part(
        f'multipart/{kind}; boundary="{boundary}"', f"{inside}\r\n--{boundary}--\r\n"
    )


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


# --- the company -------------------------------------------------------------------


@dataclass(slots=True)
class _Thread:
    """Who is in a thread so far; ``customer`` is the outsider whose matter it is."""

    customer: str | None = None
    writers: list[str] = field(default_factory=list)


class _Founding:
    """The company while its mails are written, in the order of arrival."""

    def __init__(self, lines: Sequence[Skeleton], staff: int) -> None:
        self._lines = lines
        self._name = lines[0].company
        self._domain = f"{self._name}.example"
        self._shared = f"liste@{self._domain}"
        active = Counter(line.person for line in lines)
        self._staff = [person for person, _ in active.most_common(staff)]
        self._people = {self._address(line): line.person for line in lines}
        self._activity = [active[person] for person in self._people.values()]
        self._writers = {line.id: self._address(line) for line in reversed(lines)}
        self._recipients: dict[str | None, tuple[str, ...]] = {}
        self._threads: dict[int, _Thread] = {}
        self._clock = lines[0].at or 0

    def company(self) -> Company:
        times = Counter(self._lines)
        mails: list[Mail] = []
        for line, thread in zip(self._lines, threads(self._lines), strict=True):
            if line in times:  # later equal lines are this mail again
                mails.append(self._mail(line, thread, len(mails), times.pop(line)))
        return Company(
            name=self._name,
            domain=self._domain,
            shared=self._shared,
            mailboxes=(self._shared, *map(self._of_staff, self._staff)),
            mails=tuple(mails),
            people=self._people,
        )

    def _mail(self, line: Skeleton, thread: int, number: int, times: int) -> Mail:
        if line.id is None:
            raise NotImplementedError("the set has no mail without a Message-ID")
        sender = self._address(line)
        people = self._addressed(line, sender, self._threads.get(thread))
        recipients = self._with_list(line, sender, people)
        self._recipients.setdefault(line.id, tuple(people))
        self._note(thread, sender, people)
        self._clock = self._clock if line.at is None else line.at
        outside = [one for one in (sender, *recipients) if not self._ours(one)]
        return Mail(
            number=number,
            internet_id=internet_id(line.id),
            thread=thread,
            sender=sender,
            recipients=tuple(recipients),
            answers=_answered_id(line),
            outside=frozenset(outside),
            guid=None if line.index is None else line.index[0],
            raw=_raw(line, sender, recipients[:1], recipients[1:]),
            received=_instant(self._clock),
            sent_by=sender if self._ours(sender) else None,
            inboxes=tuple(one for one in recipients if self._ours(one)),
            times=times,
        )

    # -- people

    def _of_staff(self, person: str) -> str:
        return f"{_name(person)}.{person[:6]}@{self._domain}"

    def _address(self, line: Skeleton) -> str:
        """One per person and domain; a colleague has one."""
        if line.person in self._staff:
            return self._of_staff(line.person)
        home = f"{_name(line.domain)}-{line.domain[:6]}.example"
        return f"{_name(line.person)}.{line.person[:8]}@{home}"

    def _ours(self, address: str) -> bool:
        return address.endswith(f"@{self._domain}")

    def _note(self, thread: int, sender: str, people: Sequence[str]) -> None:
        known = self._threads.setdefault(thread, _Thread())
        known.writers.insert(0, sender)
        outside = (one for one in (sender, *people) if not self._ours(one))
        known.customer = known.customer or next(outside, None)

    # -- recipients

    def _addressed(
        self, line: Skeleton, sender: str, thread: _Thread | None
    ) -> list[str]:
        """The people a mail is sent to, the one answered first."""
        wanted: list[str] = []
        if thread is not None:
            answered = self._answered(line)
            wanted += [self._writers[one] for one in answered]
            wanted += [thread.customer] if thread.customer else []
            wanted += [p for one in answered for p in self._recipients.get(one, ())]
            wanted += thread.writers
        stated = max((line.recipients or 2) - 1, 0)
        random = Random(f"{line.company}/{line.id}")
        wanted = [one for one in dict.fromkeys(wanted) if one != sender]
        must = wanted[:2]
        fresh = (
            one
            for one in self._drawn(random, outside_first=thread is None)
            if one != sender and one not in wanted
        )
        wanted += islice(fresh, max(stated - len(wanted), 0))
        return must + wanted[len(must) : max(stated, len(must))]

    def _answered(self, line: Skeleton) -> list[str]:
        """The mail answered, as far as anybody has it; else nobody's."""
        cited = [*line.answers, *reversed(line.references)]
        return [one for one in cited if one in self._writers][:1]

    def _drawn(self, random: Random, *, outside_first: bool) -> Iterator[str]:
        """People of the list, the more active the likelier; then silent readers."""
        everybody = list(self._people)
        drawn = dict.fromkeys(random.choices(everybody, self._activity, k=60))
        if outside_first:
            yield from islice((one for one in drawn if not self._ours(one)), 1)
        yield from drawn
        for number in range(100):
            yield f"leser.{random.getrandbits(24):06x}.{number}@leser.example"

    def _with_list(
        self, line: Skeleton, sender: str, people: Sequence[str]
    ) -> list[str]:
        """To first, Cc after; the shared mailbox second, or first if it is alone."""
        internal = [one for one in (sender, *people) if self._ours(one)]
        directly = bool(internal) and bool(people) and int(line.id or "0", 16) % 4 == 0
        shared = [] if directly else [self._shared]
        return list(dict.fromkeys([*people[:1], *shared, *people[1:]]))
