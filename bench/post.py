"""The mails of the office: threads of one to thirty, and one of more than two hundred.

A little less than half of the mails belong to entries, some wait for one, the others
come from people nobody knows. Linked mail has its text, as ``keep: linked`` stores it.
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from bench.desk import FIRST, LAST, Desk, Drawn
from bench.landmarks import Landmarks
from bench.tables import Tables, text_of
from crm_core.threads.conversations import MID, mid

RARE, COMMON, UMLAUT = "Kurbelwelle", "Motor", "Müller"
_EVERY = 20_000  # mails, of which one has the rare word in its text
_LINKED, _KNOWN = 0.45, 0.06  # of the threads; the others are from strangers
_DAYS = 350
_SIZES = ((1, 2, 4, 8, 15, 30), (30, 20, 20, 15, 10, 5))
_WORDS = ("Boot", "Motor", "Werft", "Steg", "Hafen", "Segel", "Winterlager", "Rechnung",
          "Termin", "Lieferung", "Ersatzteil", "Propeller", "Batterie", "Garantie",
          "Montage", "grösser", "später", "bitte", "danke", "Frühling", "wir", "Sie",
          "das", "die", "nächste", "Woche")  # fmt: skip
_HOME = {"werkstatt": "werkstatt", "verkauf": "verkauf", "personal": "leitung"}
_COLLEAGUE = "frei@werft.example"
_REVIEWS = 30
_LOOSE = 3  # the first thread that waits for an entry; the workshop sees it


@dataclass(frozen=True, slots=True)
class _Thread:
    """What the mails of a thread share."""

    id: int
    subject: str
    outside: str
    name: str
    slug: str
    linked: bool
    third: str  # a customer who takes no part, and writes all the same
    automatic: bool


def draw(
    tables: Tables, dice: Random, desk: Desk, mails: int, biggest: int
) -> Landmarks:
    """All mails, their links, what waits for a person."""
    written, threads, loose = 0, 0, []
    known = set(desk.emails.values())
    while written < mails:
        threads += 1
        size = biggest if threads == 1 else dice.choices(*_SIZES)[0]
        size = min(size, mails - written)
        entry = _entry_of(dice, desk, threads)
        thread = _thread(dice, desk, threads, entry)
        first = written + 1
        _mails(tables, dice, desk, thread, first, size)
        written += size
        if entry is not None:
            _link(tables, entry, first)
        elif thread.outside in known and thread.slug == "werkstatt":
            loose.append((threads, written))
    _questions(tables, loose)
    return Landmarks(
        busy_address=1,
        biggest_entry=desk.entries[0].number,
        small_entry=desk.entries[1].number,
        loose_mail=loose[0][1],
        review_case=1,
        document="R-20001",
        rare_word=RARE.lower(),
        common_word=COMMON.lower(),
        umlaut_word=UMLAUT,
    )


def _entry_of(dice: Random, desk: Desk, thread: int) -> Drawn | None:
    if thread <= _LOOSE:
        return desk.entries[thread - 1] if thread < _LOOSE else None
    return dice.choice(desk.entries[2:]) if dice.random() < _LINKED else None


def _thread(dice: Random, desk: Desk, id_: int, entry: Drawn | None) -> _Thread:
    loose = id_ == _LOOSE
    known = entry is not None or loose or dice.random() < _KNOWN / (1 - _LINKED)
    owner = entry.owner if entry else dice.randint(1, len(desk.emails))
    stranger = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    words = (dice.choice(_WORDS) for _ in range(dice.randint(2, 5)))
    slug = (
        _HOME[entry.group] if entry else dice.choice(("info", "verkauf", "werkstatt"))
    )
    return _Thread(
        id=id_,
        subject=f"{' '.join(words)} {id_}",
        outside=desk.emails[owner] if known else f"post{id_}@fremd{id_ % 997}.example",
        name=desk.names[owner] if known else f"{stranger} {id_}",
        slug=slug,
        linked=entry is not None,
        third=desk.emails[dice.randint(1, len(desk.emails))],
        automatic=not known and dice.random() < 0.4,
    )


def _mails(
    tables: Tables, dice: Random, desk: Desk, thread: _Thread, first: int, size: int
) -> None:
    began = tables.ago(dice, _DAYS, 4)
    tables.add("conversation", id=thread.id, started_at=text_of(began))
    step = timedelta(days=3) / size
    parent = None
    for place in range(size):
        id_, at = first + place, began + step * place
        own = f"m{id_}@{thread.outside.rpartition('@')[2]}"
        ours = place % 2 == 1
        foreign = thread.linked and place > 1 and dice.random() < 0.03
        sender = _COLLEAGUE if ours else thread.third if foreign else thread.outside
        _mail(tables, dice, thread, id_, text_of(at), own, parent, sender, ours=ours)
        _places(tables, dice, desk, thread, id_, own, sender, ours=ours)
        parent = mid(own)


def _mail(
    tables: Tables, dice: Random, thread: _Thread, id_: int, at: str | None,
    own: str, parent: bytes | None, sender: str, *, ours: bool,
) -> None:  # fmt: skip
    tables.add(
        "message", id=id_, internet_id=own, fingerprint=mid(own)[:16],
        conversation_id=thread.id,
        subject=thread.subject if parent is None else f"AW: {thread.subject}",
        from_name="Anna Frei" if ours else thread.name, from_address=sender,
        sender=sender, sent_at=at, received_at=at, size=dice.randint(2_000, 90_000),
        item_class="IPM.Note", has_attachments=int(thread.linked and id_ % 9 == 0),
        automatic=int(thread.automatic), confidential=0,
        dmarc="fail" if thread.linked and dice.random() < 0.005 else "none",
        authenticated=int(ours), id_conflict=0, parent=parent,
        stored_on=at and at[:10], joined_by=MID, unassigned=1,
        body_at=at if thread.linked else None,
        content_at=at if thread.linked else None,
    )  # fmt: skip
    if thread.linked:
        text = " ".join(dice.choices(_WORDS, k=dice.randint(40, 160)))
        if id_ % _EVERY == 1:
            text = f"{text} {RARE}"
        tables.add("message_body", message_id=id_, text=text, new_text=text[:300])
        if id_ % 9 == 0:
            tables.add("attachment", message_id=id_, position=0, name="Foto.jpg",
                       content_type="image/jpeg", inline=0, size=90_000)  # fmt: skip


def _places(
    tables: Tables, dice: Random, desk: Desk, thread: _Thread, id_: int,
    own: str, sender: str, *, ours: bool,
) -> None:  # fmt: skip
    to = thread.outside if ours else f"{thread.slug}@werft.example"
    for role, email in (("from", sender), ("to", to), ("cc", _COLLEAGUE)):
        tables.add("message_address", message_id=id_, role=role, email=email)
    also = ("info",) if thread.slug != "info" and dice.random() < 0.1 else ()
    for slug in (thread.slug, *also):
        box, folder = desk.folders[slug]
        tables.add("message_copy", mailbox_id=box, folder_id=folder,
                   external_id=f"alt{id_}", message_id=id_, private=0, sent=int(ours),
                   filed=0)  # fmt: skip
    tables.add("message_key", message_id=id_, key=mid(own), kind=MID)
    tables.add("conversation_key", key=mid(own), conversation_id=thread.id, voided=0)


def _link(tables: Tables, entry: Drawn, anchor: int) -> None:
    at = text_of(tables.ago(Random(anchor), 300))
    tables.add("entry_mail", entry_id=entry.id, anchor_id=anchor, reason="manual",
               evidence="", linked_at=at, linked_by="user:frei")  # fmt: skip
    tables.add("audit_event", at=at, actor="user:frei", action="mail_linked",
               subject=f"message:{anchor}", entry_id=entry.id, detail="")  # fmt: skip


def _questions(tables: Tables, loose: list[tuple[int, int]]) -> None:
    """Suggestions on what waits, and threads that a person must decide about."""
    at = text_of(tables.ago(Random(0), 3))
    for number, (thread, message) in enumerate(loose):
        if number % 3 == 0:
            tables.add("suggestion", message_id=message, entry_id=number % 50 + 1,
                       reason="bare_token", detail="", made_at=at)  # fmt: skip
        if number < _REVIEWS:
            id_ = number + 1
            tables.add("review_case", id=id_, message_id=message, reason="bridge",
                       detail="", opened_at=at)  # fmt: skip
            for side in (thread, number + 2):
                tables.add("review_case_side", case_id=id_, conversation_id=side)
