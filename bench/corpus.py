"""The mails of the benchmark: a boatyard's correspondence, drawn by a fixed seed.

Guarantees: mail ``n`` is the same in every process and for every length of the corpus;
Message-IDs, threads and addresses are distinct; 87 % are replies that cite their
ancestors; about four addresses a mail (performance.md, «Corpus»). Bodies come from a
pool and repeat. Nothing here is taken from real mail.
"""

from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b, md5
from random import Random

MAILBOX = "verkauf@werft.example"
FLAVOURS = ("plain", "html", "mix")
REPLIES = 0.87
LIVELY = 400  # threads that may still be answered
LONGEST_THREAD = 30
MOST_CITED = 20
TRACKED = 0.6  # threads of Outlook: they carry a Thread-Index
TOKENS = 0.03  # threads whose subject carries a token [CRM-n]
FIRST_TOKEN = 1001
TOKEN_RANGE = 25
MIX_HTML = 0.6
POOL = 120  # different bodies of a kind
SECONDS_APART = 97
BEGIN = 1_767_254_400  # 1 January 2026, 08:00 UTC

_STAFF = (
    ("Verkauf Werft", MAILBOX),
    ("Martina Keller", "keller@werft.example"),
    ("Jörg Wyss", "wyss@werft.example"),
    ("Werkstatt", "werkstatt@werft.example"),
)
_FIRST = ("Hans", "Zoë", "Peter", "Anna", "Urs", "Claire", "Marco", "Lea", "Jürg")
_LAST = ("Meier", "Huber", "Bernasconi", "Müller", "Favre", "Schmid", "Keller", "Frei")
_WORDS = (
    "Boot", "Motor", "Werft", "Steg", "Hafen", "Segel", "Winterlager", "Offerte",
    "Rechnung", "Termin", "Lieferung", "Ersatzteil", "Propeller", "Antifouling",
    "Batterie", "Garantie", "Besichtigung", "Montage", "Rumpf", "Anstrich", "grösser",
    "später", "bitte", "danke", "Frühling", "Grüsse", "wir", "Sie", "das", "die",
    "nächste", "Woche",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Party:
    """Who writes or is written to."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as its sender made it; ids without brackets."""

    number: int
    message_id: str
    cited: tuple[str, ...]  # References, the parent last
    subject: str
    topic: str
    sender: Party
    to: tuple[Party, ...]
    cc: tuple[Party, ...]
    sent_at: int  # seconds since 1970
    index: bytes | None  # Thread-Index, where the sender's program sets one
    is_html: bool  # in the mixed flavour

    @property
    def conversation(self) -> bytes:
        """The last 16 bytes of the server's ConversationId ([MS-OXOMSG] 2.2.1.2)."""
        if self.index is not None:
            return self.index[6:22]
        text = self.topic.upper().encode("utf-16-le")
        return md5(text, usedforsecurity=False).digest()


@dataclass(slots=True)
class _Thread:
    number: int
    topic: str
    parties: tuple[Party, ...]
    tracked: bool
    ids: list[str] = field(default_factory=list)


class Corpus:
    """Mails by number, drawn as far as somebody asks."""

    def __init__(self, seed: int = 20261124) -> None:
        self._dice = Random(seed)
        self._mails: list[Mail] = []
        self._lively: deque[_Thread] = deque(maxlen=LIVELY)
        self._threads = 0

    def mail(self, number: int) -> Mail:
        """Mail ``number``, counted from 0, oldest first."""
        while len(self._mails) <= number:
            self._mails.append(self._next(len(self._mails)))
        return self._mails[number]

    def _next(self, number: int) -> Mail:
        dice = self._dice
        if self._lively and dice.random() < REPLIES:
            thread = dice.choice(self._lively)
            if len(thread.ids) >= LONGEST_THREAD:
                self._lively.remove(thread)
        else:
            thread = self._open()
        return self._write(number, thread)

    def _open(self) -> _Thread:
        dice, self._threads = self._dice, self._threads + 1
        topic = " ".join(dice.choice(_WORDS) for _ in range(dice.randint(2, 6)))
        topic = f"{topic} {self._threads}"
        if dice.random() < TOKENS:
            topic = f"[CRM-{FIRST_TOKEN + dice.randrange(TOKEN_RANGE)}] {topic}"
        outside = [self._outsider() for _ in range(dice.randint(1, 3))]
        inside = [Party(*one) for one in dice.sample(_STAFF[1:], dice.randint(0, 2))]
        ours = Party(*_STAFF[0])
        parties = (outside[0], ours, *outside[1:], *inside)
        thread = _Thread(self._threads, topic, parties, dice.random() < TRACKED)
        self._lively.append(thread)
        return thread

    def _outsider(self) -> Party:
        """Half of them are people who have written before."""
        dice = self._dice
        who = dice.randrange(max(40, self._threads))
        name = f"{_FIRST[who % len(_FIRST)]} {_LAST[who % len(_LAST)]}"
        return Party(name, f"person{who}@kunde{who % 211}.example")

    def _write(self, number: int, thread: _Thread) -> Mail:
        dice = self._dice
        sender = thread.parties[len(thread.ids) % min(3, len(thread.parties))]
        others = [party for party in thread.parties if party != sender]
        split = dice.randint(1, len(others))
        domain = sender.address.rpartition("@")[2]
        cited = tuple(thread.ids[-MOST_CITED:])
        mail = Mail(
            number=number,
            message_id=f"{dice.getrandbits(64):016x}.{number}@{domain}",
            cited=cited,
            subject=f"AW: {thread.topic}" if cited else thread.topic,
            topic=thread.topic,
            sender=sender,
            to=tuple(others[:split]),
            cc=tuple(others[split:]),
            sent_at=BEGIN + number * SECONDS_APART,
            index=_index(thread, number) if thread.tracked else None,
            is_html=dice.random() < MIX_HTML,
        )
        thread.ids.append(mail.message_id)
        return mail


def _index(thread: _Thread, number: int) -> bytes:
    """[MS-OXOMSG] 2.2.1.3: a header of 22 bytes and five for each reply."""
    guid = blake2b(f"thread {thread.number}".encode(), digest_size=16).digest()
    head = b"\x01" + (0x01DC000000 + thread.number).to_bytes(5, "big") + guid
    return head + number.to_bytes(5, "big") * len(thread.ids)


class Bodies:
    """Texts of the three flavours, and the HTML that the long ones come from.

    plain: 2–4 kB of text; html: 5–9 kB of text out of 20–50 kB of Word's HTML.
    """

    def __init__(self, seed: int = 1) -> None:
        dice = Random(seed)
        self.plain = [_text(dice, 2_000, 4_000) for _ in range(POOL)]
        self.rich = [_text(dice, 5_000, 9_000) for _ in range(POOL)]
        self.html = [_word_html(dice, text) for text in self.rich]

    def is_html(self, mail: Mail, flavour: str) -> bool:
        """Whether this mail is an HTML mail in this flavour."""
        return flavour == "html" or (flavour == "mix" and mail.is_html)

    def text(self, mail: Mail, flavour: str) -> str:
        """What the server gives as TextBody."""
        pool = self.rich if self.is_html(mail, flavour) else self.plain
        return pool[mail.number % POOL]

    def original(self, mail: Mail, flavour: str) -> str:
        """What the server gives as Body."""
        pool = self.html if self.is_html(mail, flavour) else self.plain
        return pool[mail.number % POOL]


def _text(dice: Random, least: int, most: int) -> str:
    size, lines = dice.randint(least, most), ["Guten Tag"]
    while sum(map(len, lines)) < size:
        lines.append(" ".join(dice.choice(_WORDS) for _ in range(dice.randint(1, 14))))
        if dice.random() < 0.2:
            lines.append("")
    return "\r\n".join(lines)


def _word_html(dice: Random, text: str) -> str:
    """As Word writes it: a style sheet and a span around every few words."""
    span = (
        '<p class="MsoNormal"><span lang="DE-CH" style="font-size:11.0pt;'
        'font-family:&quot;Calibri&quot;,sans-serif;color:#1F497D">'
    )
    style = "".join(
        f"p.Mso{n}, li.Mso{n} {{margin:0cm; font-size:{n}pt;}}\r\n" for n in range(60)
    )
    lines = "".join(
        f"{span}{line}<o:p></o:p></span></p>\r\n" for line in text.split("\r\n")
    )
    page = f"<html><head><style><!--\r\n{style}--></style></head><body>{lines}"
    wanted = dice.randint(20_000, 50_000)
    page += "<div><!-- " + "x" * max(0, wanted - len(page)) + " --></div>"
    return f"{page}</body></html>"
