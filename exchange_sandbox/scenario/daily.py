"""Ordinary mail without end, after the story: threads go on, new ones begin."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from exchange_sandbox.scenario.events import Mail
from exchange_sandbox.scenario.past import Exchange, begin

_GOES_ON = 0.7


def daily(
    seed: int, unsaid: list[Exchange], first: datetime, pace: timedelta
) -> Iterator[Mail]:
    """Yield mails `pace` apart, without end. `unsaid` is used up."""
    rng = random.Random(f"daily/{seed}")  # noqa: S311 - invented mail
    open_ones = list(unsaid)
    for number in count(1):
        if not open_ones or rng.random() > _GOES_ON:
            label = f"daily-{number:04}"
            open_ones.append(begin(label, "daily", seed, rng))
            chosen = open_ones[-1]
        else:
            chosen = rng.choice(open_ones)
        chosen.thread.part = "daily"
        yield chosen.say(f"daily-mail-{number:04}", first + (number - 1) * pace)
        if chosen.over:
            open_ones.remove(chosen)
