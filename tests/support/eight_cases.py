"""The eight cases of the threading notes, as letters: 22 mails, 23 copies.

Each case has its own ids and indexes; the people are the same in all of them, so that
the cases may be thrown into one company together.
"""

from hashlib import sha256

from thread_world import KELLER, VERKAUF, WERKSTATT, Letter, letter

MEIER = "meier@kunde.example"
HUBER = "huber@kunde2.example"
IMPORTEUR = "info@importeur.example"
WEB = "web@werft.example"


def sixteen(text: str) -> bytes:
    """A GUID, or the tail of a server's conversation id."""
    return sha256(text.encode()).digest()[:16]


def _id(number: str) -> str:
    return f"{number}@mail.example"


T1, T2, FORM, T6, OLD = map(sixteen, ("t1", "t2", "form", "t6", "old"))
IN_WERKSTATT, IN_VERKAUF = sixteen("5 in werkstatt"), sixteen("5 in verkauf")

# 1 A phone answers: References only, no Thread-Index.
PHONE = [
    letter("1a", WERKSTATT, MEIER, WERKSTATT, guid=T1),
    letter("1b", WERKSTATT, WERKSTATT, MEIER, answers=[_id("1a")], guid=T1, at=1),
    letter("1c", WERKSTATT, MEIER, WERKSTATT, references=[_id("1a"), _id("1b")], at=2),
]
# 2 A gateway rewrote the ids; the answer carries the Thread-Index.
GATEWAY = [
    letter("2a", WERKSTATT, WERKSTATT, MEIER, guid=T2),
    letter("2b", WERKSTATT, MEIER, WERKSTATT, answers=["gone@gate"], guid=T2, at=1),
]
# 3 Two customers write «Offerte»: the server's id is of the topic, so there is none.
SAME_SUBJECT = [
    letter("3a", WERKSTATT, MEIER, WERKSTATT, subject="Offerte"),
    letter("3b", WERKSTATT, HUBER, WERKSTATT, subject="Offerte", at=1),
]
# 4 A web form with one fixed Thread-Index, Reply-To the customer.
WEB_FORM = [
    letter("4a", WERKSTATT, WEB, WERKSTATT, guid=FORM, reply_to=MEIER),
    letter("4b", WERKSTATT, WEB, WERKSTATT, guid=FORM, reply_to=HUBER, at=1),
]
# 5 One mail in two mailboxes; later only the server's conversation of the second.
TWO_MAILBOXES = [
    letter("5a", WERKSTATT, MEIER, WERKSTATT, VERKAUF, thread=IN_WERKSTATT),
    letter("5a", VERKAUF, MEIER, WERKSTATT, VERKAUF, thread=IN_VERKAUF),
    letter("5b", WERKSTATT, WERKSTATT, MEIER, answers=[_id("5a")], at=1),
    letter("5c", VERKAUF, MEIER, VERKAUF, thread=IN_VERKAUF, at=2),
]
# 6 A forward to a colleague, who answers without References.
FORWARD = [
    letter("6a", WERKSTATT, MEIER, WERKSTATT, guid=T6),
    letter("6b", WERKSTATT, WERKSTATT, KELLER, references=[_id("6a")], guid=T6, at=1),
    letter("6c", WERKSTATT, KELLER, WERKSTATT, guid=T6, at=2),
]
# 7 One mail cites the customer's thread and the importer's (its parent).
BRIDGE = [
    letter("7a", WERKSTATT, MEIER, WERKSTATT),
    letter("7b", WERKSTATT, IMPORTEUR, WERKSTATT, at=1),
    letter(
        "7c",
        WERKSTATT,
        WERKSTATT,
        MEIER,
        IMPORTEUR,
        answers=[_id("7b")],
        references=[_id("7a"), _id("7b")],
        at=2,
    ),
]
# 8 An old mail is sent again, to somebody else; both answer.
SENT_AGAIN = [
    letter("8a", WERKSTATT, WERKSTATT, MEIER, guid=OLD),
    letter("8b", WERKSTATT, WERKSTATT, HUBER, guid=OLD, at=1),
    letter("8c", WERKSTATT, MEIER, WERKSTATT, guid=OLD, at=2),
    letter("8d", WERKSTATT, HUBER, WERKSTATT, guid=OLD, at=3),
]

CASES: list[list[Letter]] = [
    PHONE,
    GATEWAY,
    SAME_SUBJECT,
    WEB_FORM,
    TWO_MAILBOXES,
    FORWARD,
    BRIDGE,
    SENT_AGAIN,
]
ALL = [one for case in CASES for one in case]
# What becomes of all of them while nothing is linked.
CONVERSATIONS = frozenset(
    frozenset(group.split())
    for group in (
        "1a 1b 1c", "2a 2b", "3a", "3b", "4a", "4b", "5a 5b 5c", "6a 6b 6c",
        "7a 7b 7c", "8a 8c", "8b 8d",
    )
)  # fmt: skip
