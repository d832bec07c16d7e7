"""Three weeks of ordinary mail, drawn from a seed: what is there before the story.

Each thread is one matter between one person and one desk. The yard answers from the
desk's mailbox, sometimes with a colleague in copy, so that a thread lies in several
mailboxes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_sandbox.scenario.events import Mail
from exchange_sandbox.scenario.matters import BOATS, DAYS, MATTERS, Matter
from exchange_sandbox.scenario.people import (
    BRUNNER,
    FREI,
    IN_STORY,
    KELLER,
    PEOPLE,
    SALES,
    Person,
)
from exchange_sandbox.scenario.threads import Extra, Thread

THREADS = 108
REACH = timedelta(days=21)
_WRITERS = tuple(
    one for one in PEOPLE if one.kind == "customer" and one.key not in IN_STORY
)
_SETTLED = timedelta(hours=6)  # between the last ordinary mail and the story


@dataclass(slots=True)
class Exchange:
    """A thread with what is still to be said in it."""

    thread: Thread
    matter: Matter
    person: Person
    words: dict[str, str]
    said: int = 0

    @property
    def over(self) -> bool:
        """Tell whether everything has been said."""
        return self.said >= len(self.matter.lines)

    def say(self, name: str, at: datetime) -> Mail:
        """Write the next mail: the person and the yard take turns."""
        text = self.matter.lines[self.said].format(**self.words)
        last = self.thread.posts[-1] if self.thread.posts else None
        desk = self.matter.desk
        if self.said % 2 == 0:
            post = self.thread.write(name, at, self.person, (desk,), text, answers=last)
        else:
            text += f"\n\nFreundliche Grüsse\n{desk.name}"
            colleague = KELLER if desk is SALES else FREI
            cc = (colleague,) if self.thread.rng.random() < 0.5 else ()
            extra = Extra(cc=(*cc, BRUNNER) if len(self.matter.lines) > 4 else cc)
            post = self.thread.write(
                name, at, desk, (self.person,), text, extra, answers=last
            )
        self.said += 1
        return post.mail


def begin(label: str, part: str, seed: int, rng: random.Random) -> Exchange:
    """Draw a matter and a person who writes about it."""
    matter = rng.choice(MATTERS)
    person = rng.choice(_WRITERS)
    words = {"name": person.name, "boat": rng.choice(BOATS), "day": rng.choice(DAYS)}
    subject = matter.subject.format(**words)
    thread = Thread(
        label,
        matter.topic,
        subject,
        "past" if part == "past" else "daily",
        seed,
        random.Random(rng.random()),  # noqa: S311 - invented mail
    )
    return Exchange(thread, matter, person, words)


def past(seed: int, start: datetime) -> tuple[list[Mail], list[Exchange]]:
    """Return the mails before `start`, oldest first, and what is still unsaid."""
    rng = random.Random(f"past/{seed}")  # noqa: S311 - invented mail
    exchanges = [begin(f"past-{n:03}", "past", seed, rng) for n in range(THREADS)]
    written = [mail for one in exchanges for mail in _told(one, start, rng)]
    unsaid = [one for one in exchanges if not one.over]
    return sorted(written, key=lambda mail: mail.received), unsaid


def _told(exchange: Exchange, start: datetime, rng: random.Random) -> Iterator[Mail]:
    end = start - _SETTLED
    at = start - REACH + timedelta(minutes=rng.randrange(25_000))
    count = rng.randint(1, len(exchange.matter.lines))
    while exchange.said < count and at < end:
        name = f"{exchange.thread.label}-{exchange.said + 1}"
        yield exchange.say(name, at.replace(second=0, microsecond=0))
        at += timedelta(minutes=rng.randrange(40, 2_500))
